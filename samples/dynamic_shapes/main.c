/* SPDX-License-Identifier: Apache-2.0 */
/* One plan for 1 to 64 pictures at a time: see README.md. */
#include <solder/builder.h>
#include <solder/runtime.h>

#include "../common/digits.h"

enum { MOST = 64 };

/* opt is what the kernels are timed at; min and max are what runs may ask for. */
static solder_status build(solder_builder *builder, void **plan, size_t *size)
{
    const solder_profile profile = {.input = "data",
                                    .min = {4, {1, 1, 8, 8}},
                                    .opt = {4, {16, 1, 8, 8}},
                                    .max = {4, {MOST, 1, 8, 8}}};
    solder_config config = solder_config_default();
    solder_network *network;
    config.profiles = &profile;
    config.profile_count = 1;
    solder_status s = solder_import(builder, "models/digits/digits.onnx", NULL, NULL, &network);
    return s ? s : solder_build_to_memory(builder, network, &config, plan, size);
}

/* Nothing is allocated here: the context has room for the largest batch. */
static solder_status classify(solder_context *context, digits *test, int first, int count)
{
    const solder_dims dims = {4, {count, 1, 8, 8}};
    solder_dims out;
    void *scores;
    solder_status s = solder_context_set_dims(context, "data", &dims);
    s = s ? s
          : solder_context_bind(context, "data", test->pixels[first],
                                (size_t)count * sizeof test->pixels[0]);
    s = s ? s : solder_context_run(context);
    s = s ? s : solder_context_tensor(context, "prob", &scores, &out);
    if (s == SOLDER_OK) {
        printf("digits %d to %d: prob [%lld, %lld], %d right\n", first, first + count - 1,
               (long long)out.d[0], (long long)out.d[1], digits_right(test, first, count, scores));
    }
    return s;
}

static int run(const void *plan, size_t size)
{
    static digits test;
    static const int batches[] = {1, 7, 64, 3, MOST + 1};
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    solder_status s = SOLDER_ERROR_IO;
    if (!digits_read(&test) || solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    if (solder_engine_load(runtime, plan, size, &engine) != SOLDER_OK ||
        solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    } else {
        for (int i = 0, first = 0; i < 5; first += batches[i++]) {
            s = classify(context, &test, first, batches[i]);
        }
        printf("%s\n", solder_context_message(context));
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return s == SOLDER_OK || context == NULL; /* the last batch is to be refused */
}

int main(void)
{
    solder_builder *builder;
    void *plan;
    size_t size;
    int failed = 1;
    if (solder_builder_create(NULL, &builder) != SOLDER_OK) {
        return 1;
    }
    if (build(builder, &plan, &size) == SOLDER_OK) {
        failed = run(plan, size);
        solder_plan_free(builder, plan, size);
    } else {
        fprintf(stderr, "%s\n", solder_builder_message(builder));
    }
    solder_builder_destroy(builder);
    return failed;
}
