/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a model to a plan: import, optimise, choose kernels, write.
 *
 *     solder_builder *builder;
 *     solder_network *network;
 *     solder_builder_create(NULL, &builder);
 *     solder_import(builder, "deploy.prototxt", "net.caffemodel", NULL, &network);
 *     solder_config config = solder_config_default();
 *     solder_build_to_file(builder, network, &config, "net.plan");
 *     solder_builder_destroy(builder);
 *
 * A builder and its networks belong to one thread at a time; different builders are independent.
 */
#ifndef SOLDER_BUILDER_H
#define SOLDER_BUILDER_H

#include "solder/network.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct solder_builder_options {
    size_t struct_size;         /* sizeof(solder_builder_options) */
    solder_allocator allocator; /* zero: libc */
    solder_logger logger;       /* zero: silent */
    size_t memory_limit;        /* bytes the builder may allocate; 0: none */
} solder_builder_options;

/* options NULL: defaults. */
SOLDER_API solder_status solder_builder_create(const solder_builder_options *options,
                                               solder_builder **builder);
SOLDER_API void solder_builder_destroy(solder_builder *builder);
/* Text of the last error; "" if none; valid until the next call on the builder. */
SOLDER_API const char *solder_builder_message(const solder_builder *builder);

/* ---- import ---- */

/* A shape for an input, named or (name NULL) the only one. */
typedef struct solder_input_spec {
    const char *name;
    solder_dtype dtype; /* SOLDER_NONE: as the model says */
    solder_dims dims;   /* rank 0: shape as the model says; -1: open; SOLDER_DIM_AS_MODEL */
    bool nhwc;          /* dims, and the data at run time, are NHWC */
    /* Not NULL: the input becomes a constant with this number in every element, and what it decides
     * (a branch, a mode) is decided when importing. Its dims must be known; needs a name. */
    const double *value;
} solder_input_spec;

/* In dims of a solder_input_spec: this dimension as the model says. */
#define SOLDER_DIM_AS_MODEL INT64_C(-2)

typedef struct solder_import_options {
    size_t struct_size;
    const solder_input_spec *inputs;
    size_t input_count;
    const char *const *outputs; /* tensors to keep instead of the model's outputs */
    size_t output_count;
    bool random_weights; /* make missing weights up (Caffe architecture alone) */
    uint64_t seed;
} solder_import_options;

/* Zeroed, with struct_size set. */
SOLDER_API solder_import_options solder_import_options_default(void);

/*
 * Reads a model; the format is found from its contents. weights is Caffe's second file or NULL.
 * SOLDER_ERROR_UNSUPPORTED names every unsupported node at once.
 */
SOLDER_API solder_status solder_import(solder_builder *builder, const char *model,
                                       const char *weights, const solder_import_options *options,
                                       solder_network **network);

/*
 * Writes a model as UFF under path, whole or not at all; a path that ends in .pbtxt gets the text
 * form. Of a frozen TensorFlow graph what the outputs of options need is written, and what UFF has
 * no exact word for stays TensorFlow's operator, behind "_", with all its attributes: importing the
 * file gives the same network. Models of other formats are written as far as core operators say
 * the same. SOLDER_ERROR_UNSUPPORTED names everything that has no form in UFF at once.
 */
SOLDER_API solder_status solder_convert(solder_builder *builder, const char *model,
                                        const char *weights, const solder_import_options *options,
                                        const char *path);

/* ---- configuration ---- */

typedef enum solder_precision {
    SOLDER_FP32 = 0,
    SOLDER_FP16 = 1,
    SOLDER_FPBF16 = 2,
    SOLDER_INT8 = 3
} solder_precision;

/* Allowed range of one input dimension range. Given as whole shapes. */
typedef struct solder_profile {
    const char *input; /* NULL: the only input */
    solder_dims min, opt, max;
} solder_profile;

/* Pixels to tensor, written into the plan: y = (x - mean[c]) * scale[c], channels in order. */
typedef struct solder_preprocess {
    const char *input; /* NULL: the only one */
    char order[4];     /* "rgb", "bgr" or "gray" */
    float mean[4], scale[4];
    uint32_t resize; /* 0: the picture must fit; 1: stretch; 2: keep aspect, centre crop; 3: keep
                        aspect, pad */
    uint32_t transposed; /* 1: tensor is [C, W, H] (MTCNN) */
} solder_preprocess;

/* Progress of long work: step of steps in the named phase; return false to cancel. */
typedef bool (*solder_progress)(void *user, const char *phase, size_t step, size_t steps);

typedef struct solder_config {
    size_t struct_size;
    solder_precision precision;
    int threads;        /* the plan is tuned for; 0: all cores */
    const char *device; /* "cpu" (NULL), "cuda", "cuda:1" */
    const char *target; /* NULL: this machine; "x86-64-v3": build for that, by cost model */
    int effort;         /* 0: no timing, cost model; 1 (default): time likely tactics; 2: all */
    double time_budget; /* seconds for timing; 0: no limit */
    const char *timing_cache; /* file read and updated; NULL: none */
    const solder_profile *profiles;
    size_t profile_count;
    const solder_preprocess *preprocess;
    size_t preprocess_count;
    const char *const *labels; /* class names */
    size_t label_count;
    solder_progress progress;
    void *progress_user;
    uint32_t disabled_passes; /* for debugging: bit i turns off pass i (solder_pass_name) */
} solder_config;

SOLDER_API solder_config solder_config_default(void);
/* Name and one-line description of pass i, in order; NULL past the last. Thread-safe. */
SOLDER_API const char *solder_pass_name(size_t i, const char **description);

/* ---- build ---- */

/* Writes the plan under its name only when it is whole. The network itself is left unchanged. */
SOLDER_API solder_status solder_build_to_file(solder_builder *builder, solder_network *network,
                                              const solder_config *config, const char *path);
/* The same into memory; free with solder_plan_free. */
SOLDER_API solder_status solder_build_to_memory(solder_builder *builder, solder_network *network,
                                                const solder_config *config, void **plan,
                                                size_t *size);
SOLDER_API void solder_plan_free(solder_builder *builder, void *plan, size_t size);

/* What the last build or tuning did: tactics tried and chosen, times, memory; JSON;
 * solder_text_free. */
SOLDER_API solder_status solder_build_report(solder_builder *builder, char **text, size_t *size);

/*
 * A plan whose kernels are chosen again, on the machine this runs on (or for config->target), with
 * its weights in the order those kernels want: what a plan built elsewhere, or for any machine,
 * lacks in speed. Steps, memory, names, labels and picture rules stay as they are. Of config:
 * threads, target, effort, time_budget, timing_cache and progress. Plugins of the plan must be
 * registered with the builder. path may be the plan's own: it is replaced when the new one is
 * whole.
 */
SOLDER_API solder_status solder_tune_to_file(solder_builder *builder, const char *plan,
                                             const solder_config *config, const char *path);
/* The same in memory; free with solder_plan_free. */
SOLDER_API solder_status solder_tune_to_memory(solder_builder *builder, const void *plan,
                                               size_t size, const solder_config *config,
                                               void **tuned, size_t *tuned_size);

/* The network as the passes leave it: a new network, for inspection. */
SOLDER_API solder_status solder_optimize(solder_builder *builder, solder_network *network,
                                         const solder_config *config, solder_network **optimized);

/* ---- reference evaluation: what solder compare stands on ---- */

typedef struct solder_tensor {
    const char *name;
    solder_dtype dtype;
    solder_dims dims;
    void *data; /* row-major; inputs: caller's; results: valid during the callback only */
} solder_tensor;

/*
 * Runs the network as imported on the reference kernels: slow, exact. visit sees every value as
 * it is computed, graph outputs included (is_output); a nonzero status from it stops the run.
 */
typedef solder_status (*solder_visit)(void *user, const solder_tensor *value, const char *node,
                                      bool is_output);
SOLDER_API solder_status solder_evaluate(solder_builder *builder, solder_network *network,
                                         const solder_tensor *inputs, size_t input_count,
                                         solder_visit visit, void *user);

#ifdef __cplusplus
}
#endif
#endif
