/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UFF: one MetaGraph message with nodes, and a table of referenced data that holds the weights.
 * Its nodes are read as sld_tf_model nodes, fields as attributes. Core operators have conversions
 * of their own (uff_ops.def), most of which say what the TensorFlow operator they came from said
 * and let its conversion do the work; "_Name" is TensorFlow's operator Name as it was.
 */
#ifndef SLD_IMPORT_UFF_UFF_H
#define SLD_IMPORT_UFF_UFF_H

#include "import/tensorflow/tf_ops.h"

/* Entries of dimension orders that are no axes. */
#define SLD_UFF_SPECIAL   (-1)
#define SLD_UFF_INCREMENT INT32_MAX
#define SLD_UFF_DECREMENT INT32_MIN
/* Types UFF has no number for: this and TensorFlow's number. */
#define SLD_UFF_TYPE_OF_TF 0x7f000000
/* What a graph inside another has for an operator of its arguments, and of its results. */
#define SLD_UFF_ARGUMENT "Input"
#define SLD_UFF_RESULT   "MarkOutput"
/* Fields of extra_fields that are read: what is left of the TensorFlow node. */
#define SLD_UFF_EXTRA "tf."

typedef struct sld_uff {
    sld_tf tf;          /* first: conversions get from one to the other */
    bool channels_last; /* some operator takes its images so */
    const char **outputs;
    uint32_t output_count;
    const bool *spec_first; /* per input spec: given as CHW to a graph that has HWC */
} sld_uff;

/* ---- bytes (uff_read.c) ---- */

solder_status sld_uff_check(sld_diag *diag, const uint8_t *data, size_t size);
/* The bytes must have passed the check. Outputs are what MarkOutput nodes name. */
solder_status sld_uff_read(sld_uff *uff, const uint8_t *data, size_t size);
/* TensorFlow's number of a UFF type, and back; 0 if there is none. */
int sld_uff_type_to_tf(int64_t type);
int64_t sld_uff_type_from_tf(int type);

/* Whether the attribute of TensorFlow's operator holds functions: here, names of further graphs. */
bool sld_uff_names_graphs(const char *op, const char *attribute);

/* ---- text (uff_text.c) ---- */

/* A MetaGraph in protobuf's text form as its bytes, in arena; weights a text leaves out
 * ("(...16 bytes skipped...)") come back as that text. */
solder_status sld_uff_from_text(sld_diag *diag, sld_arena *arena, const char *text, size_t size,
                                sld_tf_bytes *bytes);

/* ---- orders (uff_orders.c) ---- */

/*
 * What each axis of a tensor is: 0 batch (of a filter: output channels), 1 channels (input
 * channels), 2 and more space.
 */
typedef struct sld_uff_order {
    int rank;
    int32_t axis[SOLDER_MAX_RANK];
} sld_uff_order;

/* Order of input `index`; the canonical one without the field. False after a failure. */
bool sld_uff_read_order(sld_tf_node *node, uint32_t index, int rank, sld_uff_order *order);
/* 0 and up: one image layout or the other is meant; -1: neither. bytes: a dim_orders_list. */
int sld_uff_image_layout(sld_tf_bytes bytes);

/* An image for an operator that knows NHWC and NCHW. */
typedef struct sld_uff_image {
    const char *format; /* data_format: "NHWC", or "NCHW" */
    bool turned;        /* of neither: it was transposed to NCHW */
    sld_uff_order order;
} sld_uff_image;

/* Transposes input `index` if it is neither. */
sld_uff_image sld_uff_take_image(sld_tf_node *node, uint32_t index);
/* Undoes that for output 0. */
void sld_uff_give_image(sld_tf_node *node, const sld_uff_image *image);
/* Puts the axes of input `index`, whose order is read at position `order`, into the wanted one:
 * space, then a, then b (0: output channels, 1: input channels). */
void sld_uff_turn_filter(sld_tf_node *node, uint32_t index, uint32_t order, int32_t a, int32_t b);

/* ---- standing in for a TensorFlow node (uff_call.c) ---- */

#define SLD_UFF_CALL_MAX 10

/* The attributes of the TensorFlow node. */
typedef struct sld_uff_call {
    sld_tf_node *node;
    sld_tf_attr attrs[SLD_UFF_CALL_MAX];
    uint32_t count;
} sld_uff_call;

static inline sld_uff_call sld_uff_call_open(sld_tf_node *node)
{
    return (sld_uff_call){.node = node};
}
void sld_uff_set_text(sld_uff_call *call, const char *name, const char *text);
void sld_uff_set_int(sld_uff_call *call, const char *name, int64_t value);
void sld_uff_set_bool(sld_uff_call *call, const char *name, bool value);
void sld_uff_set_float(sld_uff_call *call, const char *name, float value);
void sld_uff_set_type(sld_uff_call *call, const char *name, int tf_type);
void sld_uff_set_ints(sld_uff_call *call, const char *name, const int64_t *values, size_t count);
/* Converts as that node would be; fields nobody read are unsupported. */
void sld_uff_call_run(sld_uff_call *call, void (*convert)(sld_tf_node *, int), int told);

/* Fails if the node has not that many inputs. */
bool sld_uff_expect_inputs(sld_tf_node *node, uint32_t count);
/* Replaces input `index`, which may be the one behind the last. */
void sld_uff_put_input(sld_tf_node *node, uint32_t index, sld_value *plain);
void sld_uff_put_ints(sld_tf_node *node, uint32_t index, const int64_t *values, size_t count);
/* A required integer field. */
int64_t sld_uff_need_int(sld_tf_node *node, const char *name);

/* ---- table ---- */

const sld_tf_op *sld_uff_find(const char *op);

#define SLD_UFF_OP(Name, convert, kind) void convert(sld_tf_node *node, int told);
#include "import/uff/uff_ops.def"
#undef SLD_UFF_OP

#endif
