/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel of all plugins: hands a run to the plugin its parameters point at. It is the reference
 * and the only kernel of the family: a plugin's CPU run is what the operator means.
 */
#include <stdio.h>

#include "plugin/plugin_call.h"

/* Bytes behind the workspace that a plugin must leave alone. */
#define GUARD      64u
#define GUARD_BYTE 0xa5

/* ---- the frame ---- */

static void run_tasks(const solder_plugin_call *c, size_t count, solder_plugin_task task,
                      void *user)
{
    const sld_plugin_frame *frame = c->internal;
    sld_pool_for(frame->run->pool, count, task, user);
}

static solder_status keep_text(const solder_plugin_call *c, solder_status code, const char *text)
{
    sld_plugin_frame *frame = c->internal;
    char name[SLD_PLUGIN_MAX_TEXT];
    sld_plugin_print(c->plugin, false, name);
    frame->told = true;
    (void)sld_fail(frame->diag, code, "plugin '%s': %.512s", name, text != NULL ? text : "");
    return code != SOLDER_OK ? code : SOLDER_ERROR_INTERNAL;
}

static void fill_tensor(const sld_tensor *from, solder_plugin_tensor *to)
{
    *to = (solder_plugin_tensor){.data = from->data, .dtype = from->dtype, .rank = from->rank};
    memcpy(to->dim, from->dim, sizeof to->dim);
    memcpy(to->stride, from->stride, sizeof to->stride);
    to->flags = (from->flags & SLD_TENSOR_CONSTANT) != 0 ? SOLDER_TENSOR_CONSTANT : 0;
}

/* The tensor as it was before packing, over the packed bytes. */
static void fill_packed(const sld_plugin_packed *packed, const sld_tensor *bytes,
                        solder_plugin_tensor *to)
{
    sld_tensor plain =
        sld_tensor_make(bytes->data, (solder_dtype)packed->dtype, packed->rank, packed->dim);
    fill_tensor(&plain, to);
    to->flags = SOLDER_TENSOR_CONSTANT | SOLDER_TENSOR_PACKED;
    to->bytes = (size_t)bytes->dim[0];
}

void sld_plugin_frame_init(sld_plugin_frame *f, const sld_run *run, sld_diag *diag)
{
    const sld_plugin_params *p = run->params;
    f->run = run;
    f->diag = diag;
    f->told = false;
    for (uint32_t i = 0; i < run->in_count; i++) {
        const solder_plugin_operand *o = sld_plugin_input(p->plugin, i);
        fill_tensor(&run->in[i], &f->in[i]);
        if (o != NULL && (o->flags & SOLDER_OPERAND_DIMS) != 0) {
            f->in[i].data = NULL;
        }
    }
    for (uint32_t i = 0; i < run->out_count; i++) {
        fill_tensor(&run->out[i], &f->out[i]);
    }
    for (uint32_t i = 0; i < p->packed_count; i++) {
        fill_packed(&p->packed[i], &run->in[p->packed[i].slot], &f->in[p->packed[i].slot]);
    }
    f->call = (solder_plugin_call){.struct_size = sizeof f->call,
                                   .plugin = p->plugin,
                                   .node = p->node,
                                   .attributes = p->attributes,
                                   .saved = p->saved,
                                   .saved_size = p->saved_size,
                                   .state = p->state,
                                   .tactic = p->tactic,
                                   .threads = sld_pool_threads(run->pool),
                                   .inputs = f->in,
                                   .outputs = f->out,
                                   .input_count = run->in_count,
                                   .output_count = run->out_count,
                                   .internal = f,
                                   .parallel_for = run_tasks,
                                   .message = keep_text};
}

solder_status sld_plugin_failed(const sld_plugin_frame *f, solder_status status,
                                const char *callback)
{
    bool exists = status < SOLDER_OK && status >= SOLDER_ERROR_INTERNAL;
    if (!f->told) {
        char name[SLD_PLUGIN_MAX_TEXT];
        sld_plugin_print(f->call.plugin, false, name);
        (void)sld_fail(f->diag, status, "plugin '%s': %s failed with %d (%s)", name, callback,
                       (int)status, exists ? solder_status_name(status) : "no such status");
    }
    return exists ? status : SOLDER_ERROR_INTERNAL;
}

/* ---- what is asked before a run ---- */

bool sld_plugin_supports(const sld_run *run, uint32_t tactic)
{
    const sld_plugin_params *p = run->params;
    sld_plugin_frame f;
    if (p->plugin->run == NULL) {
        return false;
    }
    if (p->plugin->supports == NULL) {
        return true;
    }
    sld_plugin_frame_init(&f, run, NULL);
    f.call.tactic = tactic;
    return p->plugin->supports(&f.call);
}

uint32_t sld_plugin_tactics(const sld_run *run)
{
    const sld_plugin_params *p = run->params;
    sld_plugin_frame f;
    if (p->plugin->tactics == NULL) {
        return 1;
    }
    sld_plugin_frame_init(&f, run, NULL);
    uint32_t count = p->plugin->tactics(&f.call);
    return count == 0 ? 1 : count > SLD_PLUGIN_MAX_TACTICS ? SLD_PLUGIN_MAX_TACTICS : count;
}

static bool kernel_supports(const sld_run *run)
{
    const sld_plugin_params *p = run->params;
    return sld_plugin_supports(run, p->tactic);
}

static size_t own_workspace(const sld_plugin_frame *f, int threads)
{
    solder_plugin_call call = f->call;
    call.threads = threads;
    return call.plugin->workspace != NULL ? call.plugin->workspace(&call) : 0;
}

static size_t kernel_workspace(const sld_run *run, int threads)
{
    sld_plugin_frame f;
    sld_plugin_frame_init(&f, run, NULL);
    size_t size = own_workspace(&f, threads);
    if (size == 0) {
        return 0;
    }
    /* Too much for any address space stays too much: whoever allocates says so. */
    return sld_size_add(size, GUARD, &size) ? size : SIZE_MAX / 2;
}

/* ---- running ---- */

static solder_status wrong(sld_plugin_frame *f, const char *format, long long a, long long b,
                           unsigned output, int axis)
{
    char name[SLD_PLUGIN_MAX_TEXT];
    char text[256];
    sld_plugin_print(f->call.plugin, false, name);
    (void)snprintf(text, sizeof text, format, a, b);
    return sld_fail(f->diag, SOLDER_ERROR_INTERNAL, "plugin '%s': dimension %d of output %u %s",
                    name, axis, output, text);
}

/* Dims may be lowered where infer said so, and nowhere else. */
static solder_status take_dims(sld_plugin_frame *f, const sld_run *run)
{
    const sld_plugin_params *p = run->params;
    for (uint32_t i = 0; i < run->out_count; i++) {
        for (int j = 0; j < run->out[i].rank; j++) {
            int64_t planned = run->out[i].dim[j];
            int64_t made = f->out[i].dim[j];
            bool late = (p->late[i] >> j & 1u) != 0;
            if (made == planned) {
                continue;
            }
            if (!late) {
                return wrong(f, "was made %lld, but infer said %lld", made, planned, i, j);
            }
            if (made < 0 || made > planned) {
                return wrong(f, "was made %lld, infer said at most %lld", made, planned, i, j);
            }
            run->out[i].dim[j] = made;
        }
    }
    return SOLDER_OK;
}

static bool guard_holds(const unsigned char *guard)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (guard[i] != GUARD_BYTE) {
            return false;
        }
    }
    return true;
}

static solder_status kernel_run(const sld_run *run)
{
    const sld_plugin_params *p = run->params;
    sld_plugin_frame f;
    sld_plugin_frame_init(&f, run, run->diag);
    unsigned char *guard = NULL;
    size_t size = own_workspace(&f, f.call.threads);
    if (size > 0) {
        if (run->workspace_size < GUARD || size > run->workspace_size - GUARD) {
            (void)keep_text(&f.call, SOLDER_ERROR_INTERNAL, "workspace asks for more than before");
            return SOLDER_ERROR_INTERNAL;
        }
        guard = (unsigned char *)run->workspace + size;
        memset(guard, GUARD_BYTE, GUARD);
        f.call.workspace = run->workspace;
        f.call.workspace_size = size;
    }
    solder_status status = p->plugin->run(&f.call);
    if (guard != NULL && !guard_holds(guard)) {
        char name[SLD_PLUGIN_MAX_TEXT];
        sld_plugin_print(p->plugin, false, name);
        return sld_fail(run->diag, SOLDER_ERROR_INTERNAL,
                        "plugin '%s': run wrote past its workspace of %zu bytes", name, size);
    }
    return status == SOLDER_OK ? take_dims(&f, run) : sld_plugin_failed(&f, status, "run");
}

const sld_kernel sld_plugin_kernel = {.name = "plugin",
                                      .family = "plugin",
                                      .isa = SLD_ISA_PORTABLE,
                                      .supports = kernel_supports,
                                      .workspace = kernel_workspace,
                                      .run = kernel_run};
