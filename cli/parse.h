/* SPDX-License-Identifier: Apache-2.0 */
/* The small languages of the command line: dims, input specs, shape ranges, preprocessing. */
#ifndef SOLDER_CLI_PARSE_H
#define SOLDER_CLI_PARSE_H

#include "solder/builder.h"
#include "tensor.h"

/* length characters as "1x3x?x224", "*": as the model says; false if not dims. "" is rank 0. */
bool cli_parse_dims(const char *text, size_t length, solder_dims *dims);

/* A C string cut out of an argument. */
typedef struct cli_name {
    char text[512]; /* "" when the argument has no name */
} cli_name;

/* Splits at the first '='; *rest is what follows, or all of it when there is no name. */
int cli_split_name(const char *argument, cli_name *name, const char **rest);

/*
 * [NAME[:DTYPE]=]DIMS[:nhwc], or NAME[:DTYPE][=DIMS]:=NUMBER for an input that becomes a constant;
 * spec->name points into name, spec->value to value.
 */
int cli_parse_input(const char *argument, cli_name *name, double *value, solder_input_spec *spec);

/* [NAME=]MIN..OPT..MAX; profile->input points into name. */
int cli_parse_shapes(const char *argument, cli_name *name, solder_profile *profile);

/*
 * rgb|bgr|gray, mean=A[:B:C] or mean=FILE.binaryproto, scale=A[:B:C] (numbers or 1/128),
 * std=A[:B:C] (scale is its inverse), resize=none|stretch|crop|pad, transpose, input=NAME;
 * separated by commas.
 */
int cli_parse_preprocess(const char *argument, cli_name *name, solder_preprocess *preprocess);

/* Mean of each channel of a Caffe mean file; count is 1 to 4. */
int cli_read_mean(const char *path, float mean[4], size_t *count);

#endif
