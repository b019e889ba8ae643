/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows dealt out by number and put back in order, as lookups in tables of several parts do it:
 *
 *     rows p of DynamicPartition = those of data where partitions == p
 *     DynamicStitch              = the rows of all data, each at its index
 *
 * How many rows a stitch gives is known where the indices are constants, or 0, 1, 2 ... dealt out.
 */
#include "import/tensorflow/tf_loop.h"
#include "import/tensorflow/tf_ops.h"

#define PARTS_MAX 256

/* What was dealt out by the same partitions shares its row numbers, so that counts agree. */
struct sld_tf_dealing {
    const sld_value *partitions;
    sld_value **rows; /* i64, by part */
    uint32_t count;
    struct sld_tf_dealing *next;
};

static void *take(sld_tf_node *node, size_t count, size_t size)
{
    void *p = sld_arena_array(&node->tf->arena, count, size);
    if (p == NULL && sld_tf_ok(node)) {
        node->status = sld_fail_memory(node->tf->diag, count);
    }
    return sld_tf_ok(node) ? p : NULL;
}

static const struct sld_tf_dealing *deal(sld_tf_node *node, sld_value *partitions, uint32_t count)
{
    for (const struct sld_tf_dealing *d = node->tf->dealings; d != NULL; d = d->next) {
        if (d->partitions == partitions && d->count == count) {
            return d;
        }
    }
    struct sld_tf_dealing *d = take(node, 1, sizeof *d);
    sld_value **rows = take(node, count, sizeof(sld_value *));
    for (uint32_t i = 0; i < count && sld_tf_ok(node); i++) {
        sld_value *number = sld_tf_scalar(node, partitions->dtype, i);
        sld_value *mine = sld_tf_binary(node, SLD_BINARY_EQUAL, partitions, number);
        mine = sld_tf_emit(node, SLD_OP_NONZERO, NULL, &mine, 1);
        rows[i] = sld_tf_reshape(node, (int64_t[]){0}, 1, mine);
    }
    if (!sld_tf_ok(node)) {
        return NULL;
    }
    *d = (struct sld_tf_dealing){partitions, rows, count, node->tf->dealings};
    node->tf->dealings = d;
    return d;
}

void sld_tf_dynamic_partition(sld_tf_node *node, int told)
{
    (void)told;
    sld_value *data = sld_tf_input(node, 0), *partitions = sld_tf_input(node, 1);
    int64_t count = sld_tf_int(node, "num_partitions", 0);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (partitions->shape.rank != 1 || data->shape.rank < 1 || count < 1 || count > PARTS_MAX) {
        sld_tf_unsupported(node, "%lld parts by numbers of rank %d", (long long)count,
                           partitions->shape.rank);
        return;
    }
    const struct sld_tf_dealing *d = deal(node, partitions, (uint32_t)count);
    sld_tf_outputs(node, count);
    for (uint32_t i = 0; i < (uint32_t)count && sld_tf_ok(node); i++) {
        sld_tf_set(node, i, sld_tf_gather(node, data, d->rows[i], 0));
        if (sld_tf_ok(node)) {
            node->out[i]->dealing = d;
            node->out[i]->dealt = data;
            node->out[i]->part = i;
        }
    }
}

/* ---- stitching ---- */

/* Are the first inputs all parts of 0, 1, 2 ...? */
static const struct sld_tf_dealing *whole_order(const sld_tf_node *node, uint32_t count)
{
    const sld_tf_tensor *first = node->in[0];
    if (first->dealing == NULL || first->dealing->count != count ||
        !sld_tf_counts_all(node->tf->graph, first->dealt, first->dealing->partitions)) {
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        const sld_tf_tensor *t = node->in[i];
        if (t->dealing != first->dealing || t->dealt != first->dealt || t->part != i) {
            return NULL;
        }
    }
    return first->dealing;
}

/* The rows in the order of their parts, each put where its index says. */
static void put_back(sld_tf_node *node, const struct sld_tf_dealing *d, uint32_t count)
{
    const sld_shape_params one = {.start = 0, .end = 1};
    sld_value **rows = take(node, count, sizeof(sld_value *));
    for (uint32_t i = 0; i < count && sld_tf_ok(node); i++) {
        rows[i] = sld_tf_input(node, count + i);
    }
    sld_value *all = sld_tf_ok(node) ? sld_tf_concat(node, rows, count, 0) : NULL;
    sld_value *at = sld_tf_ok(node) ? sld_tf_concat(node, d->rows, count, 0) : NULL;
    sld_value *partitions = (sld_value *)(uintptr_t)d->partitions;
    sld_value *dims = sld_tf_emit(node, SLD_OP_SHAPE, &one, &partitions, 1);
    if (!sld_tf_ok(node)) {
        return;
    }
    if (all->shape.rank > 1) {
        const sld_shape_params rest = {.start = 1, .end = all->shape.rank};
        sld_value *inner = sld_tf_emit(node, SLD_OP_SHAPE, &rest, &all, 1);
        dims = sld_tf_concat(node, (sld_value *[]){dims, inner}, 2, 0);
    }
    const sld_fill_params zeros = {.dtype = (int32_t)all->dtype};
    const sld_scatter_params set = {.kind = SLD_SCATTER_ND, .reduction = SLD_SCATTER_SET};
    sld_value *in[] = {sld_tf_emit(node, SLD_OP_FILL, &zeros, &dims, 1),
                       sld_tf_unsqueeze(node, at, 1, 1), all};
    sld_tf_set(node, 0, sld_tf_emit(node, SLD_OP_SCATTER, &set, in, 3));
}

/* Constant indices that name every row once: where in the parts, one behind the other, each is. */
static int64_t *find_places(sld_tf_node *node, uint32_t count, size_t *total)
{
    size_t counts[PARTS_MAX], at = 0;
    *total = 0;
    for (uint32_t i = 0; i < count; i++) {
        const sld_value *index = sld_tf_input(node, i);
        if (!sld_tf_ok(node) || !sld_value_is_constant(index) ||
            !sld_tf_known_count(node, index, &counts[i])) {
            return NULL;
        }
        *total += counts[i];
    }
    int64_t *places = take(node, *total, sizeof *places);
    for (size_t i = 0; places != NULL && i < *total; i++) {
        places[i] = -1;
    }
    for (uint32_t i = 0; i < count && places != NULL; i++) {
        for (size_t j = 0; j < counts[i]; j++, at++) {
            int64_t row;
            if (!sld_tf_known_at(node, sld_tf_input(node, i), j, &row) || row < 0 ||
                row >= (int64_t)*total || places[row] >= 0) {
                return NULL;
            }
            places[row] = (int64_t)at;
        }
    }
    return places;
}

void sld_tf_dynamic_stitch(sld_tf_node *node, int told)
{
    (void)told;
    uint32_t count = node->in_count / 2;
    for (uint32_t i = 0; i < node->in_count; i++) {
        (void)sld_tf_in(node, i);
    }
    if (count == 0 || count > PARTS_MAX || node->in_count % 2 != 0) {
        sld_tf_unsupported(node, "%u inputs", (unsigned)node->in_count);
        return;
    }
    const struct sld_tf_dealing *d = whole_order(node, count);
    if (d != NULL) {
        put_back(node, d, count);
        return;
    }
    size_t total;
    const int64_t *places = find_places(node, count, &total);
    if (places == NULL) {
        sld_tf_unsupported(node, "indices that are not known to name every row once");
        return;
    }
    sld_value **rows = take(node, count, sizeof(sld_value *));
    for (uint32_t i = 0; i < count && sld_tf_ok(node); i++) {
        sld_value *data = sld_tf_input(node, count + i);
        rows[i] = sld_tf_rank(node->in[i]) == 0 ? sld_tf_unsqueeze(node, data, 0, 1) : data;
    }
    sld_value *all = sld_tf_ok(node) ? sld_tf_concat(node, rows, count, 0) : NULL;
    sld_tf_set(node, 0, sld_tf_gather(node, all, sld_tf_vector(node, places, total), 0));
}
