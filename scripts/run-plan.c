/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest program that runs a plan: a ramp as input, the first output printed. */
#include <stdio.h>
#include <stdlib.h>

#include "solder/runtime.h"

static int run(solder_runtime *runtime, const char *path)
{
    solder_engine *engine;
    solder_context *context;
    if (solder_engine_open(runtime, path, &engine) != SOLDER_OK ||
        solder_context_create(runtime, engine, &context) != SOLDER_OK) {
        return 1;
    }
    int status = 1;
    for (size_t i = 0; i < solder_engine_io_count(engine); i++) {
        solder_io io;
        void *data;
        solder_dims dims;
        if (solder_engine_io(engine, i, &io) == SOLDER_OK && io.is_input &&
            solder_context_tensor(context, io.name, &data, &dims) == SOLDER_OK) {
            size_t count = 1;
            for (int j = 0; j < dims.rank; j++) {
                count *= (size_t)dims.d[j];
            }
            for (size_t j = 0; io.dtype == SOLDER_F32 && j < count; j++) {
                ((float *)data)[j] = (float)(j % 16) / 16.0f;
            }
        } else if (!io.is_input && solder_context_run(context) == SOLDER_OK &&
                   solder_context_tensor(context, io.name, &data, &dims) == SOLDER_OK) {
            printf("%s:", io.name);
            for (int64_t j = 0; j < dims.d[dims.rank - 1] && j < 10; j++) {
                printf(" %.6f", (double)((const float *)data)[j]);
            }
            printf("\n");
            status = 0;
            break;
        }
    }
    if (status != 0) {
        fprintf(stderr, "%s\n", solder_context_message(context));
    }
    solder_context_destroy(context);
    solder_engine_destroy(engine);
    return status;
}

int main(int argc, char **argv)
{
    solder_runtime *runtime;
    if (argc != 2 || solder_runtime_create(NULL, &runtime) != SOLDER_OK) {
        fprintf(stderr, "usage: run-plan PLAN\n");
        return 2;
    }
    int status = run(runtime, argv[1]);
    if (status != 0) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    }
    solder_runtime_destroy(runtime);
    return status;
}
