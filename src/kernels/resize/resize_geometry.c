/* SPDX-License-Identifier: Apache-2.0 */
/* The exact fraction behind a float scale. */
#include "kernels/resize/resize.h"

#include <math.h>

bool sld_resize_ratio(float scale, int64_t *num, int64_t *den)
{
    double s = (double)scale;
    if (!(s > 0x1p-30 && s < 0x1p30)) {
        return false;
    }
    for (int64_t q = 1; q <= 1024; q++) {
        double p = nearbyint(s * (double)q);
        if (p >= 1 && (float)(p / (double)q) == scale) {
            *num = (int64_t)p;
            *den = q;
            return true;
        }
    }
    int exponent;
    double mantissa = frexp(s, &exponent); /* s = mantissa 2^exponent, 24 significant bits */
    int64_t bits = (int64_t)ldexp(mantissa, 24);
    int shift = 24 - exponent;
    *num = shift >= 0 ? bits : bits << -shift;
    *den = shift >= 0 ? INT64_C(1) << shift : 1;
    return true;
}
