/* SPDX-License-Identifier: Apache-2.0 */
/* Caffe's mean file: one BlobProto. Fields 1 to 4 num, channels, height, width; 5 data; 7 shape. */
#include "files.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

typedef struct wire {
    const uint8_t *at, *end;
} wire;

typedef struct blob {
    uint64_t channels;
    const uint8_t *data; /* packed floats */
    size_t count;
} blob;

static bool read_varint(wire *w, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && w->at < w->end; shift += 7) {
        uint8_t byte = *w->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

/* The next field; bytes is what a length-delimited one holds. */
static bool read_field(wire *w, uint64_t *number, unsigned *type, uint64_t *value, wire *bytes)
{
    uint64_t key;
    if (!read_varint(w, &key)) {
        return false;
    }
    *number = key >> 3;
    *type = (unsigned)(key & 7);
    if (*type == 0) {
        return read_varint(w, value);
    }
    uint64_t size = *type == 1 ? 8 : 4;
    if (*type == 2 ? !read_varint(w, &size) : (*type != 1 && *type != 5)) {
        return false;
    }
    if (size > (uint64_t)(w->end - w->at)) {
        return false;
    }
    *bytes = (wire){w->at, w->at + size};
    w->at += size;
    return true;
}

/* Channels of BlobShape: the third dimension from the end. */
static bool read_shape(wire w, uint64_t *channels)
{
    uint64_t dims[8];
    size_t rank = 0;
    while (w.at < w.end) {
        uint64_t number;
        uint64_t value;
        unsigned type;
        wire packed = {NULL, NULL};
        if (!read_field(&w, &number, &type, &value, &packed)) {
            return false;
        }
        if (number == 1 && type == 0 && rank < 8) {
            dims[rank++] = value;
        }
        while (number == 1 && type == 2 && packed.at < packed.end && rank < 8) {
            if (!read_varint(&packed, &dims[rank++])) {
                return false;
            }
        }
    }
    *channels = rank >= 3 ? dims[rank - 3] : 1;
    return true;
}

static bool read_blob(wire w, blob *b)
{
    while (w.at < w.end) {
        uint64_t number;
        uint64_t value = 0;
        unsigned type;
        wire bytes = {NULL, NULL};
        if (!read_field(&w, &number, &type, &value, &bytes)) {
            return false;
        }
        if (number == 2 && type == 0) {
            b->channels = value;
        } else if (number == 7 && type == 2 && !read_shape(bytes, &b->channels)) {
            return false;
        } else if (number == 5 && type == 2) {
            b->data = bytes.at;
            b->count = (size_t)(bytes.end - bytes.at) / 4;
        }
    }
    return true;
}

int cli_read_mean(const char *path, float mean[4], size_t *count)
{
    uint8_t *data;
    size_t size;
    *count = 0;
    int status = cli_file_read(path, &data, &size);
    if (status != CLI_DONE) {
        return status;
    }
    blob b = {1, NULL, 0};
    if (!read_blob((wire){data, data + size}, &b)) {
        status = cli_fail(CLI_DATA, "%s: not a Caffe mean file", path);
    } else if (b.count == 0 || b.channels < 1 || b.channels > 4 || b.count % b.channels != 0) {
        status = cli_fail(CLI_DATA, "%s: a mean file of %zu values and %llu channels", path,
                          b.count, (unsigned long long)b.channels);
    } else {
        size_t plane = b.count / (size_t)b.channels;
        for (size_t c = 0; c < (size_t)b.channels; c++) {
            double sum = 0;
            for (size_t i = 0; i < plane; i++) {
                float value;
                memcpy(&value, b.data + (c * plane + i) * 4, 4);
                sum += (double)value;
            }
            mean[c] = (float)(sum / (double)plane);
        }
        *count = (size_t)b.channels;
    }
    free(data);
    return status;
}
