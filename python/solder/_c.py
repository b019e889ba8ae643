# SPDX-License-Identifier: Apache-2.0
"""The C API as ctypes sees it: structs and prototypes of include/solder/*.h, in their order."""
from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Dict, List, Sequence, Type

from ._library import load

MAX_RANK = 8
DIM_AS_MODEL = -2  # of an input: this dimension as the model says


class Dims(Structure):
    _fields_ = [("rank", c_int32), ("d", c_int64 * MAX_RANK)]


class Allocator(Structure):
    _fields_ = [("user", c_void_p), ("alloc", c_void_p), ("release", c_void_p)]


LOG = CFUNCTYPE(None, c_void_p, c_int, c_char_p)
PROGRESS = CFUNCTYPE(c_bool, c_void_p, c_char_p, c_size_t, c_size_t)
PROFILER = CFUNCTYPE(None, c_void_p, c_size_t, c_double)


class Logger(Structure):
    _fields_ = [("user", c_void_p), ("log", LOG)]


# ---- network.h ----


class Attribute(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("count", c_size_t),
        ("ints", POINTER(c_int64)),
        ("reals", POINTER(c_double)),
        ("text", c_char_p),
    ]


# ---- builder.h ----


class BuilderOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("allocator", Allocator),
        ("logger", Logger),
        ("memory_limit", c_size_t),
    ]


class InputSpec(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("dtype", c_int),
        ("dims", Dims),
        ("nhwc", c_bool),
        ("value", POINTER(c_double)),
    ]


class ImportOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("inputs", POINTER(InputSpec)),
        ("input_count", c_size_t),
        ("outputs", POINTER(c_char_p)),
        ("output_count", c_size_t),
        ("random_weights", c_bool),
        ("seed", c_uint64),
    ]


class Profile(Structure):
    _fields_ = [("input", c_char_p), ("min", Dims), ("opt", Dims), ("max", Dims)]


class Preprocess(Structure):
    _fields_ = [
        ("input", c_char_p),
        ("order", c_char * 4),
        ("mean", c_float * 4),
        ("scale", c_float * 4),
        ("resize", c_uint32),
        ("transposed", c_uint32),
    ]


class Config(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("precision", c_int),
        ("threads", c_int),
        ("device", c_char_p),
        ("target", c_char_p),
        ("effort", c_int),
        ("time_budget", c_double),
        ("timing_cache", c_char_p),
        ("profiles", POINTER(Profile)),
        ("profile_count", c_size_t),
        ("preprocess", POINTER(Preprocess)),
        ("preprocess_count", c_size_t),
        ("labels", POINTER(c_char_p)),
        ("label_count", c_size_t),
        ("progress", PROGRESS),
        ("progress_user", c_void_p),
        ("disabled_passes", c_uint32),
    ]


class Tensor(Structure):
    _fields_ = [("name", c_char_p), ("dtype", c_int), ("dims", Dims), ("data", c_void_p)]


VISIT = CFUNCTYPE(c_int, c_void_p, POINTER(Tensor), c_char_p, c_bool)

# ---- runtime.h ----


class RuntimeOptions(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("allocator", Allocator),
        ("logger", Logger),
        ("threads", c_int),
        ("cpu", c_char_p),
        ("memory_limit", c_size_t),
        ("loop_limit", c_int64),
    ]


class Io(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("dtype", c_int),
        ("min", Dims),
        ("opt", Dims),
        ("max", Dims),
        ("is_input", c_bool),
        ("nhwc", c_bool),
    ]


class ImageRule(Structure):
    _fields_ = [
        ("order", c_char * 4),
        ("mean", c_float * 4),
        ("scale", c_float * 4),
        ("resize", c_uint32),
        ("transposed", c_uint32),
    ]


class Step(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("op", c_char_p),
        ("kernel", c_char_p),
        ("planned_kernel", c_char_p),
        ("flops", c_double),
        ("bytes", c_double),
        ("workspace", c_size_t),
    ]


class Memory(Structure):
    _fields_ = [
        ("plan", c_size_t),
        ("weights", c_size_t),
        ("repacked", c_size_t),
        ("activations", c_size_t),
        ("workspace", c_size_t),
    ]


class Device(Structure):
    _fields_ = [
        ("name", c_char * 64),
        ("level", c_char * 32),
        ("cores", c_int),
        ("l1d", c_size_t),
        ("l2", c_size_t),
        ("l3", c_size_t),
        ("peak_gflops", c_double),
        ("read_gbps", c_double),
    ]


# ---- plugin.h ----


class PluginAttribute(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("kind", c_uint32),
        ("offset", c_uint32),
        ("count", c_uint32),
        ("length_offset", c_uint32),
        ("initial", c_double),
        ("names", POINTER(c_char_p)),
        ("alias", c_char_p),
    ]


class PluginOperand(Structure):
    _fields_ = [("name", c_char_p), ("types", c_uint32), ("flags", c_uint32)]


class ExprShape(Structure):
    _fields_ = [("rank", c_int32), ("d", c_int32 * MAX_RANK)]


class InferInput(Structure):
    _fields_ = [("dtype", c_int), ("shape", ExprShape), ("data", c_void_p)]


class InferOutput(Structure):
    _fields_ = [("dtype", c_int), ("shape", ExprShape)]


class PluginInfer(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("plugin", c_void_p),
        ("node", c_char_p),
        ("attributes", c_void_p),
        ("inputs", POINTER(InferInput)),
        ("outputs", POINTER(InferOutput)),
        ("input_count", c_uint32),
        ("output_count", c_uint32),
        ("internal", c_void_p),
        ("constant", CFUNCTYPE(c_int32, c_void_p, c_int64)),
        ("combine", CFUNCTYPE(c_int32, c_void_p, c_int, c_int32, c_int32)),
        ("data_dependent", CFUNCTYPE(c_int32, c_void_p, c_int32)),
        ("known", CFUNCTYPE(c_bool, c_void_p, c_int32, POINTER(c_int64))),
        ("element", CFUNCTYPE(c_int32, c_void_p, c_uint32, c_uint32)),
        ("message", CFUNCTYPE(c_int, c_void_p, c_int, c_char_p)),
    ]


class PluginTensor(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("dtype", c_int),
        ("rank", c_int32),
        ("dim", c_int64 * MAX_RANK),
        ("stride", c_int64 * MAX_RANK),
        ("bytes", c_size_t),
        ("flags", c_uint32),
    ]


class PluginCall(Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("plugin", c_void_p),
        ("node", c_char_p),
        ("attributes", c_void_p),
        ("saved", c_void_p),
        ("saved_size", c_size_t),
        ("state", c_void_p),
        ("tactic", c_uint32),
        ("threads", c_int),
        ("inputs", POINTER(PluginTensor)),
        ("outputs", POINTER(PluginTensor)),
        ("input_count", c_uint32),
        ("output_count", c_uint32),
        ("workspace", c_void_p),
        ("workspace_size", c_size_t),
        ("internal", c_void_p),
        ("parallel_for", c_void_p),
        ("message", CFUNCTYPE(c_int, c_void_p, c_int, c_char_p)),
    ]


INFER = CFUNCTYPE(c_int, POINTER(PluginInfer))
RUN = CFUNCTYPE(c_int, POINTER(PluginCall))


class Plugin(Structure):
    _fields_ = [
        ("abi_version", c_uint32),
        ("struct_size", c_uint32),
        ("name", c_char_p),
        ("name_space", c_char_p),
        ("version", c_uint32),
        ("flags", c_uint32),
        ("user", c_void_p),
        ("types", POINTER(c_char_p)),
        ("inputs", POINTER(PluginOperand)),
        ("input_count", c_uint32),
        ("output_count", c_uint32),
        ("outputs", POINTER(PluginOperand)),
        ("attributes", POINTER(PluginAttribute)),
        ("attribute_count", c_uint32),
        ("attributes_size", c_uint32),
        ("infer", INFER),
        ("supports", c_void_p),
        ("tactics", c_void_p),
        ("workspace", c_void_p),
        ("packed_size", c_void_p),
        ("pack", c_void_p),
        ("saved_size", c_void_p),
        ("save", c_void_p),
        ("open", c_void_p),
        ("close", c_void_p),
        ("run", RUN),
        ("run_cuda", c_void_p),
        ("weight", c_void_p),
    ]


# C names of the structs above; tests hold both sides to the same sizes and offsets.
STRUCTS: Dict[str, Type[Structure]] = {
    "solder_dims": Dims,
    "solder_allocator": Allocator,
    "solder_logger": Logger,
    "solder_attribute": Attribute,
    "solder_builder_options": BuilderOptions,
    "solder_input_spec": InputSpec,
    "solder_import_options": ImportOptions,
    "solder_profile": Profile,
    "solder_preprocess": Preprocess,
    "solder_config": Config,
    "solder_tensor": Tensor,
    "solder_runtime_options": RuntimeOptions,
    "solder_io": Io,
    "solder_image_rule": ImageRule,
    "solder_step": Step,
    "solder_memory": Memory,
    "solder_device": Device,
    "solder_plugin_attribute": PluginAttribute,
    "solder_plugin_operand": PluginOperand,
    "solder_shape": ExprShape,
    "solder_infer_input": InferInput,
    "solder_infer_output": InferOutput,
    "solder_plugin_infer": PluginInfer,
    "solder_plugin_tensor": PluginTensor,
    "solder_plugin_call": PluginCall,
    "solder_plugin": Plugin,
}

lib = load()


def _declare(name: str, result: Any, arguments: Sequence[Any]) -> None:
    try:
        function = getattr(lib, name)
    except AttributeError:
        raise ImportError(f"solder: '{lib._name}' lacks {name}: it is of another version") from None
    function.restype = result
    function.argtypes = arguments


_handle = POINTER(c_void_p)
_text: List[Any] = [POINTER(c_void_p), POINTER(c_size_t)]
_in = c_void_p

for _name, _result, _arguments in [
    # types.h
    ("solder_status_name", c_char_p, [c_int]),
    ("solder_dtype_name", c_char_p, [c_int]),
    ("solder_dtype_size", c_size_t, [c_int]),
    ("solder_version", c_char_p, []),
    # network.h
    ("solder_network_create", c_int, [_in, c_char_p, _handle]),
    ("solder_network_destroy", None, [_in]),
    ("solder_network_add_input", c_int, [_in, c_char_p, c_int, POINTER(Dims), _handle]),
    ("solder_network_add_constant", c_int, [_in, c_char_p, c_int, POINTER(Dims), _in, _handle]),
    (
        "solder_network_add",
        c_int,
        [_in, c_char_p, c_char_p, _handle, c_size_t, POINTER(Attribute), c_size_t, c_size_t]
        + [_handle],
    ),
    (
        "solder_network_add_plugin",
        c_int,
        [_in, c_char_p, c_char_p, _handle, c_size_t, POINTER(Attribute), c_size_t, c_size_t]
        + [_handle],
    ),
    ("solder_network_mark_output", c_int, [_in, _in, c_char_p]),
    ("solder_value_name", c_char_p, [_in]),
    ("solder_value_dtype", c_int, [_in]),
    ("solder_value_dims", None, [_in, POINTER(Dims)]),
    ("solder_network_input_count", c_size_t, [_in]),
    ("solder_network_output_count", c_size_t, [_in]),
    ("solder_network_input", c_void_p, [_in, c_size_t]),
    ("solder_network_output", c_void_p, [_in, c_size_t]),
    ("solder_network_describe", c_int, [_in, c_int] + _text),
    ("solder_text_free", None, [_in]),
    # builder.h
    ("solder_builder_create", c_int, [POINTER(BuilderOptions), _handle]),
    ("solder_builder_destroy", None, [_in]),
    ("solder_builder_message", c_char_p, [_in]),
    ("solder_import_options_default", ImportOptions, []),
    ("solder_import", c_int, [_in, c_char_p, c_char_p, POINTER(ImportOptions), _handle]),
    ("solder_convert", c_int, [_in, c_char_p, c_char_p, POINTER(ImportOptions), c_char_p]),
    ("solder_config_default", Config, []),
    ("solder_pass_name", c_char_p, [c_size_t, POINTER(c_char_p)]),
    ("solder_build_to_file", c_int, [_in, _in, POINTER(Config), c_char_p]),
    ("solder_build_to_memory", c_int, [_in, _in, POINTER(Config)] + _text),
    ("solder_plan_free", None, [_in, _in, c_size_t]),
    ("solder_build_report", c_int, [_in] + _text),
    ("solder_tune_to_file", c_int, [_in, c_char_p, POINTER(Config), c_char_p]),
    ("solder_tune_to_memory", c_int, [_in, _in, c_size_t, POINTER(Config)] + _text),
    ("solder_optimize", c_int, [_in, _in, POINTER(Config), _handle]),
    ("solder_evaluate", c_int, [_in, _in, POINTER(Tensor), c_size_t, VISIT, _in]),
    # runtime.h
    ("solder_runtime_options_default", RuntimeOptions, []),
    ("solder_runtime_create", c_int, [POINTER(RuntimeOptions), _handle]),
    ("solder_runtime_destroy", None, [_in]),
    ("solder_runtime_message", c_char_p, [_in]),
    ("solder_engine_open", c_int, [_in, c_char_p, _handle]),
    ("solder_engine_load", c_int, [_in, _in, c_size_t, _handle]),
    ("solder_engine_verify", c_int, [_in, _in]),
    ("solder_engine_destroy", None, [_in]),
    ("solder_engine_io_count", c_size_t, [_in]),
    ("solder_engine_io", c_int, [_in, c_size_t, POINTER(Io)]),
    ("solder_engine_property", c_char_p, [_in, c_char_p]),
    ("solder_engine_label_count", c_size_t, [_in]),
    ("solder_engine_label", c_char_p, [_in, c_size_t]),
    ("solder_engine_image_rule", c_bool, [_in, c_char_p, POINTER(ImageRule)]),
    ("solder_engine_step_count", c_size_t, [_in]),
    ("solder_engine_step", c_int, [_in, c_size_t, POINTER(Step)]),
    ("solder_engine_memory", None, [_in, POINTER(Memory)]),
    ("solder_engine_context_bytes", c_size_t, [_in]),
    ("solder_context_create", c_int, [_in, _in, _handle]),
    ("solder_context_destroy", None, [_in]),
    ("solder_context_message", c_char_p, [_in]),
    ("solder_context_set_dims", c_int, [_in, c_char_p, POINTER(Dims)]),
    ("solder_context_bind", c_int, [_in, c_char_p, _in, c_size_t]),
    ("solder_context_tensor", c_int, [_in, c_char_p, POINTER(c_void_p), POINTER(Dims)]),
    ("solder_context_run", c_int, [_in]),
    ("solder_context_set_profiler", None, [_in, PROFILER, _in]),
    # plugin.h
    ("solder_builder_add_plugin", c_int, [_in, POINTER(Plugin)]),
    ("solder_runtime_add_plugin", c_int, [_in, POINTER(Plugin)]),
    ("solder_builder_load_plugin", c_int, [_in, c_char_p]),
    ("solder_runtime_load_plugin", c_int, [_in, c_char_p]),
    ("solder_device_query", None, [POINTER(Device), c_bool]),
]:
    _declare(_name, _result, _arguments)  # type: ignore[arg-type]


def text(value: Any) -> str:
    """A C string as str; "" for NULL."""
    return value.decode("utf-8", "replace") if value else ""


def encode(value: str, what: str) -> bytes:
    """A str for C, which ends at a zero byte."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a str, not {type(value).__name__}")
    data = value.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError(f"{what} holds a zero byte")
    return data


def dims(shape: Sequence[Any]) -> Dims:
    """A shape for C: None and -1 are open dimensions, DIM_AS_MODEL one as the model says."""
    result = Dims()
    shape = tuple(shape)
    if len(shape) > MAX_RANK:
        raise ValueError(f"a shape of {len(shape)} dimensions: at most {MAX_RANK}")
    result.rank = len(shape)
    for i, dim in enumerate(shape):
        value = -1 if dim is None else int(dim.__index__())
        if not DIM_AS_MODEL <= value < 1 << 63:
            raise ValueError(f"dimension {i} is {value}")
        result.d[i] = value
    return result


def shape(value: Dims) -> tuple[int, ...]:
    """Dims as a tuple."""
    return tuple(value.d[: max(value.rank, 0)])


def version() -> str:
    """Version of the loaded library, as "0.1.0"."""
    return text(lib.solder_version())
