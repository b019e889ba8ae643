# SPDX-License-Identifier: Apache-2.0
"""Running plans: the C runtime's bytes, every way of giving inputs and taking outputs."""
import array
import os
import unittest

import common
import solder


class Digits(unittest.TestCase):
    def test_three_lines(self):
        path = common.FOLDER / "three.plan"
        path.write_bytes(common.digits_plan())
        net = solder.load(path)
        y = net(common.digits(0, 1))
        self.assertEqual((y.shape, y.dtype), ((1, 10), "f32"))
        self.assertAlmostEqual(sum(y.tolist()[0]), 1.0, places=5)

    def test_classifies_as_trained(self):
        labels = common.read_npy(common.DIGITS / "test_labels.npy").tolist()
        with solder.load(common.digits_plan(), threads=1) as net:
            right = 0
            for i, label in enumerate(labels):
                row = net(common.digits(i, 1)).tolist()[0]
                right += row.index(max(row)) == label
        self.assertEqual((right, len(labels)), (294, 300))

    def test_every_format_says_the_same(self):
        """Caffe, ONNX and TensorFlow files of one network."""
        shape = (1, 8, 8, 1)
        frozen = solder.build(common.DIGITS / "digits_frozen_graph.pb", fast=True, shapes=(shape,) * 3)
        nets = [solder.load(p, threads=1) for p in (common.digits_plan(), common.open_plan(), frozen)]
        for i in range(0, 300, 25):
            image = common.digits(i, 1)
            caffe, onnx, tensorflow = nets[0](image), nets[1](image), nets[2](image.data.cast("B").cast("f", shape))
            self.assertTrue(common.close(onnx, caffe))
            self.assertTrue(common.close(tensorflow, caffe))

    def test_tune(self):
        """A plan for any machine becomes the one that is built here: bytes, files, in place."""
        model, weights = common.DIGITS / "digits.prototxt", common.DIGITS / "digits.caffemodel"
        options = {"fast": True, "threads": 1}
        portable = common.FOLDER / "portable.plan"
        solder.build(model, weights, portable, target="x86-64", **options)
        here = solder.load(solder.build(model, weights, **options), threads=1)
        tuned = solder.tune(portable.read_bytes(), **options)
        self.assertEqual(solder.tune(portable, **options), tuned)
        self.assertEqual(solder.tune(portable, output=portable, **options), portable)
        self.assertEqual(portable.read_bytes(), tuned)
        net = solder.load(tuned, threads=1)
        kernels = [[s.planned_kernel for s in n.steps] for n in (net, here)]
        self.assertEqual(kernels[0], kernels[1])
        self.assertEqual(net(common.digits(0, 1)).tolist(), here(common.digits(0, 1)).tolist())
        with self.assertRaises(TypeError):
            solder.tune(tuned, labels=["no"])
        with self.assertRaises(solder.Error):
            solder.tune(tuned[:-1])
        with self.assertRaises(ZeroDivisionError):
            solder.tune(tuned, progress=lambda *_: 1 / 0)

    def test_same_bytes_as_the_command(self):
        """libsolder_runtime under `solder run`, and here: the same bits."""
        plan, x, y = (common.FOLDER / n for n in ("same.plan", "same_x.npy", "same_y.npy"))
        for batch, data in ((1, common.digits_plan()), (8, common.open_plan())):
            plan.write_bytes(data)
            image = common.digits(7, batch)
            common.write_npy(x, image)
            common.run_command("run", plan, "--input", x, "--output", y, "--quiet")
            self.assertEqual(solder.load(plan)(image).tobytes(), common.read_npy(y).tobytes())

    def test_inputs(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = common.digits(3, 1)
        expected = net(image).tobytes()
        view = image.data
        values = array.array("f", common.flat(image))
        shaped = memoryview(values).cast("B").cast("f", (1, 1, 8, 8))
        readonly = memoryview(image.tobytes()).cast("f", (1, 1, 8, 8))
        for given in (view, shaped, readonly, image.tolist(), {"data": image}):
            self.assertEqual(net(given).tobytes(), expected)
        self.assertEqual(net.run({"data": image})["prob"].tobytes(), expected)
        self.assertEqual(list(net.run(image)), ["prob"])

    def test_strided_input_is_copied(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = common.digits(3, 1)
        twice = solder.Tensor((2, 64))
        rows = twice.data
        for i, value in enumerate(common.flat(image)):
            rows[0, i] = rows[1, i] = value
        backwards = common.flat(image)[::-1]
        flat = memoryview(array.array("f", backwards))[::-1]  # strides of -4
        want = solder.load(_flat_plan())
        self.assertEqual(want(flat).tobytes(), image.tobytes())
        self.assertEqual(net(image).tobytes(), net(image.copy()).tobytes())

    def test_outputs_into_own_memory(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = common.digits(5, 1)
        expected = net(image).tobytes()
        own = solder.Tensor((1, 10))
        results = net.run(image, outputs={"prob": own})
        self.assertEqual(own.tobytes(), expected)
        results["prob"].data[0, 0] = 42.0
        self.assertEqual(own.data[0, 0], 42.0)
        raw = bytearray(40)
        net.run(image, outputs={"prob": memoryview(raw).cast("f", (1, 10))})
        self.assertEqual(bytes(raw), expected)

    def test_results_do_not_share(self):
        net = solder.load(common.digits_plan(), threads=1)
        first = net(common.digits(0, 1))
        before = first.tobytes()
        net(common.digits(1, 1))
        self.assertEqual(first.tobytes(), before)

    def test_unaligned_memory(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = common.digits(5, 1)
        raw = bytearray(1 + 256)
        raw[1:] = image.tobytes()
        odd = memoryview(raw)[1:].cast("f", (1, 1, 8, 8))
        self.assertEqual(net(odd).tobytes(), net(image).tobytes())


def _flat_plan():
    net = solder.Network("copy")
    x = net.add_input("x", (64,))
    net.mark_output(net.add("Unary", [x], kind="identity"), "y")
    return net.build(fast=True)


class Context(unittest.TestCase):
    def test_bound_memory_stays(self):
        net = solder.load(common.digits_plan(), threads=1)
        image, prob = solder.Tensor((1, 1, 8, 8)), solder.Tensor((1, 10))
        with net.context() as context:
            context.bind("data", image)
            context.bind("prob", prob)
            for i in range(3):
                image.data.cast("B")[:] = common.digits(i, 1).tobytes()
                context.run()
                self.assertEqual(prob.tobytes(), net(common.digits(i, 1)).tobytes())
            context.bind("prob", None)
            before = prob.tobytes()
            context.run(common.digits(9, 1))
            self.assertEqual(prob.tobytes(), before)
            context.bind("data", None)
            with self.assertRaisesRegex(solder.ArgumentError, "input 'data' f32 .* is not given"):
                context.run()

    def test_given_input_leaves_the_bound_one(self):
        net = solder.load(common.digits_plan(), threads=1)
        with net.context() as context:
            context.bind("data", common.digits(1, 1))
            context.run(common.digits(2, 1))
            self.assertEqual(context.run()["prob"].tobytes(), net(common.digits(1, 1)).tobytes())

    def test_profile(self):
        net = solder.load(common.digits_plan(), threads=1)
        times = net.context().profile(common.digits(0, 1))
        self.assertEqual([step for step, _ in times], list(net.steps))
        self.assertTrue(all(0 <= t < 1e6 for _, t in times))
        self.assertGreater(sum(t for _, t in times), 0)


class Shapes(unittest.TestCase):
    def test_batches(self):
        net = solder.load(common.open_plan(), threads=1)
        self.assertEqual(net.inputs[0].shape, (-1, 1, 8, 8))
        one = solder.load(common.digits_plan(), threads=1)
        with net.context() as context:
            for batch in (1, 8, 3, 3, 1):
                y = context(common.digits(batch, batch))
                self.assertEqual(y.shape, (batch, 10))
                for i in range(batch):
                    single = one(common.digits(batch + i, 1)).tolist()[0]
                    self.assertTrue(all(abs(a - b) < 1e-5 for a, b in zip(y.tolist()[i], single)))

    def test_outside_the_profile(self):
        net = solder.load(common.open_plan())
        message = r"input 'data' f32 \[1..8, 1, 8, 8\] expected, f32 \[9, 1, 8, 8\] given"
        with self.assertRaisesRegex(solder.ArgumentError, message):
            net(common.digits(0, 9))
        self.assertEqual(net(common.digits(0, 2)).shape, (2, 10))

    def test_data_dependent_output(self):
        """NonMaxSuppression of made-up boxes: 3 far apart, one copy."""
        net = solder.Network("nms")
        boxes = net.add_input("boxes", (1, 4, 4))
        scores = net.add_input("scores", (1, 1, 4))
        picked = net.add("NonMaxSuppression", [boxes, scores], name="nms", **_NMS)
        net.mark_output(picked, "picked")
        engine = solder.load(net.build(fast=True), threads=1)
        self.assertEqual(engine.outputs[0].shape, (-1, 3))
        far = [[[0, 0, 1, 1], [0, 0, 1, 1], [5, 5, 6, 6], [9, 9, 10, 10]]]
        near = [[[0, 0, 1, 1]] * 4]
        s = [[[0.9, 0.8, 0.7, 0.6]]]
        with engine.context() as context:
            self.assertEqual(context(far, s).tolist(), [[0, 0, 0], [0, 0, 2], [0, 0, 3]])
            self.assertEqual(context(near, s).tolist(), [[0, 0, 0]])
            self.assertEqual(context(far, s).shape, (3, 3))
            room = solder.Tensor(engine.outputs[0].max, engine.outputs[0].dtype)
            got = context.run(far, s, outputs={"picked": room})["picked"]
            self.assertEqual((got.shape, got.tolist()[2]), ((3, 3), [0, 0, 3]))
            small = solder.Tensor((1, 3), engine.outputs[0].dtype)
            with self.assertRaisesRegex(solder.ArgumentError, "needs room for its largest shape"):
                context.run(far, s, outputs={"picked": small})

    def test_scalars_and_types(self):
        for dtype in ("f32", "f16", "bf16", "f64", "i8", "u8", "i16", "u16", "i32", "u32", "i64"):
            with self.subTest(dtype=dtype):
                net = solder.Network()
                x = net.add_input("x", (), dtype)
                net.mark_output(net.add("Cast", [x], to="f32"), "y")
                y = solder.load(net.build(fast=True), threads=1)(3)
                self.assertEqual((y.shape, y.item()), ((), 3.0))


_NMS = dict(iou_threshold=0.5, max_output_per_class=10)


class Inspection(unittest.TestCase):
    def test_facts(self):
        net = solder.load(common.digits_plan(), threads=1)
        self.assertEqual([str(io) for io in net.inputs], ["'data' f32 [1, 1, 8, 8]"])
        self.assertEqual(net.outputs[0].max, (1, 10))
        self.assertEqual((len(net.labels), net.labels[7]), (10, "seven"))
        self.assertEqual(net.steps[0].op, "Convolution")
        self.assertIn("conv1", net.steps[0].name)
        self.assertGreater(net.steps[0].flops, 0)
        self.assertEqual(net.memory.plan, len(common.digits_plan()))
        self.assertEqual(net.property("network"), "digits")
        self.assertIsNone(net.property("no such key"))
        rule = net.image_rule()
        self.assertEqual((rule.order, rule.resize), ("gray", "stretch"))
        self.assertAlmostEqual(rule.scale[0], 1 / 255)
        self.assertIsNone(net.image_rule("prob"))

    def test_notices_of_a_weaker_machine(self):
        if "avx2" not in solder.device().level and "avx512" not in solder.device().level:
            self.skipTest("the processor has no AVX2")
        tuned = solder.load(common.digits_plan(), threads=1)
        plain = solder.load(common.digits_plan(), threads=1, cpu="x86-64")
        self.assertNotEqual(plain.notices, ())
        self.assertEqual(tuned.notices, ())
        image = common.digits(0, 1)
        self.assertTrue(common.close(plain(image), tuned(image)))

    def test_device(self):
        d = solder.device()
        self.assertGreater(d.cores, 0)
        self.assertTrue(d.level)

    def test_version(self):
        header = (common.ROOT / "include" / "solder" / "types.h").read_text()
        for part, number in zip(("MAJOR", "MINOR", "PATCH"), solder.__version__.split(".")):
            self.assertIn(f"SOLDER_VERSION_{part} {number}\n", header)


@unittest.skipUnless(common.SHARED.exists(), "no shared models")
class RealModels(unittest.TestCase):
    def test_mnist(self):
        folder = common.SHARED / "mnist"
        path = common.FOLDER / "mnist.plan"
        solder.build(folder / "mnist-8.onnx", output=path, fast=True, threads=1)
        net = solder.load(path, threads=1)
        for digit in range(3):
            x = common.read_npy(folder / "ref" / f"digit{digit}_input.npy")
            expected = common.read_npy(folder / "ref" / f"digit{digit}_Plus214_Output_0.npy")
            y = net(x)
            self.assertTrue(common.close(y, expected))
            self.assertEqual(y.tobytes(), _by_command(path, {"Input3": x})[0])

    def test_ultraface(self):
        folder = common.SHARED / "ultraface-slim-320"
        path = common.FOLDER / "face.plan"
        solder.build(folder / "version-slim-320.onnx", output=path, fast=True)
        net = solder.load(path)
        x = common.read_npy(folder / "ref" / "tf-mtcnn_test_image_input.npy")
        results = net.run(x)
        self.assertEqual(list(results), ["scores", "boxes"])
        given = _by_command(path, {"input": x}, "scores", "boxes")
        self.assertEqual([results["scores"].tobytes(), results["boxes"].tobytes()], given)
        scores = results["scores"].data
        self.assertGreater(max(scores[0, i, 1] for i in range(4420)), 0.99)


def _by_command(plan, inputs, *outputs):
    """Outputs as `solder run` writes them."""
    arguments = []
    for name, tensor in inputs.items():
        path = common.FOLDER / f"{name}.npy"
        common.write_npy(path, tensor)
        arguments += ["--input", f"{name}={path}"]
    names = outputs or (solder.load(plan).outputs[0].name,)
    for name in names:
        arguments += ["--output", f"{name}={common.FOLDER / name}.npy"]
    common.run_command("run", plan, *arguments, "--quiet")
    return [common.read_npy(f"{common.FOLDER / name}.npy").tobytes() for name in names]


if __name__ == "__main__":
    os.chdir(common.FOLDER)
    unittest.main()
