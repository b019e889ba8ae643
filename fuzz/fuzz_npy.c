/* SPDX-License-Identifier: Apache-2.0 */
/* A .npy file, then the conversions the command does with it. */
#include "fuzz.h"
#include "npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli_tensor tensor;
    if (cli_npy_decode("fuzz.npy", data, size, &tensor) != CLI_DONE) {
        return 0;
    }
    size_t count;
    if (!cli_dims_count(&tensor.dims, &count) ||
        count * solder_dtype_size(tensor.dtype) != tensor.size) {
        __builtin_trap();
    }
    int axes[SOLDER_MAX_RANK];
    for (int i = 0; i < tensor.dims.rank; i++) {
        axes[i] = tensor.dims.rank - 1 - i;
    }
    if (cli_tensor_transpose("fuzz", axes, &tensor) == CLI_DONE) {
        (void)cli_tensor_convert("fuzz", (solder_dtype)(SOLDER_F32 + size % SOLDER_BOOL), &tensor);
    }
    cli_tensor_free(&tensor);
    return 0;
}
