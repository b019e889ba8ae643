#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the layers of YOLO with OpenCV's DNN, which reads tiny Darknet networks written here, and with numpy.

Not part of `make test`. Needs from PyPI: numpy and opencv-python-headless<5.

    tests/peers/yolo.py [--solder build/solder] [--keep FOLDER] [NAME]...
"""
import struct

import cv2
import numpy as np

import peer
from caffe_models import Net

CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


def darknet(p, channels, h, w, layers, x):
    """What OpenCV makes of x; before the layers stands a convolution that changes nothing."""
    config, weights = p.path("net.cfg"), p.path("net.weights")
    with open(config, "w") as file:
        file.write(f"[net]\nwidth={w}\nheight={h}\nchannels={channels}\n[convolutional]\nfilters={channels}\nsize=1\n"
                   f"stride=1\npad=0\nactivation=linear\n{layers}\n")
    with open(weights, "wb") as file:
        file.write(struct.pack("<iiiq", 0, 2, 0, 0) + np.zeros(channels, np.float32).tobytes()
                   + np.eye(channels, dtype=np.float32).tobytes())
    net = cv2.dnn.readNetFromDarknet(config, weights)
    net.setInput(x)
    return net.forward()


def compare(p, name, kind, params, feeds, want, tops="out", shown=", beside OpenCV"):
    n = Net(**{key: value.shape for key, value in feeds.items()})
    n.add("out", kind, " ".join(feeds), params, top=tops)
    options = []
    for key, value in feeds.items():
        np.save(p.path(key + ".npy"), value)
        options += ["--input", f"{key}={p.path(key + '.npy')}"]
    p.check(name, n.save(p, name), feeds, dict(zip(tops.split(), want)), shown=shown, compare=options)


def anchors_text(anchors):
    return "anchors: [" + ", ".join(f"{a}" for a in np.ravel(anchors)) + "]"


def noise(seed, *shape):
    return (np.random.default_rng(seed).standard_normal(shape) * 1.5).astype(np.float32)


@check
def reorg(p):
    for stride, shape in ((2, (1, 8, 6, 10)), (3, (1, 18, 9, 6))):
        x = noise(stride, *shape)
        want = darknet(p, *shape[1:], f"[reorg]\nstride={stride}", x)
        compare(p, f"reorg_{stride}", "Reorg", f"reorg_param {{ stride: {stride} }}", {"x": x}, [want])


REGION = [[1.5, 2.5], [3, 4], [0.7, 0.9]]


def softmax_scores(x, anchors, thresh):
    numbers = rows(x, anchors).reshape(-1, x.shape[1] // anchors)
    e = np.exp(numbers[:, 5:].astype(np.float64))
    scores = sigmoid(numbers[:, 4:5]) * e / e.sum(1, keepdims=True)
    return np.where(scores > thresh, scores, 0).astype(np.float32)


@check
def region(p):
    """OpenCV suppresses overlapping boxes of version 2, always: numpy says what stood where it left 0."""
    for i, (classes, thresh) in enumerate([(3, 0.2), (20, 0.0), (1, 0.01)]):
        x = noise(3 + i, 1, 3 * (5 + classes), 5, 7)
        flat = ",".join(f"{a}" for a in np.ravel(REGION))
        want = darknet(p, *x.shape[1:], f"[region]\nanchors={flat}\nclasses={classes}\ncoords=4\nnum=3\nsoftmax=1\n"
                       f"thresh={thresh}", x)
        kept = want[:, 5:] > 0
        want[:, 5:] = np.where(kept, want[:, 5:], softmax_scores(x, 3, thresh))
        compare(p, f"region_{i}", "Region", f"region_param {{ num: 3 classes: {classes} coords: 4 thresh: {thresh} softmax: 1 "
                f"{anchors_text(REGION)} }}", {"x": x}, [want[None]],
                shown=f", beside OpenCV, {kept.sum()} scores of {(want[:, 5:] > 0).sum()} not suppressed there")


PIXELS = [[10, 13], [16, 30], [33, 23]]


@check
def yolo_heads(p):
    """Versions 3 and 4 of the head: the image is as large as the map, which OpenCV's importer allows."""
    flat = ",".join(f"{a}" for a in np.ravel(PIXELS))
    for i, (scale, new) in enumerate([(1, 0), (1.05, 0), (2, 1)]):
        classes = 4
        x = noise(7 + i, 1, 3 * (5 + classes), 6, 5)
        if new:
            x = 1 / (1 + np.exp(-x))
        want = darknet(p, *x.shape[1:], f"[yolo]\nmask=0,1,2\nanchors={flat}\nclasses={classes}\nnum=3\nthresh=0.1\n"
                       f"scale_x_y={scale}\nnew_coords={new}\nnms_threshold=0", x)
        compare(p, f"yolo_head_{i}", "Region", f"region_param {{ num: 3 classes: {classes} logistic: 1 thresh: 0.1 "
                f"scale_x_y: {scale} new_coords: {new} {anchors_text(PIXELS)} }}",
                {"x": x, "image": np.zeros((1, 3, 6, 5), np.float32)}, [want[None]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x.astype(np.float64)))


def rows(x, anchors):
    """[N, A * numbers, h, w] to [N, h, w, A, numbers]."""
    n, c, h, w = x.shape
    return x.reshape(n, anchors, c // anchors, h, w).transpose(0, 3, 4, 1, 2)


def grid(h, w):
    return np.stack(np.meshgrid(np.arange(w), np.arange(h)), -1)[None, :, :, None]


@check
def yolo_pixels(p):
    """Version 5 and its like, three heads, by numpy; version 8 too."""
    classes, strides = 6, (8, 16, 32)
    anchors = np.array([[[10, 13], [16, 30]], [[30, 61], [62, 45]], [[116, 90], [156, 198]]], np.float64)
    heads = {f"h{i}": noise(20 + i, 2, 2 * (5 + classes), 16 // 2**i, 20 // 2**i) for i in range(3)}
    boxes, scores = [], []
    for x, stride, anchor in zip(heads.values(), strides, anchors):
        s = sigmoid(rows(x, 2))
        xy = (s[..., :2] * 2 - 0.5 + grid(*x.shape[2:])) * stride
        boxes.append(np.concatenate([xy, (s[..., 2:4] * 2) ** 2 * anchor], -1).reshape(2, -1, 4))
        scores.append((s[..., 4:5] * s[..., 5:]).reshape(2, -1, classes))
    want = [np.concatenate(part, 1).astype(np.float32) for part in (boxes, scores)]
    compare(p, "yolo_5", "Yolo", f"yolo_param {{ version: 5 classes: {classes} strides: [8, 16, 32] {anchors_text(anchors)} }}",
            heads, want, "boxes scores", ", beside numpy")
    heads = {f"h{i}": noise(30 + i, 2, 4 * 16 + classes, 16 // 2**i, 20 // 2**i) for i in range(3)}
    boxes, scores = [], []
    for x, stride in zip(heads.values(), strides):
        n, _, h, w = x.shape
        bins = x[:, :64].astype(np.float64).reshape(n, 4, 16, h, w)
        bins = np.exp(bins - bins.max(2, keepdims=True))
        side = (bins / bins.sum(2, keepdims=True) * np.arange(16)[None, None, :, None, None]).sum(2).transpose(0, 2, 3, 1)
        middle = grid(h, w)[:, :, :, 0] + 0.5
        low, high = middle - side[..., :2], middle + side[..., 2:]
        boxes.append((np.concatenate([(low + high) / 2, high - low], -1) * stride).reshape(n, -1, 4))
        scores.append(sigmoid(x[:, 64:]).transpose(0, 2, 3, 1).reshape(n, -1, classes))
    want = [np.concatenate(part, 1).astype(np.float32) for part in (boxes, scores)]
    compare(p, "yolo_8", "Yolo", f"yolo_param {{ version: 8 classes: {classes} strides: [8, 16, 32] }}",
            heads, want, "boxes scores", ", beside numpy")


@check
def yolo_layer(p):
    """The rows of YoloLayer_TRT hold what OpenCV's do: the box by its corner, the best class beside the object."""
    classes, h, w = 4, 6, 5
    x = noise(40, 1, 3 * (5 + classes), h, w)
    flat = ",".join(f"{a}" for a in np.ravel(PIXELS))
    got = darknet(p, *x.shape[1:], f"[yolo]\nmask=0,1,2\nanchors={flat}\nclasses={classes}\nnum=3\nthresh=0\n"
                  "scale_x_y=1.05\nnms_threshold=0", x)
    best = got[:, 5:].argmax(1)
    want = np.concatenate([got[:, :2] - got[:, 2:4] / 2, got[:, 2:5], best[:, None],
                           got[:, 5:].max(1, keepdims=True) / got[:, 4:5]], 1).astype(np.float32)
    compare(p, "yolo_layer", "YoloLayer_TRT", f"yolo_param {{ yoloWidth: {w} yoloHeight: {h} numClasses: {classes} "
            f"inputMultiplier: 1 scaleXY: 1.05 numAnchors: 3 {anchors_text(PIXELS)} }}", {"x": x},
            [want.reshape(1, -1, 1, 1)])


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for name, function in CHECKS.items():
        if p.wanted(name):
            try:
                function(p)
            except Exception as error:  # what the peer itself refuses is no verdict on Solder
                p.row(name, "SCRIPT", f"{type(error).__name__}: {str(error)[:300]}")
    p.finish()


if __name__ == "__main__":
    main()
