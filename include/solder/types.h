/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types shared by every public header: status codes, element types, dimensions, the allocator and
 * the logger.
 *
 * Every function that can fail returns solder_status and writes its result through its last
 * pointer argument, only on success. The first non-const handle of a call keeps the text of the
 * last error; read it with solder_builder_message, solder_runtime_message or
 * solder_context_message. The library never aborts, exits or prints.
 */
#ifndef SOLDER_TYPES_H
#define SOLDER_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SOLDER_API __attribute__((visibility("default")))
#else
#define SOLDER_API
#endif

#define SOLDER_VERSION_MAJOR 0
#define SOLDER_VERSION_MINOR 1
#define SOLDER_VERSION_PATCH 0

/* Largest number of dimensions of a tensor. */
#define SOLDER_MAX_RANK 8

typedef enum solder_status {
    SOLDER_OK = 0,
    SOLDER_ERROR_ARGUMENT = -1,    /* the caller passed something impossible */
    SOLDER_ERROR_STATE = -2,       /* the call is not allowed now */
    SOLDER_ERROR_MEMORY = -3,      /* an allocation failed or a memory limit was reached */
    SOLDER_ERROR_DATA = -4,        /* a model, plan or other input is malformed */
    SOLDER_ERROR_IO = -5,          /* the operating system refused a file operation */
    SOLDER_ERROR_VERSION = -6,     /* made by a version this library cannot read */
    SOLDER_ERROR_UNSUPPORTED = -7, /* well-formed, but not implemented */
    SOLDER_ERROR_NOT_FOUND = -8,   /* a name does not exist */
    SOLDER_ERROR_DEVICE = -9,      /* the device or its driver failed */
    SOLDER_ERROR_CANCELLED = -10,  /* a progress callback asked to stop */
    SOLDER_ERROR_INTERNAL = -11    /* a bug in the library; please report it */
} solder_status;

/* Element types. The numbers are part of the plan format. */
typedef enum solder_dtype {
    SOLDER_NONE = 0,
    SOLDER_F32 = 1,
    SOLDER_F16 = 2,
    SOLDER_BF16 = 3,
    SOLDER_F64 = 4,
    SOLDER_I8 = 5,
    SOLDER_U8 = 6,
    SOLDER_I16 = 7,
    SOLDER_U16 = 8,
    SOLDER_I32 = 9,
    SOLDER_U32 = 10,
    SOLDER_I64 = 11,
    SOLDER_U64 = 12,
    SOLDER_BOOL = 13 /* one byte, 0 or 1 */
} solder_dtype;

/* Dimensions, outermost first. rank 0 is a scalar. -1 marks a dimension that is not known yet. */
typedef struct solder_dims {
    int32_t rank;
    int64_t d[SOLDER_MAX_RANK];
} solder_dims;

/*
 * Memory callbacks. alloc returns size bytes aligned to align (a power of two) or NULL; release
 * gets the pointer and the size it was allocated with. Both may be called from any thread.
 */
typedef struct solder_allocator {
    void *user;
    void *(*alloc)(void *user, size_t size, size_t align);
    void (*release)(void *user, void *pointer, size_t size);
} solder_allocator;

typedef enum solder_severity {
    SOLDER_LOG_ERROR = 0,
    SOLDER_LOG_WARNING = 1,
    SOLDER_LOG_NOTICE = 2,
    SOLDER_LOG_VERBOSE = 3
} solder_severity;

/* Receives notices; log may be NULL. Called from any thread; text is valid during the call only. */
typedef struct solder_logger {
    void *user;
    void (*log)(void *user, solder_severity severity, const char *text);
} solder_logger;

/* Name of a status ("data"), of an element type ("f32"); "?" if out of range. Thread-safe. */
SOLDER_API const char *solder_status_name(solder_status status);
SOLDER_API const char *solder_dtype_name(solder_dtype dtype);

/* Bytes of one element, 0 for SOLDER_NONE or an unknown value. Thread-safe. */
SOLDER_API size_t solder_dtype_size(solder_dtype dtype);

/* "0.1.0". Thread-safe. */
SOLDER_API const char *solder_version(void);

#ifdef __cplusplus
}
#endif
#endif
