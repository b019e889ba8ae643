#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A layer that Solder does not have, as a Python class: in a network by hand, and in a Caffe model."""
import pathlib
import tempfile

import solder


class Gate(solder.Plugin):
    """y = x where |x| is above a threshold for its channel, else floor. x is [N, C, W]."""

    name = "Gate"
    namespace = "sample"
    inputs = [solder.Operand("x")]
    attributes = {
        "floor": solder.Attribute("f32", 0.0),
        "threshold": solder.Attribute("f32", length=16),
    }

    def infer(self, call):
        """The output's shape; a dimension may be open. An exception becomes the build's error."""
        shape = call.inputs[0].shape
        count = len(call.attributes["threshold"])
        if len(shape) != 3 or shape[1].value != count:
            raise ValueError(f"{count} thresholds for {shape[1].value} channels")
        return shape

    def run(self, call):
        """Reads and writes the tensors where they lie; with numpy: call.inputs[0].numpy()."""
        x, y = call.inputs[0].data, call.outputs[0].data
        floor, threshold = call.attributes["floor"], call.attributes["threshold"]
        items, channels, width = call.inputs[0].shape
        for i in range(items):
            for c in range(channels):
                for w in range(width):
                    value = x[i, c, w]
                    y[i, c, w] = value if abs(value) > threshold[c] else floor


def by_hand(gate):
    """A plan for 1 to 8 items, built and run with 2."""
    network = solder.Network("gated", plugins=[gate])
    x = network.add_input("x", (None, 2, 3))
    (gated,) = network.add_plugin("sample::Gate", [x], name="gate", threshold=[0.5, 2.5])
    network.mark_output(network.add("Unary", [gated], kind="neg"), "y")
    plan = network.build(shapes=((1, 2, 3), (2, 2, 3), (8, 2, 3)))
    print("steps:", *(step.op for step in solder.load(plan, plugins=[gate]).steps))
    y = solder.load(plan, plugins=[gate])([[[0, 1, 2], [2, 3, 4]], [[0, -1, -2], [-2, -3, -4]]])
    print("by hand:", y.tolist())
    try:
        solder.load(plan)
    except solder.Error as error:
        print("without it:", error)


MODEL = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 dim: 3 } } }
layer { name: "gate" type: "Gate" bottom: "x" top: "y" gate_param { floor: 9 threshold: 1.5 %s } }
"""


def from_caffe(gate, folder):
    """A layer of the type Gate just imports; its fields become attributes."""
    model = pathlib.Path(folder) / "gate.prototxt"
    model.write_text(MODEL % "threshold: 3.5")
    plan = solder.build(model, plugins=[gate])
    print("from Caffe:", solder.load(plan, plugins=[gate])([[[1, 2, 3], [3, 4, 5]]]).tolist())
    model.write_text(MODEL % "")
    try:
        solder.build(model, plugins=[gate])
    except solder.Error as error:
        print("a mistake:", str(error).replace(str(model), model.name))


def main():
    gate = Gate()
    by_hand(gate)
    with tempfile.TemporaryDirectory() as folder:
        from_caffe(gate, folder)


main()
