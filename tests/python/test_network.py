# SPDX-License-Identifier: Apache-2.0
"""Networks by hand, imported ones, builds and what they are told."""
import array
import gc
import json
import unittest

import common
import solder


def tiny():
    """y = relu(x w + b) with numbers one can check by hand."""
    net = solder.Network("tiny")
    x = net.add_input("x", (None, 2))
    w = net.add_constant("w", solder.Tensor.of([[1, 2, -3], [4, 5, -6]]))
    b = net.add_constant("b", array.array("f", [0.5, -100, 0]))
    y = net.add("MatMul", [x, w], name="fc")
    y = net.add("ElementWise", [y, b], name="bias", kind="sum")
    net.mark_output(net.add("Activation", [y], name="act", kind="relu"), "y")
    return net


class ByHand(unittest.TestCase):
    def test_tiny(self):
        plan = tiny().build(fast=True, threads=1, shapes=((1, 2), (1, 2), (4, 2)))
        net = solder.load(plan, threads=1)
        self.assertEqual(net([[1, 1]]).tolist(), [[5.5, 0, 0]])
        self.assertEqual(net([[1, 1], [-2, 0]]).tolist(), [[5.5, 0, 0], [0, 0, 6]])

    def test_evaluate(self):
        net = tiny()
        x = solder.Tensor.of([[1, 1]])
        self.assertEqual(net.evaluate(x)["y"].tolist(), [[5.5, 0, 0]])
        values = net.evaluate({"x": x}, values=True)
        self.assertEqual(len(values), 3)
        with self.assertRaisesRegex(solder.ArgumentError, "'x'"):
            net.evaluate({"z": x})

    def test_values(self):
        net = tiny()
        (x,), (y,) = net.inputs, net.outputs
        self.assertEqual((x.name, x.dtype, x.shape), ("x", "f32", (-1, 2)))
        self.assertEqual((y.name, y.shape), ("y", (-1, 3)))

    def test_constants_are_kept_alive(self):
        net = solder.Network()
        x = net.add_input("x", (1000,))
        total = x
        for i in range(20):
            c = net.add_constant(f"c{i}", array.array("f", [float(i)] * 1000))
            total = net.add("ElementWise", [total, c], kind="sum")
        net.mark_output(total, "y")
        gc.collect()
        junk = [array.array("f", [99.0] * 1000) for _ in range(100)]
        y = solder.load(net.build(fast=True), threads=1)(solder.Tensor((1000,)))
        self.assertEqual(set(y.tolist()), {190.0})
        self.assertEqual(len(junk), 100)

    def test_several_outputs(self):
        net = solder.Network()
        x = net.add_input("x", (1, 5))
        values, indices = net.add("TopK", [x], outputs=2, axis=1, k=2)
        net.mark_output(values, "values")
        net.mark_output(indices, "indices")
        results = solder.load(net.build(fast=True), threads=1).run([[3, 9, 1, 7, 5]])
        self.assertEqual(list(results), ["values", "indices"])
        self.assertEqual(results["values"].tolist(), [[9, 7]])
        self.assertEqual(results["indices"].tolist(), [[1, 3]])

    def test_errors_name_the_node(self):
        net = tiny()
        other = solder.Network().add_input("x", (1,))
        for message, call in (
            ("no operator 'Nothing'", lambda: net.add("Nothing", [])),
            ("'act2'.*'kind' has no such name", lambda: net.add("Activation", [net.inputs[0]], name="act2", kind="no")),
            ("'fc2'", lambda: net.add("Concat", [net.inputs[0]], name="fc2", axis=5)),
            ("another network", lambda: net.add("Activation", [other], kind="relu")),
            ("another network", lambda: net.mark_output(other)),
        ):
            with self.assertRaisesRegex(solder.Error, message):
                call()

    def test_forms(self):
        net = tiny()
        self.assertIn('network "tiny"', net.describe())
        self.assertIn("digraph", net.describe("dot"))
        described = json.loads(net.describe("json"))
        self.assertEqual([n["op"] for n in described["nodes"]], ["MatMul", "ElementWise", "Activation"])
        optimized = tiny().optimize(shapes=((1, 2),) * 3)
        self.assertLess(len(json.loads(optimized.describe("json"))["nodes"]), 3)


class Builds(unittest.TestCase):
    def test_file_and_bytes_are_the_same(self):
        path = common.FOLDER / "out.plan"
        inputs = {"data": (1, 1, 8, 8)}
        made = solder.build(common.DIGITS / "digits.onnx", None, path, inputs=inputs, fast=True)
        self.assertEqual(made, path)
        again = solder.build(common.DIGITS / "digits.onnx", inputs=inputs, fast=True)
        self.assertEqual(path.read_bytes(), again)

    def test_same_plan_as_the_command(self):
        paths = [common.FOLDER / f"{who}.plan" for who in ("python", "command")]
        model = common.DIGITS / "digits.prototxt"
        weights = common.DIGITS / "digits.caffemodel"
        labels = common.DIGITS / "labels.txt"
        rule = "gray,mean=3,scale=1/255,resize=crop"
        solder.build(
            model, weights, paths[0], fast=True, threads=1, labels=labels, preprocess=rule,
            inputs={"data": solder.Input((None, 1, 8, 8))}, outputs=["fc2"],
            shapes={"data": ((1, 1, 8, 8), (2, 1, 8, 8), (3, 1, 8, 8))},
        )  # fmt: skip
        arguments = ["--fast", "--threads", 1, "--labels", labels, "--preprocess", rule]
        arguments += ["--input", "data=?x1x8x8", "--output", "fc2"]
        arguments += ["--shapes", "data=1x1x8x8..2x1x8x8..3x1x8x8"]
        common.run_command("build", model, weights, "-o", paths[1], *arguments)
        self.assertEqual(paths[0].read_bytes(), paths[1].read_bytes())

    def test_report(self):
        net = solder.import_model(common.DIGITS / "digits.onnx", inputs=(1, 1, 8, 8))
        with self.assertRaisesRegex(solder.Error, "nothing was built yet"):
            net.report()
        net.build(effort=1, time_budget=0.2)
        report = json.loads(net.report())
        self.assertTrue(any("microseconds" in step for step in report["steps"]))

    def test_timing_cache_makes_the_same_plan(self):
        cache = common.FOLDER / "times"
        options = dict(inputs=(1, 1, 8, 8), timing_cache=cache, threads=1)
        first = solder.build(common.DIGITS / "digits.onnx", **options)
        self.assertTrue(cache.exists())
        self.assertEqual(solder.build(common.DIGITS / "digits.onnx", **options), first)

    def test_input_types(self):
        plan = solder.build(
            common.DIGITS / "digits.onnx",
            inputs={"data": solder.Input((1, 8, 8, 1), "u8", nhwc=True)},
            fast=True,
        )
        net = solder.load(plan, threads=1)
        self.assertEqual((net.inputs[0].dtype, net.inputs[0].nhwc), ("u8", True))
        self.assertEqual(net(solder.Tensor((1, 8, 8, 1), "u8")).shape, (1, 10))

    def test_input_as_constant(self):
        fixed = {"data": solder.Input((1, 1, 8, 8), value=0.5)}
        net = solder.import_model(common.DIGITS / "digits.onnx", inputs=fixed)
        self.assertEqual(net.inputs, ())
        half = solder.import_model(common.DIGITS / "digits.onnx", inputs=(1, 1, 8, 8))
        halves = array.array("f", [0.5] * 64)
        (want,) = half.evaluate(memoryview(halves).cast("B").cast("f", (1, 1, 8, 8))).values()
        (got,) = net.evaluate().values()
        self.assertEqual(got.tolist(), want.tolist())
        with self.assertRaisesRegex(ValueError, "needs a name"):
            solder.import_model(common.DIGITS / "digits.onnx", inputs=solder.Input(value=1))

    def test_dims_without_a_range_are_fixed(self):
        ranges = ((1, 1, 8, 8), (2, 1, 8, 8), (3, 1, 8, 8))
        for shapes in (ranges, {"data": ranges}):
            net = solder.load(solder.build(common.DIGITS / "digits.onnx", shapes=shapes, fast=True))
            self.assertEqual(net.property("import.inputs").split("=")[-1], "*x1x8x8")

    def test_random_weights(self):
        model = common.DIGITS / "digits.prototxt"
        plans = [solder.build(model, random_weights=seed, fast=True) for seed in (1, 1, 2)]
        self.assertEqual(plans[0], plans[1])
        self.assertNotEqual(plans[0], plans[2])
        with self.assertRaisesRegex(solder.Error, "weights"):
            solder.build(model, fast=True)

    def test_preprocess(self):
        rule = solder.Preprocess("bgr", mean=(1, 2, 3), scale=0.5, resize="pad")
        net = solder.Network()
        x = net.add_input("x", (1, 3, 4, 4))
        net.mark_output(net.add("Activation", [x], kind="relu"), "y")
        for given in (rule, "bgr,mean=1:2:3,std=2,resize=pad", [rule._replace(input="x")]):
            read = solder.load(net.build(fast=True, preprocess=given), threads=1).image_rule("x")
            self.assertEqual(read, ("bgr", (1, 2, 3), (0.5, 0.5, 0.5), "pad", False))
        for wrong in ("rgb,means=1", "gray,mean=1:2", "scale=1/0", "resize=zoom", ""):
            with self.assertRaisesRegex(ValueError, "preprocess"):
                net.build(preprocess=wrong)
