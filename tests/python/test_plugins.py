# SPDX-License-Identifier: Apache-2.0
"""User operators from a shared library, in networks and in plans."""
import os
import unittest

import common
import solder

LIBRARY = os.environ.get("PYTHON_PLUGIN") or str(common.ROOT / "build" / "tests" / "python_plugin.so")


def network():
    net = solder.Network("plugged", plugins=[LIBRARY])
    x = net.add_input("x", (1, 3))
    (y,) = net.add_plugin("test::Times", [x], name="times1", factor=3.0)
    net.mark_output(net.add("Activation", [y], kind="relu"), "y")
    return net


class Plugins(unittest.TestCase):
    def test_network_and_plan(self):
        net = network()
        self.assertEqual(net.evaluate(solder.Tensor.of([[1, -1, 2]]))["y"].tolist(), [[3, 0, 6]])
        plan = net.build(fast=True)
        net.close()
        with solder.load(plan, threads=1, plugins=[LIBRARY]) as engine:
            self.assertEqual(engine([[1, -1, 2]]).tolist(), [[3, 0, 6]])
        with solder.Runtime(plugins=[LIBRARY]) as runtime:
            self.assertEqual(runtime.load(plan)([[0, 1, 2]]).tolist(), [[0, 3, 6]])

    def test_missing(self):
        plan = network().build(fast=True)
        with self.assertRaisesRegex(solder.Error, "Times"):
            solder.load(plan, threads=1)
        with self.assertRaisesRegex(solder.Error, "Times"):
            solder.Network().add_plugin("test::Times", [])
        with self.assertRaisesRegex(solder.Error, "times2.*'power'"):
            net = network()
            net.add_plugin("Times", [net.inputs[0]], name="times2", power=2)
        for call in (solder.Network, solder.Runtime):
            with self.assertRaisesRegex(solder.Error, "nowhere.so"):
                call(plugins=["nowhere.so"])
            with self.assertRaises(TypeError):
                call(plugins=LIBRARY)
        with self.assertRaisesRegex(solder.Error, "nowhere.so"):
            solder.build(common.DIGITS / "digits.onnx", plugins=["nowhere.so"])
