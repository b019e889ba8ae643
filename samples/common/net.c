/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "net.h"

bool net_open(solder_runtime *runtime, const char *path, net *n)
{
    solder_dims dims;
    void *input;
    n->path = path;
    if (solder_engine_open(runtime, path, &n->engine) != SOLDER_OK ||
        solder_context_create(runtime, n->engine, &n->context) != SOLDER_OK) {
        return failed(path, solder_runtime_message(runtime));
    }
    if (solder_engine_io(n->engine, 0, &n->in) != SOLDER_OK || n->in.dtype != SOLDER_F32 ||
        n->in.nhwc || n->in.min.rank != 4 || n->in.min.d[0] != 1 || n->in.min.d[1] != 3 ||
        solder_context_tensor(n->context, n->in.name, &input, &dims) != SOLDER_OK ||
        !solder_engine_image_rule(n->engine, n->in.name, &n->rule)) {
        return failed(path, "not a plan for one picture [1, 3, H, W], built with --preprocess");
    }
    n->h = (int)dims.d[n->rule.transposed ? 3 : 2];
    n->w = (int)dims.d[n->rule.transposed ? 2 : 3];
    n->input = input;
    return true;
}

static bool run(net *n)
{
    return solder_context_run(n->context) == SOLDER_OK ||
           failed(n->path, solder_context_message(n->context));
}

bool net_run(net *n, const picture *p, const picture_box *part)
{
    picture_to_tensor(p, part, &n->rule, n->w, n->h, n->input);
    return run(n);
}

bool net_run_map(net *n, const picture *p, const picture_map *map)
{
    picture_map_to_tensor(p, map, &n->rule, n->w, n->h, n->input);
    return run(n);
}

const float *net_output(const net *n, int64_t row, int64_t *count)
{
    solder_io io;
    solder_dims dims;
    void *data;
    for (size_t i = 1; solder_engine_io(n->engine, i, &io) == SOLDER_OK; i++) {
        if (!io.is_input && solder_context_tensor(n->context, io.name, &data, &dims) == SOLDER_OK &&
            io.dtype == SOLDER_F32 && dims.rank > 0 && (!row || dims.d[dims.rank - 1] == row)) {
            *count = 1;
            for (int d = 0; d < dims.rank; d++) {
                *count *= dims.d[d];
            }
            return data;
        }
    }
    return NULL;
}

void net_close(net *n)
{
    solder_context_destroy(n->context);
    solder_engine_destroy(n->engine);
    *n = (net){0};
}
