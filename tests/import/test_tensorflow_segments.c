/* SPDX-License-Identifier: Apache-2.0 */
/* Segments, windows and areas whose numbers and sizes no sound file has. */
#include "import/tf_check.h"

/* x [3], the numbers are ids or, without any, the whole numbers of x. */
static void segments(tf_bench *b, const char *op, const int32_t *ids, const int32_t *count)
{
    open_bench(b);
    tf_placeholder(&b->f, "x", 1, D(3));
    if (ids != NULL) {
        tf_ints(&b->f, "ids", 3, ids);
    } else {
        tf_type(&b->f, "DstT", TF_INT32);
        tf_node(&b->f, "Cast", "ids", "x");
    }
    if (count != NULL) {
        tf_const(&b->f, "count", TF_INT32, 0, NULL, 4, count, 4);
    }
    tf_node(&b->f, op, "y", count != NULL ? "x ids count" : "x ids");
}

/* Dropped, not counted from the end. */
static void negative_numbers(void **state)
{
    (void)state;
    tf_bench b;
    segments(&b, "UnsortedSegmentSum", (const int32_t[]){1, -1, 0}, &(int32_t){2});
    import_file(&b);
    run(&b, F(5, 6, 7), 1, D(3));
    result_is(&b, 0, 1, D(2), F(7, 5));
    close_bench(&b);
    segments(&b, "UnsortedSegmentMax", NULL, &(int32_t){3});
    import_file(&b);
    run(&b, F(-3, 2, 0), 1, D(3));
    assert_float_equal(sld_at_f64(&b.results[0], 2), 2, 0);
    assert_float_equal(sld_at_f64(&b.results[0], 0), 0, 0);
    close_bench(&b);
}

static void run_fails(tf_bench *b, const float *x)
{
    const sld_tensor in = sld_tensor_make((void *)(uintptr_t)x, SOLDER_F32, 1, D(3));
    import_file(b);
    assert_int_not_equal(
        sld_graph_evaluate(b->graph, &b->diag, NULL, &in, &b->arena, b->results, NULL, NULL),
        SOLDER_OK);
    close_bench(b);
}

static void numbers_out_of_range(void **state)
{
    (void)state;
    tf_bench b;
    segments(&b, "UnsortedSegmentSum", NULL, &(int32_t){2});
    run_fails(&b, F(0, 1, 2));
    segments(&b, "UnsortedSegmentMin", NULL, &(int32_t){2});
    run_fails(&b, F(0, 1, 2147483520));
    segments(&b, "SegmentSum", NULL, NULL);
    run_fails(&b, F(-1, 0, 1));
    segments(&b, "SegmentMean", (const int32_t[]){2, 5, 1}, NULL); /* not sorted */
    assert_int_equal(import_bytes(&b, b.f.file.data, b.f.file.size), SOLDER_ERROR_DATA);
    close_bench(&b);
    segments(&b, "SegmentMax", NULL, NULL);
    import_file(&b);
    run(&b, F(0, 0, 2), 1, D(3));
    result_is(&b, 0, 1, D(3), F(0, 0, 2));
    close_bench(&b);
}

static void counts_refused(void **state)
{
    (void)state;
    tf_bench b;
    segments(&b, "UnsortedSegmentProd", NULL, &(int32_t){-2});
    expect(&b, SOLDER_ERROR_DATA, "tensorflow: node 'y' (UnsortedSegmentProd): num_segments is -2");
    segments(&b, "SegmentMin", (const int32_t[]){0, 1, -1}, NULL);
    expect(&b, SOLDER_ERROR_DATA, "tensorflow: node 'y' (SegmentMin): segment -1");
}

static void windows(tf_bench *b, const char *padding, int64_t size, int64_t rate)
{
    open_bench(b);
    tf_placeholder(&b->f, "x", 4, D(1, 4, 4, 1));
    tf_text(&b->f, "padding", padding);
    tf_list(&b->f, "ksizes", 4, D(1, size, 2, 1));
    tf_list(&b->f, "strides", 4, D(1, 1, 1, 1));
    tf_list(&b->f, "rates", 4, D(1, rate, 1, 1));
    tf_node(&b->f, "ExtractImagePatches", "y", "x");
}

static void windows_refused(void **state)
{
    (void)state;
    tf_bench b;
    windows(&b, "VALID", 3, 2);
    expect(
        &b, SOLDER_ERROR_UNSUPPORTED,
        "tensorflow: 1 node is not supported: 'y' (ExtractImagePatches: windows of 5 in 4 pixels)");
    windows(&b, "SAME", (int64_t)1 << 22, 1);
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'y' (ExtractImagePatches: 4 places of 4194304 "
           "pixels)");
    windows(&b, "SAME", 0, 1);
    expect(&b, SOLDER_ERROR_DATA, "tensorflow: node 'y' (ExtractImagePatches): ksizes are wrong");
    windows(&b, "SAME", INT64_MAX, INT64_MAX);
    expect(&b, SOLDER_ERROR_DATA, "tensorflow: node 'y' (ExtractImagePatches): ksizes are wrong");
}

static void areas_refused(void **state)
{
    (void)state;
    for (int half = 0; half < 2; half++) {
        tf_bench b;
        open_bench(&b);
        tf_placeholder(&b.f, "x", 4, D(1, 1, 4, 1));
        tf_ints(&b.f, "size", 2, (const int32_t[]){2, 2});
        tf_bool(&b.f, half ? "half_pixel_centers" : "align_corners", true);
        tf_node(&b.f, "ResizeArea", "y", "x size");
        expect(&b, SOLDER_ERROR_UNSUPPORTED,
               half ? "tensorflow: 1 node is not supported: 'y' (ResizeArea: attribute "
                      "'half_pixel_centers' is not known)"
                    : "tensorflow: 1 node is not supported: 'y' (ResizeArea: align_corners of one "
                      "pixel)");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_numbers), cmocka_unit_test(numbers_out_of_range),
        cmocka_unit_test(counts_refused),   cmocka_unit_test(windows_refused),
        cmocka_unit_test(areas_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
