/* SPDX-License-Identifier: Apache-2.0 */
/* Windows and mel filters of a known size: constants, computed in double. */
#include <math.h>

#include "import/onnx/onnx_ops.h"

#define PI 3.14159265358979323846

/* The one whole number of an input, at least 1; 0 after a failure. */
static int64_t known_size(sld_onnx_node *node, uint32_t index, const char *what)
{
    const int64_t *ints;
    size_t count;
    sld_value *value = sld_onnx_required(node, index);
    if (!sld_onnx_ok(node)) {
        return 0;
    }
    if (!sld_onnx_known_ints(node, value, &ints, &count)) {
        sld_onnx_unsupported(node, "a %s that is not constant", what);
        return 0;
    }
    if (count != 1 || ints[0] < 1) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "%s must be one number above 0", what);
        return 0;
    }
    return ints[0];
}

static solder_dtype output_type(sld_onnx_node *node)
{
    int32_t elem = sld_onnx_int_in(node, "output_datatype", 1, 0, INT32_MAX);
    solder_dtype dtype = sld_onnx_dtype(elem);
    if (dtype == SOLDER_NONE) {
        sld_onnx_unsupported(node, "output_datatype %s", sld_onnx_elem_name(elem));
    }
    return dtype;
}

/* a - b cos(t) + c cos(2 t): Hann, Hamming, Blackman. */
void sld_onnx_window(sld_onnx_node *node, int told)
{
    static const double terms[][3] = {{0.5, 0.5, 0}, {25.0 / 46, 21.0 / 46, 0}, {0.42, 0.5, 0.08}};
    const double *w = terms[told];
    solder_dtype dtype = output_type(node);
    bool periodic = sld_onnx_bool(node, "periodic", true);
    int64_t size = known_size(node, 0, "size");
    uint8_t *data = sld_onnx_ok(node) ? sld_onnx_made_room(node, dtype, 1, &size) : NULL;
    if (data == NULL) {
        return;
    }
    /* The formula divides by 0 for a symmetric window of one element, whose middle that is. */
    double period = periodic ? (double)size : (double)(size - 1);
    for (int64_t i = 0; i < size; i++) {
        double c = cos(period == 0 ? PI : 2 * PI * (double)i / period);
        sld_store_f64(dtype, data + (size_t)i * solder_dtype_size(dtype),
                      w[0] - w[1] * c + w[2] * (2 * c * c - 1));
    }
    node->out[0] = sld_onnx_made(node, dtype, 1, &size, data);
}

/* ---- MelWeightMatrix ---- */

typedef struct mel {
    int64_t bands, length, rate; /* of the transform, of the samples */
    double low, high;            /* hertz */
    solder_dtype dtype;
} mel;

static double known_hertz(sld_onnx_node *node, uint32_t index, const char *what)
{
    double hertz = 0;
    sld_value *value = sld_onnx_required(node, index);
    if (sld_onnx_ok(node) && !sld_onnx_known_real(value, &hertz)) {
        sld_onnx_unsupported(node, "a %s that is not constant", what);
    }
    return hertz;
}

/* The bin of the transform in which edge i of the bands lies. */
static double edge_bin(const mel *m, int64_t i)
{
    double low = 2595 * log10(1 + m->low / 700), high = 2595 * log10(1 + m->high / 700);
    double step = (high - low) / (double)(m->bands + 2);
    double hertz = 700 * (pow(10, ((double)i * step + low) / 2595) - 1);
    return floor((double)(m->length + 1) * hertz / (double)m->rate);
}

/* A triangle from 0 at low over 1 at middle to 0 at high. */
static double weight(int64_t bin, int64_t low, int64_t middle, int64_t high)
{
    if (bin == middle) {
        return 1;
    }
    if (bin < low || bin >= high) {
        return 0;
    }
    return bin < middle ? (double)(bin - low) / (double)(middle - low)
                        : (double)(high - bin) / (double)(high - middle);
}

static void fill_bands(sld_onnx_node *node, const mel *m, int64_t bins, uint8_t *data)
{
    size_t size = solder_dtype_size(m->dtype);
    for (int64_t band = 0; band < m->bands; band++) {
        double edge[3];
        for (int i = 0; i < 3; i++) {
            edge[i] = edge_bin(m, band + i);
            if (!(edge[i] >= 0 && edge[i] < (double)(bins + (i == 2)))) {
                sld_onnx_fail(node, SOLDER_ERROR_DATA, "band %lld leaves the %lld bins",
                              (long long)band, (long long)bins);
                return;
            }
        }
        for (int64_t bin = 0; bin < bins; bin++) {
            sld_store_f64(m->dtype, data + (size_t)(bin * m->bands + band) * size,
                          weight(bin, (int64_t)edge[0], (int64_t)edge[1], (int64_t)edge[2]));
        }
    }
}

void sld_onnx_mel_weights(sld_onnx_node *node, int told)
{
    (void)told;
    const mel m = {.bands = known_size(node, 0, "num_mel_bins"),
                   .length = known_size(node, 1, "dft_length"),
                   .rate = known_size(node, 2, "sample_rate"),
                   .low = known_hertz(node, 3, "lower_edge_hertz"),
                   .high = known_hertz(node, 4, "upper_edge_hertz"),
                   .dtype = output_type(node)};
    if (sld_onnx_ok(node) && !(m.low >= 0 && m.low < m.high)) {
        sld_onnx_fail(node, SOLDER_ERROR_DATA, "bands from %g to %g hertz", m.low, m.high);
    }
    const int64_t dims[] = {m.length / 2 + 1, m.bands};
    uint8_t *data = sld_onnx_ok(node) ? sld_onnx_made_room(node, m.dtype, 2, dims) : NULL;
    if (data == NULL) {
        return;
    }
    fill_bands(node, &m, dims[0], data);
    node->out[0] = sld_onnx_made(node, m.dtype, 2, dims, data);
}
