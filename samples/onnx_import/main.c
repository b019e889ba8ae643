/* SPDX-License-Identifier: Apache-2.0 */
/* From an ONNX model to a plan in memory, and from the plan to answers: see README.md. */
#include <solder/builder.h>
#include <solder/runtime.h>

#include "../common/digits.h"

static digits test;
static float scores[DIGITS][CLASSES];

static void print_value(const solder_value *value)
{
    solder_dims dims;
    solder_value_dims(value, &dims);
    printf("%s %s [", solder_value_name(value), solder_dtype_name(solder_value_dtype(value)));
    for (int i = 0; i < dims.rank; i++) {
        printf(i > 0 ? ", %lld" : "%lld", (long long)dims.d[i]);
    }
    printf("]\n");
}

/* The model leaves the number of pictures open (-1); the profile says which numbers to expect. */
static solder_status build(solder_builder *builder, const char *model, void **plan, size_t *size)
{
    const solder_profile profile = {
        .min = {4, {1, 1, 8, 8}}, .opt = {4, {DIGITS, 1, 8, 8}}, .max = {4, {DIGITS, 1, 8, 8}}};
    solder_config config = solder_config_default();
    solder_network *network;
    solder_status status = solder_import(builder, model, NULL, NULL, &network);
    if (status != SOLDER_OK) {
        return status;
    }
    printf("in:  ");
    print_value(solder_network_input(network, 0));
    printf("out: ");
    print_value(solder_network_output(network, 0));
    config.profiles = &profile;
    config.profile_count = 1;
    return solder_build_to_memory(builder, network, &config, plan, size);
}

static solder_status classify(solder_context *context)
{
    const solder_dims dims = {4, {DIGITS, 1, 8, 8}};
    solder_status s = solder_context_set_dims(context, "data", &dims);
    s = s ? s : solder_context_bind(context, "data", test.pixels, sizeof test.pixels);
    s = s ? s : solder_context_bind(context, "prob", scores, sizeof scores);
    return s ? s : solder_context_run(context);
}

static int run(const void *plan, size_t size)
{
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    if (solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        return 1;
    }
    solder_status s = solder_engine_load(runtime, plan, size, &engine);
    s = s ? s : solder_context_create(runtime, engine, &context);
    if (s != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    } else if ((s = classify(context)) != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_context_message(context));
    } else {
        int right = digits_right(&test, 0, DIGITS, scores[0]);
        printf("%d of %d test digits right\n", right, DIGITS);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return s != SOLDER_OK;
}

int main(int argc, char **argv)
{
    solder_builder *builder;
    void *plan;
    size_t size;
    int failed = 1;
    if (!digits_read(&test) || solder_builder_create(NULL, &builder) != SOLDER_OK) {
        return 1;
    }
    if (build(builder, argc > 1 ? argv[1] : "models/digits/digits.onnx", &plan, &size) ==
        SOLDER_OK) {
        printf("plan: %zu bytes\n", size);
        failed = run(plan, size);
        solder_plan_free(builder, plan, size);
    } else {
        fprintf(stderr, "%s\n", solder_builder_message(builder));
    }
    solder_builder_destroy(builder);
    return failed;
}
