# SPDX-License-Identifier: Apache-2.0
"""Writes one small frozen graph per operator and variant to tests/import/tensorflow.

    python scripts/make-tensorflow-fixtures.py [NAME]...

Needs tensorflow. The cases are those of tests/peers/tensorflow_cases.py. Each file is a GraphDef
that holds its own test: constants "feed/x0"... are the inputs, "expect/y0"... what TensorFlow made
of them as "y0"...; test_tensorflow_graphs checks that every other way to compute y0 agrees.
Cases of TEXT are there as .pbtxt, too. Without names, files of cases that are no more are removed.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "peers"))
import numpy as np
from google.protobuf import text_format
from tensorflow_cases import LEGACY, OPS, graph, tf

FOLDER = os.path.join(ROOT, "tests", "import", "tensorflow")


TEXT = ["Cast", "Conv2D-bias-relu", "FusedBatchNormV3", "GRU-functions", "Half", "If-nested-functions",
        "OneHot", "TensorArray-early-frames"]


def file_name(case):
    return re.sub(r"[^A-Za-z0-9.]+", "_", case).strip("_") + ".pb"


def constant(definition, name, value):
    node = definition.node.add(name=name, op="Const")
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    node.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum


def fixture(case):
    definition, names, inputs, results = graph(case)
    for node in definition.node:
        for attr in [a for a in node.attr if a.startswith("_")]:
            del node.attr[attr]
    for i, (name, result) in enumerate(zip(names, results)):
        node = definition.node.add(name=f"y{i}", op="Identity", input=[name.removesuffix(":0")])
        node.attr["T"].type = tf.as_dtype(result.dtype).as_datatype_enum
        constant(definition, f"expect/y{i}", result)
    for i, x in enumerate(inputs):
        constant(definition, f"feed/x{i}", x)
    return definition


def main():
    cases = [*OPS, *LEGACY]
    wanted = sys.argv[1:] or cases
    names = {file_name(case): case for case in cases}
    if len(names) != len(cases) or not set(TEXT) <= set(cases):
        sys.exit("two cases have one file name, or there is no such case to write as text")
    files = set(names) | {file_name(case) + "txt" for case in TEXT}
    os.makedirs(FOLDER, exist_ok=True)
    if not sys.argv[1:]:
        for old in set(os.listdir(FOLDER)) - files:
            os.remove(os.path.join(FOLDER, old))
    total = 0
    for case in wanted:
        definition = fixture(case)
        data = definition.SerializeToString(deterministic=True)
        total += len(data)
        if case in TEXT:
            with open(os.path.join(FOLDER, file_name(case) + "txt"), "w") as f:
                f.write(text_format.MessageToString(definition))
        with open(os.path.join(FOLDER, file_name(case)), "wb") as f:
            f.write(data)
    print(f"{len(wanted)} graphs, {total} bytes")


if __name__ == "__main__":
    main()
