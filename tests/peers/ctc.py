#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the plugins CTCGreedy and CTCBeamSearch, in ONNX models, with TensorFlow's decoders.

Not part of `make test`. Needs from PyPI: numpy, onnx, tensorflow.

    tests/peers/ctc.py [--solder build/solder] [--keep FOLDER] [NAME]...
"""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np
import onnx
import tensorflow as tf
from onnx import TensorProto, helper

import peer


def dense(sparse, steps):
    """Labels [N, steps] with -1 behind them, and how many there are."""
    indices, values = sparse.indices.numpy(), sparse.values.numpy()
    n = int(sparse.dense_shape[0])
    labels, counts = np.full((n, steps), -1, np.int64), np.zeros(n, np.int64)
    for (item, at), value in zip(indices, values):
        labels[item, at] = value
        counts[item] += 1
    return labels, counts


def check(p, name, op, attributes, scores, lengths, want):
    outputs = [helper.make_tensor_value_info(n, t, None) for n, t in
               (("labels", TensorProto.INT64), ("counts", TensorProto.INT64), ("log", TensorProto.FLOAT))]
    node = helper.make_node(op, ["scores", "lengths"], [o.name for o in outputs], "decode", domain="solder", **attributes)
    graph = helper.make_graph([node], name, [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, scores.shape),
        helper.make_tensor_value_info("lengths", TensorProto.INT32, lengths.shape)], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("solder", 1)])
    model.ir_version = 8
    onnx.save(model, p.path(name + ".onnx"))
    feeds = {"scores": scores, "lengths": lengths}
    options = []
    for key, value in feeds.items():
        np.save(p.path(key + ".npy"), value)
        options += ["--input", f"{key}={p.path(key + '.npy')}"]
    p.check(name, [p.path(name + ".onnx")], feeds, dict(zip(("labels", "counts", "log"), want)), compare=options,
            shown=f", beside TensorFlow, {int(np.sum(want[1]))} labels")


def greedy(p, name, seed, t, n, c, **attributes):
    rng = np.random.default_rng(seed)
    scores = (rng.standard_normal((t, n, c)) * 2).astype(np.float32)
    lengths = rng.integers(1, t + 1, n).astype(np.int32)
    decoded, log = tf.nn.ctc_greedy_decoder(scores, lengths, merge_repeated=bool(attributes.get("merge_repeated", 1)),
                                            blank_index=attributes.get("blank_index"))
    check(p, name, "CTCGreedy", attributes, scores, lengths, (*dense(decoded[0], t), log.numpy()))


def beams(p, name, seed, t, n, c, sharp, **attributes):
    rng = np.random.default_rng(seed)
    scores = (rng.standard_normal((t, n, c)) * sharp).astype(np.float32)
    lengths = rng.integers(t // 2, t + 1, n).astype(np.int32)
    paths, merge = attributes.get("top_paths", 1), bool(attributes.get("merge_repeated", 0))
    decoded, log = tf.compat.v1.nn.ctc_beam_search_decoder(scores, lengths, beam_width=attributes.get("beam_width", 100),
                                                           top_paths=paths, merge_repeated=merge)
    parts = [dense(d, t) for d in decoded]
    check(p, name, "CTCBeamSearch", attributes, scores, lengths,
          (np.stack([labels for labels, _ in parts], 1), np.stack([counts for _, counts in parts], 1), log.numpy()))


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    cases = {
        "greedy": lambda n: greedy(p, n, 1, 30, 4, 6),
        "greedy_unmerged": lambda n: greedy(p, n, 2, 30, 4, 6, merge_repeated=0),
        "greedy_blank": lambda n: greedy(p, n, 3, 50, 3, 20, blank_index=0),
        "beam": lambda n: beams(p, n, 4, 20, 3, 5, 1.5),
        "beam_paths": lambda n: beams(p, n, 5, 25, 2, 8, 2, top_paths=4, beam_width=30),
        "beam_narrow": lambda n: beams(p, n, 6, 60, 3, 30, 3, top_paths=2, beam_width=5),
        "beam_merged": lambda n: beams(p, n, 7, 40, 2, 4, 2, top_paths=3, beam_width=20, merge_repeated=1),
        "beam_text": lambda n: beams(p, n, 8, 120, 4, 80, 4, beam_width=100),
    }
    for name, function in cases.items():
        if p.wanted(name):
            try:
                function(name)
            except Exception as error:  # what the peer itself refuses is no verdict on Solder
                p.row(name, "SCRIPT", f"{type(error).__name__}: {str(error)[:300]}")
    p.finish()


if __name__ == "__main__":
    main()
