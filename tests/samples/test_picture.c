/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of the samples: files there and back, tensors by hand-computed values, boxes drawn. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "frames.h"

#define FOLDER BINARY_DIR "/test_picture_"

static void gradient(picture *p, int w, int h)
{
    assert_true(picture_make(p, w, h));
    for (int i = 0; i < w * h; i++) {
        p->rgb[i * 3] = (unsigned char)(i % w * 3);
        p->rgb[i * 3 + 1] = (unsigned char)(i / w * 4);
        p->rgb[i * 3 + 2] = 90;
    }
}

static void files(void **state)
{
    (void)state;
    static const char *const paths[] = {FOLDER "a.ppm", FOLDER "a.png", FOLDER "a.jpg"};
    picture p = {0};
    picture q = {0};
    gradient(&p, 50, 40);
    for (int i = 0; i < 3; i++) {
        assert_true(picture_write(&p, paths[i]));
        assert_true(picture_read(paths[i], &q));
        assert_true(q.w == 50 && q.h == 40);
        for (int k = 0; k < 50 * 40 * 3; k++) {
            assert_true(abs(p.rgb[k] - q.rgb[k]) <= (i == 2 ? 12 : 0)); /* JPEG is not exact */
        }
        (void)remove(paths[i]);
    }
    assert_false(picture_write(&p, BINARY_DIR "/no/such/folder.ppm"));
    free(p.rgb);
    free(q.rgb);
}

static void read_bytes(const char *bytes, size_t size, bool ok)
{
    picture p = {0};
    FILE *file = fopen(FOLDER "b", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_true(picture_read(FOLDER "b", &p) == ok);
    (void)remove(FOLDER "b");
    free(p.rgb);
}

static void damaged_files(void **state)
{
    (void)state;
    picture p = {0};
    static const char good[] = "P6\n# a word\n2 1 255\nabcdef";
    read_bytes(good, sizeof good - 1, true);
    for (size_t size = 1; size < sizeof good - 1; size++) {
        read_bytes(good, size, false);
    }
    read_bytes("P6 2 1 65535\nabcdefabcdef", 25, false);
    read_bytes("P6 0 1 255\nabcdef", 17, false);
    read_bytes("P6 99999999999 99999999 255\n", 28, false);
    read_bytes("\x89PNG\r\n\x1a\n and no more", 20, false);
    read_bytes("\xff\xd8\xff\xe0 and no more", 16, false);
    assert_false(picture_read(BINARY_DIR "/nowhere.png", &p));
}

/* 2 x 1 pixels made 4 x 1: a quarter and three quarters of the way between. */
static void tensors(void **state)
{
    (void)state;
    unsigned char rgb[6] = {0, 10, 20, 40, 50, 60};
    const picture p = {2, 1, rgb};
    solder_image_rule rule = {"bgr", {20, 0, 0}, {0.5f, 1, 1}, 1, 0};
    float t[24];
    picture_to_tensor(&p, NULL, NULL, 4, 1, t);
    assert_true(t[0] == 0 && t[1] == 10 && t[2] == 30 && t[3] == 40 && t[4] == 10 && t[11] == 60);
    picture_to_tensor(&p, NULL, &rule, 2, 2, t);
    assert_true(t[0] == 0 && t[1] == 20 && t[2] == 0 && t[3] == 20);
    assert_true(t[8] == 0 && t[9] == 40);
    rule.transposed = 1;
    picture_to_tensor(&p, NULL, &rule, 2, 2, t);
    assert_true(t[0] == 0 && t[1] == 0 && t[2] == 20 && t[3] == 20);
    const picture_box right = {1, 0, 2, 1};
    picture_to_tensor(&p, &right, NULL, 1, 1, t);
    assert_true(t[0] == 40 && t[2] == 60);
}

static int changed(const picture *a, const picture *b, int x, int y)
{
    size_t at = ((size_t)y * (size_t)a->w + (size_t)x) * 3;
    return memcmp(a->rgb + at, b->rgb + at, 3) != 0;
}

/* Lines on the box's own pixels, its inside free; a plate above, or below where it has no room. */
static void boxes(void **state)
{
    (void)state;
    picture p = {0};
    picture q = {0};
    const picture_box middle = {20, 60, 80, 120};
    const picture_box beyond = {-50, -50, 500, 500};
    const picture_box top = {250, 2, 299, 60};
    gradient(&p, 300, 150);
    gradient(&q, 300, 150);
    picture_draw_box(&q, &middle, "", 0);
    assert_true(changed(&p, &q, 20, 60) && changed(&p, &q, 79, 119) && changed(&p, &q, 50, 60));
    assert_false(changed(&p, &q, 19, 60) || changed(&p, &q, 80, 119) || changed(&p, &q, 50, 90));
    picture_draw_box(&q, &middle, "cat 97%", 1);
    assert_true(changed(&p, &q, 22, 52));
    assert_false(changed(&p, &q, 50, 40));
    picture_draw_box(&q, &top, "a long word", 2);
    assert_true(changed(&p, &q, 299, 65));
    assert_false(changed(&p, &q, 299, 100));
    picture_draw_box(&q, &beyond, "nowhere", 7); /* stays inside the memory */
    picture_draw_point(&q, -5, 1000, 3);
    free(p.rgb);
    free(q.rgb);
}

static void frames_are_checked(void **state)
{
    (void)state;
    frames f;
    assert_false(frames_open(&f, "-", NULL));
    assert_false(frames_open(&f, "-", "12"));
    assert_false(frames_open(&f, "-", "-5x7"));
    assert_false(frames_open(&f, BINARY_DIR "/nowhere", NULL));
    assert_true(frames_open(&f, "-", "4x3"));
    frames_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files), cmocka_unit_test(damaged_files),      cmocka_unit_test(tensors),
        cmocka_unit_test(boxes), cmocka_unit_test(frames_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
