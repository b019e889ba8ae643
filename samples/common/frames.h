/* SPDX-License-Identifier: Apache-2.0 */
/* Frames one after another, for the samples that look at some: files, raw video, a camera. */
#ifndef SAMPLES_FRAMES_H
#define SAMPLES_FRAMES_H

#include "camera.h"

struct dirent;

typedef struct frames {
    const char *from;
    struct dirent **files; /* of a folder */
    int count, next;
    int bad; /* files that are no pictures, and cameras that gave up, so far */
    bool raw, live;
    int w, h; /* of raw video */
    camera camera;
} frames;

/*
 * from is a folder (its .jpg, .png and .ppm files, by name), a picture, a camera such as
 * /dev/video0, or "-": raw video on stdin, R, G, B in a byte each. size "WIDTHxHEIGHT" is that of
 * raw video and of the camera; NULL: not given, 640x480 for the camera.
 */
bool frames_open(frames *f, const char *from, const char *size);
/* The next frame and a name to write it under; false after the last one. A file that is not a
 * picture is told and left out. */
bool frames_next(frames *f, picture *p, char *name, size_t name_size);
void frames_close(frames *f);

#endif
