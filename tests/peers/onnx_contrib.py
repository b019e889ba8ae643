#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operators of the domain com.microsoft, and quantised standard ones, compared with ONNX Runtime (or, where
its CPU provider has none, with the formula in numpy).

Not part of `make test`. Needs from PyPI: numpy onnx onnxruntime.

    tests/peers/onnx_contrib.py [--solder build/solder] [--keep FOLDER] [CASE]...

Cases of small tensors are also the fixtures of tests/import/onnx (scripts/make-onnx-fixtures.py).
"""
import math

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

import peer

MS = "com.microsoft"
CASES = {}
TYPES = {np.dtype(np.float32): T.FLOAT, np.dtype(np.float64): T.DOUBLE, np.dtype(np.float16): T.FLOAT16,
         np.dtype(np.int64): T.INT64, np.dtype(np.int32): T.INT32, np.dtype(np.bool_): T.BOOL,
         np.dtype(np.uint8): T.UINT8, np.dtype(np.int8): T.INT8, np.dtype(np.uint16): T.UINT16}


def f(*shape, dtype=np.float32, seed=None):
    count = int(np.prod(shape)) if shape else 1
    rng = np.random.default_rng(seed if seed is not None else 1000 + 7 * count + len(shape) + f.calls)
    f.calls += 1
    return rng.standard_normal(shape).astype(dtype)


f.calls = 0


def ints(*values, dtype=np.int64):
    return np.array(values, dtype)


class Const(np.ndarray):
    """An input that the model holds as an initialiser."""


def const(array):
    return np.asarray(array).view(Const)


def case(name, op, inputs, outputs="y", domain=MS, opset=17, reference=None, dims=None, fixture=True, **attributes):
    """inputs: arrays, None where absent. outputs: names, "-" where absent. reference(*inputs) gives a list."""
    assert name not in CASES, name
    CASES[name] = dict(op=op, inputs=inputs, outputs=outputs.split(), domain=domain, opset=opset, reference=reference,
                       dims=dims or {}, fixture=fixture, attributes=attributes)


def model(name):
    """The model, its feeds, and what is expected of it."""
    c = CASES[name]
    names = [f"x{i}" if x is not None else "" for i, x in enumerate(c["inputs"])]
    outs = ["" if o == "-" else o for o in c["outputs"]]
    node = h.make_node(c["op"], names, outs, name="node", domain=c["domain"], **c["attributes"])
    ins, initialisers, feeds = [], [], {}
    for n, x in zip(names, c["inputs"]):
        if isinstance(x, Const):
            initialisers.append(numpy_helper.from_array(np.asarray(x), n))
        elif x is not None:
            feeds[n] = x
            ins.append(h.make_tensor_value_info(n, TYPES[x.dtype], c["dims"].get(n, list(x.shape))))
    results = [h.make_empty_tensor_value_info(o) for o in outs if o]
    graph = h.make_graph([node], "case", ins, results, initialisers)
    proto = h.make_model(graph, opset_imports=[h.make_opsetid("", c["opset"]), h.make_opsetid(MS, 1)], ir_version=10)
    if c["reference"] is not None:
        want = dict(zip([o for o in outs if o], c["reference"](*[None if x is None else np.asarray(x) for x in c["inputs"]])))
    else:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        session = ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        want = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
    for v in proto.graph.output:
        v.CopyFrom(h.make_tensor_value_info(v.name, TYPES[want[v.name].dtype], [None] * want[v.name].ndim))
    return proto, feeds, want


# ---- activations and biases ----

erf = np.vectorize(math.erf, otypes=[np.float64])


def gelu(x):
    return (x / 2 * (1 + erf(np.float64(x) / math.sqrt(2)))).astype(x.dtype)


def gelu_tanh(x):
    return (x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * np.float64(x) ** 3)))).astype(x.dtype)


def softmax(x, axes):
    e = np.exp(x - x.max(axes, keepdims=True))
    return (e / e.sum(axes, keepdims=True)).astype(x.dtype)


case("gelu", "Gelu", [f(2, 3, 8)])
case("fast_gelu", "FastGelu", [f(2, 3, 8)])
case("fast_gelu_bias", "FastGelu", [f(2, 3, 8), f(8)])
case("fast_gelu_const_bias", "FastGelu", [f(2, 3, 8), const(f(8))])
case("bias_gelu", "BiasGelu", [f(2, 3, 8), f(8)])
case("quick_gelu", "QuickGelu", [f(2, 3, 8)])
case("quick_gelu_alpha", "QuickGelu", [f(2, 3, 8)], alpha=0.7)
case("bias_split_gelu", "BiasSplitGelu", [f(2, 3, 8), f(8)],
     reference=lambda x, b: [(x + b)[..., :4] * gelu((x + b)[..., 4:])])
case("bias_add", "BiasAdd", [f(2, 3, 8), f(8), f(2, 3, 8)], reference=lambda x, b, s: [x + b + s])
case("bias_dropout", "BiasDropout", [f(2, 3), f(3), f(2, 3), const(np.float32(0.5))], "y mask",
     reference=lambda x, b, r, p: [x + b + r, np.ones_like(x, bool)])
case("bias_softmax_inner", "BiasSoftmax", [f(2, 3, 4, 5), f(2, 1, 1, 5)], axis=3, is_inner_broadcast=1,
     reference=lambda x, b: [softmax(x + b, 3)])
case("bias_softmax_outer", "BiasSoftmax", [f(2, 3, 4, 5), f(4, 5)], axis=2, is_inner_broadcast=0,
     reference=lambda x, b: [softmax(x + b, (2, 3))])

# ---- normalisations ----


def group_norm(x, gamma, beta, groups, silu, last, epsilon=1e-5):
    x = np.moveaxis(x, 3, 1) if last else x
    n, c = x.shape[:2]
    g = np.float64(x).reshape(n, groups, -1)
    g = (g - g.mean(2, keepdims=True)) / np.sqrt(g.var(2, keepdims=True) + epsilon)
    y = g.reshape(x.shape) * gamma.reshape(-1, 1, 1) + beta.reshape(-1, 1, 1)
    y = (y / (1 + np.exp(-y)) if silu else y).astype(x.dtype)
    return np.moveaxis(y, 1, 3) if last else y


def skip_group_norm(x, gamma, beta, skip, bias=None, groups=2, silu=1, last=1):
    s = x + (skip.reshape(skip.shape[0], 1, 1, -1) if skip.ndim == 2 and last else skip) + (0 if bias is None else bias)
    return [group_norm(s, gamma, beta, groups, silu, last), s]


S = f(2, 3, 8)
case("skip_layer_norm", "SkipLayerNormalization", [S, f(2, 3, 8), f(8), f(8)])
case("skip_layer_norm_bias", "SkipLayerNormalization", [S, f(2, 3, 8), f(8), f(8), f(8)], "y - - sum", epsilon=1e-3)
case("skip_layer_norm_no_beta", "SkipLayerNormalization", [S, f(2, 3, 8), f(8), None, f(8)], "y - - sum")
case("skip_layer_norm_broadcast", "SkipLayerNormalization", [S, f(3, 8), f(8), f(8)], "y - - sum")
case("skip_layer_norm_broadcast1", "SkipLayerNormalization", [S, f(1, 3, 8), f(8), f(8)])
case("skip_layer_norm_open", "SkipLayerNormalization", [S, f(2, 3, 8), const(f(8)), const(f(8)), const(f(8))],
     dims={"x0": ["N", "T", 8], "x1": ["N", "T", 8]})
case("skip_simplified", "SkipSimplifiedLayerNormalization", [S, f(2, 3, 8), f(8)], epsilon=1e-6)
case("skip_simplified_bias", "SkipSimplifiedLayerNormalization", [S, f(2, 3, 8), f(8), f(8)], "y - - sum")
case("simplified", "SimplifiedLayerNormalization", [S, f(8)], domain="", epsilon=1e-6)
case("simplified_axis", "SimplifiedLayerNormalization", [S, f(3, 8)], "y inv", domain="", axis=1)
case("layer_norm_opset_13", "LayerNormalization", [S, f(8), f(8)], "y mean inv", domain="", opset=13)
IDS = ints([1, 4, 2], [0, 3, 3], dtype=np.int32)
SEGMENTS = ints([0, 0, 1], [0, 1, 1], dtype=np.int32)
MASK = ints([1, 1, 0], [1, 1, 1], dtype=np.int32)
EMBED = [const(f(5, 8)), const(f(6, 8)), const(f(2, 8)), const(f(8)), const(f(8))]
case("embed_layer_norm", "EmbedLayerNormalization", [IDS, SEGMENTS, *EMBED], "y index")
case("embed_layer_norm_mask", "EmbedLayerNormalization", [IDS, SEGMENTS, *EMBED, MASK], "y index sum", epsilon=1e-5)
case("embed_layer_norm_no_segments", "EmbedLayerNormalization", [IDS, None, EMBED[0], EMBED[1], None, *EMBED[3:], MASK], "y index sum")
case("embed_layer_norm_positions", "EmbedLayerNormalization",
     [IDS, SEGMENTS, *EMBED, MASK, ints([5, 0, 1], [2, 2, 4], dtype=np.int32)], "y index sum")
case("embed_layer_norm_positions1", "EmbedLayerNormalization",
     [IDS, SEGMENTS, *EMBED, None, ints([5, 0, 1], dtype=np.int32).reshape(1, 3)], "y index")
case("embed_layer_norm_open", "EmbedLayerNormalization", [IDS, SEGMENTS, *EMBED, MASK], "y index",
     dims={f"x{i}": ["N", "T"] for i in (0, 1, 7)})
case("group_norm", "GroupNorm", [f(2, 3, 4, 8), f(8), f(8)], groups=2, activation=0,
     reference=lambda x, g, b: [group_norm(x, g, b, 2, 0, True)])
case("group_norm_first", "GroupNorm", [f(2, 8, 3, 4), f(8), f(8)], groups=4, activation=1, channels_last=0, epsilon=1e-3,
     reference=lambda x, g, b: [group_norm(x, g, b, 4, 1, False, 1e-3)])
case("skip_group_norm", "SkipGroupNorm", [f(2, 3, 4, 8), f(8), f(8), f(2, 3, 4, 8), f(8)], "y s", groups=2, activation=1,
     reference=skip_group_norm)
case("skip_group_norm_2d", "SkipGroupNorm", [f(2, 3, 4, 8), f(8), f(8), f(2, 8)], "y s", groups=2, activation=1,
     reference=skip_group_norm)

# ---- products and convolutions ----

case("fused_matmul", "FusedMatMul", [f(2, 3, 4), f(2, 4, 5)], alpha=0.5)
case("fused_matmul_trans", "FusedMatMul", [f(2, 4, 3), f(2, 5, 4)], alpha=2.0, transA=1, transB=1)
case("fused_matmul_batch_a", "FusedMatMul", [f(3, 2, 4), f(2, 4, 5)], transBatchA=1)
case("fused_matmul_batch_b", "FusedMatMul", [f(2, 3, 4), f(4, 2, 5)], transBatchB=1)
case("fused_matmul_batch_both", "FusedMatMul", [f(3, 2, 5, 4), f(6, 2, 5, 4)], transBatchA=1, transBatchB=1, transB=1)
case("fused_matmul_batch_trans", "FusedMatMul", [f(4, 2, 3), f(5, 2, 4)], transA=1, transBatchA=1, transBatchB=1, transB=1)
case("fused_matmul_broadcast", "FusedMatMul", [f(2, 1, 3, 4), f(5, 4, 6)], alpha=0.25)
case("fused_matmul_vectors", "FusedMatMul", [f(4), f(2, 4, 5)], transA=1)
case("fused_matmul_const", "FusedMatMul", [f(2, 3, 4), const(f(5, 4))], transB=1, alpha=-1.0)
case("transpose_matmul", "TransposeMatMul", [f(2, 4, 3), f(2, 4, 5)], transA=1)
case("fused_matmul_activation", "FusedMatMulActivation", [f(2, 3, 4), f(2, 5, 4)], transB=1, alpha=0.5, activation="LeakyRelu",
     activation_alpha=0.1, reference=lambda a, b: [np.where((y := a @ b.swapaxes(1, 2) * np.float32(0.5)) < 0, y * np.float32(0.1), y)])
case("gemm_fast_gelu", "GemmFastGelu", [f(2, 3, 4), f(4, 5), f(5)], reference=lambda a, b, c: [gelu_tanh(a @ b + c)])
for act, p in [("Relu", {}), ("LeakyRelu", dict(activation_alpha=0.2)), ("Sigmoid", {}), ("Tanh", {}),
                              ("HardSigmoid", dict(activation_alpha=0.3, activation_beta=0.4)),
                              ("Elu", dict(activation_alpha=0.7)), ("Softplus", {}), ("Softsign", {}),
                              ("ThresholdedRelu", dict(activation_alpha=0.3))]:
    case("fused_gemm_" + act.lower(), "FusedGemm", [f(3, 4), f(4, 5), f(5)], activation=act, alpha=0.5, beta=2.0, **p)
case("fused_gemm_trans", "FusedGemm", [f(4, 3), const(f(5, 4))], activation="Relu", transA=1, transB=1)
X, W = f(1, 3, 5, 6), f(4, 3, 3, 3)
for act, p in [("Relu", None), ("LeakyRelu", [0.1]), ("Clip", [-0.5, 0.75]), ("Sigmoid", None), ("Tanh", None),
               ("HardSigmoid", [0.2, 0.5]), ("HardSwish", None)]:
    case("fused_conv_" + act.lower(), "FusedConv", [X, const(W), const(f(4))], pads=[1, 1, 1, 1], activation=act,
         **({"activation_params": p} if p else {}))
case("fused_conv_z", "FusedConv", [X, const(W), const(f(4)), f(1, 4, 5, 6)], pads=[1, 1, 1, 1], activation="Relu")
case("fused_conv_z_alone", "FusedConv", [X, const(W), None, f(1, 4, 3, 3)], strides=[2, 2], auto_pad="SAME_UPPER")
case("fused_conv_group", "FusedConv", [f(1, 4, 6), const(f(8, 2, 3))], group=2, dilations=[2], pads=[1, 2], activation="Relu")


def nbits(n, k, block, bits, seed):
    rng = np.random.default_rng(seed)
    blocks = -(-k // block)
    return (rng.integers(0, 256, (n, blocks, block * bits // 8), np.uint8), (rng.random((n, blocks)) * 0.2 + 0.05).astype(np.float32),
            rng.integers(0, 256, (n, -(-blocks * bits // 8)), np.uint8))


for bits in (2, 4, 8):
    for block, k in ((16, 32), (32, 48)):
        q, scale, zero = nbits(5, k, block, bits, bits + block)
        name = f"matmul_{bits}bits_{block}"
        case(name, "MatMulNBits", [f(2, 3, k), const(q), const(scale)], N=5, K=k, block_size=block, bits=bits)
        case(name + "_zero", "MatMulNBits", [f(2, k), const(q), const(scale), const(zero)], N=5, K=k, block_size=block, bits=bits)
q, scale, zero = nbits(5, 64, 32, 4, 3)
case("matmul_4bits_float_zero", "MatMulNBits", [f(2, 64), const(q), const(scale), const(np.float32([[7.5, 3], [8, 9], [1, 2], [3, 4], [5, 6]]))],
     N=5, K=64, block_size=32, bits=4)
case("matmul_4bits_bias", "MatMulNBits", [f(2, 64), const(q), const(scale), const(zero), None, const(f(5))], N=5, K=64, block_size=32,
     bits=4, accuracy_level=1)

# ---- attention ----


def split(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def attend(q, k, v, bias=0, scale=None):
    s = q @ k.swapaxes(2, 3) * np.float32(scale or 1 / math.sqrt(q.shape[3])) + bias
    return (softmax(s, 3) @ v).swapaxes(1, 2).reshape(q.shape[0], q.shape[2], -1)


E, W3, B3 = f(2, 3, 8), const(f(8, 24) / 2), const(f(24))
PAST, ABIAS = f(2, 2, 2, 4, 4), f(1, 2, 3, 3)
M2 = ints([1, 1, 0], [0, 1, 1], dtype=np.int32)
M3 = ints([[1, 0, 0], [1, 1, 0], [0, 0, 0]], [[0, 1, 0], [1, 1, 1], [0, 0, 1]], dtype=np.int32)
case("attention", "Attention", [E, W3, B3], num_heads=2)
case("attention_no_bias", "Attention", [E, W3, None], num_heads=2, scale=0.3)
case("attention_lengths", "Attention", [E, W3, B3, ints(2, 3, dtype=np.int32)], num_heads=2)
case("attention_starts", "Attention", [E, W3, B3, ints(2, 3, 1, 2, dtype=np.int32)], num_heads=2)
case("attention_raw", "Attention", [E, W3, B3, M2], num_heads=2)
case("attention_raw_hidden", "Attention", [E, W3, B3, ints([0, 0, 0], [1, 0, 0], dtype=np.int32)], num_heads=2)
case("attention_raw_filter", "Attention", [E, W3, B3, M2], num_heads=4, mask_filter_value=-2.0)
case("attention_3d", "Attention", [E, W3, B3, M3], num_heads=2)
case("attention_causal", "Attention", [E, W3, B3], num_heads=2, unidirectional=1)
case("attention_causal_filter", "Attention", [E, W3, B3], num_heads=2, unidirectional=1, mask_filter_value=-2.0)
case("attention_causal_raw", "Attention", [E, W3, B3, M2], num_heads=2, unidirectional=1)
case("attention_causal_3d", "Attention", [E, W3, B3, M3], num_heads=2, unidirectional=1, mask_filter_value=-3.0)
case("attention_causal_lengths", "Attention", [E, W3, B3, ints(2, 1, dtype=np.int32)], num_heads=2, unidirectional=1)
case("attention_bias", "Attention", [E, W3, B3, None, None, ABIAS], num_heads=2)
case("attention_bias_mask", "Attention", [E, W3, B3, M2, None, f(2, 2, 3, 3)], num_heads=2)
case("attention_past", "Attention", [E, W3, B3, None, PAST], "y present", num_heads=2)
case("attention_past_causal", "Attention", [E, W3, B3, None, PAST], "y present", num_heads=2, unidirectional=1)
case("attention_past_raw", "Attention", [E, W3, B3, ints([1] * 5 + [0] * 2, [0] * 2 + [1] * 5, dtype=np.int32), PAST], "y present", num_heads=2,
     unidirectional=1)
case("attention_present", "Attention", [E, W3, B3], "y present", num_heads=2, unidirectional=1)
case("attention_sizes", "Attention", [E, const(f(8, 28)), const(f(28))], num_heads=2, qkv_hidden_sizes=[8, 8, 12])
case("attention_open", "Attention", [E, W3, B3, M2], num_heads=2, dims={"x0": ["N", "T", 8], "x3": ["N", "T"]})
case("attention_open_causal", "Attention", [E, W3, B3, None, PAST], "y present", num_heads=2, unidirectional=1,
     dims={"x0": ["N", "T", 8], "x4": [2, "N", 2, "P", 4]})
Q, K, V = f(2, 3, 8), f(2, 5, 8), f(2, 5, 8)
KM = ints([1, 1, 1, 0, 0], [0, 1, 1, 1, 1], dtype=np.int32)
MHA = "MultiHeadAttention"
case("mha", MHA, [Q, K, V], num_heads=2)
case("mha_bias", MHA, [Q, K, V, const(f(24))], num_heads=2, scale=0.4)
case("mha_value_size", MHA, [Q, K, f(2, 5, 12), f(28)], num_heads=2)
case("mha_mask", MHA, [Q, K, V, None, KM], num_heads=2)
case("mha_lengths", MHA, [Q, K, V, None, ints(5, 2, dtype=np.int32)], num_heads=2)
case("mha_mask_3d", MHA, [Q, K, V, None, np.stack([KM[:, :], KM, 1 - KM], 1).astype(np.int32)], num_heads=2)
case("mha_attention_bias", MHA, [Q, K, V, None, KM, f(2, 2, 3, 5)], num_heads=2)
case("mha_attention_bias1", MHA, [Q, K, V, None, None, f(1, 1, 3, 5)], num_heads=2)
case("mha_causal", MHA, [Q, f(2, 3, 8), f(2, 3, 8)], num_heads=2, unidirectional=1)
case("mha_past", MHA, [Q, f(2, 3, 8), f(2, 3, 8), None, None, None, f(2, 2, 4, 4), f(2, 2, 4, 4)], "y k v", num_heads=2)
case("mha_past_causal", MHA, [Q, f(2, 3, 8), f(2, 3, 8), f(24), None, None, f(2, 2, 4, 4), f(2, 2, 4, 4)], "y k v", num_heads=2,
     unidirectional=1)
case("mha_past_mask", MHA, [Q, f(2, 3, 8), f(2, 3, 8), None, ints([1] * 6 + [0], [0] + [1] * 6, dtype=np.int32), f(1, 2, 3, 7), f(2, 2, 4, 4),
                            f(2, 2, 4, 4)], "y k v", num_heads=2)
case("mha_cross", MHA, [Q, f(2, 2, 5, 4), f(2, 2, 5, 4)], num_heads=2)
case("mha_packed", MHA, [f(2, 3, 2, 3, 4)], num_heads=2,
     reference=lambda x: [attend(*(x[:, :, :, i].swapaxes(1, 2) for i in range(3)))])
case("mha_packed_kv", MHA, [Q, f(2, 5, 2, 2, 4)], num_heads=2,
     reference=lambda q, x: [attend(split(q, 2), *(x[:, :, :, i].swapaxes(1, 2) for i in range(2)))])
case("mha_scores", MHA, [Q, K, V], "y - - qk", num_heads=2, reference=lambda q, k, v: [
    attend(split(q, 2), split(k, 2), split(v, 2)), softmax(split(q, 2) @ split(k, 2).swapaxes(2, 3) / 2, 3)])
case("mha_open", MHA, [Q, K, V, None, KM], num_heads=2, dims={"x0": ["N", "S", 8], "x1": ["N", "T", 8], "x2": ["N", "T", 8], "x4": ["N", "T"]})
COS, SIN = const(np.cos(np.outer(np.arange(9), [1, 0.1])).astype(np.float32)), const(np.sin(np.outer(np.arange(9), [1, 0.1])).astype(np.float32))
R3, R4 = f(2, 3, 12), f(2, 3, 4, 4)
for inter in (0, 1):
    case(f"rotary_{inter}", "RotaryEmbedding", [R3, ints([0, 1, 2], [4, 5, 6]), COS, SIN], interleaved=inter)
    case(f"rotary_offset_{inter}", "RotaryEmbedding", [R4, ints(3), COS, SIN], interleaved=inter)
    case(f"rotary_partial_{inter}", "RotaryEmbedding", [R3, ints([0, 1, 2], [4, 5, 6]), COS, SIN], interleaved=inter, num_heads=2,
         rotary_embedding_dim=4)
    case(f"rotary_standard_{inter}", "RotaryEmbedding", [R4, COS, SIN, ints([0, 1, 2, 3], [4, 5, 6, 7])], domain="", opset=23, interleaved=inter)

GQA = "GroupQueryAttention"
i32 = np.int32
KV2 = [f(2, 1, 16), f(2, 1, 16)]
P2 = [f(2, 2, 6, 8), f(2, 2, 6, 8)]
QP, KP, VP = f(2, 3, 32), f(2, 3, 16), f(2, 3, 16)
QD = f(2, 1, 32)
COS, SIN = (const(g(np.outer(np.arange(9), 0.5 ** np.arange(8))).astype(np.float32)) for g in (np.cos, np.sin))


def past(*used):
    """Caches of 6 places: what lies beyond those in use is unspecified, and 0 here."""
    return [np.stack([np.where(np.arange(6)[:, None] < n, f(2, 6, 8), 0).astype(np.float32) for n in used]) for _ in range(2)]




def lens(*n):
    return ints(*n, dtype=i32)


def total(n):
    return np.array(n, i32)


HEADS = dict(num_heads=4, kv_num_heads=2)
case("gqa_prompt", GQA, [QP, KP, VP, None, None, lens(2, 2), total(3)], "y k v", **HEADS)
case("gqa_prompt_packed", GQA, [f(2, 3, 64), None, None, None, None, lens(2, 2), total(3)], "y k v", **HEADS)
case("gqa_prompt_softcap", GQA, [QP, KP, VP, None, None, lens(2, 2), total(3)], "y k v", softcap=0.7, scale=0.3, **HEADS)
case("gqa_prompt_window", GQA, [QP, KP, VP, None, None, lens(2, 2), total(3)], "y k v", local_window_size=2, **HEADS)
case("gqa_prompt_bias", GQA, [QP, KP, VP, None, None, lens(2, 2), total(3), None, None, None, f(2, 1, 3, 3)], "y k v", **HEADS)
case("gqa_prompt_head_bias", GQA, [QP, KP, VP, None, None, lens(2, 2), total(3), None, None, None, f(1, 4, 3, 3)], "y k v", **HEADS)
case("gqa_step", GQA, [QD, *KV2, *P2, lens(6, 6), total(7)], "y k v", **HEADS)
case("gqa_step_const_total", GQA, [QD, *KV2, *P2, lens(6, 6), const(total(7))], "y k v", **HEADS)
case("gqa_step_shared", GQA, [QD, *KV2, *past(4, 4), lens(4, 4), const(total(5))], "y k v", **HEADS)
case("gqa_step_ragged", GQA, [QD, *KV2, *past(2, 5), lens(2, 5), const(total(6))], "y k v", **HEADS)
case("gqa_step_window", GQA, [QD, *KV2, *P2, lens(6, 6), const(total(7))], "y k v", local_window_size=3, **HEADS)
case("gqa_step_one_head", GQA, [QD, f(2, 1, 8), f(2, 1, 8), f(2, 1, 6, 8), f(2, 1, 6, 8), lens(6, 6), const(total(7))], "y k v", num_heads=4,
     kv_num_heads=1)
case("gqa_step_all_heads", GQA, [QD, f(2, 1, 32), f(2, 1, 32), f(2, 4, 6, 8), f(2, 4, 6, 8), lens(6, 6), const(total(7))], "y k v", num_heads=4,
     kv_num_heads=4)
HEADS = dict(num_heads=2, kv_num_heads=1, do_rotary=1)
PR = [f(2, 1, 6, 16), f(2, 1, 6, 16)]
for inter in (0, 1):
    case(f"gqa_prompt_rotary_{inter}", GQA, [QP, KP, VP, None, None, lens(2, 2), total(3), COS, SIN], "y k v", rotary_interleaved=inter, **HEADS)
    case(f"gqa_step_rotary_{inter}", GQA, [QD, *KV2, *PR, lens(6, 6), const(total(7)), COS, SIN], "y k v", rotary_interleaved=inter, **HEADS)
case("gqa_step_rotary_packed", GQA, [f(2, 1, 64), None, None, *PR, lens(6, 6), total(7), COS, SIN], "y k v", **HEADS)
case("gqa_step_rotary_positions", GQA, [QD, *KV2, *PR, lens(6, 6), const(total(7)), COS, SIN, ints([6], [6])], "y k v", **HEADS)
case("gqa_open", GQA, [QD, *KV2, *PR, lens(6, 6), total(7), COS, SIN], "y k v",
     dims={"x0": ["N", "S", 32], "x1": ["N", "S", 16], "x2": ["N", "S", 16], "x3": ["N", 1, "P", 16], "x4": ["N", 1, "P", 16], "x5": ["N"]}, **HEADS)

# ---- the rest ----

G = np.clip(f(1, 4, 5, 2), -1.2, 1.2)
for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        case(f"grid_sample_{mode}_{padding}", "GridSample", [f(1, 2, 5, 6), G], mode=mode, padding_mode=padding,
             align_corners=int(padding == "border"), fixture=mode == "bilinear")
ROIS = np.float32([[0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], [-0.2, 0.5, 1.3, 0.6]])
for mode in ("bilinear", "nearest"):
    case("crop_and_resize_" + mode, "CropAndResize", [f(2, 3, 7, 6), ROIS, ints(1, 0, 1, dtype=np.int32), const(ints(3, 4, dtype=np.int32))],
         mode=mode, extrapolation_value=2.0)
case("trilu", "Trilu", [f(2, 4, 5), const(ints(1).reshape(()))], upper=0)
case("trilu_upper", "Trilu", [f(4, 5)])
case("pad", "Pad", [f(2, 3), const(ints(0, 1, 2, 0)), const(np.float32([1.5]))])
case("pad_row", "Pad", [f(2, 3), const(ints([0, 1, 2, 0]))], mode="edge")
case("pad_reflect", "Pad", [f(4, 3), const(ints(1, 1, 2, 0))], mode="reflect")
case("range", "Range", [const(np.float32(1)), const(np.float32(7)), const(np.float32(2))])
case("range_no_delta", "Range", [const(ints(2).reshape(())), const(ints(6).reshape(()))])
case("expand_dims", "ExpandDims", [f(2, 3), const(ints(1, dtype=np.int32).reshape(()))])
case("expand_dims_last", "ExpandDims", [f(2, 3), const(ints(-1, dtype=np.int32).reshape(()))])
case("gather_nd", "GatherND", [f(3, 4, 2), ints([0, 1], [2, 3])])
case("cdist", "CDist", [f(3, 4), f(5, 4)], metric="euclidean")
case("cdist_squared", "CDist", [f(3, 4), f(5, 4)], metric="sqeuclidean")

# ---- quantised operators, standard ones ----


def q(dtype, *shape, divisor=1):
    """Whole numbers of all of the type's range."""
    rng = np.random.default_rng(int(np.prod(shape)))
    return (rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, shape) // divisor).astype(dtype)


def standard(name, op, inputs, outputs="y", opset=21, **attributes):
    case(name, op, inputs, outputs, domain="", opset=opset, **attributes)


def exact_matmul(a, b, a_zero=0, b_zero=0):
    return [np.matmul(a.astype(np.int64) - a_zero, b.astype(np.int64) - b_zero).astype(np.int32)]


U8, I8 = np.uint8, np.int8
standard("quantize_rows", "QuantizeLinear", [3 * f(3, 5), const(np.float32([0.1, 0.02, 3])), const(q(I8, 3))], axis=0)
standard("quantize_16_bits", "QuantizeLinear", [300 * f(3, 5), const(np.float32(0.01)), const(np.uint16(3000))])
standard("quantize_there_and_back", "QuantizeLinear", [const(np.float32([-1.5, 0.5, 2.5, 260])), const(np.float32(1))])
standard("dequantize_columns", "DequantizeLinear", [q(U8, 2, 3, 2), const(np.float32([0.1, 0.02, 3])), const(q(U8, 3))])
standard("dequantize_32_bits", "DequantizeLinear", [q(np.int32, 5), const(np.float32(1e-6))])
standard("dequantize_blocks", "DequantizeLinear", [q(I8, 6, 2), const(f(3, 2)), const(q(I8, 3, 2))], axis=0, block_size=2)
standard("dynamic_quantize", "DynamicQuantizeLinear", [f(4, 6)], "y scale zero")
standard("matmul_integer", "MatMulInteger", [q(U8, 3, 7), const(q(I8, 7, 5)), const(U8(120)), const(q(I8, 5))], reference=exact_matmul)
standard("matmul_integer_batch", "MatMulInteger", [q(I8, 2, 3, 7), q(U8, 2, 7, 5), const(I8(-5)), const(U8(100))], reference=exact_matmul)
for count in (300, 5000, 9000):  # more products than fit floats, in parts
    standard(f"matmul_integer_{count}", "MatMulInteger", [np.maximum(q(U8, 1, count), 250), q(U8, count, 2) | U8(0xf1)], reference=exact_matmul)
standard("conv_integer", "ConvInteger", [q(U8, 1, 4, 6, 5), const(q(U8, 6, 2, 3, 3)), const(U8(9)), const(U8(77))], group=2, pads=[1, 1, 1, 1], strides=[1, 2])
standard("conv_integer_300", "ConvInteger", [q(U8, 1, 12, 6, 5), const(q(U8, 2, 12, 5, 5))], auto_pad="SAME_UPPER")
standard("conv_integer_3x3", "ConvInteger", [q(U8, 1, 32, 7, 9), const(q(U8, 16, 32, 3, 3))], pads=[1, 1, 1, 1])
# Weights of 7 bits: with 8, ONNX Runtime's sums saturate on processors without VNNI.
standard("qlinear_matmul", "QLinearMatMul", [q(U8, 3, 7), const(np.float32(0.1)), const(U8(120)), const(q(I8, 7, 5, divisor=2)), const(np.abs(f(5)) / 20), const(np.zeros(5, I8)),
                                             const(np.float32(0.3)), const(U8(128))])
standard("qlinear_conv", "QLinearConv", [q(U8, 1, 3, 6, 5), const(np.float32(0.1)), const(U8(120)), const(q(I8, 4, 3, 3, 3, divisor=2)), const(np.abs(f(4)) / 20), const(np.zeros(4, I8)),
                                         const(np.float32(2)), const(U8(128)), const(q(np.int32, 4, divisor=2 ** 18))], pads=[1, 0, 1, 0])

# ---- quantised operators of com.microsoft ----


def scale(value):
    return const(np.float32(value))


QA, QB = [q(U8, 2, 3, 4), scale(0.1), const(U8(120))], [const(q(U8, 3, 1)), scale(0.07), const(U8(100))]
case("qlinear_add", "QLinearAdd", [*QA, *QB, scale(0.2), const(U8(128))])
case("qlinear_mul", "QLinearMul", [*QA, *QB, scale(1.5), const(U8(128))])
case("qlinear_add_int8", "QLinearAdd", [q(I8, 3, 4), scale(0.1), const(I8(0)), q(I8, 4), scale(0.02), const(I8(3)), scale(0.11), const(I8(-1))])
case("qlinear_leaky_relu", "QLinearLeakyRelu", [*QA, scale(0.09), const(U8(20))], alpha=0.2)
case("qlinear_sigmoid", "QLinearSigmoid", [*QA, scale(1 / 256), const(U8(0))])
case("qlinear_concat", "QLinearConcat", [scale(0.09), const(U8(110)), *QA, q(U8, 2, 1, 4), scale(0.05), const(U8(3))], axis=1)
case("qlinear_global_pool", "QLinearGlobalAveragePool", [q(U8, 2, 3, 4, 5), scale(0.1), const(U8(120)), scale(0.017), const(U8(100))])
case("qlinear_global_pool_last", "QLinearGlobalAveragePool", [q(U8, 2, 4, 5, 3), scale(0.1), const(U8(120)), scale(0.017), const(U8(100))], channels_last=1)
QW = [const(q(I8, 5, 7, divisor=2)), const(np.abs(f(5)) / 20), const(np.zeros(5, I8))]
case("qgemm", "QGemm", [q(U8, 3, 7), scale(0.1), const(U8(120)), *QW, const(q(np.int32, 5, divisor=2 ** 20)), scale(0.5), const(U8(128))], transB=1)
case("qgemm_real", "QGemm", [q(U8, 7, 3), scale(0.1), const(U8(120)), *QW, None, None, None], transA=1, transB=1, alpha=0.5)
QM = [const(q(I8, 7, 5, divisor=2)), scale(0.05)]
case("matmul_integer_to_float", "MatMulIntegerToFloat", [q(U8, 2, 3, 7), QM[0], scale(0.1), const(np.abs(f(5)) / 20), const(U8(120)), const(np.zeros(5, I8)), const(f(5))])
case("dynamic_quantize_matmul", "DynamicQuantizeMatMul", [f(2, 3, 7), *QM, const(I8(2)), const(f(5))])
case("dynamic_quantize_matmul_open", "DynamicQuantizeMatMul", [f(2, 3, 7), *QM], dims={"x0": ["N", "T", 7]})
case("ms_dequantize", "DequantizeLinear", [q(np.uint16, 3, 4), const(np.float32([0.1, 0.2, 0.3])), const(np.uint16([0, 100, 9999]))], axis=0)
case("ms_quantize", "QuantizeLinear", [f(3, 4), scale(0.0001), const(np.uint16(30000))])


def dynamic_lstm(x, w, r, b, w_scale, w_zero, r_scale, r_zero):
    """The LSTM of ONNX Runtime with the weights that the quantised ones stand for."""
    def real(m, step, zero):
        step, zero = (a.reshape(a.shape[0], 1, -1) for a in (step, zero.astype(np.float32)))
        return np.transpose((m.astype(np.float32) - zero) * step, (0, 2, 1))
    ws, rs = real(w, w_scale, w_zero), real(r, r_scale, r_zero)
    nodes = [h.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h", "c"], hidden_size=r.shape[1], direction="bidirectional")]
    shape = h.make_tensor_value_info("x", T.FLOAT, x.shape)
    graph = h.make_graph(nodes, "lstm", [shape], [h.make_empty_tensor_value_info(n) for n in "yhc"],
                         [numpy_helper.from_array(a, n) for n, a in (("w", ws), ("r", rs), ("b", b))])
    proto = h.make_model(graph, opset_imports=[h.make_opsetid("", 14)], ir_version=8)
    return ort.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})


for name, columns in (("", ()), ("_columns", (20,))):
    case("dynamic_quantize_lstm" + name, "DynamicQuantizeLSTM",
         [f(4, 2, 3), const(q(I8, 2, 3, 20)), const(q(I8, 2, 5, 20)), const(f(2, 40)), None, None, None, None, const(np.abs(f(2, *columns)) / 50),
          const(np.zeros((2, *columns), I8)), const(np.abs(f(2, *columns)) / 50), const(q(I8, 2, *columns, divisor=30))], "y h c",
         reference=lambda *a: dynamic_lstm(*a[:4], *a[8:]), hidden_size=5, direction="bidirectional")


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for name in CASES:
        if not p.wanted(name):
            continue
        try:
            proto, feeds, want = model(name)
        except Exception as error:
            p.row(name, "PEER", str(error).splitlines()[0][:300])
            continue
        path = p.path(name + ".onnx")
        onnx.save(proto, path)
        build, compare = [], []
        for n, dims in CASES[name]["dims"].items():
            low = [1 if isinstance(d, str) else d for d in dims]
            build += ["--shapes", n + "=" + "..".join("x".join(map(str, d)) for d in (low, feeds[n].shape, feeds[n].shape))]
        for n, x in feeds.items():
            np.save(p.path(f"{n}.npy"), x)
            compare += ["--input", f"{n}={p.path(n)}.npy"]
        p.check(name, [path], feeds, want, build=build, compare=compare)
    p.finish()


if __name__ == "__main__":
    main()
