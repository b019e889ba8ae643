/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every kernel family shares. A family computes one operator and has one parameter struct of
 * fixed-width fields, which a plan stores as it is. Its reference kernel defines the operator:
 * every dtype the operator claims, every stride. Tuned kernels cover what supports() says.
 */
#ifndef SLD_KERNELS_KERNEL_H
#define SLD_KERNELS_KERNEL_H

#include "base/cpu.h"
#include "base/dtype.h"
#include "base/pool.h"

/* Inputs and outputs of one step. */
#define SLD_MAX_INPUTS  64
#define SLD_MAX_OUTPUTS 64

typedef struct sld_packing sld_packing;

enum {
    SLD_TENSOR_CONSTANT = 1, /* contents known when the plan is built */
};

/*
 * A strided view. dim and stride are in elements, outermost first; stride of a dimension of size 1
 * is meaningless. dtype SOLDER_NONE marks an optional input that is absent, or an optional output
 * nobody reads. data is NULL while only shapes are known (supports, workspace).
 */
typedef struct sld_tensor {
    void *data;
    solder_dtype dtype;
    int32_t rank;
    int64_t dim[SOLDER_MAX_RANK];
    int64_t stride[SOLDER_MAX_RANK];
    uint32_t flags;
    const sld_packing *packing; /* NULL: plain; else data holds that packing of the plain tensor */
} sld_tensor;

/* One call of a kernel. Outputs have their dims set, but for data-dependent ones (see family). */
typedef struct sld_run {
    const void *params;
    sld_tensor *in;
    sld_tensor *out;
    uint32_t in_count, out_count;
    void *workspace;       /* at least workspace() bytes, 64-byte aligned; contents undefined */
    size_t workspace_size; /* of what was given */
    sld_pool *pool;        /* NULL: one thread */
    sld_diag *diag;        /* where plugins say why they fail; NULL: nowhere */
} sld_run;

/*
 * A storage order for a constant input. Every packing has an exact inverse, so that a plan tuned
 * for one processor runs on another. Written in portable C, always linked. params are the step's.
 * What is packed consists of pieces of one size, so that large weights are packed bit by bit.
 */
struct sld_packing {
    const char *name; /* "<family>_...": stored in plans, renaming is a format change */
    size_t (*size)(const void *params, const sld_tensor *plain);
    size_t (*pieces)(const void *params, const sld_tensor *plain);
    /* Pieces first to first + count - 1, one behind the other. */
    void (*pack)(const void *params, const sld_tensor *plain, size_t first, size_t count,
                 void *packed);
    void (*unpack)(const void *params, const void *packed, const sld_tensor *plain);
};

typedef struct sld_kernel {
    const char *name;   /* "conv_f32_avx512_14x32": stored in plans, renaming is a format change */
    const char *family; /* "conv" */
    sld_isa isa;
    /*
     * True if the kernel can run this. Looks at params, dtypes, ranks, flags, which strides are
     * contiguous, and dims; data is NULL. May be NULL (reference kernels): always. The answer must
     * not change between two shapes of one profile other than through strides, unless it depends
     * on a dim that no sane profile leaves open (channels, kernel window).
     */
    bool (*supports)(const sld_run *run);
    /* Bytes of workspace; NULL: none. Must not shrink when a dim grows. */
    size_t (*workspace)(const sld_run *run, int threads);
    /* Packing this kernel wants for constant input index, NULL for plain. May itself be NULL. */
    const sld_packing *(*packing)(const sld_run *run, uint32_t index);
    /* Only invalid data-dependent values (an index out of range) may fail: SOLDER_ERROR_DATA. */
    solder_status (*run)(const sld_run *run);
} sld_kernel;

/* ---- tensor helpers (kernel.c) ---- */

int64_t sld_tensor_count(const sld_tensor *t);
/* Row-major without gaps. */
bool sld_tensor_contiguous(const sld_tensor *t);
/* Contiguous but for an arbitrary stride of dimension 0 (a channel slice, a concat part). */
bool sld_tensor_inner_contiguous(const sld_tensor *t);
/* Sets contiguous strides from dim. */
void sld_tensor_set_strides(sld_tensor *t);
/* A contiguous tensor from dims. */
sld_tensor sld_tensor_make(void *data, solder_dtype dtype, int rank, const int64_t *dims);
bool sld_tensor_present(const sld_tensor *t); /* dtype is not SOLDER_NONE */

/* Element offset of the multi-index. */
static inline int64_t sld_tensor_offset(const sld_tensor *t, const int64_t *index)
{
    int64_t offset = 0;
    for (int i = 0; i < t->rank; i++) {
        offset += index[i] * t->stride[i];
    }
    return offset;
}

/* Steps a multi-index through dims in row-major order; false after the last. Rank 0: false. */
static inline bool sld_index_next(int64_t *index, const int64_t *dims, int rank)
{
    for (int i = rank - 1; i >= 0; i--) {
        if (++index[i] < dims[i]) {
            return true;
        }
        index[i] = 0;
    }
    return false;
}

/* Element at an element offset, for reference kernels. */
static inline double sld_at_f64(const sld_tensor *t, int64_t offset)
{
    return sld_load_f64(t->dtype,
                        (const char *)t->data + offset * (int64_t)solder_dtype_size(t->dtype));
}
static inline int64_t sld_at_i64(const sld_tensor *t, int64_t offset)
{
    return sld_load_i64(t->dtype,
                        (const char *)t->data + offset * (int64_t)solder_dtype_size(t->dtype));
}
static inline void sld_put_f64(const sld_tensor *t, int64_t offset, double value)
{
    sld_store_f64(t->dtype, (char *)t->data + offset * (int64_t)solder_dtype_size(t->dtype), value);
}
static inline void sld_put_i64(const sld_tensor *t, int64_t offset, int64_t value)
{
    sld_store_i64(t->dtype, (char *)t->data + offset * (int64_t)solder_dtype_size(t->dtype), value);
}

/* All pieces of a packing. */
static inline void sld_pack(const sld_packing *packing, const void *params, const sld_tensor *plain,
                            void *packed)
{
    packing->pack(params, plain, 0, packing->pieces(params, plain), packed);
}

/* Copies any strided tensor to another of equal dims and dtype. */
void sld_tensor_copy(const sld_tensor *from, const sld_tensor *to);

/* Right-aligned broadcast: strides of t for out's index, 0 where t is repeated. */
void sld_broadcast_strides(const sld_tensor *t, const sld_tensor *out,
                           int64_t strides[SOLDER_MAX_RANK]);

/* ---- registry (registry.c): every row of every .def ---- */

/* All kernels linked in, family by family, best first, each family's reference last. */
const sld_kernel *const *sld_kernels(size_t *count);
const sld_kernel *sld_kernel_find(const char *name);
/* The family's reference kernel, NULL if there is no such family. */
const sld_kernel *sld_kernel_reference(const char *family);
/* The first kernel of the family that isas has and that supports the run; never NULL for a
 * known family. */
const sld_kernel *sld_kernel_choose(const char *family, sld_isa_mask isas, const sld_run *run);
/* Size of a family's parameter struct, 0 for an unknown family. */
size_t sld_family_params_size(const char *family);
const sld_packing *sld_packing_find(const char *name);

#endif
