#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two layers of a BERT-like encoder, as exported and as ONNX Runtime's tools fuse it: results, and
processor time of one thread against ONNX Runtime's, in turns.

Not part of `make test`. Needs from PyPI: numpy onnx onnxruntime sympy.

    tests/peers/bert_speed.py [--solder build/solder] [--keep FOLDER] [original|extended|attention|multi_head|open]...
"""
import resource
import subprocess
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

import peer

LAYERS, HIDDEN, LENGTH, HEADS, WORDS = 2, 768, 128, 12, 1000
INPUTS = ("input_ids", "token_type_ids", "attention_mask")


class Encoder:
    """Nodes as PyTorch exports them."""

    def __init__(self, is_open):
        self.rng = np.random.default_rng(0)
        self.nodes, self.constants, self.is_open = [], [], is_open

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weight(self, name, *dims, scale=0.03):
        return self.constant(name, (self.rng.standard_normal(dims) * scale).astype(np.float32))

    def node(self, op, ins, out, **attributes):
        self.nodes.append(h.make_node(op, ins, [out], name=f"{out}_{op}", **attributes))
        return out

    def layer_norm(self, x, name):
        scale = self.constant(name + ".g", (1 + 0.1 * self.rng.standard_normal(HIDDEN)).astype(np.float32))
        return self.node("LayerNormalization", [x, scale, self.weight(name + ".b", HIDDEN, scale=0.1)], name, epsilon=1e-12)

    def linear(self, x, name, inner, outer):
        y = self.node("MatMul", [x, self.weight(name + ".w", inner, outer)], name + ".mm")
        return self.node("Add", [self.weight(name + ".b", outer, scale=0.1), y], name)

    def heads(self, x, name, perm):
        y = self.node("Reshape", [self.linear(x, name, HIDDEN, HIDDEN), "split"], name + ".r")
        return self.node("Transpose", [y], name + ".t", perm=perm)

    def places(self):
        if not self.is_open:
            return self.constant("places", np.arange(LENGTH)[None])
        length = self.node("Gather", [self.node("Shape", ["input_ids"], "shape"), "one_i"], "length")
        return self.node("Unsqueeze", [self.node("Range", ["zero_i", length, "one_i"], "range"), "axis0"], "places")

    def layer(self, x, mask, name):
        q, v = (self.heads(x, f"{name}.{part}", [0, 2, 1, 3]) for part in "qv")
        k = self.heads(x, name + ".k", [0, 2, 3, 1])
        s = self.node("Div", [self.node("MatMul", [q, k], name + ".s"), "root"], name + ".scaled")
        p = self.node("Softmax", [self.node("Add", [s, mask], name + ".masked")], name + ".p", axis=-1)
        y = self.node("Transpose", [self.node("MatMul", [p, v], name + ".c")], name + ".ct", perm=[0, 2, 1, 3])
        y = self.linear(self.node("Reshape", [y, "merge"], name + ".cr"), name + ".o", HIDDEN, HIDDEN)
        x = self.layer_norm(self.node("Add", [y, x], name + ".sum1"), name + ".norm1")
        y = self.linear(x, name + ".f1", HIDDEN, 4 * HIDDEN)
        e = self.node("Add", [self.node("Erf", [self.node("Div", [y, "root2"], name + ".g1")], name + ".g2"), "one"], name + ".g3")
        y = self.node("Mul", [self.node("Mul", [y, e], name + ".g4"), "half"], name + ".g5")
        y = self.linear(y, name + ".f2", 4 * HIDDEN, HIDDEN)
        return self.layer_norm(self.node("Add", [y, x], name + ".sum2"), name + ".norm2")

    def model(self):
        for name, value in (("root", 8), ("root2", np.sqrt(2)), ("one", 1), ("half", 0.5), ("far", -10000)):
            self.constant(name, np.float32(value))
        for name, value in (("split", [0, 0, HEADS, HIDDEN // HEADS]), ("merge", [0, 0, HIDDEN]), ("axis0", [0]), ("axis1", [1]),
                            ("axis2", [2]), ("zero_i", 0), ("one_i", 1)):
            self.constant(name, np.array(value, np.int64))
        for name, rows in (("words", WORDS), ("place_table", 512), ("kinds", 2)):
            self.weight(name, rows, HIDDEN, scale=0.1)
        x = self.node("Add", [self.node("Gather", ["words", "input_ids"], "e1"), self.node("Gather", ["kinds", "token_type_ids"], "e2")], "e3")
        x = self.layer_norm(self.node("Add", [x, self.node("Gather", ["place_table", self.places()], "e4")], "e5"), "embedded")
        mask = self.node("Unsqueeze", [self.node("Unsqueeze", ["attention_mask", "axis1"], "m1"), "axis2"], "m2")
        mask = self.node("Sub", ["one", self.node("Cast", [mask], "m3", to=T.FLOAT)], "m4")
        mask = self.node("Mul", [mask, "far"], "mask")
        for i in range(LAYERS):
            x = self.layer(x, mask, f"l{i}")
        dims = ["N", "T"] if self.is_open else [1, LENGTH]
        ins = [h.make_tensor_value_info(name, T.INT64, dims) for name in INPUTS]
        graph = h.make_graph(self.nodes, "encoder", ins, [h.make_tensor_value_info(x, T.FLOAT, [*dims, HIDDEN])], self.constants)
        return h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)


def fuse(path, form, out):
    if form == "extended":
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = out
        ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return
    options = FusionOptions("bert")
    options.use_multi_head_attention = form == "multi_head"
    model = optimizer.optimize_model(path, model_type="bert", num_heads=HEADS, hidden_size=HIDDEN, opt_level=0,
                                     optimization_options=options)
    model.save_model_to_file(out)


def child_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def measure(p, plan, session, feeds):
    """Milliseconds of processor time per run: ours, theirs; each the median of five turns."""
    inputs = []
    for name, x in feeds.items():
        np.save(p.path(name + ".npy"), x)
        inputs += ["--input", f"{name}={p.path(name)}.npy"]
    bench = [p.options.solder, "bench", plan, "--threads", "1", "--warmup", "1", "--quiet", *inputs, "--iterations"]
    ours, theirs = [], []
    for _ in range(5):
        ours.append((child_seconds([*bench, "25"]) - child_seconds([*bench, "5"])) / 20 * 1e3)
        start = time.process_time()
        for _ in range(15):
            session.run(None, feeds)
        theirs.append((time.process_time() - start) / 15 * 1e3)
    return np.median(ours), np.median(theirs)


def check(p, form):
    path = p.path(form + ".onnx")
    onnx.save(Encoder(form == "open").model(), path)
    if form != "original":
        fuse(path, form, path)
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(3)
    mask = np.ones((1, LENGTH), np.int64)
    mask[:, 100:] = 0
    feeds = dict(zip(INPUTS, (rng.integers(0, WORDS, (1, LENGTH)), rng.integers(0, 2, (1, LENGTH)), mask)))
    want = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
    build = ["--threads", "1"]
    for name in INPUTS if form == "open" else ():
        build += ["--shapes", f"{name}=1x1..1x{LENGTH}..2x256"]
    plan = p.path("speed.plan")
    p.solder("build", path, "-o", plan, *build)
    ours, theirs = measure(p, plan, session, feeds)
    compare = [a for name in INPUTS for a in ("--input", f"{name}={p.path(name)}.npy")]
    p.check(form, [path], feeds, want, build=build, compare=compare,
            shown=f", {ours:.1f} ms, ONNX Runtime {theirs:.1f} ms of processor time, ratio {theirs / ours:.2f}")


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for form in ("original", "extended", "attention", "multi_head", "open"):
        if p.wanted(form):
            check(p, form)
    p.finish()


if __name__ == "__main__":
    main()
