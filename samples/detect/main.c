/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a detector's plan on a picture, prints what it found and draws it: see README.md.
 *
 *     detect DETECTOR.plan PICTURE OUT.png
 */
#include <stdio.h>
#include <stdlib.h>

#include "../common/net.h"

enum { ROW = 7 }; /* picture, label, score, x1, y1, x2, y2 as shares of the picture */

static void show(const net *n, const float *row, const picture *seen, picture *out)
{
    const char *label = solder_engine_label(n->engine, (size_t)row[1]);
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

static bool detect(net *n, const char *from, const char *to)
{
    picture seen = {0};
    picture out = {0};
    int64_t count = 0;
    const float *rows = NULL;
    bool ok = picture_read(from, &seen) && net_run(n, &seen, NULL);
    if (ok) {
        rows = net_output(n, ROW, &count);
        ok = rows != NULL || failed(n->path, "no output of rows of 7, as DetectionOutput has it");
    }
    int zoom = ok ? 640 / (seen.w > seen.h ? seen.w : seen.h) : 1; /* small pictures larger */
    zoom = zoom > 1 ? zoom : 1;
    ok = ok && picture_resize(&seen, seen.w * zoom, seen.h * zoom, &out);
    for (const float *r = rows; ok && r < rows + count; r += ROW) {
        if (r[1] >= 0) { /* -1: nothing found */
            show(n, r, &seen, &out);
        }
    }
    ok = ok && picture_write(&out, to);
    free(seen.rgb);
    free(out.rgb);
    return ok;
}

int main(int argc, char **argv)
{
    net n = {0};
    solder_runtime *runtime;
    if (argc != 4) {
        return failed("usage", "detect DETECTOR.plan PICTURE OUT.png") ? 0 : 2;
    }
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    bool ok = net_open(runtime, argv[1], &n) && detect(&n, argv[2], argv[3]);
    net_close(&n);
    solder_runtime_destroy(runtime);
    return ok ? 0 : 1;
}
