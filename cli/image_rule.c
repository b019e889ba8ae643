/* SPDX-License-Identifier: Apache-2.0 */
/* From pixels to the tensor that a network wants: resizing, channel order, mean and scale. */
#include "image.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where one row or column of the result comes from; weights are in 1/2048. */
typedef struct tap {
    int first, second;
    int32_t weight[2];
} tap;

/* Of count rows or columns from start on, when `from` of them become `to`. */
static tap *make_taps(int from, int64_t to, int64_t start, int count)
{
    tap *taps = malloc((size_t)count * sizeof *taps);
    double scale = (double)from / (double)to;
    for (int i = 0; taps != NULL && i < count; i++) {
        float at = (float)(((double)(start + i) + 0.5) * scale - 0.5);
        int first = (int)floorf(at);
        at -= (float)first;
        if (first < 0) {
            first = 0;
            at = 0;
        }
        if (first >= from - 1) {
            first = from - 1;
            at = 0;
        }
        taps[i].first = first;
        taps[i].second = first + 1 < from ? first + 1 : first;
        taps[i].weight[0] = (int32_t)lrintf((1 - at) * 2048);
        taps[i].weight[1] = (int32_t)lrintf(at * 2048);
    }
    return taps;
}

static void resize_row(const uint8_t *row, const tap *taps, int width, int32_t *out)
{
    for (int x = 0; x < width; x++) {
        const uint8_t *a = row + (size_t)taps[x].first * 3;
        const uint8_t *b = row + (size_t)taps[x].second * 3;
        for (int c = 0; c < 3; c++) {
            *out++ = a[c] * taps[x].weight[0] + b[c] * taps[x].weight[1];
        }
    }
}

int cli_image_resize(const cli_image *image, int width, int height, cli_image *result)
{
    const cli_part all = {width, height, 0, 0, width, height};
    return cli_image_resize_part(image, &all, result);
}

int cli_image_resize_part(const cli_image *image, const cli_part *part, cli_image *result)
{
    int width = part->width;
    int height = part->height;
    size_t line = (size_t)width * 3;
    tap *across = make_taps(image->width, part->whole_width, part->left, width);
    tap *down = make_taps(image->height, part->whole_height, part->top, height);
    int32_t *rows = malloc(line * 2 * sizeof *rows);
    *result = (cli_image){width, height, malloc(line * (size_t)height)};
    int status = CLI_DONE;
    if (across == NULL || down == NULL || rows == NULL || result->pixels == NULL) {
        cli_image_free(result);
        status = cli_fail_memory(line * (size_t)height);
    }
    for (int y = 0; status == CLI_DONE && y < height; y++) {
        const size_t stride = (size_t)image->width * 3;
        resize_row(image->pixels + (size_t)down[y].first * stride, across, width, rows);
        resize_row(image->pixels + (size_t)down[y].second * stride, across, width, rows + line);
        for (size_t i = 0; i < line; i++) {
            int32_t sum = ((down[y].weight[0] * (rows[i] >> 4)) >> 16) +
                          ((down[y].weight[1] * (rows[line + i] >> 4)) >> 16);
            sum = (sum + 2) >> 2;
            result->pixels[(size_t)y * line + i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
        }
    }
    free(across);
    free(down);
    free(rows);
    return status;
}

/* What of the resized picture is shown, and where in the frame. */
typedef struct fit {
    cli_part part;
    int left, top; /* of the part in the frame */
} fit;

/* Along one side: where the resized picture lies in the frame, cut to what is in it. */
static void place(int64_t whole, int frame, int64_t *from, int *count, int *at)
{
    int64_t start = (frame - whole) / 2;
    *from = start < 0 ? -start : 0;
    *count = start < 0 ? frame : (int)whole;
    *at = start < 0 ? 0 : (int)start;
}

static fit find_fit(const cli_image *image, uint32_t resize, int width, int height)
{
    fit f = {{width, height, 0, 0, width, height}, 0, 0};
    if (resize < 2) {
        return f;
    }
    double x = (double)width / image->width;
    double y = (double)height / image->height;
    double scale = (resize == 2) == (x > y) ? x : y; /* crop covers, pad fits inside */
    int64_t whole_width = llrint(image->width * scale);
    int64_t whole_height = llrint(image->height * scale);
    f.part.whole_width = whole_width < 1 ? 1 : whole_width;
    f.part.whole_height = whole_height < 1 ? 1 : whole_height;
    place(f.part.whole_width, width, &f.part.left, &f.part.width, &f.left);
    place(f.part.whole_height, height, &f.part.top, &f.part.height, &f.top);
    return f;
}

/* Luminance with the weights and rounding of OpenCV. */
static uint8_t to_gray(const uint8_t *rgb)
{
    return (uint8_t)((rgb[0] * 4899u + rgb[1] * 9617u + rgb[2] * 1868u + 8192u) >> 14);
}

static float pixel(const uint8_t *rgb, const solder_image_rule *rule, int c)
{
    uint8_t value = rule->order[0] == 'g'   ? to_gray(rgb)
                    : rule->order[0] == 'b' ? rgb[2 - c]
                                            : rgb[c];
    return ((float)value - rule->mean[c]) * rule->scale[c];
}

static void fill(const cli_image *image, const fit *f, const solder_image_rule *rule,
                 const cli_frame *frame, float *item)
{
    int rows = rule->transposed ? frame->width : frame->height;
    int columns = rule->transposed ? frame->height : frame->width;
    for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
            int from_y = y - f->top;
            int from_x = x - f->left;
            bool inside =
                from_y >= 0 && from_y < image->height && from_x >= 0 && from_x < image->width;
            size_t at = rule->transposed ? (size_t)x * (size_t)rows + (size_t)y
                                         : (size_t)y * (size_t)columns + (size_t)x;
            for (int c = 0; c < frame->channels; c++) {
                size_t to = frame->nhwc ? at * (size_t)frame->channels + (size_t)c
                                        : (size_t)c * (size_t)rows * (size_t)columns + at;
                const uint8_t *rgb = image->pixels;
                rgb += inside ? ((size_t)from_y * (size_t)image->width + (size_t)from_x) * 3 : 0;
                item[to] = inside ? pixel(rgb, rule, c) : 0; /* the padding is the mean colour */
            }
        }
    }
}

int cli_image_to_floats(const char *path, const cli_image *image, const solder_image_rule *rule,
                        const cli_frame *frame, float *item)
{
    int width = rule->transposed ? frame->height : frame->width;
    int height = rule->transposed ? frame->width : frame->height;
    if (rule->resize == 0 && (image->width != width || image->height != height)) {
        return cli_fail(CLI_DATA, "%s: the picture is %dx%d, the input wants %dx%d", path,
                        image->width, image->height, width, height);
    }
    int channels = rule->order[0] == 'g' ? 1 : 3;
    if (channels != frame->channels) {
        return cli_fail(CLI_DATA, "%s: the picture rule makes %d channel%s, the input has %d", path,
                        channels, channels > 1 ? "s" : "", frame->channels);
    }
    fit f = find_fit(image, rule->resize, width, height);
    if (f.part.whole_width == image->width && f.part.whole_height == image->height &&
        f.part.width == image->width && f.part.height == image->height) {
        fill(image, &f, rule, frame, item);
        return CLI_DONE;
    }
    cli_image resized;
    if ((uint64_t)f.part.width * (uint64_t)f.part.height > CLI_IMAGE_PIXELS_MAX) {
        return cli_fail(CLI_DATA, "%s: a picture of %dx%d cannot be resized to %dx%d", path,
                        image->width, image->height, f.part.width, f.part.height);
    }
    int status = cli_image_resize_part(image, &f.part, &resized);
    if (status == CLI_DONE) {
        fill(&resized, &f, rule, frame, item);
        cli_image_free(&resized);
    }
    return status;
}
