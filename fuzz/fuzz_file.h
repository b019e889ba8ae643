/* SPDX-License-Identifier: Apache-2.0 */
/* For readers that take a path. */
#ifndef FUZZ_FUZZ_FILE_H
#define FUZZ_FUZZ_FILE_H

#include "fuzz.h"

/* A file of these bytes, overwritten by the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
