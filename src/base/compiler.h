/* SPDX-License-Identifier: Apache-2.0 */
/* The only place for compiler extensions outside kernel files. */
#ifndef SLD_BASE_COMPILER_H
#define SLD_BASE_COMPILER_H

#if defined(__GNUC__)
#define SLD_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define SLD_ALWAYS_INLINE     inline __attribute__((always_inline))
#define SLD_NOINLINE          __attribute__((noinline))
#define SLD_LIKELY(x)         __builtin_expect(!!(x), 1)
#define SLD_UNLIKELY(x)       __builtin_expect(!!(x), 0)
#define SLD_PREFETCH_WRITE(p) __builtin_prefetch(p, 1)
#else
#define SLD_PRINTF(fmt, args)
#define SLD_ALWAYS_INLINE inline
#define SLD_NOINLINE
#define SLD_LIKELY(x)         (x)
#define SLD_UNLIKELY(x)       (x)
#define SLD_PREFETCH_WRITE(p) ((void)(p))
#endif

/* Full unrolling of the next loop: accumulator arrays of tile kernels must live in registers. */
#if defined(__clang__)
#define SLD_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define SLD_UNROLL _Pragma("GCC unroll 64")
#else
#define SLD_UNROLL
#endif

#define SLD_CACHE_LINE      64
#define SLD_ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#endif
