/* SPDX-License-Identifier: Apache-2.0 */
/* The loops around the transforms and products of F(2x2, 3x3). */
#include "kernels/conv/conv_winograd.h"

/* Tiles of one block, and floats of its transformed input: a part of L3. */
#define BLOCK_TILES  224
#define BLOCK_FLOATS (1024 * 1024)
/* Input channels of one product: its tile of input and panel of weights lie in L1 together. */
#define BLOCK_DEPTH 128
/* Panels of output channels that one task computes. */
#define TASK_PANELS 8
/* Narrower, the transforms cost more than the products save. */
#define LEAST_CHANNELS 8

#define POINTS SLD_WINOGRAD_POINTS

typedef struct plan {
    const sld_run *run;
    const sld_winograd_isa *isa;
    sld_conv_shape s;
    const float *weights; /* packed */
    int64_t rows, lanes, tile_floats;
    int64_t row_tiles, pitch; /* tiles and elements from one row of tiles to the next */
    int64_t tile_rows;        /* of the map */
    int64_t block_rows;       /* rows of tiles of a block */
    int64_t panels;           /* of tiles of a block */
    int64_t weight_panels;    /* of output channels */
    int64_t input_floats;     /* transformed input of a block, shared */
    int64_t row_floats;       /* even rows, or odd ones, of a block */
    int64_t thread_floats;
    float *input, *scratch;
    /* the block at hand */
    int64_t image, group, row;
} plan;

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool sld_winograd_supports(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    if (p->spatial != 2 || !sld_conv_plain_f32(run)) {
        return false;
    }
    const sld_tensor *x = &run->in[0];
    const sld_tensor *w = &run->in[1];
    bool rows = x->dim[3] <= 1 || x->stride[3] == 1;
    return rows && w->dim[2] == 3 && w->dim[3] == 3 && p->stride[0] == 1 && p->stride[1] == 1 &&
           p->dilation[0] == 1 && p->dilation[1] == 1 && w->dim[1] >= LEAST_CHANNELS &&
           w->dim[0] / p->groups >= LEAST_CHANNELS && (w->flags & SLD_TENSOR_CONSTANT) != 0;
}

/* The number of rows of tiles that wastes the fewest lanes. */
static void choose_block(plan *t)
{
    int64_t most = min64(BLOCK_TILES, BLOCK_FLOATS / (POINTS * t->s.in_channels));
    int64_t best = INT64_MAX;
    for (int64_t n = 1; n <= t->tile_rows; n++) {
        int64_t lanes = divide_up(n * t->row_tiles, t->lanes) * t->lanes;
        if (n > 1 && lanes > most) {
            break;
        }
        int64_t all = divide_up(t->tile_rows, n) * lanes;
        if (all <= best) { /* weights are transformed once a block */
            best = all;
            t->block_rows = n;
        }
    }
}

/* Memory of a block of so many panels, of whose rows `floats` are read. */
static void set_sizes(plan *t, int64_t panels, int64_t floats)
{
    int64_t channels = t->s.in_channels, depth = min64(channels, BLOCK_DEPTH);
    t->panels = panels;
    t->input_floats = POINTS * panels * t->lanes * channels;
    /* One row more than tiles, and what the last, partial panel reads. */
    t->row_floats = floats + t->pitch + 2 * t->lanes + 16;
    int64_t weights = POINTS * (TASK_PANELS * depth * t->rows + SLD_CONV_SPILL);
    int64_t sums = POINTS * TASK_PANELS * panels * t->tile_floats;
    t->thread_floats = (2 * t->row_floats + weights + sums + 15) / 16 * 16;
}

static void make_plan(plan *t, const sld_run *run, const sld_winograd_isa *isa)
{
    memset(t, 0, sizeof *t);
    t->run = run;
    t->isa = isa;
    t->s = sld_conv_shape_of(run);
    const sld_conv_shape *s = &t->s;
    t->rows = isa->tile->rows;
    t->lanes = isa->tile->lanes;
    t->tile_floats = t->rows * t->lanes;
    t->row_tiles = (s->out_width + 1) / 2 + 1;
    t->pitch = 2 * t->row_tiles;
    t->tile_rows = (s->out_height + 1) / 2;
    t->block_rows = 1;
    choose_block(t);
    t->weight_panels = divide_up(s->out_channels, t->rows);
    set_sizes(t, divide_up(t->block_rows * t->row_tiles, t->lanes), t->block_rows * t->pitch);
}

/* Never less for larger dims, whatever block they choose: of one row of tiles, or of most. */
size_t sld_winograd_workspace(const sld_run *run, int threads, const sld_winograd_isa *isa)
{
    plan t;
    make_plan(&t, run, isa);
    int64_t most = min64(BLOCK_TILES, BLOCK_FLOATS / (POINTS * t.s.in_channels)) / t.lanes;
    int64_t row = divide_up(t.row_tiles, t.lanes);
    int64_t all = min64(most, divide_up(t.tile_rows * t.row_tiles, t.lanes));
    set_sizes(&t, all > row ? all : row, 2 * (all > row ? all : row) * t.lanes);
    return (size_t)(t.input_floats + threads * t.thread_floats) * sizeof(float);
}

/* One row of the padded input. */
static void copy_row(const plan *t, const float *plane, int64_t row, float *to)
{
    const sld_conv_shape *s = &t->s;
    int64_t y = row - s->pad_top;
    int64_t first = s->pad_left > 0 ? min64(s->pad_left, t->pitch) : 0;
    int64_t from = s->pad_left < 0 ? -s->pad_left : 0;
    int64_t count = min64(t->pitch - first, s->in_width - from);
    if (y < 0 || y >= s->in_height || count <= 0) {
        memset(to, 0, (size_t)t->pitch * sizeof *to);
        return;
    }
    memset(to, 0, (size_t)first * sizeof *to);
    memcpy(to + first, plane + y * s->in_row + from, (size_t)count * sizeof *to);
    memset(to + first + count, 0, (size_t)(t->pitch - first - count) * sizeof *to);
}

/* One input channel of the block. */
static void input_task(void *user, size_t index, int thread)
{
    const plan *t = user;
    const sld_conv_shape *s = &t->s;
    int64_t c = (int64_t)index;
    const sld_tensor *x = &t->run->in[0];
    const float *plane = (const float *)x->data + t->image * x->stride[0] +
                         (t->group * s->in_channels + c) * s->in_plane;
    float *even = t->scratch + thread * t->thread_floats;
    float *odd = even + t->row_floats;
    int64_t copied = (t->block_rows + 1) * t->pitch;
    for (int64_t i = 0; i <= t->block_rows; i++) {
        copy_row(t, plane, 2 * (t->row + i), even + i * t->pitch);
        copy_row(t, plane, 2 * (t->row + i) + 1, odd + i * t->pitch);
    }
    memset(even + copied, 0, (size_t)(t->row_floats - copied) * sizeof *even);
    memset(odd + copied, 0, (size_t)(t->row_floats - copied) * sizeof *odd);
    int64_t block = c / BLOCK_DEPTH;
    int64_t depth = min64(BLOCK_DEPTH, s->in_channels - block * BLOCK_DEPTH);
    /* [block of depth][point][panel][channel][lane] */
    float *to =
        t->input + block * BLOCK_DEPTH * POINTS * t->panels * t->lanes + c % BLOCK_DEPTH * t->lanes;
    t->isa->input(even, odd, t->pitch, t->panels, to, depth * t->lanes,
                  t->panels * depth * t->lanes);
}

/* One output channel of the block, from its sums. */
static void finish_channel(const plan *t, int64_t channel, const float *sums, float *even,
                           float *odd)
{
    const sld_conv_shape *s = &t->s;
    const sld_conv_params *p = t->run->params;
    const sld_tensor *y = &t->run->out[0];
    channel += t->group * s->out_channels;
    int64_t panel_stride = TASK_PANELS * t->tile_floats;
    t->isa->output(sums, t->panels, panel_stride, t->panels * panel_stride, even, odd);
    float bias = 0.0f;
    if (t->run->in_count > 2 && sld_tensor_present(&t->run->in[2])) {
        bias = ((const float *)t->run->in[2].data)[channel];
    }
    int64_t first = 2 * t->row;
    int64_t end = min64(first + 2 * t->block_rows, s->out_height);
    for (int64_t row = first; row < end; row++) {
        int64_t at = channel * s->pixels + row * s->out_width;
        const float *residual = NULL;
        if (p->epilogue.residual != 0) {
            const sld_tensor *r = &t->run->in[3];
            residual = (const float *)r->data + t->image * r->stride[0] + at;
        }
        const float *from = (row % 2 == 0 ? even : odd) + (row - first) / 2 * t->pitch;
        t->isa->finish(from, s->out_width, bias, residual, &p->epilogue,
                       (float *)y->data + t->image * y->stride[0] + at);
    }
}

/* A few panels of output channels of the block. */
static void output_task(void *user, size_t index, int thread)
{
    const plan *t = user;
    const sld_conv_shape *s = &t->s;
    const sld_gemm_tile *tile = t->isa->tile;
    int64_t panel = (int64_t)index * TASK_PANELS;
    int64_t panels = min64(TASK_PANELS, t->weight_panels - panel);
    float *even = t->scratch + thread * t->thread_floats;
    float *odd = even + t->row_floats;
    float *sums = odd + t->row_floats; /* [point][panel of tiles][panel] */
    float *weights = sums + POINTS * TASK_PANELS * t->panels * t->tile_floats;
    int64_t point_weights =
        TASK_PANELS * min64(s->in_channels, BLOCK_DEPTH) * t->rows + SLD_CONV_SPILL;
    for (int64_t c = 0; c < s->in_channels; c += BLOCK_DEPTH) {
        int64_t depth = min64(BLOCK_DEPTH, s->in_channels - c);
        for (int64_t i = 0; i < panels; i++) {
            const float *packed =
                t->weights +
                ((t->group * t->weight_panels + panel + i) * s->in_channels + c) * 9 * t->rows;
            t->isa->weights(packed, depth, weights + i * depth * t->rows, point_weights);
        }
        const float *input = t->input + c * POINTS * t->panels * t->lanes;
        for (int64_t point = 0; point < POINTS; point++) {
            for (int64_t j = 0; j < t->panels; j++, input += depth * t->lanes) {
                for (int64_t i = 0; i < panels; i++) {
                    int64_t channels = min64(t->rows, s->out_channels - (panel + i) * t->rows);
                    tile->multiply((int)channels, (int)t->lanes, depth,
                                   weights + point * point_weights + i * depth * t->rows, input,
                                   sums +
                                       ((point * t->panels + j) * TASK_PANELS + i) * t->tile_floats,
                                   c == 0);
                }
            }
        }
    }
    int64_t channels = min64(panels * t->rows, s->out_channels - panel * t->rows);
    for (int64_t i = 0; i < channels; i++) {
        const float *own = sums + i / t->rows * t->tile_floats + i % t->rows * t->lanes;
        finish_channel(t, panel * t->rows + i, own, even, odd);
    }
}

solder_status sld_winograd_run(const sld_run *run, const sld_winograd_isa *isa)
{
    plan t;
    make_plan(&t, run, isa);
    if (t.s.pixels == 0) {
        return SOLDER_OK;
    }
    t.weights = run->in[1].data;
    t.input = run->workspace;
    t.scratch = t.input + t.input_floats;
    size_t tasks = (size_t)divide_up(t.weight_panels, TASK_PANELS);
    for (t.image = 0; t.image < t.s.batch; t.image++) {
        for (t.group = 0; t.group < t.s.groups; t.group++) {
            for (t.row = 0; t.row < t.tile_rows; t.row += t.block_rows) {
                sld_pool_for(run->pool, (size_t)t.s.in_channels, input_task, &t);
                sld_pool_for(run->pool, tasks, output_task, &t);
            }
        }
    }
    return SOLDER_OK;
}
