/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorFlow 1 writes a dilated convolution as SpaceToBatchND, a plain one, BatchToSpaceND:
 *
 *     x -> pads -> blocks in the batch -> Conv(VALID) -> blocks back -> crops     is
 *     x -> Conv(dilation = block, pads less crops)
 */
#include "import/tensorflow/tf_ops.h"

void sld_tf_remember_blocked(sld_tf_node *node, const sld_tf_blocked *blocked)
{
    if (!sld_tf_ok(node) || node->out[0] == NULL) {
        return;
    }
    sld_tf_blocked *kept = sld_arena_alloc(&node->tf->arena, sizeof *kept);
    if (kept == NULL) {
        node->status = sld_fail_memory(node->tf->diag, sizeof *kept);
        return;
    }
    *kept = *blocked;
    node->out[0]->blocked = kept;
}

sld_value *sld_tf_unblocked(sld_tf_node *node, const sld_tf_tensor *t, int count,
                            const int64_t *block, const int64_t *crop_begin,
                            const int64_t *crop_end)
{
    const sld_tf_blocked *b = t->blocked;
    if (!sld_tf_ok(node) || b == NULL || b->weight == NULL || b->spatial != count) {
        return NULL;
    }
    sld_conv_params params = {.spatial = count, .groups = b->groups, .pad_mode = SLD_PAD_EXPLICIT};
    for (int i = 0; i < count; i++) {
        int64_t begin = b->pad_begin[i] - crop_begin[i], end = b->pad_end[i] - crop_end[i];
        if (b->block[i] != block[i] || begin < 0 || end < 0) {
            return NULL;
        }
        params.stride[i] = 1;
        params.dilation[i] = (int32_t)block[i];
        params.pad_begin[i] = (int32_t)begin;
        params.pad_end[i] = (int32_t)end;
    }
    return sld_tf_emit(node, SLD_OP_CONVOLUTION, &params, (sld_value *[]){b->x, b->weight}, 2);
}
