/* SPDX-License-Identifier: Apache-2.0 */
/* A plan that looks at one picture, for the samples that have some: opened, run, read. */
#ifndef SAMPLES_NET_H
#define SAMPLES_NET_H

#include "frame.h"

typedef struct net {
    solder_engine *engine;
    solder_context *context;
    solder_image_rule rule;
    int height, width;
    float *input;
} net;

/* Prints both; 1, for the caller to return. */
static inline int net_fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    return 1;
}

static inline int net_open(solder_runtime *runtime, const char *path, net *n)
{
    solder_io in;
    solder_dims dims;
    void *input;
    if (solder_engine_open(runtime, path, &n->engine) != SOLDER_OK ||
        solder_context_create(runtime, n->engine, &n->context) != SOLDER_OK) {
        return net_fail(path, solder_runtime_message(runtime));
    }
    if (solder_engine_io(n->engine, 0, &in) != SOLDER_OK || in.dtype != SOLDER_F32 || in.nhwc ||
        solder_context_tensor(n->context, in.name, &input, &dims) != SOLDER_OK || dims.rank != 4 ||
        dims.d[0] != 1 || dims.d[1] != 3 ||
        !solder_engine_image_rule(n->engine, in.name, &n->rule)) {
        return net_fail(path, "not a plan for one picture [1, 3, H, W], built with --preprocess");
    }
    n->height = (int)dims.d[2];
    n->width = (int)dims.d[3];
    n->input = input;
    return 0;
}

static inline int net_run(net *n, const frame *f, const frame_box *part)
{
    frame_to_tensor(f, part, &n->rule, n->height, n->width, n->input);
    return solder_context_run(n->context) == SOLDER_OK
               ? 0
               : net_fail("run", solder_context_message(n->context));
}

/* The first output whose rows have so many numbers (0: any); NULL: none. */
static inline const float *net_output(const net *n, int64_t row, int64_t *count)
{
    solder_io io;
    solder_dims dims;
    void *data;
    for (size_t i = 1; solder_engine_io(n->engine, i, &io) == SOLDER_OK; i++) {
        if (solder_context_tensor(n->context, io.name, &data, &dims) == SOLDER_OK &&
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

static inline void net_close(net *n)
{
    solder_context_destroy(n->context);
    solder_engine_destroy(n->engine);
}

#endif
