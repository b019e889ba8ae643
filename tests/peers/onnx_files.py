#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX files from anywhere, compared with ONNX Runtime on random inputs. Not part of `make test`.

A line of the list is a file, then what its inputs are: NAME=1x3x224x224 (normal numbers; whole ones
from 0 to 255), NAME=MIN..OPT..MAX (built with that range, run at all three), NAME=@FILE.npy, or
NAME=:VALUE for a single number; inputs of fixed shape need no word. --speed measures too, on one
thread, in turns, at the first shape. Needs numpy and onnxruntime.

    tests/peers/onnx_files.py [--solder build/solder] [--speed] LIST
"""
import json
import os
import time

import numpy as np
import onnxruntime as ort

import peer

DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16, "tensor(int64)": np.int64,
          "tensor(int32)": np.int32, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8, "tensor(bool)": np.bool_}
rng = np.random.default_rng(3)
ROUNDS, SECONDS = 5, 0.6


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


def saved(p, feed):
    """The arrays as files, as --input options."""
    options = []
    for i, (name, array) in enumerate(feed.items()):
        np.save(p.path(f"given{i}.npy"), array)
        options += ["--input", f"{name}={p.path(f'given{i}.npy')}"]
    return options


def peer_milliseconds(session, feed):
    times, end = [], time.perf_counter() + SECONDS
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(1e3 * (time.perf_counter() - start))
    return float(np.median(times))


def speed(p, path, session, feed, build):
    """Medians of ROUNDS medians, ours and the peer's in turns."""
    plan, report, name = p.path("speed.plan"), p.path("speed.json"), os.path.basename(path)[:-5]
    built = p.solder("build", path, "-o", plan, "--threads", 1, *build, *p.options.build_option)
    ours, theirs = [], []
    for _ in range(ROUNDS if built.code == 0 else 0):
        theirs.append(peer_milliseconds(session, feed))
        run = p.solder("bench", plan, "--threads", 1, "--duration", SECONDS, "--warmup", 50, "--json", report, *saved(p, feed))
        if run.code != 0:
            p.row(name, "BENCH", run.text.strip()[:300])
            return
        with open(report) as file:
            ours.append(json.load(file)["latency_ms"]["median"])
    if ours:
        a, b = np.median(ours), np.median(theirs)
        p.row(name, "ok", f"solder {a:.2f} ms, onnxruntime {b:.2f} ms, {b / a:.2f} times as fast")


def check(p, line):
    path, *words = line.split()
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if p.options.speed:
        options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    arrays, build = plan_inputs(session, dict(w.split("=", 1) for w in words))
    runs = max(len(a) for a in arrays.values())
    feeds = [{name: a[min(i, len(a) - 1)] for name, a in arrays.items()} for i in range(runs)]
    names = [o.name for o in session.get_outputs()]
    wants = [dict(zip(names, session.run(names, feed))) for feed in feeds]
    # Where a number is given, random ones may choose what cannot run.
    compare = saved(p, feeds[0]) if any(w.split("=", 1)[1].startswith(":") for w in words) else []
    p.check(os.path.basename(path)[:-5], [path], feeds, wants, build=build, compare=compare)
    if p.options.speed:
        speed(p, path, session, feeds[0], build)


def main():
    options = peer.parser(__doc__.splitlines()[0])
    options.add_argument("--speed", action="store_true", help="measure, too")
    p = peer.Peer(options.parse_args())
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
