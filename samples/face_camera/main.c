/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faces in frames from a folder or a camera, drawn, and named by comparing embeddings: README.md.
 *
 *     face_camera DETECTOR.plan OUT FRAMES          [EMBEDDING.plan KNOWN]
 *     face_camera DETECTOR.plan OUT - WIDTHxHEIGHT  [EMBEDDING.plan KNOWN]
 */
#define _POSIX_C_SOURCE 200809L
#include "../common/net.h"

enum { MOST_FACES = 64, MOST_KNOWN = 32, MOST_FEATURES = 2048 };

static const float least_score = 0.7f, most_overlap = 0.3f, least_likeness = 0.6f;

typedef struct face {
    frame_box box;
    float score;
} face;

typedef struct person {
    char name[64];
    float features[MOST_FEATURES];
} person;

static person known[MOST_KNOWN];
static int known_count;

/* ---- faces: UltraFace gives scores [1, N, 2] and boxes [1, N, 4] as shares of the picture ---- */

static int find_faces(net *n, const frame *f, face *faces)
{
    const frame_box whole = {0, 0, (float)f->width, (float)f->height};
    int64_t scores_count = 0;
    int64_t boxes_count = 0;
    int found = 0;
    if (net_run(n, f, &whole) != 0) {
        return -1;
    }
    const float *scores = net_output(n, 2, &scores_count);
    const float *boxes = net_output(n, 4, &boxes_count);
    if (scores == NULL || boxes == NULL || scores_count * 2 != boxes_count) {
        return net_fail("detector", "its outputs are not scores [1, N, 2] and boxes [1, N, 4]") - 2;
    }
    while (found < MOST_FACES) { /* the best that overlaps none of those found */
        face best = {.score = least_score};
        for (int64_t i = 0; i < scores_count / 2; i++) {
            const float *b = boxes + i * 4;
            const frame_box box = {b[0] * whole.x2, b[1] * whole.y2, b[2] * whole.x2,
                                   b[3] * whole.y2};
            bool is_new = scores[i * 2 + 1] > best.score;
            for (int k = 0; is_new && k < found; k++) {
                is_new = frame_box_overlap(&box, &faces[k].box) <= most_overlap;
            }
            best = is_new ? (face){box, scores[i * 2 + 1]} : best;
        }
        if (best.score <= least_score) {
            break;
        }
        faces[found++] = best;
    }
    return found;
}

/* ---- names: the embedding of a face, of length 1, beside those of faces with a name ---- */

static int embed(net *n, const frame *f, const frame_box *box, float features[MOST_FEATURES])
{
    int64_t count = 0;
    float square = 0;
    const float *output = net_run(n, f, box) == 0 ? net_output(n, 0, &count) : NULL;
    if (output == NULL || count > MOST_FEATURES) {
        return net_fail("embedding", "no output of at most 2048 numbers");
    }
    for (int64_t i = 0; i < count; i++) {
        square += output[i] * output[i];
    }
    memset(features, 0, MOST_FEATURES * sizeof *features);
    for (int64_t i = 0; i < count; i++) {
        features[i] = output[i] / fmaxf(sqrtf(square), 1e-12f);
    }
    return 0;
}

static const char *name_of(const float features[MOST_FEATURES], int *who)
{
    float best = least_likeness;
    *who = -1;
    for (int k = 0; k < known_count; k++) {
        float likeness = 0;
        for (int i = 0; i < MOST_FEATURES; i++) {
            likeness += features[i] * known[k].features[i];
        }
        *who = likeness > best ? k : *who;
        best = fmaxf(best, likeness);
    }
    return *who < 0 ? "somebody" : known[*who].name;
}

/* ---- frames ---- */

typedef struct work {
    net detector, embedding;
    bool naming;
    const char *out;
} work;

static int look(work *w, frame *f, const char *name)
{
    face faces[MOST_FACES];
    float features[MOST_FEATURES];
    char path[4096];
    int who = 0;
    int count = find_faces(&w->detector, f, faces);
    for (int i = 0; i < count; i++) { /* all are named before any is drawn over */
        const frame_box *b = &faces[i].box;
        printf("%s: %.0f %.0f %.0f %.0f  %.3f", name, (double)b->x1, (double)b->y1, (double)b->x2,
               (double)b->y2, (double)faces[i].score);
        if (w->naming && embed(&w->embedding, f, b, features) != 0) {
            return 1;
        }
        printf(w->naming ? "  %s\n" : "\n", w->naming ? name_of(features, &who) : "");
    }
    for (int i = 0; i < count; i++) {
        frame_draw_box(f, &faces[i].box, i);
    }
    (void)snprintf(path, sizeof path, "%s/%s", w->out, name);
    return count < 0 || (!frame_write_ppm(f, path) && net_fail(path, "cannot be written"));
}

/* A file of KNOWN is a face, its name without ".ppm" the person's. */
static int learn(work *w, const char *folder)
{
    frame f = {0};
    frame_source source;
    person *p = known;
    if (!frame_source_open(&source, folder, NULL, &f)) {
        return net_fail(folder, "cannot be read");
    }
    while (known_count < MOST_KNOWN && frame_source_next(&source, &f, p->name, sizeof p->name)) {
        const frame_box whole = {0, 0, (float)f.width, (float)f.height};
        if (embed(&w->embedding, &f, &whole, p->features) != 0) {
            return 1;
        }
        p->name[strlen(p->name) - strlen(".ppm")] = '\0';
        p = &known[++known_count];
    }
    free(f.rgb);
    return 0;
}

int main(int argc, char **argv)
{
    work w = {0};
    frame f = {0};
    frame_source source;
    solder_runtime *runtime;
    char name[256];
    int raw = argc > 3 && strcmp(argv[3], "-") == 0; /* then argv[4] is the size */
    if (argc != 4 + raw && argc != 6 + raw) {
        return net_fail("usage",
                        "face_camera DETECTOR.plan OUT FRAMES|(- WxH) [EMBEDDING.plan KNOWN]");
    }
    w.out = argv[2];
    w.naming = argc == 6 + raw;
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    int failed = net_open(runtime, argv[1], &w.detector);
    if (!failed && w.naming) {
        failed = net_open(runtime, argv[4 + raw], &w.embedding) || learn(&w, argv[5 + raw]);
    }
    if (!failed && !frame_source_open(&source, argv[3], argv[4], &f)) {
        failed = net_fail(argv[3], "no frames");
    }
    while (!failed && frame_source_next(&source, &f, name, sizeof name)) {
        failed = look(&w, &f, name);
    }
    free(f.rgb);
    net_close(&w.embedding);
    net_close(&w.detector);
    solder_runtime_destroy(runtime);
    return failed;
}
