/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network of one shipped plugin, through the public interface: evaluated as it is, and built into
 * a plan and run, which must give the same bits.
 */
#ifndef TESTS_PLUGINS_PLUGIN_NET_H
#define TESTS_PLUGINS_PLUGIN_NET_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "solder/builder.h"
#include "solder/plugin.h"
#include "solder/runtime.h"

enum { NET_OPERANDS = 8, NET_ATTRIBUTES = 32, NET_FLOATS = 1 << 14 };

typedef struct net_input {
    solder_dtype dtype;
    solder_dims dims;
    const void *data;
    bool constant;
} net_input;

typedef struct net_result {
    solder_dtype dtype;
    solder_dims dims;
    union {
        float f[NET_FLOATS];
        int32_t i32[NET_FLOATS];
        int64_t i64[NET_FLOATS / 2];
    };
} net_result;

/* Results of the last net_run or net_try, and what an error said. */
static net_result net_out[2][4];
static char net_message[1024];

#define NET_F32(data_, ...)                                                                        \
    ((net_input){SOLDER_F32,                                                                       \
                 {sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), {__VA_ARGS__}},              \
                 (data_),                                                                          \
                 false})

static inline size_t net_elements(const solder_dims *dims)
{
    size_t count = 1;
    for (int i = 0; i < dims->rank; i++) {
        count *= (size_t)dims->d[i];
    }
    return count;
}

static inline void net_keep(net_result *to, solder_dtype dtype, const solder_dims *dims,
                            const void *data)
{
    size_t bytes = net_elements(dims) * solder_dtype_size(dtype);
    assert_true(bytes <= sizeof to->f);
    to->dtype = dtype;
    to->dims = *dims;
    memcpy(to->f, data, bytes);
}

/* "name=1,2.5 other=WORD": what solder_network_add_plugin takes. Returns how many. */
typedef struct net_attributes {
    char text[1024];
    double reals[256];
    solder_attribute list[NET_ATTRIBUTES];
    size_t count;
} net_attributes;

static inline void net_parse(net_attributes *a, const char *text)
{
    size_t used = 0;
    a->count = 0;
    (void)snprintf(a->text, sizeof a->text, "%s", text);
    for (char *word = strtok(a->text, " "); word != NULL; word = strtok(NULL, " ")) {
        solder_attribute *to = &a->list[a->count++];
        char *value = strchr(word, '=');
        assert_true(value != NULL && a->count <= NET_ATTRIBUTES);
        *value++ = '\0';
        *to = (solder_attribute){.name = word};
        if (strchr("-.0123456789", value[0]) == NULL) {
            to->text = value;
            continue;
        }
        to->reals = &a->reals[used];
        for (char *end = value; *value != '\0'; value = *end == ',' ? end + 1 : end) {
            assert_true(used < 256);
            a->reals[used++] = strtod(value, &end);
            to->count++;
        }
    }
}

static inline solder_status net_visit(void *user, const solder_tensor *value, const char *node,
                                      bool is_output)
{
    (void)user;
    (void)node;
    if (is_output) {
        net_keep(&net_out[0][value->name[0] - 'a'], value->dtype, &value->dims, value->data);
    }
    return SOLDER_OK;
}

static const char *const net_in_names[] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"};
static const char *const net_out_names[] = {"a", "b", "c", "d"};

static inline solder_status net_make(solder_builder *b, const char *plugin, const char *attributes,
                                     const net_input *in, size_t in_count, size_t out_count,
                                     solder_network **n)
{
    solder_value *values[NET_OPERANDS] = {0};
    solder_value *out[4];
    static net_attributes a;
    net_parse(&a, attributes);
    solder_status status = solder_network_create(b, "n", n);
    for (size_t i = 0; status == SOLDER_OK && i < in_count; i++) {
        if (in[i].data == NULL) {
            continue; /* absent */
        }
        status = in[i].constant ? solder_network_add_constant(*n, net_in_names[i], in[i].dtype,
                                                              &in[i].dims, in[i].data, &values[i])
                                : solder_network_add_input(*n, net_in_names[i], in[i].dtype,
                                                           &in[i].dims, &values[i]);
    }
    status = status ? status
                    : solder_network_add_plugin(*n, plugin, "node", values, in_count, a.list,
                                                a.count, out_count, out);
    for (size_t i = 0; status == SOLDER_OK && i < out_count; i++) {
        status = solder_network_mark_output(*n, out[i], net_out_names[i]);
    }
    return status;
}

static inline solder_status net_evaluate(solder_builder *b, solder_network *n, const net_input *in,
                                         size_t in_count)
{
    solder_tensor given[NET_OPERANDS];
    size_t count = 0;
    for (size_t i = 0; i < in_count; i++) {
        if (in[i].data != NULL && !in[i].constant) {
            given[count++] = (solder_tensor){net_in_names[i], in[i].dtype, in[i].dims,
                                             (void *)(uintptr_t)in[i].data};
        }
    }
    return solder_evaluate(b, n, given, count, net_visit, NULL);
}

static inline solder_status net_run_plan(solder_runtime *r, const void *plan, size_t size,
                                         const net_input *in, size_t in_count, size_t out_count)
{
    solder_engine *engine = NULL;
    solder_context *context = NULL;
    solder_status status = solder_engine_load(r, plan, size, &engine);
    status = status ? status : solder_context_create(r, engine, &context);
    for (size_t i = 0; status == SOLDER_OK && i < in_count; i++) {
        if (in[i].data != NULL && !in[i].constant) {
            status =
                solder_context_bind(context, net_in_names[i], (void *)(uintptr_t)in[i].data,
                                    net_elements(&in[i].dims) * solder_dtype_size(in[i].dtype));
        }
    }
    for (int round = 0; round < 2 && status == SOLDER_OK; round++) {
        status = solder_context_run(context);
    }
    for (size_t i = 0; status == SOLDER_OK && i < out_count; i++) {
        void *data;
        solder_dims dims;
        status = solder_context_tensor(context, net_out_names[i], &data, &dims);
        if (status == SOLDER_OK) {
            net_keep(&net_out[1][i], net_out[0][i].dtype, &dims, data);
        }
    }
    if (status != SOLDER_OK) {
        (void)snprintf(net_message, sizeof net_message, "%s",
                       context != NULL ? solder_context_message(context)
                                       : solder_runtime_message(r));
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    return status;
}

static inline void net_same(size_t out_count)
{
    for (size_t i = 0; i < out_count; i++) {
        const net_result *a = &net_out[0][i];
        const net_result *b = &net_out[1][i];
        assert_int_equal(a->dims.rank, b->dims.rank);
        for (int d = 0; d < a->dims.rank; d++) {
            assert_int_equal(a->dims.d[d], b->dims.d[d]);
        }
        assert_memory_equal(a->f, b->f, net_elements(&a->dims) * solder_dtype_size(a->dtype));
    }
}

/* Results in net_out[0]; on failure a status and net_message. */
static inline solder_status net_try(const char *plugin, const char *attributes, const net_input *in,
                                    size_t in_count, size_t out_count)
{
    solder_builder *b;
    solder_network *n;
    solder_runtime *r = NULL;
    void *plan = NULL;
    size_t size = 0;
    solder_config config = solder_config_default();
    solder_runtime_options options = solder_runtime_options_default();
    config.effort = 0;
    config.threads = options.threads = 2;
    assert_int_equal(solder_builder_create(NULL, &b), SOLDER_OK);
    assert_int_equal(solder_runtime_create(&options, &r), SOLDER_OK);
    solder_status status = net_make(b, plugin, attributes, in, in_count, out_count, &n);
    status = status ? status : net_evaluate(b, n, in, in_count);
    status = status ? status : solder_build_to_memory(b, n, &config, &plan, &size);
    (void)snprintf(net_message, sizeof net_message, "%s", solder_builder_message(b));
    if (status == SOLDER_OK) {
        status = net_run_plan(r, plan, size, in, in_count, out_count);
    }
    solder_plan_free(b, plan, size);
    solder_builder_destroy(b);
    solder_runtime_destroy(r);
    if (status == SOLDER_OK) {
        net_same(out_count);
    }
    return status;
}

static inline void net_run(const char *plugin, const char *attributes, const net_input *in,
                           size_t in_count, size_t out_count)
{
    if (net_try(plugin, attributes, in, in_count, out_count) != SOLDER_OK) {
        fail_msg("%s", net_message);
    }
}

static inline void net_refuses(const char *plugin, const char *attributes, const net_input *in,
                               size_t in_count, const char *message)
{
    assert_int_not_equal(net_try(plugin, attributes, in, in_count, 1), SOLDER_OK);
    if (strstr(net_message, message) == NULL) {
        fail_msg("\"%s\" does not contain \"%s\"", net_message, message);
    }
}

static inline void net_expect(size_t output, const int64_t *dims, int rank, const float *want)
{
    const net_result *r = &net_out[0][output];
    assert_int_equal(r->dims.rank, rank);
    for (int i = 0; i < rank; i++) {
        assert_int_equal(r->dims.d[i], dims[i]);
    }
    for (size_t i = 0; i < net_elements(&r->dims); i++) {
        if (!(fabsf(r->f[i] - want[i]) <= 1e-5f + 1e-4f * fabsf(want[i]))) {
            fail_msg("element %zu is %.9g, expected %.9g", i, (double)r->f[i], (double)want[i]);
        }
    }
}
#define NET_DIMS(...)                                                                              \
    ((const int64_t[]){__VA_ARGS__}), (int)(sizeof((const int64_t[]){__VA_ARGS__}) / 8)

#endif
