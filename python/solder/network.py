# SPDX-License-Identifier: Apache-2.0
"""Network: imported from a model or made by hand, looked at, evaluated, built into a plan."""
from __future__ import annotations

import ctypes
import os
import pathlib
from typing import (
    Any,
    Dict,
    List,
    Literal,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Union,
    overload,
)

from . import _c, _memory, dtypes
from ._c import lib, text
from ._log import Collector
from ._node import Node
from .config import (
    Config,
    Path,
    Shape,
    input_specs,
    make_config,
    path_bytes,
    text_array,
    with_fixed_dims,
)
from .errors import ArgumentError, make_error
from .plugin import Plugins, add_to_builder, plugin_list
from .tensor import Tensor

_FORMS = ("text", "dot", "json")


class Value:
    """A value of a network: an input, a constant, or what an operator makes. Not to be made by hand."""

    def __init__(self, node: Node, pointer: int) -> None:
        self._node = node
        self._pointer = pointer

    @property
    def name(self) -> str:
        """Its name in the network."""
        with self._node:
            return text(lib.solder_value_name(self._pointer))

    @property
    def dtype(self) -> str:
        """Element type: "f32", ..."""
        with self._node:
            return dtypes.BY_CODE[lib.solder_value_dtype(self._pointer)].name

    @property
    def shape(self) -> Optional[Tuple[int, ...]]:
        """Dimensions, -1 where open; None when not even the rank is known."""
        dims = _c.Dims()
        with self._node:
            lib.solder_value_dims(self._pointer, ctypes.byref(dims))
        return None if dims.rank < 0 else _c.shape(dims)

    def __repr__(self) -> str:
        if self._node.closed:
            return "<solder.Value of a closed network>"
        return f"<solder.Value '{self.name}' {self.dtype} {list(self.shape or ())}>"


def _attribute(name: str, value: Any, keep: List[Any]) -> _c.Attribute:
    result = _c.Attribute(name=_c.encode(name, "the name of an attribute"), count=1)
    if isinstance(value, str):
        result.text = _c.encode(value, f"attribute '{name}'")
        return result
    values = list(value) if isinstance(value, (list, tuple)) or hasattr(value, "__len__") else [value]
    result.count = len(values)
    if all(hasattr(v, "__index__") for v in values):
        numbers = [int(v.__index__()) for v in values]
        if any(not -(1 << 63) <= v < 1 << 63 for v in numbers):
            raise ArgumentError(f"attribute '{name}': {value!r} does not fit 64 bits")
        # An array of one more: ctypes makes no pointer that is not NULL to an empty one.
        result.ints = (ctypes.c_int64 * (len(values) + 1))(*numbers)
        keep.append(result.ints)
    else:
        result.reals = (ctypes.c_double * (len(values) + 1))(*(float(v) for v in values))
        keep.append(result.reals)
    return result


class Network:
    """
    A network. ``solder.import_model`` makes one from a model; by hand::

        net = solder.Network("tiny")
        x = net.add_input("data", (None, 3, 8, 8))
        w = net.add_constant("w", weights)                      # [16, 3, 3, 3], kept alive
        y = net.add("Convolution", [x, w], name="conv1", pad_begin=[1, 1], pad_end=[1, 1])
        net.mark_output(net.add("Activation", [y], kind="relu"), "relu1")
        net.build("tiny.plan", shapes={"data": ((1, 3, 8, 8),) * 3})

    docs/operators.md lists the operators and their attributes. Use as a context manager, or call
    ``close()``; both are optional. One thread at a time; others wait.
    """

    def __init__(self, name: str = "", memory_limit: int = 0, plugins: Plugins = ()) -> None:
        builder, log = _create_builder(memory_limit, plugins)
        pointer = ctypes.c_void_p()
        with builder as b:
            key = _c.encode(name, "name")
            _check(b, lib.solder_network_create(b, key, ctypes.byref(pointer)), log)
        self._own(builder, builder, log, pointer)

    @classmethod
    def _of(cls, builder: Node, parent: Node, log: Collector, pointer: ctypes.c_void_p) -> "Network":
        network = cls.__new__(cls)
        network._own(builder, parent, log, pointer)
        return network

    def _own(self, builder: Node, parent: Node, log: Collector, pointer: ctypes.c_void_p) -> None:
        assert pointer.value is not None
        self._builder = builder
        self._log = log
        self._node = Node("network", pointer.value, lib.solder_network_destroy, parent)
        self._root = parent is builder
        (builder if self._root else self._node).owned_by(self)
        self._parent = parent

    # ---- making ----

    def add_input(self, name: str, shape: Shape, dtype: Any = "f32") -> Value:
        """A new input. shape: None or -1 where a dimension is open (``build(shapes=...)`` bounds it)."""
        kind, dims = dtypes.parse(dtype), _c.dims(shape)
        key = _c.encode(name, "name")
        return self._value(lib.solder_network_add_input, key, kind.code, ctypes.byref(dims))

    def add_constant(self, name: str, data: Any) -> Value:
        """
        A constant with the shape and type of an array (buffer or DLPack). The memory is shared,
        not copied, if it is contiguous, and kept alive by the network: do not change it until the
        network is built.
        """
        memory = _memory.borrow(data, f"constant '{name}'")
        dims = _c.dims(memory.shape)
        key = _c.encode(name, "name")
        code, address = memory.dtype.code, memory.address or 64
        value = self._value(lib.solder_network_add_constant, key, code, ctypes.byref(dims), address)
        self._node.keep.append(memory)
        return value

    @overload
    def add(
        self,
        op: str,
        inputs: Sequence[Optional[Value]],
        *,
        name: Optional[str] = ...,
        outputs: Literal[1] = ...,
        **attributes: Any,
    ) -> Value: ...

    @overload
    def add(
        self,
        op: str,
        inputs: Sequence[Optional[Value]],
        *,
        name: Optional[str] = ...,
        outputs: int,
        **attributes: Any,
    ) -> Tuple[Value, ...]: ...

    def add(
        self,
        op: str,
        inputs: Sequence[Optional[Value]],
        *,
        name: Optional[str] = None,
        outputs: int = 1,
        **attributes: Any,
    ) -> Union[Value, Tuple[Value, ...]]:
        """
        Adds an operator. inputs: values, None where an optional one is absent. outputs: how many;
        more than one come as a tuple. Attributes are integers, reals, lists of them, or names
        ("relu", "f32"). Shapes are inferred and checked at once.
        """
        values = self._add(lib.solder_network_add, op, inputs, name, outputs, attributes)
        return values[0] if outputs == 1 else values

    def add_plugin(
        self,
        plugin: str,
        inputs: Sequence[Optional[Value]],
        *,
        name: Optional[str] = None,
        outputs: int = 1,
        **attributes: Any,
    ) -> Tuple[Value, ...]:
        """
        Adds one of the ``plugins`` the network was given: "Name" (the newest version),
        "namespace::Name", either with a version behind it: "Name 2".
        """
        add = lib.solder_network_add_plugin
        return self._add(add, plugin, inputs, name, outputs, attributes)

    def _add(
        self,
        add: Any,
        op: str,
        inputs: Sequence[Optional[Value]],
        name: Optional[str],
        outputs: int,
        attributes: Mapping[str, Any],
    ) -> Tuple[Value, ...]:
        if not 1 <= outputs <= 64:
            raise ArgumentError(f"outputs is {outputs}")
        given = [None if v is None else v._pointer for v in inputs]
        for v in inputs:
            if v is not None and v._node is not self._node:
                raise ArgumentError(f"operator {op}: an input belongs to another network")
        keep: List[Any] = []
        rows = [_attribute(k, v, keep) for k, v in attributes.items()]
        made = (ctypes.c_void_p * outputs)()
        with self._builder as builder, self._node as network:
            status = add(
                network,
                _c.encode(op, "op"),
                None if name is None else _c.encode(name, "name"),
                (ctypes.c_void_p * (len(given) + 1))(*given),
                len(given),
                (_c.Attribute * (len(rows) + 1))(*rows),
                len(rows),
                outputs,
                made,
            )
            _check(builder, status, self._log)
        return tuple(Value(self._node, p) for p in made if p is not None)

    def mark_output(self, value: Value, name: Optional[str] = None) -> None:
        """Makes a value an output, under a new name if one is given."""
        if value._node is not self._node:
            raise ArgumentError("mark_output: the value belongs to another network")
        key = None if name is None else _c.encode(name, "name")
        with self._builder as builder, self._node as network:
            status = lib.solder_network_mark_output(network, value._pointer, key)
            _check(builder, status, self._log)

    def _value(self, function: Any, *arguments: Any) -> Value:
        made = ctypes.c_void_p()
        with self._builder as builder, self._node as network:
            _check(builder, function(network, *arguments, ctypes.byref(made)), self._log)
        assert made.value is not None
        return Value(self._node, made.value)

    # ---- looking ----

    @property
    def inputs(self) -> Tuple[Value, ...]:
        """The inputs."""
        with self._node as network:
            count = lib.solder_network_input_count(network)
            pointers = [lib.solder_network_input(network, i) for i in range(count)]
        return tuple(Value(self._node, p) for p in pointers)

    @property
    def outputs(self) -> Tuple[Value, ...]:
        """The outputs."""
        with self._node as network:
            count = lib.solder_network_output_count(network)
            pointers = [lib.solder_network_output(network, i) for i in range(count)]
        return tuple(Value(self._node, p) for p in pointers)

    def describe(self, form: str = "text") -> str:
        """The network as "text" (exact), "dot" (Graphviz) or "json" (nodes and values)."""
        if form not in _FORMS:
            raise ValueError(f"form {form!r} is not {', '.join(_FORMS)}")
        with self._builder as builder, self._node as network:
            made, size = ctypes.c_void_p(), ctypes.c_size_t()
            number = _FORMS.index(form)
            status = lib.solder_network_describe(
                network, number, ctypes.byref(made), ctypes.byref(size)
            )
            _check(builder, status, self._log)
            return _take_text(made)

    def evaluate(self, *inputs: Any, values: bool = False) -> Dict[str, Tensor]:
        """
        Runs the network as it is on the reference kernels: slow, exact; what plans are compared
        with. Inputs as for ``Engine.run``. values: every value computed, not the outputs alone.
        """
        named = self._match(inputs)
        memories = {n: _memory.borrow(v, f"input '{n}'") for n, v in named.items()}
        tensors = (_c.Tensor * (len(memories) + 1))()
        for tensor, (name, memory) in zip(tensors, memories.items()):
            tensor.name, tensor.dtype = _c.encode(name, "name"), memory.dtype.code
            tensor.dims, tensor.data = _c.dims(memory.shape), memory.address or 64
        results: Dict[str, Tensor] = {}
        raised: List[BaseException] = []

        def visit(user: Any, value: Any, node: bytes, is_output: bool) -> int:
            try:
                if is_output or values:
                    results[text(value[0].name)] = _copy(value[0])
                return 0
            except BaseException as error:
                raised.append(error)
                return -10

        with self._builder as builder, self._node as network:
            callback = _c.VISIT(visit)
            status = lib.solder_evaluate(builder, network, tensors, len(memories), callback, None)
            if raised:
                raise raised[0]
            _check(builder, status, self._log)
        return results

    def _match(self, inputs: Sequence[Any]) -> Mapping[str, Any]:
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            return inputs[0]
        own = [v.name for v in self.inputs]
        if len(own) != len(inputs):
            raise ArgumentError(f"{len(inputs)} inputs given, the network has {len(own)}: {own}")
        return dict(zip(own, inputs))

    # ---- building ----

    @overload
    def build(self, output: None = ..., **options: Any) -> bytes: ...

    @overload
    def build(self, output: Path, **options: Any) -> Path: ...

    def build(self, output: Optional[Path] = None, **options: Any) -> Union[bytes, Path]:
        """
        Builds the plan: into the file output, or returned as bytes. The network is left as it is.
        Options: those of ``solder.build`` that concern the plan: shapes, threads, fast, effort,
        time_budget, timing_cache, target, device, precision, preprocess, labels, progress.
        """
        config = make_config(**options)
        with self._builder as builder, self._node as network:
            if output is None:
                return self._build_bytes(builder, network, config)
            path = path_bytes(output, "output")
            status = lib.solder_build_to_file(builder, network, ctypes.byref(config.struct), path)
            _check(builder, status, self._log, config)
            return output

    def _build_bytes(self, builder: int, network: int, config: Config) -> bytes:
        plan, size = ctypes.c_void_p(), ctypes.c_size_t()
        status = lib.solder_build_to_memory(
            builder, network, ctypes.byref(config.struct), ctypes.byref(plan), ctypes.byref(size)
        )
        _check(builder, status, self._log, config)
        return _take_plan(builder, plan, size)

    def optimize(self, **options: Any) -> "Network":
        """The network as the passes leave it, for inspection. Options: as for ``build``."""
        config = make_config(**options)
        made = ctypes.c_void_p()
        with self._builder as builder, self._node as network:
            struct = ctypes.byref(config.struct)
            status = lib.solder_optimize(builder, network, struct, ctypes.byref(made))
            _check(builder, status, self._log, config)
            result = Network._of(self._builder, self._node, self._log, made)
        result._origin = self
        return result

    _origin: Optional["Network"] = None  # what an optimized network stands on

    def report(self) -> str:
        """What the last build did, as JSON: kernels tried and chosen, times, memory."""
        made, size = ctypes.c_void_p(), ctypes.c_size_t()
        with self._builder as builder:
            status = lib.solder_build_report(builder, ctypes.byref(made), ctypes.byref(size))
            _check(builder, status, self._log)
            return _take_text(made)

    # ---- life ----

    def close(self) -> None:
        """Frees the network, and those made from it by ``optimize``. A second time does nothing."""
        (self._builder if self._root else self._node).close()

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _copy(value: _c.Tensor) -> Tensor:
    tensor = Tensor(_c.shape(value.dims), dtypes.BY_CODE[value.dtype].name)
    if tensor.nbytes:
        ctypes.memmove(tensor._memory.address, value.data, tensor.nbytes)
    return tensor


def _take_text(made: ctypes.c_void_p) -> str:
    try:
        return text(ctypes.cast(made, ctypes.c_char_p).value)
    finally:
        lib.solder_text_free(made)


def _take_plan(builder: int, plan: ctypes.c_void_p, size: ctypes.c_size_t) -> bytes:
    try:
        return ctypes.string_at(plan.value or 0, size.value)
    finally:
        lib.solder_plan_free(builder, plan, size)


def _create_builder(memory_limit: int, plugins: Plugins = ()) -> Tuple[Node, Collector]:
    log = Collector()
    wanted = plugin_list(plugins)
    options = _c.BuilderOptions(struct_size=ctypes.sizeof(_c.BuilderOptions))
    options.logger = log.struct()
    options.memory_limit = memory_limit
    pointer = ctypes.c_void_p()
    status = lib.solder_builder_create(ctypes.byref(options), ctypes.byref(pointer))
    if status != 0:
        raise make_error(status, " ".join(log.take()))
    assert pointer.value is not None
    node = Node("network", pointer.value, lib.solder_builder_destroy, keep=[log.callback])
    try:
        with node as builder:
            for plugin in wanted:
                node.keep.append(plugin)
                _check(builder, add_to_builder(builder, plugin), log)
    except BaseException:
        node.close()
        raise
    return node, log


def _check(builder: int, status: int, log: Collector, config: Optional[Config] = None) -> None:
    log.take()
    if config is not None and config.raised is not None:
        raise config.raised
    if status != 0:
        raise make_error(status, text(lib.solder_builder_message(builder)))


def import_model(
    model: Path,
    weights: Optional[Path] = None,
    *,
    inputs: Any = None,
    outputs: Optional[Sequence[str]] = None,
    random_weights: Optional[int] = None,
    memory_limit: int = 0,
    plugins: Plugins = (),
) -> Network:
    """
    Reads a model; the format is found from its contents.

    Args:
        model: ONNX, TensorFlow (frozen), UFF or Caffe (prototxt) file.
        weights: Caffe's second file.
        inputs: dict by name of shapes, element types or ``Input``; or one for the only input.
        outputs: names of tensors to keep instead of the model's outputs.
        random_weights: seed of made-up weights, for an architecture without them.
        memory_limit: bytes the import and builds may allocate; 0: no limit.
        plugins: operators the library does not have: ``Plugin`` classes or objects, and paths of
            shared libraries, whose code runs: load only what you trust.

    Raises:
        Error: naming file, node and value; UNSUPPORTED names every unsupported node at once.
    """
    specs = input_specs(inputs)
    options = lib.solder_import_options_default()
    options.inputs = (_c.InputSpec * len(specs))(*specs)
    options.input_count = len(specs)
    kept = text_array(outputs if outputs is not None else (), "outputs")
    options.outputs = kept
    options.output_count = len(kept)
    if random_weights is not None:
        if not 0 <= int(random_weights) < 1 << 64:
            raise ValueError(f"random_weights is {random_weights}: a seed is not negative")
        options.random_weights, options.seed = True, int(random_weights)
    first = path_bytes(model, "model")
    second = None if weights is None else path_bytes(weights, "weights")
    builder, log = _create_builder(memory_limit, plugins)
    made = ctypes.c_void_p()
    try:
        with builder as b:
            status = lib.solder_import(b, first, second, ctypes.byref(options), ctypes.byref(made))
            _check(b, status, log)
        return Network._of(builder, builder, log, made)
    except BaseException:
        builder.close()
        raise


@overload
def build(
    model: Union[Path, Network], weights: Optional[Path] = ..., output: None = ..., **options: Any
) -> bytes: ...


@overload
def build(
    model: Union[Path, Network], weights: Optional[Path] = ..., *, output: Path, **options: Any
) -> Path: ...


@overload
def build(
    model: Union[Path, Network], weights: Optional[Path], output: Path, **options: Any
) -> Path: ...


def build(
    model: Union[Path, Network],
    weights: Optional[Path] = None,
    output: Optional[Path] = None,
    *,
    inputs: Any = None,
    outputs: Optional[Sequence[str]] = None,
    random_weights: Optional[int] = None,
    memory_limit: int = 0,
    plugins: Plugins = (),
    **options: Any,
) -> Union[bytes, Path]:
    """
    From a model to a plan, like ``solder build``: the plan's bytes, or output if that is given::

        solder.build("net.onnx", output="net.plan")
        solder.build("deploy.prototxt", "net.caffemodel", "net.plan", labels="labels.txt")

    Args:
        model, weights, inputs, outputs, random_weights, memory_limit, plugins: as for
            ``import_model``; model may also be a Network.
        output: file to write; it appears only when the plan is whole.
        shapes: dict by name of (MIN, OPT, MAX), three whole shapes; or one for the only input.
            A dimension with no range is fixed when importing, unless inputs says otherwise.
        threads: the plan is tuned for; 0: all cores.
        fast: no timing, kernels by cost model; the same as effort=0.
        effort: 0, 1 (default): time the likely kernels, 2: time all of them.
        time_budget: seconds for timing; 0: no limit.
        timing_cache: file of measured times, read and updated.
        target: build for another machine, by cost model: "x86-64-v3", ...
        device: "cpu".
        precision: "fp32".
        preprocess: how pictures become an input: ``Preprocess``, the command's text
            ("rgb,mean=127.5,scale=1/128"), or a list of them.
        labels: class names, or a file with one per line.
        progress: called as progress(phase, step, steps); False, or an exception, stops the build.
    """
    if isinstance(model, Network):
        if weights is not None or inputs is not None or outputs is not None or plugins:
            raise TypeError("build: weights, inputs, outputs, plugins are for models, not a Network")
        return model.build(output, **options) if output is not None else model.build(**options)
    network = import_model(
        model,
        weights,
        inputs=with_fixed_dims(inputs, options.get("shapes")),
        outputs=outputs,
        random_weights=random_weights,
        memory_limit=memory_limit,
        plugins=plugins,
    )
    with network:
        return network.build(output, **options) if output is not None else network.build(**options)


@overload
def tune(plan: Union[Path, bytes], output: None = ..., **options: Any) -> bytes: ...


@overload
def tune(plan: Union[Path, bytes], output: Path, **options: Any) -> Path: ...


def tune(
    plan: Union[Path, bytes],
    output: Optional[Path] = None,
    *,
    memory_limit: int = 0,
    plugins: Plugins = (),
    **options: Any,
) -> Union[bytes, Path]:
    """
    A plan with its kernels chosen again for this machine, like ``solder tune``::

        solder.tune("net.plan", output="net.plan")

    Args:
        plan: a file, or a plan's bytes.
        output: file to write, which may be the plan's own; without it the bytes are returned.
        plugins: those that the plan needs.
        threads, fast, effort, time_budget, timing_cache, target, progress: as for ``build``.
    """
    taken = {"threads", "fast", "effort", "time_budget", "timing_cache", "target", "progress"}
    if options.keys() - taken:
        raise TypeError(f"tune: not an option of it: {', '.join(sorted(options.keys() - taken))}")
    config = make_config(**options)
    node, log = _create_builder(memory_limit, plugins)
    try:
        with node as builder:
            return _tune(builder, log, config, plan, output)
    finally:
        node.close()


def _tune(
    builder: int, log: Collector, config: Config, plan: Union[Path, bytes], output: Optional[Path]
) -> Union[bytes, Path]:
    struct = ctypes.byref(config.struct)
    if output is not None and not isinstance(plan, bytes):
        files = path_bytes(plan, "plan"), path_bytes(output, "output")
        _check(builder, lib.solder_tune_to_file(builder, files[0], struct, files[1]), log, config)
        return output
    data = plan if isinstance(plan, bytes) else pathlib.Path(os.fsdecode(plan)).read_bytes()
    made, size = ctypes.c_void_p(), ctypes.c_size_t()
    status = lib.solder_tune_to_memory(
        builder, data, len(data), struct, ctypes.byref(made), ctypes.byref(size)
    )
    _check(builder, status, log, config)
    tuned = _take_plan(builder, made, size)
    if output is None:
        return tuned
    pathlib.Path(os.fsdecode(output)).write_bytes(tuned)
    return output
