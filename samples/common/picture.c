/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <turbojpeg.h>

#include "picture.h"

void stop(const char *what, const char *why)
{
    (void)fprintf(stderr, "detect: %s: %s\n", what, why);
    exit(1);
}

/* ---- pictures ---- */

void *room(size_t bytes)
{
    void *memory = malloc(bytes);
    if (memory == NULL) {
        stop("memory", "not enough");
    }
    return memory;
}

static bool read_jpeg(const char *path, picture *p)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        stop(path, "cannot be read");
    }
    long size = ftell(file);
    unsigned char *bytes = room(size > 0 ? (size_t)size : 1);
    rewind(file);
    size_t got = fread(bytes, 1, (size_t)size, file);
    (void)fclose(file);
    tjhandle jpeg = tjInitDecompress();
    int kind;
    int space;
    bool ok = tjDecompressHeader3(jpeg, bytes, got, &p->w, &p->h, &kind, &space) == 0;
    if (ok) {
        p->rgb = room((size_t)p->w * (size_t)p->h * 3);
        ok = tjDecompress2(jpeg, bytes, got, p->rgb, p->w, 0, p->h, TJPF_RGB, 0) == 0;
    }
    (void)tjDestroy(jpeg);
    free(bytes);
    return ok;
}

picture picture_read(const char *path)
{
    picture p = {0};
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (read_jpeg(path, &p)) {
        return p;
    }
    if (!png_image_begin_read_from_file(&png, path)) {
        stop(path, "is neither JPEG nor PNG");
    }
    png.format = PNG_FORMAT_RGB;
    p = (picture){(int)png.width, (int)png.height, room(PNG_IMAGE_SIZE(png))};
    if (!png_image_finish_read(&png, NULL, p.rgb, 0, NULL)) {
        stop(path, png.message);
    }
    return p;
}

void picture_write_png(const picture *p, const char *path)
{
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)p->w,
                     .height = (png_uint_32)p->h,
                     .format = PNG_FORMAT_RGB};
    if (!png_image_write_to_file(&png, path, 0, p->rgb, 0, NULL)) {
        stop(path, png.message);
    }
}

/* ---- resizing ---- */

static float mix(float a, float b, float share)
{
    return a + (b - a) * share;
}

/* Bilinear, pixel centres at halves, edges repeated. */
static float sample(const picture *p, float x, float y, int channel)
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

static float resized(const picture *p, int w, int h, int x, int y, int channel)
{
    return sample(p, ((float)x + 0.5f) * (float)p->w / (float)w - 0.5f,
                  ((float)y + 0.5f) * (float)p->h / (float)h - 0.5f, channel);
}

picture picture_resize(const picture *p, int w, int h)
{
    picture to = {w, h, room((size_t)w * (size_t)h * 3)};
    for (int i = 0; i < w * h * 3; i++) {
        to.rgb[i] = (unsigned char)(resized(p, w, h, i / 3 % w, i / 3 / w, i % 3) + 0.5f);
    }
    return to;
}

void picture_to_tensor(const picture *p, const solder_image_rule *rule, int w, int h, float *tensor)
{
    bool bgr = rule != NULL && strcmp(rule->order, "bgr") == 0;
    for (int i = 0; i < w * h * 3; i++) {
        int channel = i / (w * h);
        float value = resized(p, w, h, i % w, i / w % h, bgr ? 2 - channel : channel);
        tensor[i] = rule != NULL ? (value - rule->mean[channel]) * rule->scale[channel] : value;
    }
}

/* ---- drawing ---- */

static void fill(picture *p, int x, int y, int w, int h, const unsigned char colour[3])
{
    for (int j = y < 0 ? 0 : y; j < y + h && j < p->h; j++) {
        for (int i = x < 0 ? 0 : x; i < x + w && i < p->w; i++) {
            memcpy(p->rgb + (j * p->w + i) * 3, colour, 3);
        }
    }
}

/* 3 by 5 points, a row in each octal digit. */
static int glyph(char c)
{
    static const int digits[] = {075557, 026227, 071747, 071717, 055711,
                                 074717, 074757, 071244, 075757, 075717};
    static const int letters[] = {025755, 065656, 034443, 065556, 074647, 074644, 034553,
                                  055755, 072227, 011152, 055655, 044447, 057755, 057775,
                                  025552, 065644, 025563, 065655, 034216, 072222, 055557,
                                  055552, 055775, 055255, 055222, 071247};
    return c >= '0' && c <= '9'   ? digits[c - '0']
           : c >= 'a' && c <= 'z' ? letters[c - 'a']
           : c >= 'A' && c <= 'Z' ? letters[c - 'A']
           : c == '%'             ? 051245
                                  : 0;
}

static void write_text(picture *p, int x, int y, int size, const char *text)
{
    static const unsigned char black[3] = {0, 0, 0};
    for (; *text != '\0'; text++, x += 4 * size) {
        for (int bit = 0; bit < 15; bit++) {
            if (glyph(*text) >> (14 - bit) & 1) {
                fill(p, x + bit % 3 * size, y + bit / 3 * size, size, size, black);
            }
        }
    }
}

static const unsigned char colours[][3] = {{255, 221, 51},  {102, 221, 255}, {255, 153, 204},
                                           {153, 255, 102}, {255, 170, 85},  {204, 187, 255}};

static int line_of(const picture *p)
{
    return (p->h < p->w ? p->h : p->w) / 200 + 1;
}

void picture_draw_box(picture *p, const picture_box *box, const char *text, unsigned colour)
{
    const unsigned char *c = colours[colour % 6];
    int line = line_of(p);
    int x = (int)box->x1;
    int y = (int)box->y1;
    int w = (int)box->x2 - x;
    int h = (int)box->y2 - y;
    fill(p, x, y, w, line, c);
    fill(p, x, y + h - line, w, line, c);
    fill(p, x, y, line, h, c);
    fill(p, x + w - line, y, line, h, c);
    if (text[0] != '\0') {
        int above = y >= 8 * line ? y - 8 * line : y;
        fill(p, x, above, ((int)strlen(text) * 4 + 3) * line, 9 * line, c);
        write_text(p, x + 2 * line, above + 2 * line, line, text);
    }
}

void picture_draw_point(picture *p, float x, float y, unsigned colour)
{
    int line = line_of(p);
    fill(p, (int)x - line, (int)y - line, 2 * line + 1, 2 * line + 1, colours[colour % 6]);
}
