/* SPDX-License-Identifier: Apache-2.0 */
/* A picture (of at most 2^20 pixels here), resized and turned into floats. */
#include <stdlib.h>

#include "fuzz.h"
#include "image.h"

static void use(const cli_image *image, size_t variant)
{
    const cli_frame frame = {3, 1 + (int)(variant % 37), 1 + (int)(variant % 23), variant % 2 == 0};
    solder_image_rule rule = {.order = "bgr", .mean = {1, 2, 3}, .scale = {1, 2, 3}};
    float *item = malloc((size_t)frame.width * (size_t)frame.height * 3 * sizeof *item);
    for (rule.resize = 0; item != NULL && rule.resize < 4; rule.resize++) {
        rule.transposed = rule.resize & 1;
        (void)cli_image_to_floats("fuzz", image, &rule, &frame, item);
    }
    free(item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli_image image;
    cli_set_volume(0);
    (void)cli_image_probe(data, size);
    if (cli_image_decode("fuzz.png", data, size, &image) == CLI_DONE) {
        use(&image, size);
        cli_image_free(&image);
    }
    return 0;
}
