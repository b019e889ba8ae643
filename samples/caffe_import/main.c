/* SPDX-License-Identifier: Apache-2.0 */
/* From Caffe's two files to a plan on disk; another run only loads the plan: see README.md. */
#include <string.h>

#include <solder/builder.h>
#include <solder/runtime.h>

#include "../common/digits.h"

static int build(const char *path)
{
    solder_builder *builder;
    solder_network *network;
    if (solder_builder_create(NULL, &builder) != SOLDER_OK) {
        return 1;
    }
    solder_status s = solder_import(builder, "models/digits/digits.prototxt",
                                    "models/digits/digits.caffemodel", NULL, &network);
    /* NULL: fp32, tuned for this processor. The file appears only when it is whole. */
    s = s ? s : solder_build_to_file(builder, network, NULL, path);
    printf("%s\n", s ? solder_builder_message(builder) : path);
    solder_builder_destroy(builder);
    return s != SOLDER_OK;
}

/* The prototxt says one picture at a time: 300 runs. Needs libsolder_runtime alone. */
static int classify(solder_context *context)
{
    static digits test;
    float pixels[PIXELS];
    float scores[CLASSES];
    int right = 0;
    if (!digits_read(&test)) {
        return 1;
    }
    solder_status s = solder_context_bind(context, "data", pixels, sizeof pixels);
    s = s ? s : solder_context_bind(context, "prob", scores, sizeof scores);
    for (int i = 0; s == SOLDER_OK && i < DIGITS; i++) {
        memcpy(pixels, test.pixels[i], sizeof pixels);
        s = solder_context_run(context);
        right += digits_right(&test, i, 1, scores);
    }
    if (s != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_context_message(context));
        return 1;
    }
    printf("%d of %d test digits right\n", right, DIGITS);
    return 0;
}

static int run(const char *path)
{
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    int failed = 1;
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    if (solder_engine_open(runtime, path, &engine) != SOLDER_OK ||
        solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    } else {
        failed = classify(context);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "build") == 0) {
        return build(argv[2]);
    }
    if (argc == 3 && strcmp(argv[1], "run") == 0) {
        return run(argv[2]);
    }
    fprintf(stderr, "usage: caffe_import build|run PLAN\n");
    return 2;
}
