/* SPDX-License-Identifier: Apache-2.0 */
/* Times one kernel on one call: made-up activations, real weights, warm caches, the best of many.
 */
#include <time.h>

#include "tactics/tactics.h"

enum { MAX_SAMPLES = 50 };

struct sld_timer {
    const solder_allocator *allocator;
    sld_diag *diag;
    sld_pool *pool;
    int threads;
    sld_arena arena; /* buffers of the call under test */
};

solder_status sld_timer_create(const solder_allocator *allocator, sld_diag *diag, int threads,
                               sld_timer **out)
{
    sld_timer *timer = sld_calloc(allocator, sizeof *timer);
    if (timer == NULL) {
        return sld_fail_memory(diag, sizeof *timer);
    }
    timer->allocator = allocator;
    timer->diag = diag;
    timer->threads = threads;
    sld_arena_init(&timer->arena, allocator, 0);
    if (threads > 1) {
        solder_status status = sld_pool_create(allocator, diag, threads, &timer->pool);
        if (status != SOLDER_OK) {
            sld_release(allocator, timer, sizeof *timer);
            return status;
        }
    }
    *out = timer;
    return SOLDER_OK;
}

void sld_timer_destroy(sld_timer *timer)
{
    if (timer != NULL) {
        sld_pool_destroy(timer->pool);
        sld_arena_free(&timer->arena);
        sld_release(timer->allocator, timer, sizeof *timer);
    }
}

static double now_microseconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* Memory for a strided tensor: the span from its first to its last element. */
static solder_status give_memory(sld_timer *timer, sld_tensor *t)
{
    if (!sld_tensor_present(t)) {
        return SOLDER_OK;
    }
    size_t span = sld_tensor_count(t) > 0 ? 1 : 0;
    for (int i = 0; span != 0 && i < t->rank; i++) {
        size_t step;
        if (!sld_size_mul((size_t)(t->dim[i] - 1), (size_t)t->stride[i], &step) ||
            !sld_size_add(span, step, &span)) {
            return sld_fail_memory(timer->diag, SIZE_MAX);
        }
    }
    size_t bytes;
    if (!sld_size_mul(span, solder_dtype_size(t->dtype), &bytes)) {
        return sld_fail_memory(timer->diag, SIZE_MAX);
    }
    t->data = sld_arena_alloc(&timer->arena, bytes);
    if (t->data == NULL) {
        return sld_fail_memory(timer->diag, bytes);
    }
    if (t->dtype == SOLDER_F32) { /* values in [-0.5, 0.5): denormals and zeros would flatter */
        float *p = t->data;
        uint32_t state = 12345;
        for (size_t i = 0; i < span; i++) {
            state = state * 1664525u + 1013904223u;
            p[i] = (float)(state >> 8) * 0x1p-24f - 0.5f;
        }
    }
    return SOLDER_OK;
}

static solder_status pack_constant(sld_timer *timer, const sld_kernel *kernel, const sld_run *run,
                                   uint32_t index, const void *data)
{
    sld_tensor *t = &run->in[index];
    t->data = (void *)(uintptr_t)data;
    const sld_packing *packing = kernel->packing != NULL ? kernel->packing(run, index) : NULL;
    if (packing == NULL) {
        return SOLDER_OK;
    }
    size_t size = packing->size(run->params, t);
    void *packed = sld_arena_alloc(&timer->arena, size);
    if (packed == NULL) {
        return sld_fail_memory(timer->diag, size);
    }
    sld_pack(packing, run->params, t, packed);
    t->data = packed;
    t->packing = packing;
    return SOLDER_OK;
}

static solder_status prepare(sld_timer *timer, const sld_kernel *kernel, const sld_node *node,
                             sld_call *call)
{
    sld_run *run = &call->run;
    for (uint32_t i = 0; i < run->in_count; i++) {
        const sld_value *value = node->in[i].value;
        if (sld_value_is_constant(value)) {
            SLD_TRY(pack_constant(timer, kernel, run, i, value->data));
        } else {
            SLD_TRY(give_memory(timer, &run->in[i]));
        }
    }
    for (uint32_t i = 0; i < run->out_count; i++) {
        SLD_TRY(give_memory(timer, &run->out[i]));
    }
    size_t workspace = kernel->workspace != NULL ? kernel->workspace(run, timer->threads) : 0;
    run->workspace = sld_arena_alloc(&timer->arena, workspace);
    run->workspace_size = workspace;
    run->pool = timer->pool;
    return run->workspace != NULL ? SOLDER_OK : sld_fail_memory(timer->diag, workspace);
}

/* The fastest of at least 3 runs, more while 4 ms last: other work on the machine only slows. */
static double sample(const sld_kernel *kernel, const sld_run *run)
{
    double start = now_microseconds();
    if (kernel->run(run) != SOLDER_OK) { /* made-up indices may be out of range: not timed */
        return -1;
    }
    double best = now_microseconds() - start;
    if (best > 100e3) {
        return best;
    }
    start = now_microseconds();
    for (int count = 0; count < 3 || (count < MAX_SAMPLES && now_microseconds() - start < 4000);
         count++) {
        double begin = now_microseconds();
        (void)kernel->run(run);
        double took = now_microseconds() - begin;
        best = took < best ? took : best;
    }
    return best;
}

solder_status sld_timer_measure(sld_timer *timer, const sld_kernel *kernel, const sld_node *node,
                                sld_call *call, double *microseconds)
{
    solder_status status = prepare(timer, kernel, node, call);
    if (status == SOLDER_OK) {
        *microseconds = sample(kernel, &call->run);
    }
    for (uint32_t i = 0; i < call->run.in_count; i++) {
        call->in[i].data = NULL;
        call->in[i].packing = NULL;
    }
    for (uint32_t i = 0; i < call->run.out_count; i++) {
        call->out[i].data = NULL;
    }
    sld_arena_free(&timer->arena);
    return status;
}
