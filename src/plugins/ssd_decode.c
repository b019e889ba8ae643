/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/ssd_decode.h"

#include <math.h>

static sld_box from_center(const float *p, const float *v, const float d[4])
{
    float w = p[2] - p[0];
    float h = p[3] - p[1];
    float x = v[0] * d[0] * w + (p[0] + p[2]) / 2;
    float y = v[1] * d[1] * h + (p[1] + p[3]) / 2;
    float half_w = expf(v[2] * d[2]) * w / 2;
    float half_h = expf(v[3] * d[3]) * h / 2;
    return (sld_box){x - half_w, y - half_h, x + half_w, y + half_h};
}

static sld_box from_corners(const float *p, const float *v, const float *d, bool in_sizes)
{
    float sx = in_sizes ? p[2] - p[0] : 1;
    float sy = in_sizes ? p[3] - p[1] : 1;
    return (sld_box){p[0] + v[0] * d[0] * sx, p[1] + v[1] * d[1] * sy, p[2] + v[2] * d[2] * sx,
                     p[3] + v[3] * d[3] * sy};
}

sld_box sld_ssd_decode(const sld_ssd *s, size_t image, size_t label, size_t prior)
{
    static const float ones[4] = {1, 1, 1, 1};
    size_t at = (image * s->prior_count + prior) * s->boxes + (s->boxes > 1 ? label : 0);
    const float *d = s->location + at * 4;
    const float *p = s->priors + image * s->prior_step + prior * 4;
    const float *v = s->encoded ? ones : p + s->prior_count * 4;
    sld_box box;
    if (s->code == SLD_SSD_CENTER_SIZE) {
        box = from_center(p, v, d);
    } else if (s->code == SLD_SSD_TF_CENTER) {
        box = from_center(p, v, (const float[]){d[1], d[0], d[3], d[2]});
    } else {
        box = from_corners(p, v, d, s->code == SLD_SSD_CORNER_SIZE);
    }
    return s->clip ? sld_box_clipped(&box) : box;
}
