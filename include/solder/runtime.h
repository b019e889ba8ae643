/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and running plans: all a deployed program needs.
 *
 *     solder_runtime *runtime;
 *     solder_engine *engine;
 *     solder_context *context;
 *     solder_runtime_create(NULL, &runtime);
 *     solder_engine_open(runtime, "net.plan", &engine);
 *     solder_context_create(runtime, engine, &context);
 *     solder_context_bind(context, "data", input, sizeof input);
 *     solder_context_bind(context, "prob", output, sizeof output);
 *     if (solder_context_run(context) != SOLDER_OK) {
 *         puts(solder_context_message(context));
 *     }
 *
 * A runtime holds settings and the thread pool: one thread at a time, but for runs. An engine is
 * immutable and shared by any number of threads. A context belongs to one thread at a time;
 * contexts of one engine run side by side. Destroy contexts before their engine, engines before
 * their runtime.
 */
#ifndef SOLDER_RUNTIME_H
#define SOLDER_RUNTIME_H

#include "solder/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct solder_runtime solder_runtime;
typedef struct solder_engine solder_engine;
typedef struct solder_context solder_context;

typedef struct solder_runtime_options {
    size_t struct_size;
    solder_allocator allocator; /* zero: libc */
    solder_logger logger;       /* zero: silent */
    int threads;         /* of the pool contexts run on; 0: all cores; 1: the caller's only */
    const char *cpu;     /* hide what the machine has beyond this level; NULL: nothing */
    size_t memory_limit; /* bytes the runtime may allocate; 0: none */
    int64_t loop_limit;  /* iterations of one loop in one run, beyond: an error; 0: 2^30 */
} solder_runtime_options;

/* Zeroed, with struct_size set. */
SOLDER_API solder_runtime_options solder_runtime_options_default(void);

/* options NULL: defaults. */
SOLDER_API solder_status solder_runtime_create(const solder_runtime_options *options,
                                               solder_runtime **runtime);
SOLDER_API void solder_runtime_destroy(solder_runtime *runtime);
/* Text of the last error of a call that took the runtime; "" if none. */
SOLDER_API const char *solder_runtime_message(const solder_runtime *runtime);

/*
 * Maps a plan file; the file must not change while the engine lives. Checks all of it but the
 * values of the weights, which are not read before the first run: it, or solder_engine_verify,
 * checks them, once. A damaged plan never gives a result.
 */
SOLDER_API solder_status solder_engine_open(solder_runtime *runtime, const char *path,
                                            solder_engine **engine);
/* The same from memory, borrowed while the engine lives, 64-byte aligned (copied if not). */
SOLDER_API solder_status solder_engine_load(solder_runtime *runtime, const void *plan, size_t size,
                                            solder_engine **engine);
/* Reads all weights and checks them against their hash on the runtime's threads, if no run has done
 * so yet: a damaged plan is found now and the first run is as fast as any. */
SOLDER_API solder_status solder_engine_verify(solder_runtime *runtime, const solder_engine *engine);
SOLDER_API void solder_engine_destroy(solder_engine *engine);

/* ---- what an engine is: all thread-safe, strings live as long as the engine ---- */

typedef struct solder_io {
    const char *name;
    solder_dtype dtype;
    solder_dims min, opt, max; /* equal when static */
    bool is_input;
    bool nhwc; /* memory order of the caller's tensor is N, H, W, C; dims are in that order too */
} solder_io;

SOLDER_API size_t solder_engine_io_count(const solder_engine *engine);
/* Inputs first. SOLDER_ERROR_ARGUMENT past the end. */
SOLDER_API solder_status solder_engine_io(const solder_engine *engine, size_t index, solder_io *io);

/* Facts by key: "network", "created_by", "tuned_for", "threads"; labels and preprocessing have
 * calls of their own. NULL if absent. */
SOLDER_API const char *solder_engine_property(const solder_engine *engine, const char *key);
SOLDER_API size_t solder_engine_label_count(const solder_engine *engine);
SOLDER_API const char *solder_engine_label(const solder_engine *engine, size_t index);

/* The plugins the plan needs, as "namespace::Name version"; NULL past the last. */
SOLDER_API const char *solder_engine_plugin(const solder_engine *engine, size_t index);

typedef struct solder_image_rule {
    char order[4]; /* "rgb", "bgr", "gray" */
    float mean[4], scale[4];
    uint32_t resize; /* see solder_preprocess */
    uint32_t transposed;
} solder_image_rule;
/* False if the plan has no picture rule for the input. */
SOLDER_API bool solder_engine_image_rule(const solder_engine *engine, const char *input,
                                         solder_image_rule *rule);

typedef struct solder_step {
    const char *name;           /* source nodes, "conv1 + relu1" */
    const char *op;             /* "Convolution" */
    const char *kernel;         /* the one this engine runs */
    const char *planned_kernel; /* the one the plan was tuned with */
    double flops; /* at the profile's opt shape; multiply and add count 2; 0 if not known */
    double bytes; /* read and written, weights included */
    size_t workspace;
} solder_step;
SOLDER_API size_t solder_engine_step_count(const solder_engine *engine);
SOLDER_API solder_status solder_engine_step(const solder_engine *engine, size_t index,
                                            solder_step *step);

typedef struct solder_memory {
    size_t plan;        /* bytes of the plan file */
    size_t weights;     /* of them, weights */
    size_t repacked;    /* bytes of weights repacked because the tuned kernel is not to be had */
    size_t activations; /* planned arena of one context */
    size_t workspace;   /* of one context */
} solder_memory;
SOLDER_API void solder_engine_memory(const solder_engine *engine, solder_memory *memory);

/* ---- contexts ---- */

/* Bytes one context needs; thread-safe. */
SOLDER_API size_t solder_engine_context_bytes(const solder_engine *engine);
/* Allocates them; messages go to the runtime. */
SOLDER_API solder_status solder_context_create(solder_runtime *runtime, const solder_engine *engine,
                                               solder_context **context);
/* In caller's memory: size >= solder_engine_context_bytes, 64-byte aligned; lives until destroy. */
SOLDER_API solder_status solder_context_create_in(solder_runtime *runtime,
                                                  const solder_engine *engine, void *memory,
                                                  size_t size, solder_context **context);
SOLDER_API void solder_context_destroy(solder_context *context);
SOLDER_API const char *solder_context_message(const solder_context *context);

/* Sets an input's dims within its profile. No allocation. Static inputs need no call. */
SOLDER_API solder_status solder_context_set_dims(solder_context *context, const char *input,
                                                 const solder_dims *dims);
/*
 * Attaches caller's memory to an input or output: at least the tensor's current bytes (for
 * data-dependent outputs: its largest), any alignment, row-major. NULL detaches. An unbound
 * output lies in the context (solder_context_tensor); an unbound input is an error at run, unless
 * it was filled through solder_context_tensor.
 */
SOLDER_API solder_status solder_context_bind(solder_context *context, const char *name, void *data,
                                             size_t size);
/* Current dims and memory of an input or output. After a run outputs have their final dims. */
SOLDER_API solder_status solder_context_tensor(solder_context *context, const char *name,
                                               void **data, solder_dims *dims);
/* Runs on the calling thread and the runtime's pool. No allocation. */
SOLDER_API solder_status solder_context_run(solder_context *context);

/* Called after each step of a run on the running thread. NULL: off. */
typedef void (*solder_profiler)(void *user, size_t step, double microseconds);
SOLDER_API void solder_context_set_profiler(solder_context *context, solder_profiler profiler,
                                            void *user);
/*
 * Called after each step with its outputs (contiguous or strided views of live memory), for
 * comparing plans with the original. value is the name the value had in the network.
 */
typedef void (*solder_observer)(void *user, size_t step, const char *value, solder_dtype dtype,
                                const solder_dims *dims, const int64_t *strides, const void *data);
SOLDER_API void solder_context_set_observer(solder_context *context, solder_observer observer,
                                            void *user);

/* ---- the machine ---- */

typedef struct solder_device {
    char name[64];  /* "AMD EPYC ..." */
    char level[32]; /* "avx512vnni" */
    int cores;
    size_t l1d, l2, l3; /* bytes */
    double peak_gflops; /* measured f32 multiply-add peak of one core; 0 unless measured */
    double read_gbps;   /* measured streaming read of one core; 0 unless measured */
} solder_device;
/* measure: spend about 200 ms. Thread-safe. */
SOLDER_API void solder_device_query(solder_device *device, bool measure);

#ifdef __cplusplus
}
#endif
#endif
