#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fuzz/corpus/onnx/seed-*.onnx, fuzz/corpus/caffemodel/seed-* and fuzz/corpus/graphdef/seed-*:
tiny models that between them hold most operators and every form of data, encoded by hand so that
nothing needs installing."""
import os
import struct

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
FLOAT, UINT8, INT32, INT64, BOOL, FLOAT16, DOUBLE = 1, 2, 6, 7, 9, 10, 11


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def floats(values):
    return struct.pack("<%df" % len(values), *values)


# ---- ONNX ----

def tensor(name, kind, dims, data=None, raw=None, external=None):
    out = b"".join(number(1, d) for d in dims) + number(2, kind) + chunk(8, name)
    if raw is not None:
        return out + chunk(9, raw)
    if external is not None:
        return out + chunk(13, chunk(1, "location") + chunk(2, external)) + number(14, 1)
    if kind == FLOAT:
        return out + chunk(4, floats(data))
    if kind == DOUBLE:
        return out + chunk(10, struct.pack("<%dd" % len(data), *data))
    return out + chunk(7 if kind == INT64 else 5, b"".join(varint(v) for v in data))


def attribute(name, value):
    out = chunk(1, name)
    if isinstance(value, bytes):
        return out + chunk(5, value) + number(20, 4)
    if isinstance(value, str):
        return out + chunk(4, value) + number(20, 3)
    if isinstance(value, int):
        return out + number(3, value) + number(20, 2)
    if isinstance(value, float):
        return out + b"\x15" + struct.pack("<f", value) + number(20, 1)
    if value and isinstance(value[0], float):
        return out + b"".join(b"\x3d" + struct.pack("<f", v) for v in value) + number(20, 6)
    return out + b"".join(number(8, v) for v in value) + number(20, 7)


def node(op, inputs, outputs, **attributes):
    out = b"".join(chunk(1, i) for i in inputs.split(",")) if inputs else b""
    out += b"".join(chunk(2, o) for o in outputs.split(","))
    out += chunk(3, "n_" + outputs.split(",")[0]) + chunk(4, op)
    return out + b"".join(chunk(5, attribute(k, v)) for k, v in attributes.items())


def value(name, dims, kind=FLOAT):
    shape = b"".join(
        chunk(1, chunk(2, d) if isinstance(d, str) else number(1, d)) for d in dims)
    return chunk(1, name) + chunk(2, chunk(1, number(1, kind) + chunk(2, shape)))


def model(inputs, nodes, outputs, constants=(), opset=18):
    graph = b"".join(chunk(1, n) for n in nodes) + chunk(2, "g")
    graph += b"".join(chunk(5, c) for c in constants)
    graph += b"".join(chunk(11, i) for i in inputs)
    graph += b"".join(chunk(12, chunk(1, o)) for o in outputs.split(","))
    return number(1, 8) + chunk(7, graph) + chunk(8, chunk(1, "") + number(2, opset))


def ints(name, values):
    return tensor(name, INT64, [len(values)], values)


def ramp(count):
    return [0.25 * (i % 7) - 0.5 for i in range(count)]


UNARY = """Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Exp Floor Log Neg Reciprocal Round
Sign Sin Sinh Sqrt Tan Celu Elu HardSigmoid HardSwish LeakyRelu Mish Relu Selu Sigmoid Softplus
Softsign Tanh ThresholdedRelu Shrink Softmax LogSoftmax Hardmax Identity Dropout""".split()
REDUCE = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare".split()


def onnx_seeds():
    x = value("x", [1, 2, 6, 6])
    seeds = {}
    for part in range(3):
        chain = UNARY[part::3]
        names = ["x"] + ["u%d" % i for i in range(len(chain))]
        seeds["unary%d" % part] = model(
            [value("x", ["N", 4])], [node(op, names[i], names[i + 1]) for i, op in enumerate(chain)],
            names[-1])
    w = tensor("w", FLOAT, [4, 2, 3, 3], ramp(72))
    d = tensor("d", FLOAT, [4, 1, 3, 3], raw=floats(ramp(36)))
    b = tensor("b", FLOAT, [4], ramp(4))
    seeds["conv"] = model([x], [
        node("Conv", "x,w,b", "c", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("BatchNormalization", "c,b,b,b,b", "n", epsilon=0.5),
        node("Relu", "n", "r"), node("Conv", "r,d", "e", group=4, strides=[2, 2]),
        node("ConvTranspose", "e,d", "t", group=4, strides=[2, 2], output_padding=[1, 1]),
        node("Conv", "c,d", "s", group=4, auto_pad="SAME_UPPER", dilations=[2, 2]),
        node("GlobalAveragePool", "s", "a"), node("Flatten", "a", "f"),
        node("Gemm", "f,f", "y", transB=1, alpha=0.5)], "y,t", [w, d, b])
    seeds["pool"] = model([x], [
        node("MaxPool", "x", "m,i", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        node("AveragePool", "x", "a", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1),
        node("LpPool", "x", "l", kernel_shape=[2, 2], p=2),
        node("GlobalMaxPool", "x", "g"), node("GlobalLpPool", "x", "h")], "m,i,a,l,g,h")
    seeds["normal"] = model([x], [
        node("LRN", "x", "l", size=3), node("InstanceNormalization", "l,p,p", "i"),
        node("LayerNormalization", "i,q,q", "n", axis=-1), node("LpNormalization", "n", "o", p=1),
        node("MeanVarianceNormalization", "o", "m"), node("GroupNormalization", "m,p,p", "k", num_groups=2),
        node("PRelu", "k,p1", "y"), node("Clip", "y,,hi", "z")], "z",
        [tensor("p", FLOAT, [2], [1, 2]), tensor("q", FLOAT, [6], ramp(6)),
         tensor("p1", FLOAT, [2, 1, 1], [0.1, 0.2]), tensor("hi", FLOAT, [], [0.5])])
    seeds["norm23"] = model([x], [
        node("RMSNormalization", "x,q", "r"), node("Gelu", "r", "g", approximate="tanh"),
        node("Swish", "g", "s"), node("IsNaN", "s", "n"), node("IsInf", "s", "i"),
        node("Or", "n,i", "o"), node("Not", "o", "t"), node("Where", "t,s,g", "y")], "y",
        [tensor("q", FLOAT, [6], ramp(6))], 24)
    seeds["binary"] = model([value("x", ["N", 4]), value("k", [4], INT64)], [
        node("Add", "x,c", "a"), node("Sub", "a,x", "b"), node("Mul", "b,a", "m"), node("Div", "m,c", "d"),
        node("Pow", "d,c", "p"), node("Mod", "p,c", "o", fmod=1), node("Max", "o,x,c", "x1"),
        node("Min", "x1,x", "x2"), node("Mean", "x2,x", "x3"), node("Sum", "x3,x,x", "x4"),
        node("Greater", "x4,c", "g"), node("Less", "x4,c", "l"), node("Xor", "g,l", "q"),
        node("And", "q,g", "q1"), node("GreaterOrEqual", "x,c", "ge"), node("LessOrEqual", "x,c", "le"),
        node("Equal", "ge,le", "e"), node("BitShift", "u,u", "s", direction="LEFT"),
        node("BitwiseAnd", "k,k", "ba"), node("BitwiseOr", "ba,k", "bo"), node("BitwiseXor", "bo,k", "bx"),
        node("BitwiseNot", "bx", "bn"), node("Cast", "bn", "bf", to=1), node("CastLike", "q1,x", "z")],
        "z,bf,e,s", [tensor("c", FLOAT, [4], ramp(4)), tensor("u", UINT8, [2], [1, 2])])
    seeds["reduce"] = model([x], [node("Reduce" + r, "x", "r" + r, keepdims=i % 2)
                                  for i, r in enumerate(REDUCE)] + [
        node("ReduceSum", "x,ax", "y", keepdims=0), node("ArgMax", "x", "am", axis=1),
        node("ArgMin", "x", "an", axis=-1, keepdims=0, select_last_index=1),
        node("TopK", "x,k", "tv,ti", axis=-1)],
        ",".join("r" + r for r in REDUCE) + ",y,am,an,tv,ti", [ints("ax", [2, 3]), ints("k", [2])])
    seeds["shapes"] = model([value("x", ["N", 2, 6])], [
        node("Shape", "x", "s"), node("Gather", "s,zero", "n"), node("Unsqueeze", "n,zero1", "u"),
        node("Concat", "u,m", "t", axis=0), node("Reshape", "x,t", "r"), node("Shape", "r", "s2", start=1),
        node("Slice", "s2,zero1,one1", "sl"), node("Size", "r", "sz"), node("Mul", "n,sz", "mul"),
        node("Div", "mul,sz", "dv"), node("Range", "z0,n,o1", "rg"), node("Cast", "rg", "rf", to=1),
        node("Shape", "r", "rs"), node("ConstantOfShape", "rs", "cs", value=tensor("", FLOAT, [1], [2.0])), node("Add", "cs,r", "y"),
        node("Squeeze", "u,zero1", "sq"), node("Expand", "e0,rs", "ex"), node("Tile", "r,rep", "ti"),
        node("Transpose", "ti", "tr", perm=[1, 0])], "y,sl,rf,sq,ex,tr,dv",
        [tensor("zero", INT64, [], [0]), ints("zero1", [0]), ints("one1", [1]), ints("m", [-1]),
         tensor("z0", INT64, [], [0]), tensor("o1", INT64, [], [1]), tensor("e0", FLOAT, [1], [3]),
         ints("rep", [1, 2])])
    seeds["move"] = model([x], [
        node("Pad", "x,pads,pv", "p", mode="reflect"), node("Slice", "p,st,en,ax,sp", "s"),
        node("Split", "s", "a,b", axis=1, num_outputs=2), node("Concat", "a,b,a", "c", axis=1),
        node("Resize", "c,,sc", "r", mode="linear"),
        node("Resize", "x,,,sz", "r2", mode="cubic", coordinate_transformation_mode="align_corners"),
        node("SpaceToDepth", "x", "sd", blocksize=2), node("DepthToSpace", "sd", "ds", blocksize=2, mode="CRD"),
        node("GatherElements", "x,gi", "ge", axis=3), node("GatherND", "x,nd", "gn"),
        node("Trilu", "x,k", "tl", upper=0), node("EyeLike", "id", "ey")], "r,r2,ds,ge,gn,tl,ey",
        [ints("pads", [0, 0, 1, 1, 0, 0, 1, 1]), tensor("pv", FLOAT, [], [0]), ints("st", [0]),
         ints("en", [1 << 60]), ints("ax", [2]), ints("sp", [2]), tensor("sc", FLOAT, [4], [1, 1, 2, 2]),
         ints("sz", [1, 2, 3, 3]), tensor("gi", INT64, [1, 2, 6, 1], [i % 6 for i in range(12)]),
         tensor("nd", INT64, [1, 2], [0, 1]), tensor("k", INT64, [], [1]),
         tensor("id", INT32, [3, 3], [0] * 9)])
    seeds["detect"] = model([value("boxes", [1, 4, 4]), value("scores", [1, 2, 4])], [
        node("NonMaxSuppression", "boxes,scores,m,iou,sc", "s"), node("Gather", "s,two", "i", axis=1),
        node("Squeeze", "i,one1", "q"), node("Gather", "boxes,q", "g", axis=1),
        node("OneHot", "q,depth,hot", "h"), node("Slice", "s,z,one1", "l")], "g,h,l",
        [tensor("m", INT64, [1], [2]), tensor("iou", FLOAT, [1], [0.5]), tensor("sc", FLOAT, [1], [0.1]),
         ints("two", [2]), ints("one1", [1]), ints("z", [0]), tensor("depth", INT64, [], [4]),
         tensor("hot", FLOAT, [2], [0, 1])])
    seeds["matmul"] = model([value("x", ["N", 3, 4])], [
        node("Cast", "wd", "w", to=1), node("MatMul", "x,w", "m"), node("Add", "m,b", "a"), node("MatMul", "a,w2", "m2"),
        node("Constant", "", "c", value=tensor("", FLOAT, [2], [1, 2])), node("Add", "m2,c", "y"),
        node("Constant", "", "c2", value_floats=[1.0, 2.0]), node("Mul", "y,c2", "z"),
        node("Gemm", "g,g,b2", "gg", transA=1, beta=2.0)], "z,gg",
        [tensor("wd", DOUBLE, [4, 5], ramp(20)), tensor("b", FLOAT, [5], ramp(5)),
         tensor("w2", FLOAT, [5, 2], raw=floats(ramp(10))), tensor("g", FLOAT, [2, 3], ramp(6)),
         tensor("b2", FLOAT, [3], ramp(3))])
    seeds["layernorm-parts"] = model([value("x", [2, 8])], [
        node("ReduceMean", "x,ax", "m"), node("Sub", "x,m", "d"), node("Pow", "d,two", "p"),
        node("ReduceMean", "p,ax", "v"), node("Add", "v,eps", "e"), node("Sqrt", "e", "s"),
        node("Div", "d,s", "n"), node("Mul", "n,g", "a"), node("Add", "a,g", "y"),
        node("Sigmoid", "y", "sg"), node("Mul", "y,sg", "sw"), node("Div", "sw,r2", "z1"),
        node("Erf", "z1", "z2"), node("Add", "z2,one", "z3"), node("Mul", "sw,z3", "z4"),
        node("Mul", "z4,half", "z")], "z",
        [ints("ax", [-1]), tensor("two", FLOAT, [], [2]), tensor("eps", FLOAT, [], [1e-5]),
         tensor("g", FLOAT, [8], ramp(8)), tensor("r2", FLOAT, [], [1.41421356]),
         tensor("one", FLOAT, [], [1]), tensor("half", FLOAT, [], [0.5])])
    seeds["old"] = model([x], [
        node("Upsample", "x,sc", "u", mode="nearest"), node("Slice", "u", "s", axes=[2], starts=[1], ends=[5]),
        node("Pad", "s", "p", pads=[0, 0, 1, 0, 0, 0, 0, 1], value=0.5), node("Clip", "p", "c", min=0.0, max=6.0),
        node("Squeeze", "c", "q", axes=[0]), node("Unsqueeze", "q", "t", axes=[0, 4]),
        node("Dropout", "t", "d", ratio=0.5), node("ReduceSum", "d", "r", axes=[1], keepdims=0),
        node("TopK", "r", "v,i", k=1), node("Softmax", "v", "y")], "y,i",
        [tensor("sc", FLOAT, [4], [1, 1, 2, 2])], 9)
    seeds["data"] = model([value("x", [4])], [
        node("Cast", "h", "hf", to=1), node("Cast", "b", "bf", to=1), node("Cast", "i", "if", to=1),
        node("Add", "x,hf", "y"), node("Add", "y,bf", "z"), node("Add", "z,if", "z3")],
        "z3", [tensor("h", FLOAT16, [4], [0x3c00, 0x4000, 0, 0x8000]), tensor("b", BOOL, [4], raw=b"\0\1\0\1"),
               tensor("i", INT32, [4], [1, -2, 3, -4])])
    seeds["external"] = model([value("x", [4])], [node("Add", "x,e", "y")], "y",
                              [tensor("e", FLOAT, [4], external="weights.bin")])
    squares = ["s%d" % i for i in range(40)]
    seeds["squared-dims"] = model([value("x", ["N", "M"])], [
        node("Shape", "x", "t"), node("Gather", "t,zero", "s0"), node("Gather", "t,one", "m")] +
        [node("Mul", "%s,%s" % (a, a), b) for a, b in zip(squares, squares[1:])] + [
        node("Div", "s39,m", "d"), node("Mod", "s39,m", "r"), node("Sub", "s39,m", "b"),
        node("Unsqueeze", "d,axis", "u"), node("Expand", "x,u", "y")], "y,r,b",
        [tensor("zero", INT64, [], [0]), tensor("one", INT64, [], [1]), ints("axis", [0])])
    seeds["signal"] = model([value("x", ["N", "T", 1]), value("z", [2, 5, 2])], [
        node("HannWindow", "four", "w"), node("STFT", "x,two,w", "f"), node("ReduceSumSquare", "f,last", "p", keepdims=0),
        node("MelWeightMatrix", "two,four,rate,lo,hi", "b"), node("MatMul", "p,b", "m"), node("Log", "m", "y"),
        node("DFT", "x,four,mid", "d", onesided=1), node("DFT", "d,four,mid", "e", onesided=1, inverse=1),
        node("DFT", "z,,zero", "g", inverse=1), node("STFT", "z,two,,four", "h", onesided=0),
        node("HammingWindow", "four", "hw", periodic=0), node("BlackmanWindow", "four", "bw", output_datatype=11)],
        "y,e,g,h,hw,bw", [tensor("zero", INT64, [], [0]), tensor("two", INT64, [], [2]), tensor("four", INT64, [], [4]),
                          tensor("mid", INT64, [], [1]), ints("last", [-1]), tensor("rate", INT64, [], [16000]),
                          tensor("lo", FLOAT, [], [100]), tensor("hi", FLOAT, [], [4000])], 20)
    seeds["quantised"] = model([x], [
        node("QuantizeLinear", "x,s,z", "q", axis=1), node("DequantizeLinear", "q,s,z", "d", axis=1),
        node("DynamicQuantizeLinear", "d", "t,ts,tz"), node("ConvInteger", "t,w,tz", "c", pads=[1, 1, 1, 1]),
        node("QLinearConv", "t,ts,tz,w,s,z,ts,tz,b", "u"), node("MatMulInteger", "t,m,tz,", "v"),
        node("QLinearMatMul", "t,ts,tz,m,ts,tz,ts,tz", "n"), node("DequantizeLinear", "k,ks", "e", axis=1, block_size=2)],
        "c,u,v,n,e", [tensor("s", FLOAT, [2], [0.1, 0.2]), tensor("z", UINT8, [2], [3, 128]), tensor("w", UINT8, [2, 2, 3, 3], range(36)),
                      tensor("b", INT32, [2], [5, -5]), tensor("m", UINT8, [6, 2], range(12)), tensor("k", UINT8, [1, 4], [1, 2, 3, 4]),
                      tensor("ks", FLOAT, [1, 2], [0.5, 2])], 21)
    seeds["unsupported"] = model([x], [node("LSTM", "x", "a"), node("If", "a", "b"), node("Nope", "b", "y")], "y")
    return {"onnx/seed-%s.onnx" % k: v for k, v in seeds.items()}


# ---- caffemodel: the layers of fuzz_caffemodel.c ----

def blob(dims, values, old=False):
    if old:
        dims = [1] * (4 - len(dims)) + list(dims)
        return b"".join(number(i + 1, d) for i, d in enumerate(dims)) + chunk(5, floats(values))
    return chunk(7, chunk(1, b"".join(varint(d) for d in dims))) + chunk(5, floats(values))


def caffe_seeds():
    layers = [("conv", "Convolution", 4, [[2, 2, 3, 3], [2]]), ("bn", "BatchNorm", 0, [[2], [2], [1]]),
              ("scale", "Scale", 0, [[2], [2]]), ("prelu", "PReLU", 0, [[2]]),
              ("deconv", "Deconvolution", 39, [[2, 2, 2, 2], [2]]), ("fc", "InnerProduct", 14, [[3, 288], [3]])]

    def count(dims):
        n = 1
        for d in dims:
            n *= d
        return n

    new = chunk(1, "w") + b"".join(
        chunk(100, chunk(1, name) + chunk(2, kind) +
              b"".join(chunk(7, blob(d, ramp(count(d)))) for d in dims)) for name, kind, _, dims in layers)
    old = chunk(1, "w") + b"".join(
        chunk(2, chunk(4, name) + number(5, v1) + b"".join(chunk(6, blob(d, ramp(count(d)), True)) for d in dims))
        for name, _, v1, dims in layers)
    return {"caffemodel/seed-layers.caffemodel": new, "caffemodel/seed-v1.caffemodel": old}


# ---- GraphDef ----

def tf_shape(dims):
    return b"".join(chunk(2, number(1, d)) for d in dims)


def tf_value(value):
    if isinstance(value, bool):
        return number(5, int(value))
    if isinstance(value, int):
        return number(3, value)
    if isinstance(value, float):
        return b"\x25" + struct.pack("<f", value)
    if isinstance(value, str):
        return chunk(2, value)
    if isinstance(value, tuple):  # (field, bytes or number)
        return chunk(*value) if isinstance(value[1], bytes) else number(*value)
    return chunk(1, chunk(3, b"".join(varint(v) for v in value)))


def tf_node(op, name, inputs="", **attributes):
    return (chunk(1, name) + chunk(2, op) + b"".join(chunk(3, i) for i in inputs.split()) +
            b"".join(chunk(5, chunk(1, k) + chunk(2, tf_value(v))) for k, v in attributes.items()))


def tf_const(name, kind, dims, field, data):
    return tf_node("Const", name, value=(8, number(1, kind) + chunk(2, tf_shape(dims)) + chunk(field, data)))


def tf_ints(name, *values):
    return tf_const(name, 3, [len(values)], 4, struct.pack("<%di" % len(values), *values))


TF_TEXT = r"""# every kind of value, and what is left out
node { name: "x" op: "Placeholder" device: "/cpu:0" attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 name: "n" } dim { size: 2 } } } } }
node: < name: 'w', op: 'Const'; attr { key: "value" value { tensor { dtype: DT_FLOAT
  tensor_shape { dim { size: 2 } dim { size: 2 } } tensor_content: "\000\000\200?\x00\n" "\"\t\000\000\000@\377\\\000\001" } } } >
node { name: "h" op: "Const" attr { key: "value" value { tensor { dtype: DT_HALF tensor_shape { dim { size: 2 } }
  half_val: [15872, 46285] } } } }
node { name: "a" op: "Const" attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 1 } }
  int_val: -0x1 version_number: 0 } } } }
node { name: "product" op: "MatMul" input: "x" input: "w" attr { key: "transpose_a" value { b: false } }
  attr { key: "_class" value { list { s: "loc:@x" i: 1 i: -2 f: 1.5e-3 type: DT_HALF b: true shape { unknown_rank: true } } } } }
node { name: "wide" op: "Cast" input: "h" attr { key: "DstT" value { type: 1 } } }
node { name: "sum" op: "AddV2" input: "product" input: "wide" }
node { name: "leaky" op: "LeakyRelu" input: "sum" attr { key: "alpha" value { f: 0.1 } } }
node { name: "call" op: "PartitionedCall" input: "leaky" input: "^a" attr { key: "f" value { func { name: "twice"
  attr { key: "T" value { placeholder: "T" } } } } } }
library { function { signature { name: "twice" input_arg { name: "in" type: DT_FLOAT } output_arg { name: "out" type_attr: "T" }
    is_stateful: true } node_def { name: "s" op: "AddV2" input: "in" input: "in" } ret { key: "out" value: "s:z:0" } }
  gradient { function_name: "twice" } }
versions { producer: 1882 bad_consumers: [1, 2] }
"""


def tf_seeds():
    x = tf_node("Placeholder", "x", dtype=(6, 1), shape=(7, tf_shape([2, 4, 4, 2])))
    conv = dict(strides=[1, 1, 1, 1], padding="SAME", data_format="NHWC")
    weight = tf_const("w", 1, [1, 1, 2, 2], 4, floats([1, 2, 3, 4]))
    image = [x, weight, tf_const("c", 1, [2], 5, floats([1])), tf_node("Conv2D", "conv", "x w", **conv),
             tf_node("BiasAdd", "bias", "conv c"), tf_node("Relu6", "relu", "bias"),
             tf_node("FusedBatchNormV3", "bn", "relu c c c c", epsilon=0.1, is_training=False),
             tf_ints("pads", 0, 0, 1, 1, 1, 1, 0, 0),
             tf_const("pads2", 3, [4, 2], 4, struct.pack("<8i", 0, 0, 1, 1, 1, 1, 0, 0)),
             tf_node("Pad", "pad", "bn pads2"),
             tf_node("DepthwiseConv2dNative", "dw", "pad w", strides=[1, 2, 2, 1], padding="VALID"),
             tf_node("MaxPool", "pool", "dw", ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="VALID"),
             tf_ints("flat", -1, 16), tf_node("Reshape", "reshape", "pool flat"),
             tf_const("v", 1, [16, 2], 5, floats([1])), tf_node("MatMul", "dense", "reshape v"),
             tf_node("Softmax", "soft", "dense")]
    shapes = [x, tf_node("Shape", "shape", "x"), tf_ints("b", 1), tf_ints("e", 2), tf_ints("s", 1),
              tf_node("StridedSlice", "h", "shape b e s", shrink_axis_mask=1),
              tf_const("k", 3, [], 7, varint(32)), tf_node("Pack", "dims", "h k", axis=0),
              tf_ints("m", -1, 32), tf_node("Reshape", "flat", "x m"), tf_node("Transpose", "t", "flat perm"),
              tf_ints("perm", 1, 0), tf_const("one", 3, [], 7, varint(1)),
              tf_node("Split", "split", "one flat", num_split=4), tf_node("AddN", "sum", "split split:1 split:3"),
              tf_node("ConcatV2", "cat", "sum split:2 one"), tf_node("TopKV2", "top", "cat one", sorted=True),
              tf_node("SpaceToDepth", "s2d", "x", block_size=2), tf_ints("size", 3, 5),
              tf_node("ResizeBilinear", "resize", "s2d size", align_corners=True),
              tf_node("ResizeBicubic", "cubic", "resize size", half_pixel_centers=True),
              tf_node("Einsum", "einsum", "cubic resize", equation="abcd,aecd->acbe"),
              tf_node("Mean", "mean", "resize axes", keep_dims=True), tf_ints("axes", 1, 2),
              tf_const("half", 19, [2], 13, b"\x80\x78"), tf_node("Cast", "cast", "half", DstT=(6, 1))]
    body = [tf_node("AddV2", "sum", "in in"), tf_node("Neg", "minus", "sum:z:0")]
    function = (chunk(1, chunk(1, "twice") + chunk(2, chunk(1, "in")) + chunk(3, chunk(1, "out"))) +
                b"".join(chunk(3, n) for n in body) + chunk(4, chunk(1, "out") + chunk(2, "minus:y:0")))
    call = [x, tf_node("PartitionedCall", "call", "x", f=(10, chunk(1, "twice")))]
    loop = [x, tf_node("Enter", "enter", "x"), tf_node("Merge", "merge", "enter next"),
            tf_node("NextIteration", "next", "merge"), tf_node("Exit", "exit", "merge"),
            tf_node("VariableV2", "variable"), tf_node("Mul", "y", "variable exit")]
    graphs = {"image": image, "shapes": shapes, "call": call, "loop": loop}
    files = {f"graphdef/seed-{k}.pb": b"".join(chunk(1, n) for n in v) for k, v in graphs.items()}
    files["graphdef/seed-call.pb"] += chunk(2, chunk(1, function))
    files["graphdef/seed-text.pbtxt"] = TF_TEXT.encode()
    return files


def main():
    for name, data in {**onnx_seeds(), **caffe_seeds(), **tf_seeds()}.items():
        path = os.path.join(CORPUS, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
