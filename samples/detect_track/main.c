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

enum { MOST_TRACKS = 64, MOST_MISSED = 5, ROW = 7 };

static const float least_score = 0.5f, least_overlap = 0.3f;

/* A thing that has been seen before: where it was last, and for how many frames it is gone. */
typedef struct track {
    int id, label, missed;
    picture_box box;
    float score;
    bool seen; /* in this frame */
} track;

typedef struct tracker {
    track tracks[MOST_TRACKS];
    int count, last_id;
} tracker;

/* The track of that label which overlaps the box most, and none seen yet in this frame. */
static track *find_track(tracker *t, int label, const picture_box *box)
{
    track *best = NULL;
    float most = least_overlap;
    for (int i = 0; i < t->count; i++) {
        track *k = &t->tracks[i];
        float overlap = picture_box_overlap(box, &k->box);
        if (k->label == label && !k->seen && overlap > most) {
            most = overlap;
            best = k;
        }
    }
    return best;
}

/* A detection continues a track or starts one. */
static void follow(tracker *t, int label, float score, const picture_box *box)
{
    track *k = find_track(t, label, box);
    if (k == NULL) {
        if (t->count == MOST_TRACKS) {
            return;
        }
        k = &t->tracks[t->count++];
        *k = (track){.id = ++t->last_id, .label = label};
    }
    k->box = *box;
    k->score = score;
    k->missed = 0;
    k->seen = true;
}

/* Forgets what has not been seen for too long. */
static void end_frame(tracker *t)
{
    int kept = 0;
    for (int i = 0; i < t->count; i++) {
        track k = t->tracks[i];
        k.missed += !k.seen;
        k.seen = false;
        if (k.missed <= MOST_MISSED) {
            t->tracks[kept++] = k;
        }
    }
    t->count = kept;
}

/* DetectionOutput: rows of picture, label, score and box as shares, the best of a label first. */
static bool detect(net *n, const picture *p, tracker *t)
{
    const float w = (float)p->w;
    const float h = (float)p->h;
    int64_t count = 0;
    if (!net_run(n, p, NULL)) {
        return false;
    }
    const float *rows = net_output(n, ROW, &count);
    if (rows == NULL) {
        return failed(n->path, "no output of rows of 7, as DetectionOutput has it");
    }
    for (const float *r = rows; r < rows + count; r += ROW) {
        if (r[0] >= 0 && r[2] >= least_score) { /* -1: nothing found */
            const picture_box box = {r[3] * w, r[4] * h, r[5] * w, r[6] * h};
            follow(t, (int)r[1], r[2], &box);
        }
    }
    return true;
}

/* A colour for each track, which is more use here than one for each label. */
static void show(const track *k, const char *label, const char *name, picture *p)
{
    char text[64];
    label = label != NULL ? label : "?";
    printf("%s: %d %s %.2f  %.0f %.0f %.0f %.0f\n", name, k->id, label, (double)k->score,
           (double)k->box.x1, (double)k->box.y1, (double)k->box.x2, (double)k->box.y2);
    (void)snprintf(text, sizeof text, "#%d %s", k->id, label);
    picture_draw_box(p, &k->box, text, (unsigned)k->id - 1);
}

static bool look(net *n, picture *p, tracker *t, const char *out, const char *name)
{
    char path[4096];
    if (!detect(n, p, t)) {
        return false;
    }
    for (int i = 0; i < t->count; i++) {
        const track *k = &t->tracks[i];
        if (k->seen) {
            show(k, solder_engine_label(n->engine, (size_t)k->label), name, p);
        }
    }
    end_frame(t);
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
