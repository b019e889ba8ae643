/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <turbojpeg.h>

#include "picture.h"

bool failed(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    return false;
}

bool picture_make(picture *p, int w, int h)
{
    enum { MOST = 16384 };
    if (w < 1 || w > MOST || h < 1 || h > MOST) {
        return failed("picture", "a side has 1 to 16384 pixels");
    }
    unsigned char *rgb = realloc(p->rgb, (size_t)w * (size_t)h * 3);
    if (rgb == NULL) {
        return failed("picture", "not enough memory");
    }
    *p = (picture){w, h, rgb};
    return true;
}

/* ---- reading ---- */

static unsigned char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    long end = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    unsigned char *bytes = end > 0 ? malloc((size_t)end) : NULL;
    if (bytes != NULL) {
        rewind(file);
        *size = fread(bytes, 1, (size_t)end, file);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return bytes;
}

static bool decode_jpeg(const unsigned char *bytes, size_t size, picture *p)
{
    int w;
    int h;
    int kind;
    int space;
    tjhandle jpeg = tjInitDecompress();
    bool ok = tjDecompressHeader3(jpeg, bytes, size, &w, &h, &kind, &space) == 0 &&
              picture_make(p, w, h) &&
              tjDecompress2(jpeg, bytes, size, p->rgb, w, 0, h, TJPF_RGB, 0) == 0;
    (void)tjDestroy(jpeg);
    return ok;
}

static bool decode_png(const unsigned char *bytes, size_t size, picture *p)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    bool ok = png_image_begin_read_from_memory(&png, bytes, size) != 0;
    png.format = PNG_FORMAT_RGB;
    ok = ok && picture_make(p, (int)png.width, (int)png.height) &&
         png_image_finish_read(&png, NULL, p->rgb, 0, NULL) != 0;
    png_image_free(&png);
    return ok;
}

/* The next number of a PPM header, past blanks and comments; -1: none. */
static int header_number(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *c = *at;
    int value = -1;
    while (c < end && (strchr(" \t\r\n", *c) != NULL || *c == '#')) {
        bool comment = *c == '#';
        while (comment && c < end && *c != '\n') {
            c++;
        }
        c += !comment;
    }
    for (; c < end && *c >= '0' && *c <= '9' && value < 100000; c++) {
        value = (value < 0 ? 0 : value * 10) + (*c - '0');
    }
    *at = c;
    return value;
}

static bool decode_ppm(const unsigned char *bytes, size_t size, picture *p)
{
    const unsigned char *at = bytes + 2;
    const unsigned char *end = bytes + size;
    int w = header_number(&at, end);
    int h = header_number(&at, end);
    int most = header_number(&at, end);
    if (most != 255 || !picture_make(p, w, h) || /* one blank stands before the pixels */
        (size_t)(end - at) < (size_t)w * (size_t)h * 3 + 1) {
        return false;
    }
    memcpy(p->rgb, at + 1, (size_t)w * (size_t)h * 3);
    return true;
}

bool picture_read(const char *path, picture *p)
{
    size_t size = 0;
    unsigned char *bytes = read_file(path, &size);
    if (bytes == NULL) {
        return failed(path, "cannot be read");
    }
    bool ok = size < 8                      ? false
              : memcmp(bytes, "P6", 2) == 0 ? decode_ppm(bytes, size, p)
              : bytes[0] == 0x89            ? decode_png(bytes, size, p)
                                            : decode_jpeg(bytes, size, p);
    free(bytes);
    return ok || failed(path, "not a JPEG, PNG or binary PPM picture");
}

/* ---- writing ---- */

static bool write_png(const picture *p, const char *path)
{
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)p->w,
                     .height = (png_uint_32)p->h,
                     .format = PNG_FORMAT_RGB};
    return png_image_write_to_file(&png, path, 0, p->rgb, 0, NULL) != 0;
}

static bool write_bytes(const char *path, const char *header, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    bool ok = file != NULL && fputs(header, file) >= 0 && fwrite(bytes, 1, size, file) == size;
    return file != NULL && fclose(file) == 0 && ok;
}

static bool write_jpeg(const picture *p, const char *path)
{
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    tjhandle jpeg = tjInitCompress();
    bool ok =
        tjCompress2(jpeg, p->rgb, p->w, 0, p->h, TJPF_RGB, &bytes, &size, TJSAMP_444, 90, 0) == 0 &&
        write_bytes(path, "", bytes, size);
    tjFree(bytes);
    (void)tjDestroy(jpeg);
    return ok;
}

bool picture_write(const picture *p, const char *path)
{
    char header[64];
    const char *dot = strrchr(path, '.');
    const char *end = dot != NULL ? dot : "";
    (void)snprintf(header, sizeof header, "P6\n%d %d\n255\n", p->w, p->h);
    bool ok = strcmp(end, ".png") == 0 ? write_png(p, path)
              : strcmp(end, ".jpg") == 0
                  ? write_jpeg(p, path)
                  : write_bytes(path, header, p->rgb, (size_t)p->w * (size_t)p->h * 3);
    return ok || failed(path, "cannot be written");
}

/* ---- resizing ---- */

static float mix(float a, float b, float share)
{
    return a + (b - a) * share;
}

float picture_at(const picture *p, float x, float y, int channel)
{
    x = fminf(fmaxf(x, 0), (float)(p->w - 1));
    y = fminf(fmaxf(y, 0), (float)(p->h - 1));
    int left = (int)x;
    int right = left + 1 < p->w ? left + 1 : left;
    const unsigned char *top = p->rgb + (size_t)y * (size_t)p->w * 3 + channel;
    const unsigned char *bottom = (int)y + 1 < p->h ? top + (size_t)p->w * 3 : top;
    return mix(mix(top[left * 3], top[right * 3], x - (float)left),
               mix(bottom[left * 3], bottom[right * 3], x - (float)left), y - floorf(y));
}

bool picture_resize(const picture *p, int w, int h, picture *to)
{
    if (!picture_make(to, w, h)) {
        return false;
    }
    unsigned char *at = to->rgb;
    for (int y = 0; y < h; y++) {
        for (int x = 0; x < w * 3; x++) {
            *at++ = (unsigned char)(picture_at(
                                        p, ((float)(x / 3) + 0.5f) * (float)p->w / (float)w - 0.5f,
                                        ((float)y + 0.5f) * (float)p->h / (float)h - 0.5f, x % 3) +
                                    0.5f);
        }
    }
    return true;
}

void picture_map_to_tensor(const picture *p, const picture_map *map, const solder_image_rule *rule,
                           int w, int h, float *tensor)
{
    bool bgr = rule != NULL && rule->order[0] == 'b';
    bool transposed = rule != NULL && rule->transposed != 0;
    for (int c = 0; c < 3; c++, tensor += (size_t)w * (size_t)h) {
        float mean = rule != NULL ? rule->mean[c] : 0;
        float scale = rule != NULL ? rule->scale[c] : 1;
        for (int i = 0; i < w * h; i++) {
            float u = (float)(transposed ? i / h : i % w);
            float v = (float)(transposed ? i % h : i / w);
            float value = picture_at(p, map->x[0] + map->x[1] * u + map->x[2] * v,
                                     map->y[0] + map->y[1] * u + map->y[2] * v, bgr ? 2 - c : c);
            tensor[i] = (value - mean) * scale;
        }
    }
}

void picture_to_tensor(const picture *p, const picture_box *part, const solder_image_rule *rule,
                       int w, int h, float *tensor)
{
    const picture_box all = {0, 0, (float)p->w, (float)p->h};
    const picture_box *b = part != NULL ? part : &all;
    float across = (b->x2 - b->x1) / (float)w;
    float down = (b->y2 - b->y1) / (float)h;
    const picture_map map = {{b->x1 + 0.5f * across - 0.5f, across, 0},
                             {b->y1 + 0.5f * down - 0.5f, 0, down}};
    picture_map_to_tensor(p, &map, rule, w, h, tensor);
}

float picture_box_overlap(const picture_box *a, const picture_box *b)
{
    float w = fminf(a->x2, b->x2) - fmaxf(a->x1, b->x1);
    float h = fminf(a->y2, b->y2) - fmaxf(a->y1, b->y1);
    float shared = fmaxf(w, 0) * fmaxf(h, 0);
    float both = (a->x2 - a->x1) * (a->y2 - a->y1) + (b->x2 - b->x1) * (b->y2 - b->y1) - shared;
    return both > 0 ? shared / both : 0;
}
