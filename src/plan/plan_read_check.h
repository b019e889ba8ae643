/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the plan_read files only. */
#ifndef SLD_PLAN_PLAN_READ_CHECK_H
#define SLD_PLAN_PLAN_READ_CHECK_H

#include "plan/plan_read.h"

typedef struct sld_plan_check {
    const sld_plan *plan;
    sld_diag *diag;
    uint8_t *seen; /* scratch: one byte per symbol or tensor */
} sld_plan_check;

/* The contents of the sections, once their places and hashes are known to be good. */
solder_status sld_plan_check_contents(sld_plan_check *c);

#endif
