/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a frozen TensorFlow graph (.pb) or its UFF file to a plan, and from the plan to a class:
 *
 *     tensorflow_uff [MODEL OUTPUT PLAN [PICTURE [ORDER MEAN SCALE]]]
 *
 * Imports MODEL down to the node OUTPUT, builds PLAN, loads it as a deployed program would, runs it
 * on a picture (binary PGM or PPM; noise without one) and prints the five best classes. A pixel
 * value x (0 to 255) becomes (x - MEAN) * SCALE in the channel ORDER "rgb" or "bgr".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <solder/builder.h>
#include <solder/runtime.h>

typedef struct picture {
    int width, height, channels;
    unsigned char *pixels;
} picture;

/* ---- build: on any machine ---- */

static solder_status build(solder_builder *builder, const char *model, const char *output,
                           const solder_preprocess *rule, const char *plan)
{
    solder_import_options options = solder_import_options_default();
    options.outputs = &output;
    options.output_count = 1;
    solder_status status = SOLDER_OK;
    char uff[4096];
    if (strstr(model, ".pb") != NULL) { /* TensorFlow's: first as UFF, which can be kept instead */
        (void)snprintf(uff, sizeof uff, "%s.uff", plan);
        status = solder_convert(builder, model, NULL, &options, uff);
        model = uff;
    }
    solder_network *network;
    if (status != SOLDER_OK ||
        (status = solder_import(builder, model, NULL, &options, &network)) != SOLDER_OK) {
        return status;
    }
    solder_dims dims;
    solder_value_dims(solder_network_input(network, 0), &dims);
    dims.d[0] = 1; /* the batch of a frozen graph is open; one picture is enough here */
    solder_profile profile = {.min = dims, .opt = dims, .max = dims};
    solder_config config = solder_config_default();
    config.profiles = &profile;
    config.profile_count = 1;
    config.preprocess = rule; /* kept in the plan, for whoever runs it */
    config.preprocess_count = 1;
    return solder_build_to_file(builder, network, &config, plan);
}

static int build_plan(const char *model, const char *output, const solder_preprocess *rule,
                      const char *plan)
{
    solder_builder *builder;
    if (solder_builder_create(NULL, &builder) != SOLDER_OK) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    solder_status status = build(builder, model, output, rule, plan);
    if (status != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_builder_message(builder));
    }
    solder_builder_destroy(builder);
    return status != SOLDER_OK;
}

/* ---- the picture ---- */

static int read_picture(const char *path, picture *p)
{
    char kind = 0;
    int most = 0;
    FILE *file = fopen(path, "rb");
    int ok = file != NULL &&
             fscanf(file, "P%c %d %d %d", &kind, &p->width, &p->height, &most) == 4 &&
             (kind == '5' || kind == '6') && p->width > 0 && p->width <= 8192 && p->height > 0 &&
             p->height <= 8192 && most == 255 && getc(file) != EOF;
    if (ok) {
        p->channels = kind == '5' ? 1 : 3;
        size_t size = (size_t)p->width * (size_t)p->height * (size_t)p->channels;
        p->pixels = malloc(size);
        ok = p->pixels != NULL && fread(p->pixels, 1, size, file) == size;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (!ok) {
        fprintf(stderr, "%s: not a binary PGM or PPM picture\n", path);
    }
    return !ok;
}

/* Nearest pixel, by the plan's rule, into the plan's input: float, N H W C. */
static void fill(const picture *p, const solder_image_rule *rule, const solder_dims *dims, float *x)
{
    int64_t height = dims->d[1], width = dims->d[2], channels = dims->d[3];
    for (int64_t i = 0; i < height * width * channels; i++) {
        int64_t c = i % channels, column = i / channels % width, row = i / channels / width;
        int64_t from = (row * p->height / height) * p->width + column * p->width / width;
        int64_t colour = p->channels == 1 ? 0 : rule->order[0] == 'b' ? 2 - c : c;
        int value = p->pixels != NULL ? p->pixels[from * p->channels + colour] : rand() % 256;
        x[i] = ((float)value - rule->mean[c]) * rule->scale[c];
    }
}

/* ---- run: needs libsolder_runtime alone ---- */

static void print_best(float *scores, int64_t count)
{
    for (int k = 0; k < 5 && k < count; k++) {
        int64_t best = 0;
        for (int64_t i = 1; i < count; i++) {
            best = scores[i] > scores[best] ? i : best;
        }
        printf("%5lld  %.4f\n", (long long)best, (double)scores[best]);
        scores[best] = -1.0f; /* printed */
    }
}

static int run(solder_context *context, const solder_engine *engine, const picture *p)
{
    solder_io in, out;
    solder_image_rule rule;
    void *x, *y;
    solder_dims dims;
    if (solder_engine_io(engine, 0, &in) != SOLDER_OK ||
        solder_engine_io(engine, 1, &out) != SOLDER_OK || in.dtype != SOLDER_F32 ||
        out.dtype != SOLDER_F32 || in.max.rank != 4 || in.max.d[3] > 3 ||
        !solder_engine_image_rule(engine, in.name, &rule)) {
        fprintf(stderr, "the network is not one picture (N, H, W, C) in, one list of scores out\n");
        return 1;
    }
    if (solder_context_tensor(context, in.name, &x, &dims) == SOLDER_OK) {
        fill(p, &rule, &dims, x);
    }
    if (solder_context_run(context) != SOLDER_OK ||
        solder_context_tensor(context, out.name, &y, &dims) != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_context_message(context));
        return 1;
    }
    printf("%s: the best of %lld classes\n", out.name, (long long)dims.d[dims.rank - 1]);
    print_best(y, dims.d[dims.rank - 1]);
    return 0;
}

int main(int argc, char **argv)
{
    static char *defaults[] = {"", "models/digits/digits_frozen_graph.pb", "dense_2/Softmax",
                               "digits.plan", "models/digits/pictures/7.pgm"};
    if (argc == 1) {
        argv = defaults;
        argc = 5;
    }
    if (argc != 4 && argc != 5 && argc != 8) {
        fprintf(stderr, "usage: tensorflow_uff [MODEL OUTPUT PLAN [PICTURE [ORDER MEAN SCALE]]]\n");
        return 2;
    }
    picture p = {0};
    solder_preprocess rule = {.order = "rgb", .resize = 1}; /* 1: stretched */
    for (int i = 0; i < 4; i++) {
        rule.mean[i] = argc > 5 ? strtof(argv[6], NULL) : 0.0f;
        rule.scale[i] = argc > 5 ? strtof(argv[7], NULL) : 1.0f / 255;
    }
    if (argc > 5) {
        snprintf(rule.order, sizeof rule.order, "%s", argv[5]);
    }
    if ((argc > 4 && read_picture(argv[4], &p) != 0) ||
        build_plan(argv[1], argv[2], &rule, argv[3]) != 0) {
        return 1;
    }
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    int status = 1;
    if (solder_engine_open(runtime, argv[3], &engine) != SOLDER_OK ||
        solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    } else {
        status = run(context, engine, &p);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    free(p.pixels);
    return status;
}
