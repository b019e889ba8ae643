/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ONNX files as structures that borrow from the mapped file. Written on the wire reader rather
 * than protobuf-c, which copies every bytes field: weights stay in the file, and there is no second
 * copy of a large model in memory.
 */
#ifndef SLD_IMPORT_ONNX_ONNX_READ_H
#define SLD_IMPORT_ONNX_ONNX_READ_H

#include "base/memory.h"

typedef struct sld_onnx_bytes {
    const uint8_t *data;
    size_t size;
} sld_onnx_bytes;

/* AttributeProto.AttributeType */
typedef enum sld_onnx_attr_type {
    SLD_ONNX_FLOAT = 1,
    SLD_ONNX_INT = 2,
    SLD_ONNX_STRING = 3,
    SLD_ONNX_TENSOR = 4,
    SLD_ONNX_GRAPH = 5,
    SLD_ONNX_FLOATS = 6,
    SLD_ONNX_INTS = 7,
    SLD_ONNX_STRINGS = 8,
    SLD_ONNX_TENSORS = 9,
    SLD_ONNX_GRAPHS = 10,
    SLD_ONNX_SPARSE = 11
} sld_onnx_attr_type;

typedef struct sld_onnx_attr {
    const char *name;
    const char *reference; /* the function attribute that gives the value; "" if none */
    int type;
    float f;
    int64_t i;
    sld_onnx_bytes bytes; /* string, TensorProto, GraphProto or SparseTensorProto */
    sld_onnx_bytes body;  /* the AttributeProto: lists are read from here */
    bool used;
} sld_onnx_attr;

typedef struct sld_onnx_node_proto {
    const char *name, *op, *domain, *overload;
    const char **in, **out;
    uint32_t in_count, out_count, attr_count;
    sld_onnx_attr *attrs;
} sld_onnx_node_proto;

/* rank -1: not given. A dim is -1 when open; symbols[i] then names it or is "". */
typedef struct sld_onnx_info {
    const char *name;
    bool is_tensor;
    int elem; /* TensorProto.DataType */
    int rank;
    int64_t dims[SOLDER_MAX_RANK];
    const char *symbols[SOLDER_MAX_RANK];
} sld_onnx_info;

typedef struct sld_onnx_opset {
    const char *domain;
    int64_t version;
} sld_onnx_opset;

typedef struct sld_onnx_function {
    const char *name, *domain, *overload;
    const char **in, **out;
    uint32_t in_count, out_count;
    sld_onnx_attr *defaults;
    uint32_t default_count;
    const char **attr_names;
    uint32_t attr_name_count;
    sld_onnx_node_proto *nodes;
    uint32_t node_count;
    sld_onnx_opset *opsets;
    uint32_t opset_count;
} sld_onnx_function;

typedef struct sld_onnx_model {
    int64_t ir_version;
    const char *graph_name;
    sld_onnx_opset *opsets;
    sld_onnx_function *functions;
    sld_onnx_node_proto *nodes;
    sld_onnx_info *inputs, *outputs;
    sld_onnx_bytes *initializers; /* TensorProto */
    sld_onnx_bytes *sparse;       /* SparseTensorProto */
    uint32_t opset_count, function_count, node_count, input_count, output_count;
    uint32_t initializer_count, sparse_count;
} sld_onnx_model;

/* A TensorProto; data lies in the file. */
typedef struct sld_onnx_tensor {
    const char *name;
    int elem;
    int rank;
    int64_t dims[SOLDER_MAX_RANK];
    sld_onnx_bytes body; /* the TensorProto: typed data is read from here */
    sld_onnx_bytes raw;
    bool has_raw, external, has_segment;
    const char *location;   /* of external data */
    int64_t offset, length; /* length -1: not given */
} sld_onnx_tensor;

/*
 * Walks every message of a ModelProto: depth, lengths, wire types, and no field the format does
 * not have. What follows may then trust the structure.
 */
solder_status sld_onnx_check(sld_diag *diag, const uint8_t *data, size_t size);

/* Names and arrays are taken from arena. The bytes must have passed sld_onnx_check. */
solder_status sld_onnx_read(sld_diag *diag, sld_arena *arena, const uint8_t *data, size_t size,
                            sld_onnx_model *model);
/* A GraphProto: of the model only what a graph has. */
solder_status sld_onnx_read_graph(sld_diag *diag, sld_arena *arena, sld_onnx_bytes bytes,
                                  sld_onnx_model *graph);
solder_status sld_onnx_read_tensor(sld_diag *diag, sld_arena *arena, sld_onnx_bytes bytes,
                                   sld_onnx_tensor *tensor);
/* A single TensorProto in a file of its own, as ONNX's test data. */
solder_status sld_onnx_check_tensor(sld_diag *diag, const uint8_t *data, size_t size);

typedef struct sld_onnx_sparse {
    sld_onnx_bytes values, indices;
    int rank;
    int64_t dims[SOLDER_MAX_RANK];
} sld_onnx_sparse;
solder_status sld_onnx_read_sparse(sld_diag *diag, sld_onnx_bytes bytes, sld_onnx_sparse *sparse);

/* Lists of an attribute, from its body; NULL with *count 0 if empty. */
solder_status sld_onnx_read_ints(sld_diag *diag, sld_arena *arena, const sld_onnx_attr *attr,
                                 const int64_t **values, size_t *count);
solder_status sld_onnx_read_floats(sld_diag *diag, sld_arena *arena, const sld_onnx_attr *attr,
                                   const float **values, size_t *count);
/* The number of strings; the first room of them go to values. */
size_t sld_onnx_read_strings(const sld_onnx_attr *attr, sld_onnx_bytes *values, size_t room);

#endif
