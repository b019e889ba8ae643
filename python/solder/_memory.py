# SPDX-License-Identifier: Apache-2.0
"""Memory of other objects, borrowed without copying: the buffer protocol and DLPack."""
from __future__ import annotations

import ctypes
from typing import Any, NamedTuple, Optional, Tuple

from .dtypes import BY_DLPACK, DType, from_format

_api = ctypes.pythonapi
_api.PyObject_GetBuffer.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
_api.PyObject_CheckBuffer.argtypes = [ctypes.py_object]
_api.PyBuffer_Release.argtypes = [ctypes.c_void_p]
_api.PyBuffer_Release.restype = None
_api.PyBuffer_ToContiguous.argtypes = [
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_ssize_t,
    ctypes.c_char,
]
_api.PyCapsule_IsValid.argtypes = [ctypes.py_object, ctypes.c_char_p]
_api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_api.PyCapsule_GetPointer.restype = ctypes.c_void_p
_api.PyCapsule_SetName.argtypes = [ctypes.py_object, ctypes.c_char_p]

_PyBUF_RECORDS_RO = 0x1C  # shape, strides, format
_PyBUF_WRITABLE = 0x1
CPU = 1  # kDLCPU
_CUDA_HOST = 3  # kDLCUDAHost: memory of the host, too


class Memory(NamedTuple):
    """Elements somewhere in the process; ``keep`` holds them there."""

    address: int
    dtype: DType
    shape: Tuple[int, ...]
    readonly: bool
    keep: object

    @property
    def nbytes(self) -> int:
        return count(self.shape) * self.dtype.size


def count(shape: Tuple[int, ...]) -> int:
    """Elements of a shape."""
    total = 1
    for dim in shape:
        total *= dim
    return total


def allocate(nbytes: int) -> Tuple[int, Any]:
    """Zeroed memory aligned to 64 bytes: its address, and the object that holds it."""
    block = (ctypes.c_ubyte * (nbytes + 63))()
    return (ctypes.addressof(block) + 63) & ~63, block


class _PyBuffer(ctypes.Structure):
    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.POINTER(ctypes.c_ssize_t)),
        ("internal", ctypes.c_void_p),
    ]


class _Buffer:
    """A buffer of another object, given back when this is no more."""

    def __init__(self, owner: Any, flags: int) -> None:
        self.view = _PyBuffer()
        self._release: Optional[Any] = None
        if _api.PyObject_GetBuffer(owner, ctypes.addressof(self.view), flags) != 0:
            raise BufferError("no buffer")  # not reached: ctypes raises the exporter's exception
        self._release = _api.PyBuffer_Release

    def __del__(self) -> None:
        if self._release is not None:
            self._release(ctypes.addressof(self.view))


def _contiguous(shape: Tuple[int, ...], strides: Tuple[int, ...], size: int) -> bool:
    """Row-major without gaps; strides in bytes. Strides of dimensions of one do not matter."""
    expected = size
    for dim, stride in zip(reversed(shape), reversed(strides)):
        if dim > 1 and stride != expected:
            return False
        expected *= dim
    return True


def _packed(view: _PyBuffer, dtype: DType, shape: Tuple[int, ...]) -> Memory:
    """A row-major copy."""
    nbytes = count(shape) * dtype.size
    address, block = allocate(nbytes)
    _api.PyBuffer_ToContiguous(address, ctypes.addressof(view), nbytes, b"C")
    return Memory(address, dtype, shape, False, block)


def _finish(
    view: _PyBuffer, dtype: DType, shape: Tuple[int, ...], keep: object, writable: bool, what: str
) -> Memory:
    strides = tuple(view.strides[: view.ndim]) if view.ndim else ()
    if count(shape) == 0 or _contiguous(shape, strides, dtype.size):
        return Memory(view.buf or 0, dtype, shape, bool(view.readonly), keep)
    if writable:
        raise ValueError(f"{what}: the array is not contiguous (row-major)")
    return _packed(view, dtype, shape)


def _from_buffer(value: Any, writable: bool, what: str) -> Memory:
    flags = _PyBUF_RECORDS_RO | (_PyBUF_WRITABLE if writable else 0)
    held = _Buffer(value, flags)
    view = held.view
    format = (view.format or b"B").decode()
    dtype = from_format(format, view.itemsize)
    if dtype is None:
        raise TypeError(f"{what}: elements of format {format!r} are no type the library has")
    shape = tuple(view.shape[: view.ndim]) if view.ndim else ()
    return _finish(view, dtype, shape, held, writable, what)


# ---- DLPack: the layouts of its specification, version 1 ----


class _DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class _DLManaged(ctypes.Structure):
    _fields_ = [
        ("tensor", _DLTensor),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    ]


class _DLManagedVersioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _DLTensor),
    ]


_READ_ONLY = 1  # bit of flags
_DELETER = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)


class _Consumed:
    """A capsule's tensor, now ours: its deleter is called when this is no more."""

    def __init__(self, capsule: object) -> None:
        self._delete: Optional[Any] = None
        self.readonly = False
        managed: Any
        if _api.PyCapsule_IsValid(capsule, b"dltensor_versioned"):
            address, used = _api.PyCapsule_GetPointer(capsule, b"dltensor_versioned"), _USED_VERSIONED
            managed = _DLManagedVersioned.from_address(address)
            if managed.major != 1:  # its layout is not known: the capsule stays unused
                raise BufferError(f"DLPack version {managed.major} is not supported")
            self.readonly = bool(managed.flags & _READ_ONLY)
        elif _api.PyCapsule_IsValid(capsule, b"dltensor"):
            address, used = _api.PyCapsule_GetPointer(capsule, b"dltensor"), _USED_PLAIN
            managed = _DLManaged.from_address(address)
        else:
            raise TypeError("__dlpack__ gave no DLPack capsule, or one that is used up")
        _api.PyCapsule_SetName(capsule, used)
        self.tensor: _DLTensor = managed.tensor
        self._address = address
        self._delete = _DELETER(managed.deleter) if managed.deleter else None

    def __del__(self) -> None:
        if self._delete is not None:
            self._delete(self._address)


# A capsule keeps the pointer to its name: the names live as long as the module.
_USED_PLAIN = b"used_dltensor"
_USED_VERSIONED = b"used_dltensor_versioned"


def _capsule(value: Any) -> object:
    try:
        return value.__dlpack__(max_version=(1, 0))
    except TypeError:  # a producer from before version 1
        return value.__dlpack__()


def _from_dlpack(value: Any, writable: bool, what: str) -> Memory:
    device = tuple(int(x) for x in value.__dlpack_device__())
    if device[0] not in (CPU, _CUDA_HOST):
        raise BufferError(f"{what}: the tensor is on device {device}, not in the host's memory")
    consumed = _Consumed(_capsule(value))
    t = consumed.tensor
    dtype = BY_DLPACK.get((t.code, t.bits)) if t.lanes == 1 else None
    if dtype is None:
        raise TypeError(
            f"{what}: DLPack elements of code {t.code}, {t.bits} bits, {t.lanes} lanes are no "
            "type the library has"
        )
    if writable and consumed.readonly:
        raise BufferError(f"{what}: the array is read-only")
    shape = tuple(t.shape[: t.ndim]) if t.ndim else ()
    strides = tuple(t.strides[: t.ndim]) if t.ndim and t.strides else None
    if strides is None:
        return Memory((t.data or 0) + t.byte_offset, dtype, shape, consumed.readonly, consumed)
    view = _PyBuffer(buf=(t.data or 0) + t.byte_offset, readonly=consumed.readonly, ndim=t.ndim)
    view.len = count(shape) * dtype.size
    view.itemsize = dtype.size
    view.shape = (ctypes.c_ssize_t * t.ndim)(*shape)
    view.strides = (ctypes.c_ssize_t * t.ndim)(*(s * dtype.size for s in strides))
    return _finish(view, dtype, shape, consumed, writable, what)


def borrow(value: Any, what: str, writable: bool = False) -> Memory:
    """
    The row-major memory of a buffer or DLPack tensor in the host's memory. Without copying, but
    for strided inputs. what names the value in errors.
    """
    own = getattr(value, "_memory", None)
    if isinstance(own, Memory) and not (writable and own.readonly):  # a Tensor
        return own
    problem: Optional[BaseException] = None
    if _api.PyObject_CheckBuffer(value):
        try:
            return _from_buffer(value, writable, what)
        except BufferError as error:
            raise BufferError(f"{what}: {error}") from None
        except ValueError as error:  # numpy has types without a format, and says so like this
            problem = error
    if hasattr(value, "__dlpack__"):
        return _from_dlpack(value, writable, what)
    if problem is not None:
        raise problem
    raise TypeError(
        f"{what}: {type(value).__name__} is neither a buffer (numpy array, array.array, "
        "memoryview) nor a DLPack tensor"
    )
