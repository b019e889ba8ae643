/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding. The formats are found by content, not by file name. */
#include "image.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static bool is_png(const uint8_t *data, size_t size)
{
    return size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool is_jpeg(const uint8_t *data, size_t size)
{
    return size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0;
}

static bool is_pnm(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 'P' && strchr("2356", data[1]) != NULL && data[1] != 0 &&
           (data[2] == '#' || (data[2] >= 9 && data[2] <= 13) || data[2] == ' ');
}

bool cli_image_probe(const uint8_t *data, size_t size)
{
    return is_png(data, size) || is_jpeg(data, size) || is_pnm(data, size);
}

void cli_image_free(cli_image *image)
{
    free(image->pixels);
    image->pixels = NULL;
}

static int create(const char *path, uint64_t width, uint64_t height, cli_image *image)
{
    if (width == 0 || height == 0) {
        return cli_fail(CLI_DATA, "%s: the picture is empty", path);
    }
    if (width > INT32_MAX || height > INT32_MAX || width * height > CLI_IMAGE_PIXELS_MAX) {
        return cli_fail(CLI_DATA, "%s: a picture of %llux%llu is too large", path,
                        (unsigned long long)width, (unsigned long long)height);
    }
    image->width = (int)width;
    image->height = (int)height;
    image->pixels = malloc(width * height * 3);
    return image->pixels != NULL ? CLI_DONE : cli_fail_memory(width * height * 3);
}

static int read_png(const char *path, png_image *png, uint8_t *pixels)
{
    if ((png->format & PNG_FORMAT_FLAG_ALPHA) == 0) {
        png->format = PNG_FORMAT_RGB;
    }
    return png_image_finish_read(png, NULL, pixels, 0, NULL)
               ? CLI_DONE
               : cli_fail(CLI_DATA, "%s: PNG: %s", path, png->message);
}

/* Left to itself the library would blend with a background. */
static int read_without_alpha(const char *path, png_image *png, cli_image *image)
{
    size_t pixels = (size_t)png->width * png->height;
    uint8_t *rgba = malloc(pixels * 4);
    if (rgba == NULL) {
        return cli_fail_memory(pixels * 4);
    }
    png->format = PNG_FORMAT_RGBA;
    int status = read_png(path, png, rgba);
    for (size_t i = 0; i < pixels && status == CLI_DONE; i++) {
        memcpy(image->pixels + i * 3, rgba + i * 4, 3);
    }
    free(rgba);
    return status;
}

static int decode_png(const char *path, const uint8_t *data, size_t size, cli_image *image)
{
    png_image png;
    memset(&png, 0, sizeof png);
    png.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&png, data, size)) {
        return cli_fail(CLI_DATA, "%s: PNG: %s", path, png.message);
    }
    int status = create(path, png.width, png.height, image);
    if (status == CLI_DONE) {
        png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
        status = (png.format & PNG_FORMAT_FLAG_ALPHA) != 0 ? read_without_alpha(path, &png, image)
                                                           : read_png(path, &png, image->pixels);
    }
    png_image_free(&png);
    return status;
}

static int decode_jpeg(const char *path, const uint8_t *data, size_t size, cli_image *image)
{
    tjhandle jpeg = tjInitDecompress();
    int width = 0; /* the library leaves them alone where a file holds tables only */
    int height = 0;
    int sampling = 0;
    int colours = 0;
    if (jpeg == NULL) {
        return cli_fail_memory(0);
    }
    int status;
    if (size > ULONG_MAX || tjDecompressHeader3(jpeg, data, (unsigned long)size, &width, &height,
                                                &sampling, &colours) != 0) {
        status = cli_fail(CLI_DATA, "%s: JPEG: %s", path, tjGetErrorStr2(jpeg));
    } else if (width <= 0 || height <= 0) {
        status = cli_fail(CLI_DATA, "%s: JPEG: the file holds no picture", path);
    } else {
        status = create(path, (uint64_t)width, (uint64_t)height, image);
    }
    if (status == CLI_DONE && tjDecompress2(jpeg, data, (unsigned long)size, image->pixels, width,
                                            0, height, TJPF_RGB, TJFLAG_ACCURATEDCT) != 0) {
        /* A warning leaves a whole picture, unless the file ended too early. */
        const char *text = tjGetErrorStr2(jpeg);
        if (tjGetErrorCode(jpeg) == TJERR_WARNING && strstr(text, "remature end") == NULL) {
            cli_notice("%s: JPEG: %s", path, text);
        } else {
            status = cli_fail(CLI_DATA, "%s: JPEG: %s", path, text);
        }
    }
    (void)tjDestroy(jpeg);
    if (status == CLI_DONE) {
        status = cli_image_orient(cli_jpeg_orientation(data, size), image);
    }
    return status;
}

typedef struct pnm {
    const uint8_t *at, *end;
} pnm;

/* The next number of a PNM header or text body; comments run from # to the end of the line. */
static bool read_number(pnm *p, uint32_t *value)
{
    while (p->at < p->end && (*p->at < '0' || *p->at > '9')) {
        if (*p->at == '#') {
            while (p->at < p->end && *p->at != '\n') {
                p->at++;
            }
        } else if (*p->at != ' ' && (*p->at < 9 || *p->at > 13)) {
            return false;
        } else {
            p->at++;
        }
    }
    if (p->at == p->end) {
        return false;
    }
    *value = 0;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        if (*value > 100000000) {
            return false;
        }
        *value = *value * 10 + (uint32_t)(*p->at - '0');
    }
    return true;
}

static bool read_sample(pnm *p, bool text, uint32_t most, uint32_t *sample)
{
    if (text) {
        return read_number(p, sample) && *sample <= most;
    }
    size_t bytes = most > 255 ? 2 : 1;
    if ((size_t)(p->end - p->at) < bytes) {
        return false;
    }
    *sample = bytes == 2 ? (uint32_t)(p->at[0] << 8 | p->at[1]) : p->at[0];
    p->at += bytes;
    return *sample <= most;
}

static int decode_pnm(const char *path, const uint8_t *data, size_t size, cli_image *image)
{
    pnm p = {data + 2, data + size};
    bool text = data[1] == '2' || data[1] == '3';
    bool gray = data[1] == '2' || data[1] == '5';
    uint32_t width;
    uint32_t height;
    uint32_t most;
    if (!read_number(&p, &width) || !read_number(&p, &height) || !read_number(&p, &most) ||
        most == 0 || most > 65535 || p.at == p.end) {
        return cli_fail(CLI_DATA, "%s: P%cM: the header is malformed", path, gray ? 'G' : 'P');
    }
    p.at++; /* one blank ends the header */
    int status = create(path, width, height, image);
    if (status != CLI_DONE) {
        return status;
    }
    for (size_t i = 0; i < (size_t)width * height; i++) {
        for (size_t c = 0; c < 3; c++) {
            uint32_t sample;
            if (gray && c > 0) {
                image->pixels[i * 3 + c] = image->pixels[i * 3];
            } else if (read_sample(&p, text, most, &sample)) {
                image->pixels[i * 3 + c] = (uint8_t)((sample * 255 + most / 2) / most);
            } else {
                return cli_fail(CLI_DATA, "%s: P%cM: truncated or malformed at pixel %zu of %ux%u",
                                path, gray ? 'G' : 'P', i, width, height);
            }
        }
    }
    return CLI_DONE;
}

int cli_image_decode(const char *path, const uint8_t *data, size_t size, cli_image *image)
{
    *image = (cli_image){0, 0, NULL};
    int status = is_png(data, size)    ? decode_png(path, data, size, image)
                 : is_jpeg(data, size) ? decode_jpeg(path, data, size, image)
                 : is_pnm(data, size)  ? decode_pnm(path, data, size, image)
                                       : cli_fail(CLI_DATA, "%s: not a picture", path);
    if (status != CLI_DONE) {
        cli_image_free(image);
    }
    return status;
}
