/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a plan; docs/plan-format.md is the specification. Little-endian, fixed width, no
 * padding that is not named, usable in place from a mapped file: offsets and indices, no pointers.
 */
#ifndef SLD_PLAN_PLAN_FORMAT_H
#define SLD_PLAN_PLAN_FORMAT_H

#include "base/expr.h"
#include "kernels/kernel.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "plans are used in place: a little-endian machine is needed"
#endif

/* PNG's trick: a transfer that changes line ends or strips the eighth bit breaks the magic. */
#define SLD_PLAN_MAGIC "\x89SLD\r\n\x1a\n"
#define SLD_PLAN_MAJOR 1u /* another one cannot be read */
#define SLD_PLAN_MINOR 1u /* a higher one adds sections that may be skipped */
#define SLD_PLAN_ALIGN 64u
#define SLD_PLAN_NONE  UINT32_MAX /* no tensor, no string */
#define SLD_PLAN_OPEN                                                                              \
    UINT64_MAX /* size of a tensor without a bound: memory comes while running                     \
                */

/* Each once, in this order, from the first; a minor version may append others. */
typedef enum sld_plan_section_id {
    SLD_PLAN_STRINGS = 0, /* bytes; every string ends with 0 */
    SLD_PLAN_EXPRS,       /* sld_expr */
    SLD_PLAN_SYMBOLS,     /* sld_symbol */
    SLD_PLAN_TENSORS,     /* sld_plan_tensor */
    SLD_PLAN_OPERANDS,    /* uint32_t: tensors of steps, SLD_PLAN_NONE for an absent one */
    SLD_PLAN_DEFINES,     /* sld_plan_define */
    SLD_PLAN_STEPS,       /* sld_plan_step, in order of execution */
    SLD_PLAN_PARAMS,      /* parameter structs, each at a multiple of 8 */
    SLD_PLAN_IO,          /* sld_plan_io, inputs first */
    SLD_PLAN_PROPERTIES,  /* sld_plan_property */
    SLD_PLAN_LABELS,      /* uint32_t: strings */
    SLD_PLAN_IMAGES,      /* sld_plan_image */
    SLD_PLAN_PLUGINS,     /* uint32_t: strings; names of plugins the plan needs */
    SLD_PLAN_WEIGHTS,     /* bytes of constants, each at a multiple of 64 */
    SLD_PLAN_BODIES,      /* sld_plan_body, in order of steps; since 1.1 */
    SLD_PLAN_BODY_BYTES,  /* plans of bodies, each at a multiple of 64; since 1.1 */
    SLD_PLAN_SECTION_COUNT
} sld_plan_section_id;
#define SLD_PLAN_SECTIONS_LEAST 14u /* those of version 1.0 */

typedef struct sld_plan_header {
    uint8_t magic[8];
    uint32_t major, minor;
    uint64_t file_size;
    uint32_t section_count;
    uint32_t reserved;
    uint64_t arena_bytes; /* activation memory of one context, inputs and outputs included */
    uint64_t reserved2[2];
    uint64_t hash; /* XXH3 of header and section table with this field 0 */
} sld_plan_header;
_Static_assert(sizeof(sld_plan_header) == 64, "plan header");

/* The table follows the header. Sections lie behind it in order, gaps are zero bytes. */
typedef struct sld_plan_section {
    uint32_t id;
    uint32_t element; /* bytes of one record */
    uint64_t offset;  /* in the file, a multiple of 64 */
    uint64_t size;    /* bytes */
    uint64_t hash;    /* XXH3 of the bytes */
} sld_plan_section;
_Static_assert(sizeof(sld_plan_section) == 32, "plan section");

typedef enum sld_plan_tensor_kind {
    SLD_PLAN_INPUT = 0, /* caller's memory, else [offset, offset + size) of the arena */
    SLD_PLAN_OUTPUT,    /* the same */
    SLD_PLAN_ARENA,     /* [offset, offset + size) of the arena */
    SLD_PLAN_CONSTANT,  /* [offset, offset + size) of the weights */
    SLD_PLAN_REGION,    /* every step[i]-th element of parent from start[i] on; same rank */
    SLD_PLAN_RESHAPE,   /* the bytes of parent, which has no gaps, under other dims */
    SLD_PLAN_TRANSPOSE, /* axis i is axis step[i] of parent; same rank */
    SLD_PLAN_TENSOR_KINDS
} sld_plan_tensor_kind;

typedef struct sld_plan_tensor {
    uint32_t name;
    uint32_t dtype; /* solder_dtype */
    uint32_t kind;  /* sld_plan_tensor_kind */
    int32_t rank;
    uint32_t parent;    /* views: an earlier tensor; else SLD_PLAN_NONE */
    uint32_t packing;   /* constants: name of the packing, SLD_PLAN_NONE if plain */
    uint64_t offset;    /* 0 for views */
    uint64_t size;      /* bytes, the most it may ever take; 0 for views; SLD_PLAN_OPEN */
    uint32_t packed_by; /* packed constants: the step whose parameters the packing saw */
    uint32_t reserved;
    sld_dim dim[SOLDER_MAX_RANK];   /* expressions; 0 beyond rank */
    sld_dim start[SOLDER_MAX_RANK]; /* regions: expressions */
    int32_t step[SOLDER_MAX_RANK];  /* regions: > 0 */
} sld_plan_tensor;
_Static_assert(sizeof(sld_plan_tensor) == 144, "plan tensor");

typedef struct sld_plan_step {
    uint32_t name;          /* source nodes */
    uint32_t op;            /* "Convolution" */
    uint32_t family;        /* "conv" */
    uint32_t kernel;        /* the one the plan was tuned with */
    uint32_t first_operand; /* in_count inputs, then out_count outputs */
    uint32_t in_count, out_count;
    uint32_t first_define, define_count;
    uint32_t params_size;
    uint64_t params; /* offset in the section */
    double flops;    /* at the profile's opt; 0: not known */
    double bytes;    /* moved, at opt */
} sld_plan_step;
_Static_assert(sizeof(sld_plan_step) == 64, "plan step");

/* A step's output gives a data-dependent symbol its value. */
typedef struct sld_plan_define {
    uint32_t symbol;
    uint32_t output; /* index among the step's outputs */
    uint32_t axis;
    uint32_t reserved;
} sld_plan_define;

/* A network that a step of family if or loop runs: a whole plan of its own. */
typedef struct sld_plan_body {
    uint32_t step;
    uint32_t reserved;
    uint64_t offset, size; /* in the section of their bytes */
} sld_plan_body;
_Static_assert(sizeof(sld_plan_body) == 24, "plan body");

enum { SLD_PLAN_IO_NHWC = 1 };

typedef struct sld_plan_io {
    uint32_t tensor;
    uint32_t flags;
} sld_plan_io;

typedef struct sld_plan_property {
    uint32_t key, value;
} sld_plan_property;

typedef struct sld_plan_image {
    uint32_t tensor; /* an input */
    char order[4];
    float mean[4], scale[4];
    uint32_t resize, transposed;
} sld_plan_image;
_Static_assert(sizeof(sld_plan_image) == 48, "plan image rule");
_Static_assert(sizeof(sld_expr) == 24 && sizeof(sld_symbol) == 80, "stored as they are");

#endif
