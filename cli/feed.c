/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the inputs of a plan from arrays, pictures or random numbers. */
#include "files.h"
#include "image.h"
#include "npy.h"
#include "parse.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_feed_create(const cli_session *session, cli_tensor **tensors)
{
    *tensors = calloc(session->input_count + 1, sizeof **tensors);
    return *tensors != NULL ? CLI_DONE : cli_fail_memory(sizeof **tensors);
}

void cli_feed_free(const cli_session *session, cli_tensor *tensors)
{
    for (size_t i = 0; tensors != NULL && i < session->input_count; i++) {
        cli_tensor_free(&tensors[i]);
    }
    free(tensors);
}

/* "data f32 1x3x224x224, scale f32 1" */
static void list_inputs(const cli_session *session, char *text, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < session->input_count && used < size; i++) {
        const solder_io *io = &session->inputs[i];
        char dims[2 * CLI_DIMS_TEXT];
        used += (size_t)snprintf(text + used, size - used, "%s'%s' %s %s", i > 0 ? ", " : "",
                                 io->name, solder_dtype_name(io->dtype), cli_range_text(io, dims));
    }
}

static int find_input(const cli_session *session, const char *argument, const cli_name *name,
                      size_t *index)
{
    char inputs[2048] = "";
    list_inputs(session, inputs, sizeof inputs);
    if (name->text[0] == '\0' && session->input_count == 1) {
        *index = 0;
        return CLI_DONE;
    }
    if (name->text[0] == '\0') {
        return cli_fail(CLI_USAGE, "--input '%s': write NAME=FILE, the plan has %zu inputs: %s",
                        argument, session->input_count, inputs);
    }
    for (*index = 0; *index < session->input_count; ++*index) {
        if (strcmp(session->inputs[*index].name, name->text) == 0) {
            return CLI_DONE;
        }
    }
    return cli_fail(CLI_USAGE, "--input '%s': the plan has no input '%s'; it has: %s", argument,
                    name->text, inputs);
}

/* A picture rule for a plan that has none: values 0 to 255, RGB or gray, stretched. */
static void find_rule(const cli_session *session, const solder_io *io, int channels,
                      solder_image_rule *rule)
{
    if (solder_engine_image_rule(session->engine, io->name, rule)) {
        return;
    }
    *rule = (solder_image_rule){.order = "rgb", .scale = {1, 1, 1, 1}, .resize = 1};
    if (channels == 1) {
        memcpy(rule->order, "gray", 4);
    }
}

/* Where N, C, H and W stand in a picture input. */
typedef struct layout {
    int n, c, h, w; /* n is -1 without a batch dimension */
} layout;

static bool find_layout(const solder_io *io, layout *l)
{
    int base = io->max.rank - 3;
    if (base != 0 && base != 1) {
        return false;
    }
    *l = io->nhwc ? (layout){base - 1, base + 2, base, base + 1}
                  : (layout){base - 1, base, base + 1, base + 2};
    return io->max.d[l->c] == 1 || io->max.d[l->c] == 3;
}

/* The picture decides an open size only when it is not resized. */
static int64_t pick_size(const solder_io *io, int axis, bool keep, int64_t own)
{
    return io->min.d[axis] != io->max.d[axis] && keep ? own : io->opt.d[axis];
}

static int picture_to_tensor(const cli_session *session, const solder_io *io, const char *path,
                             const cli_image *image, cli_tensor *tensor)
{
    layout l;
    char text[2 * CLI_DIMS_TEXT];
    if (!find_layout(io, &l)) {
        return cli_fail(CLI_DATA, "%s: input '%s' of shape %s does not take pictures", path,
                        io->name, cli_range_text(io, text));
    }
    solder_image_rule rule;
    find_rule(session, io, (int)io->max.d[l.c], &rule);
    solder_dims dims = io->opt;
    if (l.n >= 0) {
        dims.d[l.n] = 1;
    }
    bool keep = rule.resize == 0;
    dims.d[l.h] = pick_size(io, l.h, keep, rule.transposed ? image->width : image->height);
    dims.d[l.w] = pick_size(io, l.w, keep, rule.transposed ? image->height : image->width);
    cli_frame frame = {(int)dims.d[l.c], (int)dims.d[l.h], (int)dims.d[l.w], io->nhwc};
    int status = cli_tensor_create(path, SOLDER_F32, &dims, tensor);
    if (status == CLI_DONE) {
        status = cli_image_to_floats(path, image, &rule, &frame, tensor->data);
    }
    return status == CLI_DONE ? cli_tensor_convert(path, io->dtype, tensor) : status;
}

static int check_array(const solder_io *io, const char *path, cli_tensor *tensor)
{
    char have[CLI_DIMS_TEXT];
    char want[2 * CLI_DIMS_TEXT];
    solder_dims dims = tensor->dims;
    if (dims.rank + 1 == io->max.rank) { /* one item of a batch */
        memmove(tensor->dims.d + 1, tensor->dims.d, (size_t)dims.rank * sizeof dims.d[0]);
        tensor->dims.d[0] = 1;
        tensor->dims.rank++;
    }
    bool fits = tensor->dims.rank == io->max.rank;
    /* The first dimension is checked once all items are stacked. */
    for (int i = 1; fits && i < io->max.rank; i++) {
        fits = tensor->dims.d[i] >= io->min.d[i] && tensor->dims.d[i] <= io->max.d[i];
    }
    if (!fits) {
        return cli_fail(CLI_DATA, "%s: %s %s does not fit input '%s' %s %s", path,
                        solder_dtype_name(tensor->dtype), cli_dims_text(&dims, have), io->name,
                        solder_dtype_name(io->dtype), cli_range_text(io, want));
    }
    int status = cli_tensor_convert(path, io->dtype, tensor);
    return status == CLI_DONE ? status : cli_fail_within(status, "input '%s'", io->name);
}

static int load_file(const cli_session *session, const solder_io *io, const char *path,
                     cli_tensor *tensor)
{
    uint8_t *data;
    size_t size;
    int status = cli_file_read(path, &data, &size);
    if (status != CLI_DONE) {
        return status;
    }
    if (cli_npy_probe(data, size)) {
        status = cli_npy_decode(path, data, size, tensor);
        status = status == CLI_DONE ? check_array(io, path, tensor) : status;
    } else if (cli_image_probe(data, size)) {
        cli_image image;
        status = cli_image_decode(path, data, size, &image);
        if (status == CLI_DONE) {
            status = picture_to_tensor(session, io, path, &image, tensor);
            cli_image_free(&image);
        }
    } else {
        status =
            cli_fail(CLI_DATA, "%s: neither a .npy array nor a PNG, JPEG, PPM or PGM picture%s",
                     path, size == 0 ? " (the file is empty)" : "");
    }
    free(data);
    return status;
}

/* Appends item to batch along dimension 0 and frees it. */
static int stack(const char *path, cli_tensor *item, cli_tensor *batch)
{
    if (batch->data == NULL) {
        *batch = *item;
        memset(item, 0, sizeof *item);
        return CLI_DONE;
    }
    solder_dims rest = batch->dims;
    if (rest.rank > 0) {
        rest.d[0] = item->dims.d[0];
    }
    char have[CLI_DIMS_TEXT];
    char want[CLI_DIMS_TEXT];
    if (rest.rank == 0 || !cli_dims_equal(&rest, &item->dims)) {
        return cli_fail(CLI_DATA, "%s: %s cannot be stacked on %s", path,
                        cli_dims_text(&item->dims, have), cli_dims_text(&batch->dims, want));
    }
    void *larger = realloc(batch->data, batch->size + item->size + 1);
    if (larger == NULL) {
        return cli_fail_memory(batch->size + item->size);
    }
    batch->data = larger;
    memcpy((char *)batch->data + batch->size, item->data, item->size);
    batch->size += item->size;
    batch->dims.d[0] += item->dims.d[0];
    return CLI_DONE;
}

static int check_batch(const cli_session *session, const cli_tensor *tensors)
{
    for (size_t i = 0; i < session->input_count; i++) {
        const solder_io *io = &session->inputs[i];
        char have[CLI_DIMS_TEXT];
        char want[2 * CLI_DIMS_TEXT];
        if (tensors[i].data == NULL) {
            char inputs[2048] = "";
            list_inputs(session, inputs, sizeof inputs);
            return cli_fail(CLI_USAGE,
                            "input '%s' is missing: give --input NAME=FILE for each of %s",
                            io->name, inputs);
        }
        if (io->max.rank > 0 &&
            (tensors[i].dims.d[0] < io->min.d[0] || tensors[i].dims.d[0] > io->max.d[0])) {
            return cli_fail(CLI_DATA, "input '%s': %s is given, the plan takes %s", io->name,
                            cli_dims_text(&tensors[i].dims, have), cli_range_text(io, want));
        }
    }
    return CLI_DONE;
}

int cli_feed_load(const cli_session *session, const cli_list *list, cli_tensor *tensors)
{
    for (size_t i = 0; i < list->count; i++) {
        cli_name name;
        const char *path;
        size_t index = 0;
        cli_tensor item = {0};
        int status = cli_split_name(list->items[i], &name, &path);
        if (status == CLI_DONE) {
            status = find_input(session, list->items[i], &name, &index);
        }
        if (status == CLI_DONE) {
            status = load_file(session, &session->inputs[index], path, &item);
        }
        if (status == CLI_DONE) {
            status = stack(path, &item, &tensors[index]);
        }
        cli_tensor_free(&item);
        if (status != CLI_DONE) {
            return status;
        }
    }
    return check_batch(session, tensors);
}

/* Noise seen as a picture of exactly the right size, so that values are as in real use. */
static int random_picture(const cli_session *session, const solder_io *io, uint64_t *state,
                          cli_tensor *tensor)
{
    layout l;
    solder_image_rule rule;
    if (tensor->dtype != SOLDER_F32 || !find_layout(io, &l) ||
        !solder_engine_image_rule(session->engine, io->name, &rule)) {
        cli_tensor_random(state, tensor);
        return CLI_DONE;
    }
    cli_frame frame = {(int)tensor->dims.d[l.c], (int)tensor->dims.d[l.h], (int)tensor->dims.d[l.w],
                       io->nhwc};
    cli_image image = {rule.transposed ? frame.height : frame.width,
                       rule.transposed ? frame.width : frame.height, NULL};
    size_t size = (size_t)image.width * (size_t)image.height * 3;
    size_t item = (size_t)frame.channels * (size_t)image.width * (size_t)image.height;
    image.pixels = malloc(size + 1);
    int status = image.pixels != NULL ? CLI_DONE : cli_fail_memory(size);
    for (size_t at = 0; status == CLI_DONE && at < tensor->size / sizeof(float); at += item) {
        for (size_t i = 0; i < size; i++) {
            image.pixels[i] = (uint8_t)(cli_random_next(state) >> 56);
        }
        status = cli_image_to_floats(io->name, &image, &rule, &frame, (float *)tensor->data + at);
    }
    cli_image_free(&image);
    return status;
}

int cli_feed_random(const cli_session *session, int64_t batch, uint64_t seed, cli_tensor *tensors)
{
    for (size_t i = 0; i < session->input_count; i++) {
        const solder_io *io = &session->inputs[i];
        solder_dims dims = io->opt;
        if (batch > 0 && dims.rank > 0) {
            if (batch < io->min.d[0] || batch > io->max.d[0]) {
                return cli_fail(
                    CLI_USAGE, "--batch %lld: the first dimension of input '%s' is %lld to %lld",
                    (long long)batch, io->name, (long long)io->min.d[0], (long long)io->max.d[0]);
            }
            dims.d[0] = batch;
        }
        int status = cli_tensor_create(io->name, io->dtype, &dims, &tensors[i]);
        if (status == CLI_DONE) {
            status = random_picture(session, io, &seed, &tensors[i]);
        }
        if (status != CLI_DONE) {
            return status;
        }
    }
    return CLI_DONE;
}

int cli_feed_bind(const cli_session *session, solder_context *context, cli_tensor *tensors)
{
    for (size_t i = 0; i < session->input_count; i++) {
        const char *name = session->inputs[i].name;
        solder_status status = solder_context_set_dims(context, name, &tensors[i].dims);
        if (status == SOLDER_OK) {
            status = solder_context_bind(context, name, tensors[i].data, tensors[i].size);
        }
        if (status != SOLDER_OK) {
            return cli_fail_status(status, solder_context_message(context));
        }
    }
    return CLI_DONE;
}
