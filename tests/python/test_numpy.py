# SPDX-License-Identifier: Apache-2.0
"""numpy arrays in and out."""
import sys
import unittest

import common
import solder

try:
    import numpy as np
except ImportError:
    raise unittest.SkipTest("numpy is not installed") from None


class Numpy(unittest.TestCase):
    def setUp(self):
        self.net = solder.load(common.digits_plan(), threads=1)
        self.images = np.load(common.DIGITS / "test_digits.npy").astype(np.float32) / 255

    def test_run(self):
        y = self.net(self.images[:1])
        self.assertEqual(y.numpy().shape, (1, 10))
        self.assertEqual(y.numpy().dtype, np.float32)
        self.assertEqual(np.asarray(y).tobytes(), y.tobytes())
        self.assertEqual(int(np.argmax(y)), int(np.load(common.DIGITS / "test_labels.npy")[0]))

    def test_shared_memory(self):
        y = self.net(self.images[:1])
        array, other = y.numpy(), np.from_dlpack(y)
        array[0, 3] = 42
        self.assertEqual((other[0, 3], y.data[0, 3]), (42, 42))
        before = y.tobytes()
        del y
        self.assertEqual((array.tobytes(), other.tobytes()), (before, before))

    def test_strided_arrays(self):
        want = self.net(self.images[:1]).tobytes()
        fortran = np.asfortranarray(self.images[:1])
        stepped = np.repeat(self.images[:2], 2, axis=3)[:1, :, :, ::2]
        backwards = self.images[:1, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1]
        readonly = self.images[:1].copy()
        readonly.flags.writeable = False
        for array in (fortran, stepped, backwards, readonly):
            self.assertEqual(self.net(array).tobytes(), want)

    def test_contiguous_arrays_are_not_copied(self):
        array = self.images[:1]
        memory = solder._memory.borrow(array, "x")
        self.assertEqual(memory.address, array.ctypes.data)
        self.assertEqual(solder._memory.borrow(array[:, :, ::2], "x").shape, (1, 1, 4, 8))

    def test_own_output(self):
        own = np.empty((1, 10), np.float32)
        self.net.run(self.images[:1], outputs={"prob": own})
        self.assertEqual(own.tobytes(), self.net(self.images[:1]).tobytes())
        own.flags.writeable = False
        with self.assertRaisesRegex(BufferError, "read-?only"):
            self.net.run(self.images[:1], outputs={"prob": own})
        with self.assertRaisesRegex(ValueError, "not contiguous"):
            self.net.run(self.images[:1], outputs={"prob": np.empty((1, 20), np.float32)[:, ::2]})

    def test_every_type(self):
        names = "float32 float16 float64 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool"
        for name in names.split():
            array = np.array([[1, 0, 1]], name)
            tensor = solder.Tensor.of(array)
            self.assertEqual(np.dtype(name), tensor.numpy().dtype)
            self.assertEqual(np.from_dlpack(tensor).tolist(), array.tolist())
            self.assertEqual(solder.Tensor((2,), np.dtype(name)).dtype, tensor.dtype)
            self.assertEqual(solder.Tensor((2,), getattr(np, name, np.bool_)).dtype, tensor.dtype)
            self.assertEqual(tensor.tolist(), array.tolist())

    def test_dlpack_from_numpy(self):
        class Only:  # hides numpy's buffers
            def __init__(self, array):
                self.__dlpack__, self.__dlpack_device__ = array.__dlpack__, array.__dlpack_device__

        array = self.images[:1]
        before = sys.getrefcount(array)
        only = Only(array)
        for _ in range(10):
            self.assertEqual(self.net(only).tobytes(), self.net(array).tobytes())
        del only
        self.assertEqual(sys.getrefcount(array), before)

    def test_numpy_refuses_bf16(self):
        """The consumer's exception comes through, and the capsule it dropped lets go."""
        tensor = solder.Tensor((2,), "bf16")
        before = sys.getrefcount(tensor._memory.keep)
        for _ in range(3):
            with self.assertRaises((RuntimeError, BufferError)):
                np.from_dlpack(tensor)
        self.assertEqual(sys.getrefcount(tensor._memory.keep), before)

    def test_refused_types(self):
        for array in (np.array(["a"]), np.array([1j]), np.array([None]), np.array([1.0], ">f4")):
            with self.assertRaises((TypeError, ValueError, BufferError)):
                self.net(array)

    def test_weights(self):
        weights = np.arange(12, dtype=np.float32).reshape(3, 4)
        net = solder.Network()
        x = net.add_input("x", (2, 3))
        net.mark_output(net.add("MatMul", [x, net.add_constant("w", weights.T[:3].T[:, :3])]), "y")
        given = np.arange(6, dtype=np.float32).reshape(2, 3)
        y = solder.load(net.build(fast=True), threads=1)(given).numpy()
        np.testing.assert_array_equal(y, given @ weights[:, :3])
