# SPDX-License-Identifier: Apache-2.0
"""What several tests need: the digits network, .npy files without numpy, the command."""
import ast
import atexit
import functools
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

import solder

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = ROOT / "models" / "digits"
SHARED = ROOT.parent / "shared" / "models"
COMMAND = os.environ.get("SOLDER_COMMAND") or str(ROOT / "build" / "solder")

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="solder-python-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

_NPY = {"<f4": "f32", "|u1": "u8", "<i8": "i64"}


def read_npy(path):
    """A .npy file as a Tensor."""
    data = pathlib.Path(path).read_bytes()
    assert data[:6] == b"\x93NUMPY"
    size = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10 : 10 + size].decode())
    assert not header["fortran_order"]
    tensor = solder.Tensor(header["shape"], _NPY[header["descr"]])
    tensor.data.cast("B")[:] = data[10 + size :]
    return tensor


def write_npy(path, tensor):
    descr = next(k for k, v in _NPY.items() if v == tensor.dtype)
    header = str({"descr": descr, "fortran_order": False, "shape": tensor.shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    pathlib.Path(path).write_bytes(start + header + tensor.tobytes())


@functools.lru_cache(maxsize=None)
def digits_plan():
    """The digits network from Caffe, batch 1, labels and picture rule: a plan's bytes."""
    return solder.build(
        DIGITS / "digits.prototxt",
        DIGITS / "digits.caffemodel",
        fast=True,
        threads=1,
        labels=DIGITS / "labels.txt",
        preprocess="gray,scale=1/255",
    )


@functools.lru_cache(maxsize=None)
def open_plan():
    """The digits network from ONNX with a batch of 1 to 8: a plan's bytes."""
    shapes = ((1, 1, 8, 8), (4, 1, 8, 8), (8, 1, 8, 8))
    return solder.build(DIGITS / "digits.onnx", inputs=(None, 1, 8, 8), shapes=shapes, fast=True)


@functools.lru_cache(maxsize=None)
def digit_values():
    """The test digits: a flat list of 300 lists of 64 numbers, 0 to 1."""
    pixels = read_npy(DIGITS / "test_digits.npy").tobytes()
    return [[p / 255 for p in pixels[i : i + 64]] for i in range(0, len(pixels), 64)]


def digits(first, count):
    """Digits as an input tensor [count, 1, 8, 8]."""
    values = [v for digit in digit_values()[first : first + count] for v in digit]
    tensor = solder.Tensor((count, 1, 8, 8))
    tensor.data.cast("B")[:] = struct.pack(f"={64 * count}f", *values)
    return tensor


def run_command(*arguments):
    return subprocess.run([COMMAND, *map(str, arguments)], check=True, capture_output=True, text=True)


def close(a, b):
    """The float32 bound every network is held to."""
    return all(abs(x - y) <= 1e-5 + 1e-4 * abs(y) for x, y in zip(flat(a), flat(b)))


def flat(tensor):
    values = tensor.tolist()
    for _ in tensor.shape[1:]:
        values = [x for v in values for x in v]
    return values
