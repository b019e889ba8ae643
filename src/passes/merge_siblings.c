/* SPDX-License-Identifier: Apache-2.0 */
/*
 *        /--> Convolution a --> ya                                    /--> Slice --> ya
 *     x ---> Convolution b --> yb       ==>     x --> Convolution a+b ---> Slice --> yb
 *
 * Convolutions of one geometry that read one tensor become one over the concatenated output
 * channels: the input is read once, and small channel counts fill the kernel's tiles together. The
 * slices become views. Where all results go side by side into one Concat, no slice is needed.
 * Left alone: results that could not be views (network outputs, parts of a Concat, inputs of a
 * Reshape), and convolutions already wide enough to gain nothing.
 */
#include "passes/pass.h"
#include "passes/rewrite.h"

#define MAX_SIBLINGS 16
/* Sum of output channels up to which merging pays. */
#define WIDE 1024

typedef struct family {
    sld_node *conv[MAX_SIBLINGS];
    int64_t channels[MAX_SIBLINGS];
    uint32_t count;
    sld_node *concat; /* takes all of them side by side, from slot on; else NULL */
    uint32_t slot;
} family;

static bool is_mergeable(const sld_graph *graph, const sld_node *node, const sld_value *x)
{
    int64_t dims[SOLDER_MAX_RANK];
    if (node->op != SLD_OP_CONVOLUTION || node->in[0].value != x) {
        return false;
    }
    const sld_conv_params *p = node->params;
    const sld_value *bias = sld_node_in(node, 2);
    return p->groups == 1 && p->epilogue.residual == 0 &&
           sld_value_is_constant(node->in[1].value) &&
           sld_value_static_dims(graph, node->in[1].value, dims) && dims[0] > 0 &&
           (bias == NULL || sld_value_is_constant(bias)) && node->out[0]->use_count > 0;
}

static bool same_geometry(const sld_node *a, const sld_node *b)
{
    const sld_shape *wa = &a->in[1].value->shape;
    const sld_shape *wb = &b->in[1].value->shape;
    return memcmp(a->params, b->params, sizeof(sld_conv_params)) == 0 && wa->rank == wb->rank &&
           memcmp(wa->d + 1, wb->d + 1, (size_t)(wa->rank - 1) * sizeof wa->d[0]) == 0 &&
           a->in[1].value->dtype == b->in[1].value->dtype;
}

/* Whether a slice of channels will do for every user of the value. */
static bool takes_view(const sld_value *value)
{
    if (value->is_output) {
        return false;
    }
    for (const sld_use *use = value->uses; use != NULL; use = use->next) {
        if (use->node->op == SLD_OP_CONCAT || use->node->op == SLD_OP_RESHAPE) {
            return false;
        }
    }
    return true;
}

/* The Concat of channels that takes the value and nothing else does. */
static sld_node *sole_concat(const sld_value *value, uint32_t *slot)
{
    sld_node *user = sld_value_single_user(value);
    if (user == NULL || user->op != SLD_OP_CONCAT ||
        ((const sld_concat_params *)user->params)->axis != 1) {
        return NULL;
    }
    *slot = value->uses->slot;
    return user;
}

/* Adds the convolutions that go side by side into the Concat that takes the first. */
static void gather_concat(const sld_graph *graph, sld_node *first, family *f)
{
    uint32_t slot = 0;
    const sld_value *x = first->in[0].value;
    sld_node *concat = sole_concat(first->out[0], &slot);
    *f = (family){.conv = {first}, .count = 1, .concat = concat, .slot = slot};
    for (uint32_t i = slot + 1; i < concat->in_count && f->count < MAX_SIBLINGS; i++) {
        const sld_value *part = concat->in[i].value;
        sld_node *node = sld_producer(part, SLD_OP_CONVOLUTION);
        if (node == NULL || sld_value_single_user(part) != concat ||
            !is_mergeable(graph, node, x) || !same_geometry(first, node)) {
            break;
        }
        f->conv[f->count++] = node;
    }
}

static bool is_later(const sld_node *a, const sld_node *b)
{
    return a->id > b->id;
}

/* Uses are linked newest first; siblings are merged in order of creation. */
static void insert_sorted(family *f, sld_node *node)
{
    uint32_t at = f->count++;
    for (; at > 0 && is_later(f->conv[at - 1], node); at--) {
        f->conv[at] = f->conv[at - 1];
    }
    f->conv[at] = node;
}

static void gather_slices(const sld_graph *graph, sld_node *first, family *f)
{
    const sld_value *x = first->in[0].value;
    *f = (family){.count = 0};
    for (const sld_use *use = x->uses; use != NULL && f->count < MAX_SIBLINGS; use = use->next) {
        sld_node *node = use->node;
        if (use->slot == 0 && is_mergeable(graph, node, x) && same_geometry(first, node) &&
            takes_view(node->out[0])) {
            insert_sorted(f, node);
        }
    }
}

static bool pays(const sld_graph *graph, family *f)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        int64_t dims[SOLDER_MAX_RANK];
        (void)sld_value_static_dims(graph, f->conv[i]->in[1].value, dims);
        f->channels[i] = dims[0];
        total += dims[0];
    }
    return f->count > 1 && total <= WIDE;
}

/* The constants of one input slot after another; absent biases are zeros. */
static solder_status join_constants(sld_graph *graph, const family *f, uint32_t slot,
                                    sld_value **out)
{
    const sld_value *first = f->conv[0]->in[1].value;
    int64_t dims[SOLDER_MAX_RANK];
    size_t per_channel = solder_dtype_size(first->dtype);
    size_t bytes;
    (void)sld_value_static_dims(graph, first, dims);
    for (int i = 1; slot == 1 && i < first->shape.rank; i++) {
        per_channel *= (size_t)dims[i];
    }
    dims[0] = 0;
    for (uint32_t i = 0; i < f->count; i++) {
        dims[0] += f->channels[i];
    }
    char *data = sld_size_mul((size_t)dims[0], per_channel, &bytes)
                     ? sld_arena_alloc(&graph->arena, bytes)
                     : NULL;
    if (data == NULL) {
        return sld_fail_memory(graph->diag, (size_t)dims[0]);
    }
    char *at = data;
    for (uint32_t i = 0; i < f->count; i++) {
        const sld_value *part = sld_node_in(f->conv[i], slot);
        size_t size = (size_t)f->channels[i] * per_channel;
        if (part != NULL) {
            memcpy(at, part->data, size);
        }
        at += size;
    }
    return sld_graph_add_constant(graph, first->name, first->dtype,
                                  slot == 1 ? first->shape.rank : 1, dims, data, false, out);
}

/* Of siblings the one that stands first in the list. */
static sld_node *first_in_list(const sld_graph *graph, const family *f)
{
    for (sld_node *node = graph->first; node != NULL; node = node->next) {
        for (uint32_t i = 0; i < f->count; i++) {
            if (node == f->conv[i]) {
                return node;
            }
        }
    }
    return NULL;
}

static solder_status add_merged(sld_graph *graph, const family *f, sld_value **merged)
{
    sld_value *in[3] = {f->conv[0]->in[0].value, NULL, NULL};
    bool biased = false;
    for (uint32_t i = 0; i < f->count; i++) {
        biased = biased || sld_node_in(f->conv[i], 2) != NULL;
    }
    SLD_TRY(join_constants(graph, f, 1, &in[1]));
    if (biased) {
        SLD_TRY(join_constants(graph, f, 2, &in[2]));
    }
    SLD_TRY(sld_graph_add(graph, first_in_list(graph, f), SLD_OP_CONVOLUTION, f->conv[0]->name,
                          f->conv[0]->params, in, 3, merged));
    sld_node *node = (*merged)->producer;
    node->source = f->conv[0]->source;
    for (uint32_t i = 1; i < f->count; i++) {
        SLD_TRY(sld_join_source(graph, node, f->conv[i]));
    }
    return SOLDER_OK;
}

/* Each sibling's result as a slice of the merged one. */
static solder_status add_slices(sld_graph *graph, const family *f, sld_value *merged)
{
    int64_t at = 0;
    sld_node *after = merged->producer->next;
    for (uint32_t i = 0; i < f->count; i++) {
        sld_value *part;
        sld_slice_params params;
        sld_op_defaults(SLD_OP_SLICE, &params);
        params.count = 1;
        params.axes[0] = 1;
        params.start[0] = at;
        params.end[0] = at + f->channels[i];
        params.step[0] = 1;
        at += f->channels[i];
        SLD_TRY(sld_graph_add(graph, after, SLD_OP_SLICE, f->conv[i]->name, &params, &merged, 1,
                              &part));
        part->producer->source = f->conv[i]->source;
        SLD_TRY(sld_take_over(graph, f->conv[i]->out[0], part));
    }
    return SOLDER_OK;
}

/* The merged result in the place of the first part; the other slots close up. */
static solder_status take_concat_slots(sld_graph *graph, const family *f, sld_value *merged)
{
    sld_node *concat = f->concat;
    sld_graph_set_input(concat, f->slot, merged);
    for (uint32_t i = f->slot + 1; i + f->count - 1 < concat->in_count; i++) {
        sld_graph_set_input(concat, i, concat->in[i + f->count - 1].value);
    }
    SLD_TRY(sld_graph_resize_inputs(graph, concat, concat->in_count - (f->count - 1)));
    return sld_graph_infer_node(graph, concat);
}

static solder_status merge(sld_graph *graph, const family *f, sld_node **node)
{
    sld_value *merged;
    SLD_TRY(add_merged(graph, f, &merged));
    SLD_TRY(f->concat != NULL ? take_concat_slots(graph, f, merged) : add_slices(graph, f, merged));
    for (uint32_t i = 0; i < f->count; i++) {
        sld_graph_remove_node(graph, f->conv[i]);
    }
    *node = merged->producer;
    return SOLDER_OK;
}

/* Merges the siblings of *node if that pays; *node is then the merged convolution. */
static solder_status visit(sld_graph *graph, sld_node **node, bool *changed)
{
    family f;
    uint32_t slot = 0;
    if (!is_mergeable(graph, *node, (*node)->in[0].value)) {
        return SOLDER_OK;
    }
    if (sole_concat((*node)->out[0], &slot) != NULL) {
        gather_concat(graph, *node, &f);
    } else if (takes_view((*node)->out[0])) {
        gather_slices(graph, *node, &f);
    } else {
        return SOLDER_OK;
    }
    if (!pays(graph, &f)) {
        return SOLDER_OK;
    }
    *changed = true;
    return merge(graph, &f, node);
}

solder_status sld_pass_merge_siblings(sld_graph *graph, const sld_pass_options *options,
                                      bool *changed)
{
    (void)options;
    for (sld_node *node = graph->first; node != NULL; node = node->next) {
        if (node->op == SLD_OP_CONVOLUTION) {
            SLD_TRY(visit(graph, &node, changed));
        }
    }
    return SOLDER_OK;
}
