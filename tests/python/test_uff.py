# SPDX-License-Identifier: Apache-2.0
"""TensorFlow to UFF, and from there to a plan."""
import unittest

import common
import solder

FROZEN = common.DIGITS / "digits_frozen_graph.pb"
OUTPUT = ["dense_2/Softmax"]
SHAPES = ((1, 8, 8, 1),) * 3


class Uff(unittest.TestCase):
    def run_plan(self, plan):
        return solder.load(plan, threads=1)(common.digits(7, 1).data.cast("B").cast("f", SHAPES[0]))

    def test_digits(self):
        path = common.FOLDER / "digits.uff"
        data = solder.uff.from_tensorflow_frozen_model(FROZEN, OUTPUT, output_filename=path, text=True)
        self.assertEqual(path.read_bytes(), data)
        self.assertEqual(solder.uff.from_tensorflow_frozen_model(FROZEN, OUTPUT), data)
        self.assertEqual(solder.uff.from_tensorflow(FROZEN.read_bytes(), OUTPUT), data)
        self.assertIn("dense_2/Softmax", path.with_suffix(".uff.pbtxt").read_text())
        want = self.run_plan(solder.build(FROZEN, outputs=OUTPUT, shapes=SHAPES, fast=True))
        got = self.run_plan(solder.build(path, shapes=SHAPES, fast=True))
        self.assertEqual(got.tobytes(), want.tobytes())

    def test_errors(self):
        convert = solder.uff.from_tensorflow_frozen_model
        with self.assertRaisesRegex(solder.Error, "dense_9"):
            convert(FROZEN, ["dense_9"])
        with self.assertRaisesRegex(OSError, "nowhere.pb"):
            convert("nowhere.pb")
        with self.assertRaises(solder.Error) as caught:
            convert(common.DIGITS.parent.parent / "tests/import/tensorflow/TensorFlow1_dropout_of_rate_0.pb")
        self.assertEqual(caught.exception.status, solder.Status.UNSUPPORTED)
        self.assertIn(b"FullyConnected", convert(common.DIGITS / "digits.onnx"))  # no graph of TensorFlow's, but fine
        with self.assertRaises(solder.Error):
            solder.uff.from_tensorflow(b"")
        with self.assertRaises(TypeError):
            convert(FROZEN, "dense_2/Softmax")
        with self.assertRaises(ValueError):
            convert(FROZEN, OUTPUT, text=True)
