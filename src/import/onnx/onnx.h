/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ONNX importer's own header. A conversion reads its attributes and inputs, emits operators and
 * sets out[]. The first failure of a node is kept in its status; every helper after it does
 * nothing, so that conversions need no error handling of their own.
 */
#ifndef SLD_IMPORT_ONNX_ONNX_H
#define SLD_IMPORT_ONNX_ONNX_H

#include "graph/names.h"
#include "import/import.h"
#include "import/onnx/onnx_read.h"
#include "kernels/params.h"

/* Nothing newer is guessed at. How old one may be, each row of onnx_ops.def says. */
#define SLD_ONNX_NEWEST_OPSET 28

typedef struct sld_onnx_file {
    const char *location;
    sld_file file;
} sld_onnx_file;

typedef struct sld_onnx {
    sld_import *import;
    sld_graph *graph;
    sld_diag *diag;
    sld_arena arena; /* everything that only lives during the import */
    sld_onnx_model model;
    sld_onnx_file *files; /* external data opened so far */
    size_t file_count, file_capacity;
    sld_unsupported unsupported;
    sld_nearest nearest;                /* to an output that no node gives */
    size_t nodes_converted, node_limit; /* functions unfolded */
    size_t made_bytes;                  /* of sld_onnx_made_room */
    bool misfit; /* what failed last is a well-formed node whose operands do not fit */
} sld_onnx;

/* Values of an outer scope that a body takes, in the order of its inputs. */
typedef struct sld_onnx_captures {
    const char *names[SLD_MAX_INPUTS];
    sld_value *values[SLD_MAX_INPUTS]; /* of the network around the body */
    uint32_t count;
} sld_onnx_captures;

/* The names of a graph, a function body or a subgraph. */
typedef struct sld_onnx_scope {
    const struct sld_onnx_scope *outer;  /* of a subgraph: where its node stands */
    sld_graph *graph;                    /* of a subgraph: where its nodes go */
    sld_onnx_captures *captures;         /* of a subgraph */
    const struct sld_onnx_scope *caller; /* of a function body; NULL in the graph */
    const sld_onnx_function *function;
    const sld_onnx_opset *opsets;
    uint32_t opset_count;
    sld_names *values;      /* name -> sld_onnx_binding */
    const char *prefix;     /* of node names: "" in the graph, "call/" in a function */
    sld_onnx_attr *actuals; /* attributes of the call, then defaults */
    uint32_t actual_count;
} sld_onnx_scope;

typedef struct sld_onnx_node {
    sld_onnx *onnx;
    const sld_onnx_scope *scope;
    const char *name; /* never empty */
    const char *op;
    int64_t version; /* of the operator set it comes from, or of the one it means the same as in */
    sld_value **in;  /* NULL: absent */
    uint32_t in_count;
    uint64_t in_read; /* bit i: a conversion looked at in[i]; an input nobody reads is an error */
    sld_value **out;
    const bool *wanted; /* out[i] has a name */
    uint32_t out_count;
    sld_onnx_attr *attrs;
    uint32_t attr_count;
    solder_status status;
} sld_onnx_node;

/* A row of onnx_ops.def or onnx_contrib.def: convert is told kind. */
typedef struct sld_onnx_op {
    const char *name;
    void (*convert)(sld_onnx_node *node, int told);
    int kind;
    int since; /* com.microsoft: the standard operator set whose meaning it has; 0: its own */
} sld_onnx_op;

#define SLD_ONNX_CONTRIB_DOMAIN "com.microsoft"

/* NULL if the operator is not known. domain "": the standard one. */
const sld_onnx_op *sld_onnx_find(const char *domain, const char *op);

/* ---- failing ---- */

/* "onnx: node 'conv1' (Conv): ..." */
void sld_onnx_fail(sld_onnx_node *node, solder_status code, const char *format, ...)
    SLD_PRINTF(3, 4);
/* Goes to the list of unsupported nodes. */
void sld_onnx_unsupported(sld_onnx_node *node, const char *format, ...) SLD_PRINTF(2, 3);
static inline bool sld_onnx_ok(const sld_onnx_node *node)
{
    return node->status == SOLDER_OK;
}

/* ---- attributes (onnx_attr.c): read ones are marked, the others are errors ---- */

int64_t sld_onnx_int(sld_onnx_node *node, const char *name, int64_t absent);
/* Fails unless it lies in [low, high]. */
int32_t sld_onnx_int_in(sld_onnx_node *node, const char *name, int64_t absent, int64_t low,
                        int64_t high);
bool sld_onnx_bool(sld_onnx_node *node, const char *name, bool absent);
float sld_onnx_float(sld_onnx_node *node, const char *name, float absent);
/* Index into names; absent is the index to take without the attribute. */
int sld_onnx_choice(sld_onnx_node *node, const char *name, const char *const *names, int count,
                    int absent);
/* NULL without the attribute. */
const int64_t *sld_onnx_ints(sld_onnx_node *node, const char *name, size_t *count);
const float *sld_onnx_floats(sld_onnx_node *node, const char *name, size_t *count);
/* The number of strings, 0 without the attribute; the first room of them go to values. */
size_t sld_onnx_strings(sld_onnx_node *node, const char *name, sld_onnx_bytes *values, size_t room);
/* Marks it read and gives it, whatever its type; NULL if absent. */
const sld_onnx_attr *sld_onnx_attribute(sld_onnx_node *node, const char *name);
/* Exactly count values within int32, or count times absent. */
void sld_onnx_i32s(sld_onnx_node *node, const char *name, int count, int32_t absent,
                   int32_t *values);

/* ---- inputs ---- */

/* NULL if absent. */
sld_value *sld_onnx_input(sld_onnx_node *node, uint32_t index);
/* Fails if absent. */
sld_value *sld_onnx_required(sld_onnx_node *node, uint32_t index);
/* Rank of a value; 0 after a failure. */
int sld_onnx_rank(const sld_value *value);
/* axis from [-rank, rank) to [0, rank); fails outside. */
int sld_onnx_axis(sld_onnx_node *node, int64_t axis, int rank);
bool sld_onnx_dim(const sld_onnx_node *node, const sld_value *value, int axis, int64_t *dim);
/*
 * The elements of a small integer value known now, from a constant or from what inference knows
 * of it; false if any is not known.
 */
bool sld_onnx_known_ints(sld_onnx_node *node, const sld_value *value, const int64_t **ints,
                         size_t *count);
/* The single element of a constant. */
bool sld_onnx_known_real(const sld_value *value, double *real);

/*
 * Axes from attribute or input `index` (whichever the version has); false if neither is there.
 * An input that is not constant is unsupported.
 */
bool sld_onnx_axes(sld_onnx_node *node, bool as_input, uint32_t index, const int64_t **axes,
                   size_t *count);

/* The mask of axes [first, rank). */
uint32_t sld_onnx_axes_from(int first, int rank);

/* ---- emitting ---- */

/* A failed edit of the network: unsupported ones join the list, the rest get the importer's prefix.
 */
void sld_onnx_keep_failure(sld_onnx_node *node, solder_status status);

/* NULL after a failure. params NULL: defaults. */
sld_value *sld_onnx_emit(sld_onnx_node *node, sld_op op, const void *params, sld_value *const *in,
                         uint32_t in_count);
void sld_onnx_emit_many(sld_onnx_node *node, sld_op op, const void *params, sld_value *const *in,
                        uint32_t in_count, sld_value **out, uint32_t out_count);
/* Copies data. */
sld_value *sld_onnx_constant(sld_onnx_node *node, solder_dtype dtype, int rank, const int64_t *dims,
                             const void *data);
sld_value *sld_onnx_vector(sld_onnx_node *node, const int64_t *values, size_t count);
/*
 * Room in the network for a constant that the file only describes, such as a matrix of sines; NULL
 * after a failure. What a model may ask for this way is limited.
 */
void *sld_onnx_made_room(sld_onnx_node *node, solder_dtype dtype, int rank, const int64_t *dims);
/* Keeps data, which lies in that room. */
sld_value *sld_onnx_made(sld_onnx_node *node, solder_dtype dtype, int rank, const int64_t *dims,
                         const void *data);
/* A scalar of any type. */
sld_value *sld_onnx_scalar(sld_onnx_node *node, solder_dtype dtype, double value);
sld_value *sld_onnx_unary(sld_onnx_node *node, sld_unary kind, sld_value *x);
sld_value *sld_onnx_binary(sld_onnx_node *node, sld_binary kind, sld_value *a, sld_value *b);
sld_value *sld_onnx_activation(sld_onnx_node *node, sld_act kind, float alpha, float beta,
                               sld_value *x);
sld_value *sld_onnx_cast(sld_onnx_node *node, solder_dtype to, sld_value *x);
sld_value *sld_onnx_reduce(sld_onnx_node *node, sld_reduce_kind kind, uint32_t axes, bool keep_dims,
                           sld_value *x);
sld_value *sld_onnx_transpose(sld_onnx_node *node, const int32_t *perm, sld_value *x);
/* i64 [end - start] */
sld_value *sld_onnx_shape(sld_onnx_node *node, int start, int end, sld_value *x);

/* The attributes of Conv, of an x and a weight of any type; false after a failure (onnx_nn.c). */
bool sld_onnx_read_conv(sld_onnx_node *node, const sld_value *x, const sld_value *weight,
                        sld_conv_params *params);
/* A product as numpy's matmul: vectors are promoted, and not transposed (onnx_nn.c). */
sld_value *sld_onnx_product(sld_onnx_node *node, sld_matmul_params params, sld_value *a,
                            sld_value *b);
/* x [start, end) along axis. */
sld_value *sld_onnx_slice_axis(sld_onnx_node *node, sld_value *x, int axis, int64_t start,
                               int64_t end);
sld_value *sld_onnx_join(sld_onnx_node *node, int axis, sld_value *const *in, uint32_t count);
/* numpy.take along axis 0 */
sld_value *sld_onnx_take(sld_onnx_node *node, sld_value *data, sld_value *indices);
sld_value *sld_onnx_select(sld_onnx_node *node, sld_value *condition, sld_value *a, sld_value *b);

/* 0, 1, 2 ... along an axis of x, as i64 [n, 1, 1 ...] that broadcasts against x. */
sld_value *sld_onnx_count_along(sld_onnx_node *node, sld_value *x, int axis);
/* The scalar in a tensor of one element. */
sld_value *sld_onnx_as_scalar(sld_onnx_node *node, sld_value *x);

/* One dimension of a reshape: product of x's dims [first, last) times factor, divided by divisor.
 */
typedef struct sld_onnx_dim_rule {
    int first, last;
    int64_t factor, divisor;
} sld_onnx_dim_rule;
static inline sld_onnx_dim_rule sld_onnx_keep(int axis)
{
    return (sld_onnx_dim_rule){axis, axis + 1, 1, 1};
}
static inline sld_onnx_dim_rule sld_onnx_fixed(int64_t dim)
{
    return (sld_onnx_dim_rule){0, 0, dim, 1};
}
sld_value *sld_onnx_reshape(sld_onnx_node *node, sld_value *x, const sld_onnx_dim_rule *rules,
                            int rank);
/* x with the dims of like (equal element counts). */
sld_value *sld_onnx_reshape_like(sld_onnx_node *node, sld_value *x, sld_value *like);

/* ---- tensors (onnx_tensor.c) ---- */

/* SOLDER_NONE if the element type is not supported. */
solder_dtype sld_onnx_dtype(int elem);
/* "float8e4m3fn" */
const char *sld_onnx_elem_name(int elem);

/* Adds a TensorProto as a constant: borrowed from the file where it lies aligned. */
solder_status sld_onnx_add_tensor(sld_onnx *onnx, const char *name, sld_onnx_bytes bytes,
                                  sld_value **value);
solder_status sld_onnx_add_sparse(sld_onnx *onnx, const char *name, sld_onnx_bytes bytes,
                                  sld_value **value);
/* Fills out with the tensor's elements; bytes is their size. For tensors that are not external. */
solder_status sld_onnx_tensor_data(sld_diag *diag, const sld_onnx_tensor *tensor, void *out,
                                   size_t bytes);

/* ---- external data (onnx_external.c) ---- */

/* The bytes of location, a regular file beneath the model's folder. Mapped once. */
solder_status sld_onnx_external(sld_onnx *onnx, const char *tensor, const char *location,
                                sld_file *file);

#endif
