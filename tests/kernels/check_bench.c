/* SPDX-License-Identifier: Apache-2.0 */
/* The bench half of check_kernels: one thread, median time, share of the measured peak. */
#include <stdlib.h>
#include <time.h>

#include "base/peak.h"
#include "kernels/check.h"

#define MAX_RUNS           101
#define SECONDS_PER_KERNEL 0.15

typedef struct bench {
    const check_options *options;
    const check_family *family;
    double peak; /* GFLOP/s */
} bench;

static double seconds_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void *filled(const sld_tensor *t, check_random *r)
{
    size_t count = (size_t)sld_tensor_count(t);
    void *data = sld_alloc(NULL, count * solder_dtype_size(t->dtype) + 64);
    sld_tensor view = *t;
    view.data = data;
    for (size_t i = 0; i < count && data != NULL; i++) {
        sld_put_f64(&view, (int64_t)i, check_real(r, -1.0, 1.0));
    }
    return data;
}

static double median_time(const sld_kernel *k, const sld_run *run)
{
    double times[MAX_RUNS];
    int runs = 0;
    double begin = seconds_now();
    (void)k->run(run);
    while (runs < 3 || (runs < MAX_RUNS && seconds_now() - begin < SECONDS_PER_KERNEL)) {
        double start = seconds_now();
        (void)k->run(run);
        times[runs++] = seconds_now() - start;
    }
    qsort(times, (size_t)runs, sizeof times[0], compare_double);
    return times[runs / 2];
}

static double bytes_of(const check_case *c)
{
    double bytes = 0.0;
    for (uint32_t i = 0; i < c->in_count; i++) {
        bytes += (double)sld_tensor_count(&c->in[i]) * (double)solder_dtype_size(c->in[i].dtype);
    }
    for (uint32_t i = 0; i < c->out_count; i++) {
        bytes += (double)sld_tensor_count(&c->out[i]) * (double)solder_dtype_size(c->out[i].dtype);
    }
    return bytes;
}

static void bench_kernel(const bench *b, const sld_kernel *k, const char *label,
                         const check_case *original)
{
    check_case c = *original;
    sld_run run = {.params = &c.params,
                   .in = c.in,
                   .out = c.out,
                   .in_count = c.in_count,
                   .out_count = c.out_count};
    void *packed[CHECK_INPUTS] = {NULL};
    for (uint32_t i = 0; i < c.in_count; i++) {
        const sld_packing *packing = k->packing != NULL && (c.in[i].flags & SLD_TENSOR_CONSTANT)
                                         ? k->packing(&run, i)
                                         : NULL;
        if (packing != NULL) {
            packed[i] = sld_alloc(NULL, packing->size(&c.params, &c.in[i]));
            sld_pack(packing, &c.params, &c.in[i], packed[i]);
            c.in[i].data = packed[i];
            c.in[i].packing = packing;
        }
    }
    size_t bytes = k->workspace != NULL ? k->workspace(&run, 1) : 0;
    run.workspace = sld_alloc(NULL, bytes + 64);
    double seconds = median_time(k, &run);
    (void)printf("%-28s %-34s %9.1f us %8.1f GFLOP/s %7.1f GB/s %5.1f %%\n", label, k->name,
                 seconds * 1e6, c.flops / seconds * 1e-9, bytes_of(&c) / seconds * 1e-9,
                 100.0 * c.flops / seconds * 1e-9 / b->peak);
    (void)fflush(stdout);
    sld_release(NULL, run.workspace, bytes + 64);
    for (int i = 0; i < CHECK_INPUTS; i++) {
        if (packed[i] != NULL) {
            sld_release(NULL, packed[i], 0);
        }
    }
}

static void bench_shape(void *user, const char *label, check_case *c)
{
    const bench *b = user;
    const char *filter = b->options->filter;
    check_random r = {b->options->seed};
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    if (c->channels_last) {
        check_channels_last(&c->in[0]);
    }
    for (uint32_t i = 0; i < c->in_count; i++) {
        c->in[i].data = sld_tensor_present(&c->in[i]) ? filled(&c->in[i], &r) : NULL;
    }
    for (uint32_t i = 0; i < c->out_count; i++) {
        c->out[i].data = filled(&c->out[i], &r);
    }
    for (size_t i = 0; i < count; i++) {
        const sld_kernel *k = kernels[i];
        sld_run run = {.params = &c->params,
                       .in = c->in,
                       .out = c->out,
                       .in_count = c->in_count,
                       .out_count = c->out_count};
        bool reference = k == sld_kernel_reference(k->family); /* slow: only by name */
        if (strcmp(k->family, b->family->family) == 0 &&
            (!reference || (filter != NULL && strstr(k->name, filter) != NULL)) &&
            (b->options->isas & (1u << k->isa)) != 0 &&
            (filter == NULL || strstr(k->name, filter) != NULL || strstr(label, filter) != NULL) &&
            (k->supports == NULL || k->supports(&run))) {
            bench_kernel(b, k, label, c);
        }
    }
    for (uint32_t i = 0; i < c->in_count; i++) {
        sld_release(NULL, c->in[i].data, 0);
    }
    for (uint32_t i = 0; i < c->out_count; i++) {
        sld_release(NULL, c->out[i].data, 0);
    }
}

void check_bench(const check_options *options, const check_family *const *families, size_t count)
{
    bench b = {.options = options};
    for (int i = 0; i < 10; i++) { /* the highest: a busy neighbour must not flatter a kernel */
        double peak = sld_peak_gflops(options->isas);
        b.peak = peak > b.peak ? peak : b.peak;
    }
    const size_t bytes = (size_t)64 << 20; /* beyond L3 */
    void *buffer = sld_calloc(NULL, bytes);
    double read = buffer != NULL ? sld_peak_read(options->isas, buffer, bytes) : 0.0;
    sld_release(NULL, buffer, bytes);
    (void)printf("peak %.1f GFLOP/s, memory read %.1f GB/s\n", b.peak, read);
    for (size_t i = 0; i < count; i++) {
        b.family = families[i];
        check_each_shape(families[i], false, bench_shape, &b);
    }
}
