/* SPDX-License-Identifier: Apache-2.0 */
/* The loops around the products and the cells. */
#include "kernels/recurrent/recurrent_gemm.h"

/* Columns of one task of a cell, and sizes below which waking threads costs more than it gives. */
#define CELL_COLUMNS  256
#define POOL_PRODUCTS (1 << 17)
#define POOL_CELLS    (1 << 13)
/* Floats of w x kept at a time, unless a single step has more. */
#define WINDOW_FLOATS (1 << 18)
/* Sequences whose steps are multiplied panel by panel: more are a matrix product like any other. */
#define FEW_SEQUENCES 24
/* Sums are added up in parts of this depth, as those of a matrix product. */
#define BLOCK_DEPTH 256
/* Floats of the largest tile. */
#define MAX_TILE 512

static const sld_matmul_params product = {.trans_b = 1, .alpha = 1.0f, .beta = 1.0f};

/* A matrix that is multiplied step by step: parts (gates) of `columns` results each. */
typedef struct weights {
    float *data; /* packed */
    int64_t depth, columns, panels;
} weights;

/* One direction of a run. */
typedef struct layer {
    const sld_run *run;
    const sld_recurrent_params *p;
    const sld_recurrent_isa *isa;
    int64_t gates, steps, batch, hidden, width, d, step;
    int64_t outputs; /* elements of h: hidden, or those of the projection */
    bool projects;
    int64_t chunks;     /* of a gate's columns */
    int64_t window;     /* steps whose w x is kept at a time */
    int64_t begin, end; /* those kept now */
    float *w;           /* packed, of this direction */
    weights r, projection;
    float *from_x;           /* [window, N, G H] */
    float *from_h;           /* [N, G H] */
    float *state;            /* [N, P] */
    float *content, *scaled; /* [N, H] */
    float *packed;           /* vectors of a step, in tiles of tile_rows sequences */
    int64_t tiles, tile_rows;
    float *bias;             /* [G H] */
    float *scratch;          /* of matmul */
    sld_recurrent_cell cell; /* what all cells share */
    void (*part)(const sld_recurrent_cell *cell);
    const float *vector; /* of the tasks of a product */
    const weights *by;
    int64_t first_gate, gate_count;
} layer;

static bool present(const sld_run *run, uint32_t slot)
{
    return slot < run->in_count && sld_tensor_present(&run->in[slot]);
}

static bool lanes_dense(const sld_tensor *t)
{
    int last = t->rank - 1;
    return t->dtype == SOLDER_F32 && (t->dim[last] == 1 || t->stride[last] == 1);
}

bool sld_recurrent_gemm_supports(const sld_run *run)
{
    static const uint32_t packed[] = {SLD_RECURRENT_W, SLD_RECURRENT_R, SLD_RECURRENT_PROJECTION};
    const sld_recurrent_params *p = run->params;
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(packed); i++) {
        const sld_tensor *t = &run->in[packed[i] < run->in_count ? packed[i] : 0];
        if (present(run, packed[i]) &&
            ((t->flags & SLD_TENSOR_CONSTANT) == 0 || !sld_tensor_contiguous(t))) {
            return false;
        }
    }
    if (run->in[SLD_RECURRENT_R].dim[2] > p->hidden) { /* a projection upwards */
        return false;
    }
    for (uint32_t i = 0; i < run->in_count; i++) {
        if (i != SLD_RECURRENT_LENGTHS && present(run, i) && !lanes_dense(&run->in[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < run->out_count; i++) {
        if (sld_tensor_present(&run->out[i]) && !lanes_dense(&run->out[i])) {
            return false;
        }
    }
    return true;
}

/* ---- the products ---- */

typedef struct operands {
    sld_tensor in[3], out;
    sld_run run;
} operands;

static sld_tensor packed_gates(float *data, int64_t count, int64_t columns, int64_t depth)
{
    sld_tensor t = sld_tensor_make(data, SOLDER_F32, 4, (int64_t[]){count, 1, columns, depth});
    t.flags = SLD_TENSOR_CONSTANT;
    return t;
}

/* [count, steps, N, columns] of a buffer with rows of all gates. */
static sld_tensor gate_columns(const layer *l, float *data, int64_t count, int64_t columns,
                               int64_t steps)
{
    sld_tensor t =
        sld_tensor_make(data, SOLDER_F32, 4, (int64_t[]){count, steps, l->batch, columns});
    t.stride[0] = l->hidden;
    t.stride[1] = l->batch * l->width;
    t.stride[2] = l->width;
    return t;
}

static void set_run(operands *o, const layer *l, sld_pool *pool)
{
    o->run = (sld_run){.params = &product,
                       .in = o->in,
                       .out = &o->out,
                       .in_count = 3,
                       .out_count = 1,
                       .workspace = l->scratch,
                       .pool = pool};
}

/* from_x = w x + bias for x[first .. first + count), of batch sequences from n on. */
static void input_operands(const layer *l, int64_t first, int64_t count, int64_t n, int64_t batch,
                           operands *o)
{
    const sld_tensor *x = &l->run->in[SLD_RECURRENT_X];
    int64_t dims[] = {1, count, batch, x->dim[2]};
    float *from = x->data;
    float *to = l->from_x;
    if (from != NULL) {
        from += first * x->stride[0] + n * x->stride[1];
    }
    if (to != NULL) { /* sizing the workspace, there is none yet */
        to += n * l->width;
    }
    o->in[0] = sld_tensor_make(from, SOLDER_F32, 4, dims);
    o->in[0].stride[1] = x->stride[0];
    o->in[0].stride[2] = batch == 1 ? x->stride[0] : x->stride[1];
    o->in[1] = packed_gates(l->w, l->gates, l->hidden, x->dim[2]);
    o->in[2] = (sld_tensor){.dtype = SOLDER_NONE};
    if (present(l->run, SLD_RECURRENT_BIAS)) {
        o->in[2] = sld_tensor_make(l->bias, SOLDER_F32, 4, (int64_t[]){l->gates, 1, 1, l->hidden});
    }
    o->out = gate_columns(l, to, l->gates, l->hidden, count);
    o->out.dim[2] = batch;
    o->out.stride[2] = batch == 1 ? o->out.stride[1] : l->width;
    set_run(o, l, l->run->pool);
}

static bool reversed(const layer *l)
{
    return sld_recurrent_reversed(l->p, l->d);
}

/* The step of x that from_x begins with for a sequence of this length. */
static int64_t first_row(const layer *l, int64_t length)
{
    if (l->window == l->steps) {
        return 0;
    }
    if (!reversed(l)) {
        return l->begin;
    }
    return length > l->end ? length - l->end : 0;
}

/* w x of the steps [begin, end). Sequences that end at different steps begin apart backwards. */
static solder_status multiply_inputs(layer *l)
{
    operands o;
    bool whole = l->window == l->steps;
    if (whole || !reversed(l) || !present(l->run, SLD_RECURRENT_LENGTHS)) {
        int64_t first = first_row(l, l->steps);
        input_operands(l, first, l->end - l->begin, 0, l->batch, &o);
        return sld_matmul_gemm_run(&o.run, l->isa->matmul);
    }
    for (int64_t n = 0; n < l->batch; n++) {
        int64_t length = sld_recurrent_length(l->run, n);
        int64_t first = first_row(l, length);
        if (length - l->begin > first) {
            input_operands(l, first, length - l->begin - first, n, 1, &o);
            SLD_TRY(sld_matmul_gemm_run(&o.run, l->isa->matmul));
        }
    }
    return SOLDER_OK;
}

/* from_h = the product of by and the vectors, for count gates from first on. */
static void step_operands(const layer *l, const weights *by, float *vector, int64_t first,
                          int64_t count, operands *o)
{
    int lanes = l->isa->matmul->tile->lanes;
    float *data = by->data == NULL ? NULL : by->data + first * by->panels * lanes * by->depth;
    float *to = l->from_h == NULL ? NULL : l->from_h + first * by->columns;
    bool small = l->gates * by->columns * by->depth * l->batch < POOL_PRODUCTS;
    int64_t dims[] = {1, 1, l->batch, by->depth};
    o->in[0] = sld_tensor_make(vector, SOLDER_F32, 4, dims);
    o->in[1] = packed_gates(data, count, by->columns, by->depth);
    o->in[2] = (sld_tensor){.dtype = SOLDER_NONE};
    o->out = gate_columns(l, to, count, by->columns, 1);
    set_run(o, l, small ? NULL : l->run->pool);
}

/* A panel of the weights and what it gives. */
typedef struct panel {
    const float *data;
    int live;  /* columns */
    float *to; /* in the first sequence's row */
} panel;

static panel panel_of(const layer *l, size_t index)
{
    const weights *by = l->by;
    int64_t lanes = l->isa->matmul->tile->lanes;
    int64_t count = l->gate_count * by->panels;
    /* Every other step goes backwards: what was read last is still in the cache. */
    int64_t i = (l->step & 1) != 0 ? count - 1 - (int64_t)index : (int64_t)index;
    int64_t column = i % by->panels * lanes, left = by->columns - column;
    return (panel){by->data + (l->first_gate * by->panels + i) * lanes * by->depth,
                   (int)(left < lanes ? left : lanes),
                   l->from_h + (l->first_gate + i / by->panels) * by->columns + column};
}

/* One panel times the only sequence's vector. */
static void column_task(void *user, size_t index, int thread)
{
    (void)thread;
    const layer *l = user;
    const sld_matmul_isa *isa = l->isa->matmul;
    panel p = panel_of(l, index);
    _Alignas(64) float sum[64];
    isa->row(p.live, l->by->depth, l->vector, p.data, isa->tile->lanes, sum);
    memcpy(p.to, sum, (size_t)p.live * sizeof *sum);
}

/* One panel times the vectors of a few sequences. */
static void panel_task(void *user, size_t index, int thread)
{
    (void)thread;
    const layer *l = user;
    const sld_gemm_tile *tile = l->isa->matmul->tile;
    int64_t depth = l->by->depth;
    panel p = panel_of(l, index);
    _Alignas(64) float sum[MAX_TILE];
    for (int64_t i = 0; i < l->tiles; i++) {
        const float *a = l->packed + i * tile->rows * depth;
        int64_t first = i * l->tile_rows, left = l->batch - first;
        int rows = (int)(left < l->tile_rows ? left : l->tile_rows);
        for (int64_t k = 0; k < depth; k += BLOCK_DEPTH) {
            int64_t block = depth - k < BLOCK_DEPTH ? depth - k : BLOCK_DEPTH;
            tile->multiply(rows, p.live, block, a + k * tile->rows, p.data + k * tile->lanes, sum,
                           k == 0);
        }
        for (int64_t n = 0; n < rows; n++) {
            memcpy(p.to + (first + n) * l->width, sum + n * tile->lanes,
                   (size_t)p.live * sizeof *sum);
        }
    }
}

static void pack_vectors(layer *l)
{
    const sld_matmul_isa *isa = l->isa->matmul;
    int64_t depth = l->by->depth;
    for (int64_t i = 0; i < l->tiles; i++) {
        int64_t first = i * l->tile_rows, left = l->batch - first;
        const sld_matmul_block block = {.from = l->vector + first * depth,
                                        .stride = depth,
                                        .along_k = true,
                                        .depth = depth,
                                        .live = (int)(left < l->tile_rows ? left : l->tile_rows),
                                        .width = isa->tile->rows,
                                        .out = l->packed + i * isa->tile->rows * depth};
        isa->pack(&block);
    }
}

static solder_status multiply(layer *l, const weights *by, float *vector, int64_t first,
                              int64_t count)
{
    operands o;
    step_operands(l, by, vector, first, count, &o);
    if (l->batch > FEW_SEQUENCES) {
        return sld_matmul_gemm_run(&o.run, l->isa->matmul);
    }
    l->vector = vector;
    l->by = by;
    l->first_gate = first;
    l->gate_count = count;
    if (l->batch > 1) {
        pack_vectors(l);
    }
    sld_pool_for(o.run.pool, (size_t)(count * by->panels), l->batch > 1 ? panel_task : column_task,
                 l);
    return SOLDER_OK;
}

/* ---- the cells ---- */

/* The step of x that sequence n is at; -1 if it has ended. */
static int64_t place_of(const layer *l, int64_t n)
{
    int64_t length = sld_recurrent_length(l->run, n);
    return l->step >= length ? -1 : reversed(l) ? length - 1 - l->step : l->step;
}

static float *y_at(const layer *l, int64_t t, int64_t n)
{
    const sld_tensor *y = &l->run->out[0];
    return (float *)y->data + t * y->stride[0] + l->d * y->stride[1] + n * y->stride[2];
}

static void cell_task(void *user, size_t index, int thread)
{
    (void)thread;
    const layer *l = user;
    int64_t n = (int64_t)index / l->chunks;
    int64_t first = (int64_t)index % l->chunks * CELL_COLUMNS;
    int64_t t = place_of(l, n);
    if (t < 0) {
        return;
    }
    int64_t row = t - first_row(l, sld_recurrent_length(l->run, n));
    sld_recurrent_cell cell = l->cell;
    int64_t left = l->hidden - first;
    cell.count = left < CELL_COLUMNS ? left : CELL_COLUMNS;
    cell.from_x = l->from_x + (row * l->batch + n) * l->width + first;
    cell.from_h = l->from_h + n * l->width + first;
    cell.r_bias = l->cell.r_bias == NULL ? NULL : l->cell.r_bias + first;
    cell.peephole = l->cell.peephole == NULL ? NULL : l->cell.peephole + first;
    cell.content = l->content + n * l->hidden + first;
    cell.scaled = l->scaled + n * l->hidden + first;
    cell.state = l->projects ? cell.scaled : l->state + n * l->hidden + first;
    cell.y = l->projects ? cell.scaled : y_at(l, t, n) + first;
    l->part(&cell);
}

static void run_cells(layer *l, void (*part)(const sld_recurrent_cell *cell))
{
    sld_pool *pool = l->batch * l->hidden < POOL_CELLS ? NULL : l->run->pool;
    l->part = part;
    sld_pool_for(pool, (size_t)(l->batch * l->chunks), cell_task, l);
}

/* The cells left h before the projection in scaled. */
static solder_status project(layer *l)
{
    size_t bytes = (size_t)l->outputs * sizeof(float);
    SLD_TRY(multiply(l, &l->projection, l->scaled, 0, 1));
    for (int64_t n = 0; n < l->batch; n++) {
        int64_t t = place_of(l, n);
        if (t >= 0) {
            memcpy(l->state + n * l->outputs, l->from_h + n * l->width, bytes);
            memcpy(y_at(l, t, n), l->from_h + n * l->width, bytes);
        }
    }
    return SOLDER_OK;
}

static solder_status run_step(layer *l)
{
    const sld_recurrent_isa *isa = l->isa;
    if (l->gates != SLD_GRU_GATES) {
        SLD_TRY(multiply(l, &l->r, l->state, 0, l->gates));
        run_cells(l, l->gates == SLD_LSTM_GATES ? isa->lstm : isa->rnn);
        return l->projects ? project(l) : SOLDER_OK;
    }
    bool linear = l->p->linear_before_reset != 0;
    SLD_TRY(multiply(l, &l->r, l->state, 0, linear ? 3 : 2));
    run_cells(l, isa->gru_gates);
    if (!linear) {
        SLD_TRY(multiply(l, &l->r, l->scaled, 2, 1));
    }
    run_cells(l, isa->gru);
    return SOLDER_OK;
}

/* ---- a direction ---- */

static void load_state(const layer *l, uint32_t slot, int64_t count, float *state)
{
    const sld_tensor *t = &l->run->in[slot];
    size_t bytes = (size_t)count * sizeof *state;
    for (int64_t n = 0; n < l->batch; n++, state += count) {
        if (present(l->run, slot)) {
            memcpy(state, (const float *)t->data + l->d * t->stride[0] + n * t->stride[1], bytes);
        } else {
            memset(state, 0, bytes);
        }
    }
}

static void store_state(const layer *l, uint32_t slot, int64_t count, const float *state)
{
    const sld_tensor *t = &l->run->out[slot];
    if (slot >= l->run->out_count || !sld_tensor_present(t)) {
        return;
    }
    for (int64_t n = 0; n < l->batch; n++, state += count) {
        memcpy((float *)t->data + l->d * t->stride[0] + n * t->stride[1], state,
               (size_t)count * sizeof *state);
    }
}

static void clear_rest(const layer *l)
{
    for (int64_t n = 0; n < l->batch; n++) {
        for (int64_t t = sld_recurrent_length(l->run, n); t < l->steps; t++) {
            memset(y_at(l, t, n), 0, (size_t)l->outputs * sizeof(float));
        }
    }
}

/* Both halves at once, but for the one that a reset gate comes between. */
static void set_constants(layer *l)
{
    const sld_recurrent_params *p = l->p;
    int64_t d = l->d;
    l->cell = (sld_recurrent_cell){.params = p,
                                   .f = {p->f[d], p->f_alpha[d], p->f_beta[d], 0},
                                   .g = {p->g[d], p->g_alpha[d], p->g_beta[d], 0},
                                   .h = {p->h[d], p->h_alpha[d], p->h_beta[d], 0},
                                   .hidden = l->hidden};
    if (present(l->run, SLD_RECURRENT_PEEPHOLES)) {
        const sld_tensor *t = &l->run->in[SLD_RECURRENT_PEEPHOLES];
        l->cell.peephole = (const float *)t->data + d * t->stride[0];
    }
    if (present(l->run, SLD_RECURRENT_BIAS)) {
        const sld_tensor *t = &l->run->in[SLD_RECURRENT_BIAS];
        const float *bias = (const float *)t->data + d * t->stride[0];
        bool apart = l->gates == SLD_GRU_GATES && p->linear_before_reset != 0;
        int64_t both = apart ? 2 * l->hidden : l->width;
        for (int64_t i = 0; i < l->width; i++) {
            l->bias[i] = i < both ? bias[i] + bias[l->width + i] : bias[i];
        }
        l->cell.r_bias = apart ? bias + l->width + 2 * l->hidden : NULL;
    }
}

static solder_status run_direction(layer *l, int64_t longest)
{
    set_constants(l);
    load_state(l, SLD_RECURRENT_H, l->outputs, l->state);
    load_state(l, SLD_RECURRENT_C, l->hidden, l->content);
    if (l->projects) { /* sequences of no steps are multiplied with the others */
        memset(l->scaled, 0, (size_t)(l->batch * l->hidden) * sizeof(float));
    }
    for (l->begin = 0; l->begin < longest; l->begin = l->end) {
        l->end = longest - l->begin < l->window ? longest : l->begin + l->window;
        SLD_TRY(multiply_inputs(l));
        for (l->step = l->begin; l->step < l->end; l->step++) {
            SLD_TRY(run_step(l));
        }
    }
    clear_rest(l);
    store_state(l, 1, l->outputs, l->state);
    store_state(l, 2, l->hidden, l->content);
    return SOLDER_OK;
}

/* ---- the whole ---- */

static layer make_layer(const sld_run *run, int64_t gates, const sld_recurrent_isa *isa)
{
    const sld_recurrent_params *p = run->params;
    int lanes = isa->matmul->tile->lanes;
    int64_t steps = run->in[0].dim[0];
    int64_t step = run->in[0].dim[1] * gates * p->hidden;
    int64_t outputs = run->in[SLD_RECURRENT_R].dim[2];
    int64_t batch = run->in[0].dim[1], rows = isa->matmul->tile->rows;
    int64_t tiles = (batch + rows - 1) / rows;
    int64_t most = step < WINDOW_FLOATS ? WINDOW_FLOATS / (step > 0 ? step : 1) : 1;
    return (layer){.run = run,
                   .p = p,
                   .isa = isa,
                   .gates = gates,
                   .steps = steps,
                   .window = steps < most ? steps : most,
                   .batch = batch,
                   .tiles = tiles,
                   .tile_rows = tiles > 0 ? (batch + tiles - 1) / tiles : 0,
                   .hidden = p->hidden,
                   .width = gates * p->hidden,
                   .outputs = outputs,
                   .projects = present(run, SLD_RECURRENT_PROJECTION),
                   .r = {NULL, outputs, p->hidden, (p->hidden + lanes - 1) / lanes},
                   .projection = {NULL, p->hidden, outputs, (outputs + lanes - 1) / lanes},
                   .chunks = (p->hidden + CELL_COLUMNS - 1) / CELL_COLUMNS};
}

/* An upper bound that grows with every dimension. */
static int64_t window_floats(const layer *l)
{
    int64_t step = l->batch * l->width;
    int64_t most = step > WINDOW_FLOATS ? step : WINDOW_FLOATS;
    return l->steps > most / (step > 0 ? step : 1) ? most : l->steps * step;
}

/* Vectors of a step in whole tiles. */
static int64_t packed_floats(const layer *l)
{
    int64_t few = l->batch < FEW_SEQUENCES ? l->batch : FEW_SEQUENCES;
    return (few + l->isa->matmul->tile->rows) * l->hidden;
}

/* The next count floats, on a cache line. */
static float *take(float **at, int64_t count)
{
    float *taken = *at;
    *at += (count + 15) & ~(int64_t)15;
    return taken;
}

static void cut_workspace(layer *l, float *at)
{
    l->from_x = take(&at, window_floats(l));
    l->from_h = take(&at, l->batch * l->width);
    l->state = take(&at, l->batch * l->outputs);
    l->content = take(&at, l->batch * l->hidden);
    l->scaled = take(&at, l->batch * l->hidden);
    l->bias = take(&at, l->width);
    l->packed = take(&at, packed_floats(l));
    l->scratch = at;
}

size_t sld_recurrent_gemm_workspace(const sld_run *run, int threads, int64_t gates,
                                    const sld_recurrent_isa *isa)
{
    layer l = make_layer(run, gates, isa);
    operands o;
    input_operands(&l, 0, l.steps, 0, l.batch, &o);
    size_t most = sld_matmul_gemm_workspace(&o.run, threads, isa->matmul);
    const weights *const by[] = {&l.r, &l.projection};
    for (int i = 0; i < (l.projects ? 2 : 1); i++) {
        step_operands(&l, by[i], NULL, 0, i == 0 ? gates : 1, &o);
        size_t step = sld_matmul_gemm_workspace(&o.run, threads, isa->matmul);
        most = step > most ? step : most;
    }
    int64_t parts[] = {window_floats(&l),  l.batch * l.width,  l.batch * l.outputs,
                       l.batch * l.hidden, l.batch * l.hidden, l.width,
                       packed_floats(&l)};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(parts); i++) {
        most += (size_t)((parts[i] + 15) & ~(int64_t)15) * sizeof(float);
    }
    return most;
}

solder_status sld_recurrent_gemm_run(const sld_run *run, int64_t gates,
                                     const sld_recurrent_isa *isa)
{
    layer l = make_layer(run, gates, isa);
    int64_t longest = 0;
    for (int64_t n = 0; n < l.batch; n++) {
        int64_t length = sld_recurrent_length(run, n);
        if (length < 0) {
            return SOLDER_ERROR_DATA;
        }
        longest = length > longest ? length : longest;
    }
    cut_workspace(&l, run->workspace);
    int64_t lanes = isa->matmul->tile->lanes, columns = gates * l.r.panels * lanes;
    for (l.d = 0; l.d < run->in[SLD_RECURRENT_W].dim[0]; l.d++) {
        l.w = (float *)run->in[SLD_RECURRENT_W].data + l.d * columns * run->in[0].dim[2];
        l.r.data = (float *)run->in[SLD_RECURRENT_R].data + l.d * columns * l.outputs;
        if (l.projects) {
            l.projection.data = (float *)run->in[SLD_RECURRENT_PROJECTION].data +
                                l.d * l.projection.panels * lanes * l.hidden;
        }
        SLD_TRY(run_direction(&l, longest));
    }
    return SOLDER_OK;
}
