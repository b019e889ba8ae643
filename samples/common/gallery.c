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

/* Least squares: q = (a -b; b a) p + t takes the template's points to the face's. */
picture_map face_alignment(const face *f, int side)
{
    static const float template[5][2] = {{38.2946f, 51.6963f},
                                         {73.5318f, 51.5014f},
                                         {56.0252f, 71.7366f},
                                         {41.5493f, 92.3655f},
                                         {70.7299f, 92.2041f}}; /* of 112 x 112 */
    const float scale = (float)side / 112;
    float px = 0, py = 0, qx = 0, qy = 0; /* means */
    float a = 0, b = 0, square = 0;
    for (int i = 0; i < 5; i++) {
        px += template[i][0] * scale / 5;
        py += template[i][1] * scale / 5;
        qx += f->x[i] / 5;
        qy += f->y[i] / 5;
    }
    for (int i = 0; i < 5; i++) {
        float x = template[i][0] * scale - px;
        float y = template[i][1] * scale - py;
        a += x * (f->x[i] - qx) + y * (f->y[i] - qy);
        b += x * (f->y[i] - qy) - y * (f->x[i] - qx);
        square += x * x + y * y;
    }
    a /= square;
    b /= square;
    return (picture_map){{qx - a * px + b * py, a, -b}, {qy - b * px - a * py, b, a}};
}

static bool run(const gallery *g, net *n, const picture *p, const face *f)
{
    if (g->aligned && f != NULL && f->points == 5) {
        const picture_map map = face_alignment(f, n->w);
        return net_run_map(n, p, &map);
    }
    return net_run(n, p, f != NULL ? &f->box : NULL);
}

/* Made of length 1. */
static bool embed(gallery *g, const picture *p, const face *f, float features[MOST_FEATURES])
{
    net *n = &g->embedding;
    int64_t count = 0;
    float square = 0;
    if (!run(g, n, p, f)) {
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

bool gallery_add(gallery *g, const char *name, const picture *p, const face *f)
{
    person *known = realloc(g->known, ((size_t)g->count + 1) * sizeof *known);
    if (known == NULL) {
        return failed("gallery", "not enough memory");
    }
    g->known = known;
    (void)snprintf(known[g->count].name, sizeof known[g->count].name, "%s", name);
    return embed(g, p, f, known[g->count++].features);
}

bool gallery_name(gallery *g, const picture *p, const face *f, const char **name, float *cosine)
{
    float features[MOST_FEATURES];
    const person *best = NULL;
    *cosine = -1;
    if (!embed(g, p, f, features)) {
        return false;
    }
    for (int n = 0; n < g->count; n++) {
        const person *k = &g->known[n];
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
