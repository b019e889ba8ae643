/* SPDX-License-Identifier: Apache-2.0 */
/* The loops around the register tile of a convolution. */
#include "kernels/conv/conv_gemm.h"

#include "kernels/conv/window.h"

/* Floats of one packed block of patches: a quarter of a small L2. */
#define PATCH_FLOATS (64 * 1024)
/* Depth of one block: a tile's patches and a panel's weights lie in L1 together. */
#define BLOCK_DEPTH 256
/* Floats of partial sums one task keeps between blocks of depth. */
#define SUM_FLOATS (96 * 1024)

typedef struct plan {
    const sld_run *run;
    const sld_conv_isa *isa;
    sld_conv_shape s;
    bool channel_lanes;
    const float *weights; /* packed */
    int64_t width;        /* pixels per tile */
    int64_t panel;        /* channels per panel */
    int64_t tiles, panels;
    int64_t block_channels, blocks; /* of depth */
    int64_t task_tiles, task_panels;
    int64_t tile_tasks, panel_tasks; /* tasks along each, per image and group */
    int64_t tile_floats;
    size_t patch_floats, sum_floats; /* scratch of one thread */
    float *scratch;
} plan;

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A 1x1 convolution that keeps the map: its pixels are one long row. */
static void join_rows(sld_conv_shape *s)
{
    bool whole = s->stride_z == 1 && s->stride_y == 1 && s->stride_x == 1 && s->pad_front == 0 &&
                 s->pad_top == 0 && s->pad_left == 0 && s->in_depth == s->out_depth &&
                 s->in_height == s->out_height && s->in_width == s->out_width;
    bool dense = (s->in_height == 1 || s->in_row == s->in_width * s->in_step) &&
                 (s->in_depth == 1 || s->in_slice == s->in_height * s->in_width * s->in_step);
    if (s->taps == 1 && whole && dense) {
        s->in_width = s->out_width = s->pixels;
        s->in_height = s->out_height = s->in_depth = s->out_depth = 1;
    }
}

sld_conv_shape sld_conv_shape_of(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    sld_window g;
    int64_t pad[SLD_MAX_SPATIAL] = {0};
    sld_window_init(&g, p->spatial, x, &run->out[0], &run->in[1]);
    for (int i = 0; i < p->spatial; i++) {
        int to = SLD_MAX_SPATIAL - p->spatial + i;
        g.stride[to] = p->stride[i];
        g.dilation[to] = p->dilation[i];
        pad[to] = sld_conv_pad_begin(p, i, g.in[to], g.out[to], g.extent[to]);
    }
    sld_conv_shape s = {
        .batch = x->dim[0],
        .groups = p->groups,
        .in_channels = x->dim[1] / p->groups,
        .out_channels = run->in[1].dim[0] / p->groups,
        .in_depth = g.in[0],
        .in_height = g.in[1],
        .in_width = g.in[2],
        .out_depth = g.out[0],
        .out_height = g.out[1],
        .out_width = g.out[2],
        .window_depth = g.extent[0],
        .window_height = g.extent[1],
        .window_width = g.extent[2],
        .stride_z = g.stride[0],
        .stride_y = g.stride[1],
        .stride_x = g.stride[2],
        .dilation_z = g.dilation[0],
        .dilation_y = g.dilation[1],
        .dilation_x = g.dilation[2],
        .pad_front = pad[0],
        .pad_top = pad[1],
        .pad_left = pad[2],
        .taps = g.extent[0] * g.extent[1] * g.extent[2],
        .pixels = g.out[0] * g.out[1] * g.out[2],
        .in_plane = x->stride[1],
        .in_slice = g.x_step[0],
        .in_row = g.x_step[1],
        .in_step = g.in[2] > 1 ? g.x_step[2] : 1,
    };
    join_rows(&s);
    return s;
}

bool sld_conv_plain_f32(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    const sld_tensor *w = &run->in[1];
    const sld_tensor *y = &run->out[0];
    bool bias = run->in_count > 2 && sld_tensor_present(&run->in[2]);
    if (x->dtype != SOLDER_F32 || w->dtype != SOLDER_F32 || y->dtype != SOLDER_F32 ||
        (bias && run->in[2].dtype != SOLDER_F32)) {
        return false;
    }
    if (!sld_tensor_inner_contiguous(y) || !sld_tensor_contiguous(w) ||
        (bias && !sld_tensor_contiguous(&run->in[2]))) {
        return false;
    }
    if (p->epilogue.residual != 0 &&
        (run->in[3].dtype != SOLDER_F32 || !sld_tensor_inner_contiguous(&run->in[3]))) {
        return false;
    }
    return x->dim[1] >= p->groups && w->dim[0] >= p->groups && w->dim[1] > 0;
}

/* Vectors of pixels are gathered by 32-bit distances where they do not lie side by side. */
static bool reaches(const sld_run *run)
{
    const sld_conv_params *p = run->params;
    const sld_tensor *x = &run->in[0];
    int last = p->spatial - 1;
    int64_t step = x->dim[2 + last] > 1 ? x->stride[2 + last] : 1;
    return step == 1 || (step > 0 && step < (1 << 16) && p->stride[last] < (1 << 8));
}

bool sld_conv_gemm_supports(const sld_run *run)
{
    /* Depthwise has kernels of its own; a tile would compute zeros for the most part. */
    return sld_conv_plain_f32(run) && reaches(run) &&
           (run->in[1].dim[1] > 1 || run->in[1].dim[0] > run->in[0].dim[1] ||
            run->in[0].dim[1] == 1);
}

/* Everything but pointers. Scratch sizes depend on threads only through their number. */
static void make_plan(plan *t, const sld_run *run, int threads, const sld_conv_isa *isa,
                      bool channel_lanes)
{
    memset(t, 0, sizeof *t);
    t->run = run;
    t->isa = isa;
    t->channel_lanes = channel_lanes;
    t->s = sld_conv_shape_of(run);
    const sld_conv_shape *s = &t->s;
    t->width = channel_lanes ? isa->tile->rows : isa->tile->lanes;
    t->panel = channel_lanes ? isa->tile->lanes : isa->tile->rows;
    t->tile_floats = (int64_t)isa->tile->rows * isa->tile->lanes;
    t->tiles = divide_up(s->pixels, t->width);
    t->panels = divide_up(s->out_channels, t->panel);
    t->block_channels = min64(s->in_channels, divide_up(BLOCK_DEPTH, s->taps));
    t->blocks = divide_up(s->in_channels, t->block_channels);
    t->block_channels = divide_up(s->in_channels, t->blocks);

    int64_t depth = t->block_channels * s->taps;
    int64_t most = PATCH_FLOATS / (depth * t->width);
    most = most < 1 ? 1 : most;
    t->task_tiles = min64(t->tiles, most);
    t->patch_floats = (size_t)(t->task_tiles * depth * t->width) + SLD_CONV_SPILL;
    t->task_panels = t->panels;
    if (t->blocks > 1) {
        int64_t fit = SUM_FLOATS / (t->task_tiles * t->tile_floats);
        t->task_panels = min64(t->panels, fit < 1 ? 1 : fit);
        /* Not task_panels * task_tiles: the size must not shrink when the map grows. */
        int64_t one = t->task_tiles * t->tile_floats;
        t->sum_floats = (size_t)min64(t->panels * one, one > SUM_FLOATS ? one : SUM_FLOATS);
    } else {
        t->sum_floats = (size_t)t->tile_floats;
    }
    int64_t outer = s->batch * s->groups;
    if (t->tiles == 0 || outer == 0) {
        return;
    }
    t->tile_tasks = divide_up(t->tiles, t->task_tiles);
    int64_t wanted = threads > 1 ? 4 * (int64_t)threads : 1;
    if (outer * t->tile_tasks < wanted) {
        t->tile_tasks = min64(divide_up(wanted, outer), divide_up(t->tiles, 4));
        t->tile_tasks = t->tile_tasks < 1 ? 1 : t->tile_tasks;
    }
    t->task_tiles = min64(t->task_tiles, divide_up(t->tiles, t->tile_tasks));
    t->tile_tasks = divide_up(t->tiles, t->task_tiles);
    t->panel_tasks = divide_up(t->panels, t->task_panels);
    if (threads > 1 && outer * t->tile_tasks * t->panel_tasks < 2 * (int64_t)threads) {
        t->panel_tasks = min64(t->panels, divide_up(2 * (int64_t)threads, outer * t->tile_tasks));
    }
    t->task_panels = min64(t->task_panels, divide_up(t->panels, t->panel_tasks));
    t->panel_tasks = divide_up(t->panels, t->task_panels);
}

static const sld_packing *weight_packing(const plan *t)
{
    return sld_conv_rows_packing((int)t->panel);
}

/* Weights a caller did not pack are packed at run time, behind the scratch. */
static size_t unpacked_bytes(const plan *t)
{
    const sld_tensor *w = &t->run->in[1];
    if (w->packing == weight_packing(t) || (w->flags & SLD_TENSOR_CONSTANT) != 0) {
        return 0;
    }
    return weight_packing(t)->size(t->run->params, w);
}

static size_t thread_floats(const plan *t)
{
    return (t->patch_floats + t->sum_floats + 15) & ~(size_t)15;
}

size_t sld_conv_gemm_workspace(const sld_run *run, int threads, const sld_conv_isa *isa,
                               bool channel_lanes)
{
    plan t;
    make_plan(&t, run, threads, isa, channel_lanes);
    return thread_floats(&t) * sizeof(float) * (size_t)threads + unpacked_bytes(&t);
}

static sld_tile_store destination(const plan *t, int64_t image, int64_t group, int64_t tile,
                                  int64_t panel)
{
    const sld_conv_shape *s = &t->s;
    const sld_conv_params *p = t->run->params;
    const sld_tensor *y = &t->run->out[0];
    int64_t channel = group * s->out_channels + panel * t->panel;
    int64_t offset = channel * s->pixels + tile * t->width;
    sld_tile_store to = {
        .out = (float *)y->data + image * y->stride[0] + offset,
        .out_stride = s->pixels,
        .alpha = 1.0f,
        .beta = 1.0f,
        .epilogue = &p->epilogue,
    };
    if (t->run->in_count > 2 && sld_tensor_present(&t->run->in[2])) {
        to.bias = (const float *)t->run->in[2].data + channel;
        to.bias_row_stride = 1;
    }
    if (p->epilogue.residual != 0) {
        const sld_tensor *r = &t->run->in[3];
        to.residual = (const float *)r->data + image * r->stride[0] + offset;
        to.residual_stride = s->pixels;
    }
    return to;
}

/* Asks for the output lines of a tile while it is computed: maps larger than L2 gain a third. */
static void prefetch_tile(const sld_tile_store *to, int64_t channels, int64_t pixels)
{
    const float *p = to->out;
    for (int64_t i = 0; i < channels; i++, p += to->out_stride) {
        for (int64_t j = 0; j < pixels; j += SLD_CACHE_LINE / 4) {
            SLD_PREFETCH_WRITE(p + j);
        }
        SLD_PREFETCH_WRITE(p + pixels - 1);
    }
}

/* One task: some tiles of one image and group against some panels. */
typedef struct task {
    int64_t image, group;
    int64_t tile, tile_end, panel, panel_end;
    float *patches, *sums;
} task;

/* One tile of one panel against one block of depth. */
static void run_tile(const plan *t, const task *k, const sld_conv_patches *block, int64_t tile,
                     int64_t panel)
{
    const sld_conv_shape *s = &t->s;
    const sld_gemm_tile *isa = t->isa->tile;
    int64_t depth = block->channels * s->taps;
    bool start = block->channel == 0;
    bool last = block->channel + block->channels == s->in_channels;
    int channels = (int)min64(t->panel, s->out_channels - panel * t->panel);
    int pixels = (int)min64(t->width, s->pixels - tile * t->width);
    const float *patches = k->patches + (tile - k->tile) * depth * t->width;
    const float *weights = t->weights + ((k->group * t->panels + panel) * s->in_channels * s->taps +
                                         block->channel * s->taps) *
                                            t->panel;
    float *sum = k->sums;
    if (t->blocks > 1) {
        sum += ((panel - k->panel) * t->task_tiles + tile - k->tile) * t->tile_floats;
    }
    if (t->channel_lanes) {
        isa->multiply(pixels, channels, depth, patches, weights, sum, start);
    } else if (!last) {
        isa->multiply(channels, pixels, depth, weights, patches, sum, start);
    }
    if (!last) {
        return;
    }
    sld_tile_store to = destination(t, k->image, k->group, tile, panel);
    if (t->channel_lanes) {
        isa->store_transposed(sum, pixels, channels, &to);
    } else {
        prefetch_tile(&to, channels, pixels);
        isa->finish(channels, pixels, depth, weights, patches, sum, start, &to);
    }
}

static void run_task(void *user, size_t index, int thread)
{
    const plan *t = user;
    const sld_conv_shape *s = &t->s;
    int64_t i = (int64_t)index;
    int64_t panel_task = i % t->panel_tasks;
    int64_t tile_task = i / t->panel_tasks % t->tile_tasks;
    float *scratch = t->scratch + thread_floats(t) * (size_t)thread;
    task k = {
        .image = i / (t->panel_tasks * t->tile_tasks * s->groups),
        .group = i / (t->panel_tasks * t->tile_tasks) % s->groups,
        .tile = tile_task * t->task_tiles,
        .tile_end = min64((tile_task + 1) * t->task_tiles, t->tiles),
        .panel = panel_task * t->task_panels,
        .panel_end = min64((panel_task + 1) * t->task_panels, t->panels),
        .patches = scratch,
        .sums = scratch + t->patch_floats,
    };
    const sld_tensor *x = &t->run->in[0];
    sld_conv_patches block = {
        .shape = s,
        .in = (const float *)x->data + k.image * x->stride[0] +
              k.group * s->in_channels * s->in_plane,
        .pixel = k.tile * t->width,
        .pixels = min64(k.tile_end * t->width, s->pixels) - k.tile * t->width,
        .width = (int)t->width,
        .out = k.patches,
    };
    for (; block.channel < s->in_channels; block.channel += t->block_channels) {
        block.channels = min64(t->block_channels, s->in_channels - block.channel);
        t->isa->pack(&block);
        for (int64_t panel = k.panel; panel < k.panel_end; panel++) {
            for (int64_t tile = k.tile; tile < k.tile_end; tile++) {
                run_tile(t, &k, &block, tile, panel);
            }
        }
    }
}

solder_status sld_conv_gemm_run(const sld_run *run, const sld_conv_isa *isa, bool channel_lanes)
{
    plan t;
    int threads = sld_pool_threads(run->pool);
    make_plan(&t, run, threads, isa, channel_lanes);
    if (t.tiles == 0 || t.s.batch == 0) {
        return SOLDER_OK;
    }
    t.scratch = run->workspace;
    t.weights = run->in[1].data;
    if (run->in[1].packing != weight_packing(&t)) {
        float *packed = t.scratch + thread_floats(&t) * (size_t)threads;
        sld_pack(weight_packing(&t), run->params, &run->in[1], packed);
        t.weights = packed;
    }
    size_t tasks = (size_t)(t.s.batch * t.s.groups * t.tile_tasks * t.panel_tasks);
    sld_pool_for(run->pool, tasks, run_task, &t);
    return SOLDER_OK;
}
