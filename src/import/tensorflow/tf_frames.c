/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops of TensorFlow 1: every variable goes Enter -> Merge -> Switch -> body -> NextIteration ->
 * Merge, and out through Exit; LoopCond says whether Switch lets it into the body. What the body
 * and the condition are made of is found going back from NextIteration and LoopCond.
 */
#include "import/tensorflow/tf_frames.h"

/* ---- the graph ---- */

solder_status sld_tf_lift_work(sld_tf_lifting *l, size_t steps)
{
    l->work += steps;
    return l->work <= l->work_limit
               ? SOLDER_OK
               : sld_fail(l->tf->diag, SOLDER_ERROR_DATA,
                          "%s: the control flow is too entangled: more than %zu steps to order it",
                          l->tf->format->name, l->work_limit);
}

static solder_status no_memory(const sld_tf_lifting *l)
{
    return sld_fail_memory(l->tf->diag, l->count);
}

/* "node", "node:1" or "^node" */
static solder_status find_edge(sld_tf_lifting *l, const char *text, sld_tf_edge *edge)
{
    *edge = (sld_tf_edge){.node = SLD_TF_NOWHERE, .control = text[0] == '^'};
    text += edge->control;
    const sld_tf_node_proto *node = sld_names_find(l->names, text);
    const char *colon = strrchr(text, ':');
    if (node == NULL && colon != NULL && strlen(colon) <= 6) {
        const char *name = sld_arena_strndup(&l->tf->arena, text, (size_t)(colon - text));
        if (name == NULL) {
            return no_memory(l);
        }
        node = sld_names_find(l->names, name);
        for (const char *digit = colon + 1; *digit != '\0'; digit++) {
            if (*digit < '0' || *digit > '9') {
                node = NULL;
            }
            edge->output = edge->output * 10 + (uint32_t)(*digit - '0');
        }
    }
    if (node != NULL) {
        edge->node = (uint32_t)(node - l->nodes);
    }
    return SOLDER_OK;
}

solder_status sld_tf_lift_resolve(sld_tf_lifting *l, uint32_t index)
{
    const sld_tf_node_proto *node = &l->nodes[index];
    l->edges[index] = sld_arena_array(&l->tf->arena, node->in_count, sizeof(sld_tf_edge));
    if (l->edges[index] == NULL) {
        return no_memory(l);
    }
    for (uint32_t i = 0; i < node->in_count; i++) {
        SLD_TRY(find_edge(l, node->in[i], &l->edges[index][i]));
    }
    return SOLDER_OK;
}

solder_status sld_tf_lift_add(sld_tf_lifting *l, const sld_tf_node_proto *node)
{
    if (l->count == l->capacity) {
        return sld_fail(l->tf->diag, SOLDER_ERROR_DATA, "%s: more than %u conditionals",
                        l->tf->format->name, (unsigned)l->capacity);
    }
    l->nodes[l->count] = *node;
    if (sld_names_find(l->names, node->name) != NULL) {
        return sld_fail(l->tf->diag, SOLDER_ERROR_DATA, "%s: node '%s' is there twice",
                        l->tf->format->name, node->name);
    }
    if (!sld_names_add(l->names, node->name, &l->nodes[l->count])) {
        return no_memory(l);
    }
    return sld_tf_lift_resolve(l, l->count++);
}

/* Room for one more node per Merge: the conditionals. Names that are there twice are left to fail
 * when the graph is converted. */
static solder_status open_graph(sld_tf *tf, const sld_tf_node_proto *nodes, uint32_t count,
                                sld_tf_lifting *l)
{
    uint32_t merges = 0;
    for (uint32_t i = 0; i < count; i++) {
        merges += sld_tf_is_op(&nodes[i], "Merge");
    }
    *l = (sld_tf_lifting){.tf = tf, .count = count, .capacity = count + merges};
    l->work_limit = ((size_t)1 << 26) + (size_t)64 * count;
    l->names = sld_names_create(&tf->arena);
    l->nodes = sld_arena_array(&tf->arena, l->capacity, sizeof *l->nodes);
    l->edges = sld_arena_array(&tf->arena, l->capacity, sizeof *l->edges);
    l->seen = sld_arena_array(&tf->arena, l->capacity, sizeof *l->seen);
    if (l->names == NULL || l->nodes == NULL || l->edges == NULL || l->seen == NULL) {
        return no_memory(l);
    }
    for (uint32_t i = 0; i < count; i++) {
        l->nodes[i] = nodes[i];
        if (nodes[i].name[0] != '\0' && sld_names_find(l->names, nodes[i].name) == NULL &&
            !sld_names_add(l->names, nodes[i].name, &l->nodes[i])) {
            return no_memory(l);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        SLD_TRY(sld_tf_lift_resolve(l, i));
    }
    return SOLDER_OK;
}

/* ---- making functions ---- */

sld_tf_function *sld_tf_lift_function(sld_tf_lifting *l, const char *name,
                                      const sld_tf_region *region, uint32_t more, uint32_t args,
                                      uint32_t rets)
{
    sld_arena *arena = &l->tf->arena;
    sld_tf_function *f = sld_arena_alloc(arena, sizeof *f);
    if (f == NULL) {
        return NULL;
    }
    *f = (sld_tf_function){.name = name, .in_place = true, .arg_count = args, .ret_count = rets};
    f->ret_value_count = rets;
    f->args = sld_arena_array(arena, args, sizeof *f->args);
    f->rets = sld_arena_array(arena, rets, sizeof *f->rets);
    f->ret_values = sld_arena_array(arena, rets, sizeof *f->ret_values);
    f->nodes = sld_arena_array(arena, (size_t)region->count + more, sizeof *f->nodes);
    if (f->args == NULL || f->rets == NULL || f->ret_values == NULL || f->nodes == NULL) {
        return NULL;
    }
    f->ret_names = f->rets;
    for (uint32_t i = 0; i < region->count; i++) {
        f->nodes[f->node_count++] = l->nodes[region->nodes[i]];
    }
    for (uint32_t i = 0; i < args; i++) {
        f->args[i] = sld_arena_printf(arena, "%s#%u", name, (unsigned)i);
        if (f->args[i] == NULL) {
            return NULL;
        }
    }
    for (uint32_t i = 0; i < rets; i++) {
        f->rets[i] = sld_arena_printf(arena, "%u", (unsigned)i);
        if (f->rets[i] == NULL) {
            return NULL;
        }
    }
    return f;
}

solder_status sld_tf_lift_stand_in(sld_tf_lifting *l, sld_tf_function *f, const char *name,
                                   const char *const *args, uint32_t outputs)
{
    sld_tf_node_proto node = {.name = name, .op = "IdentityN", .in_count = outputs};
    node.in = sld_arena_array(&l->tf->arena, outputs, sizeof *node.in);
    if (node.in == NULL) {
        return no_memory(l);
    }
    for (uint32_t i = 0; i < outputs; i++) {
        node.in[i] = args[i];
    }
    f->nodes[f->node_count++] = node;
    return SOLDER_OK;
}

solder_status sld_tf_lift_replace(sld_tf_lifting *l, uint32_t index, const char *other,
                                  uint32_t output)
{
    sld_tf_node_proto *node = &l->nodes[index];
    const char **in = sld_arena_array(&l->tf->arena, 1, sizeof *in);
    if (in == NULL) {
        return no_memory(l);
    }
    in[0] = sld_arena_printf(&l->tf->arena, "%s:%u", other, (unsigned)output);
    if (in[0] == NULL) {
        return no_memory(l);
    }
    *node = (sld_tf_node_proto){.name = node->name, .op = "Identity", .in = in, .in_count = 1};
    return sld_tf_lift_resolve(l, index);
}

/* ---- frames ---- */

typedef struct loop_var {
    uint32_t enter, merge, next, gate; /* gate: its Switch */
    struct loop_var *following;
} loop_var;

typedef struct frame {
    const char *name;
    loop_var *vars, *last_var;
    uint32_t var_count;
    uint32_t condition; /* LoopCond */
    bool lifted, odd;
    struct frame *following;
} frame;

typedef struct frames {
    sld_tf_lifting *l;
    sld_names *names;
    frame *first, *last;
    frame **of;     /* by node: the frame an Enter, its Merge or its Switch belongs to */
    loop_var **var; /* by node: Merge and Switch */
    uint32_t *stack;
    uint32_t *inside[2], *borders[2], *number; /* of one frame at a time */
} frames;

static const sld_tf_attr *attribute(const sld_tf_node_proto *node, const char *name)
{
    for (uint32_t i = 0; i < node->attr_count; i++) {
        if (strcmp(node->attrs[i].name, name) == 0) {
            return &node->attrs[i];
        }
    }
    return NULL;
}

static solder_status add_enter(frames *fs, uint32_t node)
{
    sld_arena *arena = &fs->l->tf->arena;
    const sld_tf_attr *attr = attribute(&fs->l->nodes[node], "frame_name");
    if (attr == NULL || attr->kind != SLD_TF_STRING || attr->bytes.size == 0 ||
        fs->l->nodes[node].in_count == 0) {
        return SOLDER_OK;
    }
    const char *name = sld_arena_strndup(arena, (const char *)attr->bytes.data, attr->bytes.size);
    frame *f = name != NULL ? sld_names_find(fs->names, name) : NULL;
    if (name != NULL && f == NULL) {
        f = sld_arena_alloc(arena, sizeof *f);
        if (f == NULL || !sld_names_add(fs->names, name, f)) {
            return no_memory(fs->l);
        }
        *f = (frame){.name = name, .condition = SLD_TF_NOWHERE};
        *(fs->last != NULL ? &fs->last->following : &fs->first) = f;
        fs->last = f;
    }
    fs->of[node] = f;
    return f != NULL ? SOLDER_OK : no_memory(fs->l);
}

static bool reads(const frames *fs, uint32_t node, uint32_t input, const char *op, uint32_t *other)
{
    const sld_tf_lifting *l = fs->l;
    if (input >= l->nodes[node].in_count) {
        return false;
    }
    const sld_tf_edge *edge = &l->edges[node][input];
    *other = edge->node;
    return edge->node != SLD_TF_NOWHERE && !edge->control && sld_tf_is_op(&l->nodes[*other], op);
}

static solder_status add_merge(frames *fs, uint32_t node)
{
    uint32_t enter, next;
    bool found = false;
    for (uint32_t i = 0; i < 2 && !found; i++) {
        found = reads(fs, node, i, "Enter", &enter) && fs->of[enter] != NULL &&
                reads(fs, node, 1 - i, "NextIteration", &next) && fs->l->nodes[next].in_count > 0;
    }
    if (!found) {
        return SOLDER_OK;
    }
    frame *f = fs->of[enter];
    loop_var *var = sld_arena_alloc(&fs->l->tf->arena, sizeof *var);
    if (var == NULL) {
        return no_memory(fs->l);
    }
    *var = (loop_var){enter, node, next, SLD_TF_NOWHERE, NULL};
    *(f->last_var != NULL ? &f->last_var->following : &f->vars) = var;
    f->last_var = var;
    f->var_count++;
    fs->var[node] = var;
    fs->of[node] = f;
    return SOLDER_OK;
}

static void add_switch(frames *fs, uint32_t node)
{
    uint32_t merge, condition;
    if (reads(fs, node, 0, "Merge", &merge) && fs->var[merge] != NULL &&
        reads(fs, node, 1, "LoopCond", &condition)) {
        frame *f = fs->of[merge];
        f->odd = f->odd || (f->condition != SLD_TF_NOWHERE && f->condition != condition) ||
                 fs->l->nodes[condition].in_count == 0;
        f->condition = condition;
        fs->var[node] = fs->var[merge];
        fs->var[merge]->gate = node;
        fs->of[node] = f;
    }
}

static solder_status find_frames(frames *fs)
{
    const sld_tf_lifting *l = fs->l;
    for (uint32_t i = 0; i < l->count; i++) {
        if (sld_tf_is_op(&l->nodes[i], "Enter")) {
            SLD_TRY(add_enter(fs, i));
        }
    }
    for (uint32_t i = 0; i < l->count && fs->first != NULL; i++) {
        if (sld_tf_is_op(&l->nodes[i], "Merge")) {
            SLD_TRY(add_merge(fs, i));
        }
    }
    for (uint32_t i = 0; i < l->count && fs->first != NULL; i++) {
        if (sld_tf_is_op(&l->nodes[i], "Switch")) {
            add_switch(fs, i);
        }
    }
    return SOLDER_OK;
}

/* ---- what a loop is made of ---- */

/* Going back stops here: at the frame's own Enter, Merge and Switch, and at inputs of the graph. */
static bool is_border(const frames *fs, const frame *f, uint32_t node)
{
    return fs->of[node] == f || sld_tf_is_op(&fs->l->nodes[node], fs->l->tf->format->input);
}

static bool is_loop_part(const sld_tf_node_proto *node)
{
    return sld_tf_is_op(node, "Enter") || sld_tf_is_op(node, "Exit") ||
           sld_tf_is_op(node, "NextIteration") || sld_tf_is_op(node, "LoopCond");
}

/* Adds what root is computed from, and the borders met. *whole is false if another loop, not
 * lifted yet, is part of it. */
static solder_status collect(frames *fs, const frame *f, const sld_tf_edge *root,
                             sld_tf_region *inside, sld_tf_region *borders, bool *whole)
{
    sld_tf_lifting *l = fs->l;
    uint32_t depth = 0;
    if (root->node == SLD_TF_NOWHERE) {
        *whole = false;
        return SOLDER_OK;
    }
    if (l->seen[root->node] != l->search) {
        l->seen[root->node] = l->search;
        fs->stack[depth++] = root->node;
    }
    while (depth > 0 && *whole) {
        uint32_t node = fs->stack[--depth];
        SLD_TRY(sld_tf_lift_work(l, 1 + l->nodes[node].in_count));
        if (is_border(fs, f, node)) {
            borders->nodes[borders->count++] = node;
            continue;
        }
        *whole = !is_loop_part(&l->nodes[node]);
        inside->nodes[inside->count++] = node;
        for (uint32_t i = 0; i < l->nodes[node].in_count; i++) {
            const sld_tf_edge *edge = &l->edges[node][i];
            if (!edge->control && edge->node != SLD_TF_NOWHERE &&
                l->seen[edge->node] != l->search) {
                l->seen[edge->node] = l->search;
                fs->stack[depth++] = edge->node;
            }
        }
    }
    return SOLDER_OK;
}

typedef struct parts {
    sld_tf_region inside[2], borders[2]; /* of the condition and of the body */
    uint32_t *captures;                  /* nodes whose value comes from outside, unchanged */
    uint32_t capture_count;
} parts;

static solder_status collect_parts(frames *fs, const frame *f, parts *p, bool *whole)
{
    sld_tf_lifting *l = fs->l;
    *whole = true;
    for (int i = 0; i < 2; i++) {
        p->inside[i] = (sld_tf_region){fs->inside[i], 0};
        p->borders[i] = (sld_tf_region){fs->borders[i], 0};
        l->search++;
        if (i == 0) {
            SLD_TRY(
                collect(fs, f, &l->edges[f->condition][0], &p->inside[0], &p->borders[0], whole));
        }
        for (const loop_var *v = f->vars; i == 1 && v != NULL; v = v->following) {
            SLD_TRY(collect(fs, f, &l->edges[v->next][0], &p->inside[1], &p->borders[1], whole));
        }
    }
    return SOLDER_OK;
}

/* Every border that is no variable, once. */
static solder_status find_captures(frames *fs, parts *p)
{
    sld_tf_lifting *l = fs->l;
    p->captures = sld_arena_array(&l->tf->arena, (size_t)p->borders[0].count + p->borders[1].count,
                                  sizeof *p->captures);
    if (p->captures == NULL) {
        return no_memory(l);
    }
    l->search++;
    for (int i = 0; i < 2; i++) {
        for (uint32_t j = 0; j < p->borders[i].count; j++) {
            uint32_t node = p->borders[i].nodes[j];
            if (fs->var[node] == NULL && l->seen[node] != l->search) {
                l->seen[node] = l->search;
                p->captures[p->capture_count++] = node;
            }
        }
    }
    return SOLDER_OK;
}

static solder_status make_function(frames *fs, const frame *f, const parts *p, bool is_body,
                                   const char *const *rets, uint32_t ret_count,
                                   sld_tf_function **made)
{
    sld_tf_lifting *l = fs->l;
    const sld_tf_region *borders = &p->borders[is_body];
    uint32_t args = f->var_count + p->capture_count, *number = fs->number;
    const char *name = sld_arena_printf(&l->tf->arena, "%s/%s", l->nodes[f->condition].name,
                                        is_body ? "body" : "cond");
    *made = name == NULL ? NULL
                         : sld_tf_lift_function(l, name, &p->inside[is_body], borders->count, args,
                                                ret_count);
    if (*made == NULL) {
        return no_memory(l);
    }
    uint32_t i = 0;
    for (const loop_var *v = f->vars; v != NULL; v = v->following, i++) {
        number[v->merge] = i;
        if (v->gate != SLD_TF_NOWHERE) {
            number[v->gate] = i;
        }
    }
    for (uint32_t j = 0; j < p->capture_count; j++) {
        number[p->captures[j]] = f->var_count + j;
    }
    for (uint32_t j = 0; j < borders->count; j++) {
        uint32_t node = borders->nodes[j];
        const char *arg = (*made)->args[number[node]];
        SLD_TRY(sld_tf_lift_stand_in(l, *made, l->nodes[node].name, (const char *[]){arg, arg}, 2));
    }
    for (uint32_t j = 0; j < ret_count; j++) {
        (*made)->ret_values[j] = rets[j] != NULL ? rets[j] : (*made)->args[j];
    }
    return SOLDER_OK;
}

static solder_status lift_body(sld_tf *tf, sld_tf_function *f)
{
    sld_tf_lifting l;
    SLD_TRY(open_graph(tf, f->nodes, f->node_count, &l));
    SLD_TRY(sld_tf_lift_conds(&l));
    f->nodes = l.nodes;
    f->node_count = l.count;
    return SOLDER_OK;
}

static void hide(frames *fs, const frame *f, const parts *p)
{
    sld_tf_lifting *l = fs->l;
    for (const loop_var *v = f->vars; v != NULL; v = v->following) {
        l->nodes[v->enter].hidden = l->nodes[v->merge].hidden = l->nodes[v->next].hidden = true;
        if (v->gate != SLD_TF_NOWHERE) {
            l->nodes[v->gate].hidden = true;
        }
    }
    for (uint32_t i = 0; i < p->capture_count; i++) {
        l->nodes[p->captures[i]].hidden = sld_tf_is_op(&l->nodes[p->captures[i]], "Enter");
    }
    for (int i = 0; i < 2; i++) {
        for (uint32_t j = 0; j < p->inside[i].count; j++) {
            sld_tf_node_proto *node = &l->nodes[p->inside[i].nodes[j]];
            node->hidden = node->hidden || !sld_tf_is_op(node, "Const");
        }
    }
}

/* LoopCond becomes the While, every Exit reads from it. */
static solder_status replace_nodes(frames *fs, const frame *f, const parts *p,
                                   const sld_tf_function *cond, const sld_tf_function *body)
{
    sld_tf_lifting *l = fs->l;
    sld_tf_node_proto *loop = &l->nodes[f->condition];
    sld_tf_attr *attrs = sld_arena_array(&l->tf->arena, 2, sizeof *attrs);
    const char **in = sld_arena_array(&l->tf->arena, body->arg_count, sizeof *in);
    if (attrs == NULL || in == NULL) {
        return no_memory(l);
    }
    attrs[0] = (sld_tf_attr){.name = "cond", .kind = SLD_TF_FUNCTION, .function = cond};
    attrs[1] = (sld_tf_attr){.name = "body", .kind = SLD_TF_FUNCTION, .function = body};
    uint32_t count = 0;
    for (const loop_var *v = f->vars; v != NULL; v = v->following) {
        in[count++] = l->nodes[v->enter].in[0];
    }
    for (uint32_t i = 0; i < p->capture_count; i++) {
        const sld_tf_node_proto *from = &l->nodes[p->captures[i]];
        in[count++] = fs->of[p->captures[i]] == f ? from->in[0] : from->name;
    }
    *loop = (sld_tf_node_proto){.name = loop->name, .op = "While", .in = in, .in_count = count};
    loop->attrs = attrs;
    loop->attr_count = 2;
    SLD_TRY(sld_tf_lift_resolve(l, f->condition));
    for (uint32_t i = 0; i < l->count; i++) {
        uint32_t gate, number = 0;
        if (!sld_tf_is_op(&l->nodes[i], "Exit") || !reads(fs, i, 0, "Switch", &gate) ||
            fs->of[gate] != f || l->edges[i][0].output != 0) {
            continue;
        }
        for (const loop_var *v = f->vars; v != fs->var[gate]; v = v->following) {
            number++;
        }
        SLD_TRY(sld_tf_lift_replace(l, i, loop->name, number));
        l->nodes[i].side = true;
    }
    hide(fs, f, p);
    return SOLDER_OK;
}

static solder_status lift_frame(frames *fs, frame *f, bool *lifted)
{
    sld_tf_lifting *l = fs->l;
    parts p = {.captures = NULL};
    SLD_TRY(collect_parts(fs, f, &p, lifted));
    if (!*lifted) {
        return SOLDER_OK;
    }
    SLD_TRY(find_captures(fs, &p));
    uint32_t args = f->var_count + p.capture_count, i = 0;
    const char **rets = sld_arena_array(&l->tf->arena, args, sizeof *rets);
    sld_tf_function *cond, *body;
    if (rets == NULL) {
        return no_memory(l);
    }
    SLD_TRY(
        make_function(fs, f, &p, false, (const char *[]){l->nodes[f->condition].in[0]}, 1, &cond));
    for (const loop_var *v = f->vars; v != NULL; v = v->following) {
        rets[i++] = l->nodes[v->next].in[0];
    }
    SLD_TRY(make_function(fs, f, &p, true, rets, args, &body));
    SLD_TRY(lift_body(l->tf, cond));
    SLD_TRY(lift_body(l->tf, body));
    f->lifted = true;
    return replace_nodes(fs, f, &p, cond, body);
}

/* Loops in loops, at most. */
#define MAX_NESTING 32

static solder_status lift_frames(sld_tf_lifting *l)
{
    frames fs = {.l = l};
    sld_arena *arena = &l->tf->arena;
    fs.names = sld_names_create(arena);
    fs.of = sld_arena_array(arena, l->capacity, sizeof(frame *));
    fs.var = sld_arena_array(arena, l->capacity, sizeof(loop_var *));
    uint32_t **const arrays[] = {&fs.stack,      &fs.inside[0],  &fs.inside[1],
                                 &fs.borders[0], &fs.borders[1], &fs.number};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(arrays); i++) {
        *arrays[i] = sld_arena_array(arena, l->capacity, sizeof(uint32_t));
        if (*arrays[i] == NULL) {
            return no_memory(l);
        }
    }
    if (fs.names == NULL || fs.of == NULL || fs.var == NULL) {
        return no_memory(l);
    }
    SLD_TRY(find_frames(&fs));
    bool more = fs.first != NULL;
    for (int depth = 0; more && depth < MAX_NESTING; depth++) {
        more = false;
        for (frame *f = fs.first; f != NULL; f = f->following) {
            bool lifted = false;
            if (!f->lifted && !f->odd && f->condition != SLD_TF_NOWHERE) {
                SLD_TRY(lift_frame(&fs, f, &lifted));
            }
            more = more || lifted;
        }
    }
    return SOLDER_OK;
}

/* What reads from a loop's or branch's inside is part of it, and no output of the graph. */
static solder_status hide_readers(sld_tf_lifting *l)
{
    bool more = true;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < l->count; i++) {
            sld_tf_node_proto *node = &l->nodes[i];
            SLD_TRY(sld_tf_lift_work(l, 1 + node->in_count));
            for (uint32_t j = 0; j < node->in_count && !node->hidden; j++) {
                const sld_tf_edge *edge = &l->edges[i][j];
                node->hidden =
                    !edge->control && edge->node != SLD_TF_NOWHERE && l->nodes[edge->node].hidden;
                more = more || node->hidden;
            }
        }
    }
    return SOLDER_OK;
}

static bool has_op(const sld_tf_node_proto *nodes, uint32_t count, const char *op)
{
    for (uint32_t i = 0; i < count; i++) {
        if (sld_tf_is_op(&nodes[i], op)) {
            return true;
        }
    }
    return false;
}

solder_status sld_tf_lift(sld_tf *tf, sld_tf_node_proto **nodes, uint32_t *count)
{
    sld_tf_lifting l;
    if (!has_op(*nodes, *count, "Switch") && !has_op(*nodes, *count, "_SwitchN")) {
        return SOLDER_OK;
    }
    SLD_TRY(open_graph(tf, *nodes, *count, &l));
    SLD_TRY(lift_frames(&l));
    SLD_TRY(sld_tf_lift_conds(&l));
    SLD_TRY(hide_readers(&l));
    *nodes = l.nodes;
    *count = l.count;
    return SOLDER_OK;
}
