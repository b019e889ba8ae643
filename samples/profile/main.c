/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of a network goes, step by step: see README.md. */
#include <stdio.h>
#include <stdlib.h>

#include <solder/builder.h>
#include <solder/runtime.h>

enum { WARM_UP = 10, RUNS = 100 };

typedef struct step_time {
    solder_step step;
    double microseconds;
} step_time;

/* Called after each step, on the running thread; the fastest run is the least disturbed one. */
static void count(void *user, size_t step, double microseconds)
{
    step_time *times = user;
    double *fastest = &times[step].microseconds;
    *fastest = *fastest == 0 || microseconds < *fastest ? microseconds : *fastest;
}

static int by_time(const void *a, const void *b)
{
    double x = ((const step_time *)a)->microseconds;
    double y = ((const step_time *)b)->microseconds;
    return (x < y) - (x > y);
}

static void print(step_time *times, size_t steps)
{
    double sum = 0;
    for (size_t i = 0; i < steps; i++) {
        sum += times[i].microseconds;
    }
    qsort(times, steps, sizeof *times, by_time);
    printf("%5s %9s %8s  %-24s %s\n", "%", "us", "GFLOP/s", "kernel", "step");
    for (size_t i = 0; i < steps; i++) {
        const solder_step *s = &times[i].step;
        double us = times[i].microseconds;
        printf("%5.1f %9.2f %8.2f  %-24s %s\n", 100 * us / sum, us, s->flops / us / 1e3, s->kernel,
               s->name);
    }
    printf("%5.1f %9.2f\n", 100.0, sum);
}

static solder_status profile(solder_context *context, const solder_engine *engine)
{
    size_t steps = solder_engine_step_count(engine);
    step_time *times = calloc(steps, sizeof *times);
    solder_status s = times != NULL ? SOLDER_OK : SOLDER_ERROR_MEMORY;
    for (size_t i = 0; s == SOLDER_OK && i < steps; i++) {
        s = solder_engine_step(engine, i, &times[i].step);
    }
    for (int i = 0; s == SOLDER_OK && i < WARM_UP; i++) {
        s = solder_context_run(context);
    }
    solder_context_set_profiler(context, count, times);
    for (int i = 0; s == SOLDER_OK && i < RUNS; i++) {
        s = solder_context_run(context);
    }
    solder_context_set_profiler(context, NULL, NULL);
    if (s == SOLDER_OK) {
        print(times, steps);
    }
    free(times);
    return s;
}

/* Zeros for every input, at its largest: dense kernels take the same time for any values. */
static solder_status fill(solder_context *context, const solder_engine *engine)
{
    solder_io io;
    void *data;
    solder_dims dims;
    solder_status s = SOLDER_OK;
    for (size_t i = 0; s == SOLDER_OK && solder_engine_io(engine, i, &io) == SOLDER_OK; i++) {
        if (io.is_input) {
            s = solder_context_set_dims(context, io.name, &io.max);
            s = s ? s : solder_context_tensor(context, io.name, &data, &dims);
            size_t size = solder_dtype_size(io.dtype);
            for (int d = 0; d < dims.rank; d++) {
                size *= (size_t)dims.d[d];
            }
            for (size_t byte = 0; s == SOLDER_OK && byte < size; byte++) {
                ((char *)data)[byte] = 0;
            }
        }
    }
    return s;
}

static int run(const void *plan, size_t size)
{
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    solder_status s = solder_engine_load(runtime, plan, size, &engine);
    s = s ? s : solder_context_create(runtime, engine, &context);
    if (s != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    } else {
        s = fill(context, engine);
        s = s ? s : profile(context, engine);
        fprintf(stderr, "%s", solder_context_message(context));
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return s != SOLDER_OK;
}

int main(int argc, char **argv)
{
    const char *model = argc > 1 ? argv[1] : "models/digits/digits.prototxt";
    const char *weights = argc > 2 ? argv[2] : argc > 1 ? NULL : "models/digits/digits.caffemodel";
    solder_builder *builder;
    solder_network *network;
    void *plan;
    size_t size;
    if (solder_builder_create(NULL, &builder) != SOLDER_OK) {
        return 1;
    }
    int failed = 1;
    if (solder_import(builder, model, weights, NULL, &network) == SOLDER_OK &&
        solder_build_to_memory(builder, network, NULL, &plan, &size) == SOLDER_OK) {
        failed = run(plan, size);
        solder_plan_free(builder, plan, size);
    } else {
        fprintf(stderr, "%s\n", solder_builder_message(builder));
    }
    solder_builder_destroy(builder);
    return failed;
}
