# SPDX-License-Identifier: Apache-2.0
"""Element types: the library's names and what buffers, DLPack and numpy call them."""
from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional, Tuple


class DType(NamedTuple):
    """One element type. ``name`` is what the API takes and gives: "f32"."""

    name: str
    code: int  #: solder_dtype
    size: int  #: bytes of one element
    format: str  #: of the buffer protocol; bf16, which has none, shows its bits as "H"
    dlpack: Tuple[int, int]  #: DLDataType: type code, bits
    typestr: str  #: of numpy's __array_interface__
    numpy: str  #: name in numpy


_INT, _UINT, _FLOAT, _BFLOAT, _BOOL = 0, 1, 2, 4, 6

ALL = (
    DType("f32", 1, 4, "f", (_FLOAT, 32), "<f4", "float32"),
    DType("f16", 2, 2, "e", (_FLOAT, 16), "<f2", "float16"),
    DType("bf16", 3, 2, "H", (_BFLOAT, 16), "<u2", "bfloat16"),
    DType("f64", 4, 8, "d", (_FLOAT, 64), "<f8", "float64"),
    DType("i8", 5, 1, "b", (_INT, 8), "|i1", "int8"),
    DType("u8", 6, 1, "B", (_UINT, 8), "|u1", "uint8"),
    DType("i16", 7, 2, "h", (_INT, 16), "<i2", "int16"),
    DType("u16", 8, 2, "H", (_UINT, 16), "<u2", "uint16"),
    DType("i32", 9, 4, "i", (_INT, 32), "<i4", "int32"),
    DType("u32", 10, 4, "I", (_UINT, 32), "<u4", "uint32"),
    DType("i64", 11, 8, "q", (_INT, 64), "<i8", "int64"),
    DType("u64", 12, 8, "Q", (_UINT, 64), "<u8", "uint64"),
    DType("bool", 13, 1, "?", (_BOOL, 8), "|b1", "bool"),
)
BY_NAME: Dict[str, DType] = {t.name: t for t in ALL}
BY_CODE: Dict[int, DType] = {t.code: t for t in ALL}
BY_DLPACK: Dict[Tuple[int, int], DType] = {t.dlpack: t for t in ALL}
_BY_NUMPY: Dict[str, DType] = {t.numpy: t for t in ALL}
_INTEGERS = "bhilqn", "BHILQN"


def parse(value: Any) -> DType:
    """From "f32", "float32", a numpy dtype or a numpy scalar type."""
    name = value if isinstance(value, str) else getattr(value, "name", None)
    if not isinstance(name, str):
        name = getattr(value, "__name__", "")
    found = BY_NAME.get(name) or _BY_NUMPY.get(name)
    if found is None:
        raise ValueError(f"unknown element type {value!r}; there are {', '.join(BY_NAME)}")
    return found


def from_format(format: str, itemsize: int) -> Optional[DType]:
    """From a format of the buffer protocol; None where the library has no such type."""
    order, code = (format[0], format[1:]) if format[:1] in "@=<>!" else ("@", format)
    if order in (">", "!") and itemsize > 1:
        return None
    if code in ("f", "d", "e", "?"):
        return next(t for t in ALL if t.format == code)
    for codes, kind in zip(_INTEGERS, (_INT, _UINT)):
        if len(code) == 1 and code in codes:
            return BY_DLPACK.get((kind, 8 * itemsize))
    return None
