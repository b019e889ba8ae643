/* SPDX-License-Identifier: Apache-2.0 */
/* What the shipped plugins ask of attributes and shapes. */
#ifndef SLD_PLUGINS_CHECKS_H
#define SLD_PLUGINS_CHECKS_H

#include <math.h>

#include "solder/plugin.h"

/* Of an empty list: true. */
static inline bool sld_all_positive(const float *values, int count)
{
    bool positive = true;
    for (int i = 0; i < count; i++) {
        positive = positive && values[i] > 0 && isfinite(values[i]);
    }
    return positive;
}

/* The product of the dimensions from that one on; SOLDER_EXPR_NONE if there is none. */
static inline solder_expr sld_elements_from(const solder_plugin_infer *i, const solder_shape *s,
                                            int from)
{
    solder_expr product = s->rank > from ? s->d[from] : SOLDER_EXPR_NONE;
    for (int j = from + 1; j < s->rank; j++) {
        product = solder_expr_mul(i, product, s->d[j]);
    }
    return product;
}

#endif
