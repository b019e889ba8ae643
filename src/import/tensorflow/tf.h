/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lowering of TensorFlow-style nodes, shared by the importers of the formats that have them
 * (graphdef, uff): nodes of sld_tf_model in, operators out. A conversion reads its attributes and
 * inputs, emits operators and sets outputs. The first failure of a node is kept in its status;
 * every helper after it does nothing, so that conversions need no error handling of their own.
 *
 * Layouts: TensorFlow's images are NHWC, operators here take NCHW. A tensor therefore has up to two
 * values, made when asked for: plain (the dims TensorFlow says) and first (channels moved to axis
 * 1). Elementwise operators stay with first where an input has it, so transposes appear only where
 * order matters.
 */
#ifndef SLD_IMPORT_TENSORFLOW_TF_H
#define SLD_IMPORT_TENSORFLOW_TF_H

#include "graph/names.h"
#include "import/import.h"
#include "import/tensorflow/tf_read.h"
#include "kernels/params.h"

typedef struct sld_tf_tensor sld_tf_tensor;
typedef struct sld_tf_list sld_tf_list;
typedef struct sld_tf_random sld_tf_random;
struct sld_tf_tensor {
    bool poisoned; /* depends on something unsupported; has no value */
    sld_value *plain, *first;
    sld_tf_list *list;           /* a TensorList or TensorArray: no value (tf_loop.h) */
    sld_tf_random *random;       /* numbers nobody knows: no value (tf_random.c) */
    sld_value *real, *imaginary; /* complex numbers: no value (tf_spectrum.c) */
    /* Of rows dealt out: by what, which rows, and which part of them (tf_partition.c). */
    const struct sld_tf_dealing *dealing;
    const sld_value *dealt;
    uint32_t part;
    /* [N, C * H * W] of a tensor whose plain form is [N, H * W * C]; dims are C, H, W */
    sld_value *flat;
    int64_t flat_dims[3];
    /* This tensor is source's first form with zeros around it. */
    sld_value *unpadded;
    int32_t pad_begin[SLD_MAX_SPATIAL], pad_end[SLD_MAX_SPATIAL];
    /* It is source's blocks moved to the batch, then perhaps convolved: see tf_dilation.c. */
    struct sld_tf_blocked *blocked;
};

/*
 * x of the first form with zeros around it, cut into blocks of size block[i] that stand in the
 * batch; then a convolution of stride 1 without padding, if weight is there.
 */
typedef struct sld_tf_blocked {
    sld_value *x, *weight;
    int spatial;
    int32_t groups;
    int64_t block[SLD_MAX_SPATIAL], pad_begin[SLD_MAX_SPATIAL], pad_end[SLD_MAX_SPATIAL];
} sld_tf_blocked;

/* Numbers from low to high, both included; dims: i64. */
struct sld_tf_random {
    double low, high;
    sld_value *dims;
};

typedef struct sld_tf sld_tf;
typedef struct sld_tf_op sld_tf_op;

/* What differs between the formats that have such nodes. */
typedef struct sld_tf_format {
    const char *name;  /* "tensorflow": prefix of every message */
    const char *input; /* operator of the graph's inputs: "Placeholder" */
    /* NULL if the operator is not known. */
    const sld_tf_op *(*find)(const char *op);
    /* What becomes of a tensor that is an output under that name. */
    solder_status (*mark)(sld_tf *tf, const char *name, sld_tf_tensor *t);
} sld_tf_format;

struct sld_tf {
    const sld_tf_format *format;
    sld_import *import;
    sld_graph *graph;
    sld_diag *diag;
    sld_arena arena; /* everything that only lives during the import */
    sld_tf_model model;
    bool channels_first; /* the graph was made for NCHW */
    sld_unsupported unsupported;
    sld_unsupported variables;
    struct sld_tf_dealing *dealings;
    size_t nodes_converted, node_limit; /* functions unfolded */
    size_t outputs_marked;
    bool given_first; /* the caller's tensor of the input being declared is NCHW, its shape NHWC */
    sld_tf_tensor nothing; /* what a missing input is read as */
};

typedef struct sld_tf_scope sld_tf_scope;

typedef struct sld_tf_node {
    sld_tf *tf;
    const sld_tf_scope *scope;
    const char *name; /* never empty */
    const char *op;
    sld_tf_tensor **in;
    uint32_t in_count;
    uint64_t in_read; /* bit i: a conversion looked at in[i]; an input nobody reads is an error */
    sld_tf_tensor **out;
    uint32_t out_count;
    uint32_t reads; /* outputs up to the last that another node reads by number */
    sld_tf_attr *attrs;
    uint32_t attr_count;
    solder_status status;
} sld_tf_node;

/* A row of tf_ops.def: convert is told kind. */
struct sld_tf_op {
    const char *name;
    void (*convert)(sld_tf_node *node, int told);
    int kind;
};

/* TensorFlow's own operators. NULL if the operator is not known. */
const sld_tf_op *sld_tf_find(const char *op);

/* ---- failing ---- */

/* "tensorflow: node 'conv1' (Conv2D): ..." */
void sld_tf_fail(sld_tf_node *node, solder_status code, const char *format, ...) SLD_PRINTF(3, 4);
/* Goes to the list of unsupported nodes. */
void sld_tf_unsupported(sld_tf_node *node, const char *format, ...) SLD_PRINTF(2, 3);
/* Takes over what a call on the graph gave: what it does not support joins the list, other failures
 * get the node's name. */
void sld_tf_keep(sld_tf_node *node, solder_status status);
static inline bool sld_tf_ok(const sld_tf_node *node)
{
    return node->status == SOLDER_OK;
}

/* ---- attributes (tf_attr.c): read ones are marked, the others are errors ---- */

/* NULL if absent; fails if it is of another kind. */
const sld_tf_attr *sld_tf_attribute(sld_tf_node *node, const char *name, sld_tf_attr_kind kind);
int64_t sld_tf_int(sld_tf_node *node, const char *name, int64_t absent);
bool sld_tf_bool(sld_tf_node *node, const char *name, bool absent);
float sld_tf_float(sld_tf_node *node, const char *name, float absent);
/* Of an attribute nobody reads: it says nothing about the result, or what the inputs say. */
bool sld_tf_says_nothing(const sld_tf_attr *attr);
/* Unsupported if an attribute that matters was not read. */
void sld_tf_check_attributes(sld_tf_node *node);
/* Index into names; absent is the index to take without the attribute. */
int sld_tf_choice(sld_tf_node *node, const char *name, const char *const *names, int count,
                  int absent);
/* Number of integers, at most room; 0 without the attribute. */
size_t sld_tf_ints(sld_tf_node *node, const char *name, int64_t *values, size_t room);
size_t sld_tf_floats(sld_tf_node *node, const char *name, float *values, size_t room);
/* SOLDER_NONE, and unsupported, if there is no such type here. */
solder_dtype sld_tf_type(sld_tf_node *node, const char *name, solder_dtype absent);
/* SOLDER_NONE if the DataType is not supported. */
solder_dtype sld_tf_dtype(int type);
const char *sld_tf_type_name(int type);

/* ---- tensors (tf_node.c) ---- */

/* Fails if the input is absent; a valid tensor without values after a failure. */
sld_tf_tensor *sld_tf_in(sld_tf_node *node, uint32_t index);
int sld_tf_rank(const sld_tf_tensor *t);
solder_dtype sld_tf_tensor_dtype(const sld_tf_tensor *t);
/* Dimension of a TensorFlow axis; false if it is open. */
bool sld_tf_dim(const sld_tf_node *node, const sld_tf_tensor *t, int axis, int64_t *dim);
sld_value *sld_tf_plain(sld_tf_node *node, sld_tf_tensor *t);
sld_value *sld_tf_first(sld_tf_node *node, sld_tf_tensor *t);
/* plain(input index) */
sld_value *sld_tf_input(sld_tf_node *node, uint32_t index);
/* Where a TensorFlow axis lies in the first form. */
static inline int sld_tf_first_axis(int axis, int rank)
{
    return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
}
void sld_tf_outputs(sld_tf_node *node, int64_t count);
void sld_tf_set(sld_tf_node *node, uint32_t index, sld_value *plain);
void sld_tf_set_first(sld_tf_node *node, uint32_t index, sld_value *first);
/* One or the other. */
void sld_tf_set_form(sld_tf_node *node, uint32_t index, sld_value *value, bool first);

/* axis from [-rank, rank) to [0, rank); fails outside. */
int sld_tf_axis(sld_tf_node *node, int64_t axis, int rank);
/* Element of a small integer value, if it is known now. */
bool sld_tf_known_at(sld_tf_node *node, const sld_value *value, size_t index, int64_t *element);
/* Number of elements of a small value of rank 0 or 1; false if it is open. */
bool sld_tf_known_count(sld_tf_node *node, const sld_value *value, size_t *count);
/* All elements, at most room; unsupported, saying what they are, if they are not known. */
size_t sld_tf_constant_ints(sld_tf_node *node, uint32_t index, const char *what, int64_t *values,
                            size_t room);
/* The same for one element. */
int64_t sld_tf_constant_int(sld_tf_node *node, uint32_t index, const char *what);
double sld_tf_constant_real(sld_tf_node *node, uint32_t index, const char *what);

/* ---- emitting (tf_emit.c): NULL after a failure; params NULL: defaults ---- */

sld_value *sld_tf_emit(sld_tf_node *node, sld_op op, const void *params, sld_value *const *in,
                       uint32_t in_count);
void sld_tf_emit_many(sld_tf_node *node, sld_op op, const void *params, sld_value *const *in,
                      uint32_t in_count, sld_value **out, uint32_t out_count);
/* Copies data. */
sld_value *sld_tf_constant(sld_tf_node *node, solder_dtype dtype, int rank, const int64_t *dims,
                           const void *data);
sld_value *sld_tf_vector(sld_tf_node *node, const int64_t *values, size_t count);
sld_value *sld_tf_scalar(sld_tf_node *node, solder_dtype dtype, double value);
sld_value *sld_tf_unary(sld_tf_node *node, int kind, sld_value *x);
sld_value *sld_tf_binary(sld_tf_node *node, int kind, sld_value *a, sld_value *b);
sld_value *sld_tf_select(sld_tf_node *node, sld_value *condition, sld_value *a, sld_value *b);
sld_value *sld_tf_activation(sld_tf_node *node, int kind, float alpha, float beta, sld_value *x);
sld_value *sld_tf_cast(sld_tf_node *node, solder_dtype to, sld_value *x);
sld_value *sld_tf_transpose(sld_tf_node *node, const int32_t *perm, sld_value *x);
/* dims as SLD_OP_RESHAPE takes them: 0 keeps, -1 is inferred. */
sld_value *sld_tf_reshape(sld_tf_node *node, const int64_t *dims, int rank, sld_value *x);
/* Dims come from x's axis from[i], or are 1 where that is -1; the elements stay in order. */
sld_value *sld_tf_rearrange(sld_tf_node *node, sld_value *x, const int *from, int rank);
/* x with 1s inserted before axis. */
sld_value *sld_tf_unsqueeze(sld_tf_node *node, sld_value *x, int axis, int count);
/* i64 dims of the plain form. */
sld_value *sld_tf_shape_of(sld_tf_node *node, sld_tf_tensor *t);
sld_value *sld_tf_gather(sld_tf_node *node, sld_value *x, sld_value *indices, int axis);
sld_value *sld_tf_slice(sld_tf_node *node, sld_value *x, int axis, int64_t start, int64_t end);
sld_value *sld_tf_concat(sld_tf_node *node, sld_value *const *in, uint32_t count, int axis);
sld_value *sld_tf_as_scalar(sld_tf_node *node, sld_value *x);
/* 0, 1, 2 ... as many as x has along axis: i64 [n] */
sld_value *sld_tf_count_along(sld_tf_node *node, sld_value *x, int axis);
sld_value *sld_tf_reduce(sld_tf_node *node, int kind, uint32_t axes, sld_value *x);
/* x, which has as many elements as like has along axis, as [n, 1, ...] of that rank. */
sld_value *sld_tf_column(sld_tf_node *node, sld_value *x, sld_value *like, int axis, int rank);

/* ---- dilated convolutions (tf_dilation.c) ---- */

/* Remembers that output 0 is `blocked`, given by SpaceToBatchND or a convolution of such a one. */
void sld_tf_remember_blocked(sld_tf_node *node, const sld_tf_blocked *blocked);
/* The dilated convolution that blocks, convolved and put back less the crops, amount to; NULL if
 * t is nothing of the kind. */
sld_value *sld_tf_unblocked(sld_tf_node *node, const sld_tf_tensor *t, int count,
                            const int64_t *block, const int64_t *crop_begin,
                            const int64_t *crop_end);

/* ---- constants (tf_const.c) ---- */

/* A TensorProto as a constant: borrowed from the file where it lies aligned. */
sld_value *sld_tf_add_tensor(sld_tf_node *node, sld_tf_bytes bytes);
/* The same taken apart already. */
sld_value *sld_tf_add_read_tensor(sld_tf_node *node, const sld_tf_proto_tensor *tensor);

/* ---- the whole (tf_graph.c) ---- */

/* Converts tf->model as far as the outputs need it; without any, what nothing reads is an output.
 * Everything unsupported is reported at once. */
solder_status sld_tf_convert(sld_tf *tf, const char *const *outputs, size_t output_count);
/* Declares an input of the model; shape is in the model's order. */
solder_status sld_tf_declare(sld_tf *tf, const char *name, solder_dtype dtype,
                             const sld_tf_shape *shape, sld_tf_tensor *t);
/* Makes the tensor an output of the network: an sld_tf_format's mark. */
solder_status sld_tf_mark_output(sld_tf *tf, const char *name, sld_tf_tensor *t);

/* ---- spectra (tf_spectrum.c) ---- */

/* What sld_tf_complex_part is told. */
enum { SLD_TF_REAL, SLD_TF_IMAGINARY, SLD_TF_COMPLEX_ABS };

/* ---- random numbers (tf_random.c) ---- */

/* Converts a node with such an input: into what is certain whatever they are, or not at all. */
void sld_tf_use_random(sld_tf_node *node);

/* ---- functions (tf_scope.c) ---- */

/* Reads a variable: the graph is not frozen. */
bool sld_tf_is_variable(const char *op);

/* The function an attribute names; fails if there is none. */
const sld_tf_function *sld_tf_function_attr(sld_tf_node *node, const char *name);
/* The functions of a list, at most room of them; fails if there are more, or none. */
uint32_t sld_tf_function_attrs(sld_tf_node *node, const char *name, const sld_tf_function **found,
                               uint32_t room);
/* Converts a function's body for node, at tf->graph; prefix stands before the names of its nodes.
 * SOLDER_ERROR_UNSUPPORTED if it contains something unsupported, which is listed. */
solder_status sld_tf_apply(sld_tf_node *node, const sld_tf_function *f, const char *prefix,
                           sld_tf_tensor *const *args, uint32_t arg_count, sld_tf_tensor **rets);
void sld_tf_call(sld_tf_node *node, int told);

#endif
