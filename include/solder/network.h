/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network: built by hand here, or imported with solder_import (builder.h); then inspected, and
 * handed to solder_build.
 *
 *     solder_network *net;
 *     solder_value *x, *w, *y;
 *     solder_network_create(builder, "tiny", &net);
 *     solder_network_add_input(net, "data", SOLDER_F32, &(solder_dims){4, {-1, 3, 8, 8}}, &x);
 *     solder_network_add_constant(net, "w", SOLDER_F32, &(solder_dims){4, {16, 3, 3, 3}}, data,
 * &w); solder_attribute a[] = {solder_ints("pad_begin", 2, (int64_t[]){1, 1}), ...};
 *     solder_network_add(net, "Convolution", "conv1", (solder_value *[]){x, w}, 2, a, 2, 1, &y);
 *     solder_network_mark_output(net, y, "prob");
 *
 * A network belongs to its builder and is destroyed with it. Not thread-safe. Errors put their text
 * into the builder.
 */
#ifndef SOLDER_NETWORK_H
#define SOLDER_NETWORK_H

#include "solder/types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct solder_builder solder_builder;
typedef struct solder_network solder_network;
typedef struct solder_value solder_value;

/* One named attribute of an operator (docs/operators.md lists them): integers, reals or a name. */
typedef struct solder_attribute {
    const char *name;
    size_t count;
    const int64_t *ints; /* exactly one of ints, reals and text is not NULL */
    const double *reals;
    const char *text; /* an enumerator such as "relu", or a dtype such as "f32" */
} solder_attribute;

/* An empty network. name may be NULL. */
SOLDER_API solder_status solder_network_create(solder_builder *builder, const char *name,
                                               solder_network **network);
/* Frees it now rather than with the builder. NULL is allowed. */
SOLDER_API void solder_network_destroy(solder_network *network);

/* A dimension of -1 is open: the builder's profile bounds it. name must be new. */
SOLDER_API solder_status solder_network_add_input(solder_network *network, const char *name,
                                                  solder_dtype dtype, const solder_dims *dims,
                                                  solder_value **value);
/* data: row-major, borrowed until the network is destroyed. */
SOLDER_API solder_status solder_network_add_constant(solder_network *network, const char *name,
                                                     solder_dtype dtype, const solder_dims *dims,
                                                     const void *data, solder_value **value);
/*
 * Adds one operator. inputs[i] may be NULL where an input is optional. Attributes left out have
 * their defaults. outputs receives output_count values. Shapes are inferred and checked at once.
 */
SOLDER_API solder_status solder_network_add(solder_network *network, const char *op,
                                            const char *name, solder_value *const *inputs,
                                            size_t input_count, const solder_attribute *attributes,
                                            size_t attribute_count, size_t output_count,
                                            solder_value **outputs);
/*
 * Adds a plugin (plugin.h) that is registered on the builder, as "Name" (the newest version) or
 * "namespace::Name", either with a version behind it: "Name 2". Inputs are cast where that loses
 * nothing to a type the plugin takes.
 */
SOLDER_API solder_status solder_network_add_plugin(solder_network *network, const char *plugin,
                                                   const char *name, solder_value *const *inputs,
                                                   size_t input_count,
                                                   const solder_attribute *attributes,
                                                   size_t attribute_count, size_t output_count,
                                                   solder_value **outputs);
/* name NULL keeps the value's own name. */
SOLDER_API solder_status solder_network_mark_output(solder_network *network, solder_value *value,
                                                    const char *name);

/* What is known of a value; open dimensions read -1, an unknown rank reads -1. */
SOLDER_API const char *solder_value_name(const solder_value *value);
SOLDER_API solder_dtype solder_value_dtype(const solder_value *value);
SOLDER_API void solder_value_dims(const solder_value *value, solder_dims *dims);

SOLDER_API size_t solder_network_input_count(const solder_network *network);
SOLDER_API size_t solder_network_output_count(const solder_network *network);
/* NULL when index is out of range. */
SOLDER_API solder_value *solder_network_input(const solder_network *network, size_t index);
SOLDER_API solder_value *solder_network_output(const solder_network *network, size_t index);

/*
 * Descriptions of a network. text receives a string of *size bytes (terminated) that the caller
 * frees with solder_text_free. SOLDER_FORM_TEXT is the exact text form, DOT a Graphviz drawing,
 * JSON nodes and values.
 */
typedef enum solder_form {
    SOLDER_FORM_TEXT = 0,
    SOLDER_FORM_DOT = 1,
    SOLDER_FORM_JSON = 2
} solder_form;
SOLDER_API solder_status solder_network_describe(solder_network *network, solder_form form,
                                                 char **text, size_t *size);
SOLDER_API void solder_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
