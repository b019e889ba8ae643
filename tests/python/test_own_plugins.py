# SPDX-License-Identifier: Apache-2.0
"""Operators written in Python: built, planned, loaded, run; libraries; what goes wrong."""
import array
import gc
import os
import pathlib
import threading
import unittest

import common
import solder

LIBRARY = pathlib.Path(os.environ.get("SOLDER_BUILD", common.ROOT / "build")) / "tests" / "plugin_frobnicate.so"


class Affine(solder.Plugin):
    """y = x * scale[channel] * factor + shift"""

    name = "Affine"
    namespace = "python"
    version = 3
    attributes = {
        "factor": solder.Attribute("f32", 2.0),
        "mode": solder.Attribute(("plain", "negated"), "plain"),
        "shifts": solder.Attribute("f64", length=4),
        "note": solder.Attribute("text", length=8),
        "count": solder.Attribute("i64", -1),
        "flag": solder.Attribute("bool", True),
        "type": solder.Attribute("dtype", "f32"),
    }
    inputs = [solder.Operand("x"), solder.Operand("scale", constant=True)]
    seen = None

    def infer(self, call):
        x, scale = call.inputs
        if x.shape[1].value != scale.shape[0].value:
            raise ValueError("one scale for each channel is needed")
        self.seen = (call.attributes, x.dtype, scale.data and scale.data.tolist())
        return x.shape

    def run(self, call):
        x, scale = call.inputs
        a = call.attributes
        factor = -a["factor"] if a["mode"] == "negated" else a["factor"]
        items, channels, width = x.shape
        scales, source, result = scale.data, x.data, call.outputs[0].data
        for i in range(items):
            for c in range(channels):
                for w in range(width):
                    result[i, c, w] = source[i, c, w] * scales[c] * factor + sum(a["shifts"])


class Positive(solder.Plugin):
    """The elements above 0 and where they are, as many as there are."""

    name = "Positive"
    outputs = [solder.Operand("values"), solder.Operand("indices", types=["i64"])]

    def infer(self, call):
        count = call.data_dependent(call.inputs[0].shape[0] * call.inputs[0].shape[1])
        return [((count,), "f32"), ((count,), "i64")]

    def run(self, call):
        values = [v for row in call.inputs[0].tolist() for v in row]
        found = [(v, i) for i, v in enumerate(values) if v > 0]
        for n, (value, index) in enumerate(found):
            call.outputs[0].data[n] = value
            call.outputs[1].data[n] = index
        for output in range(2):
            call.set_shape(output, (len(found),))


def affine_plan(plugin, **attributes):
    net = solder.Network("net", plugins=[plugin])
    x = net.add_input("x", (None, 2, 3))
    scale = net.add_constant("scale", array.array("f", [10, 100]))
    given = dict({"shifts": [0.25, 0.25]}, **attributes)
    (y,) = net.add_plugin("python::Affine", [x, scale], name="affine", **given)
    net.mark_output(y, "y")
    shapes = ((1, 2, 3), (2, 2, 3), (4, 2, 3))
    return net, net.build(shapes=shapes, fast=True)


X = [[[1, 2, 3], [4, 5, 6]], [[-1, -2, -3], [0, 0, 1]]]
WANT = [[[20.5, 40.5, 60.5], [800.5, 1000.5, 1200.5]], [[-19.5, -39.5, -59.5], [0.5, 0.5, 200.5]]]


class Plugins(unittest.TestCase):
    def test_runs(self):
        plugin = Affine()
        net, plan = affine_plan(plugin, note="hi")
        attributes, dtype, scale = plugin.seen
        want = dict(factor=2, mode="plain", shifts=[0.25, 0.25], note="hi", count=-1, flag=True, type="f32")
        self.assertEqual(attributes, want)
        self.assertEqual((dtype, scale), ("f32", [10, 100]))
        with solder.load(plan, plugins=[plugin], threads=1) as engine:
            self.assertEqual(engine(X).tolist(), WANT)
            self.assertEqual(engine.steps[0].op, "python::Affine")
        self.assertEqual(net.evaluate(solder.Tensor.of(X))["y"].tolist(), WANT)
        self.assertIn('Plugin "python::Affine 3"', net.describe())
        _, plan = affine_plan(Affine, mode="negated", shifts=[])
        with solder.load(plan, plugins=[Affine]) as engine:
            self.assertEqual(engine([X[0]]).tolist(), [[[-20, -40, -60], [-800, -1000, -1200]]])

    def test_data_dependent(self):
        net = solder.Network(plugins=[Positive])
        values, indices = net.add_plugin("Positive", [net.add_input("x", (2, 3))], outputs=2)
        net.mark_output(values, "values")
        net.mark_output(indices, "indices")
        engine = solder.load(net.build(fast=True), plugins=[Positive])
        result = engine.run([[1, -2, 3], [-4, 5, -6]])
        self.assertEqual(result["values"].tolist(), [1, 3, 5])
        self.assertEqual(result["indices"].tolist(), [0, 2, 4])
        self.assertEqual(engine.run([[-1, -2, -3], [-4, -5, -6]])["values"].tolist(), [])

    def test_dims(self):
        seen = []

        class Shapes(solder.Plugin):
            name = "Shapes"

            def infer(self, call):
                n, c = call.inputs[0].shape
                dims = [c + 1, 1 + c, c - 1, 10 - c, c * 2, c // 2, c.ceildiv(2), c % 4, c.min(3), c.max(9)]
                seen.append((n.value, [d.value for d in dims]))
                return (n * 2, c)

        net = solder.Network(plugins=[Shapes])
        (y,) = net.add_plugin("Shapes", [net.add_input("x", (None, 7))])
        self.assertEqual(y.shape, (-1, 7))
        self.assertEqual(seen, [(None, [8, 8, 6, 3, 14, 3, 4, 3, 3, 9])])

    def test_missing(self):
        _, plan = affine_plan(Affine())
        with self.assertRaisesRegex(solder.Error, "needs the plugin 'python::Affine' version 3, which is not registered"):
            solder.load(plan)
        with self.assertRaisesRegex(solder.Error, "needs the plugin 'Nothing', which is not registered"):
            solder.Network().add_plugin("Nothing", [])

    def test_threads(self):
        _, plan = affine_plan(Affine())
        wrong = []
        with solder.load(plan, plugins=[Affine], threads=1) as engine:

            def work():
                for _ in range(20):
                    if engine(X).tolist() != WANT:
                        wrong.append(1)

            threads = [threading.Thread(target=work) for _ in range(3)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        self.assertEqual(wrong, [])

    def test_stays_alive(self):
        _, plan = affine_plan(Affine())
        engine = solder.load(plan, plugins=[Affine()])
        gc.collect()
        self.assertEqual(engine(X).tolist(), WANT)

    @unittest.skipUnless(LIBRARY.exists(), "the test's plugin library is not built")
    def test_library(self):
        model = common.FOLDER / "frob.prototxt"
        model.write_text(
            'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }\n'
            'layer { name: "y" type: "Frobnicate" bottom: "x" top: "y" frob_param { factor: 3 } }\n'
        )
        plan = solder.build(model, fast=True, plugins=[LIBRARY])
        with solder.load(plan, plugins=[str(LIBRARY)]) as engine:
            self.assertEqual(engine([[1, 2]]).tolist(), [[3, 6]])
        with self.assertRaisesRegex(solder.FileError, "cannot load"):
            solder.Network(plugins=["./nothing.so"])


class Errors(unittest.TestCase):
    def add(self, plugin):
        net = solder.Network(plugins=[plugin])
        net.mark_output(net.add_plugin("Bad", [net.add_input("x", (2,))], name="node")[0], "y")
        return net

    def test_infer(self):
        class Bad(solder.Plugin):
            name = "Bad"

            def infer(self, call):
                raise KeyError("size")

        with self.assertRaisesRegex(solder.Error, "'node'.*plugin 'Bad': KeyError: 'size'"):
            self.add(Bad)
        for shapes, why in (
            (None, "TypeError"),
            ((-1,), "negative"),
            ((1,) * 9, "9 dimensions"),
            (("f32", "f32"), "AttributeError|TypeError"),
        ):
            with self.subTest(shapes=shapes):
                plugin = type("P", (Bad,), {"infer": lambda self, call, shapes=shapes: shapes})
                with self.assertRaisesRegex(solder.Error, f"plugin 'Bad'.*({why})"):
                    self.add(plugin)

    def test_run(self):
        class Bad(solder.Plugin):
            name = "Bad"

            def infer(self, call):
                return call.inputs[0].shape

            def run(self, call):
                raise ZeroDivisionError("nothing to divide")

        plan = self.add(Bad).build(fast=True)
        with solder.load(plan, plugins=[Bad]) as engine:
            with self.assertRaisesRegex(solder.Error, "step 'node': plugin 'Bad': ZeroDivisionError: nothing to divide"):
                engine([1, 2])

        class Greedy(Bad):
            def run(self, call):
                call.set_shape(0, (1,))

        with solder.load(plan, plugins=[Greedy]) as engine:
            with self.assertRaisesRegex(solder.Error, "plugin 'Bad': dimension 0 of output 0 was made 1, but infer said 2"):
                engine([1, 2])

    def test_missing_methods(self):
        with self.assertRaisesRegex(solder.Error, "infer is missing"):
            self.add(type("P", (solder.Plugin,), {"name": "Bad"}))

    def test_declarations(self):
        for fields, why in (
            ({"name": ""}, "a name is 1 to 64"),
            ({"name": "a b"}, "a name is 1 to 64"),
            ({"name": "Bad", "attributes": {"x": solder.Attribute("f33")}}, "no kind of attribute"),
            ({"name": "Bad", "attributes": {"x": solder.Attribute(("a", "b"), "c")}}, "'c' is none of"),
            ({"name": "Bad", "attributes": {"x": solder.Attribute("bool", 7)}}, "described wrongly"),
            ({"name": "Bad", "inputs": [solder.Operand("x", types=["f99"])]}, "unknown element type"),
        ):
            with self.subTest(fields=fields), self.assertRaisesRegex((solder.Error, ValueError), why):
                solder.Network(plugins=[type("P", (solder.Plugin,), fields)])
        with self.assertRaisesRegex(TypeError, "Plugin objects or paths"):
            solder.Network(plugins=[5])

    def test_attributes(self):
        for given, why in (
            ({"what": 1}, "no attribute 'what'; it has factor, mode"),
            ({"mode": "sideways"}, "has no such name"),
            ({"shifts": [1] * 5}, "too many values"),
            ({"note": "nine long"}, "too long"),
            ({"factor": "a"}, "takes numbers"),
        ):
            with self.subTest(given=given), self.assertRaisesRegex(solder.Error, why):
                affine_plan(Affine(), **given)

    def test_dims_end_with_infer(self):
        kept = []

        class Keeps(solder.Plugin):
            name = "Bad"

            def infer(self, call):
                kept.extend(call.inputs[0].shape)
                return call.inputs[0].shape

        self.add(Keeps)
        with self.assertRaisesRegex(RuntimeError, "outlived"):
            kept[0] + 1
