/* SPDX-License-Identifier: Apache-2.0 */
/* What a plugin does once per step: pack constants, save bytes, open its state. */
#include "plugin/plugin_call.h"

static solder_status too_large(const sld_plugin_frame *f, const char *callback, size_t size)
{
    char name[SLD_PLUGIN_MAX_TEXT];
    sld_plugin_print(f->call.plugin, false, name);
    return sld_fail(f->diag, SOLDER_ERROR_INTERNAL, "plugin '%s': %s asks for %zu bytes", name,
                    callback, size);
}

static solder_status pack_input(sld_plugin_params *params, sld_run *run, uint32_t slot, size_t size,
                                sld_arena *arena, sld_diag *diag, sld_plugin_packed *record)
{
    sld_plugin_frame f;
    sld_plugin_frame_init(&f, run, diag);
    if (size > SLD_PLUGIN_MAX_BYTES) {
        return too_large(&f, "packed_size", size);
    }
    void *packed = sld_arena_alloc(arena, size);
    if (packed == NULL) {
        return sld_fail_memory(diag, size);
    }
    solder_status status = params->plugin->pack(&f.call, slot, packed);
    if (status != SOLDER_OK) {
        return sld_plugin_failed(&f, status, "pack");
    }
    sld_tensor *t = &run->in[slot];
    *record = (sld_plugin_packed){.slot = slot, .dtype = (uint32_t)t->dtype, .rank = t->rank};
    for (int i = 0; i < t->rank; i++) { /* dims beyond the rank stay 0: plans store this */
        record->dim[i] = t->dim[i];
    }
    *t = sld_tensor_make(packed, SOLDER_U8, 1, (int64_t[]){(int64_t)size});
    t->flags = SLD_TENSOR_CONSTANT;
    return SOLDER_OK;
}

/* Sizes are asked while all inputs are still plain; the inputs change together at the end. */
static solder_status pack_inputs(sld_plugin_params *params, sld_run *run, sld_arena *arena,
                                 sld_diag *diag)
{
    sld_plugin_frame f;
    sld_tensor in[SLD_MAX_INPUTS];
    uint32_t count = 0;
    if (params->plugin->packed_size == NULL) {
        return SOLDER_OK;
    }
    sld_plugin_packed *list = sld_arena_array(arena, run->in_count, sizeof *list);
    if (list == NULL) {
        return sld_fail_memory(diag, run->in_count * sizeof *list);
    }
    memcpy(in, run->in, run->in_count * sizeof *in);
    sld_plugin_frame_init(&f, run, diag);
    for (uint32_t i = 0; i < run->in_count; i++) {
        if ((run->in[i].flags & SLD_TENSOR_CONSTANT) == 0) {
            continue;
        }
        size_t size = params->plugin->packed_size(&f.call, i);
        if (size > 0) {
            sld_run plain = *run;
            sld_tensor copy[SLD_MAX_INPUTS];
            memcpy(copy, in, run->in_count * sizeof *copy);
            plain.in = copy;
            SLD_TRY(pack_input(params, &plain, i, size, arena, diag, &list[count++]));
            run->in[i] = copy[i];
        }
    }
    params->packed = list;
    params->packed_count = count;
    return SOLDER_OK;
}

static solder_status save(sld_plugin_params *params, const sld_run *run, sld_arena *arena,
                          sld_diag *diag)
{
    sld_plugin_frame f;
    if (params->plugin->save == NULL) {
        return SOLDER_OK;
    }
    sld_plugin_frame_init(&f, run, diag);
    size_t size = params->plugin->saved_size(&f.call);
    if (size > SLD_PLUGIN_MAX_BYTES) {
        return too_large(&f, "saved_size", size);
    }
    void *saved = sld_arena_alloc(arena, size);
    if (saved == NULL) {
        return sld_fail_memory(diag, size);
    }
    solder_status status = params->plugin->save(&f.call, saved);
    if (status != SOLDER_OK) {
        return sld_plugin_failed(&f, status, "save");
    }
    params->saved = saved;
    params->saved_size = size;
    return SOLDER_OK;
}

solder_status sld_plugin_prepare(sld_plugin_params *params, sld_run *run, sld_arena *arena,
                                 sld_diag *diag)
{
    if (!params->prepared) {
        SLD_TRY(save(params, run, arena, diag)); /* sees constants as the model has them */
        SLD_TRY(pack_inputs(params, run, arena, diag));
        params->prepared = true;
    }
    return SOLDER_OK;
}

solder_status sld_plugin_check_sizes(const sld_plugin_params *params, const sld_run *run,
                                     sld_diag *diag)
{
    sld_plugin_frame f;
    char name[SLD_PLUGIN_MAX_TEXT];
    sld_plugin_print(params->plugin, false, name);
    sld_plugin_frame_init(&f, run, diag);
    for (uint32_t i = 0; i < params->packed_count; i++) {
        uint32_t slot = params->packed[i].slot;
        size_t size = params->plugin->packed_size(&f.call, slot);
        if (size != f.in[slot].bytes) {
            return sld_fail(diag, SOLDER_ERROR_DATA,
                            "plugin '%s': input %u is packed into %zu bytes, it wants %zu", name,
                            (unsigned)slot, f.in[slot].bytes, size);
        }
    }
    size_t size = params->plugin->saved_size != NULL ? params->plugin->saved_size(&f.call) : 0;
    return size == params->saved_size
               ? SOLDER_OK
               : sld_fail(diag, SOLDER_ERROR_DATA, "plugin '%s': %zu bytes are saved, it wants %zu",
                          name, params->saved_size, size);
}

solder_status sld_plugin_open(sld_plugin_params *params, const sld_run *run, sld_diag *diag)
{
    sld_plugin_frame f;
    if (params->plugin->open == NULL || params->opened) {
        return SOLDER_OK;
    }
    sld_plugin_frame_init(&f, run, diag);
    void *state = NULL;
    solder_status status = params->plugin->open(&f.call, &state);
    if (status != SOLDER_OK) {
        return sld_plugin_failed(&f, status, "open");
    }
    params->state = state;
    params->opened = true;
    return SOLDER_OK;
}

void sld_plugin_close(sld_plugin_params *params)
{
    if (params->opened && params->plugin->close != NULL) {
        params->plugin->close(params->plugin, params->state);
    }
    params->state = NULL;
    params->opened = false;
}
