/* SPDX-License-Identifier: Apache-2.0 */
/* Normalize against values computed by hand: 3, 4, 5 triangles. */
#include <math.h>
#include <stdio.h>

#include "check.h"
#include "plugin/plugin.h"
#include "plugins/plugins.h"
#include "solder/builder.h"

static float result[8];

static solder_status visit(void *user, const solder_tensor *value, const char *node, bool is_output)
{
    (void)user;
    (void)node;
    if (is_output) {
        memcpy(result, value->data, sizeof result);
    }
    return SOLDER_OK;
}

static void normalize(int across, int shared, const float *scale, int64_t scales, const float *want)
{
    float x[8] = {3, 6, 4, 8, 0, 0, 2, 0}; /* two items of two channels of two positions */
    solder_builder *b;
    solder_network *n;
    solder_value *in[2];
    solder_value *y;
    const int64_t flags[2] = {across, shared};
    const solder_attribute a[] = {
        {.name = "across_spatial", .count = 1, .ints = &flags[0]},
        {.name = "norm_param.channel_shared", .count = 1, .ints = &flags[1]}};
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    solder_status status = solder_network_create(b, "n", &n);
    status = status ? status
                    : solder_network_add_input(n, "x", SOLDER_F32, &(solder_dims){4, {2, 2, 1, 2}},
                                               &in[0]);
    status = status ? status
                    : solder_network_add_constant(n, "s", SOLDER_F32, &(solder_dims){1, {scales}},
                                                  scale, &in[1]);
    status =
        status ? status : solder_network_add_plugin(n, "Normalize", "norm", in, 2, a, 2, 1, &y);
    status = status ? status : solder_network_mark_output(n, y, "y");
    solder_tensor input = {"x", SOLDER_F32, {4, {2, 2, 1, 2}}, x};
    status = status ? status : solder_evaluate(b, n, &input, 1, visit, NULL);
    if (status != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    solder_builder_destroy(b);
    for (int i = 0; i < 8; i++) {
        if (fabsf(result[i] - want[i]) > 1e-5f + 1e-4f * fabsf(want[i])) {
            fail_msg("element %d: %g, expected %g", i, (double)result[i], (double)want[i]);
        }
    }
}

static void each_position(void **unused)
{
    (void)unused;
    const float scale[2] = {10, 20};
    const float want[8] = {6, 6, 16, 16, 0, 0, 20, 0};
    normalize(0, 0, scale, 2, want);
}

static void whole_items(void **unused)
{
    (void)unused;
    const float scale[1] = {5};
    const float length = sqrtf(125); /* of 3, 6, 4, 8 */
    const float want[8] = {15 / length, 30 / length, 20 / length, 40 / length, 0, 0, 5, 0};
    normalize(1, 1, scale, 1, want);
}

/* A Caffe architecture alone: the scale is made up, one for each channel. */
static void made_up_weights(void **unused)
{
    (void)unused;
    static const char text[] =
        "input: 'x' input_shape { dim: 1 dim: 8 dim: 2 dim: 2 }\n"
        "layer { name: 'n' type: 'Normalize' bottom: 'x' top: 'n' "
        "norm_param { across_spatial: false channel_shared: false scale_filler { value: 20 } } }\n";
    solder_import_options options = solder_import_options_default();
    solder_builder *b;
    solder_network *n;
    char *described;
    FILE *file = fopen("normalize-test.prototxt", "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    assert_int_equal(solder_import(b, "normalize-test.prototxt", NULL, &options, &n),
                     SOLDER_ERROR_NOT_FOUND);
    assert_non_null(
        strstr(solder_builder_message(b), "layer 'n' (Normalize): has no weights: give"));
    options.random_weights = true;
    if (solder_import(b, "normalize-test.prototxt", NULL, &options, &n) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    assert_int_equal(solder_network_describe(n, SOLDER_FORM_TEXT, &described, NULL), SOLDER_OK);
    assert_non_null(strstr(described, "constant %n.blob0 f32[8]"));
    assert_non_null(strstr(described, "{across_spatial=false, channel_shared=false}"));
    solder_text_free(described);
    solder_builder_destroy(b);
    (void)remove("normalize-test.prototxt");
}

/* Nobody validates a shipped plugin when it is used. */
static void shipped_plugins_are_valid(void **unused)
{
    (void)unused;
    sld_diag diag;
    size_t count;
    const solder_plugin *const *list = sld_shipped_plugins(&count);
    sld_diag_init(&diag, NULL);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        if (sld_plugin_validate(&diag, list[i], "") != SOLDER_OK) {
            fail_msg("%s", diag.message);
        }
        for (size_t j = 0; j < i; j++) {
            assert_true(strcmp(list[i]->name, list[j]->name) != 0 ||
                        list[i]->version != list[j]->version);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_position),
        cmocka_unit_test(whole_items),
        cmocka_unit_test(made_up_weights),
        cmocka_unit_test(shipped_plugins_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
