# SPDX-License-Identifier: Apache-2.0
"""Writes one small model per case of tests/peers/onnx_contrib.py to tests/import/onnx.

    python scripts/make-onnx-fixtures.py [CASE]...

Needs onnx and onnxruntime. Each file holds its own test: initialisers "feed/x0"... are the inputs,
"expect/y"... what ONNX Runtime (or the case's formula) made of them; test_onnx_graphs reads them.
Without names, files of cases that are no more are removed.
"""
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "peers"))
import numpy as np
from onnx import numpy_helper
from onnx_contrib import CASES, model

FOLDER = os.path.join(ROOT, "tests", "import", "onnx")


def fixture(case):
    proto, feeds, want = model(case)
    for prefix, arrays in (("feed/", feeds), ("expect/", want)):
        for name, array in arrays.items():
            proto.graph.initializer.append(numpy_helper.from_array(np.array(array, order="C"), prefix + name))
    proto.producer_name = ""
    return proto.SerializeToString(deterministic=True)


def main():
    cases = [name for name, c in CASES.items() if c["fixture"]]
    os.makedirs(FOLDER, exist_ok=True)
    if not sys.argv[1:]:
        for old in set(os.listdir(FOLDER)) - {name + ".onnx" for name in cases}:
            os.remove(os.path.join(FOLDER, old))
    total = 0
    for case in sys.argv[1:] or cases:
        data = fixture(case)
        total += len(data)
        with open(os.path.join(FOLDER, case + ".onnx"), "wb") as file:
            file.write(data)
    print(f"{len(sys.argv[1:] or cases)} models, {total} bytes")


if __name__ == "__main__":
    main()
