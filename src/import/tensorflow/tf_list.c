/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorList and TensorArray. A TensorArray's handle and its flow are the same list here: the flow
 * that goes through writes and reads says in which state it is.
 */
#include "import/tensorflow/tf_loop.h"
#include "import/tensorflow/tf_ops.h"

/* ---- lists ---- */

sld_tf_list *sld_tf_list_in(sld_tf_node *node, uint32_t index)
{
    sld_tf_list *list = sld_tf_in(node, index)->list;
    if (sld_tf_ok(node) && list == NULL) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "input %u is no list", (unsigned)index);
    }
    return sld_tf_ok(node) ? list : NULL;
}

void sld_tf_set_list(sld_tf_node *node, uint32_t index, const sld_tf_list *list)
{
    if (!sld_tf_ok(node) || index >= node->out_count) {
        return;
    }
    sld_tf_tensor *t = sld_arena_alloc(&node->tf->arena, sizeof *t);
    sld_tf_list *copy = sld_arena_alloc(&node->tf->arena, sizeof *copy);
    if (t == NULL || copy == NULL) {
        node->status = sld_fail_memory(node->tf->diag, sizeof *copy);
        return;
    }
    *copy = *list;
    t->list = copy;
    node->out[index] = t;
}

/* The element's dims from an attribute, where the list does not say them. */
static void learn_shape(sld_tf_node *node, sld_tf_list *list, const char *name)
{
    sld_tf_shape shape = {.rank = -1};
    const sld_tf_attr *attr = sld_tf_attribute(node, name, SLD_TF_SHAPE);
    if (attr != NULL && !sld_tf_read_shape(attr->bytes, &shape)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "%s is not possible", name);
    }
    if (list->element.rank < 0) {
        list->element = shape;
    }
}

/* The element's dims from an integer input: -1 alone stands for any. */
static sld_tf_shape read_shape(sld_tf_node *node, uint32_t index)
{
    sld_tf_shape shape = {.rank = -1};
    const sld_value *value = sld_tf_input(node, index);
    size_t count;
    if (!sld_tf_ok(node) || value->shape.rank != 1 || !sld_tf_known_count(node, value, &count) ||
        count > SOLDER_MAX_RANK) {
        return shape;
    }
    shape.rank = (int)count;
    for (size_t i = 0; i < count; i++) {
        if (!sld_tf_known_at(node, value, i, &shape.dims[i]) || shape.dims[i] < 0) {
            shape.dims[i] = -1;
        }
    }
    return shape;
}

static bool shape_known(const sld_tf_shape *shape)
{
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dims[i] < 0) {
            return false;
        }
    }
    return shape->rank >= 0;
}

static sld_value *zeros(sld_tf_node *node, const sld_tf_list *list)
{
    if (list->count == NULL || list->grows || !shape_known(&list->element)) {
        sld_tf_unsupported(node, "elements that were never written, and have no known shape");
        return NULL;
    }
    sld_value *count =
        sld_tf_reshape(node, (int64_t[]){1}, 1, sld_tf_cast(node, SOLDER_I64, list->count));
    sld_value *parts[2] = {count,
                           sld_tf_vector(node, list->element.dims, (size_t)list->element.rank)};
    sld_value *dims = list->element.rank > 0 ? sld_tf_concat(node, parts, 2, 0) : count;
    const sld_fill_params params = {.dtype = (int32_t)list->dtype};
    return sld_tf_emit(node, SLD_OP_FILL, &params, &dims, 1);
}

/* A list that is made of zeros needs to know what is going to be written to it. */
static void learn_element(sld_tf_node *node, const sld_tf_list *list, const sld_value *item)
{
    while (list->before != NULL) {
        list = list->before;
    }
    if (list->loop != NULL) {
        list = list->loop->vars[list->var].initial->list;
    }
    sld_tf_shape *shape = &((sld_tf_list *)(uintptr_t)list)->element;
    for (int i = 0; sld_tf_ok(node) && i < item->shape.rank; i++) {
        int64_t dim;
        if (shape->rank < 0 || (shape->rank == item->shape.rank && shape->dims[i] < 0)) {
            bool known = sld_expr_is_const(&node->tf->graph->exprs, item->shape.d[i], &dim);
            shape->dims[i] = known ? dim : -1;
        }
    }
    shape->rank = shape->rank < 0 && sld_tf_ok(node) ? item->shape.rank : shape->rank;
}

/* base with item in place of its element number index. */
static sld_value *with_item(sld_tf_node *node, const sld_tf_list *list)
{
    sld_value *item = sld_tf_unsqueeze(node, list->item, 0, 1);
    const sld_tf_list *before = list->before;
    bool fresh = before->loop == NULL && before->elements == NULL && before->before == NULL;
    if (list->index == NULL) {
        if (fresh) {
            return item;
        }
        sld_value *both[2] = {sld_tf_list_elements(node, before), item};
        return sld_tf_concat(node, both, 2, 0);
    }
    int64_t count, index;
    if (fresh && before->count != NULL && sld_tf_known_at(node, before->count, 0, &count) &&
        sld_tf_known_at(node, list->index, 0, &index) && count == 1 && index == 0) {
        return item;
    }
    learn_element(node, before, list->item);
    sld_value *indices = sld_tf_reshape(node, (int64_t[]){1, 1}, 2, list->index);
    const sld_scatter_params params = {.kind = SLD_SCATTER_ND};
    sld_value *in[3] = {sld_tf_list_elements(node, before), indices, item};
    return sld_tf_emit(node, SLD_OP_SCATTER, &params, in, 3);
}

sld_value *sld_tf_list_elements(sld_tf_node *node, const sld_tf_list *list)
{
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    if (list->before != NULL) {
        return with_item(node, list);
    }
    if (list->loop != NULL) {
        return sld_tf_loop_elements(node, list);
    }
    if (list->joined != NULL) {
        sld_tf_unsupported(node, "elements of different sizes, one of which is read");
        return NULL;
    }
    return list->elements != NULL ? list->elements : zeros(node, list);
}

sld_value *sld_tf_list_missing(sld_tf_node *node, const sld_tf_list *list, sld_value *count,
                               sld_value *written)
{
    const int64_t none = 0;
    count = sld_tf_cast(node, SOLDER_I64, count);
    sld_value *missing = sld_tf_binary(node, SLD_BINARY_SUB, count, written);
    return list->stretches
               ? sld_tf_binary(node, SLD_BINARY_MAX, missing, sld_tf_vector(node, &none, 1))
               : missing;
}

/* x with zeros for the elements that no iteration wrote. */
static sld_value *filled_up(sld_tf_node *node, const sld_tf_list *list, sld_value *x)
{
    const sld_shape_params head = {.start = 0, .end = 1};
    const sld_pad_params zeros = {.kind = SLD_PADDING_CONSTANT};
    const int64_t none[2 * SOLDER_MAX_RANK] = {0};
    if (!sld_tf_ok(node) || list->count == NULL || list->grows) {
        return x;
    }
    size_t rank = (size_t)x->shape.rank;
    sld_value *count = sld_tf_reshape(node, (const int64_t[]){1}, 1, list->count);
    sld_value *written = sld_tf_emit(node, SLD_OP_SHAPE, &head, &x, 1);
    sld_value *missing = sld_tf_list_missing(node, list, count, written);
    sld_value *pads[3] = {sld_tf_vector(node, none, rank), missing,
                          sld_tf_vector(node, none, rank - 1)};
    sld_value *in[2] = {x, sld_tf_concat(node, pads, rank > 1 ? 3 : 2, 0)};
    return sld_tf_emit(node, SLD_OP_PAD, &zeros, in, 2);
}

/* [sum, ...] to [n, sum / n, ...]: elements that may differ in size, asked for one above the other,
 * must not. A run fails if they do. */
static sld_value *stacked(sld_tf_node *node, const sld_tf_list *list)
{
    if (list == NULL || list->joined == NULL) {
        return list != NULL ? sld_tf_list_elements(node, list) : NULL;
    }
    sld_value *x = list->joined, *lengths = list->lengths;
    int rank = x->shape.rank;
    const int64_t zero = 0;
    const sld_shape_params head = {.start = 0, .end = 1}, tail = {.start = 1, .end = rank};
    sld_value *some[2] = {lengths, sld_tf_vector(node, &zero, 1)};
    sld_value *longest = sld_tf_reduce(node, SLD_REDUCE_MAX, 1, sld_tf_concat(node, some, 2, 0));
    sld_value *dims[3] = {sld_tf_emit(node, SLD_OP_SHAPE, &head, &lengths, 1),
                          sld_tf_reshape(node, (const int64_t[]){1}, 1, longest), NULL};
    if (rank > 1) {
        dims[2] = sld_tf_emit(node, SLD_OP_SHAPE, &tail, &x, 1);
    }
    const sld_reshape_params params = {.allow_zero = 1};
    sld_value *in[2] = {x, sld_tf_concat(node, dims, rank > 1 ? 3 : 2, 0)};
    return filled_up(node, list, sld_tf_emit(node, SLD_OP_RESHAPE, &params, in, 2));
}

/* The number of elements, i32 as TensorFlow has it. */
static sld_value *size_of(sld_tf_node *node, const sld_tf_list *list)
{
    const sld_tf_list *start = list;
    while (start->before != NULL && start->index != NULL && !list->grows) {
        start = start->before;
    }
    sld_value *size = NULL;
    if (start->loop != NULL && !list->grows) {
        size = sld_tf_loop_size(node, start);
    } else if (start->elements == NULL && start->before == NULL && start->lengths == NULL) {
        size = start->count;
    } else {
        sld_value *all =
            start->lengths != NULL ? start->lengths : sld_tf_list_elements(node, start);
        const sld_shape_params one = {.start = 0, .end = 1};
        size = sld_tf_as_scalar(node, sld_tf_emit(node, SLD_OP_SHAPE, &one, &all, 1));
    }
    return sld_tf_cast(node, SOLDER_I32, size);
}

static const sld_fill_params *filled(const sld_value *value)
{
    const sld_node *producer = value->kind == SLD_VALUE_NODE ? value->producer : NULL;
    return producer != NULL && producer->op == SLD_OP_FILL ? producer->params : NULL;
}

static bool is_number(const sld_value *value, int64_t number)
{
    const sld_fill_params *fill = filled(value);
    if (fill != NULL) {
        return fill->integer == number;
    }
    return sld_value_is_constant(value) && value->data_size >= solder_dtype_size(value->dtype) &&
           value->data_size > 0 && sld_load_i64(value->dtype, value->data) == number;
}

bool sld_tf_counts_all(const sld_graph *graph, const sld_value *indices, const sld_value *elements)
{
    int64_t count, dim;
    if (indices->shape.rank != 1 || elements->shape.rank < 1) {
        return false;
    }
    if (sld_value_is_constant(indices)) {
        if (!sld_expr_is_const(&graph->exprs, indices->shape.d[0], &count) ||
            !sld_expr_is_const(&graph->exprs, elements->shape.d[0], &dim) || count != dim) {
            return false;
        }
        size_t size = solder_dtype_size(indices->dtype);
        for (int64_t i = 0; i < count; i++) {
            if (sld_load_i64(indices->dtype, (const char *)indices->data + (size_t)i * size) != i) {
                return false;
            }
        }
        return true;
    }
    const sld_node *range = indices->producer;
    if (indices->kind != SLD_VALUE_NODE || range->op != SLD_OP_RANGE ||
        !is_number(sld_node_in(range, 0), 0) || !is_number(sld_node_in(range, 2), 1)) {
        return false;
    }
    const sld_value *limit = sld_node_in(range, 1);
    return limit->content != NULL && limit->content[0] == elements->shape.d[0] &&
           elements->shape.d[0] != SLD_DIM_NONE;
}

/* ---- TensorList ---- */

/* TensorListReserve, and EmptyTensorList, which grows from nothing. */
void sld_tf_list_reserve(sld_tf_node *node, int empty)
{
    sld_tf_list list = {.dtype = sld_tf_type(node, "element_dtype", SOLDER_F32), .grows = empty};
    list.element = read_shape(node, 0);
    sld_value *count = sld_tf_input(node, 1);
    list.count = empty ? sld_tf_scalar(node, SOLDER_I32, 0) : sld_tf_as_scalar(node, count);
    sld_tf_set_list(node, 0, &list);
}

void sld_tf_list_from_tensor(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_list list = {.elements = sld_tf_input(node, 0)};
    (void)sld_tf_input(node, 1);
    if (sld_tf_ok(node) && list.elements->shape.rank < 1) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the tensor is a scalar");
    }
    if (sld_tf_ok(node)) {
        list.dtype = list.elements->dtype;
        list.element.rank = -1;
        sld_tf_set_list(node, 0, &list);
    }
}

static sld_value *element_at(sld_tf_node *node, const sld_tf_list *list, sld_value *index)
{
    index = sld_tf_as_scalar(node, index);
    if (list != NULL && list->before != NULL && list->index == index) {
        return list->item; /* what was written just before */
    }
    sld_value *elements = list != NULL ? sld_tf_list_elements(node, list) : NULL;
    return sld_tf_gather(node, elements, index, 0);
}

void sld_tf_list_get(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_list *list = sld_tf_list_in(node, 0);
    sld_value *index = sld_tf_input(node, 1);
    sld_tf_shape shape = read_shape(node, 2);
    if (sld_tf_ok(node) && list->element.rank < 0) {
        list->element = shape;
    }
    sld_tf_set(node, 0, element_at(node, list, index));
}

/* Writes of one list outside of loops, at most. */
#define MAX_WRITES 1024

static void write(sld_tf_node *node, const sld_tf_list *list, sld_value *index, sld_value *item,
                  bool stretches)
{
    if (!sld_tf_ok(node)) {
        return;
    }
    sld_tf_list after = *list;
    after.before = list;
    after.writes = list->writes + 1;
    after.stretches = list->stretches || stretches;
    if (after.writes > MAX_WRITES) {
        sld_tf_unsupported(node, "more than %d writes, one after the other", MAX_WRITES);
    }
    after.index = index;
    after.item = item;
    after.loop = NULL;
    after.elements = after.joined = after.lengths = NULL;
    sld_tf_set_list(node, 0, &after);
}

void sld_tf_list_set(sld_tf_node *node, int told)
{
    (void)told;
    const sld_tf_list *list = sld_tf_list_in(node, 0);
    sld_value *index = sld_tf_as_scalar(node, sld_tf_input(node, 1));
    bool stretches = sld_tf_bool(node, "resize_if_index_out_of_bounds", false);
    write(node, list, index, sld_tf_input(node, 2), stretches);
}

void sld_tf_list_push(sld_tf_node *node, int told)
{
    (void)told;
    write(node, sld_tf_list_in(node, 0), NULL, sld_tf_input(node, 1), false);
}

void sld_tf_list_stack(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_list *list = sld_tf_list_in(node, 0);
    (void)sld_tf_int(node, "num_elements", -1);
    sld_tf_shape shape = read_shape(node, 1);
    if (sld_tf_ok(node) && list->element.rank < 0) {
        list->element = shape;
    }
    sld_tf_set(node, 0, stacked(node, list));
}

/* [n, m, ...] to [n m, ...] */
static sld_value *joined(sld_tf_node *node, const sld_tf_list *list)
{
    if (list != NULL && list->joined != NULL) {
        return list->joined;
    }
    sld_value *all = list != NULL ? sld_tf_list_elements(node, list) : NULL;
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    int rank = all->shape.rank;
    if (rank < 2) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the elements are scalars");
        return NULL;
    }
    sld_value *rest = sld_tf_vector(node, (int64_t[]){-1}, 1);
    if (rank > 2) {
        const sld_shape_params tail = {.start = 2, .end = rank};
        sld_value *parts[2] = {rest, sld_tf_emit(node, SLD_OP_SHAPE, &tail, &all, 1)};
        rest = sld_tf_concat(node, parts, 2, 0);
    }
    const sld_reshape_params params = {.allow_zero = 1};
    return sld_tf_emit(node, SLD_OP_RESHAPE, &params, (sld_value *[]){all, rest}, 2);
}

static sld_value *lengths_of(sld_tf_node *node, const sld_tf_list *list)
{
    if (list != NULL && list->joined != NULL) {
        return list->lengths;
    }
    sld_value *all = list != NULL ? sld_tf_list_elements(node, list) : NULL;
    const sld_shape_params count = {.start = 0, .end = 1}, length = {.start = 1, .end = 2};
    sld_value *n = sld_tf_emit(node, SLD_OP_SHAPE, &count, &all, 1);
    sld_value *m = sld_tf_emit(node, SLD_OP_SHAPE, &length, &all, 1);
    return sld_tf_emit(node, SLD_OP_EXPAND, NULL, (sld_value *[]){m, n}, 2);
}

/* TensorListConcatV2 */
void sld_tf_list_concat(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_list *list = sld_tf_list_in(node, 0);
    node->in_read = UINT64_MAX; /* the rest says what the elements look like */
    (void)sld_tf_attribute(node, "element_shape", SLD_TF_SHAPE);
    sld_tf_set(node, 0, joined(node, list));
    sld_tf_set(node, 1, lengths_of(node, list));
}

void sld_tf_list_length(sld_tf_node *node, int told)
{
    (void)told;
    const sld_tf_list *list = sld_tf_list_in(node, 0);
    sld_tf_set(node, 0, list != NULL ? size_of(node, list) : NULL);
}

/* TensorListGather: elements at indices. */
static void gather(sld_tf_node *node, const sld_tf_list *list, sld_value *indices)
{
    sld_value *all = stacked(node, list);
    if (!sld_tf_ok(node)) {
        return;
    }
    bool whole = sld_tf_counts_all(node->tf->graph, indices, all);
    sld_tf_set(node, 0, whole ? all : sld_tf_gather(node, all, indices, 0));
}

void sld_tf_list_gather(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_list *list = sld_tf_list_in(node, 0);
    sld_value *indices = sld_tf_input(node, 1);
    (void)read_shape(node, 2);
    gather(node, list, indices);
}

/* ---- TensorArray ---- */

void sld_tf_array(sld_tf_node *node, int told)
{
    (void)told;
    sld_tf_list list = {.dtype = sld_tf_type(node, "dtype", SOLDER_F32), .element.rank = -1};
    (void)sld_tf_bool(node, "clear_after_read", true);
    (void)sld_tf_bool(node, "identical_element_shapes", false);
    (void)sld_tf_attribute(node, "tensor_array_name", SLD_TF_STRING);
    list.grows = sld_tf_bool(node, "dynamic_size", false);
    learn_shape(node, &list, "element_shape");
    list.count = sld_tf_as_scalar(node, sld_tf_input(node, 0));
    sld_tf_set_list(node, 0, &list);
    sld_tf_set_list(node, 1, &list);
}

/* handle, index, value, flow */
void sld_tf_array_write(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_in(node, 0);
    const sld_tf_list *list = sld_tf_list_in(node, 3);
    sld_value *index = sld_tf_as_scalar(node, sld_tf_input(node, 1));
    write(node, list, index, sld_tf_input(node, 2), false);
}

/* handle, index, flow */
void sld_tf_array_read(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_in(node, 0);
    sld_tf_list *list = sld_tf_list_in(node, 2);
    sld_tf_set(node, 0, element_at(node, list, sld_tf_input(node, 1)));
}

/* handle, indices, value, flow */
void sld_tf_array_scatter(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_in(node, 0);
    const sld_tf_list *list = sld_tf_list_in(node, 3);
    sld_value *indices = sld_tf_input(node, 1), *value = sld_tf_input(node, 2);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (value->shape.rank < 1 || list->elements != NULL || list->before != NULL ||
        list->loop != NULL || !sld_tf_counts_all(node->tf->graph, indices, value)) {
        sld_tf_unsupported(node, "not all elements at once, in their order");
        return;
    }
    sld_tf_list after = *list;
    after.elements = value;
    sld_tf_set_list(node, 0, &after);
}

/* handle, indices, flow */
void sld_tf_array_gather(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_in(node, 0);
    sld_tf_list *list = sld_tf_list_in(node, 2);
    (void)sld_tf_attribute(node, "element_shape", SLD_TF_SHAPE);
    gather(node, list, sld_tf_input(node, 1));
}

/* handle, flow */
void sld_tf_array_concat(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_in(node, 0);
    const sld_tf_list *list = sld_tf_list_in(node, 1);
    (void)sld_tf_attribute(node, "element_shape_except0", SLD_TF_SHAPE);
    sld_tf_set(node, 0, joined(node, list));
    sld_tf_set(node, 1, lengths_of(node, list));
}

void sld_tf_array_size(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_in(node, 0);
    const sld_tf_list *list = sld_tf_list_in(node, 1);
    sld_tf_set(node, 0, list != NULL ? size_of(node, list) : NULL);
}

/* handle, value, lengths, flow: lengths all the same, so that the pieces are one tensor */
void sld_tf_array_split(sld_tf_node *node, int told)
{
    (void)told;
    (void)sld_tf_in(node, 0);
    const sld_tf_list *list = sld_tf_list_in(node, 3);
    sld_value *value = sld_tf_input(node, 1), *lengths = sld_tf_input(node, 2);
    int64_t dims[SOLDER_MAX_RANK + 1], length;
    size_t count;
    if (!sld_tf_ok(node)) {
        return;
    }
    if (!sld_tf_known_count(node, lengths, &count) || count == 0 ||
        !sld_tf_known_at(node, lengths, 0, &dims[1]) || value->shape.rank < 1 ||
        value->shape.rank >= SOLDER_MAX_RANK) {
        sld_tf_unsupported(node, "lengths that are not known");
        return;
    }
    dims[0] = (int64_t)count;
    for (size_t i = 1; i < count; i++) {
        if (!sld_tf_known_at(node, lengths, i, &length) || length != dims[1]) {
            sld_tf_unsupported(node, "pieces of different lengths");
            return;
        }
    }
    for (int i = 1; i < value->shape.rank; i++) {
        if (!sld_expr_is_const(&node->tf->graph->exprs, value->shape.d[i], &dims[i + 1])) {
            sld_tf_unsupported(node, "pieces of an open size");
            return;
        }
    }
    sld_reshape_params params = {.rank = value->shape.rank + 1, .allow_zero = 1};
    memcpy(params.dims, dims, (size_t)params.rank * sizeof dims[0]);
    sld_tf_list after = *list;
    after.elements = sld_tf_emit(node, SLD_OP_RESHAPE, &params, &value, 1);
    sld_tf_set_list(node, 0, &after);
}
