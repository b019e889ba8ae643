/* SPDX-License-Identifier: Apache-2.0 */
/* Faces of the samples by name: aligned by hand-computed points, compared by an embedding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "gallery.h"
#include "solder/builder.h"

#define PLAN BINARY_DIR "/test_gallery.plan"

enum { SIDE = 112, W = 300, H = 260 };

static const float points[5][2] = {{38.2946f, 51.6963f},
                                   {73.5318f, 51.5014f},
                                   {56.0252f, 71.7366f},
                                   {41.5493f, 92.3655f},
                                   {70.7299f, 92.2041f}};

/* The template turned by the angle, twice as large, its corner moved to (x, y). */
static face turned_face(float angle, float x, float y)
{
    face f = {.points = 5, .box = {x, y, x + 2 * SIDE, y + 2 * SIDE}};
    for (int i = 0; i < 5; i++) {
        f.x[i] = x + 2 * (cosf(angle) * points[i][0] - sinf(angle) * points[i][1]);
        f.y[i] = y + 2 * (sinf(angle) * points[i][0] + cosf(angle) * points[i][1]);
    }
    return f;
}

static void close_to(float got, float want)
{
    if (!(fabsf(got - want) <= 1e-3f)) {
        fail_msg("%.6f, not %.6f", (double)got, (double)want);
    }
}

static void alignment(void **state)
{
    (void)state;
    const float quarter = 1.57079633f;
    const face same = turned_face(0, 7, 9);
    const face left = turned_face(quarter, 240, 5);
    picture_map m = face_alignment(&same, SIDE);
    close_to(m.x[0], 7);
    close_to(m.x[1], 2);
    close_to(m.x[2], 0);
    close_to(m.y[0], 9);
    close_to(m.y[2], 2);
    m = face_alignment(&left, SIDE / 2); /* each pixel of it is 4 of the picture */
    close_to(m.x[0], 240);
    close_to(m.x[1], 0);
    close_to(m.x[2], -4);
    close_to(m.y[0], 5);
    close_to(m.y[1], 4);
    close_to(m.y[2], 0);
}

/* A picture's pixels through a map: those of a gradient are where they lie. */
static void mapped(void **state)
{
    (void)state;
    picture p = {0};
    float t[3 * 2 * 3];
    const picture_map turn = {{10, 0, -2}, {3, 1.5f, 0}};
    const solder_image_rule rule = {"bgr", {5, 0, 0}, {2, 1, 1}, 1, 1};
    assert_true(picture_make(&p, 40, 30));
    for (int i = 0; i < 40 * 30; i++) {
        p.rgb[i * 3] = (unsigned char)(i % 40 * 4);
        p.rgb[i * 3 + 1] = (unsigned char)(i / 40 * 4);
        p.rgb[i * 3 + 2] = 50;
    }
    picture_map_to_tensor(&p, &turn, NULL, 2, 3, t);
    for (int v = 0; v < 3; v++) {
        for (int u = 0; u < 2; u++) {
            close_to(t[v * 2 + u], 4 * (10 - 2 * (float)v));
            close_to(t[6 + v * 2 + u], 4 * (3 + 1.5f * (float)u));
        }
    }
    picture_map_to_tensor(&p, &turn, &rule, 2, 3, t);
    close_to(t[0], 90);
    close_to(t[12 + 1], 32); /* red, last, transposed: u 0, v 1 */
    free(p.rgb);
}

/* Sixteen by sixteen pixels are the embedding. */
static void build_plan(void)
{
    solder_builder *b = NULL;
    solder_network *n = NULL;
    solder_value *x = NULL;
    solder_value *y = NULL;
    const solder_dims dims = {4, {1, 3, 16, 16}};
    const solder_attribute kind = {.name = "kind", .text = "identity"};
    const solder_preprocess rule = {.input = "face",
                                    .order = "rgb",
                                    .mean = {127, 127, 127},
                                    .scale = {0.01f, 0.01f, 0.01f},
                                    .resize = 1};
    solder_config config = solder_config_default();
    config.effort = 0;
    config.preprocess = &rule;
    config.preprocess_count = 1;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    if (solder_network_create(b, "pixels", &n) != SOLDER_OK ||
        solder_network_add_input(n, "face", SOLDER_F32, &dims, &x) != SOLDER_OK ||
        solder_network_add(n, "Unary", "y", &x, 1, &kind, 1, 1, &y) != SOLDER_OK ||
        solder_network_mark_output(n, y, "features") != SOLDER_OK ||
        solder_build_to_file(b, n, &config, PLAN) != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(b));
    }
    solder_builder_destroy(b);
}

/* A face of bright and dark patches, drawn where the map says, else grey; another one inverted. */
static void draw_face(picture *p, const face *f, bool inverted)
{
    const picture_map m = face_alignment(f, SIDE);
    memset(p->rgb, 127, (size_t)p->w * (size_t)p->h * 3);
    for (int i = 0; i < 4 * SIDE * 4 * SIDE; i++) { /* quarters of the template's pixels */
        float u = (float)(i % (4 * SIDE)) / 4;
        float v = (float)(i / (4 * SIDE)) / 4;
        int x = (int)(m.x[0] + m.x[1] * u + m.x[2] * v + 0.5f);
        int y = (int)(m.y[0] + m.y[1] * u + m.y[2] * v + 0.5f);
        bool bright = (((int)u / 28 * 7 + (int)v / 28 * 3) % 5 < 2) != inverted;
        if (x >= 0 && x < p->w && y >= 0 && y < p->h) {
            memset(p->rgb + (y * p->w + x) * 3, bright ? 220 : 40, 3);
        }
    }
}

/* Turned by a quarter of a right angle it is itself if aligned, and not if not. */
static void names(void **state)
{
    (void)state;
    const face straight = turned_face(0, 30, 20);
    const face turned = turned_face(0.4f, 80, 10);
    const char *name = NULL;
    picture p = {0};
    solder_runtime *runtime = NULL;
    gallery g = {.aligned = true};
    float cosine[3] = {0};
    build_plan();
    assert_true(picture_make(&p, W, H));
    assert_int_equal(solder_runtime_create(NULL, &runtime), SOLDER_OK);
    assert_true(gallery_open(runtime, PLAN, &g));
    g.likeness = 0.8f;
    assert_true(gallery_name(&g, &p, &straight, &name, &cosine[0]));
    assert_string_equal(name, "somebody"); /* nobody is known */
    draw_face(&p, &straight, true);
    assert_true(gallery_add(&g, "bob", &p, &straight));
    draw_face(&p, &straight, false);
    assert_true(gallery_add(&g, "ann", &p, &straight));
    assert_true(gallery_name(&g, &p, &straight, &name, &cosine[0]));
    assert_string_equal(name, "ann");
    assert_true(cosine[0] > 0.999f);
    draw_face(&p, &turned, false);
    assert_true(gallery_name(&g, &p, &turned, &name, &cosine[1]));
    assert_string_equal(name, "ann");
    g.aligned = false;
    assert_true(gallery_name(&g, &p, &turned, &name, &cosine[2]));
    assert_string_equal(name, "somebody");
    assert_true(cosine[1] > 0.9f && cosine[2] < 0.7f);
    gallery_close(&g);
    solder_runtime_destroy(runtime);
    free(p.rgb);
    (void)remove(PLAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alignment),
        cmocka_unit_test(mapped),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
