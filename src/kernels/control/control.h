/* SPDX-License-Identifier: Apache-2.0 */
/*
 * If and Loop: operators that run networks of their own, their bodies. No kernel computes them: the
 * evaluator and the executor do.
 */
#ifndef SLD_KERNELS_CONTROL_H
#define SLD_KERNELS_CONTROL_H

#include "kernels/kernel.h"

/* Bodies in bodies. */
#define SLD_BODY_DEPTH_MAX 8
/* Iterations of one loop unless the runtime's options say otherwise. */
#define SLD_LOOP_MAX ((int64_t)1 << 30)

/*
 * If: inputs condition (bool, one element), captured... Bodies: then, else; both take the captured
 * values and give the outputs.
 */
typedef struct sld_if_params {
    int32_t refused; /* sld_refused */
} sld_if_params;

/* The branch that these shapes make impossible: its body only says what the other gives, and taking
 * it is an error. */
typedef enum sld_refused {
    SLD_REFUSED_NONE = 0,
    SLD_REFUSED_THEN,
    SLD_REFUSED_ELSE,
    SLD_REFUSED_COUNT
} sld_refused;

static inline bool sld_if_refuses(const sld_if_params *params, uint32_t body)
{
    return params->refused == (int32_t)body + 1;
}

#define SLD_IF_REFUSAL(body)                                                                       \
    ((body) == 0 ? "its then branch cannot run with these shapes"                                  \
                 : "its else branch cannot run with these shapes")

/* What becomes of a value that a loop's body gives in every iteration. */
typedef enum sld_scan_mode {
    SLD_SCAN_STACK = 0, /* along a new axis 0 */
    SLD_SCAN_CONCAT     /* along axis 0; its extents may differ */
} sld_scan_mode;

/*
 * Loop: inputs trip count (integer, one element; absent: no limit), condition to enter (bool, one
 * element; absent: true), carried..., scanned..., captured...
 * Its body takes (iteration i64 scalar, carried..., a slice along axis 0 of each scanned...,
 * captured...) and gives (condition to go on, carried..., scans...). Outputs: the last carried
 * values, then the scans. With scanned inputs the loop ends where they end.
 */
typedef struct sld_loop_params {
    int32_t carried_count;
    int32_t scanned_count;
    int32_t scan_count;
    int32_t scan_mode[SLD_MAX_OUTPUTS]; /* sld_scan_mode */
} sld_loop_params;

enum {
    SLD_LOOP_TRIP = 0,
    SLD_LOOP_CONDITION,
    SLD_LOOP_FIRST /* carried, scanned, captured */
};

#endif
