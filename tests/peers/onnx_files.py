#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX files from anywhere, compared with ONNX Runtime on random inputs. Not part of `make test`.

A line of the list is a file, then what its inputs are: NAME=1x3x224x224 (normal numbers; whole ones
from 0 to 255), NAME=MIN..OPT..MAX (built with that range, run at all three), NAME=@FILE.npy, or
NAME=:VALUE for a single number; inputs of fixed shape need no word. Needs numpy and onnxruntime.

    tests/peers/onnx_files.py [--solder build/solder] LIST
"""
import os

import numpy as np
import onnxruntime as ort

import peer

DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16, "tensor(int64)": np.int64,
          "tensor(int32)": np.int32, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8, "tensor(bool)": np.bool_}
rng = np.random.default_rng(3)


def noise(shape, dtype):
    if np.issubdtype(dtype, np.floating):
        return rng.standard_normal(shape).astype(dtype)
    return rng.integers(0, 2 if dtype == np.bool_ else 100, shape).astype(dtype)


def shapes_of(word, declared):
    """The shapes to run at: one, or three of a range."""
    text = word or "x".join(str(d) for d in declared)
    return [tuple(int(d) for d in one.split("x")) for one in text.split("..")]


def plan_inputs(session, words):
    """For each input its arrays, and the options of `solder build`."""
    arrays, options = {}, []
    for one in session.get_inputs():
        word, dtype = words.get(one.name, ""), DTYPES[one.type]
        if word.startswith("@"):
            arrays[one.name] = [np.load(word[1:]).astype(dtype)]
        elif word.startswith(":"):
            arrays[one.name] = [np.array(word[1:]).astype(dtype)]
        else:
            arrays[one.name] = [noise(s, dtype) for s in shapes_of(word, one.shape)]
        shapes = ["x".join(map(str, a.shape)) for a in arrays[one.name]]
        if len(shapes) == 3:
            options += ["--shapes", f"{one.name}={shapes[0]}..{shapes[1]}..{shapes[2]}"]
        elif any(not isinstance(d, int) or d < 0 for d in one.shape):
            options += ["--input", f"{one.name}={shapes[0]}"]
    return arrays, options


def check(p, line):
    path, *words = line.split()
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    arrays, build = plan_inputs(session, dict(w.split("=", 1) for w in words))
    runs = max(len(a) for a in arrays.values())
    feeds = [{name: a[min(i, len(a) - 1)] for name, a in arrays.items()} for i in range(runs)]
    names = [o.name for o in session.get_outputs()]
    wants = [dict(zip(names, session.run(names, feed))) for feed in feeds]
    compare = []
    if any(w.split("=", 1)[1].startswith(":") for w in words):  # random numbers may choose what cannot run
        for i, (name, array) in enumerate(feeds[0].items()):
            np.save(p.path(f"compare{i}.npy"), array)
            compare += ["--input", f"{name}={p.path(f'compare{i}.npy')}"]
    p.check(os.path.basename(path)[:-5], [path], feeds, wants, build=build, compare=compare)


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for listed in p.options.names:
        with open(listed) as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    try:
                        check(p, line)
                    except Exception as error:  # what ONNX Runtime itself refuses is no verdict on Solder
                        p.row(line.split()[0], "SCRIPT", str(error).splitlines()[0][:200])
    p.finish()


if __name__ == "__main__":
    main()
