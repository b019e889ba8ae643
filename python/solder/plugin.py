# SPDX-License-Identifier: Apache-2.0
"""Plugin: an operator of your own, written in Python. docs/plugins.md is the guide."""
from __future__ import annotations

import ctypes
import os
import struct
from typing import (
    Any,
    Callable,
    ClassVar,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from . import _c, dtypes
from ._c import lib, text
from ._memory import Memory
from .config import path_bytes
from .errors import ArgumentError, Error, Status
from .tensor import Tensor

_OPTIONAL, _REPEATED, _CONSTANT = 1, 2, 8
_ADD, _SUB, _MUL, _FLOOR_DIV, _CEIL_DIV, _MOD, _MIN, _MAX = range(8)
_KINDS = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "bool": 4, "dtype": 6, "text": 7}
_FORMATS = {0: "i", 1: "q", 2: "f", 3: "d", 4: "i", 5: "i", 6: "i"}
_ENUM, _TEXT, _NO_LENGTH = 5, 7, 0xFFFFFFFF


class Attribute(NamedTuple):
    """
    One attribute of a plugin.

    kind: "f32", "f64", "i32", "i64", "bool", "dtype", "text", or a tuple of names to choose from.
    default: what it is where a model does not say: a number, or a name of the tuple. Lists and
        texts are empty.
    length: 0: one value; else a list of at most so many. Of a text: bytes, 255 if 0.
    """

    kind: Union[str, Tuple[str, ...]]
    default: Any = 0
    length: int = 0


class Operand(NamedTuple):
    """
    An input or output of a plugin.

    types: element types it may have.
    optional: may be absent (None). repeated: the last one stands for any further ones.
    constant: an input that must be known when building.
    """

    name: str
    types: Sequence[str] = ("f32",)
    optional: bool = False
    repeated: bool = False
    constant: bool = False


class Dim:
    """A dimension while shapes are inferred: a number, or an expression of open ones. + - * // % work."""

    def __init__(self, call: "InferCall", handle: int) -> None:
        self._call = call
        self._handle = handle

    @property
    def value(self) -> Optional[int]:
        """The number, None where it is open."""
        number = ctypes.c_int64()
        raw = self._call._live()
        known = raw.known(ctypes.byref(raw), self._handle, ctypes.byref(number))
        return number.value if known else None

    def _make(self, op: int, other: Union["Dim", int], swap: bool = False) -> "Dim":
        raw = self._call._live()
        a, b = self._handle, self._call._handle(other)
        return Dim(self._call, raw.combine(ctypes.byref(raw), op, *((b, a) if swap else (a, b))))

    def __add__(self, other: Union["Dim", int]) -> "Dim":
        return self._make(_ADD, other)

    __radd__ = __add__

    def __sub__(self, other: Union["Dim", int]) -> "Dim":
        return self._make(_SUB, other)

    def __rsub__(self, other: int) -> "Dim":
        return self._make(_SUB, other, swap=True)

    def __mul__(self, other: Union["Dim", int]) -> "Dim":
        return self._make(_MUL, other)

    __rmul__ = __mul__

    def __floordiv__(self, other: Union["Dim", int]) -> "Dim":
        return self._make(_FLOOR_DIV, other)

    def __mod__(self, other: Union["Dim", int]) -> "Dim":
        return self._make(_MOD, other)

    def ceildiv(self, other: Union["Dim", int]) -> "Dim":
        """Divided and rounded up."""
        return self._make(_CEIL_DIV, other)

    def min(self, other: Union["Dim", int]) -> "Dim":
        """The smaller."""
        return self._make(_MIN, other)

    def max(self, other: Union["Dim", int]) -> "Dim":
        """The larger."""
        return self._make(_MAX, other)

    def __repr__(self) -> str:
        value = self.value
        return "<solder.Dim open>" if value is None else f"<solder.Dim {value}>"


class InferInput(NamedTuple):
    """What is known of an input while shapes are inferred."""

    dtype: str
    shape: Tuple[Dim, ...]
    data: Optional[Tensor]  #: of a constant with known dims, for the time of the call


class InferCall:
    """The argument of ``Plugin.infer``, valid during the call."""

    def __init__(self, plugin: "Plugin", raw: _c.PluginInfer) -> None:
        self._raw: Optional[_c.PluginInfer] = raw
        self.node = text(raw.node)  #: name of the node
        self.attributes = plugin._read_attributes(raw.attributes)  #: by name
        self.output_count: int = raw.output_count
        self.inputs = tuple(self._input(raw.inputs[i]) for i in range(raw.input_count))

    def _live(self) -> Any:
        if self._raw is None:
            raise RuntimeError("a dimension outlived the call of infer it came from")
        return self._raw

    def _input(self, given: _c.InferInput) -> Optional[InferInput]:
        if given.dtype == 0:
            return None
        dims = tuple(Dim(self, given.shape.d[i]) for i in range(given.shape.rank))
        kind = dtypes.BY_CODE[given.dtype]
        numbers = [d.value for d in dims]
        known = tuple(n for n in numbers if n is not None)
        data = None
        if given.data and len(known) == len(numbers):
            data = Tensor._over(Memory(given.data, kind, known, True, self))
        return InferInput(kind.name, dims, data)

    def _handle(self, dim: Union[Dim, int]) -> int:
        if isinstance(dim, Dim):
            return dim._handle
        raw = self._live()
        return int(raw.constant(ctypes.byref(raw), int(dim.__index__())))

    def data_dependent(self, bound: Union[Dim, int]) -> Dim:
        """A dimension only a run knows, at most bound; ``run`` says which with ``Call.set_shape``."""
        raw = self._live()
        return Dim(self, raw.data_dependent(ctypes.byref(raw), self._handle(bound)))

    def element(self, input: int, index: int) -> Optional[Dim]:
        """An element of a small integer input, None where it is not known."""
        raw = self._live()
        handle = raw.element(ctypes.byref(raw), input, index)
        return None if handle < 0 else Dim(self, handle)


class Call:
    """
    The argument of ``Plugin.run``, valid during the call: so are its tensors and all that shows
    their memory. Inputs are read-only; None where one is absent.
    """

    def __init__(self, plugin: "Plugin", raw: _c.PluginCall) -> None:
        self._raw = raw
        self.node = text(raw.node)  #: name of the node
        self.attributes = plugin._read_attributes(raw.attributes)  #: by name
        self.inputs = tuple(self._tensor(raw.inputs[i], True) for i in range(raw.input_count))
        self.outputs = tuple(self._tensor(raw.outputs[i], False) for i in range(raw.output_count))

    def _tensor(self, given: _c.PluginTensor, readonly: bool) -> Any:
        if given.dtype == 0:
            return None
        shape = tuple(given.dim[: given.rank])
        kind = dtypes.BY_CODE[given.dtype]
        return Tensor._over(Memory(given.data or 64, kind, shape, readonly, self))

    def set_shape(self, output: int, shape: Sequence[int]) -> None:
        """The real shape of an output with data-dependent dimensions."""
        raw = self._raw.outputs[output]
        if len(shape) != raw.rank:
            raise ValueError(f"output {output} has {raw.rank} dimensions, {len(shape)} given")
        for i, dim in enumerate(shape):
            raw.dim[i] = int(dim.__index__())


ShapeLike = Sequence[Union[Dim, int]]


class Plugin:
    """
    An operator of your own. Make a subclass, and give an object of it as ``plugins=[...]`` to
    ``build``, ``import_model`` or ``Network``, and to ``load`` or ``Runtime``::

        class Cube(solder.Plugin):
            name = "Cube"

            def infer(self, call):
                return call.inputs[0].shape

            def run(self, call):
                numpy.copyto(call.outputs[0].numpy(), call.inputs[0].numpy() ** 3)

    ``run`` may be called by several threads at once, with the GIL held: it is for trying things and
    for small layers; docs/plugins.md says how to write one in C. An exception in it becomes the
    library's error. A plan names the plugin by namespace, name and version.
    """

    name: ClassVar[str] = ""
    namespace: ClassVar[Optional[str]] = None
    version: ClassVar[int] = 1
    #: further operator names in models
    types: ClassVar[Sequence[str]] = ()
    attributes: ClassVar[Mapping[str, Attribute]] = {}
    #: None: any number, f32
    inputs: ClassVar[Optional[Sequence[Operand]]] = None
    #: None: one, f32
    outputs: ClassVar[Optional[Sequence[Operand]]] = None

    def infer(self, call: InferCall) -> Any:
        """
        The shape of the output: a sequence of ints and Dims. Of several outputs: a list of shapes,
        or of (shape, dtype).
        """
        raise NotImplementedError("infer is missing")

    def run(self, call: Call) -> None:
        """Computes ``call.outputs`` from ``call.inputs``."""
        raise NotImplementedError("run is missing")

    # ---- the C struct ----

    _made: Optional[_c.Plugin] = None

    def _struct(self) -> _c.Plugin:
        if self._made is None:
            self._keep: List[Any] = []
            self._fields: List[Tuple[str, Attribute, _c.PluginAttribute]] = []
            self._made = self._make()
        return self._made

    def _make(self) -> _c.Plugin:
        made = _c.Plugin(abi_version=1, struct_size=ctypes.sizeof(_c.Plugin), version=self.version)
        made.name = _c.encode(self.name, "the name of a plugin")
        if self.namespace is not None:
            made.name_space = _c.encode(self.namespace, "the namespace of a plugin")
        if self.types:
            made.types = self._names(self.types)
        made.inputs, made.input_count = self._operands(self.inputs)
        made.outputs, made.output_count = self._operands(self.outputs)
        table, made.attribute_count, made.attributes_size = self._attributes()
        if made.attribute_count:
            made.attributes = table
        made.infer = _c.INFER(self._call_infer)
        made.run = _c.RUN(self._call_run)
        return made

    def _names(self, names: Sequence[str]) -> Any:
        array = (ctypes.c_char_p * (len(names) + 1))(*(_c.encode(n, "a name") for n in names))
        self._keep.append(array)
        return array

    def _operands(self, operands: Optional[Sequence[Operand]]) -> Tuple[Any, int]:
        if operands is None:
            return None, 0
        array = (_c.PluginOperand * len(operands))()
        for entry, o in zip(array, operands):
            entry.name = _c.encode(o.name, "the name of an operand")
            entry.types = sum(1 << dtypes.parse(t).code for t in set(o.types))
            entry.flags = o.optional * _OPTIONAL + o.repeated * _REPEATED + o.constant * _CONSTANT
        self._keep.append(array)
        return array, len(operands)

    def _attributes(self) -> Tuple[Any, int, int]:
        """Lays the fields of the attribute struct out, each at a multiple of 8."""
        table = (_c.PluginAttribute * len(self.attributes))()
        at = 0
        for entry, (name, a) in zip(table, self.attributes.items()):
            entry.name = _c.encode(name, "the name of an attribute")
            entry.length_offset = _NO_LENGTH
            if isinstance(a.kind, str) and a.kind not in _KINDS:
                raise ArgumentError(f"attribute '{name}': {a.kind!r} is no kind of attribute")
            entry.kind = _KINDS[a.kind] if isinstance(a.kind, str) else _ENUM
            entry.offset = at
            if entry.kind == _TEXT:
                entry.count = a.length + 1 if a.length else 256
                at += entry.count
            else:
                entry.count = a.length or 1
                entry.initial = self._initial(name, a)
                at += struct.calcsize(_FORMATS[entry.kind]) * entry.count
            if entry.kind == _ENUM:
                entry.names = self._names(a.kind)
            at = (at + 7) & ~7
            if a.length and entry.kind != _TEXT:
                entry.length_offset, at = at, at + 8
            self._fields.append((name, a, entry))
        self._keep.append(table)
        return table, len(table), at

    def _initial(self, name: str, a: Attribute) -> float:
        if isinstance(a.kind, str):
            return float(dtypes.parse(a.default).code if a.kind == "dtype" and a.default else a.default)
        if a.default in a.kind:
            return float(a.kind.index(a.default))
        if a.default == 0:
            return 0.0
        raise ArgumentError(f"attribute '{name}': {a.default!r} is none of {a.kind}")

    def _read_attributes(self, address: Optional[int]) -> Dict[str, Any]:
        size = self._struct().attributes_size
        data = ctypes.string_at(address, size) if address and size else b""
        return {name: self._read(data, a, entry) for name, a, entry in self._fields}

    def _read(self, data: bytes, a: Attribute, entry: _c.PluginAttribute) -> Any:
        if entry.kind == _TEXT:
            return text(data[entry.offset : entry.offset + entry.count].split(b"\0")[0])
        count = entry.count
        if entry.length_offset != _NO_LENGTH:
            count = struct.unpack_from("=i", data, entry.length_offset)[0]
        values: List[Any] = list(
            struct.unpack_from(f"={count}{_FORMATS[entry.kind]}", data, entry.offset)
        )
        if a.kind == "bool":
            values = [bool(v) for v in values]
        elif a.kind == "dtype":
            values = [dtypes.BY_CODE[v].name if v else None for v in values]
        elif not isinstance(a.kind, str):
            values = [a.kind[v] for v in values]
        return values if a.length else values[0]

    # ---- what C calls ----

    def _call_infer(self, raw: Any) -> int:
        def infer() -> None:
            call = InferCall(self, raw[0])
            try:
                shapes = self.infer(call)
                self._set_shapes(call, raw[0], shapes)
            finally:
                call._raw = None

        return _guarded(raw, infer)

    def _set_shapes(self, call: InferCall, raw: _c.PluginInfer, result: Any) -> None:
        several = isinstance(result, list) and all(isinstance(r, (list, tuple)) for r in result)
        shapes: List[Any] = list(result) if several and result else [result]
        if len(shapes) < call.output_count:
            raise ValueError(f"infer gives {len(shapes)} shapes, the node has {call.output_count} outputs")
        for i in range(call.output_count):
            shape = shapes[i]
            output = raw.outputs[i]
            if len(shape) == 2 and isinstance(shape[1], str):
                output.dtype = dtypes.parse(shape[1]).code
                shape = shape[0]
            if len(shape) > _c.MAX_RANK:
                raise ValueError(f"output {i} has {len(shape)} dimensions, at most {_c.MAX_RANK}")
            output.shape.rank = len(shape)
            for j, dim in enumerate(shape):
                output.shape.d[j] = call._handle(dim)

    def _call_run(self, raw: Any) -> int:
        return _guarded(raw, lambda: self.run(Call(self, raw[0])))


def _guarded(raw: Any, function: Callable[[], None]) -> int:
    """An exception becomes a status, with its text as the message."""
    try:
        function()
        return 0
    except BaseException as error:  # nothing may fly through C
        status = int(error.status) if isinstance(error, Error) else int(Status.DATA)
        said = f"{type(error).__name__}: {error}".encode("utf-8", "replace").replace(b"\0", b"?")
        call = raw[0]
        return int(call.message(ctypes.byref(call), status, said))


PluginLike = Union[Plugin, Type[Plugin], str, "os.PathLike[str]"]
Plugins = Sequence[PluginLike]


def plugin_list(plugins: Any) -> List[Any]:
    """Objects and paths: of classes, an object each. One alone is a mistake that looks like a list."""
    if isinstance(plugins, (str, bytes, os.PathLike, Plugin, type)):
        raise TypeError("plugins must be a sequence of them, not one")
    return [p() if isinstance(p, type) and issubclass(p, Plugin) else p for p in plugins]


def add_to_builder(builder: int, plugin: Any) -> int:
    """The status. plugin, from plugin_list, must stay alive as long as the builder."""
    return _register(builder, plugin, lib.solder_builder_add_plugin, lib.solder_builder_load_plugin)


def add_to_runtime(runtime: int, plugin: Any) -> int:
    """The status. plugin, from plugin_list, must stay alive as long as the runtime."""
    return _register(runtime, plugin, lib.solder_runtime_add_plugin, lib.solder_runtime_load_plugin)


def _register(where: int, plugin: Any, add: Any, load: Any) -> int:
    if isinstance(plugin, Plugin):
        return int(add(where, ctypes.byref(plugin._struct())))
    if isinstance(plugin, (str, os.PathLike)):
        return int(load(where, path_bytes(plugin, "plugins")))
    raise TypeError(f"plugins are Plugin objects or paths of libraries, not {type(plugin).__name__}")
