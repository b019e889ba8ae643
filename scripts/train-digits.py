#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the digit classifier the project ships and writes it as Caffe, ONNX and TensorFlow.

Data: the 1797 scanned digits bundled with scikit-learn (8 x 8 pixels, 0..16), a test subset of the
UCI "Optical Recognition of Handwritten Digits" set. 1497 train, the last 300 (other writers) test.

    pip install numpy scikit-learn pillow
    python3 scripts/train-digits.py models/digits
    python3 scripts/train-digits.py models/digits --again      # no training: from digits.caffemodel
    build/solder convert models/digits/digits-tf1.pb -o models/digits/digits.uff

The network is LeNet-like: conv 16, conv 32, pool, conv 64, pool, 128, 10. The run is seeded; numpy
versions may still differ in the last bits.
"""
import os
import sys

import numpy as np

from protobuf_wire import field, varint

LAYERS = [("conv1", 1, 16), ("conv2", 16, 32), ("conv3", 32, 64)]
EPOCHS, BATCH, RATE = 60, 32, 0.02


def im2col(x):
    n, c, h, w = x.shape
    p = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    cols = np.empty((n, c, 3, 3, h, w), x.dtype)
    for i in range(3):
        for j in range(3):
            cols[:, :, i, j] = p[:, :, i:i + h, j:j + w]
    return cols.reshape(n, c * 9, h * w)


def col2im(cols, shape):
    n, c, h, w = shape
    cols = cols.reshape(n, c, 3, 3, h, w)
    p = np.zeros((n, c, h + 2, w + 2), cols.dtype)
    for i in range(3):
        for j in range(3):
            p[:, :, i:i + h, j:j + w] += cols[:, :, i, j]
    return p[:, :, 1:-1, 1:-1]


class Net:
    def __init__(self, rng):
        self.p = {}
        for name, cin, cout in LAYERS:
            self.p[name + "_w"] = rng.normal(0, np.sqrt(2 / (cin * 9)), (cout, cin, 3, 3))
            self.p[name + "_b"] = np.zeros(cout)
        self.p["fc1_w"] = rng.normal(0, np.sqrt(2 / 256), (128, 256))
        self.p["fc1_b"] = np.zeros(128)
        self.p["fc2_w"] = rng.normal(0, np.sqrt(1 / 128), (10, 128))
        self.p["fc2_b"] = np.zeros(10)
        self.p = {k: v.astype(np.float32) for k, v in self.p.items()}
        self.v = {k: np.zeros_like(v) for k, v in self.p.items()}

    def conv(self, name, x):
        w = self.p[name + "_w"]
        cols = im2col(x)
        y = np.einsum("ok,nkp->nop", w.reshape(len(w), -1), cols, optimize=True)
        y = y.reshape(len(x), len(w), *x.shape[2:]) + self.p[name + "_b"][None, :, None, None]
        self.save.append((name, cols, x.shape, y > 0))
        return np.maximum(y, 0)

    def pool(self, x):
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(
            n, c, h // 2, w // 2, 4)
        arg = blocks.argmax(-1)
        self.save.append(("pool", arg, x.shape, None))
        return blocks.max(-1)

    def forward(self, x, rng=None):
        self.save = []
        x = self.pool(self.conv("conv2", self.conv("conv1", x)))
        x = self.pool(self.conv("conv3", x))
        self.flat = x.reshape(len(x), -1)
        self.hidden = np.maximum(self.flat @ self.p["fc1_w"].T + self.p["fc1_b"], 0)
        self.drop = np.ones_like(self.hidden) if rng is None else (
            (rng.random(self.hidden.shape) < 0.6) / 0.6).astype(np.float32)
        self.hidden = self.hidden * self.drop
        return self.hidden @ self.p["fc2_w"].T + self.p["fc2_b"]

    def backward(self, d):
        g = {"fc2_w": d.T @ self.hidden, "fc2_b": d.sum(0)}
        d = (d @ self.p["fc2_w"]) * self.drop * (self.hidden > 0)
        g["fc1_w"], g["fc1_b"] = d.T @ self.flat, d.sum(0)
        d = d @ self.p["fc1_w"]
        for name, a, shape, mask in reversed(self.save):
            if name == "pool":
                n, c, h, w = shape
                blocks = np.zeros((n, c, h // 2, w // 2, 4), np.float32)
                np.put_along_axis(blocks, a[..., None], d.reshape(a.shape)[..., None], -1)
                d = blocks.reshape(n, c, h // 2, w // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(
                    shape)
                continue
            w = self.p[name + "_w"]
            d = (d * mask).reshape(shape[0], len(w), -1)
            g[name + "_w"] = np.einsum("nop,nkp->ok", d, a, optimize=True).reshape(w.shape)
            g[name + "_b"] = d.sum((0, 2))
            cols = np.einsum("ok,nop->nkp", w.reshape(len(w), -1), d, optimize=True)
            d = col2im(cols, shape)
        return g

    def step(self, g, rate):
        for k in self.p:
            grad = g[k].astype(np.float32) + 5e-4 * self.p[k]
            self.v[k] = 0.9 * self.v[k] - rate * grad
            self.p[k] += self.v[k]


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def train(x, t, rng):
    net = Net(rng)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        for start in range(0, len(x), BATCH):
            pick = order[start:start + BATCH]
            batch = x[pick]
            dy, dx = rng.integers(-1, 2, 2)
            batch = np.roll(np.pad(batch, ((0, 0), (0, 0), (1, 1), (1, 1))), (dy, dx), (2, 3))
            batch = batch[:, :, 1:-1, 1:-1]
            d = softmax(net.forward(batch, rng))
            d[np.arange(len(pick)), t[pick]] -= 1
            net.step(net.backward((d / len(pick)).astype(np.float32)), rate)
    return net


# ---- writing ----

def caffe_blob(array):
    shape = b"".join(varint(d) for d in array.shape)
    return field(7, field(1, shape)) + field(5, array.astype("<f4").tobytes())


def write_caffe(folder, p):
    text = ['name: "digits"', 'layer { name: "data" type: "Input" top: "data"',
            '  input_param { shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }']

    def layer(name, kind, bottom, top, extra=""):
        text.append(f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{top}"{extra} }}')

    bottom = "data"
    for name, _, cout in LAYERS:
        layer(name, "Convolution", bottom, name,
              f"\n  convolution_param {{ num_output: {cout} kernel_size: 3 pad: 1 }}")
        layer("relu_" + name, "ReLU", name, name)
        bottom = name
        if name in ("conv2", "conv3"):
            bottom = "pool_" + name
            layer(bottom, "Pooling", name, bottom,
                  "\n  pooling_param { pool: MAX kernel_size: 2 stride: 2 }")
    layer("fc1", "InnerProduct", bottom, "fc1", "\n  inner_product_param { num_output: 128 }")
    layer("relu_fc1", "ReLU", "fc1", "fc1")
    layer("drop_fc1", "Dropout", "fc1", "fc1", "\n  dropout_param { dropout_ratio: 0.4 }")
    layer("fc2", "InnerProduct", "fc1", "fc2", "\n  inner_product_param { num_output: 10 }")
    layer("prob", "Softmax", "fc2", "prob")
    with open(os.path.join(folder, "digits.prototxt"), "w") as f:
        f.write("\n".join(text) + "\n")
    model = field(1, "digits")
    for name in ["conv1", "conv2", "conv3", "fc1", "fc2"]:
        kind = "Convolution" if name.startswith("conv") else "InnerProduct"
        blobs = field(7, caffe_blob(p[name + "_w"])) + field(7, caffe_blob(p[name + "_b"]))
        model += field(100, field(1, name) + field(2, kind) + blobs)
    with open(os.path.join(folder, "digits.caffemodel"), "wb") as f:
        f.write(model)


def onnx_attr(name, value):
    if isinstance(value, list):
        return field(5, field(1, name) + b"".join(field(8, v) for v in value) + field(20, 7))
    return field(5, field(1, name) + field(3, value) + field(20, 2))


def onnx_node(op, inputs, output, *attrs):
    body = b"".join(field(1, i) for i in inputs) + field(2, output) + field(3, output)
    return field(1, body + field(4, op) + b"".join(attrs))


def onnx_value(number, name, dims):
    shape = b"".join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims)
    return field(number, field(1, name) + field(2, field(1, field(1, 1) + field(2, shape))))


def write_onnx(folder, p):
    graph, bottom = b"", "data"
    for name, _, _ in LAYERS:
        graph += onnx_node("Conv", [bottom, name + "_w", name + "_b"], name,
                           onnx_attr("kernel_shape", [3, 3]), onnx_attr("pads", [1, 1, 1, 1]))
        graph += onnx_node("Relu", [name], name + "_relu")
        bottom = name + "_relu"
        if name in ("conv2", "conv3"):
            graph += onnx_node("MaxPool", [bottom], "pool_" + name,
                               onnx_attr("kernel_shape", [2, 2]), onnx_attr("strides", [2, 2]))
            bottom = "pool_" + name
    graph += onnx_node("Flatten", [bottom], "flat")
    graph += onnx_node("Gemm", ["flat", "fc1_w", "fc1_b"], "fc1", onnx_attr("transB", 1))
    graph += onnx_node("Relu", ["fc1"], "fc1_relu")
    graph += onnx_node("Gemm", ["fc1_relu", "fc2_w", "fc2_b"], "fc2", onnx_attr("transB", 1))
    graph += onnx_node("Softmax", ["fc2"], "prob", onnx_attr("axis", 1))
    graph += field(2, "digits")
    for name, array in p.items():
        tensor = b"".join(field(1, d) for d in array.shape) + field(2, 1) + field(8, name)
        graph += field(5, tensor + field(9, array.astype("<f4").tobytes()))
    graph += onnx_value(11, "data", ["N", 1, 8, 8]) + onnx_value(12, "prob", ["N", 10])
    model = field(1, 8) + field(2, "solder") + field(8, field(1, "") + field(2, 13))
    with open(os.path.join(folder, "digits.onnx"), "wb") as f:
        f.write(model + field(7, graph))


def write_weights(folder, p):
    """For each weight a line "name rank dims" and its floats: what samples/network_api reads."""
    with open(os.path.join(folder, "digits.weights"), "wb") as f:
        for name, array in p.items():
            dims = " ".join(str(d) for d in (array.ndim, *array.shape))
            f.write(f"{name} {dims}\n".encode() + array.astype("<f4").tobytes())


# ---- TensorFlow: frozen graphs in the two styles there are ----

FLOAT, INT32 = 1, 3


def tf_attr(name, value):
    return field(5, field(1, name) + field(2, value))


def tf_type(name, value):
    return tf_attr(name, field(6, value))


def tf_text(name, text):
    return tf_attr(name, field(2, text))


def tf_list(name, values):
    return tf_attr(name, field(1, field(3, b"".join(varint(v) for v in values)) if values else b""))


def tf_shape(dims):
    return b"".join(field(2, field(1, d)) for d in dims)


def tf_node(op, name, inputs, *attrs):
    return field(1, field(1, name) + field(2, op) + b"".join(field(3, i) for i in inputs) + b"".join(attrs))


def tf_const(name, array):
    kind = FLOAT if array.dtype == np.float32 else INT32
    tensor = field(1, kind) + field(2, tf_shape(array.shape)) + field(4, array.tobytes())
    return tf_node("Const", name, [], tf_type("dtype", kind), tf_attr("value", field(8, tensor)))


def tf_weights(p):
    """Filters [h, w, in, out], the rows of fc1 in the order of [h, w, c]."""
    w = {k: v.transpose(2, 3, 1, 0) if v.ndim == 4 else v for k, v in p.items()}
    w["fc1_w"] = p["fc1_w"].reshape(128, 64, 2, 2).transpose(2, 3, 1, 0).reshape(256, 128)
    w["fc2_w"] = p["fc2_w"].T
    return {k: np.ascontiguousarray(v, "<f4") for k, v in w.items()}


def tf_window(kind, name, inputs, size=None):
    stride = size or 1
    attrs = [tf_type("T", FLOAT), tf_text("data_format", "NHWC"), tf_text("padding", "VALID" if size else "SAME"),
             tf_list("strides", [1, stride, stride, 1])]
    attrs += [tf_list("ksize", [1, size, size, 1])] if size else [tf_list("dilations", [1, 1, 1, 1])]
    if kind == "Conv2D":
        attrs += [tf_list("explicit_paddings", []), tf_attr("use_cudnn_on_gpu", field(5, 1))]
    return tf_node(kind, name, inputs, *attrs)


def tf_graph(p, style):
    """style(layer, weight): name of a constant, of the identity that reads it, of the layer's last node."""
    w, t, bottom = tf_weights(p), tf_type("T", FLOAT), "data"
    graph = tf_node("Placeholder", "data", [], tf_type("dtype", FLOAT), tf_attr("shape", field(7, tf_shape([-1, 8, 8, 1]))))

    def read(key):
        const, identity = style["weight"](key)
        return tf_const(const, w[key]) + tf_node("Identity", identity, [const], t), identity

    def bias_relu(layer, product, last):
        nodes, bias = read(layer + "_b")
        add = style["scope"](layer) + "/BiasAdd"
        nodes += tf_node("BiasAdd", add, [product, bias], t, tf_text("data_format", "NHWC"))
        return nodes + tf_node(last, style["scope"](layer) + "/" + last, [add], t), style["scope"](layer) + "/" + last

    for name, _, _ in LAYERS:
        nodes, filters = read(name + "_w")
        conv = style["scope"](name) + "/Conv2D"
        graph += nodes + tf_window("Conv2D", conv, [bottom, filters])
        nodes, bottom = bias_relu(name, conv, "Relu")
        graph += nodes
        if name in ("conv2", "conv3"):
            pool = style["scope"]("pool_" + name) + "/MaxPool"
            graph += tf_window("MaxPool", pool, [bottom], 2)
            bottom = pool
    flat = style["scope"]("flatten")
    graph += tf_const(flat + "/shape", np.array([-1, 256], "<i4"))
    graph += tf_node("Reshape", flat + "/Reshape", [bottom, flat + "/shape"], t, tf_type("Tshape", INT32))
    bottom = flat + "/Reshape"
    for name, last in (("fc1", "Relu"), ("fc2", "Softmax")):
        nodes, matrix = read(name + "_w")
        product = style["scope"](name) + "/MatMul"
        no = [tf_attr(k, field(5, 0)) for k in ("transpose_a", "transpose_b")]
        graph += nodes + tf_node("MatMul", product, [bottom, matrix], t, *no)
        nodes, bottom = bias_relu(name, product, last)
        graph += nodes
    return graph, bottom


KINDS = {"w": "kernel", "b": "bias"}


def tf1_weight(key):
    name = "{}/{}".format(key[:-2], KINDS[key[-1]])
    return name, name + "/read"


def tf2_weight(key):
    op = {"w": "Conv2D" if key.startswith("conv") else "MatMul", "b": "BiasAdd"}[key[-1]]
    name = f"digits/{key[:-2]}/{op}/ReadVariableOp"
    return name + "/resource", name


def write_tensorflow(folder, p):
    """As tf.compat.v1's and as convert_variables_to_constants_v2's graphs look."""
    t = tf_type("T", FLOAT)
    one, last = tf_graph(p, {"weight": tf1_weight, "scope": lambda name: name})
    one += tf_node("Identity", "prob", [last], t) + field(4, field(1, 27))
    two, last = tf_graph(p, {"weight": tf2_weight, "scope": lambda name: "digits/" + name})
    two += tf_node("NoOp", "NoOp", ["^digits/conv1/Conv2D/ReadVariableOp"])
    two += tf_node("Identity", "Identity", [last, "^NoOp"], t) + field(4, field(1, 1087))
    for name, graph in (("digits-tf1.pb", one), ("digits-tf2.pb", two)):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(graph)


# ---- reading the trained weights back ----

def read_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


def varints(data):
    values, at = [], 0
    while at < len(data):
        value, at = read_varint(data, at)
        values.append(value)
    return values


def fields(data):
    """(number, bytes) of the length-delimited fields, which is all digits.caffemodel has."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        size, at = read_varint(data, at)
        yield tag >> 3, data[at:at + size]
        at += size


def read_caffe(folder):
    p = {}
    with open(os.path.join(folder, "digits.caffemodel"), "rb") as f:
        layers = [v for k, v in fields(f.read()) if k == 100]
    for layer in layers:
        parts = list(fields(layer))
        name = next(v for k, v in parts if k == 1).decode()
        for kind, blob in zip("wb", (v for k, v in parts if k == 7)):
            body = dict(fields(blob))
            dims = varints(dict(fields(body[7]))[1])
            p[f"{name}_{kind}"] = np.frombuffer(body[5], "<f4").reshape(dims)
    return p


def main():
    folder = sys.argv[1]
    if sys.argv[2:] == ["--again"]:
        p = read_caffe(folder)
        write_caffe(folder, p)
        write_onnx(folder, p)
        write_tensorflow(folder, p)
        write_weights(folder, p)
        return
    from PIL import Image
    from sklearn.datasets import load_digits
    os.makedirs(os.path.join(folder, "pictures"), exist_ok=True)
    digits = load_digits()
    x = (digits.images[:, None] / 16).astype(np.float32)
    t = digits.target
    net = train(x[:1497], t[:1497], np.random.default_rng(7))
    prob = softmax(net.forward(x[1497:]))
    right = int((prob.argmax(1) == t[1497:]).sum())
    print(f"test accuracy: {right} of 300 = {right / 3:.1f} %")
    write_caffe(folder, net.p)
    write_onnx(folder, net.p)
    write_tensorflow(folder, net.p)
    write_weights(folder, net.p)
    with open(os.path.join(folder, "labels.txt"), "w") as f:
        f.write("\n".join("zero one two three four five six seven eight nine".split()) + "\n")
    with open(os.path.join(folder, "accuracy.txt"), "w") as f:
        f.write(f"{right} of 300 test digits\n")
    np.save(os.path.join(folder, "test_digits.npy"), (x[1497:] * 255).round().astype(np.uint8))
    np.save(os.path.join(folder, "test_labels.npy"), t[1497:].astype(np.int64))
    for digit in range(10):  # the first test picture of each digit, 8 times as large
        i = 1497 + int(np.flatnonzero(t[1497:] == digit)[0])
        pixels = np.kron((x[i, 0] * 255).round().astype(np.uint8), np.ones((8, 8), np.uint8))
        Image.fromarray(pixels).save(os.path.join(folder, "pictures", f"{digit}.png"), optimize=True)


if __name__ == "__main__":
    main()
