/* SPDX-License-Identifier: Apache-2.0 */
/* A camera of Linux (Video4Linux2): frames as YUYV in mapped memory, given as RGB. */
#ifndef SAMPLES_CAMERA_H
#define SAMPLES_CAMERA_H

#include "picture.h"

enum { CAMERA_BUFFERS = 4 };

typedef struct camera {
    const char *path;
    int file;
    int w, h;
    size_t row; /* bytes from one row to the next */
    int count;  /* buffers mapped */
    struct {
        void *data;
        size_t size;
    } buffers[CAMERA_BUFFERS];
} camera;

/* Starts capturing, in the size asked for or the nearest the camera has. */
bool camera_open(camera *c, const char *path, int w, int h);
/* Waits for the next frame. */
bool camera_next(camera *c, picture *p);
void camera_close(camera *c);

/* Two pixels in four bytes Y U Y V, BT.601 from 16 to 235, to RGB; w is even. */
void yuyv_to_rgb(const unsigned char *yuyv, size_t row, int w, int h, unsigned char *rgb);

#endif
