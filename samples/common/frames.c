/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "frames.h"

static int is_picture(const struct dirent *file)
{
    const char *dot = strrchr(file->d_name, '.');
    return dot != NULL &&
           (strcmp(dot, ".jpg") == 0 || strcmp(dot, ".png") == 0 || strcmp(dot, ".ppm") == 0);
}

static bool size_of(const char *text, int *w, int *h)
{
    return text != NULL && sscanf(text, "%dx%d", w, h) == 2 && *w > 0 && *h > 0;
}

bool frames_open(frames *f, const char *from, const char *size)
{
    struct stat at;
    *f = (frames){.from = from};
    f->raw = strcmp(from, "-") == 0;
    if ((size != NULL || f->raw) && !size_of(size, &f->w, &f->h)) {
        return failed(size != NULL ? size : from, "no size of a frame, as in 640x480");
    }
    if (f->raw) {
        return true;
    }
    if (stat(from, &at) != 0) {
        return failed(from, strerror(errno));
    }
    if (S_ISCHR(at.st_mode)) {
        f->live = camera_open(&f->camera, from, f->w > 0 ? f->w : 640, f->h > 0 ? f->h : 480);
        return f->live;
    }
    if (!S_ISDIR(at.st_mode)) {
        f->count = 1;
        return true;
    }
    f->count = scandir(from, &f->files, is_picture, alphasort);
    return f->count > 0 || failed(from, "no .jpg, .png or .ppm files");
}

static bool next_of_video(frames *f, picture *p, char *name, size_t name_size)
{
    size_t size = (size_t)f->w * (size_t)f->h * 3;
    (void)snprintf(name, name_size, "frame%06d.jpg", f->next++);
    if (f->live) {
        bool ok = camera_next(&f->camera, p);
        f->bad += !ok; /* a camera has no end: it was taken away */
        return ok;
    }
    return picture_make(p, f->w, f->h) && fread(p->rgb, 1, size, stdin) == size;
}

static bool next_file(frames *f, picture *p, char *name, size_t name_size)
{
    char path[4096];
    const char *file = strrchr(f->from, '/') != NULL ? strrchr(f->from, '/') + 1 : f->from;
    if (f->files == NULL) {
        f->next++;
        (void)snprintf(name, name_size, "%s", file);
        return picture_read(f->from, p);
    }
    (void)snprintf(name, name_size, "%s", f->files[f->next]->d_name);
    (void)snprintf(path, sizeof path, "%s/%s", f->from, f->files[f->next++]->d_name);
    return picture_read(path, p);
}

bool frames_next(frames *f, picture *p, char *name, size_t name_size)
{
    if (f->raw || f->live) {
        return next_of_video(f, p, name, name_size);
    }
    while (f->next < f->count) {
        if (next_file(f, p, name, name_size)) {
            return true;
        }
        f->bad++;
    }
    return false;
}

void frames_close(frames *f)
{
    for (int i = 0; f->files != NULL && i < f->count; i++) {
        free(f->files[i]);
    }
    free(f->files);
    if (f->live) {
        camera_close(&f->camera);
    }
    *f = (frames){0};
}
