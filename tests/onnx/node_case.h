/* SPDX-License-Identifier: Apache-2.0 */
/* One of ONNX's backend tests: a model, inputs, expected outputs. */
#ifndef TESTS_ONNX_NODE_CASE_H
#define TESTS_ONNX_NODE_CASE_H

#include "import/onnx/onnx.h"

typedef enum outcome {
    OUTCOME_PASSED,
    OUTCOME_PASSED_FROZEN, /* with inputs such as axes given as constants */
    OUTCOME_UNSUPPORTED,   /* the importer said so */
    OUTCOME_FAILED
} outcome;

typedef struct case_result {
    outcome outcome;
    char text[480]; /* why */
} case_result;

/* Runs every data set of the folder, on the reference kernels and as a plan. */
case_result run_case(const char *folder, const char *scratch);

/* Operator of a model of one node; "" if it has several or cannot be read. */
void case_operator(const char *folder, char *name, size_t size);

/* ---- tensors of test data (node_tensor.c) ---- */

typedef struct tensor {
    solder_dtype dtype;
    solder_dims dims;
    void *data; /* free() */
    size_t bytes;
    char name[256];
    sld_file file; /* its TensorProto */
} tensor;

/* False, with text, if the file is no tensor of a known type. */
bool tensor_load(const char *path, tensor *t, char *text, size_t size);
void tensor_free(tensor *t);
/* The bounds of ONNX's own runner: relative 1e-3 (bf16: 2^-6), absolute 1e-7; integers exact. */
bool tensor_equal(const tensor *expected, const void *data, char *text, size_t size);

#endif
