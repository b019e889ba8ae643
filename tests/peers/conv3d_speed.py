# SPDX-License-Identifier: Apache-2.0
"""3-d convolutions of C3D and ResNet3D-18 beside ONNX Runtime, one thread, interleaved: the least time of a round, medians over rounds.

    python tests/peers/conv3d_speed.py --solder build/solder [NAME]...

Needs onnx, onnxruntime and numpy. Also checks that both agree within |a - b| <= 1e-5 + 1e-4 |b|, times the
square root of the terms of a sum. Exits 1 if they do not.
"""
import json
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peer import Peer, arguments

LAYERS = {  # channels and extents in, channels out, window, stride
    "c3d-conv1": ((3, 16, 112, 112), 64, 3, 1),
    "c3d-conv2": ((64, 16, 56, 56), 128, 3, 1),
    "c3d-conv3a": ((128, 8, 28, 28), 256, 3, 1),
    "c3d-conv4a": ((256, 4, 14, 14), 512, 3, 1),
    "c3d-conv5": ((512, 2, 7, 7), 512, 3, 1),
    "resnet3d-layer1": ((64, 8, 56, 56), 64, 3, 1),
    "resnet3d-layer2.0": ((64, 8, 56, 56), 128, 3, 2),
    "resnet3d-downsample": ((64, 8, 56, 56), 128, 1, 2),
}
ROUNDS = 5


def model(shape, channels, window, stride, rng):
    w = (rng.standard_normal((channels, shape[0], window, window, window)) / window).astype(np.float32)
    b = rng.standard_normal(channels).astype(np.float32)
    conv = helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[stride] * 3,
                            pads=[window // 2] * 6, kernel_shape=[window] * 3)
    graph = helper.make_graph(
        [conv, helper.make_node("Relu", ["c"], ["y"])], "layer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, *shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def main():
    peer = Peer(arguments(__doc__))
    rng = np.random.default_rng(1)
    logs = []
    for name, (shape, channels, window, stride) in LAYERS.items():
        if not peer.wanted(name):
            continue
        path, plan = peer.path(name + ".onnx"), peer.path(name + ".plan")
        onnx.save(model(shape, channels, window, stride, rng), path)
        built = peer.solder("build", path, "-o", plan, "--threads", 1)
        if built.code != 0:
            peer.row(name, "BUILD", built.text.strip()[:400])
            continue
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        x = rng.standard_normal((1, *shape)).astype(np.float32)
        want = session.run(None, {"x": x})[0]
        _, got = peer.run(plan, {"x": x})
        limit = (1e-5 + 1e-4 * np.abs(want)) * np.sqrt(shape[0] * window**3)
        wrong = not np.all(np.abs(got["y"] - want) <= limit)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            result = peer.solder("bench", plan, "--threads", 1, "--iterations", 3, "--warmup", 1,
                                 "--json", peer.path("bench.json"))
            if result.code != 0:
                break
            with open(peer.path("bench.json")) as file:
                ours.append(json.load(file)["latency_ms"]["min"])
            for _ in range(3):
                start = time.perf_counter()
                session.run(None, {"x": x})
                theirs.append(1e3 * (time.perf_counter() - start))
        a, b = np.median(ours), np.median(theirs)
        logs.append(np.log(b / a))
        peer.row(name, "DIFFERS" if wrong else "ok",
                 f"solder {a:.2f} ms, onnxruntime {b:.2f} ms, {b / a:.2f} times as fast")
    if logs:
        print(f"geometric mean: {np.exp(np.mean(logs)):.2f} times as fast as onnxruntime {onnxruntime.__version__}")
    peer.finish()


if __name__ == "__main__":
    main()
