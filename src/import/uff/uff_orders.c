/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dimension orders: per input of an operator a list with one entry per axis of the tensor, in its
 * own order. Two entries stand for the run of spatial axes: [n, INCREMENT] counts up from n,
 * [DECREMENT, n] down to n. NHWC is [0, 2, INCREMENT, 1], a filter [H, W, C, K] [2, INCREMENT, 1,
 * 0].
 */
#include "import/uff/uff.h"
#include "import/wire/wire.h"

#define LIST_MAX 16

static void add(int64_t *values, size_t *count, uint64_t value)
{
    if (*count < LIST_MAX) {
        values[*count] = (int64_t)value;
    }
    ++*count;
}

static size_t read_integers(sld_tf_bytes list, int64_t *values)
{
    sld_wire wire = sld_wire_open(list.data, list.size);
    sld_wire_field field;
    size_t count = 0;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number == 1 && field.type == SLD_WIRE_VARINT) {
            add(values, &count, field.value);
        } else if (field.number == 1) {
            sld_wire packed = sld_wire_open(field.data, field.size);
            uint64_t value;
            while (sld_wire_varint(&packed, &value) == SLD_WIRE_FIELD) {
                add(values, &count, value);
            }
        }
    }
    return count;
}

/* The list under the key SPECIAL. */
static size_t read_special(sld_tf_bytes orders, int64_t *values)
{
    sld_wire wire = sld_wire_open(orders.data, orders.size);
    sld_wire_field field;
    size_t count = 0;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        sld_wire inner = sld_wire_open(field.data, field.number == 1 ? field.size : 0);
        sld_tf_bytes list = {NULL, 0};
        int64_t key = 0;
        while (sld_wire_next(&inner, &field) == SLD_WIRE_FIELD) {
            if (field.number == 1) {
                key = (int64_t)field.value;
            } else if (field.number == 2) {
                list = (sld_tf_bytes){field.data, field.size};
            }
        }
        if ((int32_t)(uint32_t)(uint64_t)key == SLD_UFF_SPECIAL) {
            count = read_integers(list, values);
        }
    }
    return count;
}

/* 0 if there is none for that input. */
static size_t read_list(sld_tf_bytes bytes, uint32_t index, int64_t *values)
{
    sld_wire wire = sld_wire_open(bytes.data, bytes.size);
    sld_wire_field field;
    while (sld_wire_next(&wire, &field) == SLD_WIRE_FIELD) {
        if (field.number == 1 && index-- == 0) {
            return read_special((sld_tf_bytes){field.data, field.size}, values);
        }
    }
    return 0;
}

/* Axes of a tensor of that rank; false if they are no permutation. */
static bool expand(const int64_t *values, size_t count, int rank, sld_uff_order *order)
{
    bool seen[SOLDER_MAX_RANK] = {false};
    size_t runs = 0;
    for (size_t i = 0; i < count; i++) {
        runs += values[i] == SLD_UFF_INCREMENT || values[i] == SLD_UFF_DECREMENT;
    }
    int64_t run = (int64_t)rank - (int64_t)(count - 2 * runs);
    if (count > LIST_MAX || runs > 1 || (runs == 0 && run != 0) || run < 0) {
        return false;
    }
    order->rank = 0;
    for (size_t i = 0; i < count; i++) {
        bool down = values[i] == SLD_UFF_DECREMENT;
        bool up = i + 1 < count && values[i + 1] == SLD_UFF_INCREMENT;
        if (down && i + 1 == count) {
            return false;
        }
        int64_t from = down ? values[++i] : values[i];
        int64_t length = up || down ? run : 1;
        for (int64_t k = 0; k < length; k++) {
            int64_t axis = down ? from + run - 1 - k : from + k;
            axis += axis < 0 ? rank : 0;
            if (axis < 0 || axis >= rank || seen[axis]) {
                return false;
            }
            seen[axis] = true;
            order->axis[order->rank++] = (int32_t)axis;
        }
        i += up;
    }
    return order->rank == rank;
}

bool sld_uff_read_order(sld_tf_node *node, uint32_t index, int rank, sld_uff_order *order)
{
    const sld_tf_attr *attr = sld_tf_attribute(node, "inputs_orders", SLD_TF_FOREIGN);
    *order = (sld_uff_order){.rank = rank};
    for (int i = 0; i < rank; i++) {
        order->axis[i] = i;
    }
    if (attr == NULL || !sld_tf_ok(node)) {
        return sld_tf_ok(node);
    }
    int64_t values[LIST_MAX];
    size_t count = read_list(attr->bytes, index, values);
    if (!expand(values, count, rank, order)) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "inputs_orders do not fit input %u, which has rank %d",
                    (unsigned)index, rank);
        return false;
    }
    return true;
}

static bool is_first(const sld_uff_order *order)
{
    for (int i = 0; i < order->rank; i++) {
        if (order->axis[i] != i) {
            return false;
        }
    }
    return true;
}

static bool is_last(const sld_uff_order *order)
{
    for (int i = 0; i < order->rank; i++) {
        if (order->axis[i] != (i == 0 ? 0 : i == order->rank - 1 ? 1 : i + 1)) {
            return false;
        }
    }
    return order->rank >= 3;
}

int sld_uff_image_layout(sld_tf_bytes bytes)
{
    int64_t values[LIST_MAX];
    sld_uff_order order;
    size_t count = read_list(bytes, 0, values);
    if (!expand(values, count, 4, &order)) {
        return -1;
    }
    return is_first(&order) ? 1 : is_last(&order) ? 0 : -1;
}

/* ---- images and filters ---- */

static sld_value *permuted(sld_tf_node *node, sld_tf_tensor *t, const sld_uff_order *order,
                           const int32_t *wanted)
{
    int32_t perm[SOLDER_MAX_RANK] = {0};
    for (int i = 0; i < order->rank; i++) {
        for (int j = 0; j < order->rank; j++) {
            if (order->axis[j] == wanted[i]) {
                perm[i] = j;
            }
        }
    }
    return sld_tf_transpose(node, perm, sld_tf_plain(node, t));
}

sld_uff_image sld_uff_take_image(sld_tf_node *node, uint32_t index)
{
    sld_uff_image image = {.format = "NHWC"};
    sld_tf_tensor *t = sld_tf_in(node, index);
    int rank = sld_tf_rank(t);
    int32_t canonical[SOLDER_MAX_RANK];
    if (sld_tf_ok(node) && rank < 3) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the input has rank %d", rank);
    }
    if (!sld_tf_ok(node) || !sld_uff_read_order(node, index, rank, &image.order) ||
        is_last(&image.order)) {
        return image;
    }
    image.format = "NCHW";
    image.turned = !is_first(&image.order);
    for (int i = 0; i < rank; i++) {
        canonical[i] = i;
    }
    if (image.turned) {
        sld_uff_put_input(node, index, permuted(node, t, &image.order, canonical));
    }
    return image;
}

void sld_uff_give_image(sld_tf_node *node, const sld_uff_image *image)
{
    if (!sld_tf_ok(node) || !image->turned || node->out[0] == NULL) {
        return;
    }
    sld_value *y = sld_tf_plain(node, node->out[0]);
    if (sld_tf_ok(node)) {
        sld_tf_set(node, 0, sld_tf_transpose(node, image->order.axis, y));
    }
}

void sld_uff_turn_filter(sld_tf_node *node, uint32_t index, uint32_t order, int32_t a, int32_t b)
{
    sld_tf_tensor *t = sld_tf_in(node, index);
    sld_uff_order have;
    int rank = sld_tf_rank(t);
    int32_t wanted[SOLDER_MAX_RANK];
    if (sld_tf_ok(node) && rank < 2) {
        sld_tf_fail(node, SOLDER_ERROR_DATA, "the filter has rank %d", rank);
    }
    if (!sld_tf_ok(node) || !sld_uff_read_order(node, order, rank, &have)) {
        return;
    }
    bool same = true;
    for (int i = 0; i < rank; i++) {
        wanted[i] = i == rank - 2 ? a : i == rank - 1 ? b : i + 2;
        same = same && wanted[i] == have.axis[i];
    }
    if (!same) {
        sld_uff_put_input(node, index, permuted(node, t, &have, wanted));
    }
}
