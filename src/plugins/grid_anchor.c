/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GridAnchor_TRT: the anchors of TensorFlow's SSD for several feature maps at once, which depend on
 * attributes alone. No input; for each of numLayers maps [1, 2, h * w * anchors * 4, 1] of corners
 * x1, y1, x2, y2 in shares of the image, then variances. featureMapShapes holds a side of each map;
 * of GridAnchorRect_TRT rows and columns of each.
 *
 * Scales go from minSize of the first map to maxSize of the last in equal steps. The first map has
 * only the first three aspect ratios, the first of them at scale 0.1; any other has them all at its
 * scale, and a square between its scale and the next (1 after the last).
 */
#include <math.h>

#include "plugins/checks.h"
#include "plugins/plugins.h"

enum {
    MAX_MAPS = 64,
    MAX_RATIOS = 64,
    FIRST_RATIOS = 3,
    MAX_SIDE = 1 << 12,
    MAX_ANCHORS = 1 << 22
};

typedef struct anchor_attributes {
    int32_t maps, sides, ratios, variances;
    float min_size, max_size;
    int32_t side[2 * MAX_MAPS];
    float ratio[MAX_RATIOS], variance[4];
} anchor_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(anchor_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
#define LIST(field, length, name, kind)                                                            \
    SOLDER_ATTRIBUTE_LIST(anchor_attributes, field, length, name, SOLDER_ATTRIBUTE_##kind, 0)
static const solder_plugin_attribute attributes[] = {
    FIELD(maps, "numLayers", I32, 6),         FIELD(min_size, "minSize", F32, 0.2f),
    FIELD(max_size, "maxSize", F32, 0.95f),   LIST(side, sides, "featureMapShapes", I32),
    LIST(ratio, ratios, "aspectRatios", F32), LIST(variance, variances, "variance", F32),
    SOLDER_ATTRIBUTE_DROP("plugin_version"),  SOLDER_ATTRIBUTE_DROP("plugin_namespace"),
};

static const solder_plugin_operand inputs[] = {
    {"nothing", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL}};
static const solder_plugin_operand outputs[] = {
    {"anchors", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_REPEATED}};

extern const solder_plugin sld_plugin_grid_anchor_rect;

static int64_t side_of(const solder_plugin *plugin, const anchor_attributes *a, uint32_t map,
                       int axis)
{
    bool both = plugin->user == &sld_plugin_grid_anchor_rect;
    return both ? a->side[2 * map + (uint32_t)axis] : a->side[map];
}

static uint32_t anchors_of(const anchor_attributes *a, uint32_t map)
{
    return map == 0 ? FIRST_RATIOS : (uint32_t)a->ratios + 1;
}

static const char *wrong_attributes(const solder_plugin *plugin, const anchor_attributes *a)
{
    bool both = plugin->user == &sld_plugin_grid_anchor_rect;
    if (a->maps < 1 || a->maps > MAX_MAPS || a->sides != a->maps * (both ? 2 : 1)) {
        return both ? "featureMapShapes needs rows and columns for each of numLayers"
                    : "featureMapShapes needs a number for each of numLayers";
    }
    for (int i = 0; i < a->sides; i++) {
        if (a->side[i] < 1 || a->side[i] > MAX_SIDE) {
            return "featureMapShapes must be 1 to 4096";
        }
    }
    if (a->ratios < FIRST_RATIOS || !sld_all_positive(a->ratio, a->ratios)) {
        return "aspectRatios needs at least three numbers, all above 0";
    }
    if (!(a->min_size > 0 && a->max_size >= a->min_size) || !isfinite(a->max_size)) {
        return "minSize must be above 0 and maxSize not below it";
    }
    return a->variances != 4 || !sld_all_positive(a->variance, 4)
               ? "variance needs four numbers, all above 0"
               : NULL;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const anchor_attributes *a = i->attributes;
    const char *wrong = wrong_attributes(i->plugin, a);
    if (wrong != NULL) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "%s", wrong);
    }
    if (i->output_count != (uint32_t)a->maps) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "has %u outputs for %d numLayers",
                                 (unsigned)i->output_count, (int)a->maps);
    }
    int64_t total = 0;
    for (uint32_t map = 0; map < i->output_count; map++) {
        int64_t numbers = side_of(i->plugin, a, map, 0) * side_of(i->plugin, a, map, 1) *
                          (int64_t)anchors_of(a, map) * 4;
        total += numbers;
        if (total > (int64_t)MAX_ANCHORS * 4) {
            return solder_infer_fail(i, SOLDER_ERROR_UNSUPPORTED, "has more than %d anchors",
                                     MAX_ANCHORS);
        }
        i->outputs[map].shape =
            (solder_shape){4,
                           {solder_expr_constant(i, 1), solder_expr_constant(i, 2),
                            solder_expr_constant(i, numbers), solder_expr_constant(i, 1)}};
    }
    return SOLDER_OK;
}

static float scale_of(const anchor_attributes *a, int map)
{
    if (map >= a->maps) {
        return 1;
    }
    return a->maps == 1
               ? a->min_size
               : a->min_size + (a->max_size - a->min_size) * (float)map / (float)(a->maps - 1);
}

typedef struct size {
    float w, h;
} size;

static void make_sizes(const anchor_attributes *a, uint32_t map, size sizes[MAX_RATIOS + 1])
{
    const float scale = scale_of(a, (int)map);
    const uint32_t count = anchors_of(a, map);
    for (uint32_t i = 0; i < count; i++) {
        bool between = map > 0 && i + 1 == count;
        float root = between ? 1 : sqrtf(a->ratio[i]);
        float s = map == 0 && i == 0 ? 0.1f
                  : between          ? sqrtf(scale * scale_of(a, (int)map + 1))
                                     : scale;
        sizes[i] = (size){s * root, s / root};
    }
}

static void put_map(const solder_plugin *plugin, const anchor_attributes *a, uint32_t map,
                    float *to)
{
    const int64_t rows = side_of(plugin, a, map, 0);
    const int64_t columns = side_of(plugin, a, map, 1);
    const uint32_t count = anchors_of(a, map);
    size sizes[MAX_RATIOS + 1];
    make_sizes(a, map, sizes);
    for (int64_t cell = 0; cell < rows * columns; cell++) {
        float x = ((float)(cell % columns) + 0.5f) / (float)columns;
        float y = ((float)(cell / columns) + 0.5f) / (float)rows;
        for (uint32_t i = 0; i < count; i++, to += 4) {
            to[0] = x - sizes[i].w / 2;
            to[1] = y - sizes[i].h / 2;
            to[2] = x + sizes[i].w / 2;
            to[3] = y + sizes[i].h / 2;
        }
    }
    for (int64_t i = 0; i < rows * columns * count * 4; i++) {
        to[i] = a->variance[i % 4];
    }
}

static solder_status run(const solder_plugin_call *c)
{
    for (uint32_t map = 0; map < c->output_count; map++) {
        put_map(c->plugin, c->attributes, map, c->outputs[map].data);
    }
    return SOLDER_OK;
}

#define GRID_ANCHOR                                                                                \
    .abi_version = SOLDER_PLUGIN_ABI, .struct_size = sizeof(solder_plugin), .version = 1,          \
    .inputs = inputs, .input_count = 1, .outputs = outputs, .output_count = 1,                     \
    .attributes = attributes, .attribute_count = sizeof attributes / sizeof attributes[0],         \
    .attributes_size = sizeof(anchor_attributes), .infer = infer, .run = run

const solder_plugin sld_plugin_grid_anchor = {.name = "GridAnchor_TRT", GRID_ANCHOR};
const solder_plugin sld_plugin_grid_anchor_rect = {
    .name = "GridAnchorRect_TRT",
    .user = (void *)(uintptr_t)&sld_plugin_grid_anchor_rect,
    GRID_ANCHOR};
