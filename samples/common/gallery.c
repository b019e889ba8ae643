/* SPDX-License-Identifier: Apache-2.0 */
#include "gallery.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FEATURES = 2048 };

typedef struct person {
    char name[64];
    float features[MOST_FEATURES];
} person;

bool gallery_open(solder_runtime *runtime, const char *plan, gallery *g)
{
    g->likeness = 0.6f;
    return net_open(runtime, plan, &g->embedding);
}

/* Made of length 1. */
static bool embed(net *n, const picture *p, const picture_box *part, float features[MOST_FEATURES])
{
    int64_t count = 0;
    float square = 0;
    if (!net_run(n, p, part)) {
        return false;
    }
    const float *output = net_output(n, 0, &count);
    if (output == NULL || count > MOST_FEATURES) {
        return failed(n->path, "no output of at most 2048 numbers");
    }
    for (int64_t i = 0; i < count; i++) {
        square += output[i] * output[i];
    }
    memset(features, 0, MOST_FEATURES * sizeof *features);
    for (int64_t i = 0; i < count; i++) {
        features[i] = output[i] / fmaxf(sqrtf(square), 1e-12f);
    }
    return true;
}

bool gallery_add(gallery *g, const char *name, const picture *p, const picture_box *part)
{
    person *known = realloc(g->known, ((size_t)g->count + 1) * sizeof *known);
    if (known == NULL) {
        return failed("gallery", "not enough memory");
    }
    g->known = known;
    (void)snprintf(known[g->count].name, sizeof known[g->count].name, "%s", name);
    return embed(&g->embedding, p, part, known[g->count++].features);
}

bool gallery_name(gallery *g, const picture *p, const picture_box *part, const char **name,
                  float *cosine)
{
    float features[MOST_FEATURES];
    const person *best = NULL;
    *cosine = -1;
    if (!embed(&g->embedding, p, part, features)) {
        return false;
    }
    for (const person *k = g->known; k < g->known + g->count; k++) {
        float c = 0;
        for (int i = 0; i < MOST_FEATURES; i++) {
            c += features[i] * k->features[i];
        }
        if (c > *cosine) {
            *cosine = c;
            best = k;
        }
    }
    *name = best != NULL && *cosine > g->likeness ? best->name : "somebody";
    return true;
}

void gallery_close(gallery *g)
{
    net_close(&g->embedding);
    free(g->known);
    *g = (gallery){0};
}
