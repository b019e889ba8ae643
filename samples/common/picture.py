# SPDX-License-Identifier: Apache-2.0
"""Pictures for the samples in Python: read, and made into a plan's input by the plan's own rule."""
import pathlib
import re
from typing import NamedTuple

import solder


class Picture(NamedTuple):
    width: int
    height: int
    channels: int
    pixels: bytes


def read(path):
    """A binary PGM or PPM; anything else that Pillow reads, if that is installed."""
    data = pathlib.Path(path).read_bytes()
    header = re.match(rb"P([56])\s(?:#.*\n)*(\d+)\s+(\d+)\s+255\s", data)
    if header:
        channels = 1 if header[1] == b"5" else 3
        return Picture(int(header[2]), int(header[3]), channels, data[header.end() :])
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    return Picture(image.width, image.height, 3, image.tobytes())


def _positions(own, wanted, scale):
    """For each pixel wanted: the two it lies between, how far towards the second, whether it exists."""
    start = (own - wanted / scale) / 2
    rows = []
    for i in range(wanted):
        at = (i + 0.5) / scale - 0.5 + start
        inside = -0.5 <= at <= own - 0.5
        at = min(max(at, 0), own - 1)
        low = int(at)
        rows.append((low, min(low + 1, own - 1), at - low, inside))
    return rows


def to_tensor(picture, io, rule):
    """
    The input io of a plan: bilinear, the middle stretched, cut or framed as rule.resize says, in its
    order of channels, each value (x - mean) * scale. Frames are of the mean colour: 0.
    """
    n, height, width = (io.max[0], *(io.max[1:3] if io.nhwc else io.max[2:4]))
    channels = io.max[3] if io.nhwc else io.max[1]
    if n != 1 or rule.transposed:
        raise SystemExit(f"{io}: not one picture")
    across, down = width / picture.width, height / picture.height
    if rule.resize == "crop":
        across = down = max(across, down)
    elif rule.resize == "pad":
        across = down = min(across, down)
    columns = _positions(picture.width, width, across)
    order = (2, 1, 0) if rule.order == "bgr" else (0, 1, 2)
    tensor = solder.Tensor(io.max)
    values, pixels, step = tensor.data, picture.pixels, picture.channels
    for y, (top, bottom, below, row_inside) in enumerate(_positions(picture.height, height, down)):
        top, bottom = top * picture.width * step, bottom * picture.width * step
        for x, (left, right, beside, inside) in enumerate(columns):
            for c in range(channels):
                k = order[c] if step == 3 else 0
                a, b = pixels[top + left * step + k], pixels[top + right * step + k]
                d, e = pixels[bottom + left * step + k], pixels[bottom + right * step + k]
                a, d = a + (b - a) * beside, d + (e - d) * beside
                value = (a + (d - a) * below - rule.mean[c]) * rule.scale[c]
                at = (0, y, x, c) if io.nhwc else (0, c, y, x)
                values[at] = value if inside and row_inside else 0
    return tensor
