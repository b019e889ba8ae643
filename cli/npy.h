/* SPDX-License-Identifier: Apache-2.0 */
/* NumPy's .npy files, versions 1 to 3. */
#ifndef SOLDER_CLI_NPY_H
#define SOLDER_CLI_NPY_H

#include "tensor.h"

bool cli_npy_probe(const uint8_t *data, size_t size);
/* path is for errors. Big-endian and Fortran-ordered files become native and row-major. */
int cli_npy_decode(const char *path, const uint8_t *data, size_t size, cli_tensor *tensor);
/* bf16, which NumPy does not know, is written as f32. */
int cli_npy_write(const char *path, const cli_tensor *tensor);

#endif
