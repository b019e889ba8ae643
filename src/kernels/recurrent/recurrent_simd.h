/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of the cells, vectorised; included once per instruction set. */
#include "kernels/activation/activate_simd.h"
#include "kernels/recurrent/recurrent_gemm.h"

static SLD_ALWAYS_INLINE vf clipped(vf x, float clip)
{
    vf limit = vf_set1(clip);
    return clip > 0.0f ? vf_clamp(x, vf_sub(vf_zero(), limit), limit) : x;
}

/* w x + r h of a gate, columns from j on. */
static SLD_ALWAYS_INLINE vf gate_sum(const sld_recurrent_cell *cell, int64_t gate, int64_t j,
                                     vm live)
{
    int64_t at = gate * cell->hidden + j;
    return vf_add(vf_load_m(cell->from_x + at, live), vf_load_m(cell->from_h + at, live));
}

static SLD_ALWAYS_INLINE vf peep(const sld_recurrent_cell *cell, int64_t which, int64_t j, vf c,
                                 vf sum, vm live)
{
    const float *p = cell->peephole;
    return p == NULL ? sum : vf_fma(vf_load_m(p + which * cell->hidden + j, live), c, sum);
}

static void lstm_cell(const sld_recurrent_cell *cell)
{
    const float clip = cell->params->clip;
    for (int64_t j = 0; j < cell->count; j += VF) {
        vm live = vm_first(cell->count - j);
        vf c = vf_load_m(cell->content + j, live);
        vf sum = peep(cell, 0, j, c, gate_sum(cell, 0, j, live), live);
        vf input = vf_activate(&cell->f, clipped(sum, clip));
        vf forget = vf_sub(vf_set1(1.0f), input);
        if (cell->params->input_forget == 0) {
            sum = peep(cell, 2, j, c, gate_sum(cell, 2, j, live), live);
            forget = vf_activate(&cell->f, clipped(sum, clip));
        }
        vf fresh = vf_activate(&cell->g, clipped(gate_sum(cell, 3, j, live), clip));
        c = clipped(vf_fma(forget, c, vf_mul(input, fresh)), cell->params->cell_clip);
        sum = peep(cell, 1, j, c, gate_sum(cell, 1, j, live), live);
        vf output = vf_activate(&cell->f, clipped(sum, clip));
        vf h = vf_mul(output, vf_activate(&cell->h, c));
        vf_store_m(cell->content + j, c, live);
        vf_store_m(cell->state + j, h, live);
        vf_store_m(cell->y + j, h, live);
    }
}

static void gru_gates(const sld_recurrent_cell *cell)
{
    const float clip = cell->params->clip;
    for (int64_t j = 0; j < cell->count; j += VF) {
        vm live = vm_first(cell->count - j);
        vf update = vf_activate(&cell->f, clipped(gate_sum(cell, 0, j, live), clip));
        vf reset = vf_activate(&cell->f, clipped(gate_sum(cell, 1, j, live), clip));
        vf_store_m(cell->from_h + j, update, live);
        vf_store_m(cell->from_h + cell->hidden + j, reset, live);
        vf_store_m(cell->scaled + j, vf_mul(reset, vf_load_m(cell->state + j, live)), live);
    }
}

static void gru_cell(const sld_recurrent_cell *cell)
{
    const float clip = cell->params->clip;
    for (int64_t j = 0; j < cell->count; j += VF) {
        vm live = vm_first(cell->count - j);
        vf update = vf_load_m(cell->from_h + j, live);
        vf inner = vf_load_m(cell->from_h + 2 * cell->hidden + j, live);
        if (cell->params->linear_before_reset != 0) {
            if (cell->r_bias != NULL) {
                inner = vf_add(inner, vf_load_m(cell->r_bias + j, live));
            }
            inner = vf_mul(inner, vf_load_m(cell->from_h + cell->hidden + j, live));
        }
        vf sum = vf_add(vf_load_m(cell->from_x + 2 * cell->hidden + j, live), inner);
        vf fresh = vf_activate(&cell->g, clipped(sum, clip));
        vf old = vf_load_m(cell->state + j, live);
        vf share = vf_sub(vf_set1(1.0f), update);
        vf h = vf_fma(update, old, vf_mul(share, fresh));
        vf_store_m(cell->state + j, h, live);
        vf_store_m(cell->y + j, h, live);
    }
}

static void rnn_cell(const sld_recurrent_cell *cell)
{
    for (int64_t j = 0; j < cell->count; j += VF) {
        vm live = vm_first(cell->count - j);
        vf h = vf_activate(&cell->f, clipped(gate_sum(cell, 0, j, live), cell->params->clip));
        vf_store_m(cell->state + j, h, live);
        vf_store_m(cell->y + j, h, live);
    }
}

/* ---- the kernels of one instruction set; isa is the file's ---- */

#define RECURRENT_KERNEL(name_, gates, level, LEVEL)                                               \
    static size_t name_##_workspace(const sld_run *run, int threads)                               \
    {                                                                                              \
        return sld_recurrent_gemm_workspace(run, threads, gates, &isa);                            \
    }                                                                                              \
    static solder_status name_##_run(const sld_run *run)                                           \
    {                                                                                              \
        return sld_recurrent_gemm_run(run, gates, &isa);                                           \
    }                                                                                              \
    const sld_kernel sld_##name_##_f32_##level = {.name = #name_ "_f32_" #level,                   \
                                                  .family = #name_,                                \
                                                  .isa = SLD_ISA_##LEVEL,                          \
                                                  .supports = sld_recurrent_gemm_supports,         \
                                                  .workspace = name_##_workspace,                  \
                                                  .packing = weight_packing,                       \
                                                  .run = name_##_run};

#define RECURRENT_KERNELS(level, LEVEL)                                                            \
    static const sld_packing *weight_packing(const sld_run *run, uint32_t index)                   \
    {                                                                                              \
        (void)run;                                                                                 \
        bool weights = index == SLD_RECURRENT_W || index == SLD_RECURRENT_R ||                     \
                       index == SLD_RECURRENT_PROJECTION;                                          \
        return weights ? isa.packing : NULL;                                                       \
    }                                                                                              \
    RECURRENT_KERNEL(lstm, SLD_LSTM_GATES, level, LEVEL)                                           \
    RECURRENT_KERNEL(gru, SLD_GRU_GATES, level, LEVEL)                                             \
    RECURRENT_KERNEL(rnn, SLD_RNN_GATES, level, LEVEL)
