#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Caffe networks with random weights and compares Solder with OpenCV's DNN or with numpy.

Not part of `make test`. Needs from PyPI: numpy and opencv-python-headless<5 (5 reads no Caffe).

    tests/peers/caffe_models.py [--solder build/solder] [--keep FOLDER] [MODEL]...
"""
import struct

import cv2
import numpy as np

import peer

rng = np.random.default_rng(11)
MODELS = {}


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def blob(array, legacy=False):
    a = np.asarray(array, np.float32)
    if legacy:  # num, channels, height, width, and the numbers one by one
        dims = [1] * (4 - a.ndim) + list(a.shape)
        return (b"".join(field(1 + i, d) for i, d in enumerate(dims))
                + b"".join(varint(5 << 3 | 5) + struct.pack("<f", v) for v in a.ravel()))
    return field(7, field(1, b"".join(varint(d) for d in a.shape))) + field(5, a.tobytes())


class Net:
    def __init__(self, **inputs):
        self.inputs, self.text, self.weights, self.channels = inputs, [], [], {}
        self.v1, self.legacy = False, False
        for name, shape in inputs.items():
            self.channels[name] = shape[1] if len(shape) > 1 else 1

    def add(self, name, kind, bottom, params="", blobs=(), top=None, extra=""):
        bottoms = bottom.split() if isinstance(bottom, str) else bottom
        tops = (top or name).split()
        word = "layers" if self.v1 else "layer"
        shown = kind if self.v1 else f'"{kind}"'
        self.text.append(f'{word} {{ name: "{name}" type: {shown} '
                         + " ".join(f'bottom: "{b}"' for b in bottoms) + " "
                         + " ".join(f'top: "{t}"' for t in tops) + f" {extra} {params} }}")
        self.weights.append((name, kind, [np.asarray(b, np.float32) for b in blobs]))
        for t in tops:
            self.channels[t] = self.channels.get(bottoms[0], 0) if bottoms else 0
        return tops[0]

    def conv(self, name, bottom, out, k, s=1, p=0, g=1, d=1, bias=True, kind="Convolution", gain=1.0):
        cin = self.channels[bottom]
        shape = (cin, out // g, k, k) if "DECONV" in kind.upper() else (out, cin // g, k, k)
        w = rng.standard_normal(shape) * gain * np.sqrt(2.0 / (shape[1] * k * k))
        blobs = [w] + ([rng.standard_normal(out) * 0.1] if bias else [])
        self.add(name, kind, bottom, f"convolution_param {{ num_output: {out} kernel_size: {k} stride: {s} pad: {p} "
                 f"group: {g} dilation: {d} bias_term: {str(bias).lower()} }}", blobs)
        self.channels[name] = out
        return name

    def relu(self, x, name=None, slope=None):
        return self.add(name or "relu_" + x, "RELU" if self.v1 else "ReLU", x,
                        f"relu_param {{ negative_slope: {slope} }}" if slope else "", top=name or x)

    def pool(self, name, bottom, k, s, p=0, method="MAX", more=""):
        return self.add(name, "POOLING" if self.v1 else "Pooling", bottom,
                        f"pooling_param {{ pool: {method} kernel_size: {k} stride: {s} pad: {p} {more} }}")

    def bn(self, x):
        c = self.channels[x]
        factor = 0.5
        self.add(x + "_bn", "BatchNorm", x, "batch_norm_param { use_global_stats: true eps: 1e-4 }",
                 [rng.standard_normal(c) * 0.1 * factor, rng.uniform(0.5, 1.5, c) * factor, [factor]], top=x)
        return self.add(x + "_scale", "Scale", x, "scale_param { bias_term: true }",
                        [rng.uniform(0.5, 1.5, c), rng.standard_normal(c) * 0.1], top=x)

    def fc(self, name, bottom, out, count, kind="InnerProduct"):
        blobs = [rng.standard_normal((out, count)) / np.sqrt(count), rng.standard_normal(out) * 0.1]
        return self.add(name, kind, bottom, f"inner_product_param {{ num_output: {out} }}", blobs)

    def concat(self, name, bottoms, params=""):
        self.add(name, "Concat", bottoms, params)
        self.channels[name] = sum(self.channels[b] for b in bottoms.split())
        return name

    def save(self, p, name):
        head = f'name: "{name}"\n' + "".join(
            f'input: "{n}" ' + (f"input_shape {{ {' '.join(f'dim: {d}' for d in s)} }}\n" if not self.legacy else
                                " ".join(f"input_dim: {d}" for d in s) + "\n") for n, s in self.inputs.items())
        files = [p.path(name + ".prototxt"), p.path(name + ".caffemodel")]
        with open(files[0], "w") as file:
            file.write(head + "\n".join(self.text) + "\n")
        v1 = {"CONVOLUTION": 4, "INNER_PRODUCT": 14, "RELU": 18, "POOLING": 17, "LRN": 15, "SOFTMAX": 20, "CONCAT": 3,
              "DROPOUT": 6, "ELTWISE": 25, "DECONVOLUTION": 39}
        out = b""
        for layer, kind, blobs in self.weights:
            if self.v1:
                out += field(2, field(4, layer) + field(5, v1[kind]) + b"".join(field(6, blob(b, True)) for b in blobs))
            else:
                out += field(100, field(1, layer) + field(2, kind)
                             + b"".join(field(7, blob(b, self.legacy)) for b in blobs))
        with open(files[1], "wb") as file:
            file.write(out)
        return files


def net(want=None, top=None):
    """want: numpy function of the inputs, else OpenCV computes; top: the output's name if not the last layer's."""
    def register(make):
        MODELS[make.__name__] = (make, want, top)
        return make
    return register


# ---- whole networks, OpenCV as the peer ----

@net()
def vgg():
    n = Net(data=(1, 3, 64, 64))
    x = "data"
    for i, (c, count) in enumerate([(32, 2), (64, 2), (96, 3)]):
        for j in range(count):
            x = n.relu(n.conv(f"conv{i}_{j}", x, c, 3, p=1))
        x = n.pool(f"pool{i}", x, 2, 2)
    x = n.relu(n.fc("fc6", x, 128, 96 * 8 * 8))
    n.add("drop6", "Dropout", x, "dropout_param { dropout_ratio: 0.5 }", top=x)
    n.add("prob", "Softmax", n.fc("fc7", x, 20, 128))
    return n


@net()
def resnet():
    n = Net(data=(2, 3, 63, 65))
    x = n.relu(n.bn(n.conv("conv1", "data", 16, 7, 2, 3, bias=False)))
    x = n.pool("pool1", x, 3, 2)
    for i, (c, s) in enumerate([(16, 1), (32, 2), (32, 1), (64, 2)]):
        side = n.bn(n.conv(f"b{i}_1", x, c * 2, 1, s, bias=False)) if i != 2 else x
        y = n.relu(n.bn(n.conv(f"b{i}_2a", x, c, 1, s, bias=False)))
        y = n.relu(n.bn(n.conv(f"b{i}_2b", y, c, 3, p=1, bias=False)))
        y = n.bn(n.conv(f"b{i}_2c", y, c * 2, 1, bias=False))
        x = n.relu(n.add(f"sum{i}", "Eltwise", f"{side} {y}"))
    x = n.add("pool5", "Pooling", x, "pooling_param { pool: AVE global_pooling: true }")
    n.add("prob", "Softmax", n.fc("fc", x, 10, 128))
    return n


@net()
def inception():
    n = Net(data=(1, 3, 48, 48))
    x = n.relu(n.conv("conv1", "data", 16, 7, 2, 3))
    x = n.pool("pool1", x, 3, 2)
    x = n.add("norm1", "LRN", x, "lrn_param { local_size: 5 alpha: 0.1 beta: 0.75 }")
    for i in range(2):
        a = n.relu(n.conv(f"i{i}_1x1", x, 8, 1))
        b = n.relu(n.conv(f"i{i}_3x3", n.relu(n.conv(f"i{i}_3x3r", x, 8, 1)), 12, 3, p=1))
        c = n.relu(n.conv(f"i{i}_5x5", n.relu(n.conv(f"i{i}_5x5r", x, 4, 1)), 6, 5, p=2))
        d = n.relu(n.conv(f"i{i}_pp", n.pool(f"i{i}_pool", x, 3, 1, 1), 6, 1))
        x = n.concat(f"i{i}_out", f"{a} {b} {c} {d}")
    x = n.pool("ave", x, 5, 3, 1, "AVE")
    n.add("prob", "Softmax", n.conv("cls", x, 7, 1))
    return n


@net()
def mobilenet():
    n = Net(data=(1, 3, 56, 48))
    x = n.relu(n.bn(n.conv("conv1", "data", 16, 3, 2, 1, bias=False)))
    for i, (c, s) in enumerate([(32, 1), (64, 2), (64, 1)]):
        x = n.relu(n.bn(n.conv(f"dw{i}", x, n.channels[x], 3, s, 1, g=n.channels[x], bias=False)))
        x = n.relu(n.bn(n.conv(f"sep{i}", x, c, 1, bias=False)))
    n.conv("fc7", x, 11, 1)
    return n


@net()
def squeezenet():
    n = Net(data=(1, 3, 67, 67))
    x = n.relu(n.conv("conv1", "data", 24, 3, 2))
    x = n.pool("pool1", x, 3, 2)
    for i in range(3):
        s = n.relu(n.conv(f"squeeze{i}", x, 8, 1))
        x = n.concat(f"fire{i}", f"{n.relu(n.conv(f'e1_{i}', s, 16, 1))} {n.relu(n.conv(f'e3_{i}', s, 16, 3, p=1))}")
    x = n.relu(n.conv("conv10", x, 9, 1))
    n.add("pool10", "Pooling", x, "pooling_param { pool: AVE global_pooling: true }")
    n.add("prob", "Softmax", "pool10")
    return n


@net()
def fcn8s():
    n = Net(data=(1, 3, 50, 61))
    x = n.relu(n.conv("conv1", "data", 8, 3, 1, 20))
    p1 = n.pool("pool1", x, 2, 2)
    p2 = n.pool("pool2", n.relu(n.conv("conv2", p1, 12, 3, 1, 1)), 2, 2)
    p3 = n.pool("pool3", n.relu(n.conv("conv3", p2, 16, 3, 1, 1)), 2, 2)
    s3 = n.conv("score3", p3, 5, 1)
    up2 = n.conv("up2", s3, 5, 4, 2, kind="Deconvolution", bias=False)
    s2 = n.conv("score2", p2, 5, 1)
    n.add("crop2", "Crop", f"{up2} {s2}", "crop_param { axis: 2 offset: 1 offset: 1 }")
    n.channels["crop2"] = 5
    x = n.add("fuse", "Eltwise", f"crop2 {s2}", "eltwise_param { operation: SUM }")
    up8 = n.conv("up8", x, 5, 8, 4, kind="Deconvolution", bias=False)
    n.add("score", "Crop", f"{up8} data", "crop_param { axis: 2 offset: 14 }")
    return n


@net()
def segnet_like():
    n = Net(data=(1, 3, 32, 48))
    x = n.relu(n.bn(n.conv("conv1", "data", 8, 3, 2, 1)), slope=0.1)
    x = n.add("prelu", "PReLU", n.conv("conv2", x, 16, 3, 2, 1), "", [rng.uniform(0, 0.5, 16)])
    x = n.relu(n.conv("dil", x, 16, 3, 1, 2, d=2))
    x = n.relu(n.conv("up1", x, 8, 2, 2, kind="Deconvolution"))
    x = n.conv("up2", x, 4, 4, 2, 1, kind="Deconvolution", g=2)
    n.add("prob", "Softmax", x)
    return n


@net(top="prob")
def lenet_train_val():
    n = Net(data=(1, 1, 28, 28))
    n.inputs = {}
    n.text.append('layer { name: "mnist" type: "Data" top: "data" top: "label" include { phase: TRAIN } data_param { source: "x" batch_size: 64 } }')
    n.text.append('layer { name: "data" type: "Input" top: "data" include { phase: TEST } input_param { shape { dim: 1 dim: 1 dim: 28 dim: 28 } } }')
    x = n.conv("conv1", "data", 20, 5)
    x = n.pool("pool1", x, 2, 2)
    x = n.pool("pool2", n.conv("conv2", x, 50, 5), 2, 2)
    x = n.relu(n.fc("ip1", x, 64, 800))
    x = n.fc("ip2", x, 10, 64)
    n.text.append('layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" include { phase: TEST stage: "val" } }')
    n.text.append('layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" include { phase: TRAIN } }')
    n.add("prob", "Softmax", x, extra="exclude { phase: TRAIN }")
    n.inputs_seen = {"data": (1, 1, 28, 28)}
    return n


@net()
def v1_layers():
    n = Net(data=(2, 3, 33, 33))
    n.v1, n.legacy = True, True
    x = n.relu(n.conv("conv1", "data", 8, 5, 2, kind="CONVOLUTION"))
    x = n.pool("pool1", x, 3, 2)
    x = n.add("norm1", "LRN", x, "lrn_param { local_size: 3 alpha: 0.5 beta: 0.5 norm_region: ACROSS_CHANNELS }")
    x = n.conv("conv2", x, 12, 3, 1, 1, g=2, kind="CONVOLUTION")
    n.add("drop", "DROPOUT", x, "dropout_param { dropout_ratio: 0.3 }", top=x)
    x = n.fc("ip", x, 6, 12 * 7 * 7, kind="INNER_PRODUCT")
    n.add("prob", "SOFTMAX", x)
    return n


@net()
def ssd_like():
    n = Net(data=(1, 3, 40, 40))
    x = n.relu(n.conv("conv1", "data", 8, 3, 2, 1))
    heads = []
    for i in range(2):
        x = n.relu(n.conv(f"down{i}", x, 12, 3, 2, 1))
        n.add(f"perm{i}", "Permute", n.conv(f"loc{i}", x, 8, 3, 1, 1), "permute_param { order: 0 order: 2 order: 3 order: 1 }")
        heads.append(n.add(f"flat{i}", "Flatten", f"perm{i}", "flatten_param { axis: 1 }"))
    n.concat("loc", " ".join(heads), "concat_param { axis: 1 }")
    n.add("shaped", "Reshape", "loc", "reshape_param { shape { dim: 0 dim: -1 dim: 4 } }")
    n.add("soft", "Softmax", "shaped", "softmax_param { axis: 2 }")
    n.add("out", "Flatten", "soft", "flatten_param { axis: 1 }")
    return n


# ---- layers, numpy as the peer ----

X = rng.standard_normal((2, 4, 6, 5)).astype(np.float32)
POSITIVE = np.abs(X) + 0.1
B4, S4 = rng.standard_normal(4), rng.uniform(0.5, 2, 4)


def one(name, kind, params, want, blobs=(), inputs=None, extra_bottoms="", tops=None):
    inputs = inputs or {"data": X}

    def make():
        n = Net(**{k: v.shape for k, v in inputs.items()})
        n.feeds = inputs
        n.add("out", kind, " ".join(inputs) if not extra_bottoms else extra_bottoms, params, blobs, top=tops)
        return n
    MODELS[name] = (make, want, tops or "out")


def c(v):
    return np.asarray(v, np.float64).reshape(1, -1, 1, 1)


def lrn_within(x, size, alpha, beta, k=1.0):
    pad = (size - 1) // 2
    p = np.pad(x.astype(np.float64) ** 2, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    s = sum(p[:, :, i:i + x.shape[2], j:j + x.shape[3]] for i in range(size) for j in range(size))
    return x * (k + alpha * s / size ** 2) ** -beta


def mvn(x, across, variance):
    axes = (1, 2, 3) if across else (2, 3)
    y = x - x.mean(axes, keepdims=True, dtype=np.float64)
    return y / (np.sqrt((y ** 2).mean(axes, keepdims=True)) + 1e-9) if variance else y


def caffe_pool(x, k, s, p, ave):
    oh = int(np.ceil((x.shape[2] + 2 * p - k) / s)) + 1
    ow = int(np.ceil((x.shape[3] + 2 * p - k) / s)) + 1
    if p:
        oh -= (oh - 1) * s >= x.shape[2] + p
        ow -= (ow - 1) * s >= x.shape[3] + p
    y = np.zeros(x.shape[:2] + (oh, ow))
    for i in range(oh):
        for j in range(ow):
            y0, x0 = i * s - p, j * s - p
            y1, x1 = min(y0 + k, x.shape[2] + p), min(x0 + k, x.shape[3] + p)
            area = (y1 - y0) * (x1 - x0)
            part = x[:, :, max(y0, 0):min(y1, x.shape[2]), max(x0, 0):min(x1, x.shape[3])].astype(np.float64)
            y[:, :, i, j] = part.sum((2, 3)) / area if ave else part.max((2, 3))
    return y


def spp(x, height):
    parts = []
    for level in range(height):
        bins = 2 ** level
        kh, kw = -(-x.shape[2] // bins), -(-x.shape[3] // bins)
        ph, pw = (kh * bins - x.shape[2] + 1) // 2, (kw * bins - x.shape[3] + 1) // 2
        y = np.zeros(x.shape[:2] + (bins, bins))
        for i in range(bins):
            for j in range(bins):
                y0, x0 = i * kh - ph, j * kw - pw
                part = x[:, :, max(y0, 0):min(y0 + kh, x.shape[2]), max(x0, 0):min(x0 + kw, x.shape[3])]
                y[:, :, i, j] = part.max((2, 3))
        parts.append(y.reshape(x.shape[0], -1))
    return np.concatenate(parts, 1)


one("power", "Power", "power_param { power: 2 scale: 0.5 shift: 1.5 }", lambda data: (1.5 + 0.5 * data.astype(np.float64)) ** 2)
one("power_root", "Power", "power_param { power: -0.5 }", lambda data: data.astype(np.float64) ** -0.5, inputs={"data": POSITIVE})
one("exp", "Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }", lambda data: 2.0 ** (1 + 0.5 * data.astype(np.float64)))
one("exp_e", "Exp", "exp_param { scale: 0.5 shift: 1 }", lambda data: np.exp(1 + 0.5 * data.astype(np.float64)))
one("log", "Log", "log_param { base: 10 scale: 2 shift: 1 }", lambda data: np.log10(1 + 2 * data.astype(np.float64)), inputs={"data": POSITIVE})
one("bias_learned", "Bias", "bias_param { axis: 1 }", lambda data: data + c(B4), [B4])
one("bias_bottom", "Bias", "bias_param { axis: 2 }", lambda data, b: data + b[None, None, :, :], inputs={"data": X, "b": X[0, 0]})
one("scale_bottom", "Scale", "scale_param { axis: 0 }", lambda data, b: data * b[:, :, None, None], inputs={"data": X, "b": X[:, :, 0, 0]})
one("scale_bottom_bias", "Scale", "scale_param { axis: 1 bias_term: true }", lambda data, b: data * c(b) + c(B4), [B4],
    inputs={"data": X, "b": X[0, :, 0, 0]})
one("scale_axes2", "Scale", "scale_param { axis: 1 num_axes: 2 }", lambda data: data * X[0, :, :, 0][None, :, :, None], [X[0, :, :, 0]])
one("tile", "Tile", "tile_param { axis: 2 tiles: 3 }", lambda data: np.tile(data, (1, 1, 3, 1)))
one("argmax_axis", "ArgMax", "argmax_param { axis: 1 }", lambda data: data.argmax(1, keepdims=True).astype(np.float32))
one("argmax_top2", "ArgMax", "argmax_param { top_k: 2 out_max_val: true axis: -1 }", lambda data: -np.sort(-data, 3)[..., :2])
one("argmax_flat", "ArgMax", "argmax_param { out_max_val: true }",
    lambda data: np.stack([data.reshape(2, -1).argmax(1).astype(np.float32), data.reshape(2, -1).max(1)], 1)[:, :, None, None])
for across in (0, 1):
    for variance in (0, 1):
        one(f"mvn_{across}{variance}", "MVN", f"mvn_param {{ across_channels: {bool(across)} normalize_variance: {bool(variance)} }}".lower(),
            lambda data, across=across, variance=variance: mvn(data, across, variance))
one("elu", "ELU", "elu_param { alpha: 0.7 }", lambda data: np.where(data > 0, data, 0.7 * np.expm1(data.astype(np.float64))))
one("prelu", "PReLU", "", lambda data: np.where(data > 0, data, data * c(S4)), [S4])
one("prelu_shared", "PReLU", "prelu_param { channel_shared: true }", lambda data: np.where(data > 0, data, data * 0.3), [[0.3]])
one("bnll", "BNLL", "", lambda data: np.logaddexp(0, data.astype(np.float64)))
one("threshold", "Threshold", "threshold_param { threshold: 0.25 }", lambda data: (data > 0.25).astype(np.float32))
one("absval", "AbsVal", "", lambda data: np.abs(data))
one("embed", "Embed", "embed_param { num_output: 3 input_dim: 5 bias_term: true }", lambda data: E_W[data.astype(int)] + E_B,
    [E_W := rng.standard_normal((5, 3)), E_B := rng.standard_normal(3)], inputs={"data": np.array([[0, 4, 2], [1, 1, 3]], np.float32)})
one("spp", "SPP", "spp_param { pyramid_height: 3 pool: MAX }", lambda data: spp(data, 3), inputs={"data": rng.standard_normal((2, 3, 9, 11)).astype(np.float32)})
one("lrn_within", "LRN", "lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 norm_region: WITHIN_CHANNEL }", lambda data: lrn_within(data, 3, 0.5, 0.75))
one("slice_points", "Slice", "slice_param { axis: 1 slice_point: 1 slice_point: 3 }", lambda data: [data[:, :1], data[:, 1:3], data[:, 3:]], tops="a b d")
one("slice_even", "Slice", "slice_param { axis: 2 }", lambda data: [data[:, :, :3], data[:, :, 3:]], tops="a b")
one("concat_axis", "Concat", "concat_param { axis: -1 }", lambda data, b: np.concatenate([data, b], 3), inputs={"data": X, "b": X[..., :2].copy()})
one("concat_dim", "Concat", "concat_param { concat_dim: 0 }", lambda data, b: np.concatenate([data, b], 0), inputs={"data": X, "b": X[:1].copy()})
one("permute", "Permute", "permute_param { order: 0 order: 3 order: 1 order: 2 }", lambda data: data.transpose(0, 3, 1, 2))
one("flatten", "Flatten", "flatten_param { axis: 1 end_axis: -2 }", lambda data: data.reshape(2, 24, 5))
one("reshape", "Reshape", "reshape_param { shape { dim: 3 dim: -1 dim: 2 } axis: 1 num_axes: 2 }", lambda data: data.reshape(2, 3, 4, 2, 5))
one("reshape_zero", "Reshape", "reshape_param { shape { dim: 0 dim: 0 dim: -1 } }", lambda data: data.reshape(2, 4, 30))
for op, f in {"SUM": lambda v: v.sum(-1), "ASUM": lambda v: np.abs(v).sum(-1), "SUMSQ": lambda v: (v ** 2).sum(-1), "MEAN": lambda v: v.mean(-1)}.items():
    one("reduction_" + op.lower(), "Reduction", f"reduction_param {{ operation: {op} axis: 2 coeff: 0.5 }}",
        lambda data, f=f: 0.5 * f(data.reshape(2, 4, 30).astype(np.float64)))
one("reduction_all", "Reduction", "", lambda data: np.asarray(data.astype(np.float64).sum()))
one("eltwise_coeff", "Eltwise", "eltwise_param { operation: SUM coeff: 0.5 coeff: -2 coeff: 1 }", lambda data, b, d: 0.5 * data.astype(np.float64) - 2.0 * b + d,
    inputs={"data": X, "b": POSITIVE, "d": X[::-1].copy()})
one("eltwise_prod", "Eltwise", "eltwise_param { operation: PROD }", lambda data, b, d: data * b * d, inputs={"data": X, "b": POSITIVE, "d": X[::-1].copy()})
one("eltwise_max", "Eltwise", "eltwise_param { operation: MAX }", lambda data, b: np.maximum(data, b), inputs={"data": X, "b": POSITIVE})
one("crop_offsets", "Crop", "crop_param { axis: 1 offset: 1 offset: 0 offset: 2 }", lambda data, b: data[:, 1:3, 0:4, 2:5], inputs={"data": X, "b": np.zeros((2, 2, 4, 3), np.float32)})
one("crop_one_offset", "Crop", "crop_param { axis: 2 offset: 1 }", lambda data, b: data[:, :, 1:5, 1:4], inputs={"data": X, "b": np.zeros((2, 4, 4, 3), np.float32)})
one("ip_axis", "InnerProduct", "inner_product_param { num_output: 3 axis: 2 transpose: true bias_term: false }",
    lambda data: data.reshape(2, 4, 30).astype(np.float64) @ IP.astype(np.float32), [IP := rng.standard_normal((30, 3))])
for k, s, p in [(3, 2, 0), (3, 2, 1), (2, 3, 1), (4, 3, 2)]:
    for ave in (0, 1):
        one(f"pool_{k}{s}{p}_{'ave' if ave else 'max'}", "Pooling", f"pooling_param {{ pool: {'AVE' if ave else 'MAX'} kernel_size: {k} stride: {s} pad: {p} }}",
            lambda data, k=k, s=s, p=p, ave=ave: caffe_pool(data, k, s, p, ave))
one("softmax_axis", "Softmax", "softmax_param { axis: -1 }", lambda data: np.exp(data.astype(np.float64)) / np.exp(data.astype(np.float64)).sum(-1, keepdims=True))
one("sigmoid", "Sigmoid", "", lambda data: 1 / (1 + np.exp(-data.astype(np.float64))))
one("tanh", "TanH", "", lambda data: np.tanh(data.astype(np.float64)))
one("relu_slope", "ReLU", "relu_param { negative_slope: -0.5 }", lambda data: np.maximum(data, 0) + -0.5 * np.minimum(data, 0))
one("upsample", "Upsample", "upsample_param { scale: 2 }", lambda data: data.repeat(2, 2).repeat(2, 3))
one("shuffle", "ShuffleChannel", "shuffle_channel_param { group: 2 }", lambda data: data.reshape(2, 2, 2, 6, 5).swapaxes(1, 2).reshape(2, 4, 6, 5))
one("deconv_bilinear", "Deconvolution", "convolution_param { num_output: 4 group: 4 kernel_size: 4 stride: 2 pad: 1 bias_term: false weight_filler { type: \"bilinear\" } }",
    None, [np.tile(np.outer([.25, .75, .75, .25], [.25, .75, .75, .25]), (4, 1, 1, 1))])
one("conv_rect", "Convolution", "convolution_param { num_output: 3 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1 }", None, [rng.standard_normal((3, 4, 3, 2)), rng.standard_normal(3)])


def opencv(files, feeds, outputs):
    with open(files[0]) as file:  # OpenCV knows no phases
        lines = [line.replace("exclude { phase: TRAIN }", "") for line in file]
    with open(files[0] + ".test", "w") as file:
        file.writelines(line for line in lines if "phase: TRAIN" not in line and "Accuracy" not in line)
    reader = cv2.dnn.readNetFromCaffe(files[0] + ".test", files[1])
    for name, array in feeds.items():
        reader.setInput(array, name)
    return dict(zip(outputs, reader.forward(outputs)))


def check(p, name):
    make, want, top = MODELS[name]
    n = make()
    files = n.save(p, name)
    shapes = n.inputs or n.inputs_seen
    feeds = getattr(n, "feeds", None) or {k: rng.standard_normal(s).astype(np.float32) for k, s in shapes.items()}
    outputs = (top or n.weights[-1][0]).split()
    if want is None:
        wants = opencv(files, feeds, outputs)
    else:
        values = want(**feeds)
        values = values if isinstance(values, list) else [values]
        wants = {k: np.asarray(v, np.float32) for k, v in zip(outputs, values)}
    p.check(name, files, feeds, wants, shown="" if want else ", beside OpenCV")


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for name in MODELS:
        if p.wanted(name):
            try:
                check(p, name)
            except Exception as error:  # what the peer itself refuses is no verdict on Solder
                p.row(name, "SCRIPT", f"{type(error).__name__}: {str(error)[:300]}")
    p.finish()


if __name__ == "__main__":
    main()
