# SPDX-License-Identifier: Apache-2.0
"""What goes wrong raises with a message that names it, and never crashes."""
import itertools
import logging
import random
import subprocess
import sys
import unittest

import common
import solder
from solder import Status


class Messages(unittest.TestCase):
    def check(self, status, kind, message, call, *arguments, **options):
        with self.assertRaisesRegex(kind, message) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.status, status)
        self.assertIsInstance(caught.exception, solder.Error)

    def test_files(self):
        nowhere = common.FOLDER / "nowhere.plan"
        self.check(Status.IO, OSError, "nowhere.plan", solder.load, nowhere)
        self.check(Status.IO, solder.FileError, "nowhere.onnx", solder.build, "nowhere.onnx")
        folder = common.FOLDER / "no" / "such" / "a.plan"
        model = common.DIGITS / "digits.onnx"
        self.check(Status.IO, OSError, "a.plan", solder.build, model, output=folder, fast=True)
        self.assertFalse(folder.exists())

    def test_data(self):
        broken = common.FOLDER / "broken.plan"
        plan = bytearray(common.digits_plan())
        broken.write_bytes(plan[:-1])
        self.check(Status.DATA, solder.Error, "broken.plan", solder.load, broken)
        plan[1000] ^= 255
        self.check(Status.DATA, solder.Error, "memory", solder.load, plan)
        self.check(Status.DATA, solder.Error, "memory", solder.load, b"")
        solder.load(bytes(common.digits_plan())).verify()
        plan = bytearray(common.digits_plan())
        plan[-1] ^= 255
        engine = solder.load(plan)
        self.check(Status.DATA, solder.Error, "weights", engine.verify)
        self.check(Status.DATA, solder.Error, "weights", engine, common.digits(0, 1))
        text = common.FOLDER / "model.txt"
        text.write_text("hello")
        self.check(Status.DATA, solder.Error, "model.txt.* no model", solder.build, text)

    def test_unsupported(self):
        net = common.FOLDER / "odd.prototxt"
        net.write_text(
            'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 } } }\n'
            'layer { name: "odd1" type: "Oddity" bottom: "x" top: "y" }\n'
        )
        self.check(Status.UNSUPPORTED, solder.Error, "odd1", solder.build, net, random_weights=1)

    def test_settings(self):
        self.check(Status.ARGUMENT, ValueError, "unknown processor level", solder.Runtime, cpu="z80")
        self.check(Status.ARGUMENT, ValueError, "thread count -1", solder.Runtime, threads=-1)
        plan = common.digits_plan()
        self.check(Status.MEMORY, MemoryError, "bytes", solder.load, plan, 1, memory_limit=100000)
        onnx = common.DIGITS / "digits.onnx"
        self.check(Status.ARGUMENT, ValueError, "'m68k'", solder.build, onnx, target="m68k")
        self.check(Status.NOT_FOUND, ValueError, "nope", solder.build, onnx, outputs=["nope"])
        self.check(Status.MEMORY, MemoryError, "", solder.import_model, onnx, memory_limit=1000)

    def test_inputs(self):
        net = solder.load(common.digits_plan(), threads=1)
        data = r"input 'data' f32 \[1, 1, 8, 8\] expected"
        shape = solder.Tensor((1, 8, 8))
        self.check(Status.ARGUMENT, ValueError, data + r", f32 \[1, 8, 8\] given", net, shape)
        doubles = solder.Tensor((1, 1, 8, 8), "f64")
        self.check(Status.ARGUMENT, ValueError, data + r", f64 \[1, 1, 8, 8\] given", net, doubles)
        image = common.digits(0, 1)
        self.check(Status.ARGUMENT, ValueError, "2 inputs given, the plan has: 'data'", net, image, 1)
        self.check(Status.ARGUMENT, ValueError, "input 'data' .* is not given", net)
        unknown = "no input 'image'; it has 'data'"
        self.check(Status.NOT_FOUND, ValueError, unknown, net, {"data": image, "image": image})
        with self.assertRaisesRegex(TypeError, "input 'data': NoneType is neither a buffer"):
            net(None)

    def test_outputs(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = common.digits(0, 1)

        def run(array, name="prob"):
            net.run(image, outputs={name: array})

        expected = r"output 'prob' f32 \[1, 10\] expected, "
        self.check(Status.ARGUMENT, ValueError, expected + r"f32 \[10\]", run, solder.Tensor((10,)))
        self.check(
            Status.ARGUMENT, ValueError, expected + "i32", run, solder.Tensor((1, 10), "i32")
        )
        self.check(Status.NOT_FOUND, ValueError, "no output 'data'", run, image, "data")
        with self.assertRaisesRegex(BufferError, "output 'prob': .*writable"):
            run(bytes(40))
        with self.assertRaisesRegex(ValueError, "not contiguous"):
            run(memoryview(bytearray(80)).cast("f")[::2])

    def test_a_failed_run_leaves_the_context_usable(self):
        net = solder.load(common.open_plan(), threads=1)
        with net.context() as context:
            want = context(common.digits(0, 2)).tobytes()
            for _ in range(3):
                with self.assertRaises(solder.ArgumentError):
                    context.run(common.digits(0, 2), outputs={"prob": solder.Tensor((3, 10))})
                self.assertEqual(context(common.digits(0, 2)).tobytes(), want)


class Life(unittest.TestCase):
    def test_closed_objects_raise(self):
        runtime = solder.Runtime(threads=1)
        engine = runtime.load(common.digits_plan())
        context = engine.context()
        image = common.digits(0, 1)
        context.run(image)
        runtime.close()
        closed = "is closed"
        for call in (
            lambda: context.run(image),
            lambda: context.bind("data", image),
            lambda: context.profile(image),
            lambda: engine(image),
            lambda: engine.steps,
            lambda: engine.context(),
            lambda: engine.property("network"),
            lambda: runtime.load(common.digits_plan()),
        ):
            with self.assertRaisesRegex(solder.Error, closed) as caught:
                call()
            self.assertEqual(caught.exception.status, Status.STATE)
        self.assertEqual(engine.labels[1], "one")
        self.assertIn("closed", repr(engine))
        for thing in (context, engine, runtime, context, engine, runtime):
            thing.close()

    def test_any_order_of_closing(self):
        image = common.digits(0, 1)
        for order in itertools.permutations(range(3)):
            runtime = solder.Runtime(threads=1)
            engine = runtime.load(common.digits_plan())
            things = [runtime, engine, engine.context()]
            things[2].run(image)
            for i in order:
                things[i].close()

    def test_any_order_of_dropping(self):
        image = common.digits(0, 1)
        for order in itertools.permutations(range(3)):
            runtime = solder.Runtime(threads=1)
            engine = runtime.load(common.digits_plan())
            things = [runtime, engine, engine.context()]
            want = things[2](image).tobytes()
            del runtime, engine
            for i in order[:2]:
                things[i] = None
                if things[2] is not None:
                    self.assertEqual(things[2](image).tobytes(), want)

    def test_networks(self):
        net = solder.import_model(common.DIGITS / "digits.onnx", inputs=(1, 1, 8, 8))
        value, optimized = net.inputs[0], net.optimize()
        inner = optimized.inputs[0]
        net.close()
        for call in (lambda: value.name, lambda: inner.shape, net.describe, optimized.describe, net.build):
            with self.assertRaisesRegex(solder.Error, "network is closed"):
                call()
        net.close()
        optimized.close()

    def test_optimized_outlives_the_name(self):
        optimized = solder.import_model(common.DIGITS / "digits.onnx", inputs=(1, 1, 8, 8)).optimize()
        self.assertIn("Convolution", optimized.describe())
        self.assertIn("prob", optimized.outputs[0].name)

    def test_a_callback_cannot_close_what_calls_it(self):
        net = solder.import_model(common.DIGITS / "digits.onnx", inputs=(1, 1, 8, 8))
        with self.assertRaisesRegex(solder.Error, "in use by a call that has not returned"):
            net.build(progress=lambda *_: net.close())
        self.assertGreater(len(net.build(fast=True)), 1000)

    def test_interpreter_exit(self):
        """Objects in cycles, globals and threads at the end of the interpreter."""
        plan = common.FOLDER / "exit.plan"
        plan.write_bytes(common.digits_plan())
        code = f"""
import solder, threading
class Holder: pass
a = Holder(); a.self = a
a.net = solder.load({str(plan)!r}); a.context = a.net.context()
a.model = solder.import_model({str(common.DIGITS / "digits.onnx")!r}, inputs=(1, 1, 8, 8))
a.best = a.model.optimize()
x = solder.Tensor((1, 1, 8, 8))
y = a.net(x); capsule = y.__dlpack__(); m = y.data
def forever():
    while True: a.context.run(x)
for _ in range(2): threading.Thread(target=forever, daemon=True).start()
while not a.context.profile(x): pass
"""
        for _ in range(3):
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
            lines = [l for l in done.stderr.splitlines() if "is closed" not in l]
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertFalse([l for l in lines if "Fatal" in l or "Segmentation" in l], done.stderr)


class Callbacks(unittest.TestCase):
    def test_progress(self):
        seen = []

        def progress(phase, step, steps):
            seen.append((phase, step <= steps))

        solder.build(common.DIGITS / "digits.onnx", inputs=(1, 1, 8, 8), progress=progress)
        self.assertEqual({phase for phase, _ in seen} & {"passes", "plan"}, {"passes", "plan"})
        self.assertTrue(all(ok for _, ok in seen))

    def test_cancel(self):
        model = common.DIGITS / "digits.onnx"
        with self.assertRaises(solder.Error) as caught:
            solder.build(model, inputs=(1, 1, 8, 8), progress=lambda *_: False)
        self.assertEqual(caught.exception.status, Status.CANCELLED)

    def test_exceptions_come_out(self):
        def interrupt(phase, step, steps):
            raise KeyboardInterrupt

        out = common.FOLDER / "interrupted.plan"
        with self.assertRaises(KeyboardInterrupt):
            solder.build(common.DIGITS / "digits.onnx", None, out, progress=interrupt)
        self.assertFalse(out.exists())

    def test_notices_are_logged(self):
        with self.assertLogs("solder", logging.INFO) as logs:
            if not solder.load(common.digits_plan(), cpu="x86-64").notices:
                logging.getLogger("solder").info("this processor has nothing to hide")
        self.assertTrue(logs.output)


class BadArguments(unittest.TestCase):
    """Nothing that can be handed over makes the interpreter crash."""

    THINGS = [
        None, True, -1, 1 << 70, 0.5, float("nan"), "", "data", "a\0b", "\udc80", b"", b"\0" * 64,
        bytearray(256), [], [[]], [1, [2]], (), {}, {"data": 1}, {1: 2}, object(), type, [None] * 9,
        [-5] * 4, solder.Tensor(()), solder.Tensor((0, 3)), memoryview(b"12"), range(3), ...,
        {"data": (1, 1, 8, 8)}, ((1, 1, 8, 8),) * 3, "u8", solder.Input((1,), "f32", True),
    ]  # fmt: skip

    def attempt(self, call, *arguments, **options):
        try:
            return call(*arguments, **options)
        except (solder.Error, TypeError, ValueError, AttributeError, BufferError, OverflowError, OSError):
            return None

    def test_calls(self):
        engine = solder.load(common.digits_plan(), threads=1)
        context = engine.context()
        image = common.digits(0, 1)
        want = engine(image).tobytes()
        for thing in self.THINGS:
            self.attempt(solder.load, thing)
            self.attempt(solder.load, common.digits_plan(), cpu=thing)
            self.attempt(solder.Runtime, memory_limit=thing)
            self.attempt(engine, thing)
            self.attempt(engine.run, image, outputs=thing)
            self.attempt(engine.run, image, outputs={"prob": thing})
            self.attempt(engine.property, thing)
            self.attempt(engine.image_rule, thing)
            self.attempt(context.bind, thing, image)
            self.attempt(context.bind, "data", thing)
            self.attempt(context.bind, "prob", thing)
            context.bind("prob", None)
            self.attempt(solder.Tensor, thing)
            self.attempt(solder.Tensor, (2,), thing)
            self.attempt(solder.Tensor.of, thing)
            self.attempt(solder.import_model, thing)
            self.assertEqual(context(image).tobytes(), want)

    def test_build_options(self):
        model = common.DIGITS / "digits.onnx"
        options = "inputs outputs shapes threads effort time_budget timing_cache random_weights".split()
        options += "preprocess labels target device precision progress memory_limit weights".split()
        for option, thing in itertools.product(options, self.THINGS):
            if option == "timing_cache" and thing == "data":
                continue  # a good path
            given = {"inputs": (1, 1, 8, 8), "fast": True, "threads": 1}
            given.update({option: thing})
            self.attempt(solder.build, model, **given)

    def test_networks(self):
        rng = random.Random(1)
        ops = ["Convolution", "MatMul", "Concat", "Reshape", "Softmax", "Slice", "?", "", "a\0"]
        for _ in range(200):
            net = solder.Network()
            values = [None]
            for _ in range(4):
                thing = rng.choice(self.THINGS)
                values.append(self.attempt(net.add_input, rng.choice(["x", "y", thing]), (1, 4)))
                values.append(self.attempt(net.add_input, "z", thing))
                values.append(self.attempt(net.add_constant, "c", rng.choice([thing, image_of(rng)])))
                picked = [rng.choice(values) for _ in range(rng.randrange(3))]
                attribute = rng.choice(["stride", "axis", "kind", "epilogue.act", "nope"])
                made = self.attempt(
                    net.add, rng.choice(ops), picked, outputs=rng.choice([1, 1, 2, thing]), **{attribute: thing}
                )
                values.append(made if isinstance(made, solder.Value) else None)
                self.attempt(net.mark_output, rng.choice(values), rng.choice([None, "out", thing]))
            self.attempt(net.build, fast=True)
            self.attempt(net.describe, "json")
            self.attempt(net.evaluate, rng.choice(self.THINGS))


def image_of(rng):
    return solder.Tensor([rng.randrange(4) for _ in range(rng.randrange(4))], rng.choice(["f32", "i64"]))
