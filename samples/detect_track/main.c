/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Things in frames, found by an SSD and followed from frame to frame: see README.md.
 *
 *     detect_track DETECTOR.plan OUT FRAMES
 *     detect_track DETECTOR.plan OUT - WIDTHxHEIGHT
 */
#define _POSIX_C_SOURCE 200809L
#include "../common/net.h"

enum { MOST_TRACKS = 64, MOST_MISSED = 5, ROW = 7 };

static const float least_score = 0.5f, least_overlap = 0.3f;

/* A thing that has been seen before: where it was last, and for how many frames it is gone. */
typedef struct track {
    int id, label, missed;
    frame_box box;
    float score;
    bool seen; /* in this frame */
} track;

typedef struct tracker {
    track tracks[MOST_TRACKS];
    int count, last_id;
} tracker;

/* The track of that label which overlaps the box most, and none seen yet in this frame. */
static track *find_track(tracker *t, int label, const frame_box *box)
{
    track *best = NULL;
    float most = least_overlap;
    for (int i = 0; i < t->count; i++) {
        track *k = &t->tracks[i];
        float overlap = frame_box_overlap(box, &k->box);
        if (k->label == label && !k->seen && overlap > most) {
            most = overlap;
            best = k;
        }
    }
    return best;
}

/* A detection continues a track or starts one. */
static void follow(tracker *t, int label, float score, const frame_box *box)
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
static int detect(net *n, const frame *f, tracker *t)
{
    const frame_box whole = {0, 0, (float)f->width, (float)f->height};
    int64_t count = 0;
    if (net_run(n, f, &whole) != 0) {
        return 1;
    }
    const float *rows = net_output(n, ROW, &count);
    if (rows == NULL) {
        return net_fail("detector", "no output of rows of 7, as DetectionOutput has it");
    }
    for (const float *r = rows; r < rows + count; r += ROW) {
        if (r[0] >= 0 && r[2] >= least_score) { /* -1: nothing found */
            const frame_box box = {r[3] * whole.x2, r[4] * whole.y2, r[5] * whole.x2,
                                   r[6] * whole.y2};
            follow(t, (int)r[1], r[2], &box);
        }
    }
    return 0;
}

static int look(net *n, frame *f, tracker *t, const char *out, const char *name)
{
    char path[4096];
    if (detect(n, f, t) != 0) {
        return 1;
    }
    for (int i = 0; i < t->count; i++) {
        const track *k = &t->tracks[i];
        if (k->seen) {
            const char *label = solder_engine_label(n->engine, (size_t)k->label);
            printf("%s: %d %s %.2f  %.0f %.0f %.0f %.0f\n", name, k->id,
                   label != NULL ? label : "?", (double)k->score, (double)k->box.x1,
                   (double)k->box.y1, (double)k->box.x2, (double)k->box.y2);
            frame_draw_box(f, &k->box, k->id - 1); /* a colour for each track */
        }
    }
    end_frame(t);
    (void)snprintf(path, sizeof path, "%s/%s", out, name);
    return frame_write_ppm(f, path) ? 0 : net_fail(path, "cannot be written");
}

int main(int argc, char **argv)
{
    net n = {0};
    frame f = {0};
    tracker t = {0};
    frame_source source;
    solder_runtime *runtime;
    char name[256];
    if (argc != 4 && (argc != 5 || strcmp(argv[3], "-") != 0)) {
        return net_fail("usage", "detect_track DETECTOR.plan OUT FRAMES|(- WIDTHxHEIGHT)");
    }
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    int failed = net_open(runtime, argv[1], &n);
    if (!failed && !frame_source_open(&source, argv[3], argv[4], &f)) {
        failed = net_fail(argv[3], "no frames");
    }
    while (!failed && frame_source_next(&source, &f, name, sizeof name)) {
        failed = look(&n, &f, &t, argv[2], name);
    }
    free(f.rgb);
    net_close(&n);
    solder_runtime_destroy(runtime);
    return failed;
}
