/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures: PNG, JPEG, PPM and PGM to bytes, resizing, and the picture rule of an input. */
#ifndef SOLDER_CLI_IMAGE_H
#define SOLDER_CLI_IMAGE_H

#include "solder/runtime.h"
#include "tensor.h"

/* 8 bits per channel, RGBRGB..., rows without gaps. */
typedef struct cli_image {
    int width, height;
    uint8_t *pixels; /* malloc'ed */
} cli_image;

/* Larger pictures are refused: 2^27 pixels. */
#ifndef CLI_IMAGE_PIXELS_MAX
#define CLI_IMAGE_PIXELS_MAX (1u << 27)
#endif

bool cli_image_probe(const uint8_t *data, size_t size);
/* path is for errors. Alpha is dropped, gray is spread over R, G and B, JPEGs are turned upright.
 */
int cli_image_decode(const char *path, const uint8_t *data, size_t size, cli_image *image);
void cli_image_free(cli_image *image);

/* 1 to 8 as Exif counts them; 1, upright, if the JPEG does not say. */
int cli_jpeg_orientation(const uint8_t *data, size_t size);
/* Turns and mirrors the picture so that it stands upright. */
int cli_image_orient(int orientation, cli_image *image);

/*
 * Bilinear with half-pixel centres and edges repeated, in the fixed-point arithmetic of OpenCV's
 * INTER_LINEAR for bytes, which most networks were trained behind.
 */
int cli_image_resize(const cli_image *image, int width, int height, cli_image *result);

/* A window of the picture resized to the whole size: no more is computed than it shows. */
typedef struct cli_part {
    int64_t whole_width, whole_height, left, top;
    int width, height; /* of the window */
} cli_part;
int cli_image_resize_part(const cli_image *image, const cli_part *part, cli_image *result);

/*
 * Writes the picture into one item of a float tensor [C, H, W] (nhwc: [H, W, C]; rule->transposed:
 * [C, W, H]). width and height are the tensor's, channels 1 or 3.
 */
typedef struct cli_frame {
    int channels, height, width;
    bool nhwc;
} cli_frame;
int cli_image_to_floats(const char *path, const cli_image *image, const solder_image_rule *rule,
                        const cli_frame *frame, float *item);

#endif
