/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"

static void test_removes(void **state)
{
    (void)state;
    check_pass("dead_code",
               "input %x f32[2,3]\n"
               "constant %c f32[3] fill 1\n"
               "%a = Unary(%x) {kind=exp}\n"
               "%b = ElementWise(%a, %c)\n"
               "%d = Unary(%b) {kind=exp}\n"
               "%e = Unary(%a) {kind=neg}\n"
               "output %e\n",
               "input %x f32[2,3]\n"
               "%a = Unary(%x) {kind=exp}\n"
               "%e = Unary(%a) {kind=neg}\n"
               "output %e\n");
}

static void test_keeps(void **state)
{
    (void)state;
    check_untouched("dead_code", "input %x f32[2,3]\ninput %unused f32[]\n"
                                 "%v, %i = TopK(%x) {k=2}\noutput %i\n");
}

static void test_table(void **state)
{
    (void)state;
    size_t count;
    const sld_pass *passes = sld_passes(&count);
    assert_true(count > 0 && count <= 32);
    assert_string_equal(passes[0].name, "dead_code");
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(sld_pass_find(passes[i].name), &passes[i]);
        assert_true(strlen(passes[i].description) > 10);
    }
    assert_null(sld_pass_find("no such pass"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_removes), cmocka_unit_test(test_keeps),
                                       cmocka_unit_test(test_table)};
    return cmocka_run_group_tests_name("dead_code", tests, NULL, NULL);
}
