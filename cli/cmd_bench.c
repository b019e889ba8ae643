/* SPDX-License-Identifier: Apache-2.0 */
/* solder bench: throughput and latency, with one thread per context. */
#include "commands.h"
#include "profile.h"
#include "stats.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Holds threads back until all of them are warm. */
typedef struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t waiting, expected;
} gate;

/* One context and the thread that runs it. */
typedef struct worker {
    solder_context *context;
    pthread_t thread;
    bool started;
    double warmup, duration; /* seconds */
    int64_t iterations;      /* < 0: for the duration */
    double *samples;         /* milliseconds */
    size_t count, capacity;
    double first, last; /* clock at the start of the first and the end of the last sample */
    solder_status status;
    gate *ready;
} worker;

typedef struct bench {
    cli_session session;
    cli_tensor *tensors;
    worker *workers;
    size_t contexts;
    double *samples;
    size_t runs;
    int64_t batch;
    double seconds, flops, scale, peak;
    int cores; /* that the plan could use */
    cli_latency latency;
} bench;

static bool keep_sample(worker *w, double milliseconds)
{
    if (w->count == w->capacity) {
        size_t capacity = w->capacity * 2 + 1024;
        double *larger = realloc(w->samples, capacity * sizeof *larger);
        if (larger == NULL) {
            w->status = SOLDER_ERROR_MEMORY;
            return false;
        }
        w->samples = larger;
        w->capacity = capacity;
    }
    w->samples[w->count++] = milliseconds;
    return true;
}

static void pass_gate(gate *g)
{
    (void)pthread_mutex_lock(&g->lock);
    g->waiting++;
    (void)pthread_cond_broadcast(&g->changed);
    while (g->waiting < g->expected) {
        (void)pthread_cond_wait(&g->changed, &g->lock);
    }
    (void)pthread_mutex_unlock(&g->lock);
}

static void warm_up(worker *w)
{
    double start = cli_now();
    do {
        w->status = solder_context_run(w->context);
    } while (w->status == SOLDER_OK && cli_now() - start < w->warmup);
}

static void *work(void *user)
{
    worker *w = user;
    warm_up(w);
    pass_gate(w->ready);
    w->first = w->last = cli_now();
    while (w->status == SOLDER_OK) {
        bool more = w->iterations > 0 ? w->count < (size_t)w->iterations
                                      : w->last - w->first < w->duration || w->count < 3;
        if (!more) {
            break;
        }
        double start = cli_now();
        w->status = solder_context_run(w->context);
        w->last = cli_now();
        if (w->status == SOLDER_OK && !keep_sample(w, (w->last - start) * 1e3)) {
            break;
        }
    }
    return NULL;
}

static int start_workers(bench *b, gate *ready)
{
    for (size_t i = 0; i < b->contexts; i++) {
        worker *w = &b->workers[i];
        w->ready = ready;
        if (pthread_create(&w->thread, NULL, work, w) != 0) {
            (void)pthread_mutex_lock(&ready->lock);
            ready->expected = i;
            (void)pthread_cond_broadcast(&ready->changed);
            (void)pthread_mutex_unlock(&ready->lock);
            return cli_fail(CLI_MACHINE, "bench: thread %zu of %zu could not start", i + 1,
                            b->contexts);
        }
        w->started = true;
    }
    return CLI_DONE;
}

static int measure(bench *b)
{
    gate ready = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, b->contexts};
    int status = start_workers(b, &ready);
    for (size_t i = 0; i < b->contexts; i++) {
        worker *w = &b->workers[i];
        if (w->started) {
            (void)pthread_join(w->thread, NULL);
        }
        if (status == CLI_DONE && w->status != SOLDER_OK) {
            status = cli_fail_status(w->status, w->status == SOLDER_ERROR_MEMORY
                                                    ? "out of memory"
                                                    : solder_context_message(w->context));
        }
    }
    return status;
}

/* All samples together; the time from the first start to the last end. */
static int gather(bench *b)
{
    double first = b->workers[0].first;
    double last = b->workers[0].last;
    for (size_t i = 0; i < b->contexts; i++) {
        first = b->workers[i].first < first ? b->workers[i].first : first;
        last = b->workers[i].last > last ? b->workers[i].last : last;
        b->runs += b->workers[i].count;
    }
    b->samples = malloc((b->runs + 1) * sizeof *b->samples);
    if (b->samples == NULL) {
        return cli_fail_memory(b->runs * sizeof *b->samples);
    }
    size_t at = 0;
    for (size_t i = 0; i < b->contexts; i++) {
        const worker *w = &b->workers[i];
        for (size_t k = 0; k < w->count; k++) {
            b->samples[at++] = w->samples[k];
        }
    }
    b->seconds = last - first;
    cli_latency_of(b->samples, b->runs, &b->latency);
    return CLI_DONE;
}

static int64_t first_dim(const cli_session *session, bool optimal, const cli_tensor *tensors)
{
    if (session->input_count == 0 || session->inputs[0].max.rank == 0) {
        return 1;
    }
    return optimal ? session->inputs[0].opt.d[0] : tensors[0].dims.d[0];
}

static void count_flops(bench *b)
{
    for (size_t i = 0; i < solder_engine_step_count(b->session.engine); i++) {
        solder_step step;
        if (solder_engine_step(b->session.engine, i, &step) == SOLDER_OK) {
            b->flops += step.flops;
        }
    }
    int64_t optimal = first_dim(&b->session, true, b->tensors);
    b->batch = first_dim(&b->session, false, b->tensors);
    b->scale = optimal > 0 ? (double)b->batch / (double)optimal : 1;
    b->flops *= b->scale;
}

static int create_workers(bench *b, const cli_options *options)
{
    b->workers = calloc(b->contexts, sizeof *b->workers);
    if (b->workers == NULL) {
        return cli_fail_memory(b->contexts * sizeof *b->workers);
    }
    for (size_t i = 0; i < b->contexts; i++) {
        worker *w = &b->workers[i];
        w->warmup = (options->warmup >= 0 ? options->warmup : 200) / 1e3;
        w->duration = options->duration >= 0 ? options->duration : 3;
        w->iterations = options->iterations;
        solder_status status =
            solder_context_create(b->session.runtime, b->session.engine, &w->context);
        if (status != SOLDER_OK) {
            return cli_fail_status(status, solder_runtime_message(b->session.runtime));
        }
        int code = cli_feed_bind(&b->session, w->context, b->tensors);
        if (code != CLI_DONE) {
            return code;
        }
    }
    return CLI_DONE;
}

/* Steps are timed apart, so that the clock does not weigh on the latencies. */
static int run_profile(bench *b, json_t *report)
{
    cli_profile profile;
    int status = cli_profile_create(b->session.engine, &profile);
    if (status != CLI_DONE) {
        return status;
    }
    solder_context *context = b->workers[0].context;
    profile.scale = b->scale;
    solder_context_set_profiler(context, cli_profile_step, &profile);
    double start = cli_now();
    do {
        solder_status code = solder_context_run(context);
        if (code != SOLDER_OK) {
            status = cli_fail_status(code, solder_context_message(context));
        }
        profile.runs++;
    } while (status == CLI_DONE && profile.runs < 50 && cli_now() - start < 1);
    solder_context_set_profiler(context, NULL, NULL);
    if (status == CLI_DONE) {
        cli_profile_print(&profile);
        cli_json_set(report, "steps", cli_profile_json(&profile));
    }
    cli_profile_free(&profile);
    return status;
}

static void print_report(const bench *b, const char *plan, int threads)
{
    const cli_latency *l = &b->latency;
    double rate = b->seconds > 0 ? (double)b->runs / b->seconds : 0;
    double gflops = b->flops * rate / 1e9;
    cli_print("%s: %zu context%s, %d thread%s, batch %lld, %zu runs in %.2f s\n", plan, b->contexts,
              b->contexts > 1 ? "s" : "", threads, threads > 1 ? "s" : "", (long long)b->batch,
              b->runs, b->seconds);
    cli_print("throughput  %.2f inferences/s\n", rate * (double)b->batch);
    cli_print("latency ms  min %.4f  mean %.4f  median %.4f  p90 %.4f  p95 %.4f  p99 %.4f\n",
              l->min, l->mean, l->median, l->p90, l->p95, l->p99);
    if (b->flops > 0 && b->peak > 0) {
        cli_print("compute     %.2f GFLOP/s, %.1f %% of the measured peak of %d core%s "
                  "(%.1f GFLOP/s)\n",
                  gflops, 100 * gflops / b->peak, b->cores, b->cores > 1 ? "s" : "", b->peak);
    }
}

static json_t *latency_json(const cli_latency *l)
{
    json_t *object = json_object();
    cli_json_set(object, "min", cli_json_real(l->min));
    cli_json_set(object, "mean", cli_json_real(l->mean));
    cli_json_set(object, "median", cli_json_real(l->median));
    cli_json_set(object, "p90", cli_json_real(l->p90));
    cli_json_set(object, "p95", cli_json_real(l->p95));
    cli_json_set(object, "p99", cli_json_real(l->p99));
    cli_json_set(object, "max", cli_json_real(l->max));
    return object;
}

static void fill_json(const bench *b, int threads, json_t *report)
{
    double rate = b->seconds > 0 ? (double)b->runs / b->seconds : 0;
    double gflops = b->flops * rate / 1e9;
    cli_json_set(report, "contexts", json_integer((json_int_t)b->contexts));
    cli_json_set(report, "threads", json_integer(threads));
    cli_json_set(report, "batch", json_integer(b->batch));
    cli_json_set(report, "runs", json_integer((json_int_t)b->runs));
    cli_json_set(report, "seconds", cli_json_real(b->seconds));
    cli_json_set(report, "throughput_per_second", cli_json_real(rate * (double)b->batch));
    cli_json_set(report, "latency_ms", latency_json(&b->latency));
    cli_json_set(report, "flops_per_run", cli_json_real(b->flops));
    cli_json_set(report, "gflops", cli_json_real(gflops));
    cli_json_set(report, "peak_gflops", cli_json_real(b->peak));
    cli_json_set(report, "percent_of_peak",
                 b->peak > 0 ? cli_json_real(100 * gflops / b->peak) : json_null());
}

static int bench_session(bench *b, const cli_options *options, json_t *report)
{
    solder_device device;
    solder_device_query(&device, true);
    int threads = options->threads > 0 ? (int)options->threads : b->contexts > 1 ? 1 : device.cores;
    int64_t wanted = (int64_t)threads * (int64_t)b->contexts;
    b->cores = wanted < device.cores ? (int)wanted : device.cores;
    b->peak = device.peak_gflops * b->cores;
    int status = cli_feed_create(&b->session, &b->tensors);
    if (status == CLI_DONE) {
        uint64_t seed = options->seed >= 0 ? (uint64_t)options->seed : 1;
        status = options->inputs.count > 0
                     ? cli_feed_load(&b->session, &options->inputs, b->tensors)
                     : cli_feed_random(&b->session, options->batch, seed, b->tensors);
    }
    if (status == CLI_DONE) {
        status = create_workers(b, options);
    }
    if (status == CLI_DONE) {
        status = measure(b);
    }
    if (status == CLI_DONE) {
        status = gather(b);
    }
    if (status == CLI_DONE) {
        count_flops(b);
        print_report(b, options->operands[0], threads);
        fill_json(b, threads, report);
    }
    return status == CLI_DONE && options->profile ? run_profile(b, report) : status;
}

static void bench_free(bench *b)
{
    for (size_t i = 0; b->workers != NULL && i < b->contexts; i++) {
        if (b->workers[i].context != NULL) {
            solder_context_destroy(b->workers[i].context);
        }
        free(b->workers[i].samples);
    }
    free(b->workers);
    free(b->samples);
    cli_feed_free(&b->session, b->tensors);
    cli_session_close(&b->session);
}

int cli_bench(const cli_options *options)
{
    bench b = {.contexts = options->contexts > 0 ? (size_t)options->contexts : 1};
    json_t *report = cli_json_create("bench");
    cli_json_set(report, "plan", cli_json_text(options->operands[0]));
    /* Contexts that share one pool would wait for each other. */
    int64_t threads = options->threads > 0 ? options->threads : b.contexts > 1 ? 1 : 0;
    int status = cli_session_open(options->operands[0], options->cpu, threads, &options->plugins,
                                  &b.session);
    if (status == CLI_DONE) {
        status = cli_session_verify(&b.session);
    }
    if (status == CLI_DONE) {
        status = bench_session(&b, options, report);
    }
    if (status == CLI_DONE && options->json != NULL) {
        status = cli_json_write(options->json, json_incref(report));
    }
    json_decref(report);
    bench_free(&b);
    return status;
}
