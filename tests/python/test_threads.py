# SPDX-License-Identifier: Apache-2.0
"""The GIL is released while the library works, and objects may be shared as documented."""
import random
import threading
import time
import unittest

import common
import solder


def heavy():
    """A network that runs for tens of milliseconds on one thread."""
    net = solder.Network("heavy")
    x = net.add_input("x", (1, 32, 64, 64))
    for i in range(4):
        w = net.add_constant(f"w{i}", solder.Tensor((32, 32, 7, 7)))
        x = net.add("Convolution", [x, w], name=f"conv{i}", pad_begin=[3, 3], pad_end=[3, 3])
    net.mark_output(x, "y")
    return net


class Gil(unittest.TestCase):
    def check_progress(self, work):
        """
        While a thread is in the one call of work(), this thread's Python code goes on. A busy machine
        may keep this thread from it by chance, but not ten times.
        """
        best = 0
        for _ in range(10):
            best = max(best, self.ticks_inside(work))
            if best > 3:
                return
        self.fail(f"at most {best} ticks while the library worked")

    def ticks_inside(self, work):
        done, started = threading.Event(), threading.Event()
        spans = []

        def run():
            started.set()
            start = time.monotonic()
            work()
            spans.append((start, time.monotonic()))
            done.set()

        ticks = []
        thread = threading.Thread(target=run)
        thread.start()
        started.wait()
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.0005)
        thread.join()
        start, end = spans[0]
        # Were the GIL held, no tick would fall well inside the work.
        margin = (end - start) / 10
        return len([t for t in ticks if start + margin < t < end - margin])

    def test_run(self):
        engine = solder.load(heavy().build(fast=True, threads=1), threads=1)
        context = engine.context()
        x = solder.Tensor((1, 32, 64, 64))
        context.bind("x", x)
        context.bind("y", solder.Tensor((1, 32, 64, 64)))
        self.check_progress(context.run)

    def test_build(self):
        net = heavy()
        self.check_progress(lambda: net.build(effort=1, threads=1, time_budget=0.3))


class Sharing(unittest.TestCase):
    def hammer(self, work, threads=4, rounds=25):
        failures = []

        def run(seed):
            rng = random.Random(seed)
            try:
                for _ in range(rounds):
                    work(rng)
            except BaseException as error:
                failures.append(error)

        workers = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(failures, [])

    def test_one_engine(self):
        net = solder.load(common.digits_plan())
        want = [net(common.digits(i, 1)).tobytes() for i in range(20)]

        def work(rng):
            i = rng.randrange(20)
            self.assertEqual(net(common.digits(i, 1)).tobytes(), want[i])

        self.hammer(work)
        self.assertLessEqual(len(net._idle), 4)

    def test_one_context(self):
        net = solder.load(common.open_plan(), threads=1)
        context = net.context()
        want = {(i, n): net(common.digits(i, n)).tobytes() for i in range(5) for n in (1, 2, 8)}

        def work(rng):
            i, n = rng.randrange(5), rng.choice((1, 2, 8))
            self.assertEqual(context(common.digits(i, n)).tobytes(), want[i, n])

        self.hammer(work)

    def test_one_runtime(self):
        runtime = solder.Runtime(threads=2)
        image = common.digits(0, 1)
        want = runtime.load(common.digits_plan())(image).tobytes()

        def work(rng):
            engine = runtime.load(common.digits_plan())
            self.assertEqual(engine(image).tobytes(), want)
            if rng.random() < 0.5:
                engine.close()

        self.hammer(work, rounds=10)

    def test_one_network(self):
        net = solder.import_model(common.DIGITS / "digits.onnx", inputs=(1, 1, 8, 8))
        want = net.build(fast=True)

        def work(rng):
            if rng.random() < 0.5:
                self.assertEqual(net.build(fast=True), want)
            else:
                self.assertIn("Convolution", net.optimize().describe())
                self.assertEqual(net.inputs[0].name, "data")

        self.hammer(work, rounds=5)

    def test_closing_while_running(self):
        for close in ("engine", "runtime"):
            runtime = solder.Runtime(threads=2)
            engine = runtime.load(common.digits_plan())
            image = common.digits(0, 1)
            stopped = []

            def work():
                try:
                    while True:
                        engine(image)
                except solder.Error as error:
                    stopped.append(error.status)

            workers = [threading.Thread(target=work) for _ in range(3)]
            for worker in workers:
                worker.start()
            time.sleep(0.02)
            (engine if close == "engine" else runtime).close()
            for worker in workers:
                worker.join(30)
            self.assertEqual(stopped, [solder.Status.STATE] * 3)

    def test_dropping_in_any_thread(self):
        runtime = solder.Runtime(threads=1)
        image = common.digits(0, 1)

        def work(rng):
            engine = runtime.load(common.digits_plan())
            context = engine.context()
            cycle = [engine, context]
            cycle.append(cycle)
            context.run(image)

        self.hammer(work, rounds=10)
