/* SPDX-License-Identifier: Apache-2.0 */
/* The test digits of models/digits, for the samples that run the digit classifier. */
#ifndef SAMPLES_DIGITS_H
#define SAMPLES_DIGITS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { DIGITS = 300, PIXELS = 64, CLASSES = 10 };

/* Grey pictures of 8 x 8, from 0 to 1 as the network wants them, and what they show. */
typedef struct digits {
    float pixels[DIGITS][PIXELS];
    int64_t shown[DIGITS];
} digits;

/* The elements of a .npy file, whose header says its own length. */
static inline bool digits_read_npy(const char *path, void *data, size_t size)
{
    unsigned char start[10];
    FILE *file = fopen(path, "rb");
    bool ok = file != NULL && fread(start, 1, sizeof start, file) == sizeof start &&
              fseek(file, start[8] + 256L * start[9], SEEK_CUR) == 0 &&
              fread(data, 1, size, file) == size;
    if (file != NULL) {
        fclose(file);
    }
    if (!ok) {
        fprintf(stderr, "%s: cannot be read\n", path);
    }
    return ok;
}

static inline bool digits_read(digits *d)
{
    static unsigned char bytes[DIGITS][PIXELS];
    if (!digits_read_npy("models/digits/test_digits.npy", bytes, sizeof bytes) ||
        !digits_read_npy("models/digits/test_labels.npy", d->shown, sizeof d->shown)) {
        return false;
    }
    for (int i = 0; i < DIGITS * PIXELS; i++) {
        d->pixels[i / PIXELS][i % PIXELS] = (float)bytes[i / PIXELS][i % PIXELS] / 255.0f;
    }
    return true;
}

static inline int digits_best(const float *scores)
{
    int best = 0;
    for (int i = 1; i < CLASSES; i++) {
        best = scores[i] > scores[best] ? i : best;
    }
    return best;
}

/* How many of count digits, from the first one on, have the highest score in the right place. */
static inline int digits_right(const digits *d, int first, int count, const float *scores)
{
    int right = 0;
    for (int i = 0; i < count; i++) {
        right += digits_best(scores + (size_t)i * CLASSES) == d->shown[first + i];
    }
    return right;
}

#endif
