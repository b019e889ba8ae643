/* SPDX-License-Identifier: Apache-2.0 */
/* The builder's life, its memory limit, and the networks it owns. */
#include "builder/builder.h"

static void *counted_alloc(void *user, size_t size, size_t align)
{
    solder_builder *builder = user;
    size_t before = atomic_fetch_add(&builder->allocated, size);
    if (builder->limit != 0 && (before > builder->limit || size > builder->limit - before)) {
        (void)atomic_fetch_sub(&builder->allocated, size);
        return NULL;
    }
    void *pointer = builder->user.alloc(builder->user.user, size, align);
    if (pointer == NULL) {
        (void)atomic_fetch_sub(&builder->allocated, size);
    }
    return pointer;
}

static void counted_release(void *user, void *pointer, size_t size)
{
    solder_builder *builder = user;
    (void)atomic_fetch_sub(&builder->allocated, size);
    builder->user.release(builder->user.user, pointer, size);
}

solder_status solder_builder_create(const solder_builder_options *options, solder_builder **out)
{
    solder_builder_options defaults = {0};
    if (out == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    if (options == NULL) {
        options = &defaults;
    } else if (options->struct_size != sizeof *options) {
        return SOLDER_ERROR_VERSION;
    }
    const solder_allocator *allocator =
        options->allocator.alloc != NULL ? &options->allocator : &sld_libc_allocator;
    solder_builder *builder = sld_calloc(allocator, sizeof *builder);
    if (builder == NULL) {
        return SOLDER_ERROR_MEMORY;
    }
    builder->user = *allocator;
    builder->counted = (solder_allocator){builder, counted_alloc, counted_release};
    builder->limit = options->memory_limit;
    builder->report.allocator = &builder->counted;
    sld_diag_init(&builder->diag, &options->logger);
    sld_plugins_init(&builder->plugins, &builder->counted);
    *out = builder;
    return SOLDER_OK;
}

void solder_builder_destroy(solder_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    while (builder->networks != NULL) {
        solder_network_destroy(builder->networks);
    }
    sld_text_free(&builder->report);
    sld_plugins_free(&builder->plugins);
    solder_allocator user = builder->user;
    sld_release(&user, builder, sizeof *builder);
}

const char *solder_builder_message(const solder_builder *builder)
{
    return builder != NULL ? builder->diag.message : "";
}

solder_status solder_builder_add_plugin(solder_builder *builder, const solder_plugin *plugin)
{
    return builder != NULL ? sld_plugins_add(&builder->plugins, &builder->diag, plugin)
                           : SOLDER_ERROR_ARGUMENT;
}

solder_status solder_builder_load_plugin(solder_builder *builder, const char *path)
{
    if (builder == NULL) {
        return SOLDER_ERROR_ARGUMENT;
    }
    return path != NULL ? sld_plugins_load(&builder->plugins, &builder->diag, path)
                        : sld_fail(&builder->diag, SOLDER_ERROR_ARGUMENT,
                                   "solder_builder_load_plugin: NULL path");
}

solder_status sld_network_wrap(solder_builder *builder, sld_graph *graph, solder_network **out)
{
    const solder_allocator *allocator = &builder->counted;
    solder_network *network = sld_calloc(allocator, sizeof *network);
    if (network == NULL) {
        return sld_fail_memory(&builder->diag, sizeof *network);
    }
    network->graph = graph;
    if (graph == NULL) {
        solder_status status = sld_graph_create(allocator, &builder->diag, &network->graph);
        if (status != SOLDER_OK) {
            sld_release(allocator, network, sizeof *network);
            return status;
        }
    }
    network->graph->plugins = &builder->plugins;
    network->builder = builder;
    network->next = builder->networks;
    builder->networks = network;
    *out = network;
    return SOLDER_OK;
}

solder_status sld_network_keep_file(solder_network *network, sld_file file)
{
    void *files = network->files;
    solder_status status =
        sld_array_grow(&network->builder->counted, &network->builder->diag, &files,
                       &network->file_capacity, network->file_count + 1, sizeof *network->files);
    if (status != SOLDER_OK) {
        sld_file_unmap(&file);
        return status;
    }
    network->files = files;
    network->files[network->file_count++] = file;
    return SOLDER_OK;
}

void solder_network_destroy(solder_network *network)
{
    if (network == NULL) {
        return;
    }
    solder_builder *builder = network->builder;
    solder_network **link = &builder->networks;
    while (*link != NULL && *link != network) {
        link = &(*link)->next;
    }
    if (*link == network) {
        *link = network->next;
    }
    sld_graph_destroy(network->graph);
    for (size_t i = 0; i < network->file_count; i++) {
        sld_file_unmap(&network->files[i]);
    }
    sld_release(&builder->counted, network->files, network->file_capacity * sizeof *network->files);
    sld_release(&builder->counted, network, sizeof *network);
}
