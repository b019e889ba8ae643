/* SPDX-License-Identifier: Apache-2.0 */
/* What If and Loop need of their operands; what their bodies must be is the runtime's to check. */
#include "kernels/call_check.h"

static bool is_one(const sld_tensor *t)
{
    return t->rank == 0 || (t->rank == 1 && t->dim[0] == 1);
}

static bool is_condition(const sld_tensor *t)
{
    return t->dtype == SOLDER_BOOL && is_one(t);
}

static const char *check_present(const sld_run *run, uint32_t first)
{
    for (uint32_t i = first; i < run->in_count; i++) {
        SLD_CHECK(sld_tensor_present(&run->in[i]), "an input is missing");
    }
    for (uint32_t i = 0; i < run->out_count; i++) {
        SLD_CHECK(sld_tensor_present(&run->out[i]), "an output is missing");
    }
    return NULL;
}

const char *sld_check_if(const sld_run *run)
{
    const sld_if_params *p = run->params;
    SLD_CHECK(run->in_count >= 1 && run->out_count >= 1 && p->refused >= 0 &&
                  p->refused < SLD_REFUSED_COUNT,
              "operands are missing or parameters out of range");
    SLD_CHECK_TRY(check_present(run, 0));
    SLD_CHECK(is_condition(&run->in[0]), "the condition must be one bool");
    return NULL;
}

const char *sld_check_loop(const sld_run *run)
{
    const sld_loop_params *p = run->params;
    SLD_CHECK(p->carried_count >= 0 && p->carried_count <= SLD_MAX_INPUTS &&
                  p->scanned_count >= 0 && p->scanned_count <= SLD_MAX_INPUTS &&
                  p->scan_count >= 0 && p->scan_count <= SLD_MAX_OUTPUTS,
              "counts are out of range");
    uint32_t carried = (uint32_t)p->carried_count;
    uint32_t scanned = (uint32_t)p->scanned_count;
    uint32_t lists = SLD_LOOP_FIRST + carried + scanned;
    SLD_CHECK(run->out_count >= 1 && run->out_count == carried + (uint32_t)p->scan_count &&
                  (run->in_count >= lists || carried + scanned == 0),
              "the operands are not what the counts say");
    SLD_CHECK_TRY(check_present(run, SLD_LOOP_FIRST));
    SLD_CHECK(
        !sld_check_has(run, SLD_LOOP_TRIP) ||
            (sld_dtype_is_integer(run->in[SLD_LOOP_TRIP].dtype) && is_one(&run->in[SLD_LOOP_TRIP])),
        "the trip count must be one integer");
    SLD_CHECK(!sld_check_has(run, SLD_LOOP_CONDITION) || is_condition(&run->in[SLD_LOOP_CONDITION]),
              "the condition must be one bool");
    for (uint32_t i = 0; i < carried; i++) {
        const sld_tensor *x = &run->in[SLD_LOOP_FIRST + i];
        SLD_CHECK(x->dtype == run->out[i].dtype && x->rank == run->out[i].rank,
                  "a carried value changes type or rank");
    }
    for (uint32_t i = SLD_LOOP_FIRST + carried; i < lists && scanned > 0; i++) {
        SLD_CHECK(run->in[i].rank > 0 &&
                      run->in[i].dim[0] == run->in[SLD_LOOP_FIRST + carried].dim[0],
                  "scanned values have no common length");
    }
    for (int i = 0; i < p->scan_count; i++) {
        SLD_CHECK(p->scan_mode[i] == SLD_SCAN_STACK || p->scan_mode[i] == SLD_SCAN_CONCAT,
                  "a scan mode is unknown");
        SLD_CHECK(run->out[carried + (uint32_t)i].rank > 0, "a scan has no axis 0");
    }
    return NULL;
}
