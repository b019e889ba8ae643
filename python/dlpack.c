/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DLPack capsules over memory that a Python object owns. In C, because consumers free a capsule or
 * a tensor in any state: with an exception pending, without the GIL, after the interpreter's end.
 * Python's functions are declared here, not included: they come from the process, as for any
 * extension, and are all of the stable ABI.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct _object PyObject;
typedef void (*capsule_destructor)(PyObject *);
PyObject *PyCapsule_New(void *pointer, const char *name, capsule_destructor destructor);
int PyCapsule_IsValid(PyObject *capsule, const char *name);
void *PyCapsule_GetPointer(PyObject *capsule, const char *name);
PyObject *PyErr_NoMemory(void);
void PyErr_Fetch(PyObject **type, PyObject **value, PyObject **traceback);
void PyErr_Restore(PyObject *type, PyObject *value, PyObject *traceback);
void Py_IncRef(PyObject *object);
void Py_DecRef(PyObject *object);
int Py_IsInitialized(void);
int PyGILState_Ensure(void);
void PyGILState_Release(int state);

/* The layouts of the DLPack specification, version 1. */
typedef struct dl_tensor {
    void *data;
    int32_t device_type, device_id;
    int32_t ndim;
    uint8_t code, bits;
    uint16_t lanes;
    int64_t *shape, *strides;
    uint64_t byte_offset;
} dl_tensor;

typedef struct dl_managed {
    dl_tensor tensor;
    void *context;
    void (*deleter)(struct dl_managed *self);
} dl_managed;

typedef struct dl_managed_versioned {
    uint32_t major, minor;
    void *context;
    void (*deleter)(struct dl_managed_versioned *self);
    uint64_t flags; /* bit 0: read-only */
    dl_tensor tensor;
} dl_managed_versioned;

enum { RANK_MAX = 8, DEVICE_CPU = 1 };

/* One of the two, the dims it points to, and what owns the memory. */
typedef struct export
{
    union {
        dl_managed plain;
        dl_managed_versioned versioned;
    } managed; /* first: a deleter gets its address */
    int64_t shape[RANK_MAX], strides[RANK_MAX];
    PyObject *owner;
}
export;

/* Consumers call this when they are done; without an interpreter there is nothing to count. */
static void release(export *e)
{
    if (Py_IsInitialized()) {
        int state = PyGILState_Ensure();
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        Py_DecRef(e->owner);
        PyErr_Restore(type, value, traceback);
        PyGILState_Release(state);
    }
    free(e);
}

static void delete_plain(dl_managed *self)
{
    release((export *)self);
}

static void delete_versioned(dl_managed_versioned *self)
{
    release((export *)self);
}

/* A capsule that was consumed has another name, and its memory another owner. */
static void destroy_plain(PyObject *capsule)
{
    if (PyCapsule_IsValid(capsule, "dltensor")) {
        release(PyCapsule_GetPointer(capsule, "dltensor"));
    }
}

static void destroy_versioned(PyObject *capsule)
{
    if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
        release(PyCapsule_GetPointer(capsule, "dltensor_versioned"));
    }
}

static void describe(export *e, dl_tensor *tensor, void *data, int ndim, const int64_t *shape,
                     int code, int bits)
{
    int64_t stride = 1;
    for (int i = ndim - 1; i >= 0; i--) {
        e->shape[i] = shape[i];
        e->strides[i] = stride;
        stride *= shape[i];
    }
    *tensor = (dl_tensor){.data = data,
                          .device_type = DEVICE_CPU,
                          .ndim = ndim,
                          .code = (uint8_t)code,
                          .bits = (uint8_t)bits,
                          .lanes = 1,
                          .shape = e->shape,
                          .strides = e->strides};
}

/* A new capsule, or NULL with an exception set. The caller holds the GIL; 0 <= ndim <= 8. */
__attribute__((visibility("default"))) PyObject *
solder_dlpack_export(PyObject *owner, void *data, int ndim, const int64_t *shape, int code,
                     int bits, int versioned, int readonly);

PyObject *solder_dlpack_export(PyObject *owner, void *data, int ndim, const int64_t *shape,
                               int code, int bits, int versioned, int readonly)
{
    export *e = calloc(1, sizeof *e);
    if (e == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *capsule;
    if (versioned) {
        e->managed.versioned = (dl_managed_versioned){
            .major = 1, .deleter = delete_versioned, .flags = readonly ? 1 : 0};
        describe(e, &e->managed.versioned.tensor, data, ndim, shape, code, bits);
        capsule = PyCapsule_New(e, "dltensor_versioned", destroy_versioned);
    } else {
        e->managed.plain.deleter = delete_plain;
        describe(e, &e->managed.plain.tensor, data, ndim, shape, code, bits);
        capsule = PyCapsule_New(e, "dltensor", destroy_plain);
    }
    if (capsule == NULL) {
        free(e);
        return NULL;
    }
    e->owner = owner;
    Py_IncRef(owner);
    return capsule;
}
