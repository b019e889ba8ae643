# SPDX-License-Identifier: Apache-2.0
"""Tensor: a block of memory with a shape and an element type, for numpy, DLPack and buffers."""
from __future__ import annotations

import ctypes
import struct
from typing import Any, Dict, List, Optional, Sequence, Tuple

from . import _library, _memory, dtypes
from ._memory import Memory

_HELPER = "libsolder_dlpack.so"


class Tensor:
    """
    Elements in the host's memory, row-major.

    Outputs of a run are Tensors. ``numpy.asarray(tensor)`` and ``numpy.from_dlpack(tensor)`` share
    its memory, and so does any DLPack consumer (``torch.from_dlpack``). ``tensor.data`` is a
    memoryview; from Python 3.12 on the tensor itself is a buffer.

    Args:
        shape: dimensions, outermost first.
        dtype: "f32", "u8", ..., a numpy dtype, or its name.

    A new tensor holds zeros.
    """

    __slots__ = ("_memory", "__weakref__")

    def __init__(self, shape: Sequence[int], dtype: Any = "f32") -> None:
        kind = dtypes.parse(dtype)
        dims = tuple(int(d.__index__()) for d in shape)
        if any(d < 0 for d in dims):
            raise ValueError(f"a tensor of shape {dims}: dimensions are not negative")
        address, block = _memory.allocate(_memory.count(dims) * kind.size)
        self._memory = Memory(address, kind, dims, False, block)

    @classmethod
    def of(cls, value: Any, dtype: Any = None) -> "Tensor":
        """
        A tensor over the memory of a buffer or DLPack tensor (kept alive), or a new one with the
        numbers of nested sequences. dtype: of new tensors; "f32" if not given.
        """
        if isinstance(value, (list, tuple, int, float)):
            return cls._of_numbers(value, dtypes.parse("f32" if dtype is None else dtype))
        memory = _memory.borrow(value, "Tensor.of")
        if dtype is not None and dtypes.parse(dtype) != memory.dtype:
            raise ValueError(f"Tensor.of: {memory.dtype.name} given, {dtypes.parse(dtype).name} wanted")
        return cls._over(memory)

    @classmethod
    def _of_numbers(cls, value: Any, kind: dtypes.DType) -> "Tensor":
        shape: List[int] = []
        flat = [value]
        while flat and isinstance(flat[0], (list, tuple)):
            lengths = {len(v) if isinstance(v, (list, tuple)) else -1 for v in flat}
            if len(lengths) != 1:
                raise ValueError("Tensor.of: the nested sequences are of different lengths")
            shape.append(lengths.pop())
            flat = [x for v in flat for x in v]
        tensor = cls(shape, kind.name)
        if kind.name == "bf16":
            flat = [_bf16_bits(float(x)) for x in flat]
        try:
            data = struct.pack(f"={len(flat)}{kind.format}", *flat)
        except struct.error as error:
            raise ValueError(f"Tensor.of: not a number of type {kind.name}: {error}") from None
        ctypes.memmove(tensor._memory.address, data, len(data))
        return tensor

    @classmethod
    def _over(cls, memory: Memory) -> "Tensor":
        tensor = cls.__new__(cls)
        tensor._memory = memory
        return tensor

    @property
    def shape(self) -> Tuple[int, ...]:
        """Dimensions, outermost first; () for a scalar."""
        return self._memory.shape

    @property
    def dtype(self) -> str:
        """Element type by the library's name: "f32", "f16", "bf16", "i64", "bool", ..."""
        return self._memory.dtype.name

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._memory.nbytes

    @property
    def data(self) -> memoryview:
        """
        The memory, shared, as a memoryview of this shape and type. bf16 shows as its 16 bits ("H"),
        and so does f16 before Python 3.12; a tensor without elements is flat.
        """
        memory = self._memory
        storage: Any = (ctypes.c_ubyte * memory.nbytes).from_address(memory.address or 1)
        storage.keep = memory.keep
        flat: Any = memoryview(storage)
        if memory.readonly:
            flat = flat.toreadonly()
        view: memoryview = flat.cast("B")
        if memory.nbytes > 0:
            try:
                view = flat.cast("B").cast(memory.dtype.format, memory.shape)
            except ValueError:
                view = flat.cast("B").cast("H", memory.shape)
        return view

    def __buffer__(self, flags: int) -> memoryview:
        return self.data

    def tobytes(self) -> bytes:
        """A copy of the memory: elements in row-major order, little-endian."""
        return ctypes.string_at(self._memory.address, self._memory.nbytes) if self.nbytes else b""

    def tolist(self) -> Any:
        """The elements as nested lists of numbers; a number for a scalar."""
        kind = self._memory.dtype
        flat: List[Any] = list(struct.unpack(f"={self.nbytes // kind.size}{kind.format}", self.tobytes()))
        if kind.name == "bf16":
            flat = [struct.unpack("<f", struct.pack("<I", bits << 16))[0] for bits in flat]
        return _nest(flat, self.shape)

    def item(self) -> Any:
        """The only element, as a number."""
        if self.nbytes != self._memory.dtype.size:
            raise ValueError(f"item() of a tensor of shape {self.shape}: it has not one element")
        value = self.tolist()
        while isinstance(value, list):
            value = value[0]
        return value

    def numpy(self) -> Any:
        """A numpy array that shares the memory (bf16: its bits, as uint16)."""
        import numpy

        return numpy.asarray(self)

    def copy(self) -> "Tensor":
        """The same elements in memory of its own."""
        tensor = Tensor(self.shape, self.dtype)
        ctypes.memmove(tensor._memory.address, self._memory.address, self.nbytes)
        return tensor

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar tensor has no length")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<solder.Tensor {self.dtype} {list(self.shape)}>"

    @property
    def __array_interface__(self) -> Dict[str, Any]:
        memory = self._memory
        return {
            "version": 3,
            "shape": memory.shape,
            "typestr": memory.dtype.typestr,
            "data": (memory.address, memory.readonly),
        }

    def __dlpack_device__(self) -> Tuple[int, int]:
        """(kDLCPU, 0)."""
        return (_memory.CPU, 0)

    def __dlpack__(
        self,
        *,
        stream: Optional[int] = None,
        max_version: Optional[Tuple[int, int]] = None,
        dl_device: Optional[Tuple[int, int]] = None,
        copy: Optional[bool] = None,
    ) -> object:
        """A DLPack capsule that shares the memory; versioned where the consumer knows version 1."""
        if stream is not None:
            raise BufferError("a tensor in the host's memory has no stream")
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"the tensor is in the host's memory, not on device {dl_device}")
        tensor = self.copy() if copy else self
        versioned = max_version is not None and max_version[0] >= 1
        memory = tensor._memory
        if memory.readonly and not versioned:
            raise BufferError("the tensor is read-only, which DLPack before version 1 cannot say")
        shape = (ctypes.c_int64 * max(len(memory.shape), 1))(*memory.shape)
        code, bits = memory.dtype.dlpack
        return _export()(
            memory.keep,
            memory.address,
            len(memory.shape),
            shape,
            code,
            bits,
            versioned,
            memory.readonly,
        )


def _nest(flat: List[Any], shape: Tuple[int, ...]) -> Any:
    if len(shape) <= 1:
        return flat if shape else flat[0]
    step = len(flat) // shape[0] if shape[0] else 0
    return [_nest(flat[i * step : (i + 1) * step], shape[1:]) for i in range(shape[0])]


def _bf16_bits(value: float) -> int:
    """The nearest bf16, ties to even."""
    bits: int = struct.unpack("<I", struct.pack("<f", value))[0]
    if value != value:
        return bits >> 16 | 0x40
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16


_exporter: Any = None


def _export() -> Any:
    global _exporter
    if _exporter is None:
        library = _library.load_helper(_HELPER)
        if library is None:
            raise BufferError(f"DLPack export needs {_HELPER} beside {_library.find()}")
        function = library.solder_dlpack_export
        function.restype = ctypes.py_object
        function.argtypes = [
            ctypes.py_object,
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_int64),
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_int,
            ctypes.c_int,
        ]
        _exporter = function
    return _exporter
