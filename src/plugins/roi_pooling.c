/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ROIPooling and PSROIPooling, as Fast R-CNN and R-FCN have them in Caffe. Inputs: a feature map
 * [N, C, H, W] and regions [R, 5]: the item, then x1, y1, x2, y2 in pixels of the image.
 *
 * ROIPooling      [R, C, pooled_h, pooled_w]: the largest value of each part of a region; parts
 *                 without a cell are 0
 * PSROIPooling    [R, output_dim, group_size, group_size]: the mean of each part, of the channel
 *                 (d * group_size + row) * group_size + column
 */
#include <math.h>

#include "plugins/plugins.h"
#include "plugins/roi_pool.h"

typedef struct roi_attributes {
    int32_t rows, columns, output_dim;
    float scale;
} roi_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(roi_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)

static const solder_plugin_attribute pooling_table[] = {
    FIELD(rows, "pooled_h", I32, 0),
    FIELD(columns, "pooled_w", I32, 0),
    FIELD(scale, "spatial_scale", F32, 1),
};
static const solder_plugin_attribute sensitive_table[] = {
    FIELD(rows, "group_size", I32, 0),
    FIELD(output_dim, "output_dim", I32, 0),
    FIELD(scale, "spatial_scale", F32, 1),
};

static const solder_plugin_operand inputs[] = {
    {"feature map", SOLDER_TYPE(SOLDER_F32), 0},
    {"regions", SOLDER_TYPE(SOLDER_F32), 0},
};

static bool is_sensitive(const roi_attributes *a)
{
    return a->columns == 0;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const roi_attributes *a = i->attributes;
    const solder_shape *map = &i->inputs[0].shape;
    const solder_shape *regions = &i->inputs[1].shape;
    bool sensitive = i->plugin->attributes == sensitive_table;
    enum { MOST = 1 << 12 };
    if (a->rows < 1 || a->rows > MOST || !(a->scale > 0) ||
        (sensitive ? a->output_dim < 1 || a->output_dim > 1 << 20
                   : a->columns < 1 || a->columns > MOST)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "sizes and scale must be above 0");
    }
    int64_t parts = sensitive ? (int64_t)a->output_dim * a->rows * a->rows : 0;
    if (map->rank != 4 || regions->rank < 2 || !solder_expr_is(i, regions->d[1], 5) ||
        (sensitive && !solder_expr_is(i, map->d[1], parts))) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "needs a feature map [N, C, H, W] and regions [R, 5]%s",
                                 sensitive ? ", C = output_dim * group_size^2" : "");
    }
    for (int d = 2; d < regions->rank; d++) {
        if (!solder_expr_is(i, regions->d[d], 1)) {
            return solder_infer_fail(i, SOLDER_ERROR_DATA, "regions must be [R, 5]");
        }
    }
    i->outputs[0].shape = (solder_shape){
        4,
        {regions->d[0], sensitive ? solder_expr_constant(i, a->output_dim) : map->d[1],
         solder_expr_constant(i, a->rows),
         solder_expr_constant(i, sensitive ? a->rows : a->columns)}};
    return SOLDER_OK;
}

static solder_status run(const solder_plugin_call *c)
{
    const solder_plugin_tensor *map = &c->inputs[0];
    const solder_plugin_tensor *out = &c->outputs[0];
    const roi_attributes *a = c->attributes;
    sld_roi_pool j = {.sensitive = is_sensitive(a),
                      .scale = a->scale,
                      .map = map->data,
                      .regions = c->inputs[1].data,
                      .out = out->data,
                      .items = map->dim[0],
                      .channels = map->dim[1],
                      .h = map->dim[2],
                      .w = map->dim[3],
                      .out_channels = out->dim[1],
                      .rows = out->dim[2],
                      .columns = out->dim[3]};
    for (int64_t r = 0; r < out->dim[0]; r++) {
        float item = j.regions[r * 5];
        if (!(item >= 0 && item < (float)j.items)) {
            return solder_plugin_fail(c, SOLDER_ERROR_DATA,
                                      "region %lld is of item %g, the feature map has %lld",
                                      (long long)r, (double)item, (long long)j.items);
        }
    }
    solder_plugin_parallel_for(c, (size_t)out->dim[0], sld_roi_pool_region, &j);
    return SOLDER_OK;
}

const solder_plugin sld_plugin_roi_pooling = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "ROIPooling",
    .version = 1,
    .inputs = inputs,
    .input_count = 2,
    .attributes = pooling_table,
    .attribute_count = sizeof pooling_table / sizeof pooling_table[0],
    .attributes_size = sizeof(roi_attributes),
    .infer = infer,
    .run = run,
};

const solder_plugin sld_plugin_ps_roi_pooling = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "PSROIPooling",
    .version = 1,
    .inputs = inputs,
    .input_count = 2,
    .attributes = sensitive_table,
    .attribute_count = sizeof sensitive_table / sizeof sensitive_table[0],
    .attributes_size = sizeof(roi_attributes),
    .infer = infer,
    .run = run,
};
