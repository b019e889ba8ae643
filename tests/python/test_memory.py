# SPDX-License-Identifier: Apache-2.0
"""Tensors, buffers, DLPack capsules and their life; nothing leaks. All of it without numpy."""
import array
import ctypes
import gc
import os
import subprocess
import sys
import tracemalloc
import unittest
import weakref

import common
import solder
from solder import _memory

_api = ctypes.PyDLL(None)
_api.PyCapsule_New.restype = ctypes.py_object
_api.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_api.PyCapsule_GetName.restype = ctypes.c_char_p
_api.PyCapsule_GetName.argtypes = [ctypes.py_object]
_DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_NAMES = {False: b"dltensor", True: b"dltensor_versioned"}


def name(capsule):
    return _api.PyCapsule_GetName(capsule)


class Producer:
    """A DLPack producer as another library would be one; counts the calls of its deleter."""

    def __init__(self, values, shape, strides=None, versioned=False, **fields):
        self.block = (ctypes.c_float * (len(values) + 1))(*values)
        self.shape = (ctypes.c_int64 * (len(shape) + 1))(*shape)
        self.strides = None if strides is None else (ctypes.c_int64 * (len(strides) + 1))(*strides)
        self.device = fields.pop("device", (1, 0))
        self.deleted = 0
        self.versioned = versioned
        kind = _memory._DLManagedVersioned if versioned else _memory._DLManaged
        self.managed = kind()
        if versioned:
            self.managed.major, self.managed.flags = fields.pop("major", 1), fields.pop("flags", 0)
        tensor = self.managed.tensor
        tensor.data, tensor.ndim = ctypes.addressof(self.block), len(shape)
        tensor.code, tensor.bits, tensor.lanes = 2, 32, 1
        tensor.device_type = self.device[0]
        tensor.shape = ctypes.cast(self.shape, ctypes.POINTER(ctypes.c_int64))
        if self.strides is not None:
            tensor.strides = ctypes.cast(self.strides, ctypes.POINTER(ctypes.c_int64))
        for key, value in fields.items():
            setattr(tensor, key, value)
        self.deleter = _DELETER(self._delete)
        self.managed.deleter = ctypes.cast(self.deleter, ctypes.c_void_p)

    def _delete(self, managed):
        assert managed == ctypes.addressof(self.managed)
        self.deleted += 1

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **options):
        if not self.versioned and options:
            raise TypeError("an old producer knows no max_version")
        self.capsule = _api.PyCapsule_New(
            ctypes.addressof(self.managed), _NAMES[self.versioned], None
        )
        return self.capsule


class Tensors(unittest.TestCase):
    def test_numbers(self):
        for dtype, values in (
            ("f32", [[1.5, -2], [0, 4]]), ("f16", [1.5, -2]), ("bf16", [1.5, -2.0, 0.0]), ("f64", [0.1]),
            ("i8", [-128, 127]), ("u8", [0, 255]), ("i16", [-5]), ("u16", [65535]), ("i32", [-(1 << 31)]),
            ("u32", [1 << 31]), ("i64", [-(1 << 63)]), ("u64", [(1 << 64) - 1]), ("bool", [True, False]),
            ("f32", 7.0), ("f32", [[], []]), ("f32", []), ("f32", [[[1], [2]], [[3], [4]]]),
        ):  # fmt: skip
            with self.subTest(dtype=dtype, values=values):
                tensor = solder.Tensor.of(values, dtype)
                self.assertEqual(tensor.tolist(), values)
                self.assertEqual(tensor.copy().tolist(), values)
                self.assertEqual(solder.Tensor.of(tensor).tolist(), values)
                self.assertEqual(len(tensor.tobytes()), tensor.nbytes)
                self.assertEqual(tensor.data.nbytes, tensor.nbytes)
                self.assertEqual(tensor._memory.address % 64, 0)

    def test_bf16_rounds_to_nearest_even(self):
        values = [1.0, 1.00390625, 1.01171875, 3.3895314e38, float("inf")]
        got = solder.Tensor.of(values, "bf16").tolist()
        self.assertEqual(got, [1.0, 1.0, 1.015625, 3.3895313892515355e38, float("inf")])
        nan = solder.Tensor.of([float("nan")], "bf16").item()
        self.assertNotEqual(nan, nan)

    def test_wrong_numbers(self):
        for values, dtype in (([[1], [1, 2]], "f32"), ([1, "a"], "f32"), ([300], "u8"), ([[1], 2], "f32")):
            with self.assertRaises((ValueError, TypeError)):
                solder.Tensor.of(values, dtype)
        with self.assertRaisesRegex(ValueError, "not negative"):
            solder.Tensor((2, -1))
        with self.assertRaisesRegex(ValueError, "unknown element type 'f33'"):
            solder.Tensor((2,), "f33")
        with self.assertRaises(ValueError):
            solder.Tensor((2,)).item()

    def test_data_shares_and_keeps(self):
        tensor = solder.Tensor((2, 3))
        view = tensor.data
        view[1, 2] = 5.0
        self.assertEqual(tensor.tolist(), [[0, 0, 0], [0, 0, 5]])
        ref = weakref.ref(tensor)
        del tensor
        gc.collect()
        self.assertIsNone(ref())
        junk = [bytearray(24 + 63) for _ in range(1000)]
        self.assertEqual((view.tolist()[1], view.format, len(junk)), ([0, 0, 5], "f", 1000))

    def test_of_a_buffer_shares_it(self):
        numbers = array.array("f", [1, 2, 3])
        tensor = solder.Tensor.of(numbers)
        numbers[1] = 20
        self.assertEqual(tensor.tolist(), [1, 20, 3])
        with self.assertRaises(BufferError):
            numbers.append(4)  # exported
        del tensor
        numbers.append(4)
        readonly = solder.Tensor.of(bytes(4))
        self.assertTrue(readonly.data.readonly)

    def test_is_a_buffer(self):
        tensor = solder.Tensor.of([[1.0, 2.0]])
        view = memoryview(tensor) if sys.version_info >= (3, 12) else tensor.data
        self.assertEqual(view.tolist(), [[1.0, 2.0]])

    def test_formats(self):
        types = dict(zip("fdbBhHiIqQ", "f32 f64 i8 u8 i16 u16 i32 u32 i64 u64".split()))
        for format, dtype in types.items():
            self.assertEqual(solder.Tensor.of(array.array(format, [1])).dtype, dtype)
        self.assertEqual(solder.Tensor.of(array.array("l", [1])).dtype, "i64")
        self.assertEqual(solder.Tensor.of(memoryview(b"\1").cast("?")).dtype, "bool")
        with self.assertRaisesRegex(TypeError, "format 'c'"):
            solder.Tensor.of(memoryview(b"1").cast("c"))
        big = (ctypes.c_float.__ctype_be__ * 2)()
        with self.assertRaisesRegex(TypeError, "format '>f'"):
            solder.Tensor.of(big)


class Export(unittest.TestCase):
    def test_devices_and_names(self):
        tensor = solder.Tensor((2,))
        self.assertEqual(tensor.__dlpack_device__(), (1, 0))
        self.assertEqual(name(tensor.__dlpack__()), b"dltensor")
        self.assertEqual(name(tensor.__dlpack__(max_version=(0, 8))), b"dltensor")
        self.assertEqual(name(tensor.__dlpack__(max_version=(1, 1))), b"dltensor_versioned")
        with self.assertRaises(BufferError):
            tensor.__dlpack__(dl_device=(2, 0))
        with self.assertRaises(BufferError):
            tensor.__dlpack__(stream=1)
        readonly = solder.Tensor.of(bytes(4))
        with self.assertRaisesRegex(BufferError, "read-only"):
            readonly.__dlpack__()
        self.assertTrue(solder.Tensor.of(_Only(readonly.__dlpack__(max_version=(1, 0)))).data.readonly)

    def test_unused_capsules_let_go(self):
        for options in ({}, {"max_version": (1, 0)}):
            tensor = solder.Tensor((2,))
            storage = tensor._memory.keep
            before = sys.getrefcount(storage)
            capsules = [tensor.__dlpack__(**options) for _ in range(5)]
            self.assertEqual(sys.getrefcount(storage), before + 5)
            del capsules
            self.assertEqual(sys.getrefcount(storage), before)

    def test_capsule_dropped_while_an_exception_is_pending(self):
        """As when a consumer in C refuses the tensor: the exception must come through."""
        tensor = solder.Tensor((2,))
        before = sys.getrefcount(tensor._memory.keep)
        for _ in range(3):
            with self.assertRaisesRegex(TypeError, "unsupported operand"):
                sum(tensor.__dlpack__() for _ in range(1))
        self.assertEqual(sys.getrefcount(tensor._memory.keep), before)

    def test_round_trip(self):
        for versioned in (False, True):
            tensor = solder.Tensor.of([[1.0, 2.0], [3.0, 4.0]])
            capsule = tensor.__dlpack__(max_version=(1, 0) if versioned else None)
            storage = weakref.ref(tensor)
            again = solder.Tensor.of(_Only(capsule))
            self.assertEqual(name(capsule), b"used_" + _NAMES[versioned])
            del tensor, capsule
            gc.collect()
            self.assertIsNone(storage())
            self.assertEqual(again.tolist(), [[1, 2], [3, 4]])
            self.assertEqual(again.shape, (2, 2))
        for values, dtype in (([], "f32"), (3.0, "f16"), ([True], "bool"), ([1.5], "bf16")):
            tensor = solder.Tensor.of(values, dtype)
            again = solder.Tensor.of(_Only(tensor.__dlpack__()))
            self.assertEqual((again.tolist(), again.dtype), (values, dtype))

    def test_a_capsule_is_used_once(self):
        capsule = solder.Tensor((2,)).__dlpack__()
        solder.Tensor.of(_Only(capsule))
        with self.assertRaisesRegex(TypeError, "used up"):
            solder.Tensor.of(_Only(capsule))

    def test_copy(self):
        tensor = solder.Tensor.of([1.0])
        other = solder.Tensor.of(_Only(tensor.__dlpack__(copy=True)))
        other.data[0] = 2.0
        self.assertEqual(tensor.tolist(), [1.0])


class _Only:
    """Hands out one capsule."""

    def __init__(self, capsule):
        self.capsule = capsule

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **options):
        return self.capsule


class Import(unittest.TestCase):
    def test_deleter_is_called_once(self):
        for versioned in (False, True):
            producer = Producer(range(6), (2, 3), versioned=versioned)
            tensor = solder.Tensor.of(producer)
            self.assertEqual(tensor.tolist(), [[0, 1, 2], [3, 4, 5]])
            view = tensor.data
            self.assertEqual(name(producer.capsule), b"used_" + _NAMES[versioned])
            del tensor
            gc.collect()
            self.assertEqual(producer.deleted, 0)  # the view shows the memory still
            del view
            self.assertEqual(producer.deleted, 1)

    def test_strides_and_offset(self):
        transposed = Producer(range(6), (3, 2), (1, 3))
        self.assertEqual(solder.Tensor.of(transposed).tolist(), [[0, 3], [1, 4], [2, 5]])
        self.assertEqual(transposed.deleted, 1)  # copied: no longer needed
        dense = Producer(range(6), (2, 3), (3, 1))
        self.assertEqual(solder.Tensor.of(dense).tolist(), [[0, 1, 2], [3, 4, 5]])
        offset = Producer(range(6), (2,), byte_offset=12)
        self.assertEqual(solder.Tensor.of(offset).tolist(), [3, 4])
        one = Producer(range(6), (1, 3), (77, 1))
        self.assertEqual(solder.Tensor.of(one).tolist(), [[0, 1, 2]])

    def test_refused(self):
        for fields, message in (
            (dict(code=5, bits=64), "code 5, 64 bits"),
            (dict(lanes=4), "4 lanes"),
            (dict(device=(2, 0)), r"device \(2, 0\)"),
            (dict(versioned=True, major=2), "version 2"),
        ):
            producer = Producer([1.0], (1,), **fields)
            with self.assertRaisesRegex((TypeError, BufferError), message):
                solder.Tensor.of(producer)
            used = producer.deleted + (producer.device[0] != 1) + (message == "version 2")
            self.assertEqual(used, 1)

    def test_as_input_and_output(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = common.digits(4, 1)
        want = net(image).tobytes()
        producer = Producer(common.flat(image), (1, 1, 8, 8), versioned=True)
        self.assertEqual(net(producer).tobytes(), want)
        self.assertEqual(producer.deleted, 1)
        output = Producer([0.0] * 10, (1, 10))
        results = net.run(image, outputs={"prob": output})
        self.assertEqual(bytes(output.block)[:40], want)
        self.assertEqual(output.deleted, 0)
        del results
        self.assertEqual(output.deleted, 1)
        readonly = Producer([0.0] * 10, (1, 10), versioned=True, flags=1)
        with self.assertRaisesRegex(BufferError, "read-only"):
            net.run(image, outputs={"prob": readonly})
        self.assertEqual(readonly.deleted, 1)

    def test_bound_input_is_held_until_detached(self):
        net = solder.load(common.digits_plan(), threads=1)
        producer = Producer(common.flat(common.digits(4, 1)), (1, 1, 8, 8))
        with net.context() as context:
            context.bind("data", producer)
            context.run()
            self.assertEqual(producer.deleted, 0)
            context.bind("data", None)
            self.assertEqual(producer.deleted, 1)


class Leaks(unittest.TestCase):
    def grow(self, work, runs):
        """Bytes that runs of work leave behind: of Python's memory, and of the process."""
        for _ in range(20):
            work()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(20):
            work()
        gc.collect()
        python = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        resident = _resident()
        for _ in range(runs):
            work()
        gc.collect()
        return python, _resident() - resident

    def check(self, work, runs=1000, limit=1 << 20):
        python, resident = self.grow(work, runs)
        self.assertLess(python, 4096)
        self.assertLess(resident, limit)

    def test_runs(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = common.digits(0, 1)
        self.check(lambda: net(image).tobytes())

    def test_failing_runs(self):
        net = solder.load(common.digits_plan(), threads=1)
        wrong = solder.Tensor((2, 2))

        def work():
            try:
                net(wrong)
            except solder.ArgumentError:
                pass

        self.check(work)

    def test_contexts_and_engines(self):
        plan = common.digits_plan()
        image = common.digits(0, 1)

        def work():
            net = solder.load(plan, threads=1)
            net.context().run(image)

        self.check(work, 300, 4 << 20)

    def test_networks(self):
        weights = solder.Tensor((64, 64))

        def work():
            net = solder.Network()
            x = net.add_input("x", (1, 64))
            net.mark_output(net.add("MatMul", [x, net.add_constant("w", weights)]))
            net.optimize()
            net.build(fast=True)

        before = sys.getrefcount(weights._memory.keep)
        self.check(work, 300, 4 << 20)
        self.assertEqual(sys.getrefcount(weights._memory.keep), before)

    def test_failing_imports(self):
        def work():
            try:
                solder.import_model(common.DIGITS / "labels.txt")
            except solder.Error:
                pass

        self.check(work, 300, 4 << 20)

    def test_capsules(self):
        tensor = solder.Tensor((1000,))

        def work():
            solder.Tensor.of(_Only(tensor.__dlpack__()))
            tensor.__dlpack__(max_version=(1, 0))

        self.check(work)

    def test_buffers_are_given_back(self):
        net = solder.load(common.digits_plan(), threads=1)
        image = memoryview(array.array("f", common.flat(common.digits(0, 1)))).cast("B").cast("f", (1, 1, 8, 8))
        before = sys.getrefcount(image)
        for _ in range(100):
            net(image)
        self.assertEqual(sys.getrefcount(image), before)
        image.release()


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class WithoutNumpy(unittest.TestCase):
    def test_everything_but_numpy_works(self):
        code = f"""
import sys
sys.modules["numpy"] = None
sys.path.insert(0, {str(common.ROOT / "tests" / "python")!r})
import common, solder, array
net = solder.load(common.digits_plan(), threads=1)
image = common.digits(0, 1)
a = array.array("f", common.flat(image))
y = net(memoryview(a).cast("B").cast("f", (1, 1, 8, 8)))
z = solder.Tensor.of(y)
assert z.data.tolist() == net(image).tolist()
try:
    y.numpy()
except ImportError:
    print("no numpy, fine")
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), ("no numpy, fine\n", ""))
