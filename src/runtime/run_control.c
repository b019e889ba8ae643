/* SPDX-License-Identifier: Apache-2.0 */
/*
 * If and Loop: steps that run bodies. A body is an engine of its own, its context lies inside the
 * context that runs the step. Its inputs are bound to the step's operands where these have no gaps;
 * its outputs are copied, or their memory is taken over if it comes from the heap.
 */
#include "runtime/runtime_internal.h"

/* ---- at load ---- */

static const sld_plan_tensor *body_tensor(const solder_engine *body, size_t io)
{
    return &body->plan.tensors[body->plan.io[io].tensor];
}

/* Element type and rank of an operand, rank changed by `more`, are those of the body's tensor. */
static bool agrees(const solder_engine *e, uint32_t operand, const solder_engine *body, size_t io,
                   int more)
{
    if (operand == SLD_PLAN_NONE) {
        return false;
    }
    const sld_plan_tensor *a = sld_engine_plan_tensor(e, operand);
    const sld_plan_tensor *b = body_tensor(body, io);
    return a->dtype == b->dtype && a->packing == SLD_PLAN_NONE && a->rank == b->rank + more;
}

static bool one_bool(const solder_engine *body, size_t io)
{
    const sld_plan_tensor *t = body_tensor(body, io);
    return t->dtype == SOLDER_BOOL && t->rank <= 1;
}

static bool if_fits(const solder_engine *e, const sld_engine_step *step)
{
    for (uint32_t i = 0; i < 2; i++) {
        const solder_engine *body = step->bodies[i];
        if (step->plan->in_count < 1 || body->input_count != step->plan->in_count - 1 ||
            body->io_count - body->input_count != step->plan->out_count) {
            return false;
        }
        for (uint32_t j = 0; j < body->io_count; j++) {
            if (!agrees(e, step->operands[1 + j], body, j, 0)) {
                return false;
            }
        }
    }
    return true;
}

static bool loop_fits(const solder_engine *e, const sld_engine_step *step)
{
    const sld_loop_params *p = step->params;
    const solder_engine *body = step->bodies[0];
    uint32_t in = step->plan->in_count;
    if (p->carried_count < 0 || p->carried_count > SLD_MAX_INPUTS || p->scanned_count < 0 ||
        p->scanned_count > SLD_MAX_INPUTS || p->scan_count < 0 || p->scan_count > SLD_MAX_OUTPUTS ||
        step->plan->out_count != (uint32_t)(p->carried_count + p->scan_count)) {
        return false;
    }
    uint32_t carried = (uint32_t)p->carried_count;
    uint32_t lists = carried + (uint32_t)p->scanned_count;
    uint32_t given = in > SLD_LOOP_FIRST ? in - SLD_LOOP_FIRST : 0;
    size_t first = 1 + (size_t)given; /* output of the body */
    if (given < lists || body->input_count != first ||
        body->io_count != first + 1 + step->plan->out_count || !one_bool(body, first) ||
        body_tensor(body, 0)->dtype != SOLDER_I64 || body_tensor(body, 0)->rank != 0) {
        return false;
    }
    for (uint32_t i = 0; i < given; i++) {
        if (!agrees(e, step->operands[SLD_LOOP_FIRST + i], body, 1 + i,
                    i >= carried && i < lists ? 1 : 0) ||
            (i < carried &&
             !agrees(e, step->operands[SLD_LOOP_FIRST + i], body, first + 1 + i, 0))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < step->plan->out_count; i++) {
        bool scan = i >= carried;
        bool stacks = scan && p->scan_mode[i - carried] == SLD_SCAN_STACK;
        if (!agrees(e, step->operands[in + i], body, first + 1 + i, stacks ? 1 : 0) ||
            (scan && !stacks && p->scan_mode[i - carried] != SLD_SCAN_CONCAT) ||
            (scan && sld_engine_plan_tensor(e, step->operands[in + i])->rank == 0)) {
            return false;
        }
    }
    return true;
}

solder_status sld_control_check(const solder_engine *engine, const sld_engine_step *step)
{
    bool fits = step->body_count == 2 ? if_fits(engine, step) : loop_fits(engine, step);
    return fits ? SOLDER_OK
                : sld_fail(&engine->runtime->diag, SOLDER_ERROR_DATA,
                           "plan '%s': step '%s' (%s): a body does not take or give what it does",
                           engine->name, sld_plan_string(&engine->plan, step->plan->name),
                           sld_plan_string(&engine->plan, step->plan->op));
}

/* ---- running a body ---- */

static solder_status fail_step(solder_context *c, const sld_engine_step *step, const char *what)
{
    return sld_fail(&c->diag, SOLDER_ERROR_DATA, "step '%s' (%s): %s",
                    sld_plan_string(&c->engine->plan, step->plan->name),
                    sld_plan_string(&c->engine->plan, step->plan->op), what);
}

/* Dims that are symbols of the body get their values; false if one may not have it. */
static bool set_symbols(solder_context *b, const sld_plan_tensor *p, const sld_tensor *t)
{
    for (int i = 0; i < p->rank; i++) {
        const sld_expr *x = &b->engine->plan.exprs[p->dim[i]];
        if (x->op != SLD_EXPR_SYMBOL) {
            continue;
        }
        const sld_symbol *s = &b->engine->plan.symbols[x->value];
        if (t->dim[i] < s->min || t->dim[i] > s->max) {
            return false;
        }
        if (b->layout.symbols[x->value] != t->dim[i]) {
            b->layout.symbols[x->value] = t->dim[i];
            b->shaped = false;
        }
    }
    return true;
}

/* Memory without gaps for an input of the body that has some. */
static solder_status copy_input(solder_context *b, size_t io, const sld_tensor *t, void **memory)
{
    uint32_t index = b->engine->plan.io[io].tensor;
    const sld_plan_tensor *p = &b->engine->plan.tensors[index];
    size_t bytes;
    if (!sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes)) {
        return sld_fail_memory(&b->diag, SIZE_MAX);
    }
    *memory = b->arena + p->offset;
    if (p->size == SLD_PLAN_OPEN) {
        sld_heap_give(b->heap, b->blocks[index]);
        *memory = b->blocks[index] = sld_heap_take(b->heap, bytes);
        if (*memory == NULL) {
            return sld_fail_memory(&b->diag, bytes);
        }
    } else if (bytes > p->size) {
        return sld_fail(&b->diag, SOLDER_ERROR_DATA, "input '%s' does not fit its memory",
                        sld_plan_string(&b->engine->plan, p->name));
    }
    sld_tensor to = *t;
    to.data = *memory;
    sld_tensor_set_strides(&to);
    sld_tensor_copy(t, &to);
    return SOLDER_OK;
}

static solder_status bind_input(solder_context *b, size_t io, const sld_tensor *t)
{
    const sld_plan_tensor *p = body_tensor(b->engine, io);
    void *memory = t->data;
    if (!set_symbols(b, p, t)) {
        return sld_fail(&b->diag, SOLDER_ERROR_DATA,
                        "input '%s' has dims outside the plan's profile",
                        sld_plan_string(&b->engine->plan, p->name));
    }
    if (sld_tensor_count(t) > 0 && !sld_tensor_contiguous(t)) {
        SLD_TRY(copy_input(b, io, t, &memory));
    }
    b->moved = b->moved || b->io_memory[io] != memory;
    b->io_memory[io] = memory;
    return SOLDER_OK;
}

/* Inputs that share a symbol must agree, numbers must be what they are. */
static solder_status check_inputs(solder_context *b, const sld_tensor *in)
{
    for (size_t i = 0; i < b->engine->input_count; i++) {
        const sld_tensor *t = &b->layout.tensors[b->engine->plan.io[i].tensor];
        if (!sld_check_same_dims(t, &in[i])) {
            return sld_fail(&b->diag, SOLDER_ERROR_DATA, "input '%s' has other dims than planned",
                            b->engine->io[i].name);
        }
    }
    return SOLDER_OK;
}

static solder_status bind_and_run(solder_context *b, const sld_tensor *in)
{
    sld_context_drop_blocks(b);
    for (size_t i = 0; i < b->engine->input_count; i++) {
        SLD_TRY(bind_input(b, i, &in[i]));
    }
    if (!b->shaped || b->moved) {
        SLD_TRY(sld_context_layout(b));
    }
    SLD_TRY(check_inputs(b, in));
    sld_context_forget_run(b);
    return sld_context_run_steps(b);
}

static solder_status run_body(solder_context *c, const sld_engine_step *step, uint32_t body,
                              const sld_tensor *in)
{
    solder_context *b = c->bodies[step->first_body + body];
    solder_status status = bind_and_run(b, in);
    return status == SOLDER_OK
               ? SOLDER_OK
               : sld_fail(&c->diag, status, "step '%s': %s",
                          sld_plan_string(&c->engine->plan, step->plan->name), b->diag.message);
}

/* Output `index` of a body that has run. */
static solder_status body_output(solder_context *c, const sld_engine_step *step, uint32_t body,
                                 uint32_t index, sld_tensor *t)
{
    const solder_context *b = c->bodies[step->first_body + body];
    uint32_t tensor = b->engine->plan.io[b->engine->input_count + index].tensor;
    *t = b->layout.tensors[tensor];
    return b->layout.known[tensor] && (t->data != NULL || sld_tensor_count(t) == 0)
               ? SOLDER_OK
               : fail_step(c, step, "an output of its body is not computed");
}

/* The heap memory of a body's output, which it then no longer has; NULL if it lies elsewhere. */
static void *take_block(const solder_context *c, const sld_engine_step *step, uint32_t body,
                        uint32_t index)
{
    solder_context *b = c->bodies[step->first_body + body];
    size_t io = b->engine->input_count + index;
    uint32_t tensor = b->engine->plan.io[io].tensor;
    void *block = b->blocks[tensor];
    if (block != NULL) {
        b->blocks[tensor] = NULL;
        b->io_memory[io] = NULL;
    }
    return block;
}

static bool is_true(const sld_tensor *t)
{
    return sld_tensor_count(t) > 0 && *(const uint8_t *)t->data != 0;
}

static solder_status run_if(solder_context *c, const sld_engine_step *step, const sld_run *run)
{
    uint32_t body = is_true(&run->in[0]) ? 0 : 1;
    if (sld_if_refuses(step->params, body)) {
        return fail_step(c, step, SLD_IF_REFUSAL(body));
    }
    SLD_TRY(run_body(c, step, body, run->in + 1));
    for (uint32_t i = 0; i < run->out_count; i++) {
        sld_tensor made;
        SLD_TRY(body_output(c, step, body, i, &made));
        SLD_TRY(sld_context_deliver(c, step, i, &made, take_block(c, step, body, i)));
    }
    return SOLDER_OK;
}

/* ---- Loop ---- */

/* A result while iterations add to it: in the step's output where its dims are known before. */
typedef struct gathered {
    sld_tensor t; /* carried: the value; scan: dims so far */
    void *block;  /* heap memory it lies in; NULL: the step's operands or nothing yet */
    size_t bytes; /* scan: so far */
    size_t room;  /* of block or of the output */
    bool direct;  /* lies in the step's output */
    bool any;     /* some iteration gave a value */
} gathered;

typedef struct looping {
    solder_context *context;
    const sld_engine_step *step;
    const sld_run *run;
    const sld_loop_params *params;
    sld_tensor in[SLD_MAX_INPUTS + 1];
    gathered out[SLD_MAX_OUTPUTS];
} looping;

static size_t bytes_of(const sld_tensor *t)
{
    size_t bytes;
    return sld_dims_bytes(t->dim, t->rank, t->dtype, &bytes) ? bytes : SIZE_MAX;
}

/* Outputs whose dims and place are known before the first iteration are filled in place. */
static void start_outputs(looping *l)
{
    const sld_layout *layout = &l->context->layout;
    for (uint32_t i = 0; i < l->run->out_count; i++) {
        gathered *g = &l->out[i];
        const sld_tensor *out = &l->run->out[i];
        uint32_t tensor = l->step->operands[l->run->in_count + i];
        *g = (gathered){.direct = layout->known[tensor] && out->data != NULL &&
                                  sld_tensor_contiguous(out)};
        if (g->direct) {
            g->room = bytes_of(out);
        }
    }
}

/* block grown to hold at least bytes, contents kept. */
static solder_status make_room(looping *l, gathered *g, size_t bytes)
{
    size_t wanted = g->room > bytes / 2 ? g->room * 2 : bytes;
    if (bytes <= g->room && g->block != NULL) {
        return SOLDER_OK;
    }
    void *block = sld_heap_take(l->context->heap, wanted);
    if (block == NULL) {
        wanted = bytes;
        block = sld_heap_take(l->context->heap, wanted);
    }
    if (block == NULL) {
        return sld_fail_memory(&l->context->diag, bytes);
    }
    if (g->bytes > 0) {
        memcpy(block, g->block, g->bytes);
    }
    sld_heap_give(l->context->heap, g->block);
    g->block = block;
    g->room = wanted;
    return SOLDER_OK;
}

static solder_status carry(looping *l, uint32_t index, const sld_tensor *made)
{
    gathered *g = &l->out[index];
    size_t bytes = bytes_of(made);
    void *block = g->direct ? NULL : take_block(l->context, l->step, 0, 1 + index);
    if (block != NULL) { /* where the body left it is as good a place as any */
        sld_heap_give(l->context->heap, g->block);
        g->block = block;
        g->room = bytes;
        g->t = *made;
    } else {
        if (g->direct && !sld_check_same_dims(made, &l->run->out[index])) {
            return fail_step(l->context, l->step, "a carried value changes its planned dims");
        }
        if (!g->direct) {
            g->bytes = 0;
            SLD_TRY(make_room(l, g, bytes));
        }
        g->t = *made;
        g->t.data = g->direct ? l->run->out[index].data : g->block;
        sld_tensor_set_strides(&g->t);
        sld_tensor_copy(made, &g->t);
    }
    g->any = true;
    l->in[1 + index] = g->t;
    return SOLDER_OK;
}

static solder_status append(looping *l, uint32_t index, const sld_tensor *piece)
{
    uint32_t scan = index - (uint32_t)l->params->carried_count;
    bool stacks = l->params->scan_mode[scan] == SLD_SCAN_STACK;
    gathered *g = &l->out[index];
    int lead = stacks ? 0 : 1;
    size_t tail = (size_t)(piece->rank - lead) * sizeof *piece->dim;
    size_t bytes = bytes_of(piece);
    size_t all;
    if (!g->any) {
        g->t = (sld_tensor){.dtype = piece->dtype, .rank = piece->rank - lead + 1};
        memcpy(&g->t.dim[1], &piece->dim[lead], tail);
        g->any = true;
    }
    if (memcmp(&g->t.dim[1], &piece->dim[lead], tail) != 0) {
        return fail_step(l->context, l->step,
                         "iterations give pieces of different dims to collect");
    }
    if (!sld_size_add(g->bytes, bytes, &all)) {
        return sld_fail_memory(&l->context->diag, bytes);
    }
    if (!g->direct) {
        SLD_TRY(make_room(l, g, all));
    } else if (all > g->room) {
        return fail_step(l->context, l->step, "iterations give more than is planned");
    }
    sld_tensor to = *piece;
    to.data = (char *)(g->direct ? l->run->out[index].data : g->block) + g->bytes;
    sld_tensor_set_strides(&to);
    sld_tensor_copy(piece, &to);
    g->bytes = all;
    g->t.dim[0] += stacks ? 1 : piece->dim[0];
    return SOLDER_OK;
}

static sld_tensor slice_of(const sld_tensor *t, int64_t index)
{
    sld_tensor slice = *t;
    slice.rank = t->rank - 1;
    memmove(&slice.dim[0], &t->dim[1], (size_t)slice.rank * sizeof *t->dim);
    memmove(&slice.stride[0], &t->stride[1], (size_t)slice.rank * sizeof *t->stride);
    slice.data = (char *)t->data + index * t->stride[0] * (int64_t)solder_dtype_size(t->dtype);
    return slice;
}

static solder_status iterate(looping *l, int64_t index, bool *again)
{
    const sld_loop_params *p = l->params;
    sld_tensor made;
    l->in[0] = sld_tensor_make(&index, SOLDER_I64, 0, NULL);
    for (int i = 0; i < p->scanned_count; i++) {
        int at = p->carried_count + i;
        l->in[1 + at] = slice_of(&l->run->in[SLD_LOOP_FIRST + at], index);
    }
    SLD_TRY(run_body(l->context, l->step, 0, l->in));
    for (uint32_t i = 0; i < l->run->out_count; i++) {
        SLD_TRY(body_output(l->context, l->step, 0, 1 + i, &made));
        SLD_TRY(i < (uint32_t)p->carried_count ? carry(l, i, &made) : append(l, i, &made));
    }
    SLD_TRY(body_output(l->context, l->step, 0, 0, &made));
    *again = is_true(&made);
    return SOLDER_OK;
}

/* Dims of a scan that no iteration added to: those inference knows, 0 for the others. */
static void empty_scan(const looping *l, uint32_t index, sld_tensor *t)
{
    const solder_context *c = l->context;
    const sld_plan_tensor *p =
        sld_engine_plan_tensor(c->engine, l->step->operands[l->run->in_count + index]);
    *t = (sld_tensor){.dtype = (solder_dtype)p->dtype, .rank = p->rank};
    for (int i = 1; i < t->rank; i++) {
        int64_t dim = c->layout.values[p->dim[i]];
        t->dim[i] = dim >= 0 ? dim : 0;
    }
}

static solder_status finish(looping *l, uint32_t index)
{
    gathered *g = &l->out[index];
    bool carried = index < (uint32_t)l->params->carried_count;
    if (!g->any && carried) {
        g->t = l->run->in[SLD_LOOP_FIRST + index];
    } else if (!g->any) {
        empty_scan(l, index, &g->t);
    }
    if (g->direct && g->any) {
        return sld_check_same_dims(&g->t, &l->run->out[index])
                   ? SOLDER_OK
                   : fail_step(l->context, l->step, "iterations give less than is planned");
    }
    void *block = g->block;
    if (block != NULL) {
        g->t.data = block;
        sld_tensor_set_strides(&g->t);
    }
    g->block = NULL;
    return sld_context_deliver(l->context, l->step, index, &g->t, block);
}

static solder_status iterations(looping *l, int64_t *limit, bool *enter)
{
    const sld_run *run = l->run;
    const sld_loop_params *p = l->params;
    *limit = INT64_MAX;
    *enter = true;
    if (sld_check_has(run, SLD_LOOP_TRIP)) {
        *limit = sld_at_i64(&run->in[SLD_LOOP_TRIP], 0);
    }
    if (sld_check_has(run, SLD_LOOP_CONDITION)) {
        *enter = is_true(&run->in[SLD_LOOP_CONDITION]);
    }
    for (int i = 0; i < p->scanned_count; i++) {
        int64_t length = run->in[SLD_LOOP_FIRST + p->carried_count + i].dim[0];
        *limit = length < *limit ? length : *limit;
    }
    for (uint32_t i = SLD_LOOP_FIRST; i < run->in_count; i++) {
        l->in[1 + i - SLD_LOOP_FIRST] = run->in[i];
    }
    return SOLDER_OK;
}

static solder_status run_loop(looping *l)
{
    int64_t limit;
    bool again;
    int64_t most = l->context->engine->runtime->loop_limit;
    SLD_TRY(iterations(l, &limit, &again));
    start_outputs(l);
    for (int64_t i = 0; again && i < limit; i++) {
        if (i >= most) {
            return sld_fail(&l->context->diag, SOLDER_ERROR_DATA,
                            "step '%s' (Loop): goes on after %lld iterations, the runtime's limit",
                            sld_plan_string(&l->context->engine->plan, l->step->plan->name),
                            (long long)most);
        }
        SLD_TRY(iterate(l, i, &again));
    }
    for (uint32_t i = 0; i < l->run->out_count; i++) {
        SLD_TRY(finish(l, i));
    }
    return SOLDER_OK;
}

solder_status sld_control_run(solder_context *context, const sld_engine_step *step,
                              const sld_run *run)
{
    if (step->body_count == 2) {
        solder_status status = run_if(context, step, run);
        sld_context_drop_blocks(context->bodies[step->first_body]);
        sld_context_drop_blocks(context->bodies[step->first_body + 1]);
        return status;
    }
    looping l = {.context = context, .step = step, .run = run, .params = step->params};
    solder_status status = run_loop(&l);
    for (uint32_t i = 0; i < run->out_count; i++) {
        sld_heap_give(context->heap, l.out[i].block);
    }
    sld_context_drop_blocks(context->bodies[step->first_body]);
    return status;
}
