/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GraphDef files as structures that borrow from the mapped file. Written on the wire reader:
 * weights stay in the file, and there is no second copy of a large model in memory.
 */
#ifndef SLD_IMPORT_TENSORFLOW_TF_READ_H
#define SLD_IMPORT_TENSORFLOW_TF_READ_H

#include "base/memory.h"

typedef struct sld_tf_bytes {
    const uint8_t *data;
    size_t size;
} sld_tf_bytes;

/* Which field of AttrValue is set. */
typedef enum sld_tf_attr_kind {
    SLD_TF_NONE = 0,
    SLD_TF_LIST = 1,
    SLD_TF_STRING = 2,
    SLD_TF_INT = 3,
    SLD_TF_FLOAT = 4,
    SLD_TF_BOOL = 5,
    SLD_TF_TYPE = 6,
    SLD_TF_SHAPE = 7,
    SLD_TF_TENSOR = 8,
    SLD_TF_PLACEHOLDER = 9,
    SLD_TF_FUNCTION = 10,
    SLD_TF_FOREIGN = 100 /* of another format with such nodes, in that format's bytes */
} sld_tf_attr_kind;

typedef struct sld_tf_function sld_tf_function;

typedef struct sld_tf_attr {
    const char *name;
    sld_tf_attr_kind kind;
    int64_t i; /* INT, BOOL, TYPE */
    float f;
    sld_tf_bytes bytes; /* the others */
    /* of a node made here: instead of bytes */
    const sld_tf_function *function, **functions;
    uint32_t function_count;
    bool used;
} sld_tf_attr;

typedef struct sld_tf_node_proto {
    const char *name, *op;
    const char **in;
    uint32_t in_count, attr_count;
    sld_tf_attr *attrs;
    bool hidden; /* part of a loop or branch that was put into a function */
    bool side;   /* no output of the graph because nothing reads it */
} sld_tf_node_proto;

struct sld_tf_function {
    const char *name;
    const char **args, **rets; /* names in the signature */
    uint32_t arg_count, ret_count;
    const char **ret_names, **ret_values; /* which tensor of the body an output is */
    uint32_t ret_value_count;
    sld_tf_node_proto *nodes;
    uint32_t node_count;
    bool in_place; /* taken out of a graph: its nodes keep their names */
};

typedef struct sld_tf_model {
    sld_tf_node_proto *nodes;
    sld_tf_function *functions;
    uint32_t node_count, function_count;
} sld_tf_model;

/* A TensorShapeProto: rank -1 if not given, dims -1 if open. */
typedef struct sld_tf_shape {
    int rank;
    int64_t dims[SOLDER_MAX_RANK];
} sld_tf_shape;

/* A TensorProto; data lies in the file. */
typedef struct sld_tf_proto_tensor {
    int type; /* DataType */
    sld_tf_shape shape;
    sld_tf_bytes body; /* the TensorProto: typed values are read from here */
    sld_tf_bytes content;
    bool has_content;
} sld_tf_proto_tensor;

/* Walks every message of a GraphDef: depth, lengths, wire types. */
solder_status sld_tf_check(sld_diag *diag, const uint8_t *data, size_t size);
/* Names and arrays are taken from arena. The bytes must have passed sld_tf_check. */
solder_status sld_tf_read(sld_diag *diag, sld_arena *arena, const uint8_t *data, size_t size,
                          sld_tf_model *model);
/* False if it has more than SOLDER_MAX_RANK dimensions or one below -1. */
bool sld_tf_read_shape(sld_tf_bytes bytes, sld_tf_shape *shape);
bool sld_tf_read_tensor(sld_tf_bytes bytes, sld_tf_proto_tensor *tensor);
/* Integers of an attribute's list; returns how many there are, writes at most room. */
size_t sld_tf_read_ints(sld_tf_bytes list, int64_t *values, size_t room);
size_t sld_tf_read_floats(sld_tf_bytes list, float *values, size_t room);
/* Name of a function attribute (NameAttrList), copied; NULL without memory. */
const char *sld_tf_read_function_name(sld_arena *arena, sld_tf_bytes bytes);

#endif
