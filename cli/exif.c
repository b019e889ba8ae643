/* SPDX-License-Identifier: Apache-2.0 */
/* The orientation a camera wrote into a JPEG, and turning a picture upright by it. */
#include "image.h"

#include <stdlib.h>
#include <string.h>

#define ORIENTATION 0x0112

typedef struct tiff {
    const uint8_t *data;
    size_t size;
    bool big; /* byte order */
} tiff;

static uint32_t read_number(const tiff *t, size_t at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint32_t)t->data[at + i] << 8 * (t->big ? bytes - 1 - i : i);
    }
    return value;
}

/* From the first directory; 1, upright, if it says nothing sensible. */
static int read_tiff(tiff t)
{
    if (t.size < 8 || (memcmp(t.data, "II", 2) != 0 && memcmp(t.data, "MM", 2) != 0)) {
        return 1;
    }
    t.big = t.data[0] == 'M';
    size_t at = read_number(&t, 4, 4);
    if (at > t.size - 2) {
        return 1;
    }
    size_t count = read_number(&t, at, 2);
    for (at += 2; count > 0 && at + 12 <= t.size; count--, at += 12) {
        if (read_number(&t, at, 2) == ORIENTATION) {
            uint32_t value = read_number(&t, at + 8, 2);
            return value >= 1 && value <= 8 ? (int)value : 1;
        }
    }
    return 1;
}

int cli_jpeg_orientation(const uint8_t *data, size_t size)
{
    size_t at = 2; /* behind the start marker */
    while (at + 4 <= size && data[at] == 0xff && data[at + 1] != 0xda) {
        size_t length = (size_t)data[at + 2] << 8 | data[at + 3];
        if (length < 2 || length > size - at - 2) {
            return 1;
        }
        const uint8_t *body = data + at + 4;
        if (data[at + 1] == 0xe1 && length >= 8 && memcmp(body, "Exif\0\0", 6) == 0) {
            return read_tiff((tiff){body + 6, length - 8, false});
        }
        at += 2 + length;
    }
    return 1;
}

int cli_image_orient(int orientation, cli_image *image)
{
    if (orientation <= 1 || orientation > 8) {
        return CLI_DONE;
    }
    bool swap = orientation >= 5;
    bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    size_t size = (size_t)image->width * (size_t)image->height * 3;
    cli_image turned = {swap ? image->height : image->width, swap ? image->width : image->height,
                        malloc(size)};
    if (turned.pixels == NULL) {
        return cli_fail_memory(size);
    }
    uint8_t *to = turned.pixels;
    for (int y = 0; y < turned.height; y++) {
        for (int x = 0; x < turned.width; x++, to += 3) {
            /* Where the pixel lies in the file: axes swapped back, then mirrored. */
            int from_x = swap ? y : x;
            int from_y = swap ? x : y;
            from_x = flip_x ? image->width - 1 - from_x : from_x;
            from_y = flip_y ? image->height - 1 - from_y : from_y;
            memcpy(to, image->pixels + ((size_t)from_y * (size_t)image->width + (size_t)from_x) * 3,
                   3);
        }
    }
    cli_image_free(image);
    *image = turned;
    return CLI_DONE;
}
