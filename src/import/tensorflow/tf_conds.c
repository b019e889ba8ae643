/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conditionals of TensorFlow 1: Switch (and _SwitchN) lets a value into one of two (or more)
 * branches, Merge takes what the branch that ran gives. Every node is in the branches its inputs
 * are in, control inputs included; a Merge leaves one. The Merges of one conditional become an If
 * (or Case).
 */
#include "import/tensorflow/tf_frames.h"

/* Branches of one conditional, at most. */
#define MAX_SIDES 16

/* A branch inside another (NULL: everywhere). Equal branches are one object. */
typedef struct branch {
    struct branch *outer;
    sld_tf_edge predicate;
    uint32_t side; /* the Switch's output; 0: false, 1: true */
    uint32_t sides;
    uint32_t depth;
    bool lifted;                      /* part of a Case now */
    struct branch *inner, *following; /* first one inside; next one inside outer */
} branch;

typedef struct merge {
    uint32_t node;
    branch *outer;
    sld_tf_edge predicate;
    uint32_t sides;
    uint8_t input[MAX_SIDES]; /* which of its inputs comes from a side */
    uint32_t level; /* Merges of the same conditional it depends on, one after the other */
    bool lifted;
} merge;

typedef struct conds {
    sld_tf_lifting *l;
    branch root, **of; /* by node */
    uint8_t *odd;      /* by node: reads from branches that exclude each other */
    uint32_t *order, order_count;
    uint32_t *stack, *level;
    uint32_t *inside, *borders, *is_border; /* of one conditional at a time */
    uint32_t cond;                          /* its number, in is_border */
    merge *merges;
    uint32_t merge_count;
} conds;

static solder_status no_memory(const conds *c)
{
    return sld_fail_memory(c->l->tf->diag, c->l->capacity);
}

/* ---- order ---- */

enum { NEW = 0, OPEN, DONE };

/* Inputs before what reads them, going by data and control. Cycles are left for the conversion to
 * name: their nodes are in some order. */
static solder_status visit(conds *c, uint8_t *state, uint32_t *next, uint32_t root)
{
    sld_tf_lifting *l = c->l;
    uint32_t depth = 0;
    c->stack[depth++] = root;
    state[root] = OPEN;
    while (depth > 0) {
        uint32_t node = c->stack[depth - 1];
        SLD_TRY(sld_tf_lift_work(l, 1));
        if (next[node] == l->nodes[node].in_count) {
            state[node] = DONE;
            c->order[c->order_count++] = node;
            depth--;
            continue;
        }
        const sld_tf_edge *edge = &l->edges[node][next[node]++];
        if (edge->node != SLD_TF_NOWHERE && state[edge->node] == NEW &&
            !l->nodes[edge->node].hidden) {
            state[edge->node] = OPEN;
            c->stack[depth++] = edge->node;
        }
    }
    return SOLDER_OK;
}

static solder_status find_order(conds *c)
{
    sld_tf_lifting *l = c->l;
    uint8_t *state = sld_arena_array(&l->tf->arena, l->capacity, sizeof *state);
    uint32_t *next = sld_arena_array(&l->tf->arena, l->capacity, sizeof *next);
    if (state == NULL || next == NULL) {
        return no_memory(c);
    }
    for (uint32_t i = 0; i < l->count; i++) {
        if (state[i] == NEW && !l->nodes[i].hidden) {
            SLD_TRY(visit(c, state, next, i));
        }
    }
    return SOLDER_OK;
}

/* ---- branches ---- */

static bool same_edge(const sld_tf_edge *a, const sld_tf_edge *b)
{
    return a->node == b->node && a->output == b->output;
}

/* The predicate behind copies of it. */
static solder_status find_predicate(conds *c, sld_tf_edge edge, sld_tf_edge *predicate)
{
    const sld_tf_lifting *l = c->l;
    while (edge.node != SLD_TF_NOWHERE && sld_tf_is_op(&l->nodes[edge.node], "Identity") &&
           l->nodes[edge.node].in_count > 0 && !l->edges[edge.node][0].control &&
           l->edges[edge.node][0].node != SLD_TF_NOWHERE) {
        SLD_TRY(sld_tf_lift_work(c->l, 1));
        edge = l->edges[edge.node][0];
    }
    edge.control = false;
    *predicate = edge;
    return SOLDER_OK;
}

/* Outputs of a node that lets values into branches; 0 for other nodes. */
static uint32_t sides_of(const conds *c, uint32_t index)
{
    const sld_tf_node_proto *node = &c->l->nodes[index];
    bool many = sld_tf_is_op(node, "_SwitchN");
    if (node->in_count < 2 || (!many && !sld_tf_is_op(node, "Switch"))) {
        return 0;
    }
    uint32_t predicate = c->l->edges[index][1].node;
    if (predicate == SLD_TF_NOWHERE || sld_tf_is_op(&c->l->nodes[predicate], "LoopCond")) {
        return 0;
    }
    for (uint32_t i = 0; many && i < node->attr_count; i++) {
        const sld_tf_attr *attr = &node->attrs[i];
        if (strcmp(attr->name, "num_outs") == 0 && attr->i > 0 && attr->i <= MAX_SIDES) {
            return (uint32_t)attr->i;
        }
    }
    return many ? 0 : 2;
}

static solder_status enter(conds *c, branch *outer, const sld_tf_edge *predicate, uint32_t sides,
                           uint32_t side, branch **found)
{
    for (branch *b = outer->inner; b != NULL; b = b->following) {
        SLD_TRY(sld_tf_lift_work(c->l, 1));
        if (b->side == side && b->sides == sides && same_edge(&b->predicate, predicate)) {
            *found = b;
            return SOLDER_OK;
        }
    }
    branch *b = sld_arena_alloc(&c->l->tf->arena, sizeof *b);
    if (b == NULL) {
        return no_memory(c);
    }
    *b = (branch){outer,         *predicate, side,        sides, outer->depth + 1,
                  outer->lifted, NULL,       outer->inner};
    outer->inner = b;
    *found = b;
    return SOLDER_OK;
}

static bool is_within(const branch *b, const branch *outer)
{
    while (b != NULL && b->depth > outer->depth) {
        b = b->outer;
    }
    return b == outer;
}

/* The branch a value is in. */
static solder_status branch_of(conds *c, const sld_tf_edge *edge, branch **found)
{
    sld_tf_lifting *l = c->l;
    *found = &c->root;
    if (edge->node == SLD_TF_NOWHERE || l->nodes[edge->node].hidden) {
        return SOLDER_OK;
    }
    branch *b = c->of[edge->node] != NULL ? c->of[edge->node] : &c->root;
    *found = b;
    uint32_t sides = sides_of(c, edge->node);
    if (!edge->control && edge->output < sides) {
        sld_tf_edge predicate;
        SLD_TRY(find_predicate(c, l->edges[edge->node][1], &predicate));
        return enter(c, b, &predicate, sides, edge->output, found);
    }
    return SOLDER_OK;
}

static solder_status place(conds *c, uint32_t node)
{
    sld_tf_lifting *l = c->l;
    branch *deepest = &c->root;
    for (uint32_t i = 0; i < l->nodes[node].in_count; i++) {
        branch *b;
        SLD_TRY(sld_tf_lift_work(l, 1));
        SLD_TRY(branch_of(c, &l->edges[node][i], &b));
        if (b->depth > deepest->depth) {
            c->odd[node] |= !is_within(b, deepest);
            deepest = b;
        } else {
            c->odd[node] |= !is_within(deepest, b);
        }
        SLD_TRY(sld_tf_lift_work(l, b->depth + deepest->depth));
    }
    c->of[node] = deepest;
    return SOLDER_OK;
}

/* All inputs come from different sides of one conditional; one of them may come from nowhere in
 * particular. False if not. */
static bool find_sides(uint32_t node, branch *const *in, uint32_t count, merge *m)
{
    const branch *deep = in[0];
    bool taken[MAX_SIDES] = {false};
    uint32_t strays = 0, stray = 0;
    for (uint32_t i = 1; i < count; i++) {
        deep = in[i]->depth > deep->depth ? in[i] : deep;
    }
    if (deep->depth == 0 || deep->sides != count) {
        return false;
    }
    *m = (merge){.node = node, .outer = deep->outer, .predicate = deep->predicate, .sides = count};
    for (uint32_t i = 0; i < count; i++) {
        bool within = in[i]->depth == deep->depth && in[i]->outer == deep->outer &&
                      in[i]->sides == count && same_edge(&in[i]->predicate, &deep->predicate);
        if (within && !taken[in[i]->side]) {
            taken[in[i]->side] = true;
            m->input[in[i]->side] = (uint8_t)i;
        } else if (!within && in[i] == deep->outer && strays++ == 0) {
            stray = i;
        } else {
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        m->input[i] = taken[i] ? m->input[i] : (uint8_t)stray;
    }
    return true;
}

static solder_status place_merge(conds *c, uint32_t node)
{
    sld_tf_lifting *l = c->l;
    branch *in[MAX_SIDES];
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->nodes[node].in_count && count < MAX_SIDES; i++) {
        uint32_t from = l->edges[node][i].node;
        if (from != SLD_TF_NOWHERE && sld_tf_is_op(&l->nodes[from], "NextIteration")) {
            return place(c, node); /* of a loop */
        }
        if (!l->edges[node][i].control) {
            SLD_TRY(branch_of(c, &l->edges[node][i], &in[count++]));
        }
    }
    merge *m = &c->merges[c->merge_count];
    if (count < 2 || !find_sides(node, in, count, m)) {
        return place(c, node);
    }
    c->merge_count++;
    c->of[node] = m->outer;
    return SOLDER_OK;
}

static solder_status place_all(conds *c)
{
    for (uint32_t i = 0; i < c->order_count; i++) {
        uint32_t node = c->order[i];
        if (sld_tf_is_op(&c->l->nodes[node], "Merge")) {
            SLD_TRY(place_merge(c, node));
        } else {
            SLD_TRY(place(c, node));
        }
    }
    return SOLDER_OK;
}

/* ---- conditionals ---- */

static bool same_cond(const merge *a, const merge *b)
{
    return a->outer == b->outer && a->sides == b->sides && same_edge(&a->predicate, &b->predicate);
}

/* A Merge that depends on another with the same predicate belongs to a later conditional. */
static solder_status find_levels(conds *c, const merge *first)
{
    sld_tf_lifting *l = c->l;
    uint32_t *level = c->level, at = 0;
    memset(level, 0, l->capacity * sizeof *level);
    for (uint32_t i = 0; i < c->order_count; i++) {
        uint32_t node = c->order[i];
        SLD_TRY(sld_tf_lift_work(l, 1 + l->nodes[node].in_count));
        for (uint32_t j = 0; j < l->nodes[node].in_count; j++) {
            uint32_t in = l->edges[node][j].node;
            level[node] = in != SLD_TF_NOWHERE && level[in] > level[node] ? level[in] : level[node];
        }
        if (at < c->merge_count && c->merges[at].node == node) {
            merge *m = &c->merges[at++];
            if (same_cond(m, first)) {
                m->level = level[node]++;
            }
        }
    }
    return SOLDER_OK;
}

typedef struct capture {
    const char *name;        /* of the node that stands for it inside */
    const char **values;     /* what its outputs are outside */
    uint32_t outputs, first; /* number of its first argument */
} capture;

typedef struct lifted {
    merge **merges;
    uint32_t count;
    sld_tf_region inside[MAX_SIDES];
    uint32_t *borders, border_count;
    capture *captures;
    uint32_t arg_count;
} lifted;

/* Lets a value into the conditional's branches. */
static bool is_gate(conds *c, const lifted *p, uint32_t node)
{
    sld_tf_edge predicate;
    return sides_of(c, node) == p->merges[0]->sides &&
           find_predicate(c, c->l->edges[node][1], &predicate) == SOLDER_OK &&
           same_edge(&predicate, &p->merges[0]->predicate) && c->of[node] == p->merges[0]->outer;
}

/* What a branch computes its results from. */
static solder_status collect(conds *c, lifted *p, uint32_t side)
{
    sld_tf_lifting *l = c->l;
    const branch *inside;
    uint32_t depth = 0;
    branch *found;
    sld_tf_region region = {c->inside, 0};
    SLD_TRY(
        enter(c, p->merges[0]->outer, &p->merges[0]->predicate, p->merges[0]->sides, side, &found));
    inside = found;
    found->lifted = true;
    l->search++;
    for (uint32_t i = 0; i < p->count; i++) {
        const merge *m = p->merges[i];
        uint32_t root = l->edges[m->node][m->input[side]].node;
        if (root != SLD_TF_NOWHERE && l->seen[root] != l->search) {
            l->seen[root] = l->search;
            c->stack[depth++] = root;
        }
    }
    while (depth > 0) {
        uint32_t node = c->stack[--depth];
        SLD_TRY(sld_tf_lift_work(l, 1 + l->nodes[node].in_count));
        bool within = c->of[node] != NULL && is_within(c->of[node], inside);
        if (is_gate(c, p, node) || (!within && !sld_tf_is_op(&l->nodes[node], "Const"))) {
            if (c->is_border[node] != c->cond) {
                c->is_border[node] = c->cond;
                p->borders[p->border_count++] = node;
            }
            continue;
        }
        if (c->odd[node]) {
            sld_unsupported_add(&l->tf->unsupported, l->nodes[node].name,
                                "%s: it reads from branches that exclude each other",
                                l->nodes[node].op);
        }
        region.nodes[region.count++] = node;
        for (uint32_t i = 0; i < l->nodes[node].in_count; i++) {
            const sld_tf_edge *edge = &l->edges[node][i];
            if (!edge->control && edge->node != SLD_TF_NOWHERE &&
                l->seen[edge->node] != l->search) {
                l->seen[edge->node] = l->search;
                c->stack[depth++] = edge->node;
            }
        }
    }
    p->inside[side].count = region.count;
    p->inside[side].nodes = sld_arena_array(&l->tf->arena, region.count, sizeof *region.nodes);
    if (p->inside[side].nodes == NULL) {
        return no_memory(c);
    }
    memcpy(p->inside[side].nodes, region.nodes, region.count * sizeof *region.nodes);
    return SOLDER_OK;
}

/* How many of a node's outputs the branches read. */
static uint32_t outputs_read(const conds *c, const lifted *p, uint32_t border)
{
    const sld_tf_lifting *l = c->l;
    uint32_t most = 0;
    for (uint32_t side = 0; side < p->merges[0]->sides; side++) {
        for (uint32_t i = 0; i < p->inside[side].count; i++) {
            uint32_t node = p->inside[side].nodes[i];
            for (uint32_t j = 0; j < l->nodes[node].in_count; j++) {
                const sld_tf_edge *edge = &l->edges[node][j];
                if (edge->node == border && !edge->control && edge->output > most) {
                    most = edge->output;
                }
            }
        }
    }
    for (uint32_t i = 0; i < p->count; i++) {
        for (uint32_t j = 0; j < p->merges[i]->sides; j++) {
            const sld_tf_edge *edge = &l->edges[p->merges[i]->node][p->merges[i]->input[j]];
            if (edge->node == border && edge->output > most) {
                most = edge->output;
            }
        }
    }
    return most + 1;
}

/* Outputs of one node that cross into a branch, at most. */
#define MAX_CAPTURED 256

static solder_status find_captures(conds *c, lifted *p)
{
    sld_tf_lifting *l = c->l;
    sld_arena *arena = &l->tf->arena;
    p->captures = sld_arena_array(arena, p->border_count, sizeof *p->captures);
    if (p->captures == NULL) {
        return no_memory(c);
    }
    for (uint32_t i = 0; i < p->border_count; i++) {
        uint32_t node = p->borders[i];
        capture *k = &p->captures[i];
        bool gate = is_gate(c, p, node);
        for (uint32_t j = 0; j < p->merges[0]->sides; j++) {
            SLD_TRY(sld_tf_lift_work(l, gate ? 0 : p->inside[j].count));
        }
        *k = (capture){.name = l->nodes[node].name, .first = p->arg_count};
        k->outputs = gate ? 1 : outputs_read(c, p, node);
        if (k->outputs > MAX_CAPTURED) {
            return sld_fail(l->tf->diag, SOLDER_ERROR_DATA, "%s: node '%s' has no output %u",
                            l->tf->format->name, k->name, (unsigned)k->outputs - 1);
        }
        k->values = sld_arena_array(arena, k->outputs, sizeof *k->values);
        if (k->values == NULL) {
            return no_memory(c);
        }
        for (uint32_t j = 0; j < k->outputs; j++) {
            k->values[j] = gate ? l->nodes[node].in[0]
                                : sld_arena_printf(arena, "%s:%u", k->name, (unsigned)j);
            if (k->values[j] == NULL) {
                return no_memory(c);
            }
        }
        p->arg_count += k->outputs;
    }
    return SOLDER_OK;
}

static solder_status make_branch(conds *c, lifted *p, uint32_t side, const char *name,
                                 sld_tf_function **made)
{
    sld_tf_lifting *l = c->l;
    const char *own = sld_arena_printf(&l->tf->arena, "%s/%u", name, (unsigned)side);
    *made = own == NULL ? NULL
                        : sld_tf_lift_function(l, own, &p->inside[side], p->border_count,
                                               p->arg_count, p->count);
    if (*made == NULL) {
        return no_memory(c);
    }
    for (uint32_t i = 0; i < p->border_count; i++) {
        const capture *k = &p->captures[i];
        const char *const *args = &(*made)->args[k->first];
        if (is_gate(c, p, p->borders[i])) {
            const char *same[MAX_SIDES];
            for (uint32_t j = 0; j < MAX_SIDES; j++) {
                same[j] = args[0];
            }
            SLD_TRY(sld_tf_lift_stand_in(l, *made, k->name, same, p->merges[0]->sides));
        } else {
            SLD_TRY(sld_tf_lift_stand_in(l, *made, k->name, args, k->outputs));
        }
    }
    for (uint32_t i = 0; i < p->count; i++) {
        const merge *m = p->merges[i];
        (*made)->ret_values[i] = l->nodes[m->node].in[m->input[side]];
    }
    return SOLDER_OK;
}

/* Adds the If, and lets the Merges read from it. */
static solder_status replace_merges(conds *c, lifted *p, const char *name)
{
    sld_tf_lifting *l = c->l;
    sld_arena *arena = &l->tf->arena;
    const merge *first = p->merges[0];
    const sld_tf_function **made =
        sld_arena_array(arena, first->sides, sizeof(const sld_tf_function *));
    sld_tf_attr *attrs = sld_arena_array(arena, 1, sizeof *attrs);
    const char **in = sld_arena_array(arena, (size_t)p->arg_count + 1, sizeof *in);
    if (made == NULL || attrs == NULL || in == NULL) {
        return no_memory(c);
    }
    for (uint32_t i = 0; i < first->sides; i++) {
        sld_tf_function *branch_made;
        SLD_TRY(make_branch(c, p, i, name, &branch_made));
        made[i] = branch_made;
    }
    attrs[0] = (sld_tf_attr){.name = "branches", .kind = SLD_TF_LIST, .functions = made};
    attrs[0].function_count = first->sides;
    in[0] = sld_arena_printf(arena, "%s:%u", l->nodes[first->predicate.node].name,
                             (unsigned)first->predicate.output);
    if (in[0] == NULL) {
        return no_memory(c);
    }
    for (uint32_t i = 0; i < p->border_count; i++) {
        for (uint32_t j = 0; j < p->captures[i].outputs; j++) {
            in[1 + p->captures[i].first + j] = p->captures[i].values[j];
        }
    }
    const sld_tf_node_proto node = {.name = name,
                                    .op = "Case",
                                    .in = in,
                                    .in_count = p->arg_count + 1,
                                    .attrs = attrs,
                                    .attr_count = 1};
    SLD_TRY(sld_tf_lift_add(l, &node));
    c->of[l->count - 1] = first->outer;
    for (uint32_t i = 0; i < p->count; i++) {
        SLD_TRY(sld_tf_lift_replace(l, p->merges[i]->node, name, i));
        p->merges[i]->lifted = true;
    }
    return SOLDER_OK;
}

static solder_status lift_cond(conds *c, merge *first)
{
    sld_tf_lifting *l = c->l;
    sld_arena *arena = &l->tf->arena;
    lifted p = {.borders = c->borders};
    p.merges = sld_arena_array(arena, c->merge_count, sizeof(merge *));
    if (p.merges == NULL) {
        return no_memory(c);
    }
    c->cond++;
    SLD_TRY(sld_tf_lift_work(l, c->merge_count));
    for (merge *m = first; m < c->merges + c->merge_count; m++) {
        if (!m->lifted && same_cond(m, first) && m->level == first->level) {
            p.merges[p.count++] = m;
        }
    }
    for (uint32_t i = 0; i < first->sides; i++) {
        SLD_TRY(collect(c, &p, i));
    }
    SLD_TRY(find_captures(c, &p));
    const char *name = sld_arena_printf(arena, "%s/cond", l->nodes[first->node].name);
    return name != NULL ? replace_merges(c, &p, name) : no_memory(c);
}

/* The deepest first: what is inside another conditional becomes part of that one's branch. */
static solder_status lift_all(conds *c)
{
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < c->merge_count; i++) {
        merge *m = &c->merges[i];
        bool known = false;
        for (uint32_t j = 0; j < i && !known; j++) {
            known = same_cond(&c->merges[j], m);
        }
        SLD_TRY(sld_tf_lift_work(c->l, i));
        deepest = m->outer->depth > deepest ? m->outer->depth : deepest;
        if (!known) {
            SLD_TRY(find_levels(c, m));
        }
    }
    for (uint32_t depth = deepest + 1; depth-- > 0;) {
        SLD_TRY(sld_tf_lift_work(c->l, c->merge_count));
        for (uint32_t i = 0; i < c->merge_count; i++) {
            if (c->merges[i].outer->depth == depth && !c->merges[i].lifted) {
                SLD_TRY(lift_cond(c, &c->merges[i]));
            }
        }
    }
    return SOLDER_OK;
}

static solder_status open_conds(conds *c)
{
    sld_tf_lifting *l = c->l;
    sld_arena *arena = &l->tf->arena;
    uint32_t **const arrays[] = {&c->order,  &c->stack,   &c->level,
                                 &c->inside, &c->borders, &c->is_border};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(arrays); i++) {
        *arrays[i] = sld_arena_array(arena, l->capacity, sizeof(uint32_t));
        if (*arrays[i] == NULL) {
            return no_memory(c);
        }
    }
    c->of = sld_arena_array(arena, l->capacity, sizeof(branch *));
    c->odd = sld_arena_array(arena, l->capacity, sizeof *c->odd);
    c->merges = sld_arena_array(arena, l->capacity, sizeof *c->merges);
    return c->of != NULL && c->odd != NULL && c->merges != NULL ? SOLDER_OK : no_memory(c);
}

/* What is left of a conditional is no output of the graph. */
static solder_status hide(conds *c, uint32_t node)
{
    sld_tf_node_proto *proto = &c->l->nodes[node];
    uint32_t sides = sides_of(c, node);
    for (const branch *b = c->of[node]; b != NULL; b = b->outer) {
        SLD_TRY(sld_tf_lift_work(c->l, 1));
        proto->hidden = proto->hidden || b->lifted;
    }
    if (sides != 0 && c->of[node] != NULL) {
        sld_tf_edge predicate;
        branch *b;
        SLD_TRY(find_predicate(c, c->l->edges[node][1], &predicate));
        SLD_TRY(enter(c, c->of[node], &predicate, sides, 0, &b));
        proto->hidden = proto->hidden || b->lifted;
    }
    return SOLDER_OK;
}

solder_status sld_tf_lift_conds(sld_tf_lifting *l)
{
    conds c = {.l = l};
    SLD_TRY(open_conds(&c));
    SLD_TRY(find_order(&c));
    SLD_TRY(place_all(&c));
    SLD_TRY(lift_all(&c));
    for (uint32_t i = 0; i < l->count; i++) {
        SLD_TRY(hide(&c, i));
    }
    return SOLDER_OK;
}
