/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind the networks of the cascade MTCNN.
 *
 * MtcnnProposal, behind the first: scores [1, 2, h, w] (background, face) and shifts [1, 4, h, w]
 * become boxes [R, 4] of cell pixels every stride ones, x1, y1, x2, y2 divided by scale, their
 * scores [R] and shifts [R, 4]: those above threshold, best first, none of which overlaps a better
 * one. transposed: h counts the columns of the picture.
 *
 * MtcnnRefine, behind the others, and where the boxes of several scales come together: boxes [N,
 * 4], scores [N, 2] or [N], shifts [N, 4] and, if there are, points [N, 10] (x..., y..., in shares
 * of their box) become boxes [R, 4], moved by their shifts in shares of their sides and made
 * square, scores [R] and points [R, 10] in pixels. shift_first: they are moved before they suppress
 * each other; smaller: an overlap counts by the area of the smaller box.
 */
#include <math.h>

#include "plugins/boxes.h"
#include "plugins/plugins.h"

typedef struct mtcnn_attributes {
    float threshold, overlap, scale;
    int32_t stride, cell, most;
    int32_t transposed, shift_first, smaller, square;
} mtcnn_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(mtcnn_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
static const solder_plugin_attribute proposal_attributes[] = {
    FIELD(threshold, "threshold", F32, 0.6f),
    FIELD(overlap, "overlap", F32, 0.5f),
    FIELD(scale, "scale", F32, 1),
    FIELD(stride, "stride", I32, 2),
    FIELD(cell, "cell", I32, 12),
    FIELD(most, "keep_top_k", I32, 1000),
    FIELD(transposed, "transposed", BOOL, 0),
};
static const solder_plugin_attribute refine_attributes[] = {
    FIELD(threshold, "threshold", F32, 0.7f), FIELD(overlap, "overlap", F32, 0.7f),
    FIELD(most, "keep_top_k", I32, 1000),     FIELD(shift_first, "shift_first", BOOL, 0),
    FIELD(smaller, "smaller", BOOL, 0),       FIELD(square, "square", BOOL, 1),
};

static const solder_plugin_operand proposal_inputs[] = {
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"shifts", SOLDER_TYPE(SOLDER_F32), 0},
};
static const solder_plugin_operand proposal_outputs[] = {
    {"boxes", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
    {"shifts", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
};
static const solder_plugin_operand refine_inputs[] = {
    {"boxes", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"shifts", SOLDER_TYPE(SOLDER_F32), 0},
    {"points", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
};
static const solder_plugin_operand refine_outputs[] = {
    {"boxes", SOLDER_TYPE(SOLDER_F32), 0},
    {"scores", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
    {"points", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
};

/* ---- shapes ---- */

static bool is_map(const solder_plugin_infer *i, uint32_t input, int64_t channels)
{
    const solder_shape *s = &i->inputs[input].shape;
    const solder_shape *first = &i->inputs[0].shape;
    return s->rank == 4 && solder_expr_is(i, s->d[0], 1) && solder_expr_is(i, s->d[1], channels) &&
           !solder_expr_differ(i, s->d[2], first->d[2]) &&
           !solder_expr_differ(i, s->d[3], first->d[3]);
}

static bool is_rows(const solder_plugin_infer *i, uint32_t input, int64_t numbers)
{
    const solder_shape *s = &i->inputs[input].shape;
    return s->rank == 2 && solder_expr_is(i, s->d[1], numbers) &&
           !solder_expr_differ(i, s->d[0], i->inputs[0].shape.d[0]);
}

static solder_expr rows_found(const solder_plugin_infer *i, solder_expr candidates)
{
    const mtcnn_attributes *a = i->attributes;
    return solder_expr_data_dependent(
        i, solder_expr_make(i, SOLDER_EXPR_MIN, candidates, solder_expr_constant(i, a->most)));
}

static bool numbers_fit(const mtcnn_attributes *a)
{
    return a->most > 0 && a->overlap >= 0 && a->threshold == a->threshold;
}

static solder_status proposal_infer(const solder_plugin_infer *i)
{
    const mtcnn_attributes *a = i->attributes;
    const solder_shape *map = &i->inputs[0].shape;
    if (!numbers_fit(a) || a->stride < 1 || a->cell < 1 || !(a->scale > 0) || !isfinite(a->scale)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "stride, cell, scale and keep_top_k must be above 0, overlap not "
                                 "below");
    }
    if (!is_map(i, 0, 2) || !is_map(i, 1, 4)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "scores must be [1, 2, h, w] and shifts [1, 4, h, w]");
    }
    solder_expr rows = rows_found(i, solder_expr_mul(i, map->d[2], map->d[3]));
    i->outputs[0].shape = (solder_shape){2, {rows, solder_expr_constant(i, 4)}};
    if (i->output_count > 1) {
        i->outputs[1].shape = (solder_shape){1, {rows}};
    }
    if (i->output_count > 2) {
        i->outputs[2].shape = (solder_shape){2, {rows, solder_expr_constant(i, 4)}};
    }
    return SOLDER_OK;
}

static bool has_points(const solder_plugin_infer *i)
{
    return i->input_count > 3 && i->inputs[3].dtype != SOLDER_NONE;
}

static solder_status refine_infer(const solder_plugin_infer *i)
{
    const solder_shape *scores = &i->inputs[1].shape;
    bool plain = scores->rank == 1 && !solder_expr_differ(i, scores->d[0], i->inputs[0].shape.d[0]);
    if (!numbers_fit(i->attributes)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "keep_top_k must be above 0, overlap not below");
    }
    if (!is_rows(i, 0, 4) || !(plain || is_rows(i, 1, 2)) || !is_rows(i, 2, 4) ||
        (has_points(i) && !is_rows(i, 3, 10))) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "boxes must be [N, 4], scores [N, 2] or [N], shifts [N, 4], "
                                 "points [N, 10]");
    }
    if (i->output_count > 2 && !has_points(i)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "there are no points for the third output");
    }
    solder_expr rows = rows_found(i, i->inputs[0].shape.d[0]);
    i->outputs[0].shape = (solder_shape){2, {rows, solder_expr_constant(i, 4)}};
    if (i->output_count > 1) {
        i->outputs[1].shape = (solder_shape){1, {rows}};
    }
    if (i->output_count > 2) {
        i->outputs[2].shape = (solder_shape){2, {rows, solder_expr_constant(i, 10)}};
    }
    return SOLDER_OK;
}

/* ---- choosing ---- */

/* The workspace: candidates by score, what is kept of them. */
typedef struct chooser {
    const solder_plugin_call *c;
    size_t candidates, most;
    sld_ranked *list, *scratch;
    sld_box *boxes; /* by candidate */
    sld_box *kept;
    uint32_t *index; /* of the kept ones */
    size_t count;
} chooser;

static size_t up(size_t size)
{
    return (size + 63) & ~(size_t)63;
}

/* base NULL: only the size counts. */
static size_t lay_out(chooser *s, const solder_plugin_call *c, size_t candidates, void *base)
{
    const mtcnn_attributes *a = c->attributes;
    char *at = base;
    size_t list = up(candidates * sizeof *s->list);
    size_t boxes = up(candidates * sizeof *s->boxes);
    *s = (chooser){.c = c, .candidates = candidates};
    s->most = candidates < (size_t)a->most ? candidates : (size_t)a->most;
    size_t kept = up(s->most * sizeof *s->kept);
    if (base != NULL) {
        s->list = (sld_ranked *)(void *)at;
        s->scratch = (sld_ranked *)(void *)(at + list);
        s->boxes = (sld_box *)(void *)(at + 2 * list);
        s->kept = (sld_box *)(void *)(at + 2 * list + boxes);
        s->index = (uint32_t *)(void *)(at + 2 * list + boxes + kept);
    }
    return 2 * list + boxes + kept + up(s->most * sizeof *s->index);
}

static bool overlaps(const chooser *s, const sld_box *box)
{
    const mtcnn_attributes *a = s->c->attributes;
    for (size_t i = 0; i < s->count; i++) {
        const sld_box *k = &s->kept[i];
        float w = fminf(k->x2, box->x2) - fmaxf(k->x1, box->x1);
        float h = fminf(k->y2, box->y2) - fmaxf(k->y1, box->y1);
        float smaller = fminf(sld_box_area(k, 0), sld_box_area(box, 0));
        float overlap = a->smaller == 0  ? sld_box_overlap(k, box, 0)
                        : w > 0 && h > 0 ? w * h / smaller
                                         : 0;
        if (overlap > a->overlap) {
            return true;
        }
    }
    return false;
}

/* Of list[0, count), with boxes set; fills kept, index and count, best first. */
static void choose(chooser *s, size_t count)
{
    count = sld_rank_top(s->list, count, count, s->scratch);
    for (size_t i = 0; i < count && s->count < s->most; i++) {
        const sld_box *box = &s->boxes[s->list[i].index];
        if (!overlaps(s, box)) {
            s->kept[s->count] = *box;
            s->index[s->count++] = s->list[i].index;
        }
    }
}

static void set_rows(const chooser *s)
{
    for (uint32_t i = 0; i < s->c->output_count; i++) {
        s->c->outputs[i].dim[0] = (int64_t)s->count;
    }
}

static sld_box shifted(const sld_box *b, const float *shift)
{
    float w = b->x2 - b->x1;
    float h = b->y2 - b->y1;
    return (sld_box){b->x1 + w * shift[0], b->y1 + h * shift[1], b->x2 + w * shift[2],
                     b->y2 + h * shift[3]};
}

/* ---- MtcnnProposal ---- */

static size_t cells_of(const solder_plugin_call *c)
{
    return (size_t)(c->inputs[0].dim[2] * c->inputs[0].dim[3]);
}

static size_t proposal_workspace(const solder_plugin_call *c)
{
    chooser s;
    return lay_out(&s, c, cells_of(c), NULL);
}

static sld_box cell_box(const solder_plugin_call *c, size_t cell)
{
    const mtcnn_attributes *a = c->attributes;
    size_t w = (size_t)c->inputs[0].dim[3];
    size_t x = a->transposed ? cell / w : cell % w;
    size_t y = a->transposed ? cell % w : cell / w;
    float left = (float)x * (float)a->stride;
    float top = (float)y * (float)a->stride;
    return (sld_box){(left + 1) / a->scale, (top + 1) / a->scale,
                     (left + (float)a->cell) / a->scale, (top + (float)a->cell) / a->scale};
}

static solder_status proposal_run(const solder_plugin_call *c)
{
    const mtcnn_attributes *a = c->attributes;
    const size_t cells = cells_of(c);
    const float *scores = (const float *)c->inputs[0].data + cells; /* of a face */
    const float *shifts = c->inputs[1].data;
    sld_box *boxes = c->outputs[0].data;
    float *best = c->output_count > 1 ? c->outputs[1].data : NULL;
    float *moves = c->output_count > 2 ? c->outputs[2].data : NULL;
    size_t count = 0;
    chooser s;
    (void)lay_out(&s, c, cells, c->workspace);
    for (size_t i = 0; i < cells; i++) {
        if (scores[i] > a->threshold) {
            s.boxes[i] = cell_box(c, i);
            s.list[count++] = (sld_ranked){sld_rank_key(scores[i]), (uint32_t)i};
        }
    }
    choose(&s, count);
    for (size_t i = 0; i < s.count; i++) {
        boxes[i] = s.kept[i];
        if (best != NULL) {
            best[i] = scores[s.index[i]];
        }
        for (size_t k = 0; moves != NULL && k < 4; k++) {
            moves[i * 4 + k] = shifts[k * cells + s.index[i]];
        }
    }
    set_rows(&s);
    return SOLDER_OK;
}

/* ---- MtcnnRefine ---- */

static size_t refine_workspace(const solder_plugin_call *c)
{
    chooser s;
    return lay_out(&s, c, (size_t)c->inputs[0].dim[0], NULL);
}

static sld_box squared(const sld_box *b)
{
    float w = b->x2 - b->x1;
    float h = b->y2 - b->y1;
    float across = (w - fmaxf(w, h)) * 0.5f;
    float down = (h - fmaxf(w, h)) * 0.5f;
    return (sld_box){b->x1 + across, b->y1 + down, b->x2 - across, b->y2 - down};
}

/* The box that the network saw is what its points are shares of. */
static void place_points(const sld_box *seen, const float *points, float *to)
{
    for (int k = 0; k < 5; k++) {
        to[k] = seen->x1 + (seen->x2 - seen->x1) * points[k];
        to[k + 5] = seen->y1 + (seen->y2 - seen->y1) * points[k + 5];
    }
}

static solder_status refine_run(const solder_plugin_call *c)
{
    const mtcnn_attributes *a = c->attributes;
    const size_t rows = (size_t)c->inputs[0].dim[0];
    const size_t step = c->inputs[1].rank == 2 ? 2 : 1;
    const sld_box *seen = c->inputs[0].data;
    const float *scores = (const float *)c->inputs[1].data + (step - 1);
    const float *shifts = c->inputs[2].data;
    sld_box *boxes = c->outputs[0].data;
    float *best = c->output_count > 1 ? c->outputs[1].data : NULL;
    size_t count = 0;
    chooser s;
    (void)lay_out(&s, c, rows, c->workspace);
    for (size_t i = 0; i < rows; i++) {
        if (scores[i * step] > a->threshold) {
            s.boxes[i] = a->shift_first ? shifted(&seen[i], shifts + i * 4) : seen[i];
            s.list[count++] = (sld_ranked){sld_rank_key(scores[i * step]), (uint32_t)i};
        }
    }
    choose(&s, count);
    for (size_t i = 0; i < s.count; i++) {
        size_t from = s.index[i];
        sld_box box = a->shift_first ? s.kept[i] : shifted(&s.kept[i], shifts + from * 4);
        boxes[i] = a->square ? squared(&box) : box;
        if (best != NULL) {
            best[i] = scores[from * step];
        }
        if (c->output_count > 2) {
            place_points(&seen[from], (const float *)c->inputs[3].data + from * 10,
                         (float *)c->outputs[2].data + i * 10);
        }
    }
    set_rows(&s);
    return SOLDER_OK;
}

#define COUNT(list) (sizeof list / sizeof list[0])

const solder_plugin sld_plugin_mtcnn_proposal = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "MtcnnProposal",
    .version = 1,
    .inputs = proposal_inputs,
    .input_count = COUNT(proposal_inputs),
    .outputs = proposal_outputs,
    .output_count = COUNT(proposal_outputs),
    .attributes = proposal_attributes,
    .attribute_count = COUNT(proposal_attributes),
    .attributes_size = sizeof(mtcnn_attributes),
    .infer = proposal_infer,
    .workspace = proposal_workspace,
    .run = proposal_run,
};

const solder_plugin sld_plugin_mtcnn_refine = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "MtcnnRefine",
    .version = 1,
    .inputs = refine_inputs,
    .input_count = COUNT(refine_inputs),
    .outputs = refine_outputs,
    .output_count = COUNT(refine_outputs),
    .attributes = refine_attributes,
    .attribute_count = COUNT(refine_attributes),
    .attributes_size = sizeof(mtcnn_attributes),
    .infer = refine_infer,
    .workspace = refine_workspace,
    .run = refine_run,
};
