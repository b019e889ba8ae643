/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the Caffe importer. A prototxt becomes a list of layers (caffe_net.c): rules of the
 * TEST phase applied, every blob name bound to the layer that last wrote it, everything the outputs
 * do not need left out. Then each layer becomes operators by its row of the layer table
 * (caffe_layers.c), with weights from the caffemodel (caffe_weights.c).
 */
#ifndef SLD_IMPORT_CAFFE_CAFFE_H
#define SLD_IMPORT_CAFFE_CAFFE_H

#include "caffe.pb-c.h"
#include "graph/names.h"
#include "import/import.h"
#include "import/wire/prototxt.h"
#include "kernels/params.h"

typedef struct sld_caffe_layer sld_caffe_layer;
typedef struct sld_caffe_row sld_caffe_row;

/* One writing of a blob. A layer that works in place writes a fresh one under the old name. */
typedef struct sld_caffe_tensor {
    const char *name;
    sld_caffe_layer *writer;
    bool consumed;                 /* by a layer that takes part in inference, or by Silence */
    bool loss_only;                /* only a layer dropped as training-only reads it */
    bool needed;                   /* for the outputs asked for */
    sld_value *value;              /* once the writer is lowered */
    struct sld_caffe_tensor *next; /* in order of writing */
} sld_caffe_tensor;

struct sld_caffe_layer {
    const char *name, *type;
    Caffe__LayerParameter *p;
    const ProtobufCMessage *origin; /* the message unknown fields point at */
    const sld_caffe_row *row;       /* NULL: a type that is not supported */
    const solder_plugin *plugin;    /* of a type that is no operator */
    sld_caffe_tensor **bottom;      /* p->n_bottom of them; NULL: nobody writes it before */
    sld_caffe_tensor **top;         /* p->n_top of them */
    void *param;                    /* the message its row names, made if missing */
    const char *source;             /* "Convolution 'conv1'" */
    uint32_t blobs_used;            /* weights asked for so far */
    bool needed;
};

/* Weights of one layer in the caffemodel. */
typedef struct sld_caffe_blob {
    const uint8_t *message; /* its BlobProto */
    size_t size;
    int rank;
    int64_t dims[SOLDER_MAX_RANK];
    uint32_t field;      /* field of BlobProto that holds the elements; 0: none */
    solder_dtype dtype;  /* of the elements as stored */
    const uint8_t *data; /* when they are in one piece, else NULL */
    size_t count;
} sld_caffe_blob;

typedef struct sld_caffe_stored {
    const char *name;
    sld_caffe_blob *blobs;
    size_t count;
} sld_caffe_stored;

typedef struct sld_caffe {
    sld_import *import;
    sld_graph *graph;
    sld_diag *diag;
    sld_arena arena; /* what only the import needs */
    Caffe__NetParameter *net;
    sld_prototxt_unknown *unknown;
    const sld_prototxt_span *spans; /* texts of the layers not lowered yet, for plugins */
    sld_caffe_layer *layers;
    size_t layer_count;
    sld_caffe_tensor *tensors, **last_tensor;
    sld_names *latest;   /* blob name -> the tensor that wrote it last */
    sld_names *stored;   /* layer name -> sld_caffe_stored; NULL: no caffemodel */
    size_t random_bytes; /* weights made up so far */
} sld_caffe;

typedef enum sld_caffe_kind {
    SLD_CAFFE_COMPUTES = 0,
    SLD_CAFFE_SOURCE, /* its tops are inputs of the network */
    SLD_CAFFE_LOSS,   /* its first bottom matters, the others are labels */
    SLD_CAFFE_TRAINS, /* dropped: only of use in training */
    SLD_CAFFE_SINK    /* dropped, but what it reads is no output (Silence) */
} sld_caffe_kind;

struct sld_caffe_row {
    const char *type;
    const char *param; /* field of LayerParameter, or NULL */
    sld_caffe_kind kind;
    int min_bottom, max_bottom; /* max -1: any number */
    int min_top, max_top;
    solder_status (*lower)(sld_caffe *c, sld_caffe_layer *l);
    /* Why this layer is not supported, or NULL. Looks at parameters only. */
    const char *(*refuse)(const sld_caffe_layer *l);
};

/* ---- caffe_layers.c ---- */

/* NULL if the type is not supported. */
const sld_caffe_row *sld_caffe_find_row(const char *type);
/* "caffe: layer 'conv1' (Convolution): ..." */
solder_status sld_caffe_fail(const sld_caffe *c, const sld_caffe_layer *l, solder_status code,
                             const char *format, ...) SLD_PRINTF(4, 5);
/* Adds a node with one output named after the layer. */
solder_status sld_caffe_add(sld_caffe *c, sld_caffe_layer *l, sld_op op, const void *params,
                            sld_value *const *in, uint32_t in_count, sld_value **out);
sld_value *sld_caffe_in(const sld_caffe_layer *l, size_t i);
void sld_caffe_out(sld_caffe_layer *l, size_t i, sld_value *value);
/* A negative axis counts from the end; 0 <= axis < limit after it. */
solder_status sld_caffe_axis(const sld_caffe *c, const sld_caffe_layer *l, int32_t axis, int limit,
                             int *out);
/* A field's value as a parameter between low and INT32_MAX. */
solder_status sld_caffe_i32(const sld_caffe *c, const sld_caffe_layer *l, const char *field,
                            int64_t value, int32_t low, int32_t *out);
/* A dimension that has to be a constant. */
solder_status sld_caffe_dim(const sld_caffe *c, const sld_caffe_layer *l, const sld_value *value,
                            int axis, int64_t *out);
sld_dim sld_caffe_product(sld_caffe *c, const sld_value *value, int from, int to);
/* Row-major reshape to dimensions of which at most one is neither a constant nor in its place. */
solder_status sld_caffe_reshape(sld_caffe *c, sld_caffe_layer *l, sld_value *x,
                                const sld_shape *shape, sld_value **out);
solder_status sld_caffe_scalar(sld_caffe *c, sld_caffe_layer *l, float number, sld_value **out);
solder_status sld_caffe_binary(sld_caffe *c, sld_caffe_layer *l, sld_binary kind, sld_value *a,
                               sld_value *b, sld_value **out);

/* ---- caffe_net.c: messages do not name the prototxt, solder_import does ---- */

solder_status sld_caffe_read_net(sld_caffe *c);
/* Why a layer list cannot be lowered as a whole: unsupported layers, unknown fields. */
solder_status sld_caffe_check_net(sld_caffe *c);

/* ---- caffe_weights.c ---- */

typedef enum sld_caffe_fill {
    SLD_CAFFE_FILL_WEIGHT = 0, /* scaled by fan_in */
    SLD_CAFFE_FILL_BIAS,       /* small */
    SLD_CAFFE_FILL_POSITIVE,   /* around 1: variances, scales */
    SLD_CAFFE_FILL_SLOPE,      /* PReLU */
    SLD_CAFFE_FILL_ONE
} sld_caffe_fill;

/* Which weights a layer wants. dims is what Caffe's own layer would make. */
typedef struct sld_caffe_want {
    uint32_t index;
    const char *what; /* "weight", "bias": part of the constant's name */
    sld_caffe_fill fill;
    int64_t fan_in;
    int rank;
    int64_t dims[SOLDER_MAX_RANK];
} sld_caffe_want;

/* Indexes the caffemodel. */
solder_status sld_caffe_open_weights(sld_caffe *c);
/* The layer's weights, checked or made up; the bytes live as long as the graph. */
solder_status sld_caffe_load(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                             const float **data);
/* The same as a constant of the graph. */
solder_status sld_caffe_weight(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                               sld_value **value);
/* A constant of the want's dims over data that lives as long as the graph. */
solder_status sld_caffe_constant(sld_caffe *c, sld_caffe_layer *l, const sld_caffe_want *want,
                                 const float *data, sld_value **value);
/* The layer has as many weights in the caffemodel as its type reads. */
solder_status sld_caffe_check_blob_count(const sld_caffe *c, const sld_caffe_layer *l);

/* ---- layer groups ---- */

solder_status sld_caffe_convolution(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_deconvolution(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_inner_product(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_embed(sld_caffe *c, sld_caffe_layer *l);

solder_status sld_caffe_pooling(sld_caffe *c, sld_caffe_layer *l);
const char *sld_caffe_refuse_pooling(const sld_caffe_layer *l);
solder_status sld_caffe_spp(sld_caffe *c, sld_caffe_layer *l);
const char *sld_caffe_refuse_spp(const sld_caffe_layer *l);

solder_status sld_caffe_pass(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_dropout(sld_caffe *c, sld_caffe_layer *l);
const char *sld_caffe_refuse_train(const sld_caffe_layer *l);
solder_status sld_caffe_activation(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_prelu(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_power(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_exp(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_log(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_eltwise(sld_caffe *c, sld_caffe_layer *l);

solder_status sld_caffe_lrn(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_batchnorm(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_scale(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_bias(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_mvn(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_softmax(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_reduction(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_argmax(sld_caffe *c, sld_caffe_layer *l);

solder_status sld_caffe_concat(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_slice(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_tile(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_flatten(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_reshape_layer(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_permute(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_transpose(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_crop(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_interp(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_upsample(sld_caffe *c, sld_caffe_layer *l);
const char *sld_caffe_refuse_upsample(const sld_caffe_layer *l);
solder_status sld_caffe_shuffle_channel(sld_caffe *c, sld_caffe_layer *l);

solder_status sld_caffe_roi_align(sld_caffe *c, sld_caffe_layer *l);

solder_status sld_caffe_axpy(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_bn(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_python(sld_caffe *c, sld_caffe_layer *l);
const char *sld_caffe_refuse_python(const sld_caffe_layer *l);

solder_status sld_caffe_input(sld_caffe *c, sld_caffe_layer *l);
solder_status sld_caffe_parameter(sld_caffe *c, sld_caffe_layer *l);

solder_status sld_caffe_recurrent(sld_caffe *c, sld_caffe_layer *l);

/* caffe_plugin.c: the row of all plugins */
extern const sld_caffe_row sld_caffe_plugin_row;

/* ---- mean image ---- */

/* A binaryproto mean file: rank 3 dims [channels, height, width]; data in arena. */
typedef struct sld_caffe_mean {
    int64_t dims[3];
    const float *data;
} sld_caffe_mean;

solder_status sld_caffe_read_mean(sld_arena *arena, sld_diag *diag, const char *path,
                                  sld_caffe_mean *mean);

#endif
