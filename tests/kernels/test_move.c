/* SPDX-License-Identifier: Apache-2.0 */
/* Random strided copies against the plain loop. */
#include "kernels/ref_check.h"
#include "kernels/shuffle/move.h"

#define BYTES 40000

static unsigned char from[BYTES], have[BYTES], want[BYTES];
static uint64_t seed = 1;

static int64_t draw(int64_t low, int64_t high)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return low + (int64_t)((seed >> 33) % (uint64_t)(high - low + 1));
}

/* Strides of a dense tensor whose dimensions lie in a random order, with gaps at random. */
static void draw_strides(const int64_t *dim, int rank, bool repeats, int64_t *stride)
{
    int order[4] = {0, 1, 2, 3};
    for (int i = rank - 1; i > 0 && draw(0, 1) == 1; i--) {
        int other = (int)draw(0, i);
        int kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    int64_t step = draw(0, 4) == 0 ? 2 : 1;
    for (int i = rank - 1; i >= 0; i--) {
        stride[order[i]] = step;
        step *= dim[order[i]] + (draw(0, 2) == 0 ? draw(0, 3) : 0);
    }
    if (repeats && rank > 0) {
        stride[draw(0, rank - 1)] = 0;
    }
}

static void copy_plainly(const sld_move *m, unsigned char *to)
{
    int64_t index[SLD_MOVE_MAX_RANK] = {0};
    do {
        int64_t a = 0;
        int64_t b = 0;
        for (int i = 0; i < m->rank; i++) {
            a += index[i] * m->from_stride[i];
            b += index[i] * m->to_stride[i];
        }
        memcpy(to + b * (int64_t)m->size, m->from + a * (int64_t)m->size, m->size);
    } while (sld_index_next(index, m->dim, m->rank));
}

static void test_random_moves(void **state)
{
    (void)state;
    for (int i = 0; i < BYTES; i++) {
        from[i] = (unsigned char)draw(0, 255);
    }
    for (int n = 0; n < 20000; n++) {
        sld_move m = {.from = (const char *)from,
                      .to = (char *)have,
                      .size = (size_t)1 << draw(0, 3),
                      .rank = (int)draw(0, 4)};
        for (int i = 0; i < m.rank; i++) {
            m.dim[i] = draw(1, n % 50 == 0 ? 5 : 4);
        }
        if (m.rank > 0 && m.rank < 3) {
            m.dim[draw(0, m.rank - 1)] = draw(1, 40);
        }
        draw_strides(m.dim, m.rank, draw(0, 3) == 0, m.from_stride);
        draw_strides(m.dim, m.rank, false, m.to_stride);
        memset(have, 0xcc, BYTES);
        memset(want, 0xcc, BYTES);
        copy_plainly(&m, want);
        sld_move_run(&m, NULL);
        assert_memory_equal(have, want, BYTES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_moves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
