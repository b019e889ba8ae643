#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the detector the project ships and writes it as Caffe and as ONNX.

It finds digits and shapes (circle, square, triangle) pasted at random scale, place, colour and slant
on photographs. Digits: the scans bundled with scikit-learn, 1497 to train and the last 300 (other
writers) to test. Photographs: scikit-learn's china.jpg and flower.jpg, their left 70 % to train, their
right 30 % to test; half of the training backgrounds are made-up gradients and noise.

    pip install numpy scikit-learn pillow torch
    python3 scripts/train-detector.py models/detector                 # trains: minutes on a GPU
    python3 scripts/train-detector.py models/detector --weights W.npz # writes the files of these weights
    python3 scripts/train-detector.py models/detector --weights models/detector/detector.caffemodel
    python3 scripts/train-detector.py models/detector --measure build/solder  # no writing: what plans find

The network is a small SSD: nine convolutions, three feature maps (24, 12, 6 cells), three priors a
cell. Batch normalisation is folded into the convolutions before writing.
"""
import argparse
import math
import os
import struct

import numpy as np
from PIL import Image

from protobuf_wire import field, varint

SIDE = 192
SHAPES = ["circle", "square", "triangle"]
LABELS = ["background"] + [str(d) for d in range(10)] + SHAPES
# name, inputs, outputs, kernel, stride
CONVS = [("conv1", 3, 16, 3, 2), ("conv2", 16, 32, 3, 2), ("conv3", 32, 32, 3, 1), ("conv4", 32, 56, 3, 2),
         ("conv5", 56, 56, 3, 1), ("conv6", 56, 80, 3, 2), ("conv7", 80, 80, 3, 1), ("conv8", 80, 48, 1, 1),
         ("conv9", 48, 80, 3, 2)]
# source, channels, cells a side, step, min size, max size
HEADS = [("conv5", 56, 24, 8, 16, 30), ("conv7", 80, 12, 16, 30, 60), ("conv9", 80, 6, 32, 60, 105)]
ASPECT = 0.7  # width / height of the third prior
PRIORS = 3
VARIANCE = [0.1, 0.1, 0.2, 0.2]
CONFIDENCE, NMS, KEEP = 0.4, 0.45, 50


# ---- scenes ----

class Scenes:
    """Pictures [SIDE, SIDE, 3] u8 RGB with boxes [n, 4] (x1, y1, x2, y2 in pixels) and classes [n]."""

    def __init__(self, test):
        from sklearn.datasets import load_digits, load_sample_images
        digits = load_digits()
        chosen = slice(1497, None) if test else slice(0, 1497)
        self.digits = (digits.images[chosen] / 16 * 255).astype(np.uint8)
        self.classes = digits.target[chosen]
        self.test = test
        self.photos = []
        for photo in load_sample_images().images:
            cut = int(photo.shape[1] * 0.7)
            self.photos.append(Image.fromarray(photo[:, cut:] if test else photo[:, :cut]))

    def photo(self, rng):
        photo = self.photos[rng.integers(len(self.photos))]
        side = int(rng.integers(100, min(photo.size)))
        x, y = rng.integers(photo.width - side + 1), rng.integers(photo.height - side + 1)
        crop = photo.resize((SIDE, SIDE), Image.BILINEAR, (x, y, x + side, y + side))
        pixels = np.asarray(crop, np.float32)
        return pixels[:, ::-1] if rng.random() < 0.5 else pixels

    def made_up(self, rng):
        cells = int(rng.integers(2, 24))
        coarse = rng.integers(0, 256, (cells, cells, 3)).astype(np.uint8)
        kind = Image.NEAREST if rng.random() < 0.3 else Image.BICUBIC
        pixels = np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), kind), np.float32)
        return pixels * rng.uniform(0.2, 1) + rng.normal(0, rng.uniform(1, 20), pixels.shape)

    def shape_mask(self, kind, size):
        y, x = np.mgrid[0:64, 0:64] / 31.5 - 1
        if kind == "circle":
            inside = x * x + y * y <= 0.9
        elif kind == "square":
            inside = np.maximum(abs(x), abs(y)) <= 0.85
        else:
            inside = (y <= 0.85) & (abs(x) <= (y + 0.9) / 1.75 * 0.95)
        return Image.fromarray((inside * 255).astype(np.uint8))

    def mask(self, rng):
        label = int(rng.integers(1, len(LABELS)))
        size = int(math.exp(rng.uniform(math.log(22), math.log(120))))
        if label <= 10:
            same = np.flatnonzero(self.classes == label - 1)
            small = Image.fromarray(np.pad(self.digits[rng.choice(same)], 1))
            large = small.resize((size, size), Image.BICUBIC)
            angle = rng.uniform(-15, 15)
        else:
            large = self.shape_mask(LABELS[label], size).resize((size, size), Image.BILINEAR)
            angle = rng.uniform(-15, 15)
        if rng.random() < 0.5:
            large = large.resize((max(12, int(size * rng.uniform(0.8, 1.1))), size), Image.BILINEAR)
        mask = np.asarray(large.rotate(angle, Image.BILINEAR, expand=True), np.float32) / 255
        rows, columns = np.flatnonzero((mask > 0.3).any(1)), np.flatnonzero((mask > 0.3).any(0))
        return label, mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]

    def scene(self, rng):
        photo = self.test or rng.random() < 0.5
        pixels = self.photo(rng) if photo else self.made_up(rng)
        boxes, classes = [], []
        for _ in range(int(rng.integers(1, 7))):
            label, mask = self.mask(rng)
            h, w = mask.shape
            if h >= SIDE or w >= SIDE:
                continue
            x, y = int(rng.integers(SIDE - w)), int(rng.integers(SIDE - h))
            box = (x, y, x + w, y + h)
            if any(min(box[2], b[2]) > max(box[0], b[0]) and min(box[3], b[3]) > max(box[1], b[1]) for b in boxes):
                continue
            under = pixels[y:y + h, x:x + w]
            colour = rng.uniform(0, 255, 3)
            while abs(under.mean((0, 1)) - colour).sum() < 180:  # so that a person sees it too
                colour = rng.uniform(0, 255, 3)
            cover = (mask * rng.uniform(0.85, 1))[..., None]
            pixels = pixels.copy()
            pixels[y:y + h, x:x + w] = under * (1 - cover) + colour * cover
            boxes.append(box)
            classes.append(label)
        pixels = pixels * rng.uniform(0.75, 1.2) + rng.uniform(-20, 20)
        return pixels.clip(0, 255).astype(np.uint8), np.array(boxes, np.float32).reshape(-1, 4), np.array(classes)


# ---- priors, matching, decoding; boxes are x1, y1, x2, y2 in [0, 1] ----

def priors():
    out = []
    for _, _, cells, step, low, high in HEADS:
        sizes = [(low, low), (math.sqrt(low * high),) * 2, (low * math.sqrt(ASPECT), low / math.sqrt(ASPECT))]
        for y in range(cells):
            for x in range(cells):
                cx, cy = (x + 0.5) * step, (y + 0.5) * step
                out += [(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2) for w, h in sizes]
    return np.array(out, np.float32) / SIDE


def overlap(a, b):
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = (high - low).clip(0).prod(2)
    area = lambda z: (z[:, 2:] - z[:, :2]).prod(1)
    return both / np.maximum(area(a)[:, None] + area(b)[None] - both, 1e-9)


def target(anchors, boxes, classes):
    """Class of every prior (0: background, -1: no matter) and the offsets of its box."""
    label = np.zeros(len(anchors), np.int64)
    offset = np.zeros((len(anchors), 4), np.float32)
    if len(boxes) == 0:
        return label, offset
    iou = overlap(anchors, boxes)
    best = iou.argmax(1)
    score = iou.max(1)
    for i in range(len(boxes)):
        own = iou[:, i].argmax()
        best[own], score[own] = i, 2
    label[score >= 0.5] = classes[best[score >= 0.5]]
    label[(score >= 0.4) & (score < 0.5)] = -1
    chosen = boxes[best]
    size, wanted = anchors[:, 2:] - anchors[:, :2], chosen[:, 2:] - chosen[:, :2]
    middle = (chosen[:, :2] + chosen[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2
    offset[:, :2] = middle / size / VARIANCE[0]
    offset[:, 2:] = np.log(wanted / size) / VARIANCE[2]
    return label, offset


def decode(anchors, offset):
    size = anchors[:, 2:] - anchors[:, :2]
    middle = (anchors[:, 2:] + anchors[:, :2]) / 2 + offset[:, :2] * VARIANCE[0] * size
    half = np.exp(offset[:, 2:] * VARIANCE[2]) * size / 2
    return np.concatenate([middle - half, middle + half], 1)


def detect(anchors, offset, prob):
    """Rows of class, score, x1, y1, x2, y2 in [0, 1]: what DetectionOutput gives, best first."""
    boxes, rows = decode(anchors, offset), []
    for label in range(1, len(LABELS)):
        order = np.argsort(-prob[:, label], kind="stable")
        order = order[prob[order, label] > CONFIDENCE]
        while len(order):
            first, order = order[0], order[1:]
            rows.append((label, prob[first, label], *boxes[first]))
            if len(order):
                order = order[overlap(boxes[first:first + 1], boxes[order])[0] <= NMS]
    return np.array(sorted(rows, key=lambda r: -r[1])[:KEEP], np.float32).reshape(-1, 6)


def mean_average_precision(found, truth, threshold=0.5):
    """Area under precision over recall, mean over classes; boxes match at IoU >= threshold."""
    scores = []
    for label in range(1, len(LABELS)):
        rows, count = [], 0
        for detections, (boxes, classes) in zip(found, truth):
            own = boxes[classes == label]
            count += len(own)
            used = np.zeros(len(own), bool)
            for row in detections[detections[:, 0] == label]:
                iou = overlap(row[None, 2:], own)[0] if len(own) else np.zeros(0)
                hit = len(own) > 0 and iou.max() >= threshold and not used[iou.argmax()]
                if hit:
                    used[iou.argmax()] = True
                rows.append((row[1], hit))
        rows.sort(key=lambda r: -r[0])
        hits = np.cumsum([hit for _, hit in rows])
        precision = hits / np.arange(1, len(rows) + 1)
        recall = hits / max(count, 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        scores.append(float(np.sum(np.diff(np.concatenate([[0], recall])) * envelope)) if len(rows) else 0.0)
    return float(np.mean(scores))


# ---- training ----

def scale(pixels):
    return (pixels.astype(np.float32) - 127.5) / 127.5


def train(minutes, batch):
    import time
    import torch
    from torch import nn
    from torch.nn import functional as F
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(7)
    anchors = priors()

    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            worker = torch.utils.data.get_worker_info()
            rng = np.random.default_rng(100 + (worker.id if worker else 0))
            scenes = Scenes(test=False)
            while True:
                pixels, boxes, classes = scenes.scene(rng)
                label, offset = target(anchors, boxes / SIDE, classes)
                yield torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))), label, offset

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.convs = nn.ModuleDict({name: nn.Sequential(
                nn.Conv2d(i, o, k, s, k // 2, bias=False), nn.BatchNorm2d(o)) for name, i, o, k, s in CONVS})
            self.loc = nn.ModuleDict({name: nn.Conv2d(c, PRIORS * 4, 1) for name, c, *_ in HEADS})
            self.conf = nn.ModuleDict({name: nn.Conv2d(c, PRIORS * len(LABELS), 1) for name, c, *_ in HEADS})

        def forward(self, x):
            loc, conf = [], []
            for name, conv in self.convs.items():
                x = torch.relu(conv(x))
                if name in self.loc:
                    flat = lambda y, n: y.permute(0, 2, 3, 1).reshape(len(y), -1, n)
                    loc.append(flat(self.loc[name](x), 4))
                    conf.append(flat(self.conf[name](x), len(LABELS)))
            return torch.cat(loc, 1), torch.cat(conf, 1)

    net = Net().to(device)
    average = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.999),
                                                  use_buffers=True)
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-4)
    workers = max(1, (os.cpu_count() or 2) - 2)
    loader = iter(torch.utils.data.DataLoader(Stream(), batch, num_workers=workers, prefetch_factor=4))
    start, step = time.time(), 0
    while time.time() - start < minutes * 60:
        done = (time.time() - start) / (minutes * 60)
        for group in optimizer.param_groups:
            group["lr"] = 4e-3 * min(1, (step + 1) / 500) * 0.5 * (1 + math.cos(math.pi * done)) + 1e-6
        pixels, label, offset = [t.to(device) for t in next(loader)]
        loc, conf = net((pixels.float() - 127.5) / 127.5)
        positive = label > 0
        count = positive.sum().clamp(min=1)
        box_loss = F.smooth_l1_loss(loc[positive], offset[positive], reduction="sum") / count
        each = F.cross_entropy(conf.flatten(0, 1), label.flatten(), ignore_index=-1, reduction="none").view_as(label)
        negative = each.detach().masked_fill(label != 0, 0)
        rank = negative.argsort(1, descending=True).argsort(1)
        hard = (label == 0) & (rank < (3 * positive.sum(1, keepdim=True)).clamp(min=20))
        class_loss = each[positive | hard].sum() / count
        optimizer.zero_grad()
        (box_loss + class_loss).backward()
        optimizer.step()
        average.update_parameters(net)
        step += 1
        if step % 500 == 0:
            print(f"{time.time() - start:.0f} s, step {step}: boxes {box_loss.item():.3f}, classes {class_loss.item():.3f}",
                  flush=True)
    net = average.module.eval().cpu()
    weights = {}
    with torch.no_grad():
        for name, (conv, norm) in net.convs.items():
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weights[name + "_w"] = (conv.weight * gain[:, None, None, None]).numpy()
            weights[name + "_b"] = (norm.bias - norm.running_mean * gain).numpy()
        for name, *_ in HEADS:
            for kind, heads in (("loc", net.loc), ("conf", net.conf)):
                weights[f"{name}_{kind}_w"] = heads[name].weight.numpy()
                weights[f"{name}_{kind}_b"] = heads[name].bias.numpy()
    return weights


# ---- the trained network in numpy: what the written files must compute ----

def conv(x, w, b, stride):
    k = w.shape[2]
    p = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))
    view = np.lib.stride_tricks.sliding_window_view(p, (k, k), (1, 2))[:, ::stride, ::stride]
    return np.tensordot(w, view, ([1, 2, 3], [0, 3, 4])) + b[:, None, None]


def forward(weights, pixels):
    x, loc, conf = scale(pixels).transpose(2, 0, 1), [], []
    for name, _, _, _, stride in CONVS:
        x = np.maximum(conv(x, weights[name + "_w"], weights[name + "_b"], stride), 0)
        if name + "_loc_w" in weights:
            for kind, rows, n in (("loc", loc, 4), ("conf", conf, len(LABELS))):
                y = conv(x, weights[f"{name}_{kind}_w"], weights[f"{name}_{kind}_b"], 1)
                rows.append(y.transpose(1, 2, 0).reshape(-1, n))
    z = np.concatenate(conf)
    e = np.exp(z - z.max(1, keepdims=True))
    return np.concatenate(loc), e / e.sum(1, keepdims=True)


def evaluate(weights, pictures):
    anchors = priors()
    found = [detect(anchors, *forward(weights, pixels)) for pixels, _, _ in pictures]
    truth = [(boxes / SIDE, classes) for _, boxes, classes in pictures]
    return mean_average_precision(found, truth)


# ---- writing ----

def write_caffe(folder, weights):
    text = ['name: "detector"', f'layer {{ name: "data" type: "Input" top: "data"\n'
            f'  input_param {{ shape {{ dim: 1 dim: 3 dim: {SIDE} dim: {SIDE} }} }} }}']

    def layer(name, kind, bottoms, extra="", top=None):
        lists = "".join(f' bottom: "{b}"' for b in bottoms)
        text.append(f'layer {{ name: "{name}" type: "{kind}"{lists} top: "{top or name}"{extra} }}')

    def convolution(name, bottom, outputs, kernel, stride):
        layer(name, "Convolution", [bottom], f"\n  convolution_param {{ num_output: {outputs} kernel_size: {kernel}"
              f" pad: {kernel // 2} stride: {stride} }}")

    bottom = "data"
    for name, _, outputs, kernel, stride in CONVS:
        convolution(name, bottom, outputs, kernel, stride)
        layer("relu_" + name, "ReLU", [name], top=name)
        bottom = name
    for name, _, _, step, low, high in HEADS:
        for kind, n in (("loc", 4), ("conf", len(LABELS))):
            convolution(f"{name}_{kind}", name, PRIORS * n, 1, 1)
            layer(f"{name}_{kind}_perm", "Permute", [f"{name}_{kind}"],
                  "\n  permute_param { order: 0 order: 2 order: 3 order: 1 }")
            layer(f"{name}_{kind}_flat", "Flatten", [f"{name}_{kind}_perm"], "\n  flatten_param { axis: 1 }")
        layer(f"{name}_priorbox", "PriorBox", [name, "data"],
              f"\n  prior_box_param {{ min_size: {low} max_size: {high} aspect_ratio: {ASPECT} flip: false clip: false\n"
              + "    " + " ".join(f"variance: {v}" for v in VARIANCE) + f" step: {step} offset: 0.5 }}")
    for kind, axis in (("loc_flat", 1), ("conf_flat", 1), ("priorbox", 2)):
        layer("mbox_" + kind.replace("_flat", ""), "Concat", [f"{name}_{kind}" for name, *_ in HEADS],
              f"\n  concat_param {{ axis: {axis} }}")
    layer("mbox_conf_rows", "Reshape", ["mbox_conf"],
          f"\n  reshape_param {{ shape {{ dim: 0 dim: -1 dim: {len(LABELS)} }} }}")
    layer("mbox_conf_softmax", "Softmax", ["mbox_conf_rows"], "\n  softmax_param { axis: 2 }")
    layer("mbox_conf_prob", "Flatten", ["mbox_conf_softmax"], "\n  flatten_param { axis: 1 }")
    layer("detections", "DetectionOutput", ["mbox_loc", "mbox_conf_prob", "mbox_priorbox"],
          f"\n  detection_output_param {{ num_classes: {len(LABELS)} share_location: true background_label_id: 0\n"
          f"    nms_param {{ nms_threshold: {NMS} top_k: 200 }} code_type: CENTER_SIZE keep_top_k: {KEEP}\n"
          f"    confidence_threshold: {CONFIDENCE} }}")
    with open(os.path.join(folder, "detector.prototxt"), "w") as f:
        f.write("\n".join(text) + "\n")

    def blob(array):
        shape = b"".join(varint(d) for d in array.shape)
        return field(7, field(7, field(1, shape)) + field(5, array.astype("<f4").tobytes()))

    model = field(1, "detector")
    for key in weights:
        if key.endswith("_w"):
            name = key[:-2]
            model += field(100, field(1, name) + field(2, "Convolution") + blob(weights[key]) + blob(weights[name + "_b"]))
    with open(os.path.join(folder, "detector.caffemodel"), "wb") as f:
        f.write(model)


def attribute(name, value):
    if isinstance(value, float):
        body, kind = field(2, value), 1
    elif isinstance(value, int):
        body, kind = field(3, value), 2
    elif isinstance(value, str):
        body, kind = field(4, value), 3
    elif isinstance(value[0], float):
        body, kind = b"".join(field(7, v) for v in value), 6
    else:
        body, kind = b"".join(field(8, v) for v in value), 7
    return field(5, field(1, name) + body + field(20, kind))


def write_onnx(folder, weights):
    """PriorBox and DetectionOutput are operators of the domain "solder"."""
    graph = b""

    def node(op, inputs, output, domain="", **attributes):
        nonlocal graph
        graph += field(1, b"".join(field(1, i) for i in inputs) + field(2, output) + field(3, output) + field(4, op)
                       + b"".join(attribute(*a) for a in attributes.items()) + (field(7, domain) if domain else b""))
        return output

    def convolution(name, bottom, kernel, stride):
        return node("Conv", [bottom, name + "_w", name + "_b"], name, kernel_shape=[kernel] * 2,
                    pads=[kernel // 2] * 4, strides=[stride] * 2)

    bottom, rows = "data", {"loc": [], "conf": [], "prior": []}
    for name, _, _, kernel, stride in CONVS:
        bottom = node("Relu", [convolution(name, bottom, kernel, stride)], name + "_relu")
        for source, _, _, step, low, high in HEADS:
            if source != name:
                continue
            for kind in ("loc", "conf"):
                y = convolution(f"{name}_{kind}", bottom, 1, 1)
                y = node("Transpose", [y], f"{name}_{kind}_perm", perm=[0, 2, 3, 1])
                rows[kind].append(node("Flatten", [y], f"{name}_{kind}_flat", axis=1))
            rows["prior"].append(node("PriorBox", [bottom, "data"], name + "_priorbox", domain="solder",
                                      min_size=[float(low)], max_size=[float(high)], aspect_ratio=[ASPECT], flip=0,
                                      clip=0, variance=VARIANCE, step=float(step), offset=0.5))
    loc = node("Concat", rows["loc"], "mbox_loc", axis=1)
    conf = node("Concat", rows["conf"], "mbox_conf", axis=1)
    prior = node("Concat", rows["prior"], "mbox_priorbox", axis=2)
    conf = node("Reshape", [conf, "rows"], "mbox_conf_rows")
    prob = node("Softmax", [conf], "mbox_conf_softmax", axis=2)
    node("DetectionOutput", [loc, prob, prior], "detections", domain="solder", num_classes=len(LABELS),
         share_location=1, background_label_id=0, nms_threshold=NMS, top_k=200, code_type="CENTER_SIZE",
         keep_top_k=KEEP, confidence_threshold=CONFIDENCE)
    graph += field(2, "detector")
    for name, array in weights.items():
        tensor = b"".join(field(1, d) for d in array.shape) + field(2, 1) + field(8, name)
        graph += field(5, tensor + field(9, array.astype("<f4").tobytes()))
    graph += field(5, field(1, 3) + field(2, 7) + field(8, "rows") + field(9, struct.pack("<3q", 0, -1, len(LABELS))))

    def value(number, name, dims):
        shape = b"".join(field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims)
        return field(number, field(1, name) + field(2, field(1, field(1, 1) + field(2, shape))))

    graph += value(11, "data", [1, 3, SIDE, SIDE]) + value(12, "detections", [1, 1, "found", 7])
    model = field(1, 8) + field(2, "solder") + field(8, field(1, "") + field(2, 13))
    model += field(8, field(1, "solder") + field(2, 1))
    with open(os.path.join(folder, "detector.onnx"), "wb") as f:
        f.write(model + field(7, graph))


def fields(data):
    """The (number, value) pairs of a message: what write_caffe wrote."""
    at, out = 0, []

    def number():
        nonlocal at
        n = shift = 0
        while True:
            byte = data[at]
            at += 1
            n |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return n

    while at < len(data):
        key = number()
        n = number()
        if key & 7 == 2:
            out.append((key >> 3, data[at:at + n]))
            at += n
        else:
            out.append((key >> 3, n))
    return out


def read_weights(path):
    if path.endswith(".npz"):
        return dict(np.load(path))
    weights = {}
    with open(path, "rb") as f:
        layers = [value for key, value in fields(f.read()) if key == 100]
    for layer in layers:
        parts = fields(layer)
        name = next(value for key, value in parts if key == 1).decode()
        for suffix, blob in zip(("_w", "_b"), [value for key, value in parts if key == 7]):
            parts_of = dict(fields(blob))
            shape = dict(fields(parts_of[7]))[1]
            dims, n, shift = [], 0, 0
            for byte in shape:
                n |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    dims.append(n)
                    n = shift = 0
            weights[name + suffix] = np.frombuffer(parts_of[5], "<f4").reshape(dims)
    return weights


# ---- pictures, and what plans find on them ----

PICTURES, SCENES, SEED = 20, 300, 11


def scenes(count, seed):
    made, rng = Scenes(test=True), np.random.default_rng(seed)
    return [made.scene(rng) for _ in range(count)]


def write_pictures(folder):
    """Scenes as JPEG and truth.csv; returns them as a reader sees them."""
    rows, seen = ["picture,label,x1,y1,x2,y2"], []
    os.makedirs(os.path.join(folder, "pictures"), exist_ok=True)
    for i, (pixels, boxes, classes) in enumerate(scenes(PICTURES, SEED + 1)):
        name = f"{i:02}.jpg"
        path = os.path.join(folder, "pictures", name)
        Image.fromarray(pixels).save(path, quality=92)
        rows += [f"{name},{LABELS[c]}," + ",".join(str(int(v)) for v in b) for b, c in zip(boxes, classes)]
        seen.append((np.asarray(Image.open(path)), boxes, classes))
    with open(os.path.join(folder, "truth.csv"), "w") as f:
        f.write("\n".join(rows) + "\n")
    return seen


PREPROCESS = "rgb,mean=127.5,scale=1/127.5,resize=stretch"


def plan_finds(solder, plan, pictures, work):
    """Detections of a plan, each picture through `solder run` as a PNG file."""
    import subprocess
    found = []
    for pixels, _, _ in pictures:
        picture, rows = os.path.join(work, "picture.png"), os.path.join(work, "rows.npy")
        Image.fromarray(pixels).save(picture, compress_level=1)
        subprocess.run([solder, "run", plan, "--input", picture, "--output", rows, "--quiet"], check=True)
        table = np.load(rows).reshape(-1, 7)
        table = table[table[:, 1] >= 0]
        found.append(table[np.argsort(-table[:, 2], kind="stable"), 1:])
    return found


def measure(solder, folder):
    import subprocess
    import tempfile
    pictures = scenes(SCENES, SEED)
    truth = [(boxes / SIDE, classes) for _, boxes, classes in pictures]
    weights, anchors = read_weights(os.path.join(folder, "detector.caffemodel")), priors()
    want = [detect(anchors, *forward(weights, pixels)) for pixels, _, _ in pictures]
    print(f"numpy: mAP@0.5 = {mean_average_precision(want, truth):.4f} over {SCENES} scenes")
    for files in (["detector.prototxt", "detector.caffemodel"], ["detector.onnx"]):
        with tempfile.TemporaryDirectory() as work:
            plan = os.path.join(work, "detector.plan")
            subprocess.run([solder, "build", *[os.path.join(folder, f) for f in files], "-o", plan, "--quiet",
                            "--preprocess", PREPROCESS], check=True)
            found = plan_finds(solder, plan, pictures, work)
        alike = sum(len(a) == len(b) for a, b in zip(found, want))
        worst = max((abs(a[np.lexsort(a.T)] - b[np.lexsort(b.T)]).max() for a, b in zip(found, want)
                     if len(a) == len(b) and len(a)), default=0)
        print(f"{files[0]}: mAP@0.5 = {mean_average_precision(found, truth):.4f}, as many boxes as numpy in {alike} "
              f"scenes, largest difference {worst:.2g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--weights", help=".npz or .caffemodel to write instead of training")
    parser.add_argument("--measure", metavar="SOLDER", help="the command: measure the folder's models with it")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=128)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure, args.folder)
        return
    weights = read_weights(args.weights) if args.weights else train(args.minutes, args.batch)
    os.makedirs(args.folder, exist_ok=True)
    write_caffe(args.folder, weights)
    write_onnx(args.folder, weights)
    with open(os.path.join(args.folder, "labels.txt"), "w") as f:
        f.write("\n".join(LABELS) + "\n")
    whole, shown = evaluate(weights, scenes(SCENES, SEED)), evaluate(weights, write_pictures(args.folder))
    lines = [f"mAP@0.5 = {whole:.3f} over {SCENES} held-out scenes", f"mAP@0.5 = {shown:.3f} over pictures/"]
    with open(os.path.join(args.folder, "accuracy.txt"), "w") as f:
        f.write("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
