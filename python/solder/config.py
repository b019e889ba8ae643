# SPDX-License-Identifier: Apache-2.0
"""What a build may be told, as C structs: inputs, shapes, picture rules, labels, progress."""
from __future__ import annotations

import ctypes
import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import _c, dtypes
from ._c import lib

Shape = Sequence[Optional[int]]
Path = Union[str, "os.PathLike[str]"]
Progress = Callable[[str, int, int], Optional[bool]]
RESIZE = ("none", "stretch", "crop", "pad")
PRECISIONS = ("fp32", "fp16", "bf16", "int8")


class Input(NamedTuple):
    """
    How an input of a model is to be taken.

    shape: dimensions, None or -1 where open; None: as the model says.
    dtype: "u8", ...; None: as the model says.
    nhwc: the shape, and the data of runs, are N, H, W, C.
    value: the input becomes a constant with this number in every element, as
        ``{"training": Input(value=False)}``; what it decides is decided when importing.
    """

    shape: Optional[Shape] = None
    dtype: Optional[str] = None
    nhwc: bool = False
    value: Optional[float] = None


class Preprocess(NamedTuple):
    """
    How pictures become an input, kept in the plan: y = (x - mean) * scale, x from 0 to 255.

    order: channels of the tensor: "rgb", "bgr" or "gray".
    mean, scale: one number, or one for each channel.
    resize: "none" (the picture must fit), "stretch", "crop" (keep the aspect, cover, cut at the
        centre) or "pad" (keep the aspect, fit inside).
    transposed: the tensor is [C, W, H].
    input: the input the rule is for; None: the only one.
    """

    order: str = "rgb"
    mean: Union[float, Sequence[float]] = 0.0
    scale: Union[float, Sequence[float]] = 1.0
    resize: str = "stretch"
    transposed: bool = False
    input: Optional[str] = None


def path_bytes(path: Path, what: str) -> bytes:
    """A path for C."""
    data = os.fsencode(path)
    if b"\0" in data:
        raise ValueError(f"{what} holds a zero byte")
    return data


def input_specs(inputs: Any) -> List[_c.InputSpec]:
    """From a dict of shapes, element types or Inputs by name, or one of them for the only input."""
    if inputs is None:
        return []
    named = inputs.items() if isinstance(inputs, Mapping) else [(None, inputs)]
    return [_input_spec(name, value) for name, value in named]


def _input_spec(name: Optional[str], value: Any) -> _c.InputSpec:
    given = value
    if isinstance(value, str):
        given = Input(dtype=value)
    elif not isinstance(value, Input):
        given = Input(shape=value)
    spec = _c.InputSpec()
    spec.name = None if name is None else _c.encode(name, "the name of an input")
    if given.dtype is not None:
        spec.dtype = dtypes.parse(given.dtype).code
    if given.shape is not None:
        spec.dims = _c.dims(given.shape)
    spec.nhwc = given.nhwc
    if given.value is not None:
        if name is None:
            raise ValueError("an input with a value needs a name")
        spec.value = ctypes.pointer(ctypes.c_double(given.value))
    return spec


def with_fixed_dims(inputs: Any, shapes: Any) -> Any:
    """inputs, and for others in shapes the dimensions whose range leaves no choice."""
    if shapes is None or not (inputs is None or isinstance(inputs, Mapping)):
        return inputs
    if not isinstance(shapes, Mapping):
        return _fixed_dims(shapes) if inputs is None else inputs
    fixed = {name: _fixed_dims(r) for name, r in shapes.items() if name not in (inputs or {})}
    return {**(inputs or {}), **{name: dims for name, dims in fixed.items() if dims is not None}}


def _fixed_dims(ranges: Any) -> Optional[Tuple[int, ...]]:
    if len(ranges) != 3 or len(ranges[0]) != len(ranges[2]):
        return None  # what is wrong is said when building
    dims = tuple(a if a == b else _c.DIM_AS_MODEL for a, b in zip(ranges[0], ranges[2]))
    return dims if any(d >= 0 for d in dims) else None


def text_array(texts: Sequence[str], what: str) -> Any:
    """char *[]."""
    if isinstance(texts, str):
        raise TypeError(f"{what} must be a sequence of str, not one str")
    return (ctypes.c_char_p * len(texts))(*(_c.encode(t, what) for t in texts))


def _profiles(shapes: Any) -> List[_c.Profile]:
    if shapes is None:
        return []
    named = shapes.items() if isinstance(shapes, Mapping) else [(None, shapes)]
    profiles = []
    for name, ranges in named:
        if len(ranges) != 3:
            raise ValueError(f"shapes of {name!r}: (MIN, OPT, MAX) expected, as three whole shapes")
        profile = _c.Profile(None if name is None else _c.encode(name, "the name of an input"))
        profile.min, profile.opt, profile.max = (_c.dims(r) for r in ranges)
        profiles.append(profile)
    return profiles


def _channels(values: Any, what: str, order: str) -> Any:
    wanted = 1 if order == "gray" else 3
    numbers = [float(v) for v in ([values] if isinstance(values, (int, float)) else values)]
    if len(numbers) not in (1, wanted):
        raise ValueError(f"preprocess: {what} has {len(numbers)} numbers for {order}")
    return (ctypes.c_float * 4)(*(numbers * 4 if len(numbers) == 1 else numbers))


def parse_preprocess(text: str) -> Preprocess:
    """A rule as the command writes it: "rgb,mean=127.5,scale=1/128,resize=crop"."""
    fields: Dict[str, Any] = {}
    for item in text.split(","):
        key, equals, value = item.partition("=")
        if not equals and key in ("rgb", "bgr", "gray"):
            fields["order"] = key
        elif not equals and key == "transpose":
            fields["transposed"] = True
        elif key in ("mean", "scale", "std"):
            numbers = [_number(v) for v in value.split(":")]
            if key == "std":
                numbers = [1 / v for v in numbers]
            fields["mean" if key == "mean" else "scale"] = numbers
        elif key in ("resize", "input"):
            fields[key] = value
        else:
            raise ValueError(f"preprocess: {item!r} is no part of a rule")
    return Preprocess(**fields)


def _number(text: str) -> float:
    above, slash, below = text.partition("/")
    try:
        return float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"preprocess: {text!r} is not a number") from None


def _rule(rule: Union[str, Preprocess]) -> _c.Preprocess:
    if isinstance(rule, str):
        rule = parse_preprocess(rule)
    if rule.order not in ("rgb", "bgr", "gray"):
        raise ValueError(f"preprocess: order {rule.order!r} is not rgb, bgr or gray")
    if rule.resize not in RESIZE:
        raise ValueError(f"preprocess: resize {rule.resize!r} is not {', '.join(RESIZE)}")
    result = _c.Preprocess()
    result.input = None if rule.input is None else _c.encode(rule.input, "the name of an input")
    result.order = rule.order.encode()
    result.mean = _channels(rule.mean, "mean", rule.order)
    result.scale = _channels(rule.scale, "scale", rule.order)
    result.resize = RESIZE.index(rule.resize)
    result.transposed = rule.transposed
    return result


def _rules(preprocess: Any) -> List[_c.Preprocess]:
    if preprocess is None:
        return []
    several = isinstance(preprocess, (list, tuple)) and not isinstance(preprocess, Preprocess)
    return [_rule(r) for r in (preprocess if several else [preprocess])]


def read_labels(labels: Union[Path, Sequence[str]]) -> List[str]:
    """Names as given, or the lines of a file."""
    if not isinstance(labels, (str, os.PathLike)):
        return list(labels)
    with open(labels, encoding="utf-8", errors="surrogateescape") as file:
        return file.read().splitlines()


class Config:
    """A solder_config and all it points to."""

    def __init__(self) -> None:
        self.struct: _c.Config = lib.solder_config_default()
        self._keep: List[Any] = []
        self.raised: Optional[BaseException] = None

    def _array(self, kind: Any, values: Sequence[Any]) -> Tuple[Any, int]:
        array = (kind * len(values))(*values)
        self._keep.append(array)
        return array, len(values)

    def set_profiles(self, shapes: Any) -> None:
        profiles = _profiles(shapes)
        self.struct.profiles, self.struct.profile_count = self._array(_c.Profile, profiles)

    def set_preprocess(self, preprocess: Any) -> None:
        rules = _rules(preprocess)
        self.struct.preprocess, self.struct.preprocess_count = self._array(_c.Preprocess, rules)

    def set_labels(self, labels: Any) -> None:
        if labels is not None:
            array = text_array(read_labels(labels), "labels")
            self._keep.append(array)
            self.struct.labels = array
            self.struct.label_count = len(array)

    def set_progress(self, progress: Optional[Progress]) -> None:
        """An exception in it, an interrupt too, stops the build and comes out of it."""

        def call(user: Any, phase: bytes, step: int, steps: int) -> bool:
            try:
                return progress is None or progress(_c.text(phase), step, steps) is not False
            except BaseException as error:
                self.raised = error
                return False

        self.struct.progress = callback = _c.PROGRESS(call)
        self._keep.append(callback)


def make_config(
    *,
    shapes: Any = None,
    precision: str = "fp32",
    threads: int = 0,
    device: Optional[str] = None,
    target: Optional[str] = None,
    fast: bool = False,
    effort: Optional[int] = None,
    time_budget: float = 0.0,
    timing_cache: Optional[Path] = None,
    preprocess: Any = None,
    labels: Any = None,
    progress: Optional[Progress] = None,
) -> Config:
    """See solder.build for the meanings."""
    config = Config()
    struct = config.struct
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision!r} is not {', '.join(PRECISIONS)}")
    if effort is not None and effort not in (0, 1, 2):
        raise ValueError(f"effort {effort!r} is not 0, 1 or 2")
    if fast and effort:
        raise ValueError("fast=True means effort=0")
    if not 0 <= int(threads) < 1 << 31:
        raise ValueError(f"threads is {threads}")
    struct.precision = PRECISIONS.index(precision)
    struct.threads = int(threads)
    struct.device = None if device is None else _c.encode(device, "device")
    struct.target = None if target is None else _c.encode(target, "target")
    struct.effort = 0 if fast else struct.effort if effort is None else effort
    struct.time_budget = float(time_budget)
    if timing_cache is not None:
        struct.timing_cache = path_bytes(timing_cache, "timing_cache")
    config.set_profiles(shapes)
    config.set_preprocess(preprocess)
    config.set_labels(labels)
    config.set_progress(progress)
    return config
