/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User operators. A plugin is one constant struct of callbacks and tables; docs/plugins.md is the
 * guide. The smallest one has a name, says the shapes of its outputs, and runs:
 *
 *     static solder_status infer(const solder_plugin_infer *i)
 *     {
 *         i->outputs[0].shape = i->inputs[0].shape;
 *         return SOLDER_OK;
 *     }
 *     static solder_status run(const solder_plugin_call *c) { ... }
 *     static const solder_plugin twice = {
 *         .abi_version = SOLDER_PLUGIN_ABI, .struct_size = sizeof(solder_plugin),
 *         .name = "Twice", .infer = infer, .run = run};
 *
 * It is registered on a builder and on a runtime, directly or from a shared library; there is no
 * global list. Plugin code needs this header only: it links against no library of Solder.
 *
 * Threads. Callbacks get everything through their argument and must keep no state elsewhere: one
 * plugin serves any number of builders, runtimes and contexts at once. What `open` makes is
 * read-only from then on; `run` is called with it from several threads at the same time. Only the
 * outputs' memory, the workspace and the outputs' data-dependent dims belong to one run. A callback
 * must not call functions of Solder other than those in its argument, must not leave by longjmp or
 * an exception, and `run` should not allocate.
 *
 * Life. Tables and strings are borrowed and must live as long as the builder or runtime; a library
 * stays loaded that long. The library checks what a plugin says and returns, names the plugin in
 * every error, and trusts it with the memory it is handed: a plugin is native code.
 */
#ifndef SOLDER_PLUGIN_H
#define SOLDER_PLUGIN_H

#include <stdarg.h>
#include <stdio.h>

#include "solder/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Changes only when a plugin must be compiled again; members are added at the end without. */
#define SOLDER_PLUGIN_ABI 1u

typedef struct solder_builder solder_builder;
typedef struct solder_runtime solder_runtime;
typedef struct solder_plugin solder_plugin;

/* ---- attributes: fields of a struct of the plugin's, described as data ---- */

typedef enum solder_attribute_kind {
    SOLDER_ATTRIBUTE_I32 = 0,   /* int32_t */
    SOLDER_ATTRIBUTE_I64 = 1,   /* int64_t */
    SOLDER_ATTRIBUTE_F32 = 2,   /* float */
    SOLDER_ATTRIBUTE_F64 = 3,   /* double */
    SOLDER_ATTRIBUTE_BOOL = 4,  /* int32_t, 0 or 1 */
    SOLDER_ATTRIBUTE_ENUM = 5,  /* int32_t, index into names */
    SOLDER_ATTRIBUTE_DTYPE = 6, /* int32_t, a solder_dtype */
    SOLDER_ATTRIBUTE_TEXT = 7,  /* char[count], ended by 0 */
    /* Accepted from a model and dropped, with everything below it ("debug" drops "debug.path"):
     * for settings that cannot change the result. Has no field. */
    SOLDER_ATTRIBUTE_IGNORED = 8
} solder_attribute_kind;

/* No field says how many entries are used: always all. */
#define SOLDER_NO_LENGTH UINT32_MAX

/*
 * One field. The struct is fixed-width and plain: a plan stores its bytes. Bytes that no attribute
 * describes are 0. `initial` is the value of every entry a model does not give.
 */
typedef struct solder_plugin_attribute {
    const char *name; /* "num_classes", "nms_param.nms_threshold" */
    uint32_t kind;    /* solder_attribute_kind */
    uint32_t offset;
    uint32_t count;         /* entries there is room for; TEXT: bytes */
    uint32_t length_offset; /* of the int32_t that says how many are used; SOLDER_NO_LENGTH */
    double initial;
    const char *const *names; /* ENUM: enumerators, then NULL */
    const char *alias;        /* another name models may use; NULL: none */
} solder_plugin_attribute;

#define SOLDER_ATTRIBUTE(type, field, name, kind, initial)                                         \
    {                                                                                              \
        (name), (kind), (uint32_t)offsetof(type, field), 1, SOLDER_NO_LENGTH, (initial), NULL,     \
            NULL                                                                                   \
    }
#define SOLDER_ATTRIBUTE_NAMED(type, field, name, names, initial)                                  \
    {                                                                                              \
        (name), SOLDER_ATTRIBUTE_ENUM, (uint32_t)offsetof(type, field), 1, SOLDER_NO_LENGTH,       \
            (initial), (names), NULL                                                               \
    }
/* An array field and the int32_t field that says how many of its entries are used. */
#define SOLDER_ATTRIBUTE_LIST(type, field, length, name, kind, initial)                            \
    {                                                                                              \
        (name), (kind), (uint32_t)offsetof(type, field),                                           \
            (uint32_t)(sizeof(((type *)0)->field) / sizeof(((type *)0)->field[0])),                \
            (uint32_t)offsetof(type, length), (initial), NULL, NULL                                \
    }
#define SOLDER_ATTRIBUTE_STRING(type, field, name)                                                 \
    {                                                                                              \
        (name), SOLDER_ATTRIBUTE_TEXT, (uint32_t)offsetof(type, field),                            \
            (uint32_t)sizeof(((type *)0)->field), SOLDER_NO_LENGTH, 0, NULL, NULL                  \
    }
#define SOLDER_ATTRIBUTE_DROP(name)                                                                \
    {                                                                                              \
        (name), SOLDER_ATTRIBUTE_IGNORED, 0, 0, SOLDER_NO_LENGTH, 0, NULL, NULL                    \
    }

/* ---- operands ---- */

/* The set of one type; sets are joined with |. */
#define SOLDER_TYPE(dtype) (1u << (dtype))

enum {
    SOLDER_OPERAND_OPTIONAL = 1, /* may be absent */
    SOLDER_OPERAND_REPEATED = 2, /* the last of the table only: any further operands are like it */
    SOLDER_OPERAND_STRIDED = 4,  /* taken and written through strides; else without gaps */
    SOLDER_OPERAND_CONSTANT = 8, /* an input whose contents must be known when building */
    /* An input of which only type and dims matter: run finds no data. With none but such and
     * constant inputs, and dims that are numbers, the outputs are computed when building. */
    SOLDER_OPERAND_DIMS = 16
};

typedef struct solder_plugin_operand {
    const char *name; /* for messages */
    uint32_t types;   /* set of types it may have; 0: SOLDER_F32 only */
    uint32_t flags;   /* SOLDER_OPERAND_... */
} solder_plugin_operand;

/* ---- shape inference: dimensions are expressions ---- */

/* A dimension: a number, an open batch, arithmetic on these. Valid within one call of infer. */
typedef int32_t solder_expr;
#define SOLDER_EXPR_NONE ((solder_expr)-1)

typedef enum solder_expr_op {
    SOLDER_EXPR_ADD = 0,
    SOLDER_EXPR_SUB = 1,
    SOLDER_EXPR_MUL = 2,
    SOLDER_EXPR_FLOOR_DIV = 3,
    SOLDER_EXPR_CEIL_DIV = 4,
    SOLDER_EXPR_MOD = 5,
    SOLDER_EXPR_MIN = 6,
    SOLDER_EXPR_MAX = 7
} solder_expr_op;

typedef struct solder_shape {
    int32_t rank;
    solder_expr d[SOLDER_MAX_RANK];
} solder_shape;

typedef struct solder_infer_input {
    solder_dtype dtype; /* SOLDER_NONE: absent */
    solder_shape shape;
    const void *data; /* elements of a constant, row-major; NULL: not known yet */
} solder_infer_input;

typedef struct solder_infer_output {
    solder_dtype dtype; /* comes set to a default: f32 if allowed, else the type of input 0 */
    solder_shape shape; /* comes with rank -1: to be set */
} solder_infer_output;

/* The argument of infer. The functions after internal are called through the inline ones below. */
typedef struct solder_plugin_infer {
    size_t struct_size;
    const solder_plugin *plugin;
    const char *node;
    const void *attributes; /* the plugin's struct */
    const solder_infer_input *inputs;
    solder_infer_output *outputs;
    uint32_t input_count, output_count;
    void *internal;
    solder_expr (*constant)(const struct solder_plugin_infer *i, int64_t value);
    solder_expr (*combine)(const struct solder_plugin_infer *i, solder_expr_op op, solder_expr a,
                           solder_expr b);
    solder_expr (*data_dependent)(const struct solder_plugin_infer *i, solder_expr bound);
    bool (*known)(const struct solder_plugin_infer *i, solder_expr e, int64_t *value);
    solder_expr (*element)(const struct solder_plugin_infer *i, uint32_t input, uint32_t index);
    solder_status (*message)(const struct solder_plugin_infer *i, solder_status code,
                             const char *text);
} solder_plugin_infer;

static inline solder_expr solder_expr_constant(const solder_plugin_infer *i, int64_t value)
{
    return i->constant(i, value);
}
/* SOLDER_EXPR_NONE if an operand is. */
static inline solder_expr solder_expr_make(const solder_plugin_infer *i, solder_expr_op op,
                                           solder_expr a, solder_expr b)
{
    return i->combine(i, op, a, b);
}
static inline solder_expr solder_expr_add(const solder_plugin_infer *i, solder_expr a,
                                          solder_expr b)
{
    return i->combine(i, SOLDER_EXPR_ADD, a, b);
}
static inline solder_expr solder_expr_mul(const solder_plugin_infer *i, solder_expr a,
                                          solder_expr b)
{
    return i->combine(i, SOLDER_EXPR_MUL, a, b);
}
/*
 * A dimension only run can know, at most bound. It must be a dimension of an output as it is; run
 * finds the bound there, and lowers it.
 */
static inline solder_expr solder_expr_data_dependent(const solder_plugin_infer *i,
                                                     solder_expr bound)
{
    return i->data_dependent(i, bound);
}
/* True, and *value set, if the expression is a number. value may be NULL. */
static inline bool solder_expr_known(const solder_plugin_infer *i, solder_expr e, int64_t *value)
{
    return i->known(i, e, value);
}
/* True if the expression is known to be that number. */
static inline bool solder_expr_is(const solder_plugin_infer *i, solder_expr e, int64_t value)
{
    int64_t x;
    return i->known(i, e, &x) && x == value;
}
/* True if both are known, and different numbers. */
static inline bool solder_expr_differ(const solder_plugin_infer *i, solder_expr a, solder_expr b)
{
    int64_t x, y;
    return i->known(i, a, &x) && i->known(i, b, &y) && x != y;
}
/*
 * Element of a small integer input (rank 0 or 1, at most 64 elements) as an expression, also where
 * a model computes it from shapes; SOLDER_EXPR_NONE if it is not known.
 */
static inline solder_expr solder_expr_element(const solder_plugin_infer *i, uint32_t input,
                                              uint32_t index)
{
    return i->element(i, input, index);
}

/* ---- calls ---- */

enum {
    SOLDER_TENSOR_CONSTANT = 1, /* contents were known when the plan was built */
    SOLDER_TENSOR_PACKED = 2    /* data holds what pack wrote; dims are those before packing */
};

/* dim and stride are in elements, outermost first. */
typedef struct solder_plugin_tensor {
    void *data;         /* NULL while only shapes are known; inputs are not to be written */
    solder_dtype dtype; /* SOLDER_NONE: absent */
    int32_t rank;
    int64_t dim[SOLDER_MAX_RANK];
    int64_t stride[SOLDER_MAX_RANK];
    size_t bytes;   /* PACKED: size of data */
    uint32_t flags; /* SOLDER_TENSOR_... */
} solder_plugin_tensor;

/* index in [0, count), thread in [0, call->threads). */
typedef void (*solder_plugin_task)(void *user, size_t index, int thread);

/* The argument of all callbacks but infer. Valid during the callback only. */
typedef struct solder_plugin_call {
    size_t struct_size;
    const solder_plugin *plugin;
    const char *node;
    const void *attributes; /* the plugin's struct */
    const void *saved;      /* what save wrote, 8-byte aligned; NULL before */
    size_t saved_size;
    void *state;     /* what open made; NULL before, or without open */
    uint32_t tactic; /* the one to run, in [0, tactics()) */
    int threads;     /* run together at most, this one included */
    const solder_plugin_tensor *inputs;
    solder_plugin_tensor *outputs;
    uint32_t input_count, output_count;
    void *workspace; /* run: workspace() bytes, 64-byte aligned, contents undefined */
    size_t workspace_size;
    void *internal;
    void (*parallel_for)(const struct solder_plugin_call *c, size_t count, solder_plugin_task task,
                         void *user);
    solder_status (*message)(const struct solder_plugin_call *c, solder_status code,
                             const char *text);
} solder_plugin_call;

/*
 * Runs task(user, i, thread) once for every i in [0, count), on several threads, in any order, and
 * returns when all are done. Cut work so that results do not depend on which thread does it. For
 * run only; tasks must not call it.
 */
static inline void solder_plugin_parallel_for(const solder_plugin_call *c, size_t count,
                                              solder_plugin_task task, void *user)
{
    c->parallel_for(c, count, task, user);
}

/* Keeps the text (printf format) for the error message and returns code. Not from within a task. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline solder_status
solder_plugin_fail(const solder_plugin_call *c, solder_status code, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return c->message(c, code, text);
}
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline solder_status
solder_infer_fail(const solder_plugin_infer *i, solder_status code, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return i->message(i, code, text);
}

/* ---- the plugin ---- */

/* Callbacks other than infer and run may be NULL, as may all tables. */
struct solder_plugin {
    uint32_t abi_version;   /* SOLDER_PLUGIN_ABI; these three members never move */
    uint32_t struct_size;   /* sizeof(solder_plugin) */
    const char *name;       /* letters, digits, '_', '-', '.': the operator's name in models */
    const char *name_space; /* the same; an ONNX domain, a vendor; NULL: none */
    /*
     * Of attributes, operands, packing and saved bytes together: a plan needs exactly the version
     * it was built with. Several versions may be registered; models get the newest. 0 reads as 1.
     */
    uint32_t version;
    uint32_t flags;           /* 0 */
    void *user;               /* for the plugin's own use: call->plugin->user */
    const char *const *types; /* further operator names in models, then NULL; NULL: none */

    const solder_plugin_operand *inputs; /* NULL: any number, f32, without gaps */
    uint32_t input_count;
    uint32_t output_count;
    const solder_plugin_operand *outputs; /* NULL: one, f32, without gaps */
    const solder_plugin_attribute *attributes;
    uint32_t attribute_count;
    uint32_t attributes_size; /* of the struct, at most 65535 */

    /* ---- building ---- */

    /*
     * Checks attributes and inputs and sets the outputs. Asked again for changed networks, and,
     * with numbers for all dims, whenever a plan is loaded or dims are set: an answer that differs
     * from the plan's is an error. Contents of packed inputs and of those only run knows are not
     * there then.
     */
    solder_status (*infer)(const solder_plugin_infer *i);
    /*
     * Can this machine run these types with call->tactic? Looks at dtypes, attributes and dims, not
     * at data. Tactic 0 must be supported wherever the plugin is. NULL: always.
     */
    bool (*supports)(const solder_plugin_call *c);
    /* How many ways run has; the builder times them and the plan keeps the fastest's number. A
     * runtime that does not support that one uses 0. At most 16. NULL: 1. */
    uint32_t (*tactics)(const solder_plugin_call *c);
    /* Bytes run needs beside its operands. Must not shrink when a dim grows. NULL: none. */
    size_t (*workspace)(const solder_plugin_call *c);
    /*
     * Storage of constant inputs in the plugin's own order, the same for all tactics. packed_size
     * says from dims and attributes how many bytes a constant input takes, 0 to leave it as it is;
     * pack fills them. From then on the input has SOLDER_TENSOR_PACKED, in every run. Both or
     * neither.
     */
    size_t (*packed_size)(const solder_plugin_call *c, uint32_t input);
    solder_status (*pack)(const solder_plugin_call *c, uint32_t input, void *packed);
    /*
     * Bytes to keep in the plan, written once when building: dims are the profile's largest,
     * constants have data and are not packed yet. The size follows from dims and attributes. Both
     * or neither.
     */
    size_t (*saved_size)(const solder_plugin_call *c);
    solder_status (*save)(const solder_plugin_call *c, void *saved);

    /* ---- running ---- */

    /* State of one step, made when a plan is loaded and freed with it; read-only in between. */
    solder_status (*open)(const solder_plugin_call *c, void **state);
    void (*close)(const solder_plugin *plugin, void *state);
    /* On the processor. */
    solder_status (*run)(const solder_plugin_call *c);
    /*
     * On a CUDA device: data and workspace are device memory, work is put on the stream
     * (a CUstream), nothing is waited for. Declared for plans that run there; a plugin for the CPU
     * leaves it NULL.
     */
    solder_status (*run_cuda)(const solder_plugin_call *c, void *stream);

    /*
     * Sets outputs[0].shape to the dims, all numbers, of the weight that is input number input,
     * from the attributes and the inputs before the first weight. Asked where weights are made up
     * for a Caffe architecture alone. NULL: they cannot be.
     */
    solder_status (*weight)(const solder_plugin_infer *i, uint32_t input);
};

/* ---- registering ---- */

/* The struct is copied, what it points to is not. Errors name the plugin and what is wrong. */
SOLDER_API solder_status solder_builder_add_plugin(solder_builder *builder,
                                                   const solder_plugin *plugin);
SOLDER_API solder_status solder_runtime_add_plugin(solder_runtime *runtime,
                                                   const solder_plugin *plugin);

/*
 * Opens a shared library and registers every plugin its solder_plugins function lists. Runs the
 * library's code: load only what you trust.
 */
SOLDER_API solder_status solder_builder_load_plugin(solder_builder *builder, const char *path);
SOLDER_API solder_status solder_runtime_load_plugin(solder_runtime *runtime, const char *path);

/*
 * What such a library defines:
 *
 *     SOLDER_PLUGIN_EXPORT const solder_plugin *const *solder_plugins(size_t *count)
 *     {
 *         static const solder_plugin *const list[] = {&twice};
 *         *count = 1;
 *         return list;
 *     }
 */
#if defined(__GNUC__)
#define SOLDER_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define SOLDER_PLUGIN_EXPORT
#endif
SOLDER_PLUGIN_EXPORT const solder_plugin *const *solder_plugins(size_t *count);

#ifdef __cplusplus
}
#endif

/* solder_load_plugin(builder or runtime, "libmine.so"), solder_register_plugin(..., &plugin). */
#ifndef __cplusplus
#define solder_load_plugin(where, path)                                                            \
    _Generic((where), solder_builder *                                                             \
             : solder_builder_load_plugin, solder_runtime *                                        \
             : solder_runtime_load_plugin)((where), (path))
#define solder_register_plugin(where, plugin)                                                      \
    _Generic((where), solder_builder *                                                             \
             : solder_builder_add_plugin, solder_runtime *                                         \
             : solder_runtime_add_plugin)((where), (plugin))
#else
static inline solder_status solder_load_plugin(solder_builder *where, const char *path)
{
    return solder_builder_load_plugin(where, path);
}
static inline solder_status solder_load_plugin(solder_runtime *where, const char *path)
{
    return solder_runtime_load_plugin(where, path);
}
static inline solder_status solder_register_plugin(solder_builder *where,
                                                   const solder_plugin *plugin)
{
    return solder_builder_add_plugin(where, plugin);
}
static inline solder_status solder_register_plugin(solder_runtime *where,
                                                   const solder_plugin *plugin)
{
    return solder_runtime_add_plugin(where, plugin);
}
#endif
#endif
