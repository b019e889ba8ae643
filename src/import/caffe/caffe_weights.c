/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Weights. A caffemodel is walked on the wire, never unpacked: its arrays are used where they lie
 * in the mapped file, so that a model of any size costs no second copy.
 */
#include <math.h>
#include <stdio.h>

#include "import/caffe/caffe.h"
#include "import/wire/wire.h"

/* Field numbers of Caffe's messages. */
enum {
    NET_V1_LAYER = 2,
    NET_LAYER = 100,
    LAYER_NAME = 1,
    LAYER_BLOBS = 7,
    V1_LAYER_V0 = 1,
    V1_LAYER_NAME = 4,
    V1_LAYER_BLOBS = 6,
    BLOB_NUM = 1, /* channels, height, width: 2 to 4 */
    BLOB_DATA = 5,
    BLOB_SHAPE = 7,
    BLOB_DOUBLE_DATA = 8,
    BLOB_RAW_TYPE = 10,
    BLOB_RAW_DATA = 12,
    SHAPE_DIM = 1
};

/* Made-up weights past this are a mistake in the model. */
#define MAX_RANDOM_BYTES ((uint64_t)1 << 30)

/* A file being walked, for messages. */
typedef struct source {
    sld_diag *diag;
    const char *path;
    const uint8_t *start;
} source;

static solder_status fail_wire(const source *s, sld_wire_step step, const uint8_t *at)
{
    return sld_fail(s->diag, SOLDER_ERROR_DATA, "caffe: '%s' %s (offset %zu)", s->path,
                    sld_wire_step_text(step), (size_t)(at - s->start));
}

static solder_status fail_at(const source *s, const uint8_t *at, const char *what)
{
    return sld_fail(s->diag, SOLDER_ERROR_DATA, "caffe: '%s': %s (offset %zu)", s->path, what,
                    (size_t)(at - s->start));
}

/* ---- one BlobProto ---- */

static solder_status add_dim(const source *s, sld_caffe_blob *blob, uint64_t dim, const uint8_t *at)
{
    if (blob->rank == SOLDER_MAX_RANK) {
        return fail_at(s, at, "a blob has more than 8 dimensions");
    }
    if (dim > INT64_MAX) {
        return fail_at(s, at, "a blob has a negative dimension");
    }
    blob->dims[blob->rank++] = (int64_t)dim;
    return SOLDER_OK;
}

static solder_status read_shape(const source *s, const sld_wire_field *shape, sld_caffe_blob *blob)
{
    blob->rank = 0;
    sld_wire wire = sld_wire_open(shape->data, shape->size);
    sld_wire_field field;
    sld_wire_step step;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        if (field.number != SHAPE_DIM) {
            continue;
        }
        if (field.type == SLD_WIRE_VARINT) {
            SLD_TRY(add_dim(s, blob, field.value, field.start));
            continue;
        }
        sld_wire packed = sld_wire_open(field.data, field.type == SLD_WIRE_BYTES ? field.size : 0);
        uint64_t dim;
        while ((step = sld_wire_varint(&packed, &dim)) == SLD_WIRE_FIELD) {
            SLD_TRY(add_dim(s, blob, dim, field.start));
        }
        if (step != SLD_WIRE_END) {
            return fail_wire(s, step, packed.at);
        }
    }
    return step == SLD_WIRE_END ? SOLDER_OK : fail_wire(s, step, wire.at);
}

static size_t element_size(const sld_caffe_blob *blob)
{
    return solder_dtype_size(blob->dtype);
}

/* Another run of elements: a packed array, or one element alone. */
static solder_status add_elements(const source *s, const sld_wire_field *field,
                                  sld_caffe_blob *blob)
{
    size_t size = element_size(blob);
    if (field->type == (size == 4 ? SLD_WIRE_FIXED32 : SLD_WIRE_FIXED64) &&
        blob->field != BLOB_RAW_DATA) {
        blob->data = NULL;
        blob->count++;
        return SOLDER_OK;
    }
    if (field->type != SLD_WIRE_BYTES || field->size % size != 0) {
        return fail_at(s, field->start, "a blob's values have an odd size");
    }
    blob->data = blob->count == 0 ? field->data : NULL;
    blob->count += field->size / size;
    return SOLDER_OK;
}

/* Which field holds the elements, the legacy dimensions, the shape. */
static solder_status read_header(const source *s, sld_caffe_blob *blob)
{
    int64_t legacy[4] = {1, 1, 1, 1};
    bool is_legacy = false, has_double = false, has_raw = false;
    uint64_t raw_type = 1;
    sld_wire wire = sld_wire_open(blob->message, blob->size);
    sld_wire_field field;
    sld_wire_step step;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        if (field.number >= BLOB_NUM && field.number < BLOB_NUM + 4 &&
            field.type == SLD_WIRE_VARINT) {
            is_legacy = true;
            legacy[field.number - BLOB_NUM] = (int32_t)field.value;
        } else if (field.number == BLOB_SHAPE && field.type == SLD_WIRE_BYTES) {
            SLD_TRY(read_shape(s, &field, blob));
        } else if (field.number == BLOB_RAW_TYPE && field.type == SLD_WIRE_VARINT) {
            raw_type = field.value;
        }
        has_double |= field.number == BLOB_DOUBLE_DATA;
        has_raw |= field.number == BLOB_RAW_DATA;
    }
    if (step != SLD_WIRE_END) {
        return fail_wire(s, step, wire.at);
    }
    if (is_legacy) {
        blob->rank = 4;
        memcpy(blob->dims, legacy, sizeof legacy);
    }
    static const solder_dtype raw[] = {SOLDER_F64, SOLDER_F32, SOLDER_F16};
    if (has_raw && raw_type >= SLD_ARRAY_LENGTH(raw)) {
        return fail_at(s, blob->message, "a blob's raw_data is of no floating-point type");
    }
    blob->field = has_raw ? BLOB_RAW_DATA : has_double ? BLOB_DOUBLE_DATA : BLOB_DATA;
    blob->dtype = has_raw ? raw[raw_type] : has_double ? SOLDER_F64 : SOLDER_F32;
    return SOLDER_OK;
}

static solder_status read_blob(const source *s, const uint8_t *data, size_t size,
                               sld_caffe_blob *blob)
{
    *blob = (sld_caffe_blob){.message = data, .size = size};
    SLD_TRY(read_header(s, blob));
    sld_wire wire = sld_wire_open(data, size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number == blob->field) {
            SLD_TRY(add_elements(s, &field, blob));
        }
    }
    return SOLDER_OK;
}

#define COPY_PIECE ((size_t)1 << 20) /* elements */

static void copy_piece(solder_dtype dtype, const uint8_t *p, size_t count, float *out)
{
    if (dtype == SOLDER_F32) {
        memcpy(out, p, count * sizeof *out);
        return;
    }
    size_t size = solder_dtype_size(dtype);
    for (size_t i = 0; i < count; i++) {
        out[i] = (float)sld_load_f64(dtype, p + i * size);
    }
}

/* Every element into out, as float. */
static void copy_elements(const sld_caffe_blob *blob, bool mapped, float *out)
{
    size_t size = element_size(blob);
    sld_wire wire = sld_wire_open(blob->message, blob->size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number != blob->field) {
            continue;
        }
        uint8_t single[8];
        for (unsigned i = 0; i < 8; i++) {
            single[i] = (uint8_t)(field.value >> (8 * i));
        }
        const uint8_t *p = field.type == SLD_WIRE_BYTES ? field.data : single;
        size_t count = field.type == SLD_WIRE_BYTES ? field.size / size : 1;
        while (count > 0) { /* in pieces, so that file and copy are never both in memory whole */
            size_t piece = count < COPY_PIECE ? count : COPY_PIECE;
            copy_piece(blob->dtype, p, piece, out);
            if (mapped) {
                sld_file_drop(p, piece * size);
            }
            p += piece * size;
            out += piece;
            count -= piece;
        }
    }
}

/* ---- the caffemodel ---- */

static solder_status no_memory(const source *s)
{
    return sld_fail_memory(s->diag, 0);
}

/* Name and number of blobs of a layer; the number alone decides whether it is of interest. */
static solder_status scan_layer(const source *s, const sld_wire_field *layer, const char **name,
                                size_t *name_size, size_t *blobs)
{
    bool v1 = layer->number == NET_V1_LAYER;
    uint32_t name_field = v1 ? V1_LAYER_NAME : LAYER_NAME;
    uint32_t blobs_field = v1 ? V1_LAYER_BLOBS : LAYER_BLOBS;
    sld_wire wire = sld_wire_open(layer->data, layer->size);
    sld_wire_field field;
    sld_wire_step step;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        if (field.type != SLD_WIRE_BYTES) {
            continue;
        }
        if (field.number == name_field) {
            *name = (const char *)field.data;
            *name_size = field.size;
        }
        *blobs += field.number == blobs_field;
        if (v1 && field.number == V1_LAYER_V0) {
            return sld_fail(s->diag, SOLDER_ERROR_VERSION,
                            "caffe: '%s' is of Caffe's first format, which is not read: convert it "
                            "with Caffe's upgrade_net_proto_binary",
                            s->path);
        }
    }
    return step == SLD_WIRE_END ? SOLDER_OK : fail_wire(s, step, wire.at);
}

static solder_status read_blobs(const source *s, const sld_wire_field *layer,
                                sld_caffe_stored *stored)
{
    uint32_t blobs_field = layer->number == NET_V1_LAYER ? V1_LAYER_BLOBS : LAYER_BLOBS;
    sld_wire wire = sld_wire_open(layer->data, layer->size);
    sld_wire_field field;
    size_t i = 0;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD && i < stored->count) {
        if (field.number == blobs_field && field.type == SLD_WIRE_BYTES) {
            SLD_TRY(read_blob(s, field.data, field.size, &stored->blobs[i++]));
        }
    }
    return SOLDER_OK;
}

static solder_status index_layer(sld_caffe *c, const source *s, const sld_wire_field *layer)
{
    const char *text = NULL;
    size_t length = 0, count = 0;
    SLD_TRY(scan_layer(s, layer, &text, &length, &count));
    if (count == 0 || text == NULL) {
        return SOLDER_OK;
    }
    char *name = sld_arena_strndup(&c->arena, text, length);
    sld_caffe_stored *fresh = sld_arena_alloc(&c->arena, sizeof *fresh);
    sld_caffe_blob *blobs = sld_arena_array(&c->arena, count, sizeof *blobs);
    if (name == NULL || fresh == NULL || blobs == NULL) {
        return no_memory(s);
    }
    sld_caffe_stored *stored = sld_names_find(c->stored, name);
    if (stored == NULL) {
        stored = fresh;
        stored->name = name;
        if (!sld_names_add(c->stored, name, stored)) {
            return no_memory(s);
        }
    }
    stored->blobs = blobs; /* of two layers of one name the last counts, as in Caffe */
    stored->count = count;
    return read_blobs(s, layer, stored);
}

solder_status sld_caffe_open_weights(sld_caffe *c)
{
    const sld_file *file = &c->import->weights;
    source s = {c->diag, c->import->weights_path, file->data};
    if (file->size == 0) {
        return sld_fail(c->diag, SOLDER_ERROR_DATA, "caffe: '%s' is empty", s.path);
    }
    if (file->size > 4 && memcmp(file->data, "\x89HDF", 4) == 0) {
        return sld_fail(c->diag, SOLDER_ERROR_UNSUPPORTED,
                        "caffe: '%s' is an HDF5 file: only binary caffemodels are read", s.path);
    }
    c->stored = sld_names_create(&c->arena);
    if (c->stored == NULL) {
        return no_memory(&s);
    }
    sld_wire wire = sld_wire_open(file->data, file->size);
    sld_wire_field field;
    sld_wire_step step;
    while ((step = sld_wire_next(&wire, &field)) == SLD_WIRE_FIELD) {
        bool is_layer = field.number == NET_LAYER || field.number == NET_V1_LAYER;
        if (is_layer && field.type == SLD_WIRE_BYTES) {
            SLD_TRY(index_layer(c, &s, &field));
        }
    }
    return step == SLD_WIRE_END ? SOLDER_OK : fail_wire(&s, step, wire.at);
}

/* ---- weights out of nothing ---- */

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Depends on the seed and the layer's name alone; weights shared by name come out equal. */
static uint64_t seed_of(const sld_caffe *c, const sld_caffe_layer *l, uint32_t index)
{
    const char *name = l->name;
    const Caffe__LayerParameter *p = l->p;
    if (index < p->n_param && p->param[index]->name != NULL && p->param[index]->name[0] != '\0') {
        name = p->param[index]->name;
        index = 0;
    }
    uint64_t hash = 0xcbf29ce484222325u ^ c->import->options->seed;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
    }
    return hash + ((uint64_t)index << 56);
}

/* Uniform in [low, high). */
static void fill_uniform(float *data, size_t count, uint64_t state, double low, double high)
{
    for (size_t i = 0; i < count; i++) {
        double unit = (double)(splitmix(&state) >> 40) * 0x1p-24;
        data[i] = (float)(low + (high - low) * unit);
    }
}

static void make_up(float *data, size_t count, const sld_caffe_want *want, uint64_t state)
{
    /* variance 2 / fan_in: what keeps the size of values through a ReLU */
    double bound = sqrt(6.0 / (double)(want->fan_in > 0 ? want->fan_in : 1));
    switch (want->fill) {
    case SLD_CAFFE_FILL_WEIGHT:
        fill_uniform(data, count, state, -bound, bound);
        return;
    case SLD_CAFFE_FILL_BIAS:
        fill_uniform(data, count, state, -0.1, 0.1);
        return;
    case SLD_CAFFE_FILL_POSITIVE:
        /* E[scale^2] E[1 / variance] = 1: BatchNorm and Scale keep the size of values, however deep
         */
        fill_uniform(data, count, state, 0.42, 1.26);
        return;
    case SLD_CAFFE_FILL_SLOPE:
        fill_uniform(data, count, state, 0.1, 0.4);
        return;
    case SLD_CAFFE_FILL_ONE:
        for (size_t i = 0; i < count; i++) {
            data[i] = 1;
        }
        return;
    }
}

static solder_status make_weights(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                                  const float **out)
{
    const sld_import *import = c->import;
    if (!import->options->random_weights) {
        return c->stored == NULL
                   ? sld_caffe_fail(c, l, SOLDER_ERROR_NOT_FOUND,
                                    "has no weights: give the caffemodel, or --random-weights to "
                                    "make them up")
                   : sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "'%s' has no weights for this layer",
                                    import->weights_path);
    }
    size_t bytes;
    if (!sld_dims_bytes(want->dims, want->rank, SOLDER_F32, &bytes) ||
        bytes > MAX_RANDOM_BYTES - c->random_bytes) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "its %s is too large: at most 1 GiB of weights is made up",
                              want->what);
    }
    c->random_bytes += bytes;
    float *data = sld_arena_alloc(&c->graph->arena, bytes);
    if (data == NULL) {
        return sld_fail_memory(c->diag, bytes);
    }
    make_up(data, bytes / sizeof *data, want, seed_of(c, l, want->index));
    *out = data;
    return SOLDER_OK;
}

/* ---- weights for a layer ---- */

static void print_dims(const int64_t *dims, int rank, char text[160])
{
    size_t used = 1;
    text[0] = '[';
    for (int i = 0; i < rank; i++) {
        int n = snprintf(text + used, 160 - used, "%s%lld", i == 0 ? "" : ", ", (long long)dims[i]);
        used += n > 0 ? (size_t)n : 0;
        used = used < 158 ? used : 158;
    }
    text[used] = ']';
    text[used + 1] = '\0';
}

/* Equal but for dimensions of 1: [1, 1, 1, 64] of old files is [64]. */
static bool same_shape(const sld_caffe_blob *blob, const sld_caffe_want *want)
{
    int i = 0, j = 0;
    for (;;) {
        while (i < blob->rank && blob->dims[i] == 1) {
            i++;
        }
        while (j < want->rank && want->dims[j] == 1) {
            j++;
        }
        if (i == blob->rank || j == want->rank) {
            return i == blob->rank && j == want->rank;
        }
        if (blob->dims[i++] != want->dims[j++]) {
            return false;
        }
    }
}

static solder_status check_blob(const sld_caffe *c, const sld_caffe_layer *l,
                                const sld_caffe_want *want, const sld_caffe_blob *blob)
{
    char found[160], expected[160];
    print_dims(blob->dims, blob->rank, found);
    print_dims(want->dims, want->rank, expected);
    if (!same_shape(blob, want)) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "its %s is %s in '%s', the layer needs %s",
                              want->what, found, c->import->weights_path, expected);
    }
    size_t count = 0;
    if (!sld_dims_count(want->dims, want->rank, &count) || count != blob->count) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "its %s holds %zu values in '%s', its shape %s has %zu", want->what,
                              blob->count, c->import->weights_path, expected, count);
    }
    return SOLDER_OK;
}

static void notice_nan(const sld_caffe *c, const sld_caffe_layer *l, const sld_caffe_want *want,
                       const float *data, size_t count)
{
    size_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        bad += isnan(data[i]) != 0;
    }
    if (bad > 0) {
        sld_log(c->diag, SOLDER_LOG_NOTICE,
                "caffe: layer '%s' (%s): %zu of %zu values of its %s "
                "are NaN",
                l->name, l->type, bad, count, want->what);
    }
}

solder_status sld_caffe_load(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                             const float **out)
{
    if (want->index >= l->blobs_used) {
        l->blobs_used = want->index + 1;
    }
    const sld_caffe_stored *stored = c->stored != NULL ? sld_names_find(c->stored, l->name) : NULL;
    if (stored == NULL) {
        return make_weights(c, l, want, out);
    }
    if (want->index >= stored->count) {
        return sld_caffe_fail(c, l, SOLDER_ERROR_DATA,
                              "'%s' has %zu blobs for it, its %s is missing",
                              c->import->weights_path, stored->count, want->what);
    }
    const sld_caffe_blob *blob = &stored->blobs[want->index];
    SLD_TRY(check_blob(c, l, want, blob));
    const float *data = (const void *)blob->data;
    if (data == NULL || blob->dtype != SOLDER_F32 || (uintptr_t)data % sizeof *data != 0) {
        float *copy = sld_arena_array(&c->graph->arena, blob->count, sizeof *copy);
        if (copy == NULL) {
            return sld_fail_memory(c->diag, blob->count * sizeof *copy);
        }
        copy_elements(blob, c->import->mapped, copy);
        data = copy;
    }
    notice_nan(c, l, want, data, blob->count);
    *out = data;
    return SOLDER_OK;
}

solder_status sld_caffe_constant(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                                 const float *data, sld_value **value)
{
    const char *name = sld_arena_printf(&c->arena, "%s.%s", l->name, want->what);
    if (name == NULL) {
        return sld_fail_memory(c->diag, 0);
    }
    return sld_graph_add_constant(c->graph, name, SOLDER_F32, want->rank, want->dims, data, false,
                                  value);
}

solder_status sld_caffe_weight(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                               sld_value **value)
{
    const float *data = NULL;
    SLD_TRY(sld_caffe_load(c, l, want, &data));
    return sld_caffe_constant(c, l, want, data, value);
}

solder_status sld_caffe_check_blob_count(const sld_caffe *c, const sld_caffe_layer *l)
{
    const sld_caffe_stored *stored = c->stored != NULL ? sld_names_find(c->stored, l->name) : NULL;
    if (stored == NULL || l->blobs_used == 0 || stored->count == l->blobs_used) {
        return SOLDER_OK;
    }
    return sld_caffe_fail(c, l, SOLDER_ERROR_DATA, "'%s' has %zu blobs for it, the layer has %u",
                          c->import->weights_path, stored->count, (unsigned)l->blobs_used);
}

/* ---- mean image ---- */

solder_status sld_caffe_read_mean(sld_arena *arena, sld_diag *diag, const char *path,
                                  sld_caffe_mean *mean)
{
    sld_file file;
    SLD_TRY(sld_file_map(diag, path, &file));
    source s = {diag, path, file.data};
    sld_caffe_blob blob;
    float *data = NULL;
    size_t count = 0;
    solder_status status = read_blob(&s, file.data, file.size, &blob);
    if (status != SOLDER_OK) {
        goto cleanup;
    }
    bool image = blob.rank == 3 || (blob.rank == 4 && blob.dims[0] == 1);
    const int64_t *dims = blob.dims + (blob.rank == 4);
    if (!image || !sld_dims_count(dims, 3, &count) || count != blob.count || count == 0) {
        status = sld_fail(diag, SOLDER_ERROR_DATA, "caffe: '%s' is no mean image", path);
        goto cleanup;
    }
    data = sld_arena_array(arena, count, sizeof *data);
    if (data == NULL) {
        status = sld_fail_memory(diag, count * sizeof *data);
        goto cleanup;
    }
    copy_elements(&blob, true, data);
    memcpy(mean->dims, dims, sizeof mean->dims);
    mean->data = data;
cleanup:
    sld_file_unmap(&file);
    return status;
}
