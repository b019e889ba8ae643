#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small ONNX models of odd corners, compared with ONNX Runtime.

Not part of `make test`. Needs from PyPI: numpy onnx onnxruntime.

    tests/peers/onnx_corners.py [--solder build/solder] [--keep FOLDER] [MODEL]...
"""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

import peer

rng = np.random.default_rng(7)
MODELS = {}
TYPES = {np.dtype(np.float32): T.FLOAT, np.dtype(np.float64): T.DOUBLE, np.dtype(np.float16): T.FLOAT16,
         np.dtype(np.int64): T.INT64, np.dtype(np.int32): T.INT32, np.dtype(np.bool_): T.BOOL,
         np.dtype(np.uint8): T.UINT8, np.dtype(np.int8): T.INT8}


def f(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


def i64(*numbers):
    return np.array(numbers, np.int64)


def node(op, ins, outs, **attributes):
    return h.make_node(op, ins.split(), outs.split(), name=op.lower() + "_" + outs.split()[0], **attributes)


def add(name, nodes, inputs, outputs, constants=None, opset=13, dims=None, tests=None, ir=8, shapes=None,
        init_inputs=False, error=None):
    """inputs: name -> array (an example). dims: declared dims where they differ. tests: more feeds."""
    MODELS[name] = dict(nodes=nodes, inputs=inputs, outputs=outputs, constants=constants or {}, opset=opset,
                        dims=dims or {}, tests=tests or [], ir=ir, shapes=shapes or {}, init_inputs=init_inputs,
                        error=error)


def save(m, path):
    ins = [h.make_tensor_value_info(n, TYPES[a.dtype], m["dims"].get(n, list(a.shape)))
           for n, a in m["inputs"].items()]
    if m["init_inputs"]:
        ins += [h.make_tensor_value_info(n, TYPES[a.dtype], list(a.shape)) for n, a in m["constants"].items()]
    outs = [h.make_empty_tensor_value_info(n) for n in m["outputs"].split()]
    graph = h.make_graph(m["nodes"], "corner", ins, outs,
                         [numpy_helper.from_array(a, n) for n, a in m["constants"].items()])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", m["opset"])], ir_version=m["ir"])
    try:
        inferred = onnx.shape_inference.infer_shapes(model)
        known = {v.name: v for v in list(inferred.graph.value_info) + list(inferred.graph.output) + ins
                 if v.type.tensor_type.elem_type}
        for n, a in m["constants"].items():
            known.setdefault(n, h.make_tensor_value_info(n, TYPES[a.dtype], list(a.shape)))
        del model.graph.output[:]
        for n in m["outputs"].split():
            v = model.graph.output.add()
            v.CopyFrom(known[n]) if n in known else v.CopyFrom(h.make_tensor_value_info(n, T.FLOAT, None))
    except Exception as error:
        print(m, error)
    onnx.save(model, path)


X = f(2, 3, 9, 10)
W = f(4, 3, 3, 3)

add("conv_asymmetric_pads", [node("Conv", "x w", "y", pads=[0, 1, 2, 3], strides=[2, 1])], {"x": X}, "y", {"w": W})
for mode in ("SAME_LOWER", "SAME_UPPER", "VALID"):
    add("conv_" + mode.lower(), [node("Conv", "x w", "y", auto_pad=mode, strides=[2, 3])], {"x": X}, "y", {"w": W})
    add("maxpool_" + mode.lower(), [node("MaxPool", "x", "y", auto_pad=mode, kernel_shape=[2, 3], strides=[2, 2])], {"x": X}, "y")
    add("avgpool_" + mode.lower(), [node("AveragePool", "x", "y", auto_pad=mode, kernel_shape=[2, 3], strides=[2, 2])], {"x": X}, "y")
add("conv_same_open", [node("Conv", "x w", "y", auto_pad="SAME_UPPER", strides=[2, 2])], {"x": X}, "y", {"w": W},
    dims={"x": ["N", 3, "H", "W"]}, tests=[{"x": f(1, 3, 5, 6)}], shapes={"x": "1x3x5x6..2x3x9x10..2x3x9x10"})
add("conv_dilated_group", [node("Conv", "x w b", "y", dilations=[2, 3], group=3, pads=[1, 2, 3, 4])], {"x": X}, "y",
    {"w": f(6, 1, 3, 2), "b": f(6)})
add("conv_dynamic_weight", [node("Conv", "x w", "y")], {"x": X, "w": W}, "y")
add("conv_computed_weight", [node("Mul", "w s", "v"), node("Conv", "x v", "y")], {"x": X, "s": f(1)}, "y", {"w": W})
add("conv_1d_5d", [node("Conv", "a u", "b"), node("Conv", "c v", "d", strides=[1, 2, 1])],
    {"a": f(1, 2, 20), "c": f(1, 2, 4, 5, 6)}, "b d", {"u": f(3, 2, 3), "v": f(3, 2, 2, 3, 1)})
add("deconv_forms", [node("ConvTranspose", "x w", "a", strides=[2, 2], output_padding=[1, 0], pads=[1, 0, 0, 1]),
                     node("ConvTranspose", "x w b", "c", strides=[3, 2], output_shape=[28, 22]),
                     node("ConvTranspose", "x g", "d", group=3, dilations=[2, 1]),
                     node("ConvTranspose", "x w", "e", strides=[2, 2], auto_pad="SAME_LOWER")],
    {"x": X}, "a c d e", {"w": f(3, 4, 3, 3), "b": f(4), "g": f(3, 2, 2, 3)}, opset=11)
for ceil in (0, 1):
    add(f"pool_ceil{ceil}", [node("MaxPool", "x", "a", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=ceil, pads=[1, 0, 1, 1]),
                             node("AveragePool", "x", "b", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=ceil, pads=[1, 0, 1, 1]),
                             node("AveragePool", "x", "c", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=ceil, pads=[1, 0, 1, 1],
                                  count_include_pad=1),
                             node("LpPool", "x", "d", kernel_shape=[2, 2], p=3, strides=[2, 3])], {"x": X}, "a b c d", opset=12)
add("maxpool_indices", [node("MaxPool", "x", "a i", kernel_shape=[2, 2], strides=[2, 2])], {"x": X}, "a i", opset=12)
add("maxpool_dilated", [node("MaxPool", "x", "a", kernel_shape=[3, 3], dilations=[2, 3])], {"x": X}, "a", opset=12)
add("global_pools", [node("GlobalAveragePool", "x", "a"), node("GlobalMaxPool", "x", "b"), node("GlobalLpPool", "x", "c", p=3)],
    {"x": f(2, 3, 4, 5, 6)}, "a b c")
add("negative_axes", [node("Softmax", "x", "a", axis=-3), node("ReduceMean", "x", "b", axes=[-1, -3], keepdims=0),
                      node("Concat", "a x", "c", axis=-2), node("ArgMax", "x", "d", axis=-2, keepdims=0),
                      node("Split", "x", "e g", axis=-1), node("Flatten", "x", "i", axis=-2),
                      node("LogSoftmax", "x", "j", axis=-1), node("Hardmax", "x", "k", axis=-1)],
    {"x": X}, "b c d e g i j k")
add("old_softmax", [node("Softmax", "x", "a"), node("Softmax", "x", "b", axis=2), node("LogSoftmax", "x", "c", axis=3)],
    {"x": X}, "a b c", opset=9)
add("broadcasts", [node("Add", "x a", "b"), node("Mul", "b c", "d"), node("Sub", "e d", "g"), node("Div", "g s", "y"),
                   node("Pow", "p q", "r"), node("Max", "x a s", "m"), node("Where", "k x e", "w"), node("PRelu", "x c", "z")],
    {"x": X, "e": f(1, 10)}, "y r m w z",
    {"a": f(3, 1, 1), "c": f(10), "s": np.float32(2.5).reshape(()), "p": np.abs(f(3, 1)), "q": f(1, 4),
     "k": rng.integers(0, 2, (9, 1)).astype(bool)}, opset=13)
add("scalars", [node("Add", "s t", "a"), node("Mul", "a a", "b"), node("Relu", "b", "c"), node("Shape", "s", "d"),
                node("Reshape", "s one", "e"), node("ReduceSum", "x", "g", keepdims=0), node("Unsqueeze", "s ax", "u")],
    {"s": np.array(1.5, np.float32), "x": f(3, 4)}, "c d e g u", {"t": np.float32(-3).reshape(()), "one": i64(1, 1), "ax": i64(0)})
add("zero_size", [node("Concat", "x z", "a", axis=1), node("Relu", "z", "b"), node("ReduceSum", "z", "c", keepdims=0),
                  node("Slice", "x s e", "d"), node("MatMul", "d m", "g"), node("ReduceMax", "x", "h2", axes=[0])],
    {"x": f(2, 3), "z": f(2, 0)}, "a b c d g h2", {"s": i64(1), "e": i64(1), "m": f(3, 4)})
add("matmul_zero_inner", [node("MatMul", "a b", "y"), node("Gemm", "a b c", "g")], {"a": f(2, 0), "b": f(0, 3)}, "y g", {"c": f(3)})
add("input_is_output", [node("Relu", "x", "y")], {"x": f(2, 3)}, "x y", error=["'x' is an input and an output"])
add("identity_to_output", [node("Identity", "x", "y"), node("Identity", "x", "z"), node("Dropout", "x", "w")], {"x": f(2, 3)}, "y z w")
add("same_value_twice", [node("Relu", "x", "y"), node("Identity", "y", "z"), node("Identity", "z", "w")], {"x": f(2, 3)}, "y z w y", error=["'y' is an output twice"])
add("unused_input", [node("Relu", "x", "y")], {"x": f(2, 3), "nobody": f(4)}, "y")
add("constant_outputs", [node("Constant", "", "c", value=numpy_helper.from_array(f(2, 2))), node("Relu", "x", "y"),
                         node("Add", "k k", "s"), node("Shape", "x", "h2")],
    {"x": f(2, 3)}, "c y k s h2", {"k": f(3)})
add("no_inputs", [node("Add", "a b", "y")], {}, "y", {"a": f(2, 3), "b": f(3)})
add("initialisers_as_inputs", [node("Gemm", "x w b", "y", transB=1, alpha=0.5, beta=2.0)], {"x": f(2, 5)}, "y",
    {"w": f(3, 5), "b": f(3)}, opset=7, ir=3, init_inputs=True)
add("gemm_forms", [node("Gemm", "x w", "a", transA=1), node("Gemm", "x w c", "b", transA=1, alpha=2.0, beta=0.5),
                   node("Gemm", "x w d", "e", transA=1), node("Gemm", "x w s", "g", transA=1)],
    {"x": f(5, 2)}, "a b e g", {"w": f(5, 3), "c": f(2, 1), "d": f(2, 3), "s": f(1)}, opset=11)
add("matmul_forms", [node("MatMul", "a b", "c"), node("MatMul", "v b", "d"), node("MatMul", "a u", "e"), node("MatMul", "v u2", "g"),
                     node("MatMul", "q r", "s")],
    {"a": f(2, 3, 4, 5), "b": f(3, 5, 6), "v": f(5), "u": f(5), "u2": f(5), "q": f(2, 1, 3, 4), "r": f(1, 7, 4, 2)}, "c d e g s")
add("reshape_chain", [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Gather", "s two", "t"), node("Mul", "t three", "t3"),
                      node("Unsqueeze", "n ax", "nu"), node("Unsqueeze", "t3 ax", "tu"), node("Concat", "nu tu minus", "d", axis=0),
                      node("Reshape", "x d", "y"), node("Slice", "s one4 four", "tail"), node("ReduceProd", "tail", "rp", keepdims=1),
                      node("Concat", "minus rp", "d2", axis=0), node("Reshape", "x d2", "z"), node("Expand", "k s", "w")],
    {"x": f(2, 3, 4, 5)}, "y z w", {"zero": i64(0).reshape(()), "two": i64(2).reshape(()), "three": i64(3).reshape(()), "ax": i64(0),
                                  "minus": i64(-1), "one4": i64(1), "four": i64(4), "k": f(5)},
    dims={"x": ["N", 3, "H", "W"]}, tests=[{"x": f(1, 3, 6, 5)}], shapes={"x": "1x3x1x5..2x3x4x5..4x3x8x5"})
add("reshape_chain_anyw", [node("Shape", "x", "s"), node("Slice", "s a b", "t"), node("Concat", "t minus", "d", axis=0), node("Reshape", "x d", "y"),
                           node("Transpose", "y", "z", perm=[0, 2, 1])],
    {"x": f(2, 3, 4, 5)}, "y z", {"a": i64(0), "b": i64(2), "minus": i64(-1)},
    dims={"x": ["N", "C", "H", "W"]}, tests=[{"x": f(1, 2, 6, 3)}], shapes={"x": "1x1x1x1..2x3x4x5..4x4x8x8"})
add("reshape_zero_minus", [node("Reshape", "x d", "y"), node("Reshape", "x e", "z")], {"x": f(2, 3, 4)}, "y z", {"d": i64(0, -1), "e": i64(-1, 0, 2)})
add("range_mask", [node("Shape", "x", "s"), node("Gather", "s one", "t"), node("Range", "zero t one", "r"), node("Cast", "r", "c", to=T.FLOAT),
                   node("Mul", "x c", "y"), node("ConstantOfShape", "s", "z", value=numpy_helper.from_array(np.array([2.5], np.float32))),
                   node("Trilu", "x", "u"), node("Neg", "z", "w")],
    {"x": f(4, 6)}, "y z u w", {"one": i64(1).reshape(()), "zero": i64(0).reshape(())}, opset=14,
    dims={"x": ["N", "T"]}, tests=[{"x": f(1, 3)}], shapes={"x": "1x1..4x6..8x8"})
add("slices", [node("Slice", "x s e a p", "b"), node("Slice", "x s2 e2 a2 p2", "c"), node("Slice", "x s3 e3", "d")], {"x": X}, "b c d",
    {"s": i64(-1, 0), "e": i64(-100, 5), "a": i64(3, -2), "p": i64(-2, 2), "s2": i64(100), "e2": i64(-100), "a2": i64(1), "p2": i64(-1),
     "s3": i64(0, 1), "e3": i64(1, 1 << 62)})
add("gathers", [node("Gather", "x i", "a", axis=1), node("Gather", "x n", "b", axis=-1), node("GatherElements", "m j", "c", axis=1),
                node("GatherND", "x k", "d"), node("OneHot", "i2 depth v", "e", axis=0)],
    {"x": X, "m": f(3, 4)}, "a b c d e", {"i": np.array([[0, 2], [1, 1]]), "n": np.int64(-1).reshape(()), "j": np.array([[0, -1], [2, 1], [3, 3]]),
                                        "k": np.array([[0, 1], [1, 2]]), "i2": i64(0, 2, 5, -1), "depth": i64(4).reshape(()), "v": np.array([0, 1], np.float32)})
add("pads", [node("Pad", "x p", "a", mode="reflect"), node("Pad", "x p", "b", mode="edge"), node("Pad", "x p v", "c"), node("Pad", "x q", "d")],
    {"x": X}, "a b c d", {"p": i64(0, 1, 2, 3, 1, 0, 4, 2), "v": np.float32(7).reshape(()), "q": i64(0, 0, -1, -2, 0, 0, 1, -1)})
add("old_pads", [node("Pad", "x", "a", pads=[0, 0, 1, 2, 0, 0, 3, 4], value=1.5), node("Pad", "x", "b", pads=[0, 0, 1, 2, 0, 0, 3, 4], mode="reflect")],
    {"x": X}, "a b", opset=9)
add("old_upsample", [node("Upsample", "x s", "y", mode="nearest"), node("Upsample", "x t", "z", mode="linear")], {"x": X}, "y z",
    {"s": np.array([1, 1, 2, 3], np.float32), "t": np.array([1, 1, 2, 2], np.float32)}, opset=9)
modes = [("nearest", "asymmetric", "floor"), ("nearest", "half_pixel", "round_prefer_floor"), ("nearest", "align_corners", "ceil"),
         ("linear", "half_pixel", "floor"), ("linear", "align_corners", "floor"), ("linear", "asymmetric", "floor"),
         ("linear", "pytorch_half_pixel", "floor"), ("cubic", "half_pixel", "floor"), ("cubic", "align_corners", "floor")]
add("resizes", [node("Resize", "x r s", f"y{i}", mode=m, coordinate_transformation_mode=c, nearest_mode=n) for i, (m, c, n) in enumerate(modes)]
    + [node("Resize", "x r r z", f"z{i}", mode=m, coordinate_transformation_mode=c, nearest_mode=n) for i, (m, c, n) in enumerate(modes)],
    {"x": X}, " ".join(f"y{i} z{i}" for i in range(len(modes))),
    {"r": np.zeros(0, np.float32), "s": np.array([1, 1, 5 / 3, 0.5], np.float32), "z": i64(2, 3, 5, 23)}, opset=11)
add("norms", [node("InstanceNormalization", "x s b", "a"), node("LRN", "x", "c", size=3, alpha=0.1, beta=0.6, bias=1.2), node("LpNormalization", "x", "d", axis=1, p=1),
              node("BatchNormalization", "x s b m v", "e", epsilon=0.01), node("MeanVarianceNormalization", "x", "g"), node("LayerNormalization", "x ls lb", "i", axis=-1),
              node("LayerNormalization", "x l2", "j", axis=2)],
    {"x": X}, "a c d e g i j", {"s": f(3), "b": f(3), "m": f(3), "v": np.abs(f(3)) + 0.5, "ls": f(10), "lb": f(10), "l2": f(9, 10)}, opset=17)
add("bn_first", [node("BatchNormalization", "x s b m v", "a"), node("Conv", "a w", "c", pads=[1, 1, 1, 1]), node("BatchNormalization", "c s4 b4 m4 v4", "d"), node("Relu", "d", "y")],
    {"x": X}, "y c", {"s": f(3), "b": f(3), "m": f(3), "v": np.abs(f(3)) + 0.5, "w": W, "s4": f(4), "b4": f(4), "m4": f(4), "v4": np.abs(f(4)) + 0.5}, opset=9)
add("reductions", [node(op, "x", f"y{i}", axes=[1, -1], keepdims=i % 2) for i, op in enumerate(
    ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare"])]
    + [node("TopK", "x k", "v i", axis=-1), node("TopK", "x k", "v2 i2", axis=1, largest=0), node("ArgMin", "x", "am", axis=1, select_last_index=1)],
    {"x": X}, " ".join(f"y{i}" for i in range(9)) + " v i v2 i2 am", {"k": i64(2)}, opset=12)
add("integers", [node("Add", "a b", "c"), node("Div", "a b", "d"), node("Mod", "a b", "e"), node("Mod", "a b", "g", fmod=1), node("Cast", "a", "h2", to=T.FLOAT),
                 node("Equal", "a b", "i"), node("Cast", "i", "j", to=T.INT32), node("ReduceMax", "a", "k"), node("Abs", "a", "l"), node("Greater", "a b", "m"),
                 node("And", "i m", "n"), node("Not", "n", "o"), node("Sign", "a", "p")],
    {"a": rng.integers(-9, 9, (3, 4)), "b": rng.integers(1, 5, (4,))}, "c d e g h2 j k l o p", opset=13)
add("casts", [node("Cast", "x", f"y{i}", to=t) for i, t in enumerate([T.DOUBLE, T.FLOAT16, T.INT32, T.INT64, T.BOOL, T.INT8])], {"x": f(3, 4) * 5},
    " ".join(f"y{i}" for i in range(6)))
add("clip_forms", [node("Clip", "x lo hi", "a"), node("Clip", "x lo", "b"), h.make_node("Clip", ["x", "", "hi"], ["c"]), node("Clip", "x", "d"),
                   node("Clip", "x l2", "e")],
    {"x": X, "l2": np.array(0.25, np.float32)}, "a b c d e", {"lo": np.float32(-0.5).reshape(()), "hi": np.float32(0.75).reshape(())})
add("activations", [node(op, "x", f"y{i}") for i, op in enumerate(
    ["Relu", "Sigmoid", "Tanh", "Elu", "Selu", "LeakyRelu", "HardSigmoid", "HardSwish", "Softplus", "Softsign", "ThresholdedRelu", "Celu", "Erf", "Abs", "Neg", "Exp",
     "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Atan", "Sinh", "Cosh", "Asinh", "Reciprocal"])], {"x": X * 3}, " ".join(f"y{i}" for i in range(27)), opset=14)
add("depth_space", [node("DepthToSpace", "x", "a", blocksize=2), node("DepthToSpace", "x", "b", blocksize=2, mode="CRD"), node("SpaceToDepth", "x", "c", blocksize=2)],
    {"x": f(2, 8, 4, 6)}, "a b c")
add("tiles", [node("Tile", "x r", "a"), node("Expand", "y s", "b"), node("Squeeze", "z", "c"), node("Squeeze", "z ax", "d"), node("Transpose", "x", "e"), node("Size", "x", "g")],
    {"x": f(2, 3), "y": f(3, 1), "z": f(1, 2, 1)}, "a b c d e g", {"r": i64(2, 3), "s": i64(2, 1, 4), "ax": i64(-1)})
add("dynamic_targets", [node("Reshape", "x s", "y")], {"x": f(2, 6), "s": i64(3, 4)}, "y",
    error=["more than one value of the new shape is not known"])
add("dynamic_slice", [node("Slice", "x s e", "y")], {"x": f(5, 6), "s": i64(1), "e": i64(4)}, "y")
add("dynamic_k", [node("TopK", "x k", "v i")], {"x": f(5, 6), "k": i64(4)}, "v i")
add("nms", [node("NonMaxSuppression", "b s m iou th", "y")],
    {"b": np.sort(np.abs(f(1, 20, 2, 2)), axis=2).reshape(1, 20, 4), "s": np.abs(f(1, 2, 20))}, "y",
    {"m": i64(5), "iou": np.array([0.5], np.float32), "th": np.array([0.1], np.float32)}, opset=11)
add("nms_then_gather", [node("NonMaxSuppression", "b s m iou th", "n"), node("Gather", "n two", "i", axis=1), node("Squeeze", "b ax", "bb"),
                        node("Gather", "bb i", "y", axis=0), node("Mul", "y y", "z")],
    {"b": np.sort(np.abs(f(1, 20, 2, 2)), axis=2).reshape(1, 20, 4), "s": np.abs(f(1, 1, 20))}, "y z",
    {"m": i64(5), "iou": np.array([0.5], np.float32), "th": np.array([0.1], np.float32), "two": i64(2).reshape(()), "ax": i64(0)})
add("half", [node("Conv", "x w", "a"), node("Relu", "a", "b"), node("Softmax", "b", "y")], {"x": X.astype(np.float16)}, "y", {"w": (W * 0.2).astype(np.float16)})
add("double", [node("MatMul", "x w", "a"), node("Sigmoid", "a", "b"), node("Softmax", "b", "y")], {"x": X.astype(np.float64)}, "y", {"w": f(10, 4, dtype=np.float64)})
add("residual_relu_chain", [node("Conv", "x w", "a", pads=[1] * 4), node("Conv", "x v", "b", pads=[1] * 4), node("Add", "a b", "c"), node("Relu", "c", "d"),
                            node("Conv", "d u", "e", pads=[1] * 4), node("Add", "e d", "g"), node("Relu", "g", "i"), node("Add", "i i", "y")],
    {"x": X}, "y g d", {"w": W, "v": f(4, 3, 3, 3), "u": f(4, 4, 3, 3)})
add("concat_views", [node("Conv", "x w", "a", pads=[1] * 4), node("Relu", "x", "b"), node("Concat", "a b x a", "c", axis=1), node("Concat", "c x", "d", axis=1),
                     node("Split", "d sp", "e g", axis=1), node("Sigmoid", "e", "i"), node("Concat", "g i", "y", axis=1), node("Concat", "x x", "z", axis=0)],
    {"x": X}, "y c z", {"w": W, "sp": i64(5, 12)})
add("swish_gelu", [node("Sigmoid", "x", "a"), node("Mul", "x a", "b"), node("Div", "x r2", "c"), node("Erf", "c", "d"), node("Add", "d one", "e"), node("Mul", "x e", "g"),
                   node("Mul", "g half", "i"), node("Add", "x three", "j"), node("Clip", "j lo hi", "k"), node("Div", "k six", "l"), node("Mul", "x l", "m")],
    {"x": X}, "b i m", {n: np.float32(v).reshape(()) for n, v in dict(r2=2 ** 0.5, one=1, half=0.5, three=3, lo=0, hi=6, six=6).items()})
add("layer_norm_spelled", [node("ReduceMean", "x", "m", axes=[-1]), node("Sub", "x m", "d"), node("Pow", "d two", "p"), node("ReduceMean", "p", "v", axes=[-1]),
                           node("Add", "v eps", "a"), node("Sqrt", "a", "s"), node("Div", "d s", "n"), node("Mul", "n g", "q"), node("Add", "q b", "y")],
    {"x": f(2, 5, 16)}, "y", {"two": np.float32(2).reshape(()), "eps": np.float32(1e-5).reshape(()), "g": f(16), "b": f(16)}, opset=13)
add("isnan_where", [node("IsNaN", "x", "a"), node("Where", "a z x", "y"), node("IsInf", "x", "i"), node("Cast", "i", "c", to=T.FLOAT), node("Max", "x y", "m")],
    {"x": np.array([1, np.nan, np.inf, -np.inf, -2], np.float32)}, "y c", {"z": np.float32(0).reshape(())})
add("quantised", [node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z", "d"), node("QLinearConv", "q s z w s z2 s2 z", "y"), node("DequantizeLinear", "y s2 z", "o")],
    {"x": X}, "o d", {"s": np.float32(0.1).reshape(()), "s2": np.float32(1), "z": np.uint8(128).reshape(()), "w": rng.integers(-9, 9, (4, 3, 3, 3)).astype(np.int8),
                      "z2": np.int8(0).reshape(())})
add("quantised_dynamically", [node("DynamicQuantizeLinear", "x", "q qs qz"), node("MatMulInteger", "q w qz wz", "i"), node("Cast", "i", "c", to=T.FLOAT),
                              node("Mul", "qs ws", "s"), node("Mul", "c s", "m"), node("Add", "m b", "y")],
    {"x": f(2, 5, 40)}, "y", {"w": rng.integers(-60, 60, (40, 7)).astype(np.int8), "wz": np.int8(3), "ws": np.float32(0.02), "b": f(7)},
    dims={"x": ["N", "T", 40]}, tests=[{"x": f(1, 1, 40)}, {"x": f(3, 9, 40)}], shapes={"x": "1x1x40..2x5x40..4x9x40"})
add("unsupported", [node("Det", "x", "d"), node("CumSum", "x ax", "c"), node("Add", "d c", "z")], {"x": f(3, 3)}, "z",
    {"ax": np.array(0, np.int64)}, error=["det_d", "cumsum_c"])
add("old_opset7", [node("Conv", "x w", "a", kernel_shape=[3, 3], pads=[1] * 4), node("BatchNormalization", "a s b m v", "c"), node("Relu", "c", "d"), node("MaxPool", "d", "e", kernel_shape=[2, 2], strides=[2, 2]),
                   node("Dropout", "e", "g", ratio=0.5), node("Reshape", "g sh", "i"), node("Gemm", "i fw fb", "j", transB=1), node("Softmax", "j", "y")],
    {"x": f(2, 3, 8, 8)}, "y", {"w": W, "s": f(4), "b": f(4), "m": f(4), "v": np.abs(f(4)) + 1, "sh": i64(2, -1), "fw": f(5, 64), "fb": f(5)}, opset=7, ir=3, init_inputs=True)
add("batch_reshape_fixed", [node("Reshape", "x sh", "a"), node("MatMul", "a w", "b"), node("Add", "b c", "y")], {"x": f(2, 3, 4)}, "y", {"sh": i64(-1, 12), "w": f(12, 5), "c": f(5)},
    dims={"x": ["batch_size", 3, 4]}, tests=[{"x": f(1, 3, 4)}, {"x": f(7, 3, 4)}], shapes={"x": "1x3x4..2x3x4..8x3x4"})
add("mean_sum_variadic", [node("Sum", "x a b", "s"), node("Mean", "x a b", "m"), node("Min", "x a", "n"), node("Sum", "x", "o")], {"x": X, "a": f(10), "b": f(3, 1, 1)}, "s m n o")
add("batchnorm_rank2", [node("BatchNormalization", "x s b m v", "e"), node("MatMul", "e w", "y")], {"x": f(4, 3)}, "y e", {"s": f(3), "b": f(3), "m": f(3), "v": np.abs(f(3)) + 0.5, "w": f(3, 2)})
add("instance_rank3", [node("InstanceNormalization", "x s b", "a")], {"x": f(2, 3, 7)}, "a", {"s": f(3), "b": f(3)})
add("bool_input", [node("Where", "k x y", "z"), node("Not", "k", "n"), node("Xor", "k n", "o")], {"k": rng.integers(0, 2, (2, 3)).astype(bool), "x": f(2, 3), "y": f(3)}, "z n o")
add("uint8_input", [node("Cast", "x", "c", to=T.FLOAT), node("Mul", "c s", "d"), node("Conv", "d w", "y")], {"x": rng.integers(0, 255, (1, 3, 5, 5)).astype(np.uint8)}, "y", {"s": np.float32(1 / 255).reshape(()), "w": W})
add("log_mel", [node("HannWindow", "size", "w"), node("STFT", "x step w", "s"), node("ReduceSumSquare", "s", "p", axes=[-1], keepdims=0),
                node("MelWeightMatrix", "bands size rate lo hi", "b"), node("MatMul", "p b", "m"), node("Add", "m one", "g"), node("Log", "g", "y")],
    {"x": f(2, 800, 1)}, "y b", {"size": np.array(256), "step": np.array(100), "bands": np.array(20), "rate": np.array(16000), "lo": np.float32(50),
                                 "hi": np.float32(7600), "one": np.float32(1)}, opset=17,
    dims={"x": ["N", "T", 1]}, tests=[{"x": f(1, 256, 1)}, {"x": f(3, 999, 1)}], shapes={"x": "1x256x1..2x800x1..4x2000x1"})
add("stft_complex", [node("STFT", "x step w n", "a", onesided=0)],
    {"x": f(2, 50, 2)}, "a", {"step": np.array(5, np.int32), "w": f(16), "n": np.array(16, np.int32)}, opset=17)
add("windows", [node(op, "n", f"{op}{periodic}", periodic=periodic) for op in ("HannWindow", "HammingWindow", "BlackmanWindow") for periodic in (0, 1)],
    {}, " ".join(f"{op}{periodic}" for op in ("HannWindow", "HammingWindow", "BlackmanWindow") for periodic in (0, 1)), {"n": np.array(25)}, opset=17)
add("dft_17", [node("DFT", "r", "a"), node("DFT", "r n", "b", onesided=1), node("DFT", "c m", "d", axis=2), node("DFT", "c", "e", axis=-3, inverse=1)],
    {"r": f(2, 16, 3, 1), "c": f(2, 5, 8, 2)}, "a b d e", {"n": np.array(12), "m": np.array(16)}, opset=17)
add("dft_20_open", [node("DFT", "r n ax", "a", onesided=1), node("DFT", "c n last", "b", inverse=1)], {"r": f(2, 7, 3, 1), "c": f(2, 5, 8, 2)}, "a b",
    {"n": np.array(8), "ax": np.array(1), "last": np.array(-2)}, opset=20, ir=9, dims={"r": ["N", "L", "M", 1], "c": ["N", 5, "K", 2]},
    tests=[{"r": f(1, 9, 2, 1), "c": f(1, 5, 9, 2)}], shapes={"r": "1x7x2x1..2x7x3x1..2x9x3x1", "c": "1x5x8x2..2x5x8x2..2x5x9x2"})


def check(p, name):
    m = MODELS[name]
    path = p.path(name + ".onnx")
    save(m, path)
    if m["error"]:
        built = p.solder("build", path, "-o", p.path(name + ".plan"))
        missing = [n for n in m["error"] if n not in built.text]
        good = built.code == 1 and not missing
        p.row(name, "ok" if good else "NO ERROR", f"refused: {built.text.strip()[:160]}" if good else f"{missing} {built.text}")
        return
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = [m["inputs"], *m["tests"]]
    names = [o.name for o in session.get_outputs()]
    wants = [dict(zip(names, session.run(names, one))) for one in feeds]
    build = [option for n, s in m["shapes"].items() for option in ("--shapes", f"{n}={s}")]
    p.check(name, [path], feeds, wants, build=build)


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for name in MODELS:
        if p.wanted(name):
            try:
                check(p, name)
            except Exception as error:  # a model that the peer itself refuses is no verdict on Solder
                p.row(name, "SCRIPT", f"{type(error).__name__}: {str(error)[:300]}")
    p.finish()


if __name__ == "__main__":
    main()
