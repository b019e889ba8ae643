# SPDX-License-Identifier: Apache-2.0
"""Writes the UFF files of this folder as NVIDIA's converter wrote them, with what TensorFlow computes.

    python tests/import/uff/make-uff.py [FOLDER]

Needs tensorflow and numpy. The encoder below knows protobuf's wire format and the published field
numbers, and nothing of Solder's own writer. Per case: NAME.uff, NAME.x.npy and NAME.y0.npy, y1 ...;
NAME.pbtxt where the text form is tested.
"""
import os
import pathlib
import struct
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(11)
SPECIAL, INCREMENT, DECREMENT = -1, 2**31 - 1, -(2**31)
DTYPES = {"int8": 0x10008, "int16": 0x10010, "int32": 0x10020, "int64": 0x10040, "float16": 0x20010,
          "float32": 0x20020}
# Axes in a format's own order: batch (or K) 0, channels 1, space from 2 up.
ORDERS = {"N+C": [0, 2, INCREMENT, 1], "NC+": [0, 1, 2, INCREMENT], "+CK": [2, INCREMENT, 1, 0],
          "+KC": [2, INCREMENT, 0, 1], "KC+": [0, 1, 2, INCREMENT], "NC": [0, 1], "CN": [1, 0],
          "CK": [1, 0], "KC": [0, 1], "N-C": [0, DECREMENT, 2, 1], "-CK": [DECREMENT, 2, 1, 0]}


def noise(*shape, scale=0.5):
    return (rng.standard_normal(shape) * scale).astype(np.float32)


# ---- wire format ----

def varint(value):
    value &= 2**64 - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def integer(field, value):
    return varint(field << 3) + varint(value)


def block(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def packed(values):
    return block(1, b"".join(varint(v) for v in values)) if values else b""


class Ref(str):
    pass


def data(value):
    """A Data message: the field that fits the Python type."""
    if isinstance(value, Ref):
        return block(100, value)
    if isinstance(value, str):
        return block(1, value)
    if isinstance(value, bool):
        return integer(5, int(value))
    if isinstance(value, int):
        return integer(7, value)
    if isinstance(value, float):
        return varint(3 << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, bytes):
        return block(9, value)
    if isinstance(value, np.dtype):
        return integer(101, DTYPES[value.name])
    return block(8, packed(value))


def entry(field, key, value):
    return block(field, block(1, key) + block(2, value))


class Uff:
    def __init__(self):
        self.nodes, self.text_nodes, self.references, self.text_references = b"", "", {}, ""

    def node(self, op, name, inputs="", **fields):
        inputs = inputs.split()
        body = block(1, name) + b"".join(block(2, i) for i in inputs) + block(3, op)
        for key, value in fields.items():
            if value is not None:
                body += entry(4, key, data(value))
        self.nodes += block(2, body)
        self.text_nodes += text_node(op, name, inputs, fields)

    def input(self, name, shape):
        self.node("Input", name, shape=shape, dtype=np.dtype("float32"))

    def const(self, name, array):
        array = np.asarray(array)
        self.references["weights_" + name] = data(array.tobytes())
        self.text_references += text_entry("referenced_data", "weights_" + name, array.tobytes(), 0)
        self.node("Const", name, values=Ref("weights_" + name), dtype=array.dtype, shape=list(array.shape))
        return array

    def orders(self, *formats):
        key = "orders_" + "_".join(formats)
        lists = b"".join(block(1, block(1, integer(1, SPECIAL) + block(2, packed(ORDERS[f])))) for f in formats)
        if key not in self.references:
            self.text_references += text_orders(key, [ORDERS[f] for f in formats])
        self.references[key] = block(104, lists)
        return Ref(key)

    def outputs(self, *names):
        for i, name in enumerate(names):
            self.node("MarkOutput", f"MarkOutput_{i}", name)

    def binary(self):
        extension = block(1, "tensorflow_extension") + integer(2, 1)
        custom = block(1, "custom") + integer(2, 1)
        out = integer(1, 1) + integer(2, 1) + block(3, extension) + block(3, custom)
        out += block(4, block(1, "main") + self.nodes)
        return out + b"".join(entry(5, k, v) for k, v in self.references.items())

    def text(self):
        return ('version: 1\ndescriptor_core_version: 1\ndescriptors {\n  id: "tensorflow_extension"\n'
                '  version: 1\n}\ngraphs {\n  id: "main"\n' + self.text_nodes + "}\n" + self.text_references)


# ---- text form, as protobuf prints it ----

def quoted(value):
    out = ""
    for b in value.encode() if isinstance(value, str) else value:
        special = {10: "\\n", 13: "\\r", 9: "\\t", 34: '\\"', 39: "\\'", 92: "\\\\"}
        out += special.get(b) or (chr(b) if 32 <= b < 127 else f"\\{b:03o}")
    return f'"{out}"'


def text_data(value, pad):
    if isinstance(value, Ref):
        return f"{pad}ref: {quoted(value)}\n"
    if isinstance(value, str):
        return f"{pad}s: {quoted(value)}\n"
    if isinstance(value, bool):
        return f"{pad}b: {str(value).lower()}\n"
    if isinstance(value, int):
        return f"{pad}i: {value}\n"
    if isinstance(value, float):
        return f"{pad}d: {value!r}\n"
    if isinstance(value, bytes):
        return f"{pad}blob: {quoted(value)}\n"
    if isinstance(value, np.dtype):
        return f"{pad}dtype: DT_{value.name.upper()}\n"
    return f"{pad}i_list {{\n" + "".join(f"{pad}  val: {v}\n" for v in value) + f"{pad}}}\n"


def text_entry(field, key, value, depth):
    pad = "  " * depth
    return (f"{pad}{field} {{\n{pad}  key: {quoted(key)}\n{pad}  value {{\n" + text_data(value, pad + "    ") +
            f"{pad}  }}\n{pad}}}\n")


def text_node(op, name, inputs, fields):
    out = f"  nodes {{\n    id: {quoted(name)}\n" + "".join(f"    inputs: {quoted(i)}\n" for i in inputs)
    out += f"    operation: {quoted(op)}\n"
    return out + "".join(text_entry("fields", k, v, 2) for k, v in fields.items() if v is not None) + "  }\n"


def text_orders(key, lists):
    out = f'referenced_data {{\n  key: "{key}"\n  value {{\n    dim_orders_list {{\n'
    for values in lists:
        out += "      val {\n        orders {\n          key: -1\n          value {\n"
        out += "".join(f"            val: {v}\n" for v in values) + "          }\n        }\n      }\n"
    return out + "    }\n  }\n}\n"


# ---- cases ----

def lenet(g, x):
    """Bias as Binary, a Pad that became padding, Reshape in a flatten scope, Softmax with axis 0."""
    g.input("x", [-1, 8, 8, 2])
    w1, b1 = g.const("conv1/kernel", noise(3, 3, 2, 4)), g.const("conv1/bias", noise(4))
    g.node("Conv", "conv1/Conv2D", "x conv1/kernel", strides=[1, 1], implicit_padding="same",
           inputs_orders=g.orders("N+C", "+CK"))
    g.node("Binary", "conv1/BiasAdd", "conv1/Conv2D conv1/bias", func="add")
    g.node("Activation", "conv1/Relu", "conv1/BiasAdd", func="relu")
    g.node("Pool", "pool1", "conv1/Relu", func="max", kernel=[2, 2], strides=[2, 2], inputs_orders=g.orders("N+C"))
    w2 = g.const("conv2/kernel", noise(3, 3, 4, 4))
    g.node("Conv", "conv2/Conv2D", "pool1 conv2/kernel", strides=[1, 1], dilation=[1, 1], padding=[1, 1],
           inputs_orders=g.orders("N+C", "+CK"))
    gamma, beta, mean = (g.const("bn/" + n, noise(4)) for n in ("gamma", "beta", "mean"))
    variance = g.const("bn/variance", np.abs(noise(4)))
    g.node("BatchNorm", "bn/FusedBatchNorm", "conv2/Conv2D bn/gamma bn/beta bn/mean bn/variance", epsilon=1e-3,
           inputs_orders=g.orders("N+C"))
    g.node("Flatten", "flatten/Reshape", "bn/FusedBatchNorm")
    w3, b3 = g.const("dense/kernel", noise(64, 5)), g.const("dense/bias", noise(5))
    g.node("FullyConnected", "dense/MatMul", "flatten/Reshape dense/kernel", inputs_orders=g.orders("NC", "CK"))
    g.node("Binary", "dense/BiasAdd", "dense/MatMul dense/bias", func="add")
    g.node("Softmax", "dense/Softmax", "dense/BiasAdd", axis=0, inputs_orders=g.orders("N+C"))
    g.outputs("dense/Softmax")
    y = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, w1, 1, "SAME") + b1), 2, 2, "VALID")
    y = tf.nn.conv2d(tf.pad(y, [[0, 0], [1, 1], [1, 1], [0, 0]]), w2, 1, "VALID")
    y = tf.raw_ops.FusedBatchNorm(x=y, scale=gamma, offset=beta, mean=mean, variance=variance, epsilon=1e-3,
                                  is_training=False).y
    return [tf.nn.softmax(tf.reshape(y, [-1, 64]) @ w3 + b3)]


def mobile(g, x):
    """Depthwise by number_groups, relu6, Reduce with keepdims false and true, a transposed product."""
    g.input("x", [-1, 6, 7, 4])
    d, p = g.const("dw", noise(3, 3, 4, 2)), g.const("pw", noise(1, 1, 8, 6))
    g.node("Conv", "depthwise", "x dw", strides=[2, 2], implicit_padding="same", number_groups=4,
           inputs_orders=g.orders("N+C", "+CK"))
    g.node("Activation", "relu6", "depthwise", func="relu6")
    g.node("Conv", "pointwise", "relu6 pw", strides=[1, 1], implicit_padding="same", inputs_orders=g.orders("N+C", "+CK"))
    g.node("Reduce", "mean", "pointwise", func="mean", axes=[1, 2], keepdims=False)
    g.node("Reduce", "max", "pointwise", func="max", axes=[1, 2], keepdims=True)
    w = g.const("fc/kernel", noise(5, 6))
    g.node("FullyConnected", "fc", "mean fc/kernel", inputs_orders=g.orders("NC", "KC"))
    g.node("FullyConnected", "fc_of_image", "max fc/kernel", inputs_orders=g.orders("NC", "KC"))
    g.outputs("fc", "fc_of_image")
    y = tf.nn.relu6(tf.nn.depthwise_conv2d(x, d, [1, 2, 2, 1], "SAME"))
    y = tf.nn.conv2d(y, p, 1, "SAME")
    return [tf.reduce_mean(y, [1, 2]) @ w.T, tf.reduce_max(y, [1, 2]) @ w.T]


def deconv(g, x):
    """ConvTranspose with both paddings; the shape with and without batch and channels."""
    g.input("x", [2, 3, 4, 3])
    w = g.const("w", noise(3, 3, 5, 3))
    g.const("shape", np.int32([2, 6, 8, 5]))
    g.node("ConvTranspose", "same", "x w shape", strides=[2, 2], implicit_padding="same",
           inputs_orders=g.orders("N+C", "+KC"))
    g.const("space", np.int32([7, 9]))
    g.node("ConvTranspose", "valid", "x w space", strides=[2, 2], inputs_orders=g.orders("N+C", "+KC"))
    g.outputs("same", "valid")
    return [tf.nn.conv2d_transpose(x, w, [2, 6, 8, 5], 2, "SAME"), tf.nn.conv2d_transpose(x, w, [2, 7, 9, 5], 2, "VALID")]


def nchw(g, x):
    """A graph with channels first: bias laid along them, pooling, Softmax over the channels."""
    g.input("x", [-1, 3, 5, 6])
    w, b = g.const("w", noise(3, 3, 3, 4)), noise(4)
    g.const("b", b.reshape(-1, 1, 1))
    g.node("Conv", "conv", "x w", strides=[1, 1], dilation=[1, 1], implicit_padding="same",
           inputs_orders=g.orders("NC+", "+CK"))
    g.node("Binary", "bias", "conv b", func="add")
    g.node("Pool", "pool", "bias", func="avg", kernel=[2, 3], strides=[1, 2], inputs_orders=g.orders("NC+"))
    g.node("Softmax", "soft", "pool", axis=0, inputs_orders=g.orders("NC+"))
    g.node("LRN", "lrn", "pool", window_size=1, alpha=0.5, beta=0.75, k=2.0, inputs_orders=g.orders("NC+"))
    g.outputs("soft", "lrn")
    y = tf.nn.bias_add(tf.nn.conv2d(tf.transpose(x, [0, 2, 3, 1]), w, 1, "SAME"), b)
    y = tf.nn.avg_pool2d(y, [2, 3], [1, 2], "VALID")
    return [tf.transpose(t, [0, 3, 1, 2]) for t in (tf.nn.softmax(y), tf.nn.lrn(y, 1, 2.0, 0.5, 0.75))]


def orders(g, x):
    """Orders that are no TensorFlow layout: filters K first, space counted down."""
    g.input("x", [1, 5, 4, 2])
    w = noise(3, 2, 2, 4)
    g.const("k_first", w.transpose(3, 2, 0, 1))
    g.node("Conv", "conv", "x k_first", strides=[1, 1], inputs_orders=g.orders("N+C", "KC+"))
    g.const("backward", w.transpose(1, 0, 2, 3))
    g.node("Transpose", "turned", "x", permutation=[0, 2, 1, 3])
    g.node("Conv", "down", "turned backward", strides=[1, 1], inputs_orders=g.orders("N-C", "-CK"))
    a = g.const("a", noise(2, 3))
    b = g.const("b", noise(2, 4))
    g.node("FullyConnected", "product", "a b", inputs_orders=g.orders("CN", "CK"))
    g.outputs("conv", "down", "product")
    y = tf.nn.conv2d(x, w, 1, "VALID")
    return [y, tf.transpose(y, [0, 2, 1, 3]), a.T @ b]


def pooled(g, x):
    """Padding of a Pool came from a Pad; LRN with the converter's NC+ on NHWC; a dilated filter."""
    g.input("x", [1, 6, 6, 3])
    g.node("Pool", "max", "x", func="max", kernel=[3, 3], strides=[2, 2], padding=[1, 1], inputs_orders=g.orders("N+C"))
    g.node("Pool", "average", "x", func="avg", kernel=[3, 3], strides=[2, 2], padding=[1, 1],
           inputs_orders=g.orders("N+C"))
    g.node("Pool", "same", "x", func="avg", kernel=[3, 3], strides=[2, 2], implicit_padding="same",
           inputs_orders=g.orders("N+C"))
    g.node("LRN", "lrn", "x", window_size=2, alpha=0.25, beta=0.5, k=1.5, inputs_orders=g.orders("NC+"))
    w = g.const("w", noise(3, 3, 3, 2))
    g.node("Conv", "dilated", "x w", strides=[1, 1], dilation=[2, 2], padding=[2, 2],
           inputs_orders=g.orders("N+C", "+CK"))
    g.outputs("max", "average", "same", "lrn", "dilated")
    p = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    return [tf.nn.max_pool2d(p, 3, 2, "VALID"), tf.nn.avg_pool2d(p, 3, 2, "VALID"), tf.nn.avg_pool2d(x, 3, 2, "SAME"),
            tf.nn.lrn(x, 2, 1.5, 0.25, 0.5), tf.nn.conv2d(x, w, 1, "SAME", dilations=2)]


UNARY = {"neg": tf.negative, "exp": tf.exp, "log": tf.math.log, "abs": tf.abs, "sqrt": tf.sqrt,
         "rsqrt": tf.math.rsqrt, "square": tf.square, "sin": tf.sin, "cos": tf.cos, "tan": tf.tan, "sinh": tf.sinh,
         "cosh": tf.cosh, "asin": tf.asin, "acos": tf.acos, "atan": tf.atan, "asinh": tf.asinh, "acosh": tf.acosh,
         "atanh": tf.atanh, "ceil": tf.math.ceil, "floor": tf.floor}
BINARY = {"min": tf.minimum, "max": tf.maximum, "mul": tf.multiply, "sub": tf.subtract, "div": tf.divide,
          "add": tf.add, "pow": tf.pow}
ACTIVATION = {"relu": tf.nn.relu, "relu6": tf.nn.relu6, "sigmoid": tf.sigmoid, "tanh": tf.tanh, "elu": tf.nn.elu,
              "selu": tf.nn.selu, "softsign": tf.nn.softsign, "softplus": tf.nn.softplus}
REDUCE = {"sum": tf.reduce_sum, "prod": tf.reduce_prod, "max": tf.reduce_max, "min": tf.reduce_min,
          "mean": tf.reduce_mean}


def functions(g, x):
    """Every function of Unary, Binary, Activation and Reduce; a Unary pow that kept its exponent."""
    g.input("x", [2, 3])
    g.const("half", np.float32(0.5))
    expected = []
    g.node("Unary", "positive", "x", func="abs")
    g.node("Activation", "unit", "positive", func="sigmoid")
    unit = tf.sigmoid(tf.abs(x))
    for name, function in UNARY.items():
        source, t = ("positive", tf.abs(x) + 1) if name == "acosh" else ("unit", unit)
        if name == "acosh":
            g.const("one", np.float32(1))
            g.node("Binary", "above_one", "positive one", func="add")
            source = "above_one"
        g.node("Unary", "unary_" + name, source, func=name)
        expected.append(("unary_" + name, function(t)))
    for name, function in BINARY.items():
        g.node("Binary", "binary_" + name, "unit half", func=name)
        expected.append(("binary_" + name, function(unit, 0.5)))
    g.node("Unary", "unary_pow", "unit half", func="pow")
    expected.append(("unary_pow", tf.pow(unit, 0.5)))
    for name, function in ACTIVATION.items():
        g.node("Activation", "activation_" + name, "x", func=name)
        expected.append(("activation_" + name, function(x)))
    for name, function in REDUCE.items():
        g.node("Reduce", "reduce_" + name, "x", func=name, axes=[-1])
        expected.append(("reduce_" + name, tf.broadcast_to(function(x, -1, keepdims=True), [2, 3])))
        g.node("Binary", "wide_" + name, "reduce_" + name + " zeros", func="add")
    g.const("zeros", np.zeros([2, 3], np.float32))
    names = [n.replace("reduce_", "wide_") for n, _ in expected]
    g.node("Stack", "all", " ".join(names), axis=0)
    g.outputs("all")
    return [tf.stack([t for _, t in expected])]


def shapes(g, x):
    """What moves elements around; indices and shapes as int32 constants."""
    g.input("x", [2, 3, 1, 4])
    g.node("Squeeze", "squeezed", "x", axes=[2])
    g.node("ExpandDims", "expanded", "squeezed", axis=1)
    g.node("Transpose", "transposed", "squeezed", permutation=[2, 0, 1])
    g.node("Concat", "joined", "squeezed squeezed", axis=-1)
    g.node("Shape", "shape", "transposed")
    g.node("Reshape", "reshaped", "squeezed shape")
    for name, values in (("begin", [0, 1, 0]), ("end", [0, 3, -1]), ("strides", [1, 1, 2])):
        g.const(name, np.int32(values))
    g.node("StridedSlice", "sliced", "squeezed begin end strides", begin_mask=1, end_mask=1, shrink_axis_mask=0)
    g.node("StridedSlice", "shrunk", "squeezed begin end strides", begin_mask=0, end_mask=0, shrink_axis_mask=3)
    g.const("pads", np.int32([[0, 0], [1, 0], [0, 2]]))
    g.node("Pad", "padded", "squeezed pads")
    g.const("indices", np.int32([1, 0, 1]))
    g.node("Gather", "gathered", "squeezed indices", indices_dtype=np.dtype("int32"), params_dtype=np.dtype("float32"),
           validate_indices=True)
    g.node("GatherV2", "gathered2", "squeezed indices", axis=2, indices_dtype=np.dtype("int32"),
           params_dtype=np.dtype("float32"))
    g.node("Stack", "stacked", "squeezed squeezed", axis=3)
    g.node("ArgMax", "largest", "squeezed", axis=2)
    g.node("ArgMin", "smallest", "squeezed", axis=0)
    g.node("Softmax", "soft", "squeezed", axis=1, inputs_orders=g.orders("N+C"))
    g.node("Identity", "same", "expanded")
    g.node("Flatten", "flat", "x")
    g.outputs("transposed", "joined", "reshaped", "sliced", "shrunk", "padded", "gathered", "gathered2", "stacked",
              "largest", "smallest", "soft", "same", "flat")
    s = x[:, :, 0]
    return [tf.transpose(s, [2, 0, 1]), tf.concat([s, s], -1), tf.reshape(s, [4, 2, 3]), s[:, 1:3, 0:-1:2], s[0, 1, 0:-1:2],
            tf.pad(s, [[0, 0], [1, 0], [0, 2]]), tf.gather(s, [1, 0, 1]), tf.gather(s, [1, 0, 1], axis=2),
            tf.stack([s, s], 3), tf.argmax(s, 2), tf.argmin(s, 0), tf.nn.softmax(s, 1), s[:, None],
            tf.reshape(x, [2, -1])]


def custom(g, x):
    """Operators the format has no word for, as the converter under Python 3 wrote them: strings in b''."""
    f32, i32 = np.dtype("float32"), np.dtype("int32")
    g.input("x", [1, 3, 4, 2])
    g.node("_LeakyRelu", "leaky", "x", alpha=0.25, T=f32)
    g.const("size", np.int32([6, 8]))
    g.node("_ResizeBilinear", "larger", "leaky size", align_corners=False, half_pixel_centers=True, T=f32)
    scale, offset, mean = (g.const(n, noise(2)) for n in ("scale", "offset", "mean"))
    variance = g.const("variance", np.abs(noise(2)))
    g.node("_FusedBatchNormV3", "bn", "larger scale offset mean variance", T=f32, U=f32, data_format="b'NHWC'",
           epsilon=0.001, exponential_avg_factor=1.0, is_training=False)
    g.node("_Cast", "cast", "bn", SrcT=f32, DstT=i32, Truncate=False)
    g.node("_AddV2", "sum", "cast cast", T=i32)
    g.outputs("bn", "sum")
    y = tf.image.resize(tf.nn.leaky_relu(x, 0.25), [6, 8])
    y = tf.raw_ops.FusedBatchNormV3(x=y, scale=scale, offset=offset, mean=mean, variance=variance, epsilon=1e-3,
                                    is_training=False).y
    return [y, 2 * tf.cast(y, tf.int32)]


CASES = {lenet: (2, 8, 8, 2), mobile: (2, 6, 7, 4), deconv: (2, 3, 4, 3), nchw: (2, 3, 5, 6), orders: (1, 5, 4, 2),
         pooled: (1, 6, 6, 3), functions: (2, 3), shapes: (2, 3, 1, 4), custom: (1, 3, 4, 2)}


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    for case, shape in CASES.items():
        g, x, name = Uff(), noise(*shape, scale=1), case.__name__
        expected = case(g, x)
        (folder / f"{name}.uff").write_bytes(g.binary())
        if case is lenet:
            (folder / f"{name}.pbtxt").write_text(g.text())
        np.save(folder / f"{name}.x.npy", x)
        for i, y in enumerate(expected):
            np.save(folder / f"{name}.y{i}.npy", np.asarray(y).astype(np.float32))


main()
