/* SPDX-License-Identifier: Apache-2.0 */
/* The digit classifier layer by layer, with weights from a plain file: see README.md. */
#include <stdlib.h>
#include <string.h>

#include <solder/builder.h>
#include <solder/runtime.h>

#include "../common/digits.h"

static digits test;
static float scores[DIGITS][CLASSES];

/* ---- weights: for each a line "name rank dims" and its floats, in the order they are used ---- */

enum { MOST_WEIGHTS = 16, MOST_ELEMENTS = 1 << 20 };

typedef struct model {
    solder_network *network;
    FILE *file;
    float *weights[MOST_WEIGHTS]; /* borrowed by the network until the plan is built */
    int count;
} model;

static solder_status next_weight(model *m, const char *layer, char kind, solder_value **value)
{
    char name[64];
    char wanted[64];
    long long d;
    size_t elements = 1;
    solder_dims dims = {0};
    if (m->count == MOST_WEIGHTS || fscanf(m->file, " %63s %d", name, &dims.rank) != 2 ||
        dims.rank < 1 || dims.rank > 4) {
        return SOLDER_ERROR_DATA;
    }
    for (int i = 0; i < dims.rank; i++) {
        if (fscanf(m->file, "%lld", &d) != 1 || d < 1 || d > MOST_ELEMENTS / (long long)elements) {
            return SOLDER_ERROR_DATA;
        }
        dims.d[i] = d;
        elements *= (size_t)d;
    }
    (void)snprintf(wanted, sizeof wanted, "%s_%c", layer, kind);
    float *data = malloc(elements * sizeof *data);
    m->weights[m->count++] = data;
    if (strcmp(name, wanted) != 0 || data == NULL || getc(m->file) != '\n' ||
        fread(data, sizeof *data, elements, m->file) != elements) {
        return SOLDER_ERROR_DATA;
    }
    return solder_network_add_constant(m->network, name, SOLDER_F32, &dims, data, value);
}

/* ---- layers: each replaces *x, the value it reads, by the one it makes ---- */

static solder_status add(model *m, const char *op, const char *name, solder_value **x,
                         solder_attribute attribute)
{
    size_t count = attribute.name != NULL;
    return solder_network_add(m->network, op, name, x, 1, &attribute, count, 1, x);
}

static solder_status add_relu(model *m, solder_value **x)
{
    return add(m, "Activation", NULL, x, (solder_attribute){.name = "kind", .text = "relu"});
}

static solder_status add_weighted(model *m, const char *op, const char *name, solder_value **x,
                                  const solder_attribute *attributes, size_t count)
{
    solder_value *in[3] = {*x};
    solder_status s = next_weight(m, name, 'w', &in[1]);
    s = s ? s : next_weight(m, name, 'b', &in[2]);
    return s ? s : solder_network_add(m->network, op, name, in, 3, attributes, count, 1, x);
}

static solder_status add_convolution(model *m, const char *name, solder_value **x)
{
    static const int64_t one[] = {1, 1};
    static const solder_attribute padding[] = {{.name = "pad_begin", .count = 2, .ints = one},
                                               {.name = "pad_end", .count = 2, .ints = one}};
    solder_status s = add_weighted(m, "Convolution", name, x, padding, 2);
    return s ? s : add_relu(m, x);
}

static solder_status add_pooling(model *m, const char *name, solder_value **x)
{
    static const int64_t two[] = {2, 2};
    const solder_attribute window[] = {{.name = "window", .count = 2, .ints = two},
                                       {.name = "stride", .count = 2, .ints = two}};
    return solder_network_add(m->network, "Pooling", name, x, 1, window, 2, 1, x);
}

/* The file has a row for each result: the matrix is taken transposed. */
static solder_status add_dense(model *m, const char *name, solder_value **x)
{
    static const int64_t yes = 1;
    const solder_attribute transposed = {.name = "trans_b", .count = 1, .ints = &yes};
    return add_weighted(m, "MatMul", name, x, &transposed, 1);
}

static solder_status add_layers(model *m)
{
    static const int64_t rows[] = {0, -1}; /* 0: as it is, -1: what is left */
    static const solder_dims open = {4, {-1, 1, 8, 8}};
    solder_value *x;
    solder_status s = solder_network_add_input(m->network, "data", SOLDER_F32, &open, &x);
    s = s ? s : add_convolution(m, "conv1", &x);
    s = s ? s : add_convolution(m, "conv2", &x);
    s = s ? s : add_pooling(m, "pool2", &x);
    s = s ? s : add_convolution(m, "conv3", &x);
    s = s ? s : add_pooling(m, "pool3", &x);
    s = s ? s
          : add(m, "Reshape", "flat", &x,
                (solder_attribute){.name = "dims", .count = 2, .ints = rows});
    s = s ? s : add_dense(m, "fc1", &x);
    s = s ? s : add_relu(m, &x);
    s = s ? s : add_dense(m, "fc2", &x);
    s = s ? s : add(m, "SoftMax", "softmax", &x, (solder_attribute){0});
    return s ? s : solder_network_mark_output(m->network, x, "prob");
}

static solder_status build(solder_builder *builder, model *m, void **plan, size_t *size)
{
    const solder_profile profile = {
        .min = {4, {1, 1, 8, 8}}, .opt = {4, {DIGITS, 1, 8, 8}}, .max = {4, {DIGITS, 1, 8, 8}}};
    solder_config config = solder_config_default();
    config.profiles = &profile;
    config.profile_count = 1;
    solder_status s = solder_network_create(builder, "digits", &m->network);
    s = s ? s : add_layers(m);
    return s ? s : solder_build_to_memory(builder, m->network, &config, plan, size);
}

/* ---- run ---- */

static int run(const void *plan, size_t size)
{
    const solder_dims dims = {4, {DIGITS, 1, 8, 8}};
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    solder_status s = solder_runtime_create(NULL, &runtime);
    s = s ? s : solder_engine_load(runtime, plan, size, &engine);
    s = s ? s : solder_context_create(runtime, engine, &context);
    s = s ? s : solder_context_set_dims(context, "data", &dims);
    s = s ? s : solder_context_bind(context, "data", test.pixels, sizeof test.pixels);
    s = s ? s : solder_context_bind(context, "prob", scores, sizeof scores);
    s = s ? s : solder_context_run(context);
    if (s == SOLDER_OK) {
        int right = digits_right(&test, 0, DIGITS, scores[0]);
        printf("%d of %d test digits right\n", right, DIGITS);
        solder_context_destroy(context);
        solder_engine_destroy(engine);
        solder_runtime_destroy(runtime);
    }
    return s != SOLDER_OK;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "models/digits/digits.weights";
    model m = {.file = fopen(path, "rb")};
    solder_builder *builder;
    void *plan;
    size_t size;
    int failed = 1;
    if (m.file == NULL || !digits_read(&test) ||
        solder_builder_create(NULL, &builder) != SOLDER_OK) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    if (build(builder, &m, &plan, &size) == SOLDER_OK) {
        printf("%d weights, plan of %zu bytes\n", m.count, size);
        failed = run(plan, size);
        solder_plan_free(builder, plan, size);
    } else {
        const char *message = solder_builder_message(builder);
        fprintf(stderr, "%s: %s\n", path, *message ? message : "not the weights of these layers");
    }
    solder_builder_destroy(builder);
    for (int i = 0; i < m.count; i++) {
        free(m.weights[i]);
    }
    fclose(m.file);
    return failed;
}
