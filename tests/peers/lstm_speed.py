#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time of one recurrent layer on one core, against ONNX Runtime in the same run.

    pip install numpy onnx onnxruntime
    taskset -c 0 python3 tests/peers/lstm_speed.py build/solder [--op LSTM] [--batch 1] [--cpu avx2]

The two take turns; each round gives one median of both. Prints the medians over the rounds, their
ratio in every round, and the largest difference of the outputs. Exits with 1 if Solder is slower.
Not run by `make test`: it needs a quiet core.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def make_model(path, o, random):
    def weights(name, *shape):
        reach = 1 / np.sqrt(o.hidden)
        values = random.uniform(-reach, reach, shape).astype(np.float32)
        return numpy_helper.from_array(values, name)

    rows = GATES[o.op] * o.hidden
    node = helper.make_node(o.op, ["x", "w", "r", "b"], ["y", "h"], hidden_size=o.hidden)
    graph = helper.make_graph(
        [node], "speed",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [o.steps, o.batch, o.input])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [o.steps, 1, o.batch, o.hidden])],
        [weights("w", 1, rows, o.input), weights("r", 1, rows, o.hidden),
         weights("b", 1, 2 * rows)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              path)


def time_peer(session, x, iterations):
    times = []
    for _ in range(iterations):
        start = time.perf_counter()
        session.run(["y"], {"x": x})
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def time_solder(o, plan):
    out = subprocess.run(
        [o.solder, "bench", plan, "--threads", "1", "--warmup", "50", "--iterations",
         str(o.iterations), "--quiet", "--json", "-", *o.level],
        check=True, capture_output=True, text=True).stdout
    return json.loads(out)["latency_ms"]["median"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("solder")
    parser.add_argument("--op", choices=GATES, default="LSTM")
    parser.add_argument("--cpu", help="hide what the machine has beyond this level from Solder")
    for name, value in [("steps", 32), ("batch", 1), ("input", 256), ("hidden", 512),
                        ("rounds", 9), ("iterations", 100)]:
        parser.add_argument("--" + name, type=int, default=value)
    o = parser.parse_args()
    o.level = ["--cpu", o.cpu] if o.cpu else []
    random = np.random.default_rng(1)
    x = random.standard_normal((o.steps, o.batch, o.input)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        model, plan, data, result = (str(pathlib.Path(folder, n))
                                     for n in ("net.onnx", "net.plan", "x.npy", "y.npy"))
        make_model(model, o, random)
        np.save(data, x)
        subprocess.run([o.solder, "build", model, "-o", plan, "--fast", "--threads", "1",
                        "--quiet", *o.level], check=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        subprocess.run([o.solder, "run", plan, "--input", "x=" + data, "--output", "y=" + result,
                        "--quiet", *o.level], check=True)
        want = session.run(["y"], {"x": x})[0]
        worst = np.abs(np.load(result) - want).max()
        time_peer(session, x, 10)
        ours, theirs = [], []
        for _ in range(o.rounds):
            ours.append(time_solder(o, plan))
            theirs.append(time_peer(session, x, o.iterations))
    ratios = sorted(t / s for s, t in zip(ours, theirs))
    print(f"{o.op} steps {o.steps} batch {o.batch} input {o.input} hidden {o.hidden}")
    print(f"Solder       {statistics.median(ours):8.3f} ms")
    print(f"ONNX Runtime {statistics.median(theirs):8.3f} ms ({onnxruntime.__version__})")
    print("ONNX Runtime / Solder by round:", " ".join(f"{r:.2f}" for r in ratios))
    print(f"largest difference {worst:.2g}")
    raise SystemExit(0 if statistics.median(ratios) >= 1 and worst < 1e-5 else 1)


main()
