/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes, points and text on pictures. */
#include <string.h>

#include "picture.h"

static const unsigned char black[3] = {0, 0, 0};
static const unsigned char colours[][3] = {{255, 221, 51},  {102, 221, 255}, {255, 153, 204},
                                           {153, 255, 102}, {255, 170, 85},  {204, 187, 255},
                                           {255, 119, 102}, {102, 255, 204}};

enum { COLOURS = sizeof colours / sizeof *colours };

static void fill(picture *p, int x, int y, int w, int h, const unsigned char colour[3])
{
    for (int j = y < 0 ? 0 : y; j < y + h && j < p->h; j++) {
        for (int i = x < 0 ? 0 : x; i < x + w && i < p->w; i++) {
            memcpy(p->rgb + ((size_t)j * (size_t)p->w + (size_t)i) * 3, colour, 3);
        }
    }
}

/* ---- text: 5 by 9 points, a row in 5 bits; the last two rows are below the line ---- */

enum { GLYPH_W = 5, GLYPH_H = 9 };

typedef struct glyph {
    char c;
    unsigned char rows[GLYPH_H];
} glyph;

static const glyph glyphs[] = {
    {'0', {14, 17, 19, 21, 25, 17, 14}},
    {'1', {4, 12, 4, 4, 4, 4, 14}},
    {'2', {14, 17, 1, 2, 4, 8, 31}},
    {'3', {14, 17, 1, 6, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},
    {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {14, 16, 16, 30, 17, 17, 14}},
    {'7', {31, 1, 2, 4, 8, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}},
    {'9', {14, 17, 17, 15, 1, 1, 14}},
    {'A', {14, 17, 17, 31, 17, 17, 17}},
    {'B', {30, 17, 17, 30, 17, 17, 30}},
    {'C', {14, 17, 16, 16, 16, 17, 14}},
    {'D', {28, 18, 17, 17, 17, 18, 28}},
    {'E', {31, 16, 16, 30, 16, 16, 31}},
    {'F', {31, 16, 16, 30, 16, 16, 16}},
    {'G', {14, 17, 16, 23, 17, 17, 15}},
    {'H', {17, 17, 17, 31, 17, 17, 17}},
    {'I', {14, 4, 4, 4, 4, 4, 14}},
    {'J', {7, 2, 2, 2, 2, 18, 12}},
    {'K', {17, 18, 20, 24, 20, 18, 17}},
    {'L', {16, 16, 16, 16, 16, 16, 31}},
    {'M', {17, 27, 21, 21, 17, 17, 17}},
    {'N', {17, 25, 21, 19, 17, 17, 17}},
    {'O', {14, 17, 17, 17, 17, 17, 14}},
    {'P', {30, 17, 17, 30, 16, 16, 16}},
    {'Q', {14, 17, 17, 17, 21, 18, 13}},
    {'R', {30, 17, 17, 30, 20, 18, 17}},
    {'S', {15, 16, 16, 14, 1, 1, 30}},
    {'T', {31, 4, 4, 4, 4, 4, 4}},
    {'U', {17, 17, 17, 17, 17, 17, 14}},
    {'V', {17, 17, 17, 17, 17, 10, 4}},
    {'W', {17, 17, 17, 21, 21, 21, 10}},
    {'X', {17, 17, 10, 4, 10, 17, 17}},
    {'Y', {17, 17, 10, 4, 4, 4, 4}},
    {'Z', {31, 1, 2, 4, 8, 16, 31}},
    {'a', {0, 0, 14, 1, 15, 17, 15}},
    {'b', {16, 16, 30, 17, 17, 17, 30}},
    {'c', {0, 0, 14, 17, 16, 17, 14}},
    {'d', {1, 1, 15, 17, 17, 17, 15}},
    {'e', {0, 0, 14, 17, 31, 16, 14}},
    {'f', {6, 8, 8, 28, 8, 8, 8}},
    {'g', {0, 0, 15, 17, 17, 17, 15, 1, 14}},
    {'h', {16, 16, 30, 17, 17, 17, 17}},
    {'i', {4, 0, 12, 4, 4, 4, 14}},
    {'j', {2, 0, 6, 2, 2, 2, 2, 18, 12}},
    {'k', {16, 16, 18, 20, 24, 20, 18}},
    {'l', {12, 4, 4, 4, 4, 4, 14}},
    {'m', {0, 0, 26, 21, 21, 21, 21}},
    {'n', {0, 0, 30, 17, 17, 17, 17}},
    {'o', {0, 0, 14, 17, 17, 17, 14}},
    {'p', {0, 0, 30, 17, 17, 17, 30, 16, 16}},
    {'q', {0, 0, 15, 17, 17, 17, 15, 1, 1}},
    {'r', {0, 0, 22, 25, 16, 16, 16}},
    {'s', {0, 0, 15, 16, 14, 1, 30}},
    {'t', {8, 8, 28, 8, 8, 8, 6}},
    {'u', {0, 0, 17, 17, 17, 19, 13}},
    {'v', {0, 0, 17, 17, 17, 10, 4}},
    {'w', {0, 0, 17, 17, 21, 21, 10}},
    {'x', {0, 0, 17, 10, 4, 10, 17}},
    {'y', {0, 0, 17, 17, 17, 17, 15, 1, 14}},
    {'z', {0, 0, 31, 2, 4, 8, 31}},
    {'%', {24, 25, 2, 4, 8, 19, 3}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},
    {'-', {0, 0, 0, 14, 0, 0, 0}},
    {'_', {0, 0, 0, 0, 0, 0, 31}},
    {'?', {14, 17, 1, 2, 4, 0, 4}},
    {'#', {10, 10, 31, 10, 31, 10, 10}},
};

static void write_text(picture *p, int x, int y, int dot, const char *text)
{
    for (; *text != '\0'; text++, x += (GLYPH_W + 1) * dot) {
        const glyph *g = glyphs;
        const glyph *end = glyphs + sizeof glyphs / sizeof *glyphs;
        while (g < end && g->c != *text) {
            g++;
        }
        for (int i = 0; g < end && i < GLYPH_W * GLYPH_H; i++) {
            if (g->rows[i / GLYPH_W] >> (GLYPH_W - 1 - i % GLYPH_W) & 1) {
                fill(p, x + i % GLYPH_W * dot, y + i / GLYPH_W * dot, dot, dot, black);
            }
        }
    }
}

/* ---- boxes ---- */

static int shorter_side(const picture *p)
{
    return p->h < p->w ? p->h : p->w;
}

static int line_of(const picture *p)
{
    return shorter_side(p) / 200 + 1;
}

/* Above the box, else below it, else in it; never out of the picture to the right. */
static void draw_plate(picture *p, const picture_box *box, const char *text,
                       const unsigned char colour[3])
{
    int dot = (shorter_side(p) + 150) / 300;
    dot = dot < 1 ? 1 : dot;
    int w = ((int)strlen(text) * (GLYPH_W + 1) + 3) * dot;
    int h = (GLYPH_H + 3) * dot;
    int x = (int)box->x1 + w > p->w ? p->w - w : (int)box->x1;
    int y = (int)box->y1 - h + line_of(p);
    if (y < 0) {
        y = (int)box->y2 - line_of(p);
        y = y + h > p->h ? (int)box->y1 : y;
    }
    x = x < 0 ? 0 : x;
    y = y < 0 ? 0 : y;
    fill(p, x, y, w, h, colour);
    write_text(p, x + 2 * dot, y + 2 * dot, dot, text);
}

void picture_draw_box(picture *p, const picture_box *box, const char *text, unsigned colour)
{
    const unsigned char *c = colours[colour % COLOURS];
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
        draw_plate(p, box, text, c);
    }
}

void picture_draw_point(picture *p, float x, float y, unsigned colour)
{
    int line = line_of(p);
    fill(p, (int)x - line, (int)y - line, 2 * line + 1, 2 * line + 1, black);
    fill(p, (int)x - line + 1, (int)y - line + 1, 2 * line - 1, 2 * line - 1,
         colours[colour % COLOURS]);
}
