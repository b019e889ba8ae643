/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, expressions and what a plan says about itself. */
#include <stdio.h>

#include "base/hash.h"
#include "plan/plan_write_build.h"

solder_status sld_plan_add(sld_plan_build *b, sld_plan_table *table, const void *record,
                           uint32_t *index)
{
    if (table->count >= SLD_PLAN_NONE) {
        return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED, "network '%s' is too large for a plan",
                        b->graph->name);
    }
    SLD_TRY(sld_array_grow(b->allocator, b->diag, &table->data, &table->capacity, table->count + 1,
                           table->element));
    memcpy((char *)table->data + table->count * table->element, record, table->element);
    if (index != NULL) {
        *index = (uint32_t)table->count;
    }
    table->count++;
    return SOLDER_OK;
}

/* ---- strings: each once ---- */

static size_t string_slot(const sld_plan_build *b, const uint32_t *slots, size_t count,
                          const char *text)
{
    const char *strings = b->tables[SLD_PLAN_STRINGS].data;
    size_t slot = (size_t)sld_hash64(text, strlen(text)) & (count - 1);
    while (slots[slot] != SLD_PLAN_NONE && strcmp(strings + slots[slot], text) != 0) {
        slot = (slot + 1) & (count - 1);
    }
    return slot;
}

static solder_status grow_string_slots(sld_plan_build *b)
{
    size_t count = b->string_slot_count == 0 ? 256 : b->string_slot_count * 2;
    uint32_t *slots = sld_arena_array(&b->arena, count, sizeof *slots);
    if (slots == NULL) {
        return sld_fail_memory(b->diag, count * sizeof *slots);
    }
    memset(slots, 0xff, count * sizeof *slots);
    for (size_t i = 0; i < b->string_slot_count; i++) {
        if (b->string_slots[i] != SLD_PLAN_NONE) {
            const char *text = (const char *)b->tables[SLD_PLAN_STRINGS].data + b->string_slots[i];
            slots[string_slot(b, slots, count, text)] = b->string_slots[i];
        }
    }
    b->string_slots = slots;
    b->string_slot_count = count;
    return SOLDER_OK;
}

solder_status sld_plan_add_string(sld_plan_build *b, const char *text, uint32_t *offset)
{
    sld_plan_table *strings = &b->tables[SLD_PLAN_STRINGS];
    if (b->string_count * 2 >= b->string_slot_count) {
        SLD_TRY(grow_string_slots(b));
    }
    size_t slot = string_slot(b, b->string_slots, b->string_slot_count, text);
    if (b->string_slots[slot] == SLD_PLAN_NONE) {
        size_t size = strlen(text) + 1;
        if (size >= SLD_PLAN_NONE - strings->count) {
            return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED, "names take more than 4 GiB");
        }
        SLD_TRY(sld_array_grow(b->allocator, b->diag, &strings->data, &strings->capacity,
                               strings->count + size, 1));
        memcpy((char *)strings->data + strings->count, text, size);
        b->string_slots[slot] = (uint32_t)strings->count;
        strings->count += size;
        b->string_count++;
    }
    *offset = b->string_slots[slot];
    return SOLDER_OK;
}

/* ---- expressions: those the shapes use, every one behind what it needs ---- */

enum { WAITING = -2 }; /* in expr_map: on the stack */

/* What e needs: its operands, or the bound of a data-dependent symbol. */
static int needs(const sld_plan_build *b, sld_dim e, sld_dim out[2])
{
    const sld_expr *x = &b->graph->exprs.exprs[e];
    if (x->op == SLD_EXPR_CONST) {
        return 0;
    }
    if (x->op == SLD_EXPR_SYMBOL) {
        const sld_symbol *symbol = &b->graph->exprs.symbols[x->value];
        out[0] = symbol->bound;
        return symbol->data_dependent && symbol->bound >= 0 ? 1 : 0;
    }
    out[0] = x->a;
    out[1] = x->b;
    return 2;
}

static solder_status emit_symbol(sld_plan_build *b, int64_t index, int64_t *mapped)
{
    if (b->symbol_map[index] < 0) {
        const sld_symbol *from = &b->graph->exprs.symbols[index];
        sld_symbol symbol = {.min = from->min,
                             .opt = from->opt,
                             .max = from->max,
                             .bound = SLD_DIM_NONE,
                             .data_dependent = from->data_dependent};
        (void)snprintf(symbol.name, sizeof symbol.name, "%s", from->name);
        if (symbol.data_dependent && from->bound >= 0) {
            symbol.bound = b->expr_map[from->bound];
        }
        uint32_t at;
        SLD_TRY(sld_plan_add(b, &b->tables[SLD_PLAN_SYMBOLS], &symbol, &at));
        b->symbol_map[index] = (int32_t)at;
    }
    *mapped = b->symbol_map[index];
    return SOLDER_OK;
}

static solder_status emit_expr(sld_plan_build *b, sld_dim e)
{
    sld_expr x = b->graph->exprs.exprs[e];
    x.reserved = 0;
    if (x.op == SLD_EXPR_SYMBOL) {
        SLD_TRY(emit_symbol(b, x.value, &x.value));
    } else if (x.op != SLD_EXPR_CONST) {
        x.a = b->expr_map[x.a];
        x.b = b->expr_map[x.b];
        x.value = 0;
    }
    if (x.op <= SLD_EXPR_SYMBOL) {
        x.a = x.b = 0;
    }
    uint32_t at;
    SLD_TRY(sld_plan_add(b, &b->tables[SLD_PLAN_EXPRS], &x, &at));
    b->expr_map[e] = (sld_dim)at;
    return SOLDER_OK;
}

/* Depth first with a stack of our own: chains grow with the depth of the network. */
static solder_status add_expr(sld_plan_build *b, sld_dim e, sld_dim *stack, const char *name)
{
    if (e < 0) {
        return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED,
                        "value '%s' has a dimension that is not known and has no bound", name);
    }
    size_t depth = 0;
    if (b->expr_map[e] == SLD_DIM_NONE) {
        stack[depth++] = e;
    }
    while (depth > 0) {
        sld_dim top = stack[depth - 1];
        sld_dim need[2];
        int count = needs(b, top, need);
        b->expr_map[top] = WAITING;
        bool ready = true;
        for (int i = 0; i < count; i++) {
            if (need[i] < 0 || b->expr_map[need[i]] == WAITING) {
                return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED,
                                "value '%s' has a dimension without an upper bound", name);
            }
            if (b->expr_map[need[i]] == SLD_DIM_NONE) {
                stack[depth++] = need[i];
                ready = false;
                break;
            }
        }
        if (ready) {
            SLD_TRY(emit_expr(b, top));
            depth--;
        }
    }
    return SOLDER_OK;
}

/* Values at the profile's maximum: what memory is sized for. */
static solder_status evaluate_max(sld_plan_build *b)
{
    const sld_plan_table *exprs = &b->tables[SLD_PLAN_EXPRS];
    const sld_plan_table *table = &b->tables[SLD_PLAN_SYMBOLS];
    const sld_symbol *infos = table->data;
    b->max = sld_arena_array(&b->arena, exprs->count + 1, sizeof *b->max);
    int64_t *symbols = sld_arena_array(&b->arena, table->count + 1, sizeof *symbols);
    b->open = sld_arena_alloc(&b->arena, exprs->count + 1);
    if (b->max == NULL || symbols == NULL || b->open == NULL) {
        return sld_fail_memory(b->diag, exprs->count * sizeof *b->max);
    }
    sld_expr_find_open(exprs->data, exprs->count, infos, b->open);
    for (size_t i = 0; i < table->count; i++) {
        bool unknown = infos[i].data_dependent || infos[i].max == SLD_SYMBOL_OPEN;
        symbols[i] = unknown ? SLD_EXPR_UNKNOWN : infos[i].max;
    }
    sld_expr_evaluate_bounds(exprs->data, exprs->count, infos, symbols, b->max);
    return SOLDER_OK;
}

solder_status sld_plan_add_exprs(sld_plan_build *b)
{
    const sld_expr_table *exprs = &b->graph->exprs;
    b->expr_map = sld_arena_array(&b->arena, exprs->count + 1, sizeof *b->expr_map);
    b->symbol_map = sld_arena_array(&b->arena, exprs->symbol_count + 1, sizeof *b->symbol_map);
    sld_dim *stack = sld_arena_array(&b->arena, exprs->count + 1, sizeof *stack);
    if (b->expr_map == NULL || b->symbol_map == NULL || stack == NULL) {
        return sld_fail_memory(b->diag, exprs->count * sizeof *stack);
    }
    memset(b->expr_map, 0xff, exprs->count * sizeof *b->expr_map);
    memset(b->symbol_map, 0xff, exprs->symbol_count * sizeof *b->symbol_map);
    for (const sld_value *v = b->graph->values; v != NULL; v = v->next) {
        for (int i = 0; i < v->shape.rank; i++) {
            SLD_TRY(add_expr(b, v->shape.d[i], stack, v->name));
            if (v->view.kind == SLD_VIEW_REGION) {
                SLD_TRY(add_expr(b, v->view.start[i], stack, v->name));
            }
        }
    }
    SLD_TRY(evaluate_max(b));
    /* For readers of the file; loading computes it afresh. */
    sld_symbol *symbols = b->tables[SLD_PLAN_SYMBOLS].data;
    for (size_t i = 0; i < b->tables[SLD_PLAN_SYMBOLS].count; i++) {
        if (symbols[i].data_dependent && symbols[i].bound >= 0) {
            int64_t most = b->max[symbols[i].bound];
            symbols[i].min = symbols[i].opt = 0;
            symbols[i].max = most >= 0 ? most : SLD_SYMBOL_OPEN;
        }
    }
    return SOLDER_OK;
}

/* ---- properties, labels, picture rules ---- */

static solder_status add_property(sld_plan_build *b, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0') {
        return SOLDER_OK;
    }
    sld_plan_property property;
    SLD_TRY(sld_plan_add_string(b, key, &property.key));
    SLD_TRY(sld_plan_add_string(b, value, &property.value));
    return sld_plan_add(b, &b->tables[SLD_PLAN_PROPERTIES], &property, NULL);
}

static solder_status find_input(const sld_plan_build *b, const char *name, uint32_t *tensor)
{
    if (name == NULL && b->graph->input_count == 1) {
        *tensor = b->tensor_of[b->graph->inputs[0]->id];
        return SOLDER_OK;
    }
    for (size_t i = 0; name != NULL && i < b->graph->input_count; i++) {
        if (strcmp(b->graph->inputs[i]->name, name) == 0) {
            *tensor = b->tensor_of[b->graph->inputs[i]->id];
            return SOLDER_OK;
        }
    }
    return name == NULL ? sld_fail(b->diag, SOLDER_ERROR_ARGUMENT,
                                   "preprocessing must name its input: the network has %zu",
                                   b->graph->input_count)
                        : sld_fail(b->diag, SOLDER_ERROR_NOT_FOUND,
                                   "preprocessing names input '%s', which does not exist", name);
}

static solder_status add_image(sld_plan_build *b, const solder_preprocess *rule)
{
    sld_plan_image image = {.resize = rule->resize, .transposed = rule->transposed};
    SLD_TRY(find_input(b, rule->input, &image.tensor));
    memcpy(image.order, rule->order, sizeof image.order);
    memcpy(image.mean, rule->mean, sizeof image.mean);
    memcpy(image.scale, rule->scale, sizeof image.scale);
    return sld_plan_add(b, &b->tables[SLD_PLAN_IMAGES], &image, NULL);
}

solder_status sld_plan_add_info(sld_plan_build *b)
{
    char text[32];
    const sld_plan_info *info = b->info;
    SLD_TRY(add_property(b, "network", b->graph->name));
    (void)snprintf(text, sizeof text, "solder %s", solder_version());
    SLD_TRY(add_property(b, "created_by", text));
    SLD_TRY(add_property(b, "tuned_for", info->tuned_for));
    SLD_TRY(add_property(b, "level", info->level));
    (void)snprintf(text, sizeof text, "%d", info->threads);
    SLD_TRY(add_property(b, "threads", info->threads > 0 ? text : NULL));
    for (size_t i = 0; i < info->fact_count; i++) {
        SLD_TRY(add_property(b, info->facts[i].key, info->facts[i].value));
    }
    for (size_t i = 0; i < info->label_count; i++) {
        uint32_t label;
        SLD_TRY(sld_plan_add_string(b, info->labels[i], &label));
        SLD_TRY(sld_plan_add(b, &b->tables[SLD_PLAN_LABELS], &label, NULL));
    }
    for (size_t i = 0; i < info->preprocess_count; i++) {
        SLD_TRY(add_image(b, &info->preprocess[i]));
    }
    return SOLDER_OK;
}
