/* SPDX-License-Identifier: Apache-2.0 */
/* MtcnnProposal and MtcnnRefine against values computed by hand, and the samples' cascade. */
#define net_run sample_net_run /* not called here */
#include "mtcnn.h"
#undef net_run
#include "plugins/plugin_net.h"

static float random_share(void)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / (1 << 24);
}

/* 3 columns and 2 rows at half scale; faces at column 2, row 1, and at column 0, row 0. */
static void proposals(void **unused)
{
    (void)unused;
    const float scores[12] = {0, 0, 0, 0, 0, 0, 0.7f, 0.1f, 0.6f, 0.3f, 0.4f, 0.9f};
    const float turned[12] = {0, 0, 0, 0, 0, 0, 0.7f, 0.3f, 0.1f, 0.4f, 0.6f, 0.9f};
    float shifts[24] = {0};
    const net_input in[2] = {NET_F32(scores, 1, 2, 2, 3), NET_F32(shifts, 1, 4, 2, 3)};
    const net_input in2[2] = {NET_F32(turned, 1, 2, 3, 2), NET_F32(shifts, 1, 4, 3, 2)};
    const float boxes[8] = {10, 6, 32, 28, 2, 2, 24, 24};
    const float best[2] = {0.9f, 0.7f};
    const float moves[8] = {0.25f, -0.5f, 0, 1};
    shifts[5] = 0.25f;
    shifts[6 + 5] = -0.5f;
    shifts[18 + 5] = 1;
    net_run("MtcnnProposal", "scale=0.5 threshold=0.6", in, 2, 3); /* 0.6 is not above it */
    net_expect(0, NET_DIMS(2, 4), boxes);
    net_expect(1, NET_DIMS(2), best);
    net_expect(2, NET_DIMS(2, 4), moves);
    net_run("MtcnnProposal", "scale=0.5 threshold=0.6 transposed=1", in2, 2, 3);
    net_expect(0, NET_DIMS(2, 4), boxes);
    net_run("MtcnnProposal", "scale=0.5 overlap=0.3", in, 2, 3); /* 14 * 18 of 484 + 484 - 252 */
    net_expect(0, NET_DIMS(1, 4), boxes);
    net_run("MtcnnProposal", "keep_top_k=1", in, 2, 3);
    net_expect(1, NET_DIMS(1), best);
    net_run("MtcnnProposal", "threshold=2", in, 2, 3);
    net_expect(1, NET_DIMS(0), best);
}

/* The third lies in the first; the second is moved and made square. */
static void refinement(void **unused)
{
    (void)unused;
    const float boxes[12] = {0, 0, 10, 10, 20, 0, 40, 10, 0, 0, 5, 5};
    const float scores[6] = {0.1f, 0.9f, 0.2f, 0.8f, 0.25f, 0.75f};
    const float plain[3] = {0.9f, 0.8f, 0.75f};
    const float shifts[12] = {0, 0, 0, 0, 0.1f, 0.2f, 0.1f, 0, 0, 0, 0, 0};
    float points[30] = {0};
    net_input in[4] = {NET_F32(boxes, 3, 4), NET_F32(scores, 3, 2), NET_F32(shifts, 3, 4),
                       NET_F32(points, 3, 10)};
    const float moved[12] = {0, 0, 10, 10, 22, 2, 42, 10, 0, 0, 5, 5};
    const float square[12] = {0, 0, 10, 10, 22, -4, 42, 16, 0, 0, 5, 5};
    float where[20] = {0};
    points[10] = 0.5f; /* of the second: x of the first point, y of the last */
    points[19] = 0.25f;
    for (int k = 0; k < 5; k++) {
        where[10 + k] = k == 0 ? 30 : 20;
        where[15 + k] = k == 4 ? 2.5f : 0;
    }
    net_run("MtcnnRefine", "", in, 3, 2);
    net_expect(0, NET_DIMS(3, 4), square);
    net_expect(1, NET_DIMS(3), plain);
    net_run("MtcnnRefine", "smaller=1 square=0 shift_first=1", in, 4, 3);
    net_expect(0, NET_DIMS(2, 4), moved);
    net_expect(2, NET_DIMS(2, 10), where);
    in[1] = NET_F32(plain, 3);
    net_run("MtcnnRefine", "threshold=0.77", in, 3, 2);
    net_expect(0, NET_DIMS(2, 4), square);
    net_run("MtcnnRefine", "threshold=1", in, 3, 2);
    net_expect(1, NET_DIMS(0), plain);
}

/* Both steps on random maps beside the samples' own. */
static void beside_the_samples(void **unused)
{
    (void)unused;
    enum { W = 29, H = 17, CELLS = W * H };
    static float scores[2 * CELLS];
    static float shifts[4 * CELLS];
    mtcnn m = {.thresholds = {0.6f, 0, 0}};
    const net_input in[2] = {NET_F32(scores, 1, 2, H, W), NET_F32(shifts, 1, 4, H, W)};
    for (int i = 0; i < 4 * CELLS; i++) {
        scores[i % (2 * CELLS)] = random_share();
        shifts[i] = random_share() - 0.5f;
    }
    net_run("MtcnnProposal", "scale=0.3", in, 2, 3);
    assert_true(mtcnn_propose(&m, scores + CELLS, shifts, W, H, false, 0.3f));
    m.count = mtcnn_suppress(m.boxes, m.count, 1000, 0.5f, false);
    const int64_t n = (int64_t)m.count;
    assert_true(n > 20);
    for (size_t i = 0; i < m.count; i++) {
        assert_memory_equal(net_out[0][0].f + i * 4, &m.boxes[i].box, sizeof(picture_box));
        assert_true(net_out[0][1].f[i] == m.boxes[i].score);
        assert_memory_equal(net_out[0][2].f + i * 4, m.boxes[i].shift, sizeof m.boxes[i].shift);
    }
    assert_int_equal(net_out[0][1].dims.d[0], n);
    static float rows[9 * CELLS];
    memcpy(rows, net_out[0][0].f, m.count * 4 * sizeof *rows);
    memcpy(rows + 4 * CELLS, net_out[0][1].f, m.count * sizeof *rows);
    memcpy(rows + 5 * CELLS, net_out[0][2].f, m.count * 4 * sizeof *rows);
    const net_input again[3] = {NET_F32(rows, n, 4), NET_F32(rows + 4 * CELLS, n),
                                NET_F32(rows + 5 * CELLS, n, 4)};
    net_run("MtcnnRefine", "threshold=0 overlap=0.3", again, 3, 2);
    m.count = mtcnn_suppress(m.boxes, m.count, 1000, 0.3f, false);
    assert_int_equal(net_out[0][0].dims.d[0], m.count);
    for (size_t i = 0; i < m.count; i++) {
        mtcnn_shift(&m.boxes[i]);
        mtcnn_square(&m.boxes[i]);
        assert_memory_equal(net_out[0][0].f + i * 4, &m.boxes[i].box, sizeof(picture_box));
    }
    mtcnn_close(&m);
}

static void refuses(void **unused)
{
    (void)unused;
    float odd[48] = {NAN, INFINITY, -INFINITY, 1, NAN, 2, 3, NAN, INFINITY, NAN};
    const net_input map[2] = {NET_F32(odd, 1, 2, 2, 3), NET_F32(odd, 1, 4, 2, 3)};
    const net_input wide[2] = {NET_F32(odd, 1, 2, 2, 3), NET_F32(odd, 1, 4, 3, 2)};
    const net_input two[2] = {NET_F32(odd, 2, 2, 2, 3), NET_F32(odd, 2, 4, 1, 3)};
    const net_input rows[4] = {NET_F32(odd, 3, 4), NET_F32(odd, 3, 2), NET_F32(odd, 3, 4),
                               NET_F32(odd, 3, 10)};
    const net_input few[3] = {NET_F32(odd, 3, 4), NET_F32(odd, 2, 2), NET_F32(odd, 3, 4)};
    net_run("MtcnnProposal", "", map, 2, 3);
    net_run("MtcnnRefine", "", rows, 4, 3);
    net_run("MtcnnRefine", "smaller=1 shift_first=1", rows, 4, 3);
    net_refuses("MtcnnProposal", "", wide, 2, "scores must be [1, 2, h, w]");
    net_refuses("MtcnnProposal", "", two, 2, "scores must be [1, 2, h, w]");
    net_refuses("MtcnnProposal", "scale=0", map, 2, "above 0");
    net_refuses("MtcnnProposal", "keep_top_k=0", map, 2, "above 0");
    net_refuses("MtcnnRefine", "overlap=-1", rows, 3, "not below");
    net_refuses("MtcnnRefine", "", few, 3, "boxes must be [N, 4]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proposals),
        cmocka_unit_test(refinement),
        cmocka_unit_test(beside_the_samples),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
