/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a video, for the samples that look at some: PPM files, raw bytes, boxes. */
#ifndef SAMPLES_FRAME_H
#define SAMPLES_FRAME_H

#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <solder/runtime.h>

/* rgb is the caller's to free; a frame read into one of the same size keeps its memory. */
typedef struct frame {
    int width, height;
    unsigned char *rgb;
} frame;

typedef struct frame_box {
    float x1, y1, x2, y2; /* pixels */
} frame_box;

static inline bool frame_resize(frame *f, int width, int height)
{
    enum { MOST = 8192 };
    if (width < 1 || width > MOST || height < 1 || height > MOST) {
        return false;
    }
    unsigned char *rgb = realloc(f->rgb, (size_t)width * (size_t)height * 3);
    if (rgb != NULL) {
        *f = (frame){width, height, rgb};
    }
    return rgb != NULL;
}

/* The next width * height * 3 bytes of raw video; false at its end. */
static inline bool frame_read_raw(frame *f, FILE *file)
{
    size_t size = (size_t)f->width * (size_t)f->height * 3;
    return fread(f->rgb, 1, size, file) == size;
}

static inline bool frame_read_ppm(frame *f, const char *path)
{
    int width = 0;
    int height = 0;
    int most = 0;
    FILE *file = fopen(path, "rb");
    bool ok = file != NULL && fscanf(file, "P6 %d %d %d", &width, &height, &most) == 3 &&
              most == 255 && getc(file) != EOF && frame_resize(f, width, height) &&
              frame_read_raw(f, file);
    if (file != NULL) {
        fclose(file);
    }
    return ok;
}

static inline bool frame_write_ppm(const frame *f, const char *path)
{
    size_t size = (size_t)f->width * (size_t)f->height * 3;
    FILE *file = fopen(path, "wb");
    bool ok = file != NULL && fprintf(file, "P6\n%d %d\n255\n", f->width, f->height) > 0 &&
              fwrite(f->rgb, 1, size, file) == size;
    return file != NULL && fclose(file) == 0 && ok;
}

/* ---- where frames come from: the .ppm files of a folder by name, or raw video on stdin ---- */

typedef struct frame_source {
    const char *folder; /* NULL: stdin */
    struct dirent **files;
    int count, next;
} frame_source;

static inline int frame_is_ppm(const struct dirent *file)
{
    size_t length = strlen(file->d_name);
    return length > 4 && strcmp(file->d_name + length - 4, ".ppm") == 0;
}

/* path "-": stdin, of frames of the size "WIDTHxHEIGHT". */
static inline bool frame_source_open(frame_source *s, const char *path, const char *size, frame *f)
{
    int width;
    int height;
    *s = (frame_source){.folder = path};
    if (strcmp(path, "-") == 0) {
        s->folder = NULL;
        return size != NULL && sscanf(size, "%dx%d", &width, &height) == 2 &&
               frame_resize(f, width, height);
    }
    s->count = scandir(path, &s->files, frame_is_ppm, alphasort);
    return s->count > 0;
}

/* The next frame and a name to write it under; false, and all is freed, after the last one. */
static inline bool frame_source_next(frame_source *s, frame *f, char *name, size_t size)
{
    char path[4096];
    if (s->folder == NULL) {
        (void)snprintf(name, size, "frame%06d.ppm", s->next++);
        return frame_read_raw(f, stdin);
    }
    if (s->next == s->count) {
        free(s->files);
        return false;
    }
    (void)snprintf(path, sizeof path, "%s/%s", s->folder, s->files[s->next]->d_name);
    (void)snprintf(name, size, "%s", s->files[s->next]->d_name);
    free(s->files[s->next++]);
    if (!frame_read_ppm(f, path)) {
        fprintf(stderr, "%s: not a binary PPM picture\n", path);
        return frame_source_next(s, f, name, size);
    }
    return true;
}

/* ---- pixels ---- */

/* Bilinear, pixel centres at halves, edges repeated. */
static inline float frame_at(const frame *f, float x, float y, int channel)
{
    x = fminf(fmaxf(x, 0), (float)(f->width - 1));
    y = fminf(fmaxf(y, 0), (float)(f->height - 1));
    int left = (int)x;
    int top = (int)y;
    int right = left + 1 < f->width ? 3 : 0;
    size_t below = top + 1 < f->height ? (size_t)f->width * 3 : 0;
    const unsigned char *p = f->rgb + ((size_t)top * (size_t)f->width + (size_t)left) * 3 + channel;
    float a = (float)p[0] + (float)(p[right] - p[0]) * (x - (float)left);
    float b = (float)p[below] + (float)(p[below + (size_t)right] - p[below]) * (x - (float)left);
    return a + (b - a) * (y - (float)top);
}

/* A part of the frame, stretched to [3, height, width] of values by the plan's rule. */
static inline void frame_to_tensor(const frame *f, const frame_box *part,
                                   const solder_image_rule *rule, int height, int width,
                                   float *tensor)
{
    float across = (part->x2 - part->x1) / (float)width;
    float down = (part->y2 - part->y1) / (float)height;
    for (int i = 0; i < 3 * height * width; i++) {
        int c = i / (height * width);
        float x = part->x1 + ((float)(i % width) + 0.5f) * across - 0.5f;
        float y = part->y1 + ((float)(i / width % height) + 0.5f) * down - 0.5f;
        float value = frame_at(f, x, y, rule->order[0] == 'b' ? 2 - c : c);
        tensor[i] = (value - rule->mean[c]) * rule->scale[c];
    }
}

/* Shared area by area of both. */
static inline float frame_box_overlap(const frame_box *a, const frame_box *b)
{
    float w = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
    float h = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
    float shared = fmaxf(w, 0) * fmaxf(h, 0);
    float both = (a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - shared;
    return both > 0 ? shared / both : 0;
}

/* A line of two pixels around the box; colours repeat after six. */
static inline void frame_draw_box(frame *f, const frame_box *box, int colour)
{
    static const unsigned char colours[][3] = {{255, 64, 64}, {64, 255, 64},  {64, 128, 255},
                                               {255, 255, 0}, {255, 64, 255}, {64, 255, 255}};
    for (int y = (int)fmaxf(box->y1, 0); y < f->height && y < (int)box->y2; y++) {
        for (int x = (int)fmaxf(box->x1, 0); x < f->width && x < (int)box->x2; x++) {
            if (x < (int)box->x1 + 2 || x >= (int)box->x2 - 2 || y < (int)box->y1 + 2 ||
                y >= (int)box->y2 - 2) {
                memcpy(f->rgb + ((size_t)y * (size_t)f->width + (size_t)x) * 3, colours[colour % 6],
                       3);
            }
        }
    }
}

#endif
