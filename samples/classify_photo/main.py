#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The five best classes of a photo, by any classifier: a model of any format, or a plan."""
import argparse
import pathlib
import sys

import solder

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "samples" / "common"))
import picture  # noqa: E402

DIGITS = ROOT / "models" / "digits"


def build(arguments):
    """A plan that carries its class names, and how pixels become its input."""
    inputs = tuple(map(int, arguments.input.split("x"))) if arguments.input else None
    with solder.import_model(arguments.model, arguments.weights, inputs=inputs) as network:
        shape = network.inputs[0].shape
        shapes = None
        if shape[0] == -1:  # the number of pictures is open; one is enough here
            shapes = ((1,) + shape[1:],) * 3
        return network.build(shapes=shapes, preprocess=arguments.preprocess, labels=arguments.labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", default=DIGITS / "pictures" / "7.pgm")
    parser.add_argument("--model", default=DIGITS / "digits.onnx", help="a model, or a plan (.plan)")
    parser.add_argument("--weights", help="Caffe's second file")
    parser.add_argument("--input", help="shape of the input, where the model does not say: 1x3x224x224")
    parser.add_argument("--preprocess", default="gray,scale=1/255", help="as for solder build")
    parser.add_argument("--labels", default=DIGITS / "labels.txt", help="class names, one per line")
    arguments = parser.parse_args()
    is_plan = pathlib.Path(arguments.model).suffix == ".plan"
    net = solder.load(arguments.model if is_plan else build(arguments))
    rule = net.image_rule()
    if rule is None:
        raise SystemExit(f"{arguments.model}: the plan does not say how pixels become its input")
    scores = net(picture.to_tensor(picture.read(arguments.photo), net.inputs[0], rule)).tolist()
    while len(scores) == 1 or isinstance(scores[0], list):  # [1, classes] or [1, classes, 1, 1]
        scores = scores[0] if len(scores) == 1 else [s[0] for s in scores]
    for index in sorted(range(len(scores)), key=lambda i: -scores[i])[:5]:
        name = net.labels[index] if index < len(net.labels) else ""
        print(f"{index:5d}  {scores[index]:.4f}  {name}".rstrip())


main()
