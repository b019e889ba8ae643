/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a plugin's step as a plan keeps them: the input takes their place in a plan
 * that is otherwise sound, hashes repaired. The plugin relies on everything its description
 * promises, so what gets past the checks and is wrong shows in its run.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "fuzz.h"
#include "plan/plan_format.h"
#include "solder/builder.h"
#include "solder/plugin.h"
#include "solder/runtime.h"

enum { CHANNELS = 3, WIDTH = 4, MAX_PLAN = 1 << 17, MAX_INPUT = 1 << 14 };

/* ---- the plugin: its run trusts attributes, packed weights and saved bytes ---- */

typedef struct attributes {
    float shift;
    int32_t mode, type, flag;
    int32_t list[3], list_length;
    char label[9];
    uint8_t gap[7]; /* of no attribute: always 0 */
    int64_t big;
    double ratio;
} attributes;

static const char *const modes[] = {"first", "second", NULL};

static const solder_plugin_attribute table[] = {
    SOLDER_ATTRIBUTE(attributes, shift, "shift", SOLDER_ATTRIBUTE_F32, 0.5),
    SOLDER_ATTRIBUTE_NAMED(attributes, mode, "mode", modes, 1),
    SOLDER_ATTRIBUTE(attributes, type, "type", SOLDER_ATTRIBUTE_DTYPE, SOLDER_F32),
    SOLDER_ATTRIBUTE(attributes, flag, "flag", SOLDER_ATTRIBUTE_BOOL, 0),
    SOLDER_ATTRIBUTE_LIST(attributes, list, list_length, "list", SOLDER_ATTRIBUTE_I32, 2),
    SOLDER_ATTRIBUTE_STRING(attributes, label, "label"),
    SOLDER_ATTRIBUTE(attributes, big, "big", SOLDER_ATTRIBUTE_I64, -1),
    SOLDER_ATTRIBUTE(attributes, ratio, "ratio", SOLDER_ATTRIBUTE_F64, 1),
};

static const solder_plugin_operand inputs[] = {
    {"x", 0, 0},
    {"weight", 0, SOLDER_OPERAND_CONSTANT},
};

static solder_status infer(const solder_plugin_infer *i)
{
    i->outputs[0].shape = i->inputs[0].shape;
    return SOLDER_OK;
}

static size_t packed_size(const solder_plugin_call *c, uint32_t input)
{
    return input == 1 && c->inputs[1].rank == 1 ? (size_t)c->inputs[1].dim[0] * 2 * sizeof(float)
                                                : 0;
}

static solder_status pack(const solder_plugin_call *c, uint32_t input, void *packed)
{
    const float *from = c->inputs[input].data;
    float *to = packed;
    for (int64_t i = 0; i < c->inputs[input].dim[0]; i++) {
        to[2 * i] = to[2 * i + 1] = from[i];
    }
    return SOLDER_OK;
}

static size_t saved_size(const solder_plugin_call *c)
{
    return (size_t)c->inputs[0].dim[2] * sizeof(double);
}

static solder_status save(const solder_plugin_call *c, void *saved)
{
    memset(saved, 0, saved_size(c));
    return SOLDER_OK;
}

static uint32_t tactics(const solder_plugin_call *c)
{
    (void)c;
    return 3;
}

static solder_status run(const solder_plugin_call *c)
{
    const attributes *a = c->attributes;
    const float *x = c->inputs[0].data;
    float *y = c->outputs[0].data;
    float sum = a->shift + (float)strlen(a->label) + (float)strlen(modes[a->mode]) +
                (float)solder_dtype_size((solder_dtype)a->type) + (float)a->flag;
    for (int32_t i = 0; i < a->list_length; i++) {
        sum += (float)a->list[i];
    }
    if ((c->inputs[1].flags & SOLDER_TENSOR_PACKED) != 0) {
        for (int64_t i = 0; i < c->inputs[1].dim[0] * 2; i++) {
            sum += ((const float *)c->inputs[1].data)[i];
        }
    }
    for (int64_t i = 0; i < c->inputs[0].dim[2]; i++) {
        sum += (float)((const double *)c->saved)[i];
    }
    for (int i = 0; i < 7; i++) {
        if (a->gap[i] != 0 || c->tactic >= 3) {
            __builtin_trap();
        }
    }
    for (int64_t i = 0; i < c->inputs[0].dim[0] * c->inputs[0].dim[1] * c->inputs[0].dim[2]; i++) {
        y[i] = x[i] + sum;
    }
    return SOLDER_OK;
}

static const solder_plugin plugin = {
    .abi_version = SOLDER_PLUGIN_ABI,
    .struct_size = sizeof(solder_plugin),
    .name = "Fuzzed",
    .inputs = inputs,
    .input_count = 2,
    .attributes = table,
    .attribute_count = sizeof table / sizeof table[0],
    .attributes_size = sizeof(attributes),
    .infer = infer,
    .tactics = tactics,
    .packed_size = packed_size,
    .pack = pack,
    .saved_size = saved_size,
    .save = save,
    .run = run,
};

/* ---- the plan ---- */

static _Alignas(64) uint8_t sound[MAX_PLAN], made[MAX_PLAN];
static size_t sound_size;

static void make_sound(void)
{
    static const float weight[CHANNELS] = {1, 2, 3};
    solder_config config = solder_config_default();
    solder_builder *b;
    solder_network *n;
    solder_value *in[2];
    solder_value *y;
    void *plan;
    size_t size;
    config.effort = 0;
    config.threads = 1;
    solder_status s = solder_builder_create(NULL, &b);
    s = s ? s : solder_builder_add_plugin(b, &plugin);
    s = s ? s : solder_network_create(b, "n", &n);
    s = s ? s
          : solder_network_add_input(n, "x", SOLDER_F32, &(solder_dims){3, {1, CHANNELS, WIDTH}},
                                     &in[0]);
    s = s ? s
          : solder_network_add_constant(n, "w", SOLDER_F32, &(solder_dims){1, {CHANNELS}}, weight,
                                        &in[1]);
    s = s ? s : solder_network_add_plugin(n, "Fuzzed", "step", in, 2, NULL, 0, 1, &y);
    s = s ? s : solder_network_mark_output(n, y, "y");
    s = s ? s : solder_build_to_memory(b, n, &config, &plan, &size);
    if (s != SOLDER_OK || size > MAX_PLAN / 2) {
        abort();
    }
    memcpy(sound, plan, size);
    sound_size = size;
    solder_plan_free(b, plan, size);
    solder_builder_destroy(b);
}

/* The sound plan with its one step's parameters replaced. */
static size_t make_plan(const uint8_t *params, size_t params_size)
{
    const size_t head = sizeof(sld_plan_header);
    const size_t table_bytes = SLD_PLAN_SECTIONS_LEAST * sizeof(sld_plan_section);
    sld_plan_header header;
    sld_plan_section sections[SLD_PLAN_SECTIONS_LEAST];
    memcpy(&header, sound, head);
    memcpy(sections, sound + head, table_bytes);
    memset(made, 0, sizeof made);
    size_t at = head + table_bytes;
    for (uint32_t i = 0; i < SLD_PLAN_SECTIONS_LEAST; i++) {
        sld_plan_section *s = &sections[i];
        bool replaced = i == SLD_PLAN_PARAMS;
        const uint8_t *from = replaced ? params : sound + s->offset;
        s->size = replaced ? params_size : s->size;
        at = (at + SLD_PLAN_ALIGN - 1) / SLD_PLAN_ALIGN * SLD_PLAN_ALIGN;
        memcpy(made + at, from, (size_t)s->size);
        if (i == SLD_PLAN_STEPS) {
            ((sld_plan_step *)(void *)(made + at))->params_size = (uint32_t)params_size;
        }
        s->offset = at;
        s->hash = sld_hash64(made + at, (size_t)s->size);
        at += (size_t)s->size;
    }
    header.file_size = at;
    header.hash = 0;
    memcpy(made, &header, head);
    memcpy(made + head, sections, table_bytes);
    header.hash = sld_hash64(made, head + table_bytes);
    memcpy(made, &header, head);
    return at;
}

static void run_once(solder_runtime *runtime, const solder_engine *engine)
{
    solder_context *context;
    float x[CHANNELS * WIDTH] = {0};
    if (solder_context_create(runtime, engine, &context) == SOLDER_OK) {
        if (solder_context_bind(context, "x", x, sizeof x) == SOLDER_OK) {
            (void)solder_context_run(context);
        }
        solder_context_destroy(context);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_memory memory = {.limit = 64u << 20};
    static solder_runtime *runtime;
    if (runtime == NULL) {
        make_sound();
        solder_runtime_options options = solder_runtime_options_default();
        options.allocator = fuzz_allocator(&memory);
        options.threads = 1;
        if (solder_runtime_create(&options, &runtime) != SOLDER_OK ||
            solder_runtime_add_plugin(runtime, &plugin) != SOLDER_OK) {
            abort();
        }
    }
    if (size == 0 || size > MAX_INPUT) {
        return 0;
    }
    size_t before = memory.used;
    solder_engine *engine;
    if (solder_engine_load(runtime, made, make_plan(data, size), &engine) == SOLDER_OK) {
        run_once(runtime, engine);
        solder_engine_destroy(engine);
    }
    if (memory.used != before) {
        __builtin_trap();
    }
    return 0;
}
