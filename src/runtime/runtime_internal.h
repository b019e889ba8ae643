/* SPDX-License-Identifier: Apache-2.0 */
/* What stands behind the handles of solder/runtime.h. */
#ifndef SLD_RUNTIME_RUNTIME_INTERNAL_H
#define SLD_RUNTIME_RUNTIME_INTERNAL_H

#include <stdatomic.h>

#include "base/file.h"
#include "kernels/call_check.h"
#include "plan/plan_read.h"
#include "plugin/plugin.h"
#include "solder/runtime.h"

struct solder_runtime {
    solder_allocator user;      /* given, or libc */
    solder_allocator allocator; /* counts against the limit, then calls user */
    size_t limit;
    int64_t loop_limit;
    atomic_size_t used;
    sld_diag diag;
    sld_pool *pool; /* NULL with one thread */
    sld_isa_mask isas;
    sld_plugins plugins;
};

/* ---- heap.c: memory of tensors whose size only a run tells ---- */

/* Blocks come in size classes; a block given back waits for the next request of its class. */
enum { SLD_HEAP_CLASSES = 160 };
/* Bytes of one context's heap where the runtime has no limit of its own. */
#define SLD_HEAP_LIMIT ((size_t)1 << (sizeof(size_t) > 4 ? 34 : 30))

typedef struct sld_heap_block sld_heap_block;
typedef struct sld_heap {
    const solder_allocator *allocator;
    size_t held; /* bytes, free or not */
    sld_heap_block *spare[SLD_HEAP_CLASSES];
} sld_heap;

/* 64-byte aligned, contents undefined; NULL if there is no more. */
void *sld_heap_take(sld_heap *heap, size_t bytes);
/* NULL: does nothing. */
void sld_heap_give(sld_heap *heap, void *memory);
/* Spare blocks go back to the allocator; those taken must have been given back. */
void sld_heap_trim(sld_heap *heap);

/* ---- layout.c: dims, strides and places of an engine's tensors for one set of symbols ---- */

typedef struct sld_layout {
    int64_t *symbols;    /* SLD_EXPR_UNKNOWN: data dependent and not yet defined */
    int64_t *values;     /* of the plan's expressions */
    int64_t *bounds;     /* the same with undefined symbols at their bound */
    sld_tensor *tensors; /* by index in the engine */
    uint8_t *known;      /* by tensor: dims are final; else they are bounds */
    bool guessed;        /* dims without a bound are guessed: they need not belong together */
} sld_layout;

/* Where roots lie; all NULL while only shapes are of interest. */
typedef struct sld_places {
    char *arena;
    void *const *io;     /* by io index: memory of inputs and outputs */
    void *const *blocks; /* by tensor: from the heap */
    const uint8_t *weights;
} sld_places;

/* A constant repacked at load. */
typedef struct sld_repacked {
    uint32_t base; /* tensor of the plan */
    uint32_t next; /* of the same base; SLD_PLAN_NONE: last */
    const sld_packing *packing;
    const void *params;
    void *data;
    size_t size;
} sld_repacked;

typedef struct sld_engine_step {
    const sld_plan_step *plan;
    const sld_kernel *kernel;
    sld_check check;
    const uint32_t *operands; /* tensors of the engine */
    const void *params;
    bool late; /* some dim or place is known only while running */
    bool open; /* some dim has no bound: kernel NULL if none could be chosen */
    size_t workspace;
    sld_plugin_params *plugin; /* params too; NULL: no plugin */
    uint32_t planned_tactic;
    /* Open tensors that live from this step on, and those that no later step needs. */
    uint32_t first_begun, begun_count, first_ended, ended_count;
    struct solder_engine *const *bodies; /* of if and loop */
    uint32_t body_count, first_body;     /* first_body: in contexts */
} sld_engine_step;

/* Offsets in the block of a context. */
typedef struct sld_context_map {
    size_t symbols, values, bounds, tensors, known, blocks, io, io_memory, operands, bodies;
    size_t first_body, arena, workspace, total;
} sld_context_map;

struct solder_engine {
    solder_runtime *runtime;
    sld_plan plan;
    sld_file file;   /* mapped, or */
    void *copy;      /* copied because it was not aligned, or neither: borrowed */
    size_t size;     /* of the plan */
    sld_arena arena; /* everything below */
    const char *name;
    sld_engine_step *steps;
    uint32_t *operands;
    sld_repacked *repacked;
    uint32_t repacked_count;
    uint32_t *first_repacked; /* by tensor of the plan */
    uint32_t *io_of;          /* tensor -> io index or SLD_PLAN_NONE */
    uint8_t *late;            /* by tensor: dims or place are known only while running */
    uint8_t *open;            /* by tensor: it, or what it lies in, has no bound */
    uint8_t *open_exprs;      /* by expression of the plan: it has none */
    uint32_t *lives;          /* tensors of steps: begun and ended */
    bool any_late;
    struct solder_engine **bodies; /* of all steps, owned */
    size_t body_count;
    int depth; /* engines above it */
    solder_io *io;
    size_t input_count, io_count, step_count, tensor_count;
    size_t workspace, repacked_bytes, operand_max;
    atomic_bool *trusted; /* the weights are what the plan's hash says */
    int threads;
    sld_context_map map;
};

/* values from symbols, then every tensor; fails if one leaves its place. */
solder_status sld_layout_all(const solder_engine *engine, sld_diag *diag, const sld_places *places,
                             sld_layout *layout);
/* Expressions again, after symbols were defined. */
void sld_layout_evaluate(const solder_engine *engine, sld_layout *layout);
/* One tensor and what it lies in, as far as not known. */
solder_status sld_layout_tensor(const solder_engine *engine, sld_diag *diag,
                                const sld_places *places, sld_layout *layout, uint32_t tensor);
/* Makes late tensors unknown again, before the next run. */
void sld_layout_reset(const solder_engine *engine, sld_layout *layout);
/* The run of a step with operands copied to in and out. */
sld_run sld_layout_run(const sld_engine_step *step, const sld_layout *layout, sld_tensor *operands);
/*
 * What every step needs before its kernel may run: operands that belong together and do not
 * overlap, a kernel that takes them, workspace enough.
 */
solder_status sld_step_check(const solder_engine *engine, sld_diag *diag,
                             const sld_engine_step *step, const sld_layout *layout,
                             const sld_run *run);
/* Of them, that operands belong together and do not overlap; NULL if all is well. */
const char *sld_step_unsound(const solder_engine *engine, const sld_engine_step *step,
                             const sld_layout *layout, const sld_run *run);

/* ---- engine.c ---- */

/* Checks the weights against their hash, the first time; the rest was checked at loading. */
solder_status sld_engine_trust(const solder_engine *engine, sld_diag *diag);

/* ---- engine_kernels.c ---- */

/* Picks kernels and repacks constants; fills engine->steps, workspace and repacked. */
solder_status sld_engine_resolve(solder_engine *engine);

/* True if the engine may use the kernel for the run and takes its constants as they are stored. */
bool sld_kernel_fits(const solder_engine *engine, const sld_kernel *kernel, const char *family,
                     const sld_run *run);
/* ---- engine_plugins.c ---- */

/* Finds the plugins the plan names and gives their steps parameters. */
solder_status sld_engine_bind_plugins(solder_engine *engine);
/* Sets the data of constant operands, which calls without memory lack. */
void sld_engine_show_constants(const solder_engine *engine, const sld_engine_step *step,
                               sld_run *run);
/* The planned tactic if this machine has it, else the first. */
solder_status sld_engine_choose_tactic(const solder_engine *engine, sld_engine_step *step,
                                       const sld_layout *layout, sld_tensor *operands);
/* Opens the state of one such step. run: its call at the profile's maximum. */
solder_status sld_engine_open_plugin(const solder_engine *engine, const sld_engine_step *step,
                                     sld_run *run);
void sld_engine_close_plugins(solder_engine *engine);

/* ---- contexts ---- */

typedef struct sld_io_state {
    void *bound;
    size_t bound_size;
    bool filled; /* an input whose memory in the context was handed out */
    bool given;  /* dims were set by the caller */
    bool staged; /* bound memory is not aligned to its elements: copied before or after a run */
    int64_t dims[SOLDER_MAX_RANK];
} sld_io_state;

struct solder_context {
    const solder_engine *engine;
    const solder_allocator *allocator; /* of the block; NULL: caller's */
    sld_diag diag;
    sld_layout layout;
    sld_io_state *io;
    void **io_memory; /* by io: where the tensor lies */
    void **blocks;    /* by tensor: memory from the heap */
    sld_tensor *operands;
    struct solder_context **bodies; /* of the engine's bodies, inside this one's block */
    sld_heap own_heap;
    sld_heap *heap; /* the outermost context's */
    char *arena;
    void *workspace;
    bool shaped; /* dims are set and fit */
    bool moved;  /* memory was bound since the last layout */
    solder_profiler profiler;
    void *profiler_user;
    solder_observer observer;
    void *observer_user;
};

sld_places sld_context_places(const solder_context *context);
/* Bytes of an input or output at its current dims, unknown ones at their bound. */
size_t sld_context_io_bytes(const solder_context *context, size_t io);
/* Lays all tensors out and checks all steps whose dims are known. */
solder_status sld_context_layout(solder_context *context);
/* Everything taken from the heap goes back to it. */
void sld_context_drop_blocks(solder_context *context);

/* ---- executor.c ---- */

/* What the last run has found out is unknown again. */
void sld_context_forget_run(solder_context *context);
/* Runs the steps; inputs are bound and dims set. */
solder_status sld_context_run_steps(solder_context *context);
/*
 * Gives output `index` of the running step the dims of made: defines symbols, finds memory. block:
 * heap memory with the bytes already in it, taken over or given back; NULL: made is copied.
 */
solder_status sld_context_deliver(solder_context *context, const sld_engine_step *step,
                                  uint32_t index, const sld_tensor *made, void *block);

/* ---- run_control.c: steps with bodies ---- */

/* Whether the bodies take and give what the step does. */
solder_status sld_control_check(const solder_engine *engine, const sld_engine_step *step);
/* operands: the step's, inputs known. */
solder_status sld_control_run(solder_context *context, const sld_engine_step *step,
                              const sld_run *run);

static inline const sld_plan_tensor *sld_engine_plan_tensor(const solder_engine *engine,
                                                            uint32_t tensor)
{
    size_t plan_tensors = engine->plan.count[SLD_PLAN_TENSORS];
    return &engine->plan
                .tensors[tensor < plan_tensors ? tensor
                                               : engine->repacked[tensor - plan_tensors].base];
}

/* False while a dim is yet to be found out by a step. */
static inline bool sld_has_dims(const sld_tensor *t)
{
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0) {
            return false;
        }
    }
    return true;
}

#endif
