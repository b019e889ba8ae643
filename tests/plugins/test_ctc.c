/* SPDX-License-Identifier: Apache-2.0 */
/* CTCGreedy and CTCBeamSearch against sequences and probabilities counted by hand. */
#include "plugins/plugin_net.h"

#define NET_I32(data_, n) ((net_input){SOLDER_I32, {1, {(n)}}, (data_), false})

static void expect_whole(size_t output, int rank, const int64_t *dims, const int64_t *want)
{
    const net_result *r = &net_out[0][output];
    assert_int_equal(r->dtype, SOLDER_I64);
    assert_int_equal(r->dims.rank, rank);
    for (int i = 0; i < rank; i++) {
        assert_int_equal(r->dims.d[i], dims[i]);
    }
    for (size_t i = 0; i < net_elements(&r->dims); i++) {
        assert_int_equal(r->i64[i], want[i]);
    }
}
#define DIMS(...) ((const int64_t[]){__VA_ARGS__})

/* Five steps of three classes, the last the blank; best: 0 0 blank 0 1. */
static const float steps[15] = {3, 1, 0, 2, 0, 1, 0, 0, 1, 4, 3, 2, 0, 5, 1};

static void greedy(void **unused)
{
    (void)unused;
    const net_input in[1] = {NET_F32(steps, 5, 1, 3)};
    net_run("CTCGreedy", "", in, 1, 3);
    expect_whole(0, 2, DIMS(1, 5), DIMS(0, 0, 1, -1, -1));
    expect_whole(1, 1, DIMS(1), DIMS(3));
    net_expect(2, NET_DIMS(1, 1), (const float[]){-15});
    net_run("CTCGreedy", "merge_repeated=0", in, 1, 3);
    expect_whole(0, 2, DIMS(1, 5), DIMS(0, 0, 0, 1, -1));
    net_run("CTCGreedy", "blank_index=0", in, 1, 2);
    expect_whole(0, 2, DIMS(1, 5), DIMS(2, 1, -1, -1, -1));
}

/* Two items in both orders of time; the second ends after two steps. */
static void lengths(void **unused)
{
    (void)unused;
    float by_time[30], by_item[30];
    const int32_t length[2] = {5, 2};
    for (int i = 0; i < 30; i++) {
        by_time[i] = steps[i / 6 * 3 + i % 3];
        by_item[i] = steps[i % 15];
    }
    const net_input time[2] = {NET_F32(by_time, 5, 2, 3), NET_I32(length, 2)};
    const net_input item[2] = {NET_F32(by_item, 2, 5, 3), NET_I32(length, 2)};
    net_run("CTCGreedy", "", time, 2, 3);
    expect_whole(0, 2, DIMS(2, 5), DIMS(0, 0, 1, -1, -1, 0, -1, -1, -1, -1));
    expect_whole(1, 1, DIMS(2), DIMS(3, 1));
    net_expect(2, NET_DIMS(2, 1), (const float[]){-15, -5});
    net_run("CTCGreedy", "time_major=0", item, 2, 3);
    expect_whole(0, 2, DIMS(2, 5), DIMS(0, 0, 1, -1, -1, 0, -1, -1, -1, -1));
    const int32_t wrong[2] = {5, 6};
    const net_input bad[2] = {NET_F32(by_time, 5, 2, 3), NET_I32(wrong, 2)};
    net_refuses("CTCGreedy", "", bad, 2, "is 6 of 5");
}

/*
 * Two steps, label a with 0.4 and blank with 0.6 each: "" has 0.36; "a" has a-, -a and aa: 0.64.
 * The best alignment is --, so that greedy decoding finds nothing.
 */
static void sums_over_alignments(void **unused)
{
    (void)unused;
    const float two[4] = {logf(.4f), logf(.6f), logf(.4f), logf(.6f)};
    const net_input in[1] = {NET_F32(two, 2, 1, 2)};
    net_run("CTCGreedy", "", in, 1, 2);
    expect_whole(1, 1, DIMS(1), DIMS(0));
    net_run("CTCBeamSearch", "top_paths=3 beam_width=4", in, 1, 3);
    expect_whole(0, 3, DIMS(1, 3, 2), DIMS(0, -1, -1, -1, -1, -1));
    expect_whole(1, 2, DIMS(1, 3), DIMS(1, 0, 0));
    assert_true(fabsf(net_out[0][2].f[0] - logf(.64f)) < 1e-6f);
    assert_true(fabsf(net_out[0][2].f[1] - logf(.36f)) < 1e-6f);
    assert_true(net_out[0][2].f[2] == -INFINITY);
}

/* Three steps: "aa" needs a blank between: a-a, 0.4 * 0.6 * 0.4. */
static void repeated_labels(void **unused)
{
    (void)unused;
    const float three[6] = {logf(.4f), logf(.6f), logf(.4f), logf(.6f), logf(.4f), logf(.6f)};
    const net_input in[1] = {NET_F32(three, 3, 1, 2)};
    const float twice = .4f * .6f * .4f;
    const float none = .6f * .6f * .6f;
    net_run("CTCBeamSearch", "top_paths=3 beam_width=8", in, 1, 3);
    expect_whole(0, 3, DIMS(1, 3, 3), DIMS(0, -1, -1, -1, -1, -1, 0, 0, -1));
    net_expect(2, NET_DIMS(1, 3), (const float[]){logf(1 - twice - none), logf(none), logf(twice)});
    net_run("CTCBeamSearch", "top_paths=3 beam_width=8 merge_repeated=1", in, 1, 3);
    expect_whole(0, 3, DIMS(1, 3, 3), DIMS(0, -1, -1, -1, -1, -1, 0, -1, -1));
    /* a search of one beam keeps "" first, then finds no better */
    net_run("CTCBeamSearch", "beam_width=1", in, 1, 3);
    expect_whole(1, 2, DIMS(1, 1), DIMS(0));
}

/* Every sequence of labels against the sum over all alignments. */
enum { STEPS = 5, CLASSES = 3 };

static int collapse(int alignment, int *labels)
{
    int count = 0;
    int previous = CLASSES - 1;
    for (int t = 0; t < STEPS; t++, alignment /= CLASSES) {
        int label = alignment % CLASSES;
        if (label != CLASSES - 1 && label != previous) {
            labels[count++] = label;
        }
        previous = label;
    }
    return count;
}

static double probability(const float *logits, const int64_t *labels, int64_t count)
{
    double sum = 0;
    for (int a = 0; a < CLASSES * CLASSES * CLASSES * CLASSES * CLASSES; a++) {
        int found[STEPS];
        double product = 1;
        bool same = collapse(a, found) == count;
        for (int64_t i = 0; same && i < count; i++) {
            same = found[i] == labels[i];
        }
        int rest = a;
        for (int t = 0; same && t < STEPS; t++, rest /= CLASSES) {
            const float *row = logits + t * CLASSES;
            product *= exp(row[rest % CLASSES]) / (exp(row[0]) + exp(row[1]) + exp(row[2]));
        }
        sum += same ? product : 0;
    }
    return sum;
}

static void all_alignments(void **unused)
{
    (void)unused;
    float logits[STEPS * CLASSES];
    uint64_t seed = 11;
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < STEPS * CLASSES; i++) {
            logits[i] = (float)(check_random(&seed) % 1000) / 250;
        }
        const net_input in[1] = {NET_F32(logits, STEPS, 1, CLASSES)};
        net_run("CTCBeamSearch", "top_paths=10 beam_width=1000", in, 1, 3);
        double before = 1;
        for (int path = 0; path < 10; path++) {
            double got = exp(net_out[0][2].f[path]);
            double want =
                probability(logits, net_out[0][0].i64 + path * STEPS, net_out[0][1].i64[path]);
            assert_true(fabs(got - want) < 1e-6 && got <= before);
            before = got;
        }
    }
}

static void refuses(void **unused)
{
    (void)unused;
    const net_input in[1] = {NET_F32(steps, 5, 1, 3)};
    const net_input flat[1] = {NET_F32(steps, 5, 3)};
    net_refuses("CTCGreedy", "blank_index=3", in, 1, "blank_index is 3 of 3 classes");
    net_refuses("CTCGreedy", "", flat, 1, "[T, N, classes]");
    net_refuses("CTCBeamSearch", "beam_width=0", in, 1, "beam_width must be");
    net_refuses("CTCBeamSearch", "beam_width=2 top_paths=3", in, 1, "top_paths");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy),
        cmocka_unit_test(lengths),
        cmocka_unit_test(sums_over_alignments),
        cmocka_unit_test(repeated_labels),
        cmocka_unit_test(all_alignments),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
