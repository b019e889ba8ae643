/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding of connectionist temporal classification, as TensorFlow's CTCGreedyDecoder and
 * CTCBeamSearchDecoder do it, to dense outputs.
 * Inputs: scores [T, N, classes] (time_major 0: [N, T, classes]), logits of one step each, and
 * optional lengths [N] i32 or i64 (absent: all T). Labels are without blanks; behind them is -1.
 *
 * CTCGreedy      the best class of each step, runs of one taken once (merge_repeated): labels
 *                [N, T] i64, how many [N] i64, minus the sum of the best scores [N, 1]
 * CTCBeamSearch  the top_paths most probable sequences of a search that keeps beam_width: labels
 *                [N, top_paths, T] i64, how many [N, top_paths] i64, logarithms of their
 *                probabilities [N, top_paths], -inf where there is none. merge_repeated also
 *                takes runs in the result once
 */
#include <math.h>
#include <string.h>

#include "plugins/plugins.h"

enum { MAX_BEAMS = 1024, MAX_STEPS = 1 << 20 };

typedef struct ctc_attributes {
    int32_t merge, blank, time_major, beams, paths;
} ctc_attributes;

#define FIELD(field, name, kind, initial)                                                          \
    SOLDER_ATTRIBUTE(ctc_attributes, field, name, SOLDER_ATTRIBUTE_##kind, initial)
static const solder_plugin_attribute greedy_table[] = {
    FIELD(merge, "merge_repeated", BOOL, 1),
    FIELD(blank, "blank_index", I32, -1),
    FIELD(time_major, "time_major", BOOL, 1),
};
static const solder_plugin_attribute beam_table[] = {
    FIELD(merge, "merge_repeated", BOOL, 0),  FIELD(blank, "blank_index", I32, -1),
    FIELD(time_major, "time_major", BOOL, 1), FIELD(beams, "beam_width", I32, 100),
    FIELD(paths, "top_paths", I32, 1),
};

static const solder_plugin_operand inputs[] = {
    {"scores", SOLDER_TYPE(SOLDER_F32), 0},
    {"lengths", SOLDER_TYPE(SOLDER_I32) | SOLDER_TYPE(SOLDER_I64), SOLDER_OPERAND_OPTIONAL},
};
static const solder_plugin_operand outputs[] = {
    {"labels", SOLDER_TYPE(SOLDER_I64), 0},
    {"number of labels", SOLDER_TYPE(SOLDER_I64), SOLDER_OPERAND_OPTIONAL},
    {"log probability", SOLDER_TYPE(SOLDER_F32), SOLDER_OPERAND_OPTIONAL},
};

static bool is_beam(const solder_plugin *plugin)
{
    return plugin->attributes == beam_table;
}

static solder_status check(const solder_plugin_infer *i)
{
    const ctc_attributes *a = i->attributes;
    const solder_shape *scores = &i->inputs[0].shape;
    int64_t classes, items, lengths, steps;
    if (is_beam(i->plugin) &&
        (a->beams < 1 || a->beams > MAX_BEAMS || a->paths < 1 || a->paths > a->beams)) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA,
                                 "beam_width must be 1 to %d, top_paths 1 to beam_width",
                                 MAX_BEAMS);
    }
    if (scores->rank != 3 || !solder_expr_known(i, scores->d[2], &classes) || classes < 1 ||
        classes > 1 << 24) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "scores must be %s",
                                 a->time_major ? "[T, N, classes]" : "[N, T, classes]");
    }
    if (solder_expr_known(i, scores->d[a->time_major ? 0 : 1], &steps) && steps > MAX_STEPS) {
        return solder_infer_fail(i, SOLDER_ERROR_UNSUPPORTED, "%lld steps are more than %d",
                                 (long long)steps, MAX_STEPS);
    }
    if (a->blank < -classes || a->blank >= classes) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "blank_index is %d of %lld classes",
                                 (int)a->blank, (long long)classes);
    }
    if (i->input_count > 1 && i->inputs[1].dtype != SOLDER_NONE &&
        (i->inputs[1].shape.rank != 1 ||
         (solder_expr_known(i, i->inputs[1].shape.d[0], &lengths) &&
          solder_expr_known(i, scores->d[a->time_major ? 1 : 0], &items) && lengths != items))) {
        return solder_infer_fail(i, SOLDER_ERROR_DATA, "lengths must be [N]");
    }
    return SOLDER_OK;
}

static solder_status infer(const solder_plugin_infer *i)
{
    const ctc_attributes *a = i->attributes;
    const solder_shape *scores = &i->inputs[0].shape;
    solder_status status = check(i);
    if (status != SOLDER_OK) {
        return status;
    }
    const bool beams = is_beam(i->plugin);
    solder_expr n = scores->d[a->time_major ? 1 : 0];
    solder_expr t = scores->d[a->time_major ? 0 : 1];
    solder_expr paths = solder_expr_constant(i, beams ? a->paths : 1);
    i->outputs[0].shape = beams ? (solder_shape){3, {n, paths, t}} : (solder_shape){2, {n, t}};
    if (i->output_count > 1) {
        i->outputs[1].shape = beams ? (solder_shape){2, {n, paths}} : (solder_shape){1, {n}};
    }
    if (i->output_count > 2) {
        i->outputs[2].shape = (solder_shape){2, {n, paths}};
    }
    return SOLDER_OK;
}

typedef struct job {
    const solder_plugin_call *call;
    const float *scores;
    int64_t steps, items, classes, blank, step_stride, item_stride;
    int64_t *labels, *counts;
    float *results;
    bool merge;
    int32_t beams, paths;
    size_t bytes; /* of the workspace for one thread */
} job;

static job begin(const solder_plugin_call *c)
{
    const ctc_attributes *a = c->attributes;
    const solder_plugin_tensor *x = &c->inputs[0];
    job j = {.call = c,
             .scores = x->data,
             .steps = x->dim[a->time_major ? 0 : 1],
             .items = x->dim[a->time_major ? 1 : 0],
             .classes = x->dim[2],
             .labels = c->outputs[0].data,
             .counts = c->output_count > 1 ? c->outputs[1].data : NULL,
             .results = c->output_count > 2 ? c->outputs[2].data : NULL,
             .merge = a->merge,
             .beams = a->beams,
             .paths = a->paths};
    j.blank = a->blank < 0 ? a->blank + j.classes : a->blank;
    j.step_stride = a->time_major ? j.items * j.classes : j.classes;
    j.item_stride = a->time_major ? j.classes : j.steps * j.classes;
    return j;
}

static int64_t length_of(const job *j, int64_t item)
{
    const solder_plugin_call *c = j->call;
    if (c->input_count < 2 || c->inputs[1].dtype == SOLDER_NONE) {
        return j->steps;
    }
    const void *data = c->inputs[1].data;
    return c->inputs[1].dtype == SOLDER_I32 ? ((const int32_t *)data)[item]
                                            : ((const int64_t *)data)[item];
}

static solder_status check_lengths(const solder_plugin_call *c, const job *j)
{
    for (int64_t i = 0; i < j->items; i++) {
        int64_t length = length_of(j, i);
        if (length < 0 || length > j->steps) {
            return solder_plugin_fail(c, SOLDER_ERROR_DATA,
                                      "the length of item %lld is %lld of %lld", (long long)i,
                                      (long long)length, (long long)j->steps);
        }
    }
    return SOLDER_OK;
}

static void pad(int64_t *labels, int64_t from, int64_t to)
{
    for (int64_t i = from; i < to; i++) {
        labels[i] = -1;
    }
}

/* ---- greedy ---- */

static int64_t best_of(const float *row, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++) {
        best = row[i] > row[best] ? i : best;
    }
    return best;
}

static void decode_greedily(void *user, size_t index, int thread)
{
    const job *j = user;
    const int64_t item = (int64_t)index;
    const int64_t length = length_of(j, item);
    int64_t *labels = j->labels + item * j->steps;
    int64_t count = 0;
    int64_t previous = -1;
    double sum = 0;
    (void)thread;
    for (int64_t t = 0; t < length; t++) {
        const float *row = j->scores + t * j->step_stride + item * j->item_stride;
        int64_t best = best_of(row, j->classes);
        sum -= row[best];
        if (best != j->blank && !(j->merge && best == previous)) {
            labels[count++] = best;
        }
        previous = best;
    }
    pad(labels, count, j->steps);
    if (j->counts != NULL) {
        j->counts[item] = count;
    }
    if (j->results != NULL) {
        j->results[item] = (float)sum;
    }
}

/* ---- beams ---- */

/* A sequence of labels: one more behind its parent's. */
typedef struct node {
    int64_t label;
    int32_t parent, child, sibling; /* -1: none */
    int32_t beam;                   /* which it is now, -1: none */
} node;

/* Logarithms of the probabilities of all alignments that end in a blank, in the label, either. */
typedef struct beam {
    double blank, label, total;
    int32_t node;
    bool evicted;  /* by better candidates of this step */
    int64_t added; /* a candidate: the label behind that of node; -1: node itself */
} beam;

typedef struct search {
    const job *j;
    node *nodes;
    beam *beams, *heap; /* those of the last step, best first; candidates, the worst first */
    int32_t *seen;      /* by label: which beam is such a child of the one that grows, from 1 */
    int32_t node_count, beam_count, heap_count;
    const float *row;
    double norm;
} search;

static void *take(char *base, size_t *used, size_t bytes)
{
    void *place = base != NULL ? base + *used : NULL;
    *used += (bytes + 63) / 64 * 64;
    return place;
}

static size_t lay_out(search *s, const job *j, char *base)
{
    size_t used = 0;
    size_t most = (size_t)j->beams;
    *s = (search){.j = j};
    s->nodes = take(base, &used, ((size_t)j->steps * most + 1) * sizeof *s->nodes);
    s->beams = take(base, &used, most * sizeof *s->beams);
    s->heap = take(base, &used, most * sizeof *s->heap);
    s->seen = take(base, &used, (size_t)j->classes * sizeof *s->seen);
    return used;
}

static double log_sum(double a, double b)
{
    double high = a > b ? a : b;
    double low = a > b ? b : a;
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

static double log_softmax_norm(const float *row, int64_t count)
{
    double most = row[best_of(row, count)];
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += exp((double)row[i] - most);
    }
    return most + log(sum);
}

/* ---- the best candidates, in a heap whose first is the worst ---- */

static void sink(beam *heap, int32_t count, int32_t at)
{
    for (int32_t child = 2 * at + 1; child < count; at = child, child = 2 * at + 1) {
        child += child + 1 < count && heap[child + 1].total < heap[child].total;
        if (!(heap[child].total < heap[at].total)) {
            return;
        }
        beam other = heap[at];
        heap[at] = heap[child];
        heap[child] = other;
    }
}

static bool has_room(const search *s, double total)
{
    return total > -INFINITY && (s->heap_count < s->j->beams || total > s->heap[0].total);
}

static void push(search *s, const beam *candidate)
{
    if (!has_room(s, candidate->total)) {
        return;
    }
    if (s->heap_count == s->j->beams) {
        if (s->heap[0].added < 0) {
            s->beams[s->nodes[s->heap[0].node].beam].evicted = true;
        }
        s->heap[0] = *candidate;
        sink(s->heap, s->heap_count, 0);
        return;
    }
    int32_t at = s->heap_count++;
    for (; at > 0 && candidate->total < s->heap[(at - 1) / 2].total; at = (at - 1) / 2) {
        s->heap[at] = s->heap[(at - 1) / 2];
    }
    s->heap[at] = *candidate;
}

/* ---- one step ---- */

static double score_of(const search *s, int64_t label)
{
    return (double)s->row[label] - s->norm;
}

/* The sequence stays as it is: a blank, or its last label once more. */
static void keep_beam(search *s, int32_t at)
{
    const beam *b = &s->beams[at];
    const node *n = &s->nodes[b->node];
    beam next = {.node = b->node, .added = -1, .label = -INFINITY};
    if (n->parent >= 0) {
        const node *parent = &s->nodes[n->parent];
        next.label = b->label;
        if (parent->beam >= 0) {
            const beam *before = &s->beams[parent->beam];
            next.label =
                log_sum(next.label, parent->label == n->label ? before->blank : before->total);
        }
        next.label += score_of(s, n->label);
    }
    next.blank = b->total + score_of(s, s->j->blank);
    next.total = log_sum(next.blank, next.label);
    push(s, &next);
}

/* Those of a node's children that are beams, or nothing of them. */
static void mark_children(search *s, const node *n, bool seen)
{
    for (int32_t child = n->child; child >= 0; child = s->nodes[child].sibling) {
        if (s->nodes[child].beam >= 0) {
            s->seen[s->nodes[child].label] = seen ? s->nodes[child].beam + 1 : 0;
        }
    }
}

/*
 * One more label, but those that give another of the beams. One of these that has been evicted
 * already grows no more: so does TensorFlow's search end it.
 */
static void grow_beam(search *s, int32_t at)
{
    const beam *b = &s->beams[at];
    const node *n = &s->nodes[b->node];
    if (!has_room(s, b->total)) {
        return;
    }
    mark_children(s, n, true);
    for (int64_t k = 0; k < s->j->classes; k++) {
        beam *child = s->seen[k] > 0 ? &s->beams[s->seen[k] - 1] : NULL;
        if (child != NULL && child->evicted) {
            child->total = -INFINITY;
        }
        if (child != NULL || k == s->j->blank) {
            continue;
        }
        double total = (k == n->label ? b->blank : b->total) + score_of(s, k);
        push(s,
             &(beam){
                 .blank = -INFINITY, .label = total, .total = total, .node = b->node, .added = k});
    }
    mark_children(s, n, false);
}

/* The child of that label, made if there is none: at most one for each new beam of a step. */
static int32_t child_of(search *s, int32_t parent, int64_t label)
{
    int32_t child = s->nodes[parent].child;
    while (child >= 0 && s->nodes[child].label != label) {
        child = s->nodes[child].sibling;
    }
    if (child < 0) {
        child = s->node_count++;
        s->nodes[child] = (node){label, parent, -1, s->nodes[parent].child, -1};
        s->nodes[parent].child = child;
    }
    return child;
}

/* Takes the heap apart, the worst first, to the end of the beams. */
static void take_beams(search *s)
{
    for (int32_t i = 0; i < s->beam_count; i++) {
        s->nodes[s->beams[i].node].beam = -1;
    }
    s->beam_count = s->heap_count;
    while (s->heap_count > 0) {
        beam *to = &s->beams[s->heap_count - 1];
        *to = s->heap[0];
        s->heap[0] = s->heap[--s->heap_count];
        sink(s->heap, s->heap_count, 0);
    }
    for (int32_t i = 0; i < s->beam_count; i++) {
        beam *b = &s->beams[i];
        b->node = b->added >= 0 ? child_of(s, b->node, b->added) : b->node;
        s->nodes[b->node].beam = i;
    }
}

static void step(search *s, const float *row)
{
    s->row = row;
    s->norm = log_softmax_norm(row, s->j->classes);
    for (int32_t i = 0; i < s->beam_count; i++) {
        keep_beam(s, i);
    }
    for (int32_t i = 0; i < s->beam_count; i++) {
        grow_beam(s, i);
    }
    take_beams(s);
}

/* ---- results ---- */

/* Labels come last first. */
static int64_t put_labels(const search *s, int32_t at, int64_t *to)
{
    int64_t count = 0;
    int64_t previous = -1;
    for (; s->nodes[at].parent >= 0; at = s->nodes[at].parent) {
        int64_t label = s->nodes[at].label;
        if (!(s->j->merge && label == previous)) {
            to[count++] = label;
        }
        previous = label;
    }
    for (int64_t i = 0; i < count / 2; i++) {
        int64_t other = to[i];
        to[i] = to[count - 1 - i];
        to[count - 1 - i] = other;
    }
    return count;
}

static void put_path(const search *s, int64_t item, int32_t path)
{
    const job *j = s->j;
    const bool found = path < s->beam_count;
    const int64_t at = item * j->paths + path;
    int64_t *labels = j->labels + at * j->steps;
    int64_t count = found ? put_labels(s, s->beams[path].node, labels) : 0;
    pad(labels, count, j->steps);
    if (j->counts != NULL) {
        j->counts[at] = count;
    }
    if (j->results != NULL) {
        j->results[at] = found ? (float)s->beams[path].total : -INFINITY;
    }
}

static void decode_beams(void *user, size_t index, int thread)
{
    const job *j = user;
    const int64_t item = (int64_t)index;
    const int64_t length = length_of(j, item);
    search s;
    (void)lay_out(&s, j, (char *)j->call->workspace + (size_t)thread * j->bytes);
    s.nodes[0] = (node){-1, -1, -1, -1, 0};
    s.beams[0] = (beam){.blank = 0, .label = -INFINITY, .total = 0, .node = 0};
    s.node_count = s.beam_count = 1;
    memset(s.seen, 0, (size_t)j->classes * sizeof *s.seen);
    for (int64_t t = 0; t < length; t++) {
        step(&s, j->scores + t * j->step_stride + item * j->item_stride);
    }
    for (int32_t path = 0; path < j->paths; path++) {
        put_path(&s, item, path);
    }
}

static size_t workspace(const solder_plugin_call *c)
{
    const job j = begin(c);
    search s;
    return lay_out(&s, &j, NULL) * (size_t)(c->threads > 0 ? c->threads : 1);
}

static solder_status run(const solder_plugin_call *c)
{
    job j = begin(c);
    search s;
    solder_status status = check_lengths(c, &j);
    if (status != SOLDER_OK) {
        return status;
    }
    const bool beams = is_beam(c->plugin);
    j.bytes = beams ? lay_out(&s, &j, NULL) : 0;
    solder_plugin_parallel_for(c, (size_t)j.items, beams ? decode_beams : decode_greedily, &j);
    return SOLDER_OK;
}

const solder_plugin sld_plugin_ctc_greedy = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "CTCGreedy",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof outputs[0],
    .attributes = greedy_table,
    .attribute_count = sizeof greedy_table / sizeof greedy_table[0],
    .attributes_size = sizeof(ctc_attributes),
    .infer = infer,
    .run = run,
};

const solder_plugin sld_plugin_ctc_beam = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "CTCBeamSearch",
    .version = 1,
    .inputs = inputs,
    .input_count = sizeof inputs / sizeof inputs[0],
    .outputs = outputs,
    .output_count = sizeof outputs / sizeof outputs[0],
    .attributes = beam_table,
    .attribute_count = sizeof beam_table / sizeof beam_table[0],
    .attributes_size = sizeof(ctc_attributes),
    .infer = infer,
    .workspace = workspace,
    .run = run,
};
