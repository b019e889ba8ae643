/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network with a layer of our own: register it on a builder, build a plan, register it on a
 * runtime, run. custom_layer [PLAN]: the plan stays if a name is given.
 */
#include <math.h>
#include <stdio.h>

#include "soft_sign.h"
#include "solder/builder.h"
#include "solder/runtime.h"

enum { BATCH = 2, CHANNELS = 3, WIDTH = 4, COUNT = BATCH * CHANNELS * WIDTH };

static const float slope[CHANNELS] = {1, 2, -3};

/* x [N, 3, 4] -> SoftSign -> y */
static solder_status make_network(solder_builder *b, solder_network **out)
{
    const double bend = 0.5;
    const solder_attribute attributes[] = {{.name = "bend", .count = 1, .reals = &bend}};
    const solder_dims open = {3, {-1, CHANNELS, WIDTH}};
    const solder_dims channels = {1, {CHANNELS}};
    solder_network *n;
    solder_value *in[2];
    solder_value *y;
    solder_status s = solder_network_create(b, "custom", &n);
    s = s ? s : solder_network_add_input(n, "x", SOLDER_F32, &open, &in[0]);
    s = s ? s : solder_network_add_constant(n, "slope", SOLDER_F32, &channels, slope, &in[1]);
    s = s ? s
          : solder_network_add_plugin(n, "sample::SoftSign", "layer", in, 2, attributes, 1, 1, &y);
    s = s ? s : solder_network_mark_output(n, y, "y");
    *out = n;
    return s;
}

static int build(const char *path)
{
    const solder_profile profile = {
        NULL, {3, {1, CHANNELS, WIDTH}}, {3, {BATCH, CHANNELS, WIDTH}}, {3, {8, CHANNELS, WIDTH}}};
    solder_config config = solder_config_default();
    solder_builder *b;
    solder_network *n;
    config.profiles = &profile;
    config.profile_count = 1;
    if (solder_builder_create(NULL, &b) != SOLDER_OK) {
        return 1;
    }
    solder_status s = solder_register_plugin(b, &soft_sign);
    s = s ? s : make_network(b, &n);
    s = s ? s : solder_build_to_file(b, n, &config, path);
    if (s != SOLDER_OK) {
        printf("building: %s\n", solder_builder_message(b));
    }
    solder_builder_destroy(b);
    return s != SOLDER_OK;
}

static int check(const float *x, const float *y)
{
    for (int i = 0; i < COUNT; i++) {
        float want = slope[i / WIDTH % CHANNELS] * x[i] / (0.5f + fabsf(x[i]));
        if (fabsf(y[i] - want) > 1e-6f) {
            printf("element %d is %g, expected %g\n", i, (double)y[i], (double)want);
            return 1;
        }
    }
    printf("y[0] = %g, y[%d] = %g: as expected\n", (double)y[0], COUNT - 1, (double)y[COUNT - 1]);
    return 0;
}

static int run(const char *path)
{
    const solder_dims dims = {3, {BATCH, CHANNELS, WIDTH}};
    float x[COUNT];
    float y[COUNT];
    solder_runtime *r;
    solder_engine *e = NULL;
    solder_context *c = NULL;
    for (int i = 0; i < COUNT; i++) {
        x[i] = (float)i - 11.5f;
    }
    if (solder_runtime_create(NULL, &r) != SOLDER_OK) {
        return 1;
    }
    /* Without this line: "plan '...' needs the plugin 'sample::SoftSign' version 1, ..." */
    solder_status s = solder_register_plugin(r, &soft_sign);
    s = s ? s : solder_engine_open(r, path, &e);
    s = s ? s : solder_context_create(r, e, &c);
    if (s != SOLDER_OK) {
        printf("loading: %s\n", solder_runtime_message(r));
    } else {
        s = solder_context_set_dims(c, "x", &dims);
        s = s ? s : solder_context_bind(c, "x", x, sizeof x);
        s = s ? s : solder_context_bind(c, "y", y, sizeof y);
        s = s ? s : solder_context_run(c);
        printf("%s", solder_context_message(c));
    }
    int failed = s != SOLDER_OK || check(x, y);
    solder_context_destroy(c);
    solder_engine_destroy(e);
    solder_runtime_destroy(r);
    return failed;
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "custom_layer.plan";
    int failed = build(path) || run(path);
    if (argc < 2) {
        (void)remove(path);
    }
    return failed;
}
