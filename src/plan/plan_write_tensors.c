/* SPDX-License-Identifier: Apache-2.0 */
/* Where every value lives: views, the arena, the caller's memory, the weights. */
#include "base/hash.h"
#include "plan/plan_write_build.h"

/* ---- outputs ---- */

static bool has_defined_dim(const sld_plan_build *b, const sld_value *value)
{
    for (int i = 0; i < value->shape.rank; i++) {
        const sld_expr *e = &b->graph->exprs.exprs[value->shape.d[i]];
        if (e->op == SLD_EXPR_SYMBOL && b->graph->exprs.symbols[e->value].data_dependent) {
            return true;
        }
    }
    return false;
}

/*
 * An output that is another shape of a value's memory changes places with it: the output owns the
 * memory, so that the caller's buffer can stand in for it, and the value becomes the view.
 */
static void take_ownership(sld_plan_build *b, const sld_value *output)
{
    const sld_value *root = output;
    while (root->view.kind == SLD_VIEW_RESHAPE) {
        root = root->view.parent;
    }
    if (root != output && root->kind == SLD_VALUE_NODE && root->view.kind == SLD_VIEW_NONE &&
        !root->is_output && b->owner[root->id] == NULL && !has_defined_dim(b, root)) {
        b->owner[root->id] = output;
        b->owner[output->id] = output;
    }
}

bool sld_plan_is_direct_output(const sld_plan_build *b, const sld_value *value)
{
    return value->kind == SLD_VALUE_NODE && value->is_output &&
           (value->view.kind == SLD_VIEW_NONE || b->owner[value->id] == value);
}

solder_status sld_plan_begin_tensors(sld_plan_build *b)
{
    size_t ids = (size_t)b->graph->next_id + 1;
    b->tensor_of = sld_arena_array(&b->arena, ids, sizeof *b->tensor_of);
    b->packed_of = sld_arena_array(&b->arena, ids, sizeof *b->packed_of);
    b->owner = sld_arena_array(&b->arena, ids, sizeof *b->owner);
    if (b->tensor_of == NULL || b->packed_of == NULL || b->owner == NULL) {
        return sld_fail_memory(b->diag, ids * sizeof *b->owner);
    }
    memset(b->tensor_of, 0xff, ids * sizeof *b->tensor_of);
    memset(b->packed_of, 0xff, ids * sizeof *b->packed_of);
    b->arena_bytes = b->graph->arena_bytes > 0 ? (uint64_t)b->graph->arena_bytes : 0;
    for (size_t i = 0; i < b->graph->output_count; i++) {
        take_ownership(b, b->graph->outputs[i]);
    }
    return SOLDER_OK;
}

/* ---- placing ---- */

static const sld_value *parent_of(const sld_plan_build *b, const sld_value *value,
                                  sld_view_kind *kind)
{
    const sld_value *owner = b->owner[value->id];
    if (owner == value) {
        return NULL;
    }
    if (owner != NULL) {
        *kind = SLD_VIEW_RESHAPE;
        return owner;
    }
    *kind = value->view.kind;
    return value->view.kind == SLD_VIEW_NONE ? NULL : value->view.parent;
}

/* The most it takes: a dim may shrink when a symbol grows, so the profile's corners are compared.
 */
static bool most_bytes(const sld_plan_build *b, const sld_value *value, const int64_t *max_dims,
                       size_t *bytes)
{
    if (!sld_dims_bytes(max_dims, value->shape.rank, value->dtype, bytes)) {
        return false;
    }
    for (int which = 0; which < 2; which++) {
        const sld_tensor t = sld_shapes_tensor(&b->shapes, value, which);
        size_t other;
        if (sld_dims_bytes(t.dim, t.rank, t.dtype, &other) && other > *bytes) {
            *bytes = other;
        }
    }
    return true;
}

static solder_status shape_record(sld_plan_build *b, const sld_value *value,
                                  sld_plan_tensor *record, size_t *bytes)
{
    int64_t dims[SOLDER_MAX_RANK];
    *record = (sld_plan_tensor){.dtype = value->dtype,
                                .rank = value->shape.rank,
                                .parent = SLD_PLAN_NONE,
                                .packing = SLD_PLAN_NONE};
    if (value->shape.rank < 0 || value->shape.rank > SOLDER_MAX_RANK) {
        return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED, "value '%s' has an unknown rank",
                        value->name);
    }
    bool open = false;
    for (int i = 0; i < value->shape.rank; i++) {
        record->dim[i] = b->expr_map[value->shape.d[i]];
        dims[i] = b->max[record->dim[i]];
        open = open || b->open[record->dim[i]];
    }
    *bytes = 0;
    record->size = open ? SLD_PLAN_OPEN : 0;
    if (!open && !most_bytes(b, value, dims, bytes)) {
        return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED,
                        "value '%s' is too large or has a negative dimension at the profile's "
                        "maximum",
                        value->name);
    }
    return sld_plan_add_string(b, value->name, &record->name);
}

static solder_status reserve(sld_plan_build *b, size_t bytes, uint64_t *offset)
{
    size_t end;
    size_t start;
    if (!sld_size_align((size_t)b->arena_bytes, SLD_PLAN_ALIGN, &start) ||
        !sld_size_add(start, bytes, &end) || end > (size_t)INT64_MAX) {
        return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED, "activations need too much memory");
    }
    *offset = start;
    b->arena_bytes = end;
    return SOLDER_OK;
}

static solder_status place_owner(sld_plan_build *b, const sld_value *value, size_t bytes,
                                 sld_plan_tensor *record)
{
    const sld_value *root = value; /* the one the memory plan knows */
    while (root->view.kind == SLD_VIEW_RESHAPE) {
        root = root->view.parent;
    }
    bool output = sld_plan_is_direct_output(b, value);
    record->kind = value->kind == SLD_VALUE_INPUT ? SLD_PLAN_INPUT
                   : output                       ? SLD_PLAN_OUTPUT
                                                  : SLD_PLAN_ARENA;
    if (record->size == SLD_PLAN_OPEN) {
        return SOLDER_OK;
    }
    record->size = bytes;
    if (root->arena_offset < 0) {
        return reserve(b, bytes, &record->offset);
    }
    record->offset = (uint64_t)root->arena_offset;
    if (record->offset % SLD_PLAN_ALIGN != 0 || record->offset > b->arena_bytes ||
        bytes > b->arena_bytes - record->offset) {
        return sld_fail(b->diag, SOLDER_ERROR_INTERNAL,
                        "value '%s': arena offset %lld is not aligned or outside the arena",
                        value->name, (long long)root->arena_offset);
    }
    return SOLDER_OK;
}

/* ---- weights ---- */

static bool same_blob(const sld_plan_blob *x, const sld_plan_blob *y)
{
    if (x->hash != y->hash || x->plain_size != y->plain_size || x->packing != y->packing ||
        x->params_size != y->params_size ||
        memcmp(x->plain.data, y->plain.data, x->plain_size) != 0) {
        return false;
    }
    return x->packing == NULL ||
           (x->plain.dtype == y->plain.dtype && x->plain.rank == y->plain.rank &&
            memcmp(x->plain.dim, y->plain.dim, sizeof x->plain.dim) == 0 &&
            memcmp(x->params, y->params, x->params_size) == 0);
}

static solder_status grow_blob_slots(sld_plan_build *b)
{
    size_t count = b->blob_slot_count == 0 ? 256 : b->blob_slot_count * 2;
    uint32_t *slots = sld_arena_array(&b->arena, count, sizeof *slots);
    if (slots == NULL) {
        return sld_fail_memory(b->diag, count * sizeof *slots);
    }
    memset(slots, 0xff, count * sizeof *slots);
    const sld_plan_blob *blobs = b->blobs.data;
    for (size_t i = 0; i < b->blobs.count; i++) {
        size_t slot = (size_t)blobs[i].hash & (count - 1);
        while (slots[slot] != SLD_PLAN_NONE) {
            slot = (slot + 1) & (count - 1);
        }
        slots[slot] = (uint32_t)i;
    }
    b->blob_slots = slots;
    b->blob_slot_count = count;
    return SOLDER_OK;
}

/* Finds or adds the bytes; fills the record's offset and size. */
static solder_status add_blob(sld_plan_build *b, sld_plan_blob *blob, sld_plan_tensor *record)
{
    if (b->blobs.count * 2 >= b->blob_slot_count) {
        SLD_TRY(grow_blob_slots(b));
    }
    blob->hash = sld_hash64(blob->plain.data, blob->plain_size);
    size_t slot = (size_t)blob->hash & (b->blob_slot_count - 1);
    for (; b->blob_slots[slot] != SLD_PLAN_NONE; slot = (slot + 1) & (b->blob_slot_count - 1)) {
        const sld_plan_blob *known = (sld_plan_blob *)b->blobs.data + b->blob_slots[slot];
        if (same_blob(known, blob)) {
            record->offset = known->offset;
            record->size = known->size;
            return SOLDER_OK;
        }
    }
    blob->size =
        blob->packing != NULL ? blob->packing->size(blob->params, &blob->plain) : blob->plain_size;
    size_t start;
    size_t end;
    if (!sld_size_align((size_t)b->weights_bytes, SLD_PLAN_ALIGN, &start) ||
        !sld_size_add(start, (size_t)blob->size, &end)) {
        return sld_fail(b->diag, SOLDER_ERROR_UNSUPPORTED, "weights need too much memory");
    }
    blob->offset = start;
    b->weights_bytes = end;
    record->offset = blob->offset;
    record->size = blob->size;
    return sld_plan_add(b, &b->blobs, blob, &b->blob_slots[slot]);
}

static solder_status place_constant(sld_plan_build *b, const sld_value *value, size_t bytes,
                                    const sld_packing *packing, const sld_node *node,
                                    sld_plan_tensor *record)
{
    int64_t dims[SOLDER_MAX_RANK];
    if (!sld_value_static_dims(b->graph, value, dims) || value->data_size != bytes ||
        (value->data == NULL && bytes != 0)) {
        return sld_fail(b->diag, SOLDER_ERROR_INTERNAL, "constant '%s' has no bytes", value->name);
    }
    sld_plan_blob blob = {.plain_size = bytes, .packing = packing};
    blob.plain =
        sld_tensor_make((void *)(uintptr_t)value->data, value->dtype, value->shape.rank, dims);
    blob.plain.flags = SLD_TENSOR_CONSTANT;
    if (bytes == 0) {
        blob.plain.data = b; /* never read: memcmp and the hash want a pointer */
    }
    if (packing != NULL) {
        blob.params = node->params;
        blob.params_size = sld_op_get(node->op).params_size;
        SLD_TRY(sld_plan_add_string(b, packing->name, &record->packing));
        record->packed_by = (uint32_t)b->tables[SLD_PLAN_STEPS].count;
    }
    record->kind = SLD_PLAN_CONSTANT;
    return add_blob(b, &blob, record);
}

static solder_status place_one(sld_plan_build *b, const sld_value *value)
{
    sld_plan_tensor record;
    size_t bytes;
    sld_view_kind kind;
    SLD_TRY(shape_record(b, value, &record, &bytes));
    const sld_value *parent = parent_of(b, value, &kind);
    if (value->kind == SLD_VALUE_CONSTANT) {
        SLD_TRY(place_constant(b, value, bytes, NULL, NULL, &record));
    } else if (parent == NULL) {
        SLD_TRY(place_owner(b, value, bytes, &record));
    } else {
        record.kind = kind == SLD_VIEW_REGION    ? SLD_PLAN_REGION
                      : kind == SLD_VIEW_RESHAPE ? SLD_PLAN_RESHAPE
                                                 : SLD_PLAN_TRANSPOSE;
        record.parent = b->tensor_of[parent->id];
        record.size = 0;
        for (int i = 0; kind == SLD_VIEW_REGION && i < value->shape.rank; i++) {
            record.start[i] = b->expr_map[value->view.start[i]];
            record.step[i] = value->view.step[i];
        }
        for (int i = 0; kind == SLD_VIEW_TRANSPOSE && i < value->shape.rank; i++) {
            record.step[i] = value->view.step[i];
        }
    }
    return sld_plan_add(b, &b->tables[SLD_PLAN_TENSORS], &record, &b->tensor_of[value->id]);
}

solder_status sld_plan_place(sld_plan_build *b, const sld_value *value, uint32_t *tensor)
{
    sld_view_kind kind;
    while (b->tensor_of[value->id] == SLD_PLAN_NONE) {
        const sld_value *next = value;
        uint32_t depth = 0;
        for (const sld_value *p = value; p != NULL && b->tensor_of[p->id] == SLD_PLAN_NONE;
             p = parent_of(b, p, &kind)) {
            next = p;
            if (depth++ > b->graph->next_id) {
                return sld_fail(b->diag, SOLDER_ERROR_INTERNAL, "value '%s' is a view of itself",
                                value->name);
            }
        }
        SLD_TRY(place_one(b, next));
    }
    *tensor = b->tensor_of[value->id];
    return SOLDER_OK;
}

solder_status sld_plan_place_packed(sld_plan_build *b, const sld_value *value,
                                    const sld_packing *packing, const sld_node *node,
                                    uint32_t *tensor)
{
    const size_t params_size = sld_op_get(node->op).params_size;
    const sld_plan_packed *list = b->packed.data;
    for (uint32_t i = b->packed_of[value->id]; i != SLD_PLAN_NONE; i = list[i].next) {
        if (list[i].packing == packing && list[i].params_size == params_size &&
            memcmp(list[i].params, node->params, params_size) == 0) {
            *tensor = list[i].tensor;
            return SOLDER_OK;
        }
    }
    sld_plan_tensor record;
    size_t bytes;
    SLD_TRY(shape_record(b, value, &record, &bytes));
    SLD_TRY(place_constant(b, value, bytes, packing, node, &record));
    SLD_TRY(sld_plan_add(b, &b->tables[SLD_PLAN_TENSORS], &record, tensor));
    sld_plan_packed packed = {.value = value,
                              .packing = packing,
                              .params = node->params,
                              .params_size = params_size,
                              .tensor = *tensor,
                              .next = b->packed_of[value->id]};
    return sld_plan_add(b, &b->packed, &packed, &b->packed_of[value->id]);
}

solder_status sld_plan_add_copy_target(sld_plan_build *b, const sld_value *value, uint32_t *tensor)
{
    sld_plan_tensor record;
    size_t bytes;
    SLD_TRY(shape_record(b, value, &record, &bytes));
    if (value->kind == SLD_VALUE_INPUT) { /* two tensors of one name could not be told apart */
        char *name = sld_arena_printf(&b->arena, "%s:output", value->name);
        if (name == NULL) {
            return sld_fail_memory(b->diag, strlen(value->name));
        }
        SLD_TRY(sld_plan_add_string(b, name, &record.name));
    }
    record.kind = SLD_PLAN_OUTPUT;
    if (record.size != SLD_PLAN_OPEN) {
        record.size = bytes;
        SLD_TRY(reserve(b, bytes, &record.offset));
    }
    return sld_plan_add(b, &b->tables[SLD_PLAN_TENSORS], &record, tensor);
}
