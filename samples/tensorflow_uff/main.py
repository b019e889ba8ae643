#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From a frozen TensorFlow graph (.pb), or its UFF file, to a plan, and from the plan to a class."""
import argparse
import pathlib
import random
import re

import solder

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "models" / "digits"


def read_picture(path):
    """(width, height, channels, pixels as bytes) of a binary PGM or PPM, or of anything Pillow reads."""
    data = pathlib.Path(path).read_bytes()
    header = re.match(rb"P([56])\s(?:#.*\n)*(\d+)\s+(\d+)\s+255\s", data)
    if header:
        channels = 1 if header[1] == b"5" else 3
        return int(header[2]), int(header[3]), channels, data[header.end() :]
    from PIL import Image

    image = Image.open(path).convert("RGB")
    return image.width, image.height, 3, image.tobytes()


def to_tensor(picture, shape, rule):
    """The nearest pixels, by the plan's rule y = (x - mean) * scale, as the input [1, H, W, C]."""
    _, height, width, channels = shape
    if picture is None:
        picture = width, height, channels, random.Random(1).randbytes(width * height * channels)
    own_width, own_height, own_channels, pixels = picture
    order = (2, 1, 0) if rule.order == "bgr" else (0, 1, 2)
    tensor = solder.Tensor(shape)
    values = tensor.data
    for y in range(height):
        for x in range(width):
            at = (y * own_height // height * own_width + x * own_width // width) * own_channels
            for c in range(channels):
                value = pixels[at + (order[c] if own_channels == 3 else 0)]
                values[0, y, x, c] = (value - rule.mean[c]) * rule.scale[c]
    return tensor


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default=DIGITS / "digits_frozen_graph.pb")
    parser.add_argument("--output", default="dense_2/Softmax", help="the node to compute")
    parser.add_argument("--plan", default="digits.plan", help="file to write")
    parser.add_argument("--picture", help="PGM, PPM, or what Pillow reads; noise without one")
    parser.add_argument("--preprocess", default="rgb,scale=1/255", help="as for solder build")
    parser.add_argument("--labels", help="class names, one per line")
    arguments = parser.parse_args()
    if arguments.model == parser.get_default("model"):
        arguments.picture = arguments.picture or DIGITS / "pictures" / "7.pgm"
        arguments.labels = arguments.labels or DIGITS / "labels.txt"

    # Convert and build: on any machine. The batch of a frozen graph is open; one picture is enough here.
    plan = pathlib.Path(arguments.plan)
    model = pathlib.Path(arguments.model)
    if model.suffix == ".pb":
        uff = plan.with_suffix(".uff")
        solder.uff.from_tensorflow_frozen_model(model, [arguments.output], output_filename=uff)
        print(f"{uff}: {uff.stat().st_size} bytes")
        model = uff
    with solder.import_model(model, outputs=[arguments.output]) as network:
        shape = (1,) + network.inputs[0].shape[1:]
        network.build(
            plan,
            shapes=(shape, shape, shape),
            preprocess=arguments.preprocess,
            labels=arguments.labels,
        )
    print(f"{plan}: {plan.stat().st_size} bytes")

    # Deploy: the plan is all that is needed.
    net = solder.load(plan)
    picture = read_picture(arguments.picture) if arguments.picture else None
    scores = net(to_tensor(picture, net.inputs[0].max, net.image_rule())).tolist()[0]
    print(f"{net.outputs[0].name}: the best of {len(scores)} classes")
    for index in sorted(range(len(scores)), key=lambda i: -scores[i])[:5]:
        name = net.labels[index] if index < len(net.labels) else ""
        print(f"{index:5d}  {scores[index]:.4f}  {name}".rstrip())


main()
