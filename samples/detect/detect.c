/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a detector's plan on a picture, prints what it found and draws it: see README.md. */
#include <stdio.h>
#include <stdlib.h>

#include "picture.h"
#include "solder/runtime.h"

typedef struct detector {
    solder_runtime *runtime;
    solder_engine *engine;
    solder_context *context;
    solder_io input, output;
} detector;

static detector open_plan(const char *path)
{
    detector d;
    if (solder_runtime_create(NULL, &d.runtime) != SOLDER_OK ||
        solder_engine_open(d.runtime, path, &d.engine) != SOLDER_OK ||
        solder_context_create(d.runtime, d.engine, &d.context) != SOLDER_OK) {
        stop(path, solder_runtime_message(d.runtime));
    }
    if (solder_engine_io(d.engine, 0, &d.input) != SOLDER_OK || d.input.dtype != SOLDER_F32 ||
        d.input.nhwc || d.input.opt.rank != 4 || d.input.opt.d[0] != 1 || d.input.opt.d[1] != 3) {
        stop(path, "its input is not one picture [1, 3, height, width] of f32");
    }
    if (solder_engine_io(d.engine, 1, &d.output) != SOLDER_OK || d.output.is_input ||
        d.output.opt.rank != 4 || d.output.opt.d[3] != 7) {
        stop(path, "its output is not [1, 1, rows, 7], as DetectionOutput has it");
    }
    return d;
}

/* Rows of image, label, score, x1, y1, x2, y2 (shares of the picture); how many is found out. */
static const float *run(detector *d, const picture *seen, int64_t *count)
{
    solder_image_rule rule;
    bool ruled = solder_engine_image_rule(d->engine, d->input.name, &rule);
    int w = (int)d->input.opt.d[3];
    int h = (int)d->input.opt.d[2];
    void *tensor;
    void *rows = NULL;
    solder_dims dims;
    if (solder_context_tensor(d->context, d->input.name, &tensor, NULL) != SOLDER_OK) {
        stop(d->input.name, solder_context_message(d->context));
    }
    picture_to_tensor(seen, ruled ? &rule : NULL, w, h, tensor);
    if (solder_context_run(d->context) != SOLDER_OK ||
        solder_context_tensor(d->context, d->output.name, &rows, &dims) != SOLDER_OK) {
        stop(d->output.name, solder_context_message(d->context));
    }
    *count = dims.d[2];
    return rows;
}

static void show(const detector *d, const float *row, const picture *seen, picture *out)
{
    const char *label = solder_engine_label(d->engine, (size_t)row[1]);
    char text[64];
    float x = (float)out->w;
    float y = (float)out->h;
    picture_box box = {row[3] * x, row[4] * y, row[5] * x, row[6] * y};
    label = label != NULL ? label : "?";
    printf("%-10s %.3f  %.0f %.0f %.0f %.0f\n", label, (double)row[2], (double)row[3] * seen->w,
           (double)row[4] * seen->h, (double)row[5] * seen->w, (double)row[6] * seen->h);
    (void)snprintf(text, sizeof text, "%s %.0f%%", label, (double)row[2] * 100);
    picture_draw_box(out, &box, text, (unsigned)row[1]);
}

int main(int argc, char **argv)
{
    int64_t count;
    if (argc != 4) {
        stop("usage", "detect PLAN PICTURE OUT.png");
    }
    detector d = open_plan(argv[1]);
    picture seen = picture_read(argv[2]);
    const float *rows = run(&d, &seen, &count);
    int zoom = 640 / (seen.w > seen.h ? seen.w : seen.h); /* small pictures larger */
    zoom = zoom > 1 ? zoom : 1;
    picture out = picture_resize(&seen, seen.w * zoom, seen.h * zoom);
    for (int64_t i = 0; i < count; i++) {
        if (rows[i * 7 + 1] >= 0) { /* -1: nothing found */
            show(&d, rows + i * 7, &seen, &out);
        }
    }
    picture_write_png(&out, argv[3]);
    free(seen.rgb);
    free(out.rgb);
    solder_context_destroy(d.context);
    solder_engine_destroy(d.engine);
    solder_runtime_destroy(d.runtime);
    return 0;
}
