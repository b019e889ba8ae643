#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports networks of torch and torchvision with random weights and compares Solder with ONNX Runtime.

Not part of `make test`. Needs from PyPI: numpy onnx onnxruntime onnxscript torch torchvision.

    tests/peers/torch_models.py [--solder build/solder] [--keep FOLDER] [MODEL]...
"""
import copy
import io
import contextlib
import logging
import warnings

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torchvision.models as tv
from torch import nn

import peer

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
torch.set_num_threads(1)
torch.backends.mha.set_fastpath_enabled(False)

MODELS = {}


def model(shape, opset=13, dynamo=False, dynamic=None, dtype=torch.float32, tests=None):
    def register(make):
        MODELS[make.__name__] = (make, shape, opset, dynamo, dynamic, dtype, tests)
        return make
    return register


def torchvision_model(name, shape, opset=13, dynamo=False, suffix="", **options):
    def make():
        kwargs = dict(weights=None)
        if name in ("googlenet", "inception_v3"):
            kwargs.update(init_weights=False, aux_logits=False)
        return getattr(tv, name)(**kwargs)
    make.__name__ = name + suffix
    model(shape, opset, dynamo, **options)(make)


S = (1, 3, 64, 64)
for args in [("alexnet", (1, 3, 224, 224), 11), ("vgg11_bn", (1, 3, 224, 224), 12), ("resnet18", S, 11),
             ("resnet50", S, 13), ("resnext50_32x4d", S, 14), ("densenet121", S, 13),
             ("squeezenet1_1", S, 15), ("googlenet", S, 13), ("inception_v3", (1, 3, 107, 107), 13),
             ("mobilenet_v2", S, 12), ("mobilenet_v3_small", S, 14), ("mobilenet_v3_large", S, 17),
             ("shufflenet_v2_x1_0", S, 13), ("mnasnet1_0", S, 11), ("efficientnet_b0", S, 16),
             ("regnet_x_400mf", S, 13), ("regnet_y_400mf", S, 13), ("convnext_tiny", S, 17),
             ("vit_b_16", (1, 3, 224, 224), 17), ("swin_t", S, 17), ("swin_v2_t", S, 17), ("maxvit_t", (1, 3, 224, 224), 17)]:
    torchvision_model(*args)
for name in ("resnet18", "mobilenet_v3_small", "shufflenet_v2_x1_0", "convnext_tiny", "swin_t", "densenet121",
             "efficientnet_b0", "squeezenet1_1"):
    torchvision_model(name, S, 18, True, "_dynamo")
torchvision_model("resnet18", (2, 3, 64, 64), 13, suffix="_batch", dynamic=["N"],
                  tests=[(1, 3, 64, 64), (3, 3, 64, 64), (8, 3, 64, 64)])
torchvision_model("mobilenet_v2", (1, 3, 64, 64), 13, suffix="_hw", dynamic=["N", None, "H", "W"],
                  tests=[(1, 3, 64, 64), (2, 3, 96, 33)])
torchvision_model("shufflenet_v2_x1_0", (2, 3, 64, 64), 13, suffix="_batch", dynamic=["N"],
                  tests=[(1, 3, 64, 64), (3, 3, 64, 64)])
torchvision_model("swin_t", (2, 3, 64, 64), 17, suffix="_batch", dynamic=["N"], tests=[(1, 3, 64, 64), (3, 3, 64, 64)])
torchvision_model("vit_b_16", (2, 3, 224, 224), 17, suffix="_batch", dynamic=["N"], tests=[(1, 3, 224, 224), (2, 3, 224, 224)])
torchvision_model("mobilenet_v3_small", S, 13, suffix="_half", dtype=torch.float16)
torchvision_model("resnet18", S, 13, suffix="_double", dtype=torch.float64)
torchvision_model("squeezenet1_1", S, 13, suffix="_double", dtype=torch.float64)


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(),
                         nn.Conv2d(o, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())


class UNet(nn.Module):
    def __init__(self, up="deconv"):
        super().__init__()
        self.d1, self.d2, self.d3 = block(3, 16), block(16, 32), block(32, 64)
        self.pool = nn.MaxPool2d(2)
        if up == "deconv":
            self.u2, self.u1 = nn.ConvTranspose2d(64, 32, 2, 2), nn.ConvTranspose2d(32, 16, 3, 2, 1, 1)
        else:
            def upsample(i, o):
                return nn.Sequential(nn.Upsample(scale_factor=2, mode=up, align_corners=False if up == "bilinear" else None),
                                     nn.Conv2d(i, o, 1))
            self.u2, self.u1 = upsample(64, 32), upsample(32, 16)
        self.c2, self.c1 = block(64, 32), block(32, 16)
        self.head = nn.Conv2d(16, 5, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(self.pool(a))
        c = self.d3(self.pool(b))
        b = self.c2(torch.cat([self.u2(c), b], 1))
        a = self.c1(torch.cat([self.u1(b), a], 1))
        return self.head(a)


@model((1, 3, 48, 64))
def unet_deconv():
    return UNet()


@model((1, 3, 48, 64), 11)
def unet_bilinear():
    return UNet("bilinear")


@model((1, 3, 48, 64), 13, dynamic=["N", None, "H", "W"], tests=[(1, 3, 48, 64), (2, 3, 32, 36)])
def unet_nearest_hw():
    return UNet("nearest")


class Interpolate(nn.Module):
    """A head that scales back to the size of the input, align_corners and all."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, 2, 1)
        self.b = nn.Conv2d(8, 8, 3, 2, 1)

    def forward(self, x):
        f = self.b(torch.relu(self.a(x)))
        size = x.shape[-2:]
        f1 = nn.functional.interpolate(f, size, mode="bilinear", align_corners=True)
        f2 = nn.functional.interpolate(f, size, mode="bilinear", align_corners=False)
        f3 = nn.functional.interpolate(f, size, mode="bicubic", align_corners=False)
        f4 = nn.functional.interpolate(f, size, mode="nearest")
        p = nn.functional.adaptive_avg_pool2d(f, 1)
        return torch.argmax(f1 + p, 1), f2, f3, f4


@model((1, 3, 33, 47), 13)
def interpolate():
    return Interpolate()


@model((1, 3, 33, 47), 13, dynamic=["N", None, "H", "W"], tests=[(1, 3, 33, 47), (2, 3, 64, 21)])
def interpolate_hw():
    return Interpolate()


@model((1, 3, 64, 64), 18, dynamo=True)
def interpolate_dynamo():
    return Interpolate()


@model((1, 3, 65, 65), 13)
def deeplabv3_mobile():
    return tv.segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None)


@model((1, 3, 65, 65), 13)
def fcn_resnet50():
    return tv.segmentation.fcn_resnet50(weights=None, weights_backbone=None)


@model((1, 3, 65, 65), 13)
def lraspp():
    return tv.segmentation.lraspp_mobilenet_v3_large(weights=None, weights_backbone=None)


class Dense(nn.Module):
    """Detector heads: classes and boxes of several maps, permuted, flattened, joined, decoded."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU6())
        self.down = nn.ModuleList(nn.Conv2d(16, 16, 3, 2, 1, groups=g) for g in (1, 4, 16))
        self.cls = nn.ModuleList(nn.Conv2d(16, 3 * 7, 3, padding=1) for _ in range(3))
        self.box = nn.ModuleList(nn.Conv2d(16, 3 * 4, 3, padding=1) for _ in range(3))
        self.lateral = nn.Conv2d(16, 16, 1)
        self.register_buffer("prior", torch.rand(3 * (16 * 16 + 8 * 8 + 4 * 4), 4))

    def forward(self, x):
        x = self.stem(x)
        scores, boxes = [], []
        for down, cls, box in zip(self.down, self.cls, self.box):
            x = down(x)
            f = torch.relu(self.lateral(x))
            scores.append(cls(f).permute(0, 2, 3, 1).reshape(x.shape[0], -1, 7))
            boxes.append(box(f).permute(0, 2, 3, 1).reshape(x.shape[0], -1, 4))
        s = torch.softmax(torch.cat(scores, 1), 2)
        b = torch.cat(boxes, 1)
        centre = self.prior[:, :2] + b[..., :2] * 0.1 * self.prior[:, 2:]
        size = self.prior[:, 2:] * torch.exp(b[..., 2:] * 0.2)
        return s, torch.cat([centre - size / 2, centre + size / 2], -1)


@model((1, 3, 64, 64), 13)
def ssd_head():
    return Dense()


@model((2, 3, 64, 64), 13, dynamic=["N"], tests=[(1, 3, 64, 64), (3, 3, 64, 64)])
def ssd_head_batch():
    return Dense()


class RetinaHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.c3, self.c4 = nn.Conv2d(3, 16, 3, 4, 1), nn.Conv2d(16, 16, 3, 2, 1)
        self.tower = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.ReLU())
        self.score = nn.Conv2d(16, 9 * 5, 3, padding=1)

    def forward(self, x):
        c3 = self.c3(x)
        c4 = self.c4(c3)
        p3 = c3 + nn.functional.interpolate(c4, scale_factor=2.0, mode="nearest")
        out = []
        for p in (p3, c4):
            y = torch.sigmoid(self.score(self.tower(p)))
            n, _, h, w = y.shape
            out.append(y.view(n, 9, 5, h, w).permute(0, 3, 4, 1, 2).reshape(n, -1, 5))
        return torch.topk(torch.cat(out, 1).max(-1).values, 20)


@model((1, 3, 64, 64), 13)
def retina_head():
    return RetinaHead()


@model((1, 3, 64, 64), 13, dynamic=["N", None, "H", "W"], tests=[(1, 3, 64, 64), (2, 3, 96, 128)])
def retina_head_hw():
    return RetinaHead()


@model((1, 1, 24, 30))
def espcn():
    return nn.Sequential(nn.Conv2d(1, 64, 5, padding=2), nn.Tanh(), nn.Conv2d(64, 32, 3, padding=1), nn.Tanh(),
                         nn.Conv2d(32, 9, 3, padding=1), nn.PixelShuffle(3), nn.Sigmoid())


@model((1, 1, 24, 30), dynamic=["N", None, "H", "W"], tests=[(1, 1, 24, 30), (2, 1, 7, 11)])
def espcn_hw():
    return espcn()


class Style(nn.Module):
    def __init__(self):
        super().__init__()

        def conv(i, o, k, s):
            return nn.Sequential(nn.ReflectionPad2d(k // 2), nn.Conv2d(i, o, k, s), nn.InstanceNorm2d(o, affine=True))
        self.down = nn.Sequential(conv(3, 16, 9, 1), nn.ReLU(), conv(16, 32, 3, 2), nn.ReLU())
        self.a, self.b = conv(32, 32, 3, 1), conv(32, 32, 3, 1)
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), conv(32, 16, 3, 1), nn.ReLU(), conv(16, 3, 9, 1))

    def forward(self, x):
        x = self.down(x)
        return self.up(x + self.b(torch.relu(self.a(x))))


@model((1, 3, 40, 56), 11)
def style():
    return Style()


@model((1, 3, 40, 56), 13, dynamic=["N", None, "H", "W"], tests=[(1, 3, 40, 56), (2, 3, 32, 64)])
def style_hw():
    return Style()


@model((2, 4, 100))
def conv1d():
    return nn.Sequential(nn.Conv1d(4, 16, 7, 2, 3), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(3, 2, 1),
                         nn.Conv1d(16, 16, 5, padding=4, dilation=2, groups=4), nn.ELU(), nn.AvgPool1d(2, ceil_mode=True),
                         nn.ConvTranspose1d(16, 8, 4, 2, 1), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 5))


@model((1, 3, 8, 48, 48), 13)
def r3d_18():
    return tv.video.r3d_18(weights=None)


@model((1, 3, 8, 48, 48), 13)
def r2plus1d_18():
    return tv.video.r2plus1d_18(weights=None)


class Mixer(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(32), nn.LayerNorm(32, elementwise_affine=False)
        self.a = nn.Sequential(nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 16))
        self.b = nn.Sequential(nn.Linear(32, 64), nn.GELU("tanh"), nn.Linear(64, 32, bias=False))

    def forward(self, x):
        x = x + self.a(self.n1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.b(self.n2(x))


@model((2, 16, 32), 13)
def mixer():
    return Mixer()


@model((2, 16, 32), 20, dynamo=True)
def mixer_dynamo():
    return Mixer()


@model((2, 16, 32), 17, dynamic=["N"], tests=[(1, 16, 32), (5, 16, 32)])
def mixer_batch():
    return Mixer()


class Attention(nn.Module):
    """A language model's block: embedding, causal mask, multi-head attention, open length."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(50, 32)
        self.place = nn.Parameter(torch.randn(64, 32))
        self.qkv, self.out = nn.Linear(32, 96), nn.Linear(32, 32)
        self.norm = nn.LayerNorm(32)
        self.mlp = nn.Sequential(nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 32))
        self.register_buffer("mask", torch.tril(torch.ones(64, 64)).bool())

    def forward(self, ids):
        n, t = ids.shape
        x = self.embed(ids) + self.place[:t]
        q, k, v = self.qkv(self.norm(x)).view(n, t, 3, 4, 8).permute(2, 0, 3, 1, 4).unbind(0)
        s = (q @ k.transpose(-1, -2)) * 8 ** -0.5
        s = s.masked_fill(~self.mask[:t, :t], float("-inf")).softmax(-1)
        x = x + self.out((s @ v).transpose(1, 2).reshape(n, t, 32))
        return (x + self.mlp(x)) @ self.embed.weight.T


@model((2, 12), 14, dtype=torch.int64)
def attention():
    return Attention()


@model((2, 12), 14, dtype=torch.int64, dynamic=["N", "T"], tests=[(2, 12), (1, 1), (3, 40)])
def attention_nt():
    return Attention()


@model((2, 12), 18, dtype=torch.int64, dynamo=True)
def attention_dynamo():
    return Attention()


@model((2, 10, 24), 14)
def transformer_encoder():
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(24, 4, 48, batch_first=True, activation="gelu"), 2,
                                 enable_nested_tensor=False)


def randomise(net):
    torch.manual_seed(1)
    for m in net.modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None:
            m.running_mean.uniform_(-0.2, 0.2)
            m.running_var.uniform_(0.5, 1.5)
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.uniform_(-0.2, 0.2)
        elif isinstance(m, (nn.LayerNorm, nn.InstanceNorm2d, nn.GroupNorm)) and m.weight is not None:
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.uniform_(-0.2, 0.2)
        elif isinstance(m, nn.Linear) and not m.weight.any():
            m.weight.data.normal_(0, 0.05)


def arrays(out):
    if isinstance(out, dict):
        out = list(out.values())
    return [o.detach().numpy() for o in (out if isinstance(out, (tuple, list)) else [out])]


def make_input(shape, dtype):
    if dtype == torch.int64:
        return torch.randint(0, 50, shape)
    return torch.randn(shape).to(dtype)


def export(net, x, path, opset, dynamo, dynamic):
    axes = {i: d for i, d in enumerate(dynamic or []) if d}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if dynamo:
            torch.onnx.export(net, (x,), path, opset_version=opset, dynamo=True, input_names=["x"],
                              external_data=False, verbose=False)
        else:
            torch.onnx.export(net, (x,), path, opset_version=opset, dynamo=False, input_names=["x"],
                              dynamic_axes={"x": axes} if axes else None)


def dims(shape):
    return "x".join(map(str, shape))


def check(p, name):
    make, shape, opset, dynamo, dynamic, dtype, tests = MODELS[name]
    torch.manual_seed(0)
    net = make().eval()
    with torch.no_grad():
        randomise(net)
        if dtype in (torch.float16, torch.float64):
            net = net.to(dtype)
        path = p.path(name + ".onnx")
        export(net, make_input(shape, dtype), path, opset, dynamo, dynamic)
        outputs = [o.name for o in onnx.load(path, load_external_data=False).graph.output]
        if dtype != torch.float64:
            session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
        double = copy.deepcopy(net).double()
        feeds, wants, exacts = [], [], []
        for one in tests or [shape]:
            x = make_input(one, dtype)
            feeds.append({"x": x.numpy()})
            exact = arrays(double(x if dtype == torch.int64 else x.double()))
            exacts.append(dict(zip(outputs, exact)))
            # ONNX Runtime has no double convolution.
            want = exact if dtype == torch.float64 else session.run(outputs, feeds[-1])
            wants.append(dict(zip(outputs, want)))
    build = []
    if dynamic:
        low = [min(t[i] for t in tests) for i in range(len(shape))]
        high = [max(t[i] for t in tests) for i in range(len(shape))]
        build = ["--shapes", f"x={dims(low)}..{dims(tests[0])}..{dims(high)}"]
    p.check(name, [path], feeds, wants, build=build, exact=exacts)


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for name in MODELS:
        if p.wanted(name):
            try:
                check(p, name)
            except Exception as error:  # an export that torch itself refuses is no verdict on Solder
                p.row(name, "SCRIPT", f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")
    p.finish()


if __name__ == "__main__":
    main()
