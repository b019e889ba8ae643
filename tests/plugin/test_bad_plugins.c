/* SPDX-License-Identifier: Apache-2.0 */
/* Plugins that are wrong in every way we could think of: each ends in an error that names it. */
#include <math.h>
#include <stdio.h>

#include "plugin/sample_plugins.h"

enum { WIDTH = 6 };

static solder_status good_infer(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    return SOLDER_OK;
}

static solder_status good_run(const solder_plugin_call *c)
{
    memcpy(c->outputs[0].data, c->inputs[0].data, (size_t)c->inputs[0].dim[0] * sizeof(float));
    return SOLDER_OK;
}

#define GOOD                                                                                       \
    {                                                                                              \
        .abi_version = SOLDER_PLUGIN_ABI, .struct_size = sizeof(solder_plugin), .name = "Bad",     \
        .name_space = "test", .infer = good_infer, .run = good_run                                 \
    }

/* ---- registering ---- */

static void refused(const solder_plugin *plugin, solder_status status, const char *text)
{
    solder_builder *b;
    solder_runtime *r;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    assert_int_equal(solder_runtime_create(NULL, &r), SOLDER_OK);
    assert_int_equal(solder_builder_add_plugin(b, plugin), status);
    assert_int_equal(solder_runtime_add_plugin(r, plugin), status);
    if (strstr(solder_builder_message(b), text) == NULL) {
        fail_msg("'%s' lacks '%s'", solder_builder_message(b), text);
    }
    assert_string_equal(solder_builder_message(b), solder_runtime_message(r));
    solder_builder_destroy(b);
    solder_runtime_destroy(r);
}

static void heads(void **unused)
{
    (void)unused;
    solder_plugin p = GOOD;
    refused(NULL, SOLDER_ERROR_ARGUMENT, "is NULL");
    p.abi_version = 7;
    refused(&p, SOLDER_ERROR_VERSION, "plugin 'Bad': has ABI version 7");
    p = (solder_plugin)GOOD;
    p.struct_size = 24;
    refused(&p, SOLDER_ERROR_VERSION, "plugin 'Bad': its struct_size is 24");
    p = (solder_plugin)GOOD;
    p.name = NULL;
    refused(&p, SOLDER_ERROR_ARGUMENT, "plugin '(without a name)'");
    p.name = "two words";
    refused(&p, SOLDER_ERROR_ARGUMENT, "plugin 'two words': a name is");
    p = (solder_plugin)GOOD;
    p.name_space = "a::b";
    refused(&p, SOLDER_ERROR_ARGUMENT, "a namespace is");
    p = (solder_plugin)GOOD;
    p.flags = 1;
    refused(&p, SOLDER_ERROR_ARGUMENT, "flags");
}

/* Compiled against a later header: its last members must not be in use. */
static void longer_structs(void **unused)
{
    (void)unused;
    struct {
        solder_plugin p;
        void *later[2];
    } longer = {.p = GOOD};
    longer.p.struct_size = sizeof longer;
    solder_builder *b;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    assert_int_equal(solder_builder_add_plugin(b, &longer.p), SOLDER_OK);
    solder_builder_destroy(b);
    longer.later[1] = &longer;
    refused(&longer.p, SOLDER_ERROR_VERSION, "uses members");
}

static void callbacks(void **unused)
{
    (void)unused;
    solder_plugin p = GOOD;
    p.infer = NULL;
    refused(&p, SOLDER_ERROR_ARGUMENT, "plugin 'Bad': infer is NULL");
    p = (solder_plugin)GOOD;
    p.run = NULL;
    refused(&p, SOLDER_ERROR_ARGUMENT, "plugin 'Bad': run is NULL");
    p = (solder_plugin)GOOD;
    p.pack = affine_pack;
    refused(&p, SOLDER_ERROR_ARGUMENT, "packed_size and pack");
    p = (solder_plugin)GOOD;
    p.saved_size = affine_saved_size;
    refused(&p, SOLDER_ERROR_ARGUMENT, "saved_size and save");
    p = (solder_plugin)GOOD;
    p.close = affine_close;
    refused(&p, SOLDER_ERROR_ARGUMENT, "close without open");
}

static void tables(void **unused)
{
    (void)unused;
    static const char *const names[] = {"a", NULL};
    const solder_plugin_attribute wrong[] = {
        {"x", 99, 0, 1, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_I32, 2, 1, SOLDER_NO_LENGTH, 0, NULL, NULL}, /* not aligned */
        {"x", SOLDER_ATTRIBUTE_I32, 16, 1, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_I64, 8, 2, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_F32, 0, UINT32_MAX, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_F32, 0, 0, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_I32, 0, 1, 14, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_I32, 0, 1, SOLDER_NO_LENGTH, 0.5, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_I32, 0, 1, SOLDER_NO_LENGTH, NAN, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_BOOL, 0, 1, SOLDER_NO_LENGTH, 2, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_ENUM, 0, 1, SOLDER_NO_LENGTH, 1, names, NULL},
        {"x", SOLDER_ATTRIBUTE_ENUM, 0, 1, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_DTYPE, 0, 1, SOLDER_NO_LENGTH, 77, NULL, NULL},
        {"", SOLDER_ATTRIBUTE_I32, 0, 1, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {NULL, SOLDER_ATTRIBUTE_I32, 0, 1, SOLDER_NO_LENGTH, 0, NULL, NULL},
    };
    solder_plugin p = GOOD;
    p.attribute_count = 1;
    p.attributes_size = 16;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        p.attributes = &wrong[i];
        refused(&p, SOLDER_ERROR_ARGUMENT, "plugin 'Bad': attribute 0");
    }
    const solder_plugin_attribute twice[] = {
        {"x", SOLDER_ATTRIBUTE_I32, 0, 1, SOLDER_NO_LENGTH, 0, NULL, NULL},
        {"x", SOLDER_ATTRIBUTE_I32, 4, 1, SOLDER_NO_LENGTH, 0, NULL, NULL}};
    p.attributes = twice;
    p.attribute_count = 2;
    refused(&p, SOLDER_ERROR_ARGUMENT, "described twice");
    p.attributes = NULL;
    refused(&p, SOLDER_ERROR_ARGUMENT, "attributes of");
    const solder_plugin_operand operands[] = {{"a", 0, SOLDER_OPERAND_REPEATED}, {"b", 0, 0}};
    p = (solder_plugin)GOOD;
    p.inputs = operands;
    p.input_count = 2;
    refused(&p, SOLDER_ERROR_ARGUMENT, "input 'a' is repeated but not the last");
    const solder_plugin_operand nameless = {NULL, 0, 0};
    p.inputs = &nameless;
    p.input_count = 1;
    refused(&p, SOLDER_ERROR_ARGUMENT, "input 0 has no name");
    p.inputs = NULL;
    refused(&p, SOLDER_ERROR_ARGUMENT, "table is NULL");
}

static void same_name_twice(void **unused)
{
    (void)unused;
    const solder_plugin p = GOOD;
    solder_plugin other = GOOD;
    solder_builder *b;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    assert_int_equal(solder_builder_add_plugin(b, &p), SOLDER_OK);
    assert_int_equal(solder_builder_add_plugin(b, &p), SOLDER_OK); /* the very same */
    other.user = b;
    assert_int_equal(solder_builder_add_plugin(b, &other), SOLDER_ERROR_STATE);
    assert_non_null(strstr(solder_builder_message(b), "plugin 'test::Bad': another one"));
    other.version = 2;
    assert_int_equal(solder_builder_add_plugin(b, &other), SOLDER_OK);
    solder_builder_destroy(b);
}

/* ---- building ---- */

typedef struct trial {
    solder_builder *builder;
    solder_network *network;
    solder_status status; /* of adding the node, then of building */
    void *plan;
    size_t size;
} trial;

/* x [N] -> plugin -> y, N 1 to 6 */
static void try_to_build(trial *t, const solder_plugin *p, uint32_t outputs)
{
    const solder_profile profile = {NULL, {1, {1}}, {1, {4}}, {1, {WIDTH}}};
    solder_config config = solder_config_default();
    solder_value *in[2];
    solder_value *y[2];
    static const float w[2] = {1, 2};
    config.threads = 1;
    config.profiles = &profile;
    config.profile_count = 1;
    *t = (trial){0};
    assert_int_equal(solder_builder_create(NULL, &t->builder), SOLDER_OK);
    assert_int_equal(solder_builder_add_plugin(t->builder, p), SOLDER_OK);
    assert_int_equal(solder_network_create(t->builder, "n", &t->network), SOLDER_OK);
    assert_int_equal(
        solder_network_add_input(t->network, "x", SOLDER_F32, &(solder_dims){1, {-1}}, &in[0]),
        SOLDER_OK);
    assert_int_equal(
        solder_network_add_constant(t->network, "w", SOLDER_F32, &(solder_dims){1, {2}}, w, &in[1]),
        SOLDER_OK);
    t->status =
        solder_network_add_plugin(t->network, "test::Bad", "node", in, 2, NULL, 0, outputs, y);
    for (uint32_t i = 0; t->status == SOLDER_OK && i < outputs; i++) {
        assert_int_equal(solder_network_mark_output(t->network, y[i], i == 0 ? "y" : "z"),
                         SOLDER_OK);
    }
    if (t->status == SOLDER_OK) {
        t->status = solder_build_to_memory(t->builder, t->network, &config, &t->plan, &t->size);
    }
}

static void end_trial(trial *t)
{
    if (t->plan != NULL) {
        solder_plan_free(t->builder, t->plan, t->size);
    }
    solder_builder_destroy(t->builder);
}

static void fails_to_build(const solder_plugin *p, solder_status status, const char *text)
{
    trial t;
    try_to_build(&t, p, 1);
    if (t.status != status || strstr(solder_builder_message(t.builder), text) == NULL ||
        strstr(solder_builder_message(t.builder), "plugin 'test::Bad'") == NULL) {
        fail_msg("%s: '%s' lacks '%s'", solder_status_name(t.status),
                 solder_builder_message(t.builder), text);
    }
    end_trial(&t);
}

static solder_status infer_nothing(const solder_plugin_infer *i)
{
    (void)i;
    return SOLDER_OK;
}
static solder_status infer_rank_9(const solder_plugin_infer *i)
{
    i->outputs[0].shape.rank = 9;
    return SOLDER_OK;
}
static solder_status infer_forged(const solder_plugin_infer *i)
{
    i->outputs[0].shape.rank = 1;
    i->outputs[0].shape.d[0] = 1 << 30;
    return SOLDER_OK;
}
static solder_status infer_none(const solder_plugin_infer *i)
{
    i->outputs[0].shape.rank = 1;
    i->outputs[0].shape.d[0] = solder_expr_add(i, SOLDER_EXPR_NONE, 12345);
    return SOLDER_OK;
}
static solder_status infer_negative(const solder_plugin_infer *i)
{
    i->outputs[0].shape.rank = 1;
    i->outputs[0].shape.d[0] = solder_expr_constant(i, -4);
    return SOLDER_OK;
}
static solder_status infer_type(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    i->outputs[0].dtype = (solder_dtype)99;
    return SOLDER_OK;
}
static solder_status infer_fails(const solder_plugin_infer *i)
{
    return solder_infer_fail(i, SOLDER_ERROR_DATA, "dislikes %d inputs", (int)i->input_count);
}
static solder_status infer_fails_silently(const solder_plugin_infer *i)
{
    (void)i;
    return SOLDER_ERROR_UNSUPPORTED;
}
static solder_status infer_no_status(const solder_plugin_infer *i)
{
    (void)i;
    return (solder_status)42;
}
static solder_status infer_unused_symbol(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    (void)solder_expr_data_dependent(i, i->inputs[0].shape.d[0]);
    return SOLDER_OK;
}

static void shapes(void **unused)
{
    (void)unused;
    static const struct {
        solder_status (*infer)(const solder_plugin_infer *i);
        solder_status status;
        const char *text;
    } cases[] = {
        {infer_nothing, SOLDER_ERROR_INTERNAL, "was given no shape"},
        {infer_rank_9, SOLDER_ERROR_INTERNAL, "impossible rank"},
        {infer_forged, SOLDER_ERROR_DATA, "negative or not known"},
        {infer_none, SOLDER_ERROR_DATA, "negative or not known"},
        {infer_negative, SOLDER_ERROR_DATA, "negative or not known"},
        {infer_type, SOLDER_ERROR_UNSUPPORTED, "has type ?; it takes f32"},
        {infer_fails, SOLDER_ERROR_DATA, "dislikes 2 inputs"},
        {infer_fails_silently, SOLDER_ERROR_UNSUPPORTED, "infer failed with -7"},
        {infer_no_status, SOLDER_ERROR_INTERNAL, "infer failed with 42"},
        {infer_unused_symbol, SOLDER_ERROR_INTERNAL, "no dimension of an output"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        solder_plugin p = GOOD;
        p.infer = cases[i].infer;
        fails_to_build(&p, cases[i].status, cases[i].text);
    }
}

static void operands(void **unused)
{
    (void)unused;
    const solder_plugin_operand types[] = {{"a", SOLDER_TYPE(SOLDER_I32), 0}, {"b", 0, 0}};
    const solder_plugin_operand one[] = {{"a", 0, 0}};
    const solder_plugin_operand three[] = {{"a", 0, 0}, {"b", 0, 0}, {"c", 0, 0}};
    const solder_plugin_operand constant[] = {{"a", 0, SOLDER_OPERAND_CONSTANT}, {"b", 0, 0}};
    solder_plugin p = GOOD;
    p.inputs = types;
    p.input_count = 2;
    fails_to_build(&p, SOLDER_ERROR_UNSUPPORTED, "input 'a' has type f32; it takes i32");
    p.inputs = one;
    p.input_count = 1;
    fails_to_build(&p, SOLDER_ERROR_DATA, "2 inputs");
    p.inputs = three;
    p.input_count = 3;
    fails_to_build(&p, SOLDER_ERROR_DATA, "2 inputs, takes at least 3");
    p.inputs = constant;
    p.input_count = 2;
    fails_to_build(&p, SOLDER_ERROR_UNSUPPORTED, "input 'a' must be constant");
}

static size_t huge(const solder_plugin_call *c)
{
    (void)c;
    return SIZE_MAX / 2;
}
static size_t huge_packed(const solder_plugin_call *c, uint32_t input)
{
    (void)c;
    (void)input;
    return SIZE_MAX - 3;
}
static solder_status pack_fails(const solder_plugin_call *c, uint32_t input, void *packed)
{
    (void)input;
    (void)packed;
    return solder_plugin_fail(c, SOLDER_ERROR_DATA, "cannot pack");
}
static size_t small_packed(const solder_plugin_call *c, uint32_t input)
{
    (void)c;
    (void)input;
    return 8;
}
static solder_status save_fails(const solder_plugin_call *c, void *saved)
{
    (void)c;
    (void)saved;
    return SOLDER_ERROR_DEVICE;
}
static solder_status run_on_gpu(const solder_plugin_call *c, void *stream)
{
    (void)c;
    (void)stream;
    return SOLDER_OK;
}

static void preparing(void **unused)
{
    (void)unused;
    solder_plugin p = GOOD;
    p.packed_size = huge_packed;
    p.pack = pack_fails;
    fails_to_build(&p, SOLDER_ERROR_INTERNAL, "packed_size asks for");
    p.packed_size = small_packed;
    fails_to_build(&p, SOLDER_ERROR_DATA, "cannot pack");
    p = (solder_plugin)GOOD;
    p.saved_size = huge;
    p.save = save_fails;
    fails_to_build(&p, SOLDER_ERROR_INTERNAL, "saved_size asks for");
    p.saved_size = affine_saved_size;
    fails_to_build(&p, SOLDER_ERROR_DEVICE, "save failed with -9 (device)");
    p = (solder_plugin)GOOD;
    p.run = NULL;
    p.run_cuda = run_on_gpu;
    trial t;
    try_to_build(&t, &p, 1);
    assert_int_equal(t.status, SOLDER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(solder_builder_message(t.builder), "does not run on the CPU"));
    end_trial(&t);
}

/* ---- loading and running ---- */

/* Builds with one plugin, loads and runs with another. */
static void run_with(const solder_plugin *builds, const solder_plugin *runs, uint32_t outputs,
                     bool loads, solder_status status, const char *text)
{
    trial t;
    solder_runtime_options options = solder_runtime_options_default();
    solder_runtime *r;
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    options.threads = 1;
    try_to_build(&t, builds, outputs);
    if (t.status != SOLDER_OK) {
        fail_msg("%s", solder_builder_message(t.builder));
    }
    assert_int_equal(solder_runtime_create(&options, &r), SOLDER_OK);
    assert_int_equal(solder_runtime_add_plugin(r, runs), SOLDER_OK);
    solder_status is = solder_engine_load(r, t.plan, t.size, &engine);
    const char *message = solder_runtime_message(r);
    assert_int_equal(is == SOLDER_OK, loads);
    if (loads) {
        float x[WIDTH] = {1, -1, 2, -2, 3, -3};
        const solder_dims dims = {1, {WIDTH}};
        assert_int_equal(solder_context_create(r, engine, &context), SOLDER_OK);
        is = solder_context_set_dims(context, "x", &dims);
        is = is ? is : solder_context_bind(context, "x", x, sizeof x);
        is = is ? is : solder_context_run(context);
        message = solder_context_message(context);
    }
    if (is != status || strstr(message, text) == NULL || strstr(message, "test::Bad") == NULL) {
        fail_msg("%s: '%s' lacks '%s'", solder_status_name(is), message, text);
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(r);
    end_trial(&t);
}

static solder_status run_fails(const solder_plugin_call *c)
{
    return solder_plugin_fail(c, SOLDER_ERROR_DATA, "input %d is odd", 3);
}
static solder_status run_fails_silently(const solder_plugin_call *c)
{
    (void)c;
    return SOLDER_ERROR_DEVICE;
}
static solder_status run_no_status(const solder_plugin_call *c)
{
    (void)c;
    return (solder_status)42;
}
static solder_status run_changes_dim(const solder_plugin_call *c)
{
    c->outputs[0].dim[0] = 2;
    return SOLDER_OK;
}
static size_t small_workspace(const solder_plugin_call *c)
{
    (void)c;
    return 16;
}
static solder_status run_past_workspace(const solder_plugin_call *c)
{
    memset(c->workspace, 7, c->workspace_size + 3);
    return good_run(c);
}
static int asked;
static size_t growing_workspace(const solder_plugin_call *c)
{
    (void)c;
    return (size_t)++asked * 4096;
}

static void failing_runs(void **unused)
{
    (void)unused;
    static const struct {
        solder_status (*run)(const solder_plugin_call *c);
        size_t (*workspace)(const solder_plugin_call *c);
        solder_status status;
        const char *text;
    } cases[] = {
        {run_fails, NULL, SOLDER_ERROR_DATA, "plugin 'test::Bad': input 3 is odd"},
        {run_fails_silently, NULL, SOLDER_ERROR_DEVICE, "run failed with -9 (device)"},
        {run_no_status, NULL, SOLDER_ERROR_INTERNAL, "run failed with 42 (no such status)"},
        {run_changes_dim, NULL, SOLDER_ERROR_INTERNAL,
         "plugin 'test::Bad': dimension 0 of output 0 was made 2, but infer said 6"},
        {run_past_workspace, small_workspace, SOLDER_ERROR_INTERNAL,
         "plugin 'test::Bad': run wrote past its workspace of 16 bytes"},
    };
    const solder_plugin good = GOOD;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        solder_plugin p = GOOD;
        p.run = cases[i].run;
        p.workspace = cases[i].workspace;
        run_with(&good, &p, 1, true, cases[i].status, cases[i].text);
    }
    solder_plugin p = GOOD;
    p.workspace = huge;
    run_with(&good, &p, 1, false, SOLDER_ERROR_INTERNAL, "workspace asks for");
}

static void growing(void **unused)
{
    (void)unused;
    trial t;
    solder_plugin p = GOOD;
    solder_runtime *r;
    solder_engine *engine;
    p.workspace = growing_workspace;
    try_to_build(&t, &p, 1);
    assert_int_equal(t.status, SOLDER_OK);
    assert_int_equal(solder_runtime_create(NULL, &r), SOLDER_OK);
    assert_int_equal(solder_runtime_add_plugin(r, &p), SOLDER_OK);
    /* Whoever notices first: the check of a context's dims or the run. */
    solder_status status = solder_engine_load(r, t.plan, t.size, &engine);
    if (status == SOLDER_OK) {
        float x[WIDTH] = {0};
        solder_context *context;
        assert_int_equal(solder_context_create(r, engine, &context), SOLDER_OK);
        status = solder_context_set_dims(context, "x", &(solder_dims){1, {WIDTH}});
        status = status ? status : solder_context_bind(context, "x", x, sizeof x);
        status = status ? status : solder_context_run(context);
        solder_context_destroy(context);
        solder_engine_destroy(engine);
    }
    assert_int_equal(status, SOLDER_ERROR_INTERNAL);
    solder_runtime_destroy(r);
    end_trial(&t);
}

/* ---- data-dependent dims ---- */

static solder_status run_above_bound(const solder_plugin_call *c)
{
    c->outputs[0].dim[0] = WIDTH + 1;
    return SOLDER_OK;
}
static solder_status run_below_zero(const solder_plugin_call *c)
{
    c->outputs[0].dim[0] = -1;
    return SOLDER_OK;
}
static solder_status run_disagrees(const solder_plugin_call *c)
{
    c->outputs[0].dim[0] = 3;
    c->outputs[1].dim[0] = 2;
    return SOLDER_OK;
}

static void lying_dims(void **unused)
{
    (void)unused;
    solder_plugin keep = KEEP_PLUGIN;
    keep.name = "Bad";
    solder_plugin p = keep;
    p.run = run_above_bound;
    run_with(&keep, &p, 1, true, SOLDER_ERROR_INTERNAL,
             "dimension 0 of output 0 was made 7, infer said at most 6");
    p.run = run_below_zero;
    run_with(&keep, &p, 1, true, SOLDER_ERROR_INTERNAL, "was made -1, infer said at most 6");
    p.run = run_disagrees;
    run_with(&keep, &p, 2, true, SOLDER_ERROR_INTERNAL, "output 1 has another data-dependent dim");
}

/* ---- a plugin that is another one when the plan is loaded ---- */

static solder_status infer_twice_as_long(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    i->outputs[0].shape.d[0] =
        solder_expr_mul(i, i->inputs[0].shape.d[0], solder_expr_constant(i, 2));
    return SOLDER_OK;
}
static solder_status open_fails(const solder_plugin_call *c, void **state)
{
    (void)state;
    return solder_plugin_fail(c, SOLDER_ERROR_IO, "no licence");
}
static solder_status pack_zeros(const solder_plugin_call *c, uint32_t input, void *packed)
{
    (void)c;
    (void)input;
    memset(packed, 0, 8);
    return SOLDER_OK;
}
static size_t larger_packed(const solder_plugin_call *c, uint32_t input)
{
    (void)c;
    (void)input;
    return 8000;
}

static void changed_plugins(void **unused)
{
    (void)unused;
    const solder_plugin good = GOOD;
    solder_plugin p = GOOD;
    p.infer = infer_twice_as_long;
    run_with(&good, &p, 1, false, SOLDER_ERROR_DATA, "other dims than its plugin's infer says");
    p.infer = infer_fails;
    run_with(&good, &p, 1, false, SOLDER_ERROR_DATA, "its plugin's infer refuses these inputs");
    p = (solder_plugin)GOOD;
    p.open = open_fails;
    run_with(&good, &p, 1, false, SOLDER_ERROR_IO, "plugin 'test::Bad': no licence");
    solder_plugin packs = GOOD;
    packs.packed_size = small_packed;
    packs.pack = pack_zeros;
    run_with(&packs, &good, 1, false, SOLDER_ERROR_DATA, "packs or saves nothing here");
    p = packs;
    p.packed_size = larger_packed;
    run_with(&packs, &p, 1, false, SOLDER_ERROR_DATA, "packed into 8 bytes, it wants 8000");
    p = (solder_plugin)GOOD;
    p.attributes = affine_table;
    p.attribute_count = 1;
    p.attributes_size = sizeof(affine_attributes);
    run_with(&good, &p, 1, false, SOLDER_ERROR_DATA, "bytes of attributes here, 0 in the plan");
    const solder_plugin_operand none[] = {{"a", 0, 0}};
    p = (solder_plugin)GOOD;
    p.inputs = none;
    p.input_count = 1;
    run_with(&good, &p, 1, false, SOLDER_ERROR_DATA, "has more operands than its plugin takes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads),           cmocka_unit_test(longer_structs),
        cmocka_unit_test(callbacks),       cmocka_unit_test(tables),
        cmocka_unit_test(same_name_twice), cmocka_unit_test(shapes),
        cmocka_unit_test(operands),        cmocka_unit_test(preparing),
        cmocka_unit_test(failing_runs),    cmocka_unit_test(growing),
        cmocka_unit_test(lying_dims),      cmocka_unit_test(changed_plugins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
