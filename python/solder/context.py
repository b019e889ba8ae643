# SPDX-License-Identifier: Apache-2.0
"""Context: one execution state of an engine, and the memory bound to it."""
from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

from . import _c, _memory
from ._c import lib, text
from ._memory import Memory
from ._node import Node
from .errors import ArgumentError, Status, make_error
from .tensor import Tensor

if TYPE_CHECKING:
    from .engine import IO, Engine, Step


def _format(dtype: str, shape: Sequence[int]) -> str:
    return f"{dtype} [{', '.join(map(str, shape))}]"


def _fits(io: "IO", shape: Tuple[int, ...]) -> bool:
    return len(shape) == len(io.max) and all(a <= d <= b for a, d, b in zip(io.min, shape, io.max))


class Execution:
    """A solder_context: binds memory, runs, collects. It knows no Engine, so that none is kept."""

    def __init__(self, node: Node, inputs: Tuple["IO", ...], outputs: Tuple["IO", ...]) -> None:
        self.node = node
        self.inputs = inputs
        self.outputs = outputs
        self._keys = {io.name: _c.encode(io.name, "name") for io in inputs + outputs}
        self._dims: Dict[str, Tuple[int, ...]] = {}  # as last set, of inputs
        self._bound: Dict[str, Memory] = {}  # until detached
        self._late: Optional[Set[str]] = None  # outputs whose dims only a run knows

    # ---- C calls ----

    def _check(self, pointer: int, status: int) -> None:
        if status != 0:
            raise make_error(status, text(lib.solder_context_message(pointer)))

    def _attach(self, pointer: int, name: str, memory: Optional[Memory]) -> None:
        address, size = (memory.address, memory.nbytes) if memory is not None else (None, 0)
        if memory is not None and size == 0:
            address = address or 64  # a tensor without elements still has to lie somewhere
        self._check(pointer, lib.solder_context_bind(pointer, self._keys[name], address, size))

    def _dims_of(self, pointer: int, name: str) -> Tuple[int, ...]:
        dims = _c.Dims()
        key = self._keys[name]
        self._check(pointer, lib.solder_context_tensor(pointer, key, None, ctypes.byref(dims)))
        return _c.shape(dims)

    def _copy_out(self, pointer: int, io: "IO") -> Tensor:
        """An output that lies in the context, copied."""
        data, dims = ctypes.c_void_p(), _c.Dims()
        key = self._keys[io.name]
        status = lib.solder_context_tensor(pointer, key, ctypes.byref(data), ctypes.byref(dims))
        self._check(pointer, status)
        result = Tensor(_c.shape(dims), io.dtype)
        if result.nbytes:
            ctypes.memmove(result._memory.address, data.value or 0, result.nbytes)
        return result

    # ---- inputs ----

    def find(self, name: str, among: Sequence["IO"], kind: str) -> "IO":
        for io in among:
            if io.name == name:
                return io
        has = ", ".join(map(str, among))
        error = ArgumentError(f"the plan has no {kind} '{name}'; it has {has}")
        error.status = Status.NOT_FOUND
        raise error

    def _named(self, inputs: Sequence[Any]) -> Mapping[str, Any]:
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            return inputs[0]
        if inputs and len(inputs) != len(self.inputs):
            expected = ", ".join(map(str, self.inputs))
            raise ArgumentError(f"{len(inputs)} inputs given, the plan has: {expected}")
        return {io.name: value for io, value in zip(self.inputs, inputs)}

    def take_input(self, io: "IO", value: Any) -> Memory:
        if isinstance(value, (list, tuple, int, float)):
            value = Tensor.of(value, io.dtype)
        memory = _memory.borrow(value, f"input '{io.name}'")
        same = memory.dtype.name == io.dtype or (io.dtype, memory.dtype.name) == ("bf16", "u16")
        if not same or not _fits(io, memory.shape):
            given = _format(memory.dtype.name, memory.shape)
            raise ArgumentError(f"input {io} expected, {given} given")
        return memory

    def set_shape(self, pointer: int, io: "IO", shape: Tuple[int, ...]) -> None:
        if io.min == io.max or self._dims.get(io.name) == shape:
            return
        self._dims.pop(io.name, None)
        dims = _c.dims(shape)
        key = self._keys[io.name]
        self._check(pointer, lib.solder_context_set_dims(pointer, key, ctypes.byref(dims)))
        self._dims[io.name] = shape

    # ---- outputs ----

    def _find_late(self, pointer: int) -> Set[str]:
        """Before the first run the dims of such outputs read -1, when all inputs have theirs."""
        if self._late is None:
            shapes = {io.name: self._dims_of(pointer, io.name) for io in self.outputs}
            self._late = {name for name, shape in shapes.items() if -1 in shape}
        return self._late

    def take_output(self, io: "IO", value: Any) -> Memory:
        memory = _memory.borrow(value, f"output '{io.name}'", writable=True)
        if memory.dtype.name != io.dtype:
            given = _format(memory.dtype.name, memory.shape)
            raise ArgumentError(f"output {io} expected, {given} given")
        return memory

    def _place_output(self, pointer: int, io: "IO", given: Optional[Memory]) -> Optional[Memory]:
        """Where an output goes; None: into the context."""
        if io.name in self._find_late(pointer):
            if given is not None and given.nbytes < _memory.count(io.max) * given.dtype.size:
                small = _format(given.dtype.name, given.shape)
                raise ArgumentError(f"output {io} needs room for its largest shape, {small} given")
            return given
        shape = self._dims_of(pointer, io.name)
        if given is None:
            return Tensor(shape, io.dtype)._memory
        if given.shape != shape:
            expected, shape_given = _format(io.dtype, shape), _format(io.dtype, given.shape)
            raise ArgumentError(f"output '{io.name}' {expected} expected, {shape_given} given")
        return given

    # ---- running ----

    def bind(self, name: str, value: Any) -> None:
        io = next((x for x in self.inputs if x.name == name), None)
        is_input = io is not None
        if io is None:
            io = self.find(name, self.inputs + self.outputs, "input or output")
        memory = None
        if value is not None:
            memory = self.take_input(io, value) if is_input else self.take_output(io, value)
        with self.node as pointer:
            if memory is not None and is_input:
                self.set_shape(pointer, io, memory.shape)
            if is_input or memory is None:  # outputs are attached when a run knows their dims
                self._attach(pointer, name, memory)
            if memory is None:
                self._bound.pop(name, None)
            else:
                self._bound[name] = memory

    def run(
        self,
        inputs: Sequence[Any],
        outputs: Optional[Mapping[str, Any]] = None,
        times: Optional[List[Tuple[int, float]]] = None,
    ) -> Dict[str, Tensor]:
        named = self._named(inputs)
        given = {n: self.take_input(self.find(n, self.inputs, "input"), v) for n, v in named.items()}
        wanted = {
            n: self.take_output(self.find(n, self.outputs, "output"), v)
            for n, v in (outputs or {}).items()
        }
        with self.node as pointer:
            try:
                return self._run(pointer, given, wanted, times)
            finally:
                self._detach(pointer, given)

    def _run(
        self,
        pointer: int,
        given: Dict[str, Memory],
        wanted: Dict[str, Memory],
        times: Optional[List[Tuple[int, float]]],
    ) -> Dict[str, Tensor]:
        for io in self.inputs:
            memory = given.get(io.name) or self._bound.get(io.name)
            if memory is None:
                raise ArgumentError(f"input {io} is not given")
            self.set_shape(pointer, io, memory.shape)
            self._attach(pointer, io.name, memory)
        places: Dict[str, Optional[Memory]] = {}
        for io in self.outputs:
            own = wanted.get(io.name) or self._bound.get(io.name)
            places[io.name] = place = self._place_output(pointer, io, own)
            self._attach(pointer, io.name, place)
        if times is None:
            self._check(pointer, lib.solder_context_run(pointer))
        else:
            self._run_timed(pointer, times)
        return {io.name: self._result(pointer, io, places[io.name]) for io in self.outputs}

    def _run_timed(self, pointer: int, times: List[Tuple[int, float]]) -> None:
        def append(user: Any, step: int, microseconds: float) -> None:
            times.append((step, microseconds))

        profiler = _c.PROFILER(append)
        lib.solder_context_set_profiler(pointer, profiler, None)
        try:
            self._check(pointer, lib.solder_context_run(pointer))
        finally:
            lib.solder_context_set_profiler(pointer, _c.PROFILER(), None)

    def _result(self, pointer: int, io: "IO", place: Optional[Memory]) -> Tensor:
        if place is None:
            return self._copy_out(pointer, io)
        if io.name in self._find_late(pointer):
            place = place._replace(shape=self._dims_of(pointer, io.name))
        return Tensor._over(place)

    def _detach(self, pointer: int, given: Dict[str, Memory]) -> None:
        """C must not remember memory that Python may free."""
        for io in self.outputs:
            lib.solder_context_bind(pointer, self._keys[io.name], None, 0)
        for name in given:
            lib.solder_context_bind(pointer, self._keys[name], None, 0)


class Context:
    """
    One execution state of an engine, for one thread at a time (others wait). Contexts of one
    engine run side by side.
    """

    def __init__(self, engine: "Engine", execution: Execution) -> None:
        self._engine = engine
        self._execution = execution
        execution.node.owned_by(self)

    def bind(self, name: str, array: Any) -> None:
        """
        Attaches an array to an input or output until another one, or None, takes its place. Later
        runs read inputs from it and write outputs into it, without a copy if it is contiguous;
        outputs must be writable and contiguous, and of the shape the run gives them (for
        data-dependent ones: with room for the largest).
        """
        self._execution.bind(name, array)

    def run(self, *inputs: Any, outputs: Optional[Mapping[str, Any]] = None) -> Dict[str, Tensor]:
        """
        Like ``Engine.run``, on this context; inputs that are bound may be left out.
        The results of bound outputs share the bound arrays' memory.
        """
        return self._execution.run(inputs, outputs)

    def __call__(self, *inputs: Any) -> Union[Tensor, Dict[str, Tensor]]:
        """Like ``run``; a plan with one output returns that alone."""
        results = self.run(*inputs)
        return results if len(results) != 1 else next(iter(results.values()))

    def profile(self, *inputs: Any) -> List[Tuple["Step", float]]:
        """Runs once and returns each step with the microseconds it took, in order."""
        times: List[Tuple[int, float]] = []
        self._execution.run(inputs, None, times)
        steps = self._engine.steps
        return [(steps[index], microseconds) for index, microseconds in times]

    def close(self) -> None:
        """Frees the context. A second time does nothing."""
        self._execution.node.close()

    def __enter__(self) -> "Context":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
