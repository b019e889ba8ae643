/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "camera.h"

#include <errno.h>
#include <string.h>

/* In 8 binary digits: 255 / 219 (y - 16), and the colour differences, rounded. */
static unsigned char byte_of(int value)
{
    value = (value + 128) / 256;
    return (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void yuyv_to_rgb(const unsigned char *yuyv, size_t row, int w, int h, unsigned char *rgb)
{
    for (int y = 0; y < h; y++, yuyv += row) {
        for (int x = 0; x < w; x++, rgb += 3) {
            const unsigned char *pair = yuyv + (size_t)(x / 2) * 4;
            int light = 298 * (pair[x % 2 * 2] - 16);
            int u = pair[1] - 128;
            int v = pair[3] - 128;
            rgb[0] = byte_of(light + 409 * v);
            rgb[1] = byte_of(light - 100 * u - 208 * v);
            rgb[2] = byte_of(light + 517 * u);
        }
    }
}

#ifdef __linux__
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* A signal may end a call early: it is made again. */
static bool ask(const camera *c, unsigned long what, void *with)
{
    int result;
    do {
        result = ioctl(c->file, what, with);
    } while (result == -1 && errno == EINTR);
    return result != -1;
}

static bool camera_failed(const camera *c, const char *why)
{
    return failed(c->path, why);
}

static bool choose_format(camera *c)
{
    struct v4l2_capability can = {0};
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    if (!ask(c, VIDIOC_QUERYCAP, &can)) {
        return camera_failed(c, "not a Video4Linux device");
    }
    unsigned int caps =
        (can.capabilities & V4L2_CAP_DEVICE_CAPS) != 0 ? can.device_caps : can.capabilities;
    if ((caps & V4L2_CAP_VIDEO_CAPTURE) == 0 || (caps & V4L2_CAP_STREAMING) == 0) {
        return camera_failed(c, "not a camera: it does not capture video in mapped memory");
    }
    format.fmt.pix.width = (unsigned int)c->w;
    format.fmt.pix.height = (unsigned int)c->h;
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    format.fmt.pix.field = V4L2_FIELD_ANY;
    if (!ask(c, VIDIOC_S_FMT, &format)) {
        return camera_failed(c, errno == EBUSY ? "in use by another program"
                                               : "does not take a size and format");
    }
    if (format.fmt.pix.pixelformat != V4L2_PIX_FMT_YUYV) {
        return camera_failed(c, "does not give YUYV; take its frames through ffmpeg and '-'");
    }
    c->w = (int)format.fmt.pix.width & ~1;
    c->h = (int)format.fmt.pix.height;
    c->row = format.fmt.pix.bytesperline;
    return (c->w > 0 && c->h > 0 && c->row >= (size_t)c->w * 2) ||
           camera_failed(c, "gives frames of no size");
}

static bool map_buffers(camera *c)
{
    struct v4l2_requestbuffers request = {
        .count = CAMERA_BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (!ask(c, VIDIOC_REQBUFS, &request) || request.count == 0) {
        return camera_failed(c, "has no memory for frames");
    }
    int count = request.count < CAMERA_BUFFERS ? (int)request.count : CAMERA_BUFFERS;
    for (int i = 0; i < count; i++) {
        struct v4l2_buffer b = {.index = (unsigned int)i,
                                .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                .memory = V4L2_MEMORY_MMAP};
        if (!ask(c, VIDIOC_QUERYBUF, &b) || b.length < c->row * (size_t)c->h) {
            return camera_failed(c, "its memory is too small for its frames");
        }
        void *data = mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, c->file, b.m.offset);
        if (data == MAP_FAILED) {
            return camera_failed(c, "its memory cannot be mapped");
        }
        c->buffers[c->count].data = data;
        c->buffers[c->count++].size = b.length;
        if (!ask(c, VIDIOC_QBUF, &b)) {
            return camera_failed(c, "does not take its memory back");
        }
    }
    return true;
}

bool camera_open(camera *c, const char *path, int w, int h)
{
    int kind = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    *c = (camera){.path = path, .file = open(path, O_RDWR | O_CLOEXEC), .w = w, .h = h};
    if (c->file < 0) {
        return failed(path, strerror(errno));
    }
    if (choose_format(c) && map_buffers(c) &&
        (ask(c, VIDIOC_STREAMON, &kind) || camera_failed(c, "does not start"))) {
        return true;
    }
    camera_close(c);
    return false;
}

bool camera_next(camera *c, picture *p)
{
    struct v4l2_buffer b = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    if (!picture_make(p, c->w, c->h)) {
        return false;
    }
    if (!ask(c, VIDIOC_DQBUF, &b) || b.index >= (unsigned int)c->count) {
        return camera_failed(c, "gives no more frames");
    }
    yuyv_to_rgb(c->buffers[b.index].data, c->row, c->w, c->h, p->rgb);
    return ask(c, VIDIOC_QBUF, &b) || camera_failed(c, "does not take its memory back");
}

void camera_close(camera *c)
{
    int kind = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (c->file < 0) {
        return;
    }
    (void)ask(c, VIDIOC_STREAMOFF, &kind);
    for (int i = 0; i < c->count; i++) {
        (void)munmap(c->buffers[i].data, c->buffers[i].size);
    }
    (void)close(c->file);
    c->file = -1;
}

#else

bool camera_open(camera *c, const char *path, int w, int h)
{
    *c = (camera){.path = path, .file = -1, .w = w, .h = h};
    return failed(path, "cameras are read on Linux only");
}

bool camera_next(camera *c, picture *p)
{
    (void)p;
    return failed(c->path, "no camera");
}

void camera_close(camera *c)
{
    c->file = -1;
}

#endif
