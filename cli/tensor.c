/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cli_dims_count(const solder_dims *dims, size_t *count)
{
    size_t product = 1;
    bool empty = false;
    for (int i = 0; i < dims->rank; i++) {
        if (dims->d[i] < 0) {
            return false;
        }
        if (dims->d[i] == 0) {
            empty = true;
        } else if ((uint64_t)dims->d[i] > (SIZE_MAX / 16) / product) {
            return false;
        } else {
            product *= (size_t)dims->d[i];
        }
    }
    *count = empty ? 0 : product;
    return true;
}

bool cli_dims_equal(const solder_dims *a, const solder_dims *b)
{
    return a->rank == b->rank && (a->rank <= 0 || memcmp(a->d, b->d, (size_t)a->rank * 8) == 0);
}

const char *cli_dims_text(const solder_dims *dims, char text[CLI_DIMS_TEXT])
{
    if (dims->rank <= 0) {
        return strcpy(text, dims->rank == 0 ? "scalar" : "unknown");
    }
    size_t used = 0;
    for (int i = 0; i < dims->rank && i < SOLDER_MAX_RANK; i++) {
        const char *separator = i > 0 ? "x" : "";
        int wrote = dims->d[i] < 0 ? snprintf(text + used, CLI_DIMS_TEXT - used, "%s?", separator)
                                   : snprintf(text + used, CLI_DIMS_TEXT - used, "%s%lld",
                                              separator, (long long)dims->d[i]);
        used += (size_t)wrote;
    }
    return text;
}

const char *cli_index_text(const solder_dims *dims, size_t flat, char text[CLI_DIMS_TEXT])
{
    solder_dims index = {dims->rank, {0}};
    for (int i = dims->rank - 1; i >= 0; i--) {
        size_t extent = (size_t)dims->d[i];
        index.d[i] = extent > 0 ? (int64_t)(flat % extent) : 0;
        flat = extent > 0 ? flat / extent : 0;
    }
    return cli_dims_text(&index, text);
}

int cli_tensor_create(const char *what, solder_dtype dtype, const solder_dims *dims,
                      cli_tensor *tensor)
{
    size_t count;
    char text[CLI_DIMS_TEXT];
    if (!cli_dims_count(dims, &count)) {
        return cli_fail(CLI_DATA, "%s: the shape %s is too large", what, cli_dims_text(dims, text));
    }
    *tensor = (cli_tensor){dtype, *dims, NULL, count * solder_dtype_size(dtype)};
    tensor->data = calloc(tensor->size > 0 ? tensor->size : 1, 1);
    if (tensor->data == NULL) {
        (void)cli_fail_memory(tensor->size);
        return cli_fail_within(CLI_MACHINE, "%s", what);
    }
    return CLI_DONE;
}

void cli_tensor_free(cli_tensor *tensor)
{
    free(tensor->data);
    memset(tensor, 0, sizeof *tensor);
}

static float bits_to_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t float_to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 0x1f;
    uint32_t fraction = half & 0x3ff;
    if (exponent == 0) {
        float magnitude = ldexpf((float)fraction, -24);
        return sign != 0 ? -magnitude : magnitude;
    }
    return bits_to_float(sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) |
                         fraction << 13);
}

/* Round to nearest, ties to even; overflow becomes infinity. */
static uint16_t float_to_half(float value)
{
    uint32_t bits = float_to_bits(value);
    uint16_t sign = (uint16_t)((bits >> 16) & 0x8000);
    float magnitude = fabsf(value);
    if (isnan(value)) {
        return (uint16_t)(sign | 0x7e00);
    }
    if (magnitude >= 65520.0f) {
        return (uint16_t)(sign | 0x7c00);
    }
    if (magnitude < ldexpf(1, -14)) {
        return (uint16_t)(sign | (uint16_t)nearbyintf(ldexpf(magnitude, 24)));
    }
    uint32_t rest = (bits & 0x7fffffff) - (112u << 23);
    rest += 0xfff + ((rest >> 13) & 1);
    return (uint16_t)(sign | (uint16_t)(rest >> 13));
}

static uint16_t float_to_bfloat(float value)
{
    uint32_t bits = float_to_bits(value);
    if (isnan(value)) {
        return (uint16_t)((bits >> 16) | 0x40);
    }
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

double cli_element(solder_dtype dtype, const void *data, size_t i)
{
    switch (dtype) {
    case SOLDER_F32:
        return (double)((const float *)data)[i];
    case SOLDER_F16:
        return (double)half_to_float(((const uint16_t *)data)[i]);
    case SOLDER_BF16:
        return (double)bits_to_float((uint32_t)((const uint16_t *)data)[i] << 16);
    case SOLDER_F64:
        return ((const double *)data)[i];
    case SOLDER_I8:
        return (double)((const int8_t *)data)[i];
    case SOLDER_U8:
    case SOLDER_BOOL:
        return (double)((const uint8_t *)data)[i];
    case SOLDER_I16:
        return (double)((const int16_t *)data)[i];
    case SOLDER_U16:
        return (double)((const uint16_t *)data)[i];
    case SOLDER_I32:
        return (double)((const int32_t *)data)[i];
    case SOLDER_U32:
        return (double)((const uint32_t *)data)[i];
    case SOLDER_I64:
        return (double)((const int64_t *)data)[i];
    case SOLDER_U64:
        return (double)((const uint64_t *)data)[i];
    default:
        return 0;
    }
}

bool cli_dtype_is_float(solder_dtype dtype)
{
    return dtype == SOLDER_F32 || dtype == SOLDER_F16 || dtype == SOLDER_BF16 ||
           dtype == SOLDER_F64;
}

/* Whether the integer type holds value, with both ends exact in double. */
static bool integer_holds(solder_dtype dtype, double value)
{
    static const struct {
        double low, past; /* low <= value < past */
    } range[] = {
        [SOLDER_I8] = {-0x1p7, 0x1p7},    [SOLDER_U8] = {0, 0x1p8},
        [SOLDER_I16] = {-0x1p15, 0x1p15}, [SOLDER_U16] = {0, 0x1p16},
        [SOLDER_I32] = {-0x1p31, 0x1p31}, [SOLDER_U32] = {0, 0x1p32},
        [SOLDER_I64] = {-0x1p63, 0x1p63}, [SOLDER_U64] = {0, 0x1p64},
        [SOLDER_BOOL] = {0, 2},
    };
    return value >= range[dtype].low && value < range[dtype].past && value == floor(value);
}

static void store_float(solder_dtype dtype, void *data, size_t i, double value)
{
    if (dtype == SOLDER_F64) {
        ((double *)data)[i] = value;
    } else if (dtype == SOLDER_F32) {
        ((float *)data)[i] = (float)value;
    } else {
        ((uint16_t *)data)[i] =
            dtype == SOLDER_F16 ? float_to_half((float)value) : float_to_bfloat((float)value);
    }
}

static void store_integer(solder_dtype dtype, void *data, size_t i, uint64_t value)
{
    switch (solder_dtype_size(dtype)) {
    case 1:
        ((uint8_t *)data)[i] = (uint8_t)value;
        break;
    case 2:
        ((uint16_t *)data)[i] = (uint16_t)value;
        break;
    case 4:
        ((uint32_t *)data)[i] = (uint32_t)value;
        break;
    default:
        ((uint64_t *)data)[i] = value;
        break;
    }
}

/* Integers of 64 bits keep all their bits; everything else is exact in double. */
static bool convert_element(solder_dtype from, const void *source, solder_dtype to, void *target,
                            size_t i)
{
    double value = cli_element(from, source, i);
    if (cli_dtype_is_float(to)) {
        store_float(to, target, i, value);
        return true;
    }
    if (!integer_holds(to, value)) {
        return false;
    }
    uint64_t bits;
    if (from == SOLDER_I64 || from == SOLDER_U64) {
        memcpy(&bits, (const char *)source + i * 8, 8);
        if (from != to && (bits >> 63) != 0 && (from == SOLDER_U64 || to == SOLDER_U64)) {
            return false;
        }
    } else {
        bits = value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value;
    }
    store_integer(to, target, i, bits);
    return true;
}

int cli_tensor_convert(const char *what, solder_dtype dtype, cli_tensor *tensor)
{
    if (dtype == tensor->dtype) {
        return CLI_DONE;
    }
    cli_tensor result;
    int status = cli_tensor_create(what, dtype, &tensor->dims, &result);
    if (status != CLI_DONE) {
        return status;
    }
    size_t count = result.size / solder_dtype_size(dtype);
    for (size_t i = 0; i < count; i++) {
        if (!convert_element(tensor->dtype, tensor->data, dtype, result.data, i)) {
            cli_tensor_free(&result);
            return cli_fail(CLI_DATA, "%s: element %zu is %.9g, which %s cannot hold", what, i,
                            cli_element(tensor->dtype, tensor->data, i), solder_dtype_name(dtype));
        }
    }
    cli_tensor_free(tensor);
    *tensor = result;
    return CLI_DONE;
}

int cli_tensor_transpose(const char *what, const int axes[SOLDER_MAX_RANK], cli_tensor *tensor)
{
    const solder_dims from = tensor->dims;
    solder_dims to = {from.rank, {0}};
    size_t stride[SOLDER_MAX_RANK]; /* in the source, of each axis of the result */
    for (int i = 0; i < from.rank; i++) {
        to.d[i] = from.d[axes[i]];
        stride[i] = 1;
        for (int k = axes[i] + 1; k < from.rank; k++) {
            stride[i] *= (size_t)from.d[k];
        }
    }
    cli_tensor result;
    int status = cli_tensor_create(what, tensor->dtype, &to, &result);
    if (status != CLI_DONE) {
        return status;
    }
    size_t element = solder_dtype_size(tensor->dtype);
    size_t index[SOLDER_MAX_RANK] = {0};
    size_t source = 0;
    for (size_t at = 0; at < result.size; at += element) {
        memcpy((char *)result.data + at, (char *)tensor->data + source * element, element);
        for (int i = to.rank - 1; i >= 0; i--) {
            source += stride[i];
            if (++index[i] < (size_t)to.d[i]) {
                break;
            }
            source -= stride[i] * index[i];
            index[i] = 0;
        }
    }
    cli_tensor_free(tensor);
    *tensor = result;
    return CLI_DONE;
}

uint64_t cli_random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void cli_tensor_random(uint64_t *state, cli_tensor *tensor)
{
    size_t element = solder_dtype_size(tensor->dtype);
    uint64_t below = tensor->dtype == SOLDER_BOOL ? 2 : tensor->dtype == SOLDER_U8 ? 256 : 8;
    for (size_t i = 0; i < tensor->size / element; i++) {
        uint64_t bits = cli_random_next(state);
        if (cli_dtype_is_float(tensor->dtype)) {
            store_float(tensor->dtype, tensor->data, i, (double)(bits >> 40) * 0x1p-23 - 1);
        } else {
            store_integer(tensor->dtype, tensor->data, i, bits % below);
        }
    }
}
