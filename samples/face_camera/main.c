/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faces in frames from a folder or a camera, drawn, and named by comparing embeddings: README.md.
 *
 *     face_camera FRAMES OUT ULTRAFACE.plan|(PNET.plan RNET.plan ONET.plan)
 *                 [--size WIDTHxHEIGHT] [--smallest PIXELS]
 *                 [--embed PLAN --gallery FOLDER [--likeness COSINE] [--align]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/frames.h"
#include "../common/gallery.h"
#include "../common/mtcnn.h"

enum { MOST_FACES = 64, OPTIONS = 5 };

typedef struct app {
    net ultraface; /* one of two detectors */
    mtcnn cascade;
    gallery known;
    bool cascaded, naming;
    const char *out;
} app;

static bool find_faces(app *a, const picture *p, face *faces, size_t *count)
{
    return a->cascaded ? mtcnn_find(&a->cascade, p, faces, MOST_FACES, count)
                       : ultraface_find(&a->ultraface, p, faces, MOST_FACES, count);
}

/* A picture of the gallery shows one person, called as the file without its ending: the best face
 * in it, or all of it where none is found, as in a face cut out closely. */
static bool learn(app *a, const char *folder)
{
    picture p = {0};
    frames f;
    face faces[MOST_FACES];
    size_t count = 0;
    char name[64];
    bool ok = frames_open(&f, folder, NULL);
    while (ok && frames_next(&f, &p, name, sizeof name)) {
        name[strcspn(name, ".")] = '\0';
        ok = find_faces(a, &p, faces, &count) &&
             gallery_add(&a->known, name, &p, count > 0 ? &faces[0] : NULL);
    }
    frames_close(&f);
    free(p.rgb);
    return ok;
}

/* ---- frames ---- */

static bool look(app *a, picture *p, const char *frame)
{
    face faces[MOST_FACES];
    const char *names[MOST_FACES];
    char path[4096];
    float cosine = 0;
    size_t count = 0;
    if (!find_faces(a, p, faces, &count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) { /* all are named before any is drawn over */
        const picture_box *b = &faces[i].box;
        printf("%s: %.0f %.0f %.0f %.0f  %.3f", frame, (double)b->x1, (double)b->y1, (double)b->x2,
               (double)b->y2, (double)faces[i].score);
        names[i] = "";
        if (a->naming) {
            if (!gallery_name(&a->known, p, &faces[i], &names[i], &cosine)) {
                return false;
            }
            printf("  %s %.2f", names[i], (double)cosine);
        }
        printf("\n");
    }
    for (size_t i = 0; i < count; i++) {
        picture_draw_box(p, &faces[i].box, names[i], (unsigned)i);
        for (int k = 0; k < faces[i].points; k++) {
            picture_draw_point(p, faces[i].x[k], faces[i].y[k], (unsigned)i);
        }
    }
    (void)fflush(stdout); /* a camera has no end */
    (void)snprintf(path, sizeof path, "%s/%s", a->out, frame);
    return picture_write(p, path);
}

/* ---- the command line ---- */

typedef struct words {
    const char *plain[6]; /* FRAMES, OUT, plans */
    int count;
    const char *size, *smallest, *embed, *gallery, *likeness;
    bool align;
} words;

static bool read_words(int argc, char **argv, words *w)
{
    const struct {
        const char *name;
        const char **value;
    } options[OPTIONS] = {{"--size", &w->size},
                          {"--smallest", &w->smallest},
                          {"--embed", &w->embed},
                          {"--gallery", &w->gallery},
                          {"--likeness", &w->likeness}};
    for (int i = 1; i < argc; i++) {
        int k = 0;
        while (k < OPTIONS && strcmp(argv[i], options[k].name) != 0) {
            k++;
        }
        if (strcmp(argv[i], "--align") == 0) {
            w->align = true;
        } else if (k < OPTIONS && i + 1 < argc) {
            *options[k].value = argv[++i];
        } else if (w->count < 6 && strncmp(argv[i], "--", 2) != 0) {
            w->plain[w->count++] = argv[i];
        } else {
            return false;
        }
    }
    return (w->count == 3 || w->count == 5) && (w->embed == NULL) == (w->gallery == NULL) &&
           !(w->align && w->count == 3); /* UltraFace has no points */
}

/* NULL leaves the number as it is. */
static bool number(const char *word, float least, float *value)
{
    *value = word != NULL ? strtof(word, NULL) : *value;
    return word == NULL || *value >= least || failed(word, "too small a number");
}

static bool open_all(solder_runtime *runtime, const words *w, app *a)
{
    a->out = w->plain[1];
    a->cascaded = w->count == 5;
    a->naming = w->embed != NULL;
    bool ok = a->cascaded ? mtcnn_open(runtime, w->plain + 2, &a->cascade)
                          : net_open(runtime, w->plain[2], &a->ultraface);
    ok = ok && number(w->smallest, 12, &a->cascade.smallest);
    a->known.aligned = w->align;
    if (ok && a->naming) {
        ok = gallery_open(runtime, w->embed, &a->known) &&
             number(w->likeness, 0, &a->known.likeness) && learn(a, w->gallery);
    }
    return ok;
}

int main(int argc, char **argv)
{
    app a = {0};
    words w = {0};
    picture p = {0};
    frames f = {0};
    solder_runtime *runtime;
    char name[256];
    if (!read_words(argc, argv, &w)) {
        fprintf(stderr,
                "usage: face_camera FRAMES OUT ULTRAFACE.plan|(PNET.plan RNET.plan ONET.plan)\n"
                "    [--size WxH] [--smallest PIXELS] [--embed PLAN --gallery FOLDER "
                "[--likeness COSINE] [--align]]\n");
        return 2;
    }
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    bool ok = open_all(runtime, &w, &a) && frames_open(&f, w.plain[0], w.size);
    while (ok && frames_next(&f, &p, name, sizeof name)) {
        ok = look(&a, &p, name);
    }
    ok = ok && f.bad == 0;
    frames_close(&f);
    free(p.rgb);
    mtcnn_close(&a.cascade);
    gallery_close(&a.known);
    net_close(&a.ultraface);
    solder_runtime_destroy(runtime);
    return ok ? 0 : 1;
}
