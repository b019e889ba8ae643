/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime: settings, the limited allocator, the thread pool. */
#include "runtime/runtime_internal.h"

solder_runtime_options solder_runtime_options_default(void)
{
    return (solder_runtime_options){.struct_size = sizeof(solder_runtime_options)};
}

static void *limited_alloc(void *user, size_t size, size_t align)
{
    solder_runtime *r = user;
    size_t before = atomic_fetch_add(&r->used, size);
    void *pointer = NULL;
    if (r->limit == 0 || (before <= r->limit && size <= r->limit - before)) {
        pointer = r->user.alloc(r->user.user, size, align);
    }
    if (pointer == NULL) {
        (void)atomic_fetch_sub(&r->used, size);
    }
    return pointer;
}

static void limited_release(void *user, void *pointer, size_t size)
{
    solder_runtime *r = user;
    r->user.release(r->user.user, pointer, size);
    (void)atomic_fetch_sub(&r->used, size);
}

static solder_status choose_isas(solder_runtime *r, const char *level, sld_isa_mask has)
{
    r->isas = has;
    if (level == NULL) {
        return SOLDER_OK;
    }
    sld_isa_mask wanted;
    if (!sld_cpu_level(level, &wanted)) {
        return sld_fail(&r->diag, SOLDER_ERROR_ARGUMENT, "unknown processor level '%s'", level);
    }
    r->isas &= wanted;
    return SOLDER_OK;
}

static solder_status start(solder_runtime *r, const solder_runtime_options *o)
{
    sld_cpu cpu;
    sld_cpu_detect(&cpu);
    SLD_TRY(choose_isas(r, o->cpu, cpu.isas));
    if (o->threads < 0) {
        return sld_fail(&r->diag, SOLDER_ERROR_ARGUMENT, "thread count %d is negative", o->threads);
    }
    int threads = o->threads > 0 ? o->threads : cpu.cores;
    return threads > 1 ? sld_pool_create(&r->allocator, &r->diag, threads, &r->pool) : SOLDER_OK;
}

solder_status solder_runtime_create(const solder_runtime_options *options, solder_runtime **runtime)
{
    solder_runtime_options o = solder_runtime_options_default();
    if (runtime == NULL || (options != NULL && options->struct_size == 0)) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (options != NULL) { /* a program built against another version knows fewer or more fields */
        memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    }
    solder_allocator user = o.allocator;
    if (user.alloc == NULL || user.release == NULL) {
        user = sld_libc_allocator;
    }
    solder_runtime *r = user.alloc(user.user, sizeof *r, SLD_CACHE_LINE);
    if (r == NULL) {
        return SOLDER_ERROR_MEMORY;
    }
    memset(r, 0, sizeof *r);
    r->user = user;
    r->allocator = (solder_allocator){r, limited_alloc, limited_release};
    r->limit = o.memory_limit;
    r->loop_limit = o.loop_limit > 0 ? o.loop_limit : SLD_LOOP_MAX;
    sld_diag_init(&r->diag, &o.logger);
    sld_plugins_init(&r->plugins, &r->allocator);
    solder_status status = start(r, &o);
    if (status != SOLDER_OK) { /* there is no handle to ask */
        sld_log(&r->diag, SOLDER_LOG_ERROR, "%s", r->diag.message);
        solder_runtime_destroy(r);
        return status;
    }
    *runtime = r;
    return SOLDER_OK;
}

void solder_runtime_destroy(solder_runtime *runtime)
{
    if (runtime != NULL) {
        solder_allocator user = runtime->user;
        sld_pool_destroy(runtime->pool);
        sld_plugins_free(&runtime->plugins);
        user.release(user.user, runtime, sizeof *runtime);
    }
}

const char *solder_runtime_message(const solder_runtime *runtime)
{
    return runtime != NULL ? runtime->diag.message : "";
}

solder_status solder_runtime_add_plugin(solder_runtime *runtime, const solder_plugin *plugin)
{
    return runtime != NULL ? sld_plugins_add(&runtime->plugins, &runtime->diag, plugin)
                           : SOLDER_ERROR_ARGUMENT;
}

solder_status solder_runtime_load_plugin(solder_runtime *runtime, const char *path)
{
    if (runtime == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    return path != NULL ? sld_plugins_load(&runtime->plugins, &runtime->diag, path)
                        : sld_fail(&runtime->diag, SOLDER_ERROR_ARGUMENT,
                                   "solder_runtime_load_plugin: NULL path");
}
