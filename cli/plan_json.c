/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan holds, as JSON. */
#include "model.h"

static json_t *list_io(const solder_io *ios, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        cli_json_append(list, cli_json_io(&ios[i]));
    }
    return list;
}

static json_t *list_steps(const solder_engine *engine)
{
    json_t *list = json_array();
    for (size_t i = 0; i < solder_engine_step_count(engine); i++) {
        solder_step step;
        if (solder_engine_step(engine, i, &step) != SOLDER_OK) {
            continue;
        }
        json_t *object = json_object();
        cli_json_set(object, "name", cli_json_text(step.name));
        cli_json_set(object, "op", cli_json_text(step.op));
        cli_json_set(object, "kernel", cli_json_text(step.kernel));
        cli_json_set(object, "planned_kernel", cli_json_text(step.planned_kernel));
        cli_json_set(object, "flops", cli_json_real(step.flops));
        cli_json_set(object, "bytes", cli_json_real(step.bytes));
        cli_json_set(object, "workspace_bytes", json_integer((json_int_t)step.workspace));
        cli_json_append(list, object);
    }
    return list;
}

static json_t *describe_memory(const solder_engine *engine)
{
    solder_memory memory;
    solder_engine_memory(engine, &memory);
    json_t *object = json_object();
    cli_json_set(object, "plan_bytes", json_integer((json_int_t)memory.plan));
    cli_json_set(object, "weights_bytes", json_integer((json_int_t)memory.weights));
    cli_json_set(object, "repacked_bytes", json_integer((json_int_t)memory.repacked));
    cli_json_set(object, "activation_bytes", json_integer((json_int_t)memory.activations));
    cli_json_set(object, "workspace_bytes", json_integer((json_int_t)memory.workspace));
    cli_json_set(object, "context_bytes",
                 json_integer((json_int_t)solder_engine_context_bytes(engine)));
    return object;
}

static json_t *list_floats(const float *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        cli_json_append(list, cli_json_real((double)values[i]));
    }
    return list;
}

static json_t *list_rules(const cli_session *session)
{
    static const char *const resizes[] = {"none", "stretch", "crop", "pad"};
    json_t *list = json_array();
    for (size_t i = 0; i < session->input_count; i++) {
        solder_image_rule rule;
        if (!solder_engine_image_rule(session->engine, session->inputs[i].name, &rule)) {
            continue;
        }
        size_t channels = rule.order[0] == 'g' ? 1 : 3;
        json_t *object = json_object();
        cli_json_set(object, "input", cli_json_text(session->inputs[i].name));
        cli_json_set(object, "order",
                     json_string(rule.order[0] == 'g'   ? "gray"
                                 : rule.order[0] == 'b' ? "bgr"
                                                        : "rgb"));
        cli_json_set(object, "mean", list_floats(rule.mean, channels));
        cli_json_set(object, "scale", list_floats(rule.scale, channels));
        cli_json_set(object, "resize", json_string(resizes[rule.resize & 3]));
        cli_json_set(object, "transposed", json_boolean(rule.transposed != 0));
        cli_json_append(list, object);
    }
    return list;
}

static json_t *describe_properties(const solder_engine *engine)
{
    static const char *const keys[] = {
        "network",        "created_by",           "tuned_for", "threads", "import.inputs",
        "import.outputs", "import.random_weights"};
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *value = solder_engine_property(engine, keys[i]);
        if (value != NULL) {
            cli_json_set(object, keys[i], cli_json_text(value));
        }
    }
    return object;
}

void cli_plan_json(const cli_session *session, json_t *object)
{
    cli_json_set(object, "properties", describe_properties(session->engine));
    cli_json_set(object, "inputs", list_io(session->inputs, session->input_count));
    cli_json_set(object, "outputs", list_io(session->outputs, session->output_count));
    cli_json_set(object, "memory", describe_memory(session->engine));
    cli_json_set(object, "preprocess", list_rules(session));
    json_t *labels = json_array();
    for (size_t i = 0; i < solder_engine_label_count(session->engine); i++) {
        cli_json_append(labels, cli_json_text(solder_engine_label(session->engine, i)));
    }
    cli_json_set(object, "labels", labels);
    json_t *plugins = json_array();
    for (size_t i = 0; solder_engine_plugin(session->engine, i) != NULL; i++) {
        cli_json_append(plugins, cli_json_text(solder_engine_plugin(session->engine, i)));
    }
    cli_json_set(object, "plugins", plugins);
    cli_json_set(object, "steps", list_steps(session->engine));
}
