# SPDX-License-Identifier: Apache-2.0
"""Runtime and Engine: loading plans, and what a plan says of itself."""
from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

from . import _c, _memory, dtypes
from ._c import lib, text
from ._log import Collector
from ._node import Node
from .config import RESIZE
from .context import Context, Execution
from .errors import make_error
from .plugin import Plugins, add_to_runtime, plugin_list
from .tensor import Tensor

PathOrPlan = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview]


class IO(NamedTuple):
    """An input or output. Shapes are tuples, in the caller's memory order (see ``nhwc``)."""

    name: str
    dtype: str  #: "f32", ...
    min: Tuple[int, ...]  #: smallest shape; equal to max when static
    opt: Tuple[int, ...]  #: the shape the plan is tuned for
    max: Tuple[int, ...]  #: largest shape
    nhwc: bool  #: the dimensions are N, H, W, C

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape; -1 where runs may differ."""
        return tuple(b if a == b else -1 for a, b in zip(self.min, self.max))

    def __str__(self) -> str:
        dims = (str(b) if a == b else f"{a}..{b}" for a, b in zip(self.min, self.max))
        return f"'{self.name}' {self.dtype} [{', '.join(dims)}]"


class Step(NamedTuple):
    """One step of a plan."""

    name: str  #: the nodes of the model it came from: "conv1 + relu1"
    op: str  #: operator: "Convolution"
    kernel: str  #: the kernel this engine runs
    planned_kernel: str  #: the kernel the plan was tuned with
    flops: float  #: floating-point operations at the opt shape; 0 if not known
    bytes: float  #: bytes read and written, weights included
    workspace: int  #: bytes


class MemoryUse(NamedTuple):
    """Memory of an engine, in bytes."""

    plan: int  #: of the plan
    weights: int  #: of them, weights
    repacked: int  #: weights repacked because the tuned kernel is not to be had here
    activations: int  #: of one context
    workspace: int  #: of one context


class ImageRule(NamedTuple):
    """How pixels become the input: y = (x - mean[c]) * scale[c], x from 0 to 255."""

    order: str  #: "rgb", "bgr" or "gray"
    mean: Tuple[float, ...]
    scale: Tuple[float, ...]
    resize: str  #: "none", "stretch", "crop" or "pad"
    transposed: bool  #: the tensor is [C, W, H]


def _read_io(pointer: int) -> Tuple[Tuple[IO, ...], Tuple[IO, ...]]:
    inputs: List[IO] = []
    outputs: List[IO] = []
    for i in range(lib.solder_engine_io_count(pointer)):
        io = _c.Io()
        status = lib.solder_engine_io(pointer, i, ctypes.byref(io))
        if status != 0:
            raise make_error(status, "")
        dtype = dtypes.BY_CODE[io.dtype].name
        low, opt, high = (_c.shape(d) for d in (io.min, io.opt, io.max))
        entry = IO(text(io.name), dtype, low, opt, high, bool(io.nhwc))
        (inputs if io.is_input else outputs).append(entry)
    return tuple(inputs), tuple(outputs)


def _read_steps(pointer: int) -> Tuple[Step, ...]:
    steps = []
    for i in range(lib.solder_engine_step_count(pointer)):
        s = _c.Step()
        if lib.solder_engine_step(pointer, i, ctypes.byref(s)) == 0:
            names = (text(s.name), text(s.op), text(s.kernel), text(s.planned_kernel))
            steps.append(Step(*names, s.flops, s.bytes, s.workspace))
    return tuple(steps)


class Engine:
    """
    A loaded plan: immutable, safe to share between threads.

    ``engine(x)`` runs it. Threads that run at once get an execution context each; a program that
    wants to keep one, with memory bound to it, asks for ``engine.context()``.

    Use as a context manager, or call ``close()``; both are optional.
    """

    def __init__(self, runtime: "Runtime", node: Node, notices: Tuple[str, ...], owns: bool) -> None:
        self._runtime = runtime
        self._owns_runtime = owns
        self._node = node.owned_by(self)
        self._idle: List[Execution] = []
        self._notices = notices
        with node as pointer:
            self._inputs, self._outputs = _read_io(pointer)
            count = lib.solder_engine_label_count(pointer)
            self._labels = tuple(text(lib.solder_engine_label(pointer, i)) for i in range(count))

    # ---- what it is ----

    @property
    def inputs(self) -> Tuple[IO, ...]:
        """The inputs, in the plan's order."""
        return self._inputs

    @property
    def outputs(self) -> Tuple[IO, ...]:
        """The outputs, in the plan's order."""
        return self._outputs

    @property
    def labels(self) -> Tuple[str, ...]:
        """Class names, if the plan has them."""
        return self._labels

    @property
    def notices(self) -> Tuple[str, ...]:
        """What the library remarked when it loaded the plan: kernels replaced, for example."""
        return self._notices

    @property
    def steps(self) -> Tuple[Step, ...]:
        """The steps, in the order they run."""
        with self._node as pointer:
            return _read_steps(pointer)

    @property
    def memory(self) -> MemoryUse:
        """Bytes of the plan and of a context."""
        use = _c.Memory()
        with self._node as pointer:
            lib.solder_engine_memory(pointer, ctypes.byref(use))
        return MemoryUse(use.plan, use.weights, use.repacked, use.activations, use.workspace)

    def property(self, key: str) -> Optional[str]:
        """A fact: "network", "created_by", "tuned_for", "threads"; None if absent."""
        with self._node as pointer:
            value = lib.solder_engine_property(pointer, _c.encode(key, "key"))
        return None if value is None else text(value)

    def image_rule(self, input: Optional[str] = None) -> Optional[ImageRule]:
        """The picture rule of an input (the first, if not named); None if it has none."""
        name = input if input is not None else self._inputs[0].name
        rule = _c.ImageRule()
        with self._node as pointer:
            if not lib.solder_engine_image_rule(pointer, _c.encode(name, "input"), ctypes.byref(rule)):
                return None
        channels = 1 if rule.order == b"gray" else 3
        return ImageRule(
            text(rule.order),
            tuple(rule.mean[:channels]),
            tuple(rule.scale[:channels]),
            RESIZE[rule.resize],
            bool(rule.transposed),
        )

    # ---- running ----

    def context(self) -> Context:
        """A new execution context: for one thread at a time, with memory that stays bound."""
        return Context(self, self._new_execution())

    def run(self, *inputs: Any, outputs: Optional[Mapping[str, Any]] = None) -> Dict[str, Tensor]:
        """
        Runs the plan and returns every output by name.

        Args:
            inputs: arrays in the plan's order, or one dict of arrays by name. An array is anything
                with the buffer protocol (numpy, array.array, memoryview) or DLPack (torch, ...)
                in the host's memory, of the input's shape and element type; a contiguous one is
                not copied. Nested lists of numbers are taken, too.
            outputs: writable contiguous arrays by name, to receive outputs without a copy.

        The GIL is released while the plan runs, and any number of threads may call this at once.
        """
        try:
            execution = self._idle.pop()
        except IndexError:
            execution = self._new_execution()
        try:
            return execution.run(inputs, outputs)
        finally:
            self._idle.append(execution)

    def __call__(self, *inputs: Any) -> Union[Tensor, Dict[str, Tensor]]:
        """Like ``run``; a plan with one output returns that alone."""
        results = self.run(*inputs)
        return results if len(results) != 1 else next(iter(results.values()))

    def verify(self) -> None:
        """Reads all weights and checks them against the plan's hash, as else the first run does."""
        with self._runtime._node as runtime, self._node as engine:
            status = lib.solder_engine_verify(runtime, engine)
            if status != 0:
                raise make_error(status, text(lib.solder_runtime_message(runtime)))

    def _new_execution(self) -> Execution:
        pointer = ctypes.c_void_p()
        with self._runtime._node as runtime, self._node as engine:
            status = lib.solder_context_create(runtime, engine, ctypes.byref(pointer))
            if status != 0:
                raise make_error(status, text(lib.solder_runtime_message(runtime)))
            assert pointer.value is not None
            node = Node("context", pointer.value, lib.solder_context_destroy, self._node)
        return Execution(node, self._inputs, self._outputs)

    # ---- life ----

    def close(self) -> None:
        """Frees the engine and its contexts. A second time does nothing."""
        self._idle.clear()
        self._node.close()
        if self._owns_runtime:
            self._runtime.close()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._node.closed:
            return "<solder.Engine, closed>"
        inputs = ", ".join(map(str, self._inputs))
        return f"<solder.Engine {inputs} -> {', '.join(map(str, self._outputs))}>"


class Runtime:
    """
    Settings and a thread pool that engines share.

    Args:
        threads: of the pool, the calling thread included; 0: all cores, 1: no other thread.
        cpu: hides what the machine has beyond this level ("x86-64", "avx2", "avx512", ...).
        memory_limit: bytes the runtime may allocate; 0: no limit.
        plugins: what plans need: ``Plugin`` classes or objects, and paths of shared libraries,
            whose code runs: load only what you trust.
    """

    def __init__(
        self,
        threads: int = 0,
        cpu: Optional[str] = None,
        memory_limit: int = 0,
        plugins: Plugins = (),
    ) -> None:
        self._log = Collector()
        options = lib.solder_runtime_options_default()
        options.logger = self._log.struct()
        options.threads = _int(threads, "threads", 31)
        options.cpu = None if cpu is None else _c.encode(cpu, "cpu")
        options.memory_limit = _int(memory_limit, "memory_limit", 64)
        pointer = ctypes.c_void_p()
        status = lib.solder_runtime_create(ctypes.byref(options), ctypes.byref(pointer))
        if status != 0:
            raise make_error(status, " ".join(self._log.take()))
        assert pointer.value is not None
        destroy = lib.solder_runtime_destroy
        self._node = Node("runtime", pointer.value, destroy, keep=[self._log.callback])
        self._node.owned_by(self)
        for plugin in plugin_list(plugins):
            self._node.keep.append(plugin)
            with self._node as runtime:
                status = add_to_runtime(runtime, plugin)
                if status != 0:
                    raise make_error(status, text(lib.solder_runtime_message(runtime)))

    def load(self, plan: PathOrPlan) -> Engine:
        """An engine from a plan file, or from a plan's bytes."""
        return self._load(plan, owns=False)

    def _load(self, plan: PathOrPlan, owns: bool) -> Engine:
        pointer = ctypes.c_void_p()
        keep: List[Any] = []
        with self._node as runtime:
            self._log.take()
            if isinstance(plan, (str, os.PathLike)):
                path = os.fsencode(plan)
                if b"\0" in path:
                    raise ValueError("the path holds a zero byte")
                status = lib.solder_engine_open(runtime, path, ctypes.byref(pointer))
            else:
                memory = _memory.borrow(plan, "plan")
                keep.append(memory)
                size = memory.nbytes
                status = lib.solder_engine_load(runtime, memory.address, size, ctypes.byref(pointer))
            if status != 0:
                raise make_error(status, text(lib.solder_runtime_message(runtime)))
            assert pointer.value is not None
            destroy = lib.solder_engine_destroy
            node = Node("engine", pointer.value, destroy, self._node, keep)
            notices = tuple(self._log.take())
        return Engine(self, node, notices, owns)

    def close(self) -> None:
        """Frees the runtime, its engines and their contexts. A second time does nothing."""
        self._node.close()

    def __enter__(self) -> "Runtime":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def load(
    plan: PathOrPlan,
    threads: int = 0,
    cpu: Optional[str] = None,
    memory_limit: int = 0,
    plugins: Plugins = (),
) -> Engine:
    """
    An engine from a plan file or a plan's bytes, with a runtime of its own.

        net = solder.load("net.plan")
        y = net(x)

    Args: as for Runtime.
    """
    runtime = Runtime(threads, cpu, memory_limit, plugins)
    try:
        return runtime._load(plan, owns=True)
    except BaseException:
        runtime.close()
        raise


def _int(value: Any, what: str, bits: int) -> int:
    number = int(value.__index__())
    if not -(1 << 31) <= number < 1 << bits or (bits == 64 and number < 0):
        raise ValueError(f"{what} is {number}")
    return number


class Device(NamedTuple):
    """The processor."""

    name: str
    level: str  #: the instruction sets kernels are chosen by: "avx512vnni"
    cores: int
    l1d: int  #: bytes
    l2: int  #: bytes
    l3: int  #: bytes
    peak_gflops: float  #: measured f32 multiply-add peak of one core; 0 unless measured
    read_gbps: float  #: measured streaming read of one core in GB/s; 0 unless measured


def device(measure: bool = False) -> Device:
    """The machine; measure: spend about 200 ms on its peaks."""
    d = _c.Device()
    lib.solder_device_query(ctypes.byref(d), measure)
    caches = (d.l1d, d.l2, d.l3)
    return Device(text(d.name), text(d.level), d.cores, *caches, d.peak_gflops, d.read_gbps)
