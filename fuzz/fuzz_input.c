/* SPDX-License-Identifier: Apache-2.0 */
/* What the command takes as an input: a .npy array or a picture, made into a tensor. */
#include <stdlib.h>

#include "fuzz.h"
#include "image.h"
#include "npy.h"

/* Large pictures are right but slow. */
#define PIXELS_MAX (1u << 22)

static void use_picture(cli_image *image)
{
    static float item[3 * 7 * 5];
    const cli_frame frame = {3, 7, 5, false};
    solder_image_rule rule = {.order = "bgr", .mean = {1, 2, 3}, .scale = {1, 2, 3}};
    for (rule.resize = 0; rule.resize < 4; rule.resize++) {
        rule.transposed = rule.resize & 1;
        (void)cli_image_to_floats("fuzz", image, &rule, &frame, item);
    }
}

static bool is_large(const uint8_t *data, size_t size)
{
    /* PNG says its size in a fixed place; other pictures are cheap to refuse. */
    return size >= 24 && data[0] == 0x89 && data[1] == 'P' &&
           (data[16] != 0 || data[17] != 0 || data[20] != 0 || data[21] != 0 || data[18] > 8 ||
            data[22] > 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli_tensor tensor;
    cli_image image;
    cli_set_volume(0);
    if (cli_npy_probe(data, size)) {
        if (cli_npy_decode("fuzz", data, size, &tensor) == CLI_DONE) {
            (void)cli_tensor_convert("fuzz", SOLDER_F32, &tensor);
            cli_tensor_free(&tensor);
        }
    } else if (!is_large(data, size) && cli_image_decode("fuzz", data, size, &image) == CLI_DONE) {
        if ((uint64_t)image.width * (uint64_t)image.height <= PIXELS_MAX) {
            use_picture(&image);
        }
        cli_image_free(&image);
    }
    return 0;
}
