# SPDX-License-Identifier: Apache-2.0
"""Whole networks beside ONNX Runtime, batch 1, interleaved: medians of the least time of each round.

    python tests/peers/net_speed.py --solder build/solder [--threads 1] [--models FOLDER] [NAME]...

FOLDER holds the light_*.onnx of the ONNX project's tests (their constants get random weights here); MobileNetV2
is written here. Needs onnx, onnxruntime and numpy. Also checks that the outputs agree. Exits 1 if they do not.
"""
import glob
import json
import os
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peer import Peer, error_ratio, parser

ROUNDS, RUNS = 7, 5


def random_weights(model, rng):
    """Gives every constant weight values that keep activations near 1 (He), variances that are positive."""
    graph = model.graph
    shapes = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    variances = {n.input[4] for n in graph.node if n.op_type == "BatchNormalization"}
    nodes, weights = [], []
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            nodes.append(node)
            continue
        weights.append((node.output[0], [int(d) for d in shapes[node.input[0]]]))
        del shapes[node.input[0]]
    for name in list(shapes):
        if shapes[name].dtype == np.float32:
            weights.append((name, shapes.pop(name).shape))
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in shapes.items())
    for name, shape in weights:
        fan_in = np.prod(shape[1:]) if len(shape) > 1 else 0
        value = rng.standard_normal(shape) * (np.sqrt(2 / fan_in) if fan_in else 0.1)
        if name in variances or (len(shape) == 1 and "scale" in name) or (name.endswith("_w_0") and len(shape) == 1):
            value = 1 + 0.1 * np.abs(value)
        graph.initializer.append(numpy_helper.from_array(value.astype(np.float32), name))
    kept = {i.name for i in graph.initializer}
    inputs = [i for i in graph.input if i.name not in kept and i.type.tensor_type.elem_type == TensorProto.FLOAT]
    del graph.input[:]
    graph.input.extend(inputs)
    model.ir_version = max(model.ir_version, 4)
    return model


class Net:
    """Writes a network of convolutions, one layer after the other."""

    def __init__(self, rng):
        self.rng, self.nodes, self.weights, self.value, self.channels = rng, [], [], "x", 3

    def node(self, op, inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def weight(self, value):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def conv(self, channels, window, stride=1, groups=1, relu6=True):
        shape = (channels, self.channels // groups, window, window)
        w = self.weight(self.rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:])))
        b = self.weight(0.1 * self.rng.standard_normal(channels))
        self.value = self.node("Conv", [self.value, w, b], strides=[stride] * 2, pads=[window // 2] * 4,
                               group=groups, kernel_shape=[window] * 2)
        self.channels = channels
        if relu6:
            self.value = self.node("Clip", [self.value, self.weight(0), self.weight(6)])

    def model(self):
        graph = helper.make_graph(
            self.nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, 224, 224))],
            [helper.make_tensor_value_info(self.value, TensorProto.FLOAT, None)], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def mobilenet_v2(rng):
    net = Net(rng)
    net.conv(32, 3, 2)
    for expand, channels, repeats, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                              (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(repeats):
            before, narrow = net.value, net.channels
            if expand > 1:
                net.conv(narrow * expand, 1)
            net.conv(net.channels, 3, stride if i == 0 else 1, net.channels)
            net.conv(channels, 1, relu6=False)
            if i > 0:
                net.value = net.node("Add", [before, net.value])
    net.conv(1280, 1)
    pooled = net.node("Flatten", [net.node("GlobalAveragePool", [net.value])])
    w = net.weight(0.03 * rng.standard_normal((1280, 1000)))
    net.value = net.node("Softmax", [net.node("Gemm", [pooled, w, net.weight(np.zeros(1000))])])
    return net.model()


def models(folder):
    yield "mobilenet_v2", mobilenet_v2
    for path in sorted(glob.glob(os.path.join(folder, "light_*.onnx"))):
        yield os.path.basename(path)[6:-5], lambda rng, path=path: random_weights(onnx.load(path), rng)


def main():
    options = parser(__doc__)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--models", default="../shared/models/arch/onnx-light")
    options = options.parse_args()
    peer, logs = Peer(options), []
    for name, make in models(options.models):
        if not peer.wanted(name):
            continue
        rng = np.random.default_rng(1)
        path, plan = peer.path(name + ".onnx"), peer.path(name + ".plan")
        onnx.save(make(rng), path)
        built = peer.solder("build", path, "-o", plan, "--threads", options.threads, *options.build_option)
        if built.code != 0:
            peer.row(name, "BUILD", built.text.strip()[:400])
            continue
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads, settings.inter_op_num_threads = options.threads, 1
        settings.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
        feeds = {i.name: rng.standard_normal(i.shape).astype(np.float32) for i in session.get_inputs()}
        want = session.run(None, feeds)[0]
        _, got = peer.run(plan, feeds)
        error = error_ratio(next(iter(got.values())), want) if got else float("inf")
        ours, theirs = [], []
        for _ in range(ROUNDS):
            result = peer.solder("bench", plan, "--threads", options.threads, "--iterations", RUNS, "--warmup", 1,
                                 "--json", peer.path("bench.json"))
            if result.code != 0:
                break
            with open(peer.path("bench.json")) as file:
                ours.append(json.load(file)["latency_ms"]["min"])
            times = []
            for _ in range(RUNS + 1):
                start = time.perf_counter()
                session.run(None, feeds)
                times.append(1e3 * (time.perf_counter() - start))
            theirs.append(min(times))
        a, b = np.median(ours), np.median(theirs)
        logs.append(np.log(b / a))
        peer.row(name, "ok" if error <= 1 else "DIFFERS",
                 f"solder {a:.2f} ms, onnxruntime {b:.2f} ms, {b / a:.2f} times as fast, error {error:.2g} of the bound")
        if not options.keep:
            os.remove(path)
            os.remove(plan)
    if logs:
        print(f"geometric mean: {np.exp(np.mean(logs)):.2f} times as fast as onnxruntime {onnxruntime.__version__}")
    peer.finish()


if __name__ == "__main__":
    main()
