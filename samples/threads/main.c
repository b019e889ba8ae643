/* SPDX-License-Identifier: Apache-2.0 */
/* Many requests at once: one engine, a context for each thread. See README.md. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <solder/builder.h>
#include <solder/runtime.h>

#include "../common/digits.h"

enum { MOST_THREADS = 64, ROUNDS = 4, REQUESTS = ROUNDS * DIGITS };

/* What threads share. The engine does not change; next hands the requests out. */
typedef struct service {
    const solder_engine *engine;
    const digits *test;
    atomic_int next;
    float (*scores)[CLASSES]; /* of each request */
} service;

typedef struct worker {
    service *service;
    solder_context *context; /* its own: a context is for one thread at a time */
    solder_status status;
} worker;

static void *serve(void *argument)
{
    worker *w = argument;
    service *v = w->service;
    float pixels[PIXELS];
    solder_status s = solder_context_bind(w->context, "data", pixels, sizeof pixels);
    int request;
    while (s == SOLDER_OK && (request = atomic_fetch_add(&v->next, 1)) < REQUESTS) {
        memcpy(pixels, v->test->pixels[request % DIGITS], sizeof pixels);
        s = solder_context_bind(w->context, "prob", v->scores[request], sizeof v->scores[0]);
        s = s ? s : solder_context_run(w->context);
    }
    w->status = s;
    return NULL;
}

static double now(void)
{
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Serves all requests on so many threads. Contexts are made before: serving allocates nothing. */
static int serve_all(solder_runtime *runtime, service *v, int threads)
{
    worker workers[MOST_THREADS] = {0};
    pthread_t ids[MOST_THREADS];
    int failed = 0;
    int started = 0;
    for (int i = 0; i < threads; i++) {
        workers[i].service = v;
        failed |= solder_context_create(runtime, v->engine, &workers[i].context) != SOLDER_OK;
    }
    atomic_store(&v->next, 0);
    double start = now();
    while (!failed && started < threads) {
        failed = pthread_create(&ids[started], NULL, serve, &workers[started]) != 0;
        started += !failed;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
        failed |= workers[i].status != SOLDER_OK;
    }
    double seconds = now() - start;
    int right = 0;
    for (int i = 0; i < REQUESTS; i++) {
        right += digits_right(v->test, i % DIGITS, 1, v->scores[i]);
    }
    printf("%d thread%s: %.0f requests a second, %d of %d right\n", threads,
           threads == 1 ? "" : "s", REQUESTS / seconds, right, REQUESTS);
    for (int i = 0; i < threads; i++) {
        solder_context_destroy(workers[i].context);
    }
    return failed;
}

static int run(solder_runtime *runtime, const solder_engine *engine, int threads)
{
    static digits test;
    static float alone[REQUESTS][CLASSES];
    static float together[REQUESTS][CLASSES];
    service one = {.engine = engine, .test = &test, .scores = alone};
    service many = {.engine = engine, .test = &test, .scores = together};
    if (!digits_read(&test) || serve_all(runtime, &one, 1) || serve_all(runtime, &many, threads)) {
        return 1;
    }
    int same = memcmp(alone, together, sizeof alone) == 0;
    printf("%s\n", same ? "the same bits" : "different answers");
    return !same;
}

static int build(const char *path)
{
    solder_config config = solder_config_default();
    solder_builder *builder;
    solder_network *network;
    if (solder_builder_create(NULL, &builder) != SOLDER_OK) {
        return 1;
    }
    config.threads = 1; /* each run has one thread: the requests are what is spread */
    solder_status s = solder_import(builder, "models/digits/digits.prototxt",
                                    "models/digits/digits.caffemodel", NULL, &network);
    s = s ? s : solder_build_to_file(builder, network, &config, path);
    if (s != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_builder_message(builder));
    }
    solder_builder_destroy(builder);
    return s != SOLDER_OK;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 4;
    solder_runtime_options options = solder_runtime_options_default();
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    int failed = 1;
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "usage: threads [1 to %d]\n", MOST_THREADS);
        return 2;
    }
    options.threads = 1; /* no pool: a run stays on the thread that asks for it */
    if (build("threads.plan") || solder_runtime_create(&options, &runtime) != SOLDER_OK) {
        return 1;
    }
    if (solder_engine_open(runtime, "threads.plan", &engine) == SOLDER_OK) {
        failed = run(runtime, engine, threads);
    }
    if (failed) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    }
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    (void)remove("threads.plan");
    return failed;
}
