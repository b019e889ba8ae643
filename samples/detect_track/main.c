/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things in frames, found by an SSD and followed from frame to frame: see README.md.
 *
 *     detect_track DETECTOR.plan OUT FRAMES [WIDTHxHEIGHT]
 */
#include <stdio.h>
#include <stdlib.h>

#include "../common/frames.h"
#include "../common/net.h"
#include "../common/tracker.h"

enum { ROW = 7 };

static const float least_score = 0.5f;

/* DetectionOutput: rows of picture, label, score and box as shares, the best of a label first. */
static bool detect(net *n, const picture *p, tracker *t)
{
    const float w = (float)p->w;
    const float h = (float)p->h;
    sighting seen[TRACKS];
    int found = 0;
    int64_t count = 0;
    if (!net_run(n, p, NULL)) {
        return false;
    }
    const float *rows = net_output(n, ROW, &count);
    if (rows == NULL) {
        return failed(n->path, "no output of rows of 7, as DetectionOutput has it");
    }
    for (const float *r = rows; r < rows + count && found < TRACKS; r += ROW) {
        if (r[0] >= 0 && r[2] >= least_score) { /* -1: nothing found */
            seen[found++] = (sighting){(int)r[1], r[2], {r[3] * w, r[4] * h, r[5] * w, r[6] * h}};
        }
    }
    tracker_follow(t, seen, found);
    return true;
}

/* A colour for each track, which is more use here than one for each label. */
static void show(const track *k, const char *label, const char *name, picture *p)
{
    const picture_box *b = &k->last.box;
    char text[64];
    label = label != NULL ? label : "?";
    printf("%s: %d %s %.2f  %.0f %.0f %.0f %.0f\n", name, k->id, label, (double)k->last.score,
           (double)b->x1, (double)b->y1, (double)b->x2, (double)b->y2);
    (void)snprintf(text, sizeof text, "#%d %s", k->id, label);
    picture_draw_box(p, b, text, (unsigned)k->id - 1);
}

static bool look(net *n, picture *p, tracker *t, const char *out, const char *name)
{
    char path[4096];
    if (!detect(n, p, t)) {
        return false;
    }
    for (int i = 0; i < t->count; i++) {
        const track *k = &t->tracks[i];
        if (k->missed == 0) {
            show(k, solder_engine_label(n->engine, (size_t)k->last.label), name, p);
        }
    }
    (void)fflush(stdout); /* a camera has no end */
    (void)snprintf(path, sizeof path, "%s/%s", out, name);
    return picture_write(p, path);
}

int main(int argc, char **argv)
{
    net n = {0};
    picture p = {0};
    tracker t = {0};
    frames f = {0};
    solder_runtime *runtime;
    char name[256];
    if (argc != 4 && argc != 5) {
        return failed("usage", "detect_track DETECTOR.plan OUT FRAMES [WIDTHxHEIGHT]") ? 0 : 2;
    }
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    bool ok = net_open(runtime, argv[1], &n) && frames_open(&f, argv[3], argv[4]);
    while (ok && frames_next(&f, &p, name, sizeof name)) {
        ok = look(&n, &p, &t, argv[2], name);
    }
    ok = ok && f.bad == 0;
    free(p.rgb);
    frames_close(&f);
    net_close(&n);
    solder_runtime_destroy(runtime);
    return ok ? 0 : 1;
}
