/* SPDX-License-Identifier: Apache-2.0 */
/* A plan that looks at one picture, for the samples that have some: opened, run, read. */
#ifndef SAMPLES_NET_H
#define SAMPLES_NET_H

#include "picture.h"

/* Start with zeros. */
typedef struct net {
    const char *path;
    solder_engine *engine;
    solder_context *context;
    solder_io in;
    solder_image_rule rule;
    int w, h; /* of the picture, whatever the order in the tensor */
    float *input;
} net;

/* The plan's one picture [1, 3, H, W] of f32, or [1, 3, W, H] if its rule says transposed. */
bool net_open(solder_runtime *runtime, const char *path, net *n);
/* A part of the picture, NULL: all of it. */
bool net_run(net *n, const picture *p, const picture_box *part);
bool net_run_map(net *n, const picture *p, const picture_map *map);
/* The first output whose rows have so many numbers (0: any); NULL: none. */
const float *net_output(const net *n, int64_t row, int64_t *count);
void net_close(net *n);

#endif
