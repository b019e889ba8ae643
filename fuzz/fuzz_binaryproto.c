/* SPDX-License-Identifier: Apache-2.0 */
/* Caffe's mean file, as --preprocess mean=FILE reads it. */
#include "fuzz_file.h"
#include "parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    float mean[4];
    size_t count;
    if (cli_read_mean(fuzz_file(data, size), mean, &count) == CLI_DONE &&
        (count < 1 || count > 4)) {
        __builtin_trap();
    }
    return 0;
}
