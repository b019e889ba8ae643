/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/roi_pool.h"

#include <math.h>
#include <string.h>

static int64_t within(float v, int64_t most)
{
    return v > 0 ? (v < (float)most ? (int64_t)v : most) : 0;
}

/* Cells [begin, end) of part i of a side that starts at `start` and has `size` a part. */
typedef struct span {
    int64_t begin, end;
} span;

static span part(float start, float size, int64_t i, int64_t most)
{
    return (span){within(floorf((float)i * size + start), most),
                  within(ceilf((float)(i + 1) * size + start), most)};
}

static span whole_part(float start, float size, int64_t i, int64_t most)
{
    return (span){within(floorf((float)i * size) + start, most),
                  within(ceilf((float)(i + 1) * size) + start, most)};
}

static float pool(const float *plane, int64_t w, span y, span x, bool mean)
{
    float result = mean ? 0 : -INFINITY;
    if (y.end <= y.begin || x.end <= x.begin) {
        return 0;
    }
    for (int64_t i = y.begin; i < y.end; i++) {
        for (int64_t k = x.begin; k < x.end; k++) {
            float v = plane[i * w + k];
            result = mean ? result + v : v > result ? v : result;
        }
    }
    return mean ? result / (float)((y.end - y.begin) * (x.end - x.begin)) : result;
}

/* One region. */
void sld_roi_pool_region(void *user, size_t r, int thread)
{
    const sld_roi_pool *j = user;
    const float *region = j->regions + r * 5;
    const bool sensitive = j->sensitive;
    const int64_t numbers = j->out_channels * j->rows * j->columns;
    float *out = j->out + (int64_t)r * numbers;
    int64_t item = within(region[0], j->items - 1);
    float scale = j->scale;
    float x1 = roundf(region[1]) * scale;
    float y1 = roundf(region[2]) * scale;
    float w = fmaxf((roundf(region[3]) + 1) * scale - x1, 0.1f);
    float h = fmaxf((roundf(region[4]) + 1) * scale - y1, 0.1f);
    (void)thread;
    if (region[0] < 0) {
        memset(out, 0, (size_t)numbers * sizeof *out);
        return;
    }
    if (!sensitive) {
        x1 = roundf(region[1] * scale);
        y1 = roundf(region[2] * scale);
        w = fmaxf(roundf(region[3] * scale) - x1 + 1, 1);
        h = fmaxf(roundf(region[4] * scale) - y1 + 1, 1);
    }
    float part_w = w / (float)j->columns;
    float part_h = h / (float)j->rows;
    for (int64_t c = 0; c < j->out_channels; c++) {
        for (int64_t row = 0; row < j->rows; row++) {
            for (int64_t column = 0; column < j->columns; column++) {
                int64_t from = sensitive ? (c * j->rows + row) * j->columns + column : c;
                span y =
                    sensitive ? part(y1, part_h, row, j->h) : whole_part(y1, part_h, row, j->h);
                span x = sensitive ? part(x1, part_w, column, j->w)
                                   : whole_part(x1, part_w, column, j->w);
                *out++ =
                    pool(j->map + (item * j->channels + from) * j->h * j->w, j->w, y, x, sensitive);
            }
        }
    }
}
