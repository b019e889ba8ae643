/* SPDX-License-Identifier: Apache-2.0 */
/* Tuning a plan with plugins. */
#include "builder/tune_check.h"
#include "plugin/sample_plugins.h"

static const solder_plugin keep = KEEP_PLUGIN;

/* Packed weights, saved bytes, several tactics, a size that only a run knows. */
static void plugins(void **state)
{
    (void)state;
    static const solder_plugin *const both[] = {&affine, &keep, NULL};
    solder_builder *b = new_builder();
    solder_network *n = NULL;
    const solder_profile profile = {
        .input = "x", .min = {3, {1, 3, 4}}, .opt = {3, {2, 3, 4}}, .max = {3, {4, 3, 4}}};
    solder_config config = solder_config_default();
    config.effort = 0;
    config.threads = 1;
    config.profiles = &profile;
    config.profile_count = 1;
    tune_plugins = both;
    ok(b, solder_builder_add_plugin(b, &affine));
    ok(b, solder_builder_add_plugin(b, &keep));
    ok(b, sample_network(b, &n));
    check_config(b, n, &config);
    bytes plan = build(b, n, &config, NULL);
    solder_config timed = config;
    timed.effort = 1;
    bytes tuned = tune(b, plan, &timed);
    loaded before = load(plan, NULL);
    loaded after = load(tuned, NULL);
    same_outputs(&before, &after);
    unload(&before);
    unload(&after);
    solder_builder *other = new_builder();
    void *data = NULL;
    size_t size = 0;
    assert_int_equal(solder_tune_to_memory(other, plan.data, plan.size, &config, &data, &size),
                     SOLDER_ERROR_NOT_FOUND);
    assert_non_null(strstr(solder_builder_message(other), "test::Affine"));
    solder_builder_destroy(other);
    solder_plan_free(b, plan.data, plan.size);
    solder_plan_free(b, tuned.data, tuned.size);
    solder_builder_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plugins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
