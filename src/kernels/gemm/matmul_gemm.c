/* SPDX-License-Identifier: Apache-2.0 */
/* The loops around the register tile of a matrix product. */
#include "kernels/gemm/matmul_gemm.h"

#define BLOCK_DEPTH 256
/* Rows and columns of one task: A, B and the sums of a block stay in L2. */
#define TASK_ROWS    168
#define TASK_COLUMNS 256

/* One operand as a stack of matrices. */
typedef struct operand {
    float *data;
    int64_t stride; /* between rows, as stored */
    int64_t batch_stride[SOLDER_MAX_RANK];
} operand;

typedef struct plan {
    const sld_run *run;
    const sld_matmul_params *p;
    const sld_matmul_isa *isa;
    int batch_rank;
    int64_t batch_dim[SOLDER_MAX_RANK];
    int64_t batch, rows, columns, depth;
    operand a, b, bias, residual, out;
    int64_t bias_row_stride, bias_lane_stride;
    bool b_packed;
    int64_t tiles, panels, task_tiles, task_panels, tile_tasks, panel_tasks;
    int64_t blocks, block_depth;
    size_t a_floats, b_floats, sum_floats; /* scratch of one thread */
} plan;

/* Offsets of one matrix of the stack. */
typedef struct position {
    int64_t a, b, bias, residual, out;
} position;

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool present(const sld_run *run, uint32_t slot)
{
    return run->in_count > slot && sld_tensor_present(&run->in[slot]);
}

static bool lanes_dense(const sld_tensor *t)
{
    return t->dtype == SOLDER_F32 && (t->dim[t->rank - 1] == 1 || t->stride[t->rank - 1] == 1);
}

bool sld_matmul_gemm_supports(const sld_run *run)
{
    const sld_matmul_params *p = run->params;
    for (int i = 0; i < 2; i++) {
        if (run->in[i].rank < 2 || !lanes_dense(&run->in[i])) {
            return false;
        }
    }
    const sld_tensor *bias = &run->in[2];
    if (present(run, 2) && (bias->dtype != SOLDER_F32 || (bias->rank > 0 && !lanes_dense(bias)))) {
        return false;
    }
    if ((run->in[1].flags & SLD_TENSOR_CONSTANT) != 0 && !sld_tensor_contiguous(&run->in[1])) {
        return false;
    }
    return lanes_dense(&run->out[0]) && (p->epilogue.residual == 0 || lanes_dense(&run->in[3]));
}

static operand operand_of(const sld_tensor *t, const sld_tensor *out)
{
    operand o = {.data = t->data};
    int64_t strides[SOLDER_MAX_RANK];
    sld_broadcast_strides(t, out, strides);
    for (int i = 0; i < out->rank - 2; i++) {
        o.batch_stride[i] = strides[i];
    }
    o.stride = t->rank >= 2 ? t->stride[t->rank - 2] : 0;
    return o;
}

/* [batch, M, K] x [K, N] is one product of batch * M rows where the strides allow it. */
static void fold_batch(plan *t)
{
    int last = t->batch_rank - 1;
    while (last >= 0 && t->p->trans_a == 0 && t->b.batch_stride[last] == 0 &&
           t->bias.batch_stride[last] == 0 && t->bias_row_stride == 0 &&
           t->a.batch_stride[last] == t->rows * t->a.stride &&
           t->out.batch_stride[last] == t->rows * t->out.stride &&
           (t->residual.data == NULL ||
            t->residual.batch_stride[last] == t->rows * t->residual.stride)) {
        t->rows *= t->batch_dim[last];
        t->batch_rank = last--;
    }
}

static void make_tasks(plan *t, int threads)
{
    const sld_gemm_tile *tile = t->isa->tile;
    t->tiles = divide_up(t->rows, tile->rows);
    t->panels = divide_up(t->columns, tile->lanes);
    t->blocks = t->depth > 0 ? divide_up(t->depth, BLOCK_DEPTH) : 1;
    t->block_depth = divide_up(t->depth, t->blocks);
    t->task_tiles = min64(t->tiles, TASK_ROWS / tile->rows);
    t->task_panels = min64(t->panels, TASK_COLUMNS / tile->lanes);
    /* Upper bounds that grow with every dimension, whatever was folded. */
    int64_t most = min64(divide_up(t->batch * t->rows, tile->rows), TASK_ROWS / tile->rows);
    int64_t depth = min64(t->depth, BLOCK_DEPTH);
    t->a_floats = (size_t)(most * tile->rows * depth);
    t->b_floats = t->b_packed ? 0 : (size_t)(tile->lanes * depth);
    t->sum_floats = (size_t)(most * t->task_panels * tile->rows * tile->lanes);
    if (t->tiles == 0 || t->panels == 0) {
        return;
    }
    while (threads > 1 && t->task_panels > 1 &&
           t->batch * divide_up(t->tiles, t->task_tiles) * divide_up(t->panels, t->task_panels) <
               3 * (int64_t)threads) {
        t->task_panels = divide_up(t->task_panels, 2);
    }
    t->tile_tasks = divide_up(t->tiles, t->task_tiles);
    t->panel_tasks = divide_up(t->panels, t->task_panels);
}

static void make_plan(plan *t, const sld_run *run, int threads, const sld_matmul_isa *isa)
{
    const sld_tensor *a = &run->in[0];
    const sld_tensor *b = &run->in[1];
    const sld_tensor *out = &run->out[0];
    memset(t, 0, sizeof *t);
    t->run = run;
    t->p = run->params;
    t->isa = isa;
    t->rows = out->dim[out->rank - 2];
    t->columns = out->dim[out->rank - 1];
    t->depth = a->dim[a->rank - (t->p->trans_a != 0 ? 2 : 1)];
    t->a = operand_of(a, out);
    t->b = operand_of(b, out);
    t->out = operand_of(out, out);
    if (t->p->epilogue.residual != 0) {
        t->residual = operand_of(&run->in[3], out);
    }
    if (present(run, 2)) {
        int64_t strides[SOLDER_MAX_RANK];
        t->bias = operand_of(&run->in[2], out);
        sld_broadcast_strides(&run->in[2], out, strides);
        t->bias_row_stride = strides[out->rank - 2];
        t->bias_lane_stride = strides[out->rank - 1];
    }
    t->b_packed = (b->flags & SLD_TENSOR_CONSTANT) != 0 || b->packing != NULL;
    if (t->b_packed) { /* strides of the packed stack */
        int64_t matrix = divide_up(t->columns, isa->tile->lanes) * isa->tile->lanes * t->depth;
        int64_t plain = t->depth * t->columns;
        for (int i = 0; i < out->rank - 2; i++) {
            t->b.batch_stride[i] = plain > 0 ? t->b.batch_stride[i] / plain * matrix : 0;
        }
    }
    t->batch_rank = out->rank - 2;
    memcpy(t->batch_dim, out->dim, sizeof t->batch_dim);
    fold_batch(t);
    t->batch = 1;
    for (int i = 0; i < t->batch_rank; i++) {
        t->batch *= t->batch_dim[i];
    }
    make_tasks(t, threads);
}

static size_t thread_floats(const plan *t)
{
    return (t->a_floats + t->b_floats + t->sum_floats + 15) & ~(size_t)15;
}

size_t sld_matmul_gemm_workspace(const sld_run *run, int threads, const sld_matmul_isa *isa)
{
    plan t;
    make_plan(&t, run, threads, isa);
    return thread_floats(&t) * sizeof(float) * (size_t)threads;
}

static position position_of(const plan *t, int64_t matrix)
{
    position at = {0};
    for (int i = t->batch_rank - 1; i >= 0; i--) {
        int64_t index = matrix % t->batch_dim[i];
        matrix /= t->batch_dim[i];
        at.a += index * t->a.batch_stride[i];
        at.b += index * t->b.batch_stride[i];
        at.bias += index * t->bias.batch_stride[i];
        at.residual += index * t->residual.batch_stride[i];
        at.out += index * t->out.batch_stride[i];
    }
    return at;
}

/* Where a tile goes. */
static sld_tile_store place_of(const plan *t, const position *at, int64_t tile, int64_t panel)
{
    int64_t row = tile * t->isa->tile->rows;
    int64_t column = panel * t->isa->tile->lanes;
    sld_tile_store to = {
        .out = t->out.data + at->out + row * t->out.stride + column,
        .out_stride = t->out.stride,
        .residual_stride = t->residual.stride,
        .bias_row_stride = t->bias_row_stride,
        .bias_lane_stride = t->bias_lane_stride,
        .alpha = t->p->alpha,
        .beta = t->p->beta,
        .epilogue = &t->p->epilogue,
    };
    if (t->residual.data != NULL) {
        to.residual = t->residual.data + at->residual + row * t->residual.stride + column;
    }
    if (t->bias.data != NULL) {
        to.bias = t->bias.data + at->bias + row * t->bias_row_stride + column * t->bias_lane_stride;
    }
    return to;
}

/* The whole depth of a tile of A, or a panel of B, from k on. */
static void pack_a(const plan *t, const position *at, int64_t tile, int64_t k, int64_t depth,
                   float *out)
{
    int64_t row = tile * t->isa->tile->rows;
    bool trans = t->p->trans_a != 0;
    sld_matmul_block block = {
        .from = t->a.data + at->a + (trans ? k * t->a.stride + row : row * t->a.stride + k),
        .stride = t->a.stride,
        .along_k = !trans,
        .depth = depth,
        .live = (int)min64(t->isa->tile->rows, t->rows - row),
        .width = t->isa->tile->rows,
        .out = out,
    };
    t->isa->pack(&block);
}

static void pack_b(const plan *t, const position *at, int64_t panel, int64_t k, int64_t depth,
                   float *out)
{
    int64_t column = panel * t->isa->tile->lanes;
    bool trans = t->p->trans_b != 0;
    sld_matmul_block block = {
        .from = t->b.data + at->b + (trans ? column * t->b.stride + k : k * t->b.stride + column),
        .stride = t->b.stride,
        .along_k = trans,
        .depth = depth,
        .live = (int)min64(t->isa->tile->lanes, t->columns - column),
        .width = t->isa->tile->lanes,
        .out = out,
    };
    t->isa->pack(&block);
}

typedef struct task {
    position at;
    int64_t tile, tile_end, panel, panel_end;
    float *a, *b, *sums;
} task;

static void run_block(const plan *t, const task *job, int64_t k, int64_t depth)
{
    const sld_gemm_tile *tile = t->isa->tile;
    for (int64_t i = job->tile; i < job->tile_end; i++) {
        pack_a(t, &job->at, i, k, depth, job->a + (i - job->tile) * depth * tile->rows);
    }
    bool last = k + depth == t->depth;
    float *sum = job->sums;
    for (int64_t j = job->panel; j < job->panel_end; j++) {
        const float *b = t->b.data + job->at.b + (j * t->depth + k) * tile->lanes;
        if (!t->b_packed) {
            pack_b(t, &job->at, j, k, depth, job->b);
            b = job->b;
        }
        int columns = (int)min64(tile->lanes, t->columns - j * tile->lanes);
        for (int64_t i = job->tile; i < job->tile_end; i++) {
            int rows = (int)min64(tile->rows, t->rows - i * tile->rows);
            const float *a = job->a + (i - job->tile) * depth * tile->rows;
            if (last) {
                sld_tile_store to = place_of(t, &job->at, i, j);
                tile->finish(rows, columns, depth, a, b, sum, k == 0, &to);
            } else {
                tile->multiply(rows, columns, depth, a, b, sum, k == 0);
            }
            sum += tile->rows * tile->lanes;
        }
    }
}

static void run_task(void *user, size_t index, int thread)
{
    const plan *t = user;
    int64_t i = (int64_t)index;
    int64_t panel_task = i % t->panel_tasks;
    int64_t tile_task = i / t->panel_tasks % t->tile_tasks;
    float *scratch = (float *)t->run->workspace + thread_floats(t) * (size_t)thread;
    task job = {
        .at = position_of(t, i / (t->panel_tasks * t->tile_tasks)),
        .tile = tile_task * t->task_tiles,
        .tile_end = min64((tile_task + 1) * t->task_tiles, t->tiles),
        .panel = panel_task * t->task_panels,
        .panel_end = min64((panel_task + 1) * t->task_panels, t->panels),
        .a = scratch,
        .b = scratch + t->a_floats,
        .sums = scratch + t->a_floats + t->b_floats,
    };
    int64_t k = 0;
    do {
        int64_t depth = min64(t->block_depth, t->depth - k);
        run_block(t, &job, k, depth);
        k += depth;
    } while (k < t->depth);
}

/* One row of A against one panel: no packing of A, B read once from front to back. */
static void run_row_task(void *user, size_t index, int thread)
{
    const plan *t = user;
    int lanes = t->isa->tile->lanes;
    int64_t panel = (int64_t)index % t->panels;
    position at = position_of(t, (int64_t)index / t->panels);
    float *sum = (float *)t->run->workspace + thread_floats(t) * (size_t)thread;
    int columns = (int)min64(lanes, t->columns - panel * lanes);
    if (t->b_packed) {
        t->isa->row(columns, t->depth, t->a.data + at.a,
                    t->b.data + at.b + panel * t->depth * lanes, lanes, sum);
    } else {
        t->isa->row(columns, t->depth, t->a.data + at.a, t->b.data + at.b + panel * lanes,
                    t->b.stride, sum);
    }
    sld_tile_store to = place_of(t, &at, 0, panel);
    t->isa->tile->store(sum, 1, columns, &to);
}

solder_status sld_matmul_gemm_run(const sld_run *run, const sld_matmul_isa *isa)
{
    plan t;
    make_plan(&t, run, sld_pool_threads(run->pool), isa);
    if (t.batch * t.tiles * t.panels == 0) {
        return SOLDER_OK;
    }
    bool a_dense = t.p->trans_a == 0 || t.a.stride == 1;
    if (t.rows == 1 && a_dense && (t.b_packed || t.p->trans_b == 0)) {
        sld_pool_for(run->pool, (size_t)(t.batch * t.panels), run_row_task, &t);
    } else {
        sld_pool_for(run->pool, (size_t)(t.batch * t.tile_tasks * t.panel_tasks), run_task, &t);
    }
    return SOLDER_OK;
}
