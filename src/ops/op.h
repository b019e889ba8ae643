/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator table: one row of ops.def per operator. Its attributes are described once, as data;
 * the text form, hashing, JSON, the network API's checks and the plan all work from that row.
 */
#ifndef SLD_OPS_OP_H
#define SLD_OPS_OP_H

#include "base/expr.h"
#include "kernels/kernel.h"
#include "solder/network.h"

typedef enum sld_op {
#define SLD_OP(ENUM, Name, family, params, min_in, max_in, min_out, max_out) SLD_OP_##ENUM,
#include "ops/ops.def"
#undef SLD_OP
    SLD_OP_COUNT
} sld_op;

typedef enum sld_attr_kind {
    SLD_ATTR_I32 = 0,
    SLD_ATTR_I64,
    SLD_ATTR_F32,
    SLD_ATTR_F64,
    SLD_ATTR_BOOL,  /* i32 0 or 1 */
    SLD_ATTR_ENUM,  /* i32, named by names[] */
    SLD_ATTR_DTYPE, /* i32 solder_dtype */
    SLD_ATTR_MASK,  /* u32 bit set, printed as a list of axes */
    SLD_ATTR_TEXT   /* char[count], ended by 0; default empty */
} sld_attr_kind;

/*
 * One field of the params struct. count > 1 is an array; length_offset, if not -1, is the offset
 * of the i32 field saying how many entries are used.
 */
typedef struct sld_attr {
    const char *name; /* "stride", "epilogue.act" */
    sld_attr_kind kind;
    uint16_t offset;
    uint16_t count;
    int32_t length_offset; /* -1: none */
    double def;            /* default of every entry */
    const char *const *names;
    int32_t name_count;
} sld_attr;

#define SLD_ATTR(type, field, name_, kind_, def_)                                                  \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .offset = offsetof(type, field), .count = 1,             \
        .length_offset = -1, .def = (def_)                                                         \
    }
#define SLD_ATTR_NAMED(type, field, name_, table, def_)                                            \
    {                                                                                              \
        .name = (name_), .kind = SLD_ATTR_ENUM, .offset = offsetof(type, field), .count = 1,       \
        .length_offset = -1, .def = (def_), .names = (table),                                      \
        .name_count = (int32_t)SLD_ARRAY_LENGTH(table)                                             \
    }
#define SLD_ATTR_LIST(type, field, name_, kind_, count_, length_field, def_)                       \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .offset = offsetof(type, field), .count = (count_),      \
        .length_offset = (int32_t)offsetof(type, length_field), .def = (def_)                      \
    }
#define SLD_ATTR_ARRAY(type, field, name_, kind_, count_, def_)                                    \
    {                                                                                              \
        .name = (name_), .kind = (kind_), .offset = offsetof(type, field), .count = (count_),      \
        .length_offset = -1, .def = (def_)                                                         \
    }

/* A shape: rank -1 if unknown. */
typedef struct sld_shape {
    int32_t rank;
    sld_dim d[SOLDER_MAX_RANK];
} sld_shape;

/*
 * What inference knows of a value. content, if not NULL, gives the elements of a small integer
 * tensor (rank 0 or 1, at most SLD_CONTENT_MAX elements) as expressions: that is how a Shape ->
 * Gather -> Concat -> Reshape chain yields symbolic dimensions. An unknown element is SLD_DIM_NONE.
 */
#define SLD_CONTENT_MAX 64
typedef struct sld_fact {
    solder_dtype dtype; /* SOLDER_NONE: absent optional input */
    sld_shape shape;
    const sld_dim *content;
    const void *data; /* constant's bytes, contiguous, or NULL */
} sld_fact;

/* Input and output of one inference. Outputs come zeroed, shape.rank -1. */
typedef struct sld_infer {
    sld_expr_table *exprs;
    sld_arena *arena; /* for content arrays */
    sld_diag *diag;
    const char *name;    /* node, for messages and for naming data-dependent symbols */
    const char *op_name; /* "Convolution" */
    void *params;        /* inference may normalise it (negative axes) */
    const sld_fact *in;
    sld_fact *out;
    uint32_t in_count, out_count;
} sld_infer;

typedef struct sld_op_info {
    const char *name;   /* "Convolution" */
    const char *family; /* "conv" */
    size_t params_size;
    const sld_attr *attrs;
    uint32_t attr_count;
    uint32_t min_in, max_in, min_out, max_out;
    /* Checks attributes and inputs, sets dtype and shape of every output. Errors name the node. */
    solder_status (*infer)(sld_infer *infer);
} sld_op_info;

/* What ops/<family>.c defines. */
typedef struct sld_op_part {
    const sld_attr *attrs;
    uint32_t attr_count;
    solder_status (*infer)(sld_infer *infer);
} sld_op_part;
#define SLD_OP(ENUM, Name, family, params, min_in, max_in, min_out, max_out)                       \
    extern const sld_op_part sld_op_##family;
#include "ops/ops.def"
#undef SLD_OP

/* The row of an operator (op < SLD_OP_COUNT). */
sld_op_info sld_op_get(sld_op op);
const char *sld_op_name(sld_op op);
/* SLD_OP_COUNT if there is no such name. */
sld_op sld_op_find(const char *name);
/* Writes every attribute's default. */
void sld_op_defaults(sld_op op, void *params);

/* Attributes of any table. attrs NULL: none. */
void sld_attrs_defaults(const sld_attr *attrs, uint32_t count, void *params);
const sld_attr *sld_attrs_find(const sld_attr *attrs, uint32_t count, const char *name);

/* Attribute access by description. Scalars and lists as double or i64; bounds are checked. */
const sld_attr *sld_op_attr(sld_op op, const char *name);
int sld_attr_length(const sld_attr *attr, const void *params);
int64_t sld_attr_get_i64(const sld_attr *attr, const void *params, int index);
double sld_attr_get_f64(const sld_attr *attr, const void *params, int index);
/* False if the value does not fit the field (or is no member of the enum). */
bool sld_attr_set_i64(const sld_attr *attr, void *params, int index, int64_t value);
bool sld_attr_set_f64(const sld_attr *attr, void *params, int index, double value);
bool sld_attr_set_length(const sld_attr *attr, void *params, int length);
const char *sld_attr_get_text(const sld_attr *attr, const void *params);
/* False if it does not fit the field, or the field is no TEXT. */
bool sld_attr_set_text(const sld_attr *attr, void *params, const char *text);
/* As a user gave it: numbers, a name, a text. NULL, or why it cannot be ("does not exist"...). */
const char *sld_attr_assign(const sld_attr *attr, void *params, const solder_attribute *value);

/* ---- helpers for infer functions (infer.c) ---- */

/* Fails with "node 'x' (Convolution): ..." */
solder_status sld_infer_fail(const sld_infer *infer, solder_status code, const char *format, ...)
    SLD_PRINTF(3, 4);
/* Turns a possibly negative axis into 0..rank-1. */
solder_status sld_infer_axis(const sld_infer *infer, int32_t *axis, int rank);
/* Is input index given? */
bool sld_infer_has(const sld_infer *infer, uint32_t index);
/* Requires rank and dtype of an input to be known and lies in [min, max]. */
solder_status sld_infer_rank(const sld_infer *infer, uint32_t index, int min, int max);
/* Constant dimension, or false. */
bool sld_infer_dim(const sld_infer *infer, uint32_t index, int axis, int64_t *value);
/* numpy broadcast of two shapes. Unequal symbols: the symbolic dimension wins over 1, else error
 * only if both are constants that disagree; two different expressions give the left one. */
solder_status sld_infer_broadcast(const sld_infer *infer, const sld_shape *a, const sld_shape *b,
                                  sld_shape *out);
/* Product of d[from..to); SLD_DIM_NONE if it overflows. */
sld_dim sld_infer_product(const sld_infer *infer, const sld_shape *shape, int from, int to);
/* Elements of a small integer input as expressions, from content or data; NULL if not known. */
const sld_dim *sld_infer_content(const sld_infer *infer, uint32_t index, int *count);
/* Element of a constant input as i64 / f64; false if the input is not constant. */
bool sld_infer_constant_i64(const sld_infer *infer, uint32_t index, int64_t element,
                            int64_t *value);
bool sld_infer_constant_f64(const sld_infer *infer, uint32_t index, int64_t element, double *value);
/* A dim of the outputs that only the values of the inputs tell, right before the step runs: the
 * family needs a row in kernels/dims.def. */
sld_dim sld_infer_open_dim(const sld_infer *infer, int axis);
/* Sets out[index] to dtype and shape. */
void sld_infer_set(sld_infer *infer, uint32_t index, solder_dtype dtype, const sld_shape *shape);
/* A shape of one constant dimension or none. */
sld_shape sld_shape_scalar(void);
sld_shape sld_shape_vector(sld_expr_table *exprs, int64_t length);

#endif
