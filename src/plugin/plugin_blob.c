/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin's parameters as the bytes a plan keeps of them, and back. */
#include "plugin/plugin.h"

static size_t up8(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

typedef struct blob_layout {
    size_t packed, attributes, saved, total;
} blob_layout;

static bool lay_out(const sld_plugin_blob *b, blob_layout *l)
{
    size_t size = sizeof *b;
    if (b->packed_count > SLD_MAX_INPUTS || b->attributes_size > UINT16_MAX ||
        b->saved_size > SIZE_MAX / 4) {
        return false;
    }
    l->packed = size;
    size += b->packed_count * sizeof(sld_plugin_packed);
    l->attributes = size;
    size += up8(b->attributes_size);
    l->saved = size;
    l->total = size + up8((size_t)b->saved_size);
    return true;
}

static sld_plugin_blob head_of(const sld_plugin_params *p)
{
    return (sld_plugin_blob){.tactic = p->tactic,
                             .attributes_size = p->plugin->attributes_size,
                             .packed_count = p->packed_count,
                             .saved_size = p->saved_size,
                             .prepared = p->prepared};
}

size_t sld_plugin_blob_size(const sld_plugin_params *params)
{
    sld_plugin_blob head = head_of(params);
    blob_layout l;
    return lay_out(&head, &l) ? l.total : SIZE_MAX;
}

static void put(char *to, const void *from, size_t size)
{
    if (size > 0) {
        memcpy(to, from, size);
    }
}

void sld_plugin_blob_write(const sld_plugin_params *params, uint32_t index, void *bytes)
{
    sld_plugin_blob head = head_of(params);
    blob_layout l = {0};
    char *at = bytes;
    head.plugin = index;
    (void)lay_out(&head, &l);
    memset(at, 0, l.total);
    put(at, &head, sizeof head);
    put(at + l.packed, params->packed, params->packed_count * sizeof *params->packed);
    put(at + l.attributes, params->attributes, head.attributes_size);
    put(at + l.saved, params->saved, params->saved_size);
}

static bool packed_ok(const sld_plugin_packed *p)
{
    size_t bytes;
    if (p->slot >= SLD_MAX_INPUTS || !sld_dtype_valid(p->dtype) || p->rank < 0 ||
        p->rank > SOLDER_MAX_RANK || p->reserved != 0) {
        return false;
    }
    for (int i = p->rank; i < SOLDER_MAX_RANK; i++) {
        if (p->dim[i] != 0) {
            return false;
        }
    }
    return sld_dims_bytes(p->dim, p->rank, (solder_dtype)p->dtype, &bytes);
}

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

bool sld_plugin_blob_check(const void *bytes, size_t size, size_t plugins)
{
    const char *at = bytes;
    sld_plugin_blob head;
    blob_layout l;
    if (size < sizeof head) {
        return false;
    }
    memcpy(&head, bytes, sizeof head);
    if (head.plugin >= plugins || head.tactic >= SLD_PLUGIN_MAX_TACTICS || head.prepared > 1 ||
        head.reserved != 0 || !lay_out(&head, &l) || l.total != size) {
        return false;
    }
    uint64_t seen = 0;
    for (uint32_t i = 0; i < head.packed_count; i++) {
        sld_plugin_packed p;
        memcpy(&p, at + l.packed + i * sizeof p, sizeof p);
        if (!packed_ok(&p) || (seen >> p.slot & 1u) != 0) {
            return false;
        }
        seen |= UINT64_C(1) << p.slot;
    }
    size_t end = l.attributes + head.attributes_size;
    return is_zero(at + end, l.saved - end) &&
           is_zero(at + l.saved + head.saved_size, l.total - l.saved - (size_t)head.saved_size);
}

solder_status sld_plugin_blob_read(sld_diag *diag, const void *bytes, const solder_plugin *plugin,
                                   const char *node, sld_plugin_params *params)
{
    const sld_plugin_blob *head = bytes;
    const char *at = bytes;
    char name[SLD_PLUGIN_MAX_TEXT];
    blob_layout l = {0};
    (void)lay_out(head, &l);
    sld_plugin_print(plugin, true, name);
    if (head->attributes_size != plugin->attributes_size) {
        return sld_fail(diag, SOLDER_ERROR_DATA,
                        "plugin '%s' has %u bytes of attributes here, %u in the plan", name,
                        (unsigned)plugin->attributes_size, (unsigned)head->attributes_size);
    }
    if ((head->saved_size > 0 && plugin->save == NULL) ||
        (head->packed_count > 0 && plugin->pack == NULL)) {
        return sld_fail(diag, SOLDER_ERROR_DATA,
                        "plugin '%s' packs or saves nothing here, but did so for the plan", name);
    }
    SLD_TRY(sld_plugin_check_attributes(diag, plugin, at + l.attributes));
    *params = (sld_plugin_params){.plugin = plugin,
                                  .node = node,
                                  .attributes = at + l.attributes,
                                  .saved = plugin->save != NULL ? at + l.saved : NULL,
                                  .saved_size = (size_t)head->saved_size,
                                  .packed = (const void *)(at + l.packed),
                                  .packed_count = head->packed_count,
                                  .tactic = head->tactic,
                                  .prepared = head->prepared != 0};
    return SOLDER_OK;
}
