/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The camera of the samples: its pixels by hand-computed values, and capturing from a device that
 * is played: a file is its memory, and the driver's answers are those below (the linker puts
 * __wrap_ioctl in the place of ioctl).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "camera.h"
#include "check.h"

#include <linux/videodev2.h>

#define DEVICE BINARY_DIR "/test_camera_device"

enum { W = 4, H = 2, ROW = 12, SIZE = 4096, BUFFERS = 2 }; /* 4 bytes of a row are unused */

static struct driver {
    unsigned int caps, format, length;
    int refuse;    /* the call to refuse */
    int interrupt; /* how many calls a signal ends early */
    bool queued[BUFFERS], streaming;
    int next;
} driver;

int __wrap_ioctl(int file, unsigned long what, ...);

static int fill_format(struct v4l2_format *f)
{
    f->fmt.pix.width = W;
    f->fmt.pix.height = H;
    f->fmt.pix.pixelformat = driver.format;
    f->fmt.pix.bytesperline = ROW;
    return 0;
}

static int give(struct v4l2_buffer *b)
{
    int i = driver.next++ % BUFFERS;
    if (!driver.streaming || !driver.queued[i]) {
        return -1;
    }
    driver.queued[i] = false;
    b->index = (unsigned int)i;
    return 0;
}

static int answer(unsigned long what, void *with)
{
    struct v4l2_buffer *b = with;
    switch (what) {
    case VIDIOC_QUERYCAP:
        ((struct v4l2_capability *)with)->capabilities = driver.caps;
        return 0;
    case VIDIOC_S_FMT:
        return fill_format(with);
    case VIDIOC_REQBUFS:
        ((struct v4l2_requestbuffers *)with)->count = BUFFERS;
        return 0;
    case VIDIOC_QUERYBUF:
        b->length = driver.length;
        b->m.offset = b->index * SIZE;
        return 0;
    case VIDIOC_QBUF:
        driver.queued[b->index] = true;
        return 0;
    case VIDIOC_DQBUF:
        return give(b);
    default:
        driver.streaming = what == VIDIOC_STREAMON;
        return 0;
    }
}

int __wrap_ioctl(int file, unsigned long what, ...)
{
    va_list list;
    (void)file;
    if (driver.interrupt-- > 0) {
        errno = EINTR;
        return -1;
    }
    va_start(list, what);
    void *with = va_arg(list, void *);
    va_end(list);
    errno = EINVAL;
    return (unsigned int)what == (unsigned int)driver.refuse ? -1 : answer(what, with);
}

/* Frame k is grey, lighter with k; what pads the rows is bright. */
static void make_device(void)
{
    static unsigned char memory[BUFFERS * SIZE];
    driver = (struct driver){.caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING,
                             .format = V4L2_PIX_FMT_YUYV,
                             .length = SIZE};
    memset(memory, 255, sizeof memory);
    for (int i = 0; i < BUFFERS * W * H * 2; i++) {
        int k = i / (W * H * 2);
        int y = i / (W * 2) % H;
        memory[k * SIZE + y * ROW + i % (W * 2)] = i % 2 ? 128 : (unsigned char)(126 + 73 * k);
    }
    FILE *file = fopen(DEVICE, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(memory, 1, sizeof memory, file), sizeof memory);
    assert_int_equal(fclose(file), 0);
}

/* Black, white, and BT.601's red, whose R is 298 * 65 + 409 * 112 by 256: 254.6. */
static void colours(void **state)
{
    (void)state;
    const unsigned char pairs[] = {16, 128, 235, 128, 81, 90, 81, 240};
    const unsigned char want[] = {0, 0, 0, 255, 255, 255, 255, 0, 0, 255, 0, 0};
    unsigned char rgb[12];
    yuyv_to_rgb(pairs, 8, 4, 1, rgb);
    assert_memory_equal(rgb, want, sizeof want);
    const unsigned char beyond[] = {255, 255, 0, 0}; /* 278 + 257 of blue: held to a byte */
    yuyv_to_rgb(beyond, 4, 2, 1, rgb);
    assert_true(rgb[2] == 255 && rgb[3] == 0);
}

static void capturing(void **state)
{
    (void)state;
    camera c;
    picture p = {0};
    make_device();
    driver.interrupt = 1;
    assert_true(camera_open(&c, DEVICE, 640, 480));
    assert_true(c.w == W && c.h == H && driver.streaming);
    for (int frame = 0; frame < 5; frame++) {
        assert_true(camera_next(&c, &p));
        assert_true(p.w == W && p.h == H);
        for (int i = 0; i < W * H * 3; i++) { /* 298 * 110 by 256 is 128.05, of 183 213.02 */
            assert_int_equal(p.rgb[i], frame % 2 ? 213 : 128);
        }
    }
    camera_close(&c);
    assert_false(driver.streaming);
    free(p.rgb);
}

static void refused(void **state)
{
    (void)state;
    static const unsigned int calls[] = {VIDIOC_QUERYCAP, VIDIOC_S_FMT, VIDIOC_REQBUFS,
                                         VIDIOC_QUERYBUF, VIDIOC_QBUF,  VIDIOC_STREAMON};
    camera c;
    picture p = {0};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        make_device();
        driver.refuse = (int)calls[i];
        assert_false(camera_open(&c, DEVICE, W, H));
        assert_false(driver.streaming);
    }
    make_device();
    driver.caps = V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING;
    assert_false(camera_open(&c, DEVICE, W, H));
    make_device();
    driver.format = V4L2_PIX_FMT_MJPEG;
    assert_false(camera_open(&c, DEVICE, W, H));
    make_device();
    driver.length = ROW * H - 1;
    assert_false(camera_open(&c, DEVICE, W, H));
    make_device();
    assert_true(camera_open(&c, DEVICE, W, H));
    driver.refuse = (int)VIDIOC_DQBUF;
    assert_false(camera_next(&c, &p));
    camera_close(&c);
    assert_false(camera_open(&c, BINARY_DIR "/no_camera", W, H));
    free(p.rgb);
    (void)remove(DEVICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours),
        cmocka_unit_test(capturing),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
