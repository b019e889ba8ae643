/* SPDX-License-Identifier: Apache-2.0 */
/* For every node: the kernels that can run it, their times, the fastest. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "kernels/call_check.h"
#include "plugin/plugin.h"
#include "tactics/tactics.h"

enum { MAX_CANDIDATES = 32, MAX_KEY = 768 };

typedef struct chooser {
    sld_graph *graph;
    sld_arena *arena;
    const sld_tactic_options *options;
    sld_shapes shapes;
    sld_timing_cache *cache;
    sld_timer *timer; /* NULL: no timing */
    double deadline;  /* seconds on the monotonic clock; 0: none */
    sld_call call;    /* large: kept off the stack */
} chooser;

static double now_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool supports_profile(chooser *c, const sld_kernel *kernel, const sld_node *node)
{
    for (int which = 0; which < 3; which++) {
        sld_shapes_run(&c->shapes, node, which, &c->call);
        if (kernel->supports != NULL && !kernel->supports(&c->call.run)) {
            return false;
        }
    }
    return true;
}

/* Best first; the reference only if nothing else can, or if everything is to be tried. */
static int list_candidates(chooser *c, const sld_node *node, const sld_kernel **list)
{
    sld_op_info info = sld_op_get(node->op);
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    const sld_kernel *reference = sld_kernel_reference(info.family);
    int found = 0;
    for (size_t i = 0; i < count && found < MAX_CANDIDATES; i++) {
        const sld_kernel *k = kernels[i];
        if (strcmp(k->family, info.family) != 0 ||
            (c->options->target.isas & (1u << k->isa)) == 0 ||
            (k == reference && found > 0 && c->options->effort < 2) ||
            !supports_profile(c, k, node)) {
            continue;
        }
        list[found++] = k;
    }
    return found;
}

static size_t append_tensor(char *key, size_t at, const sld_tensor *t)
{
    int n = snprintf(key + at, MAX_KEY - at, " %s%s", solder_dtype_name(t->dtype),
                     (t->flags & SLD_TENSOR_CONSTANT) != 0 ? "!" : "");
    at += (size_t)n < MAX_KEY - at ? (size_t)n : MAX_KEY - at - 1;
    bool packed = sld_tensor_contiguous(t);
    for (int i = 0; i < t->rank; i++) {
        n = packed ? snprintf(key + at, MAX_KEY - at, "%s%" PRId64, i == 0 ? ":" : "x", t->dim[i])
                   : snprintf(key + at, MAX_KEY - at, "%s%" PRId64 "/%" PRId64, i == 0 ? ":" : "x",
                              t->dim[i], t->stride[i]);
        at += (size_t)n < MAX_KEY - at ? (size_t)n : MAX_KEY - at - 1;
    }
    return at;
}

static uint64_t hash_bytes(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void append_operands(char *key, size_t at, const sld_call *call)
{
    for (uint32_t i = 0; i < call->run.in_count && at < MAX_KEY - 1; i++) {
        at = append_tensor(key, at, &call->in[i]);
    }
    if (call->run.out_count > 0 && at < MAX_KEY - 1) {
        (void)append_tensor(key, at, &call->out[0]);
    }
}

/* Everything a kernel's time depends on. */
static void make_key(const chooser *c, const sld_node *node, const sld_call *call, char *key)
{
    sld_op_info info = sld_op_get(node->op);
    int n = snprintf(key, MAX_KEY, "%s | %s ", c->options->target.name, info.family);
    size_t at = (size_t)n;
    n = snprintf(key + at, MAX_KEY - at, "%016" PRIx64, hash_bytes(node->params, info.params_size));
    append_operands(key, at + (size_t)n, call);
}

/* Nanoseconds of a candidate, from the cache or measured; -1: not known. */
static solder_status time_of(chooser *c, const sld_kernel *kernel, const sld_node *node,
                             const char *key, int64_t *nanoseconds)
{
    *nanoseconds = sld_timing_cache_get(c->cache, key, kernel->name);
    if (*nanoseconds >= 0 || c->timer == NULL ||
        (c->deadline != 0 && now_seconds() > c->deadline)) {
        return SOLDER_OK;
    }
    sld_shapes_run(&c->shapes, node, 1, &c->call);
    double microseconds = -1;
    SLD_TRY(sld_timer_measure(c->timer, kernel, node, &c->call, &microseconds));
    if (microseconds < 0) {
        return SOLDER_OK;
    }
    *nanoseconds = (int64_t)(microseconds * 1e3);
    return sld_timing_cache_put(c->cache, key, kernel->name, *nanoseconds);
}

static solder_status choose_graph(chooser *c, sld_graph *graph, sld_tactic **out);

static solder_status choose_bodies(chooser *c, const sld_node *node, sld_tactic *tactic)
{
    *tactic = (sld_tactic){.microseconds = -1};
    tactic->bodies = sld_arena_array(c->arena, node->body_count, sizeof(sld_tactic *));
    if (tactic->bodies == NULL) {
        return sld_fail_memory(c->graph->diag, node->body_count * sizeof(sld_tactic *));
    }
    for (uint32_t i = 0; i < node->body_count; i++) {
        SLD_TRY(choose_graph(c, node->bodies[i], &tactic->bodies[i]));
    }
    return SOLDER_OK;
}

/* At the shapes taken for open dims operands may not belong together: nothing to choose by. */
static bool sound_at_profile(chooser *c, const sld_node *node)
{
    sld_check check = sld_family_check(sld_op_get(node->op).family);
    for (int which = 0; which < 3; which++) {
        sld_shapes_run(&c->shapes, node, which, &c->call);
        if (check == NULL || check(&c->call.run) != NULL) {
            return false;
        }
    }
    return true;
}

/* ---- plugins: one kernel, several tactics ---- */

static void make_plugin_key(const chooser *c, const sld_plugin_params *p, char *key)
{
    char name[SLD_PLUGIN_MAX_TEXT];
    sld_plugin_print(p->plugin, true, name);
    int n = snprintf(key, MAX_KEY, "%s | plugin %s %016" PRIx64, c->options->target.name, name,
                     hash_bytes(p->attributes, p->plugin->attributes_size));
    append_operands(key, n > 0 && n < MAX_KEY ? (size_t)n : MAX_KEY - 1, &c->call);
}

static bool supports_tactic(chooser *c, const sld_node *node, uint32_t tactic)
{
    for (int which = 0; which < 3; which++) {
        sld_shapes_run(&c->shapes, node, which, &c->call);
        if (!sld_plugin_supports(&c->call.run, tactic)) {
            return false;
        }
    }
    return true;
}

/* One tactic opened, timed and closed. */
static solder_status time_tactic(chooser *c, const sld_node *node, uint32_t tactic,
                                 double *microseconds)
{
    sld_plugin_params params = *(const sld_plugin_params *)node->params;
    params.tactic = tactic;
    sld_shapes_run(&c->shapes, node, 1, &c->call);
    c->call.run.params = &params;
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (sld_value_is_constant(node->in[i].value)) {
            c->call.in[i].data = (void *)(uintptr_t)node->in[i].value->data;
        }
    }
    SLD_TRY(sld_plugin_open(&params, &c->call.run, c->graph->diag));
    solder_status status =
        sld_timer_measure(c->timer, &sld_plugin_kernel, node, &c->call, microseconds);
    sld_plugin_close(&params);
    return status;
}

static solder_status time_of_tactic(chooser *c, const sld_node *node, uint32_t tactic,
                                    const char *key, int64_t *nanoseconds)
{
    char name[32];
    (void)snprintf(name, sizeof name, "plugin:%u", (unsigned)tactic);
    *nanoseconds = sld_timing_cache_get(c->cache, key, name);
    if (*nanoseconds >= 0 || c->timer == NULL ||
        (c->deadline != 0 && now_seconds() > c->deadline)) {
        return SOLDER_OK;
    }
    double microseconds = -1;
    SLD_TRY(time_tactic(c, node, tactic, &microseconds));
    if (microseconds < 0) {
        return SOLDER_OK;
    }
    *nanoseconds = (int64_t)(microseconds * 1e3);
    return sld_timing_cache_put(c->cache, key, name, *nanoseconds);
}

static solder_status choose_plugin(chooser *c, const sld_node *node, sld_tactic *tactic)
{
    char key[MAX_KEY];
    sld_plugin_params *p = node->params;
    if (sld_shapes_open(&c->shapes, node)) {
        return sld_fail(c->graph->diag, SOLDER_ERROR_UNSUPPORTED,
                        "node '%s': plugin '%s' cannot run on dims without an upper bound",
                        node->name, p->plugin->name);
    }
    sld_shapes_run(&c->shapes, node, 1, &c->call);
    make_plugin_key(c, p, key);
    uint32_t count = sld_plugin_tactics(&c->call.run);
    *tactic = (sld_tactic){.kernel = &sld_plugin_kernel, .microseconds = -1};
    int64_t best = INT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        int64_t time = -1;
        if (!supports_tactic(c, node, i)) {
            continue;
        }
        tactic->candidates++;
        if (c->options->effort > 0 && count > 1) {
            SLD_TRY(time_of_tactic(c, node, i, key, &time));
        }
        if (tactic->candidates == 1 || (time >= 0 && time < best)) {
            p->tactic = i;
            tactic->microseconds = time >= 0 ? (double)time * 1e-3 : -1;
            best = time >= 0 ? time : best;
        }
    }
    return tactic->candidates > 0
               ? SOLDER_OK
               : sld_fail(c->graph->diag, SOLDER_ERROR_UNSUPPORTED,
                          "node '%s': plugin '%s' does not run on the CPU of this machine, or not "
                          "with these types and dims",
                          node->name, p->plugin->name);
}

static solder_status choose_node(chooser *c, const sld_node *node, sld_tactic *tactic)
{
    if (node->op == SLD_OP_PLUGIN) {
        return choose_plugin(c, node, tactic);
    }
    const sld_kernel *candidates[MAX_CANDIDATES];
    if (sld_shapes_open(&c->shapes, node) && !sound_at_profile(c, node)) {
        *tactic = (sld_tactic){.kernel = sld_kernel_reference(sld_op_get(node->op).family),
                               .microseconds = -1,
                               .candidates = 1};
        return SOLDER_OK;
    }
    int count = list_candidates(c, node, candidates);
    if (count == 0) {
        return sld_fail(c->graph->diag, SOLDER_ERROR_INTERNAL, "no kernel for node '%s' (%s)",
                        node->name, sld_op_name(node->op));
    }
    *tactic = (sld_tactic){.kernel = candidates[0], .microseconds = -1, .candidates = count};
    if (count == 1 || c->options->effort == 0) {
        return SOLDER_OK;
    }
    char key[MAX_KEY];
    sld_shapes_run(&c->shapes, node, 1, &c->call);
    make_key(c, node, &c->call, key);
    int64_t best = INT64_MAX;
    for (int i = 0; i < count; i++) {
        int64_t time;
        SLD_TRY(time_of(c, candidates[i], node, key, &time));
        if (time >= 0 && time < best) {
            best = time;
            tactic->kernel = candidates[i];
            tactic->microseconds = (double)time * 1e-3;
        }
    }
    return SOLDER_OK;
}

static solder_status choose_all(chooser *c, sld_tactic *tactics)
{
    const sld_tactic_options *o = c->options;
    size_t step = 0;
    for (const sld_node *node = c->graph->first; node != NULL; node = node->next) {
        if (o->progress != NULL &&
            !o->progress(o->progress_user, "tactics", step, c->graph->node_count)) {
            return sld_fail(c->graph->diag, SOLDER_ERROR_CANCELLED, "cancelled");
        }
        step++;
        if (node->body_count > 0) {
            SLD_TRY(choose_bodies(c, node, &tactics[node->id]));
        } else if (!node->elided) {
            SLD_TRY(choose_node(c, node, &tactics[node->id]));
        }
    }
    return SOLDER_OK;
}

static solder_status choose_graph(chooser *c, sld_graph *graph, sld_tactic **out)
{
    sld_graph *outer = c->graph;
    const sld_shapes shapes = c->shapes;
    sld_tactic *tactics = sld_arena_array(c->arena, (size_t)graph->next_id + 1, sizeof *tactics);
    if (tactics == NULL) {
        return sld_fail(graph->diag, SOLDER_ERROR_MEMORY, "out of memory while choosing kernels");
    }
    SLD_TRY(sld_shapes_init(&c->shapes, graph, c->arena));
    c->graph = graph;
    SLD_TRY(choose_all(c, tactics));
    c->graph = outer;
    c->shapes = shapes;
    *out = tactics;
    return SOLDER_OK;
}

solder_status sld_tactics_choose(sld_graph *graph, const sld_tactic_options *options,
                                 sld_arena *arena, sld_tactic **out)
{
    chooser *c = sld_arena_alloc(arena, sizeof *c);
    if (c == NULL) {
        return sld_fail(graph->diag, SOLDER_ERROR_MEMORY, "out of memory while choosing kernels");
    }
    c->graph = graph;
    c->arena = arena;
    c->options = options;
    c->deadline = options->time_budget > 0 ? now_seconds() + options->time_budget : 0;
    SLD_TRY(sld_timing_cache_open(graph->allocator, graph->diag, options->cache_path, &c->cache));
    solder_status status = SOLDER_OK;
    if (options->target.can_time && options->effort > 0) {
        status =
            sld_timer_create(graph->allocator, graph->diag, options->target.threads, &c->timer);
    }
    if (status == SOLDER_OK) {
        status = choose_graph(c, graph, out);
    }
    if (status == SOLDER_OK) {
        status = sld_timing_cache_save(c->cache);
    }
    sld_timer_destroy(c->timer);
    sld_timing_cache_close(c->cache);
    return status;
}
