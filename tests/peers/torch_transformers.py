#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Transformers, taggers and detector heads written in PyTorch, exported both ways with open sizes,
compared with ONNX Runtime.

Not part of `make test`. Needs from PyPI: numpy onnx onnxruntime onnxscript torch torchvision (CPU).

    tests/peers/torch_transformers.py [--solder build/solder] [--keep FOLDER] [MODEL]...

Each model is exported by TorchScript ("_old"), by dynamo at operator set 18 ("_18") and at 23 ("_23"),
which has operators for attention and norms.
"""
import contextlib
import io
import math
import warnings

import numpy as np
import onnxruntime as ort
import torch
from torch import nn
from torch.nn import functional as F

import peer
import torch_models as zoo

warnings.filterwarnings("ignore")
MODELS = {}


def model(*shapes, dims=None, dtype=torch.float32):
    """shapes: of the input, the first is exported and optimal. dims: names of open dimensions."""
    def register(make):
        MODELS[make.__name__] = (make, shapes, dims or {}, dtype)
        return make
    return register


NT = {0: "N", 1: "T"}


class Heads(nn.Module):
    def __init__(self, size, heads, kv_heads=None, bias=True):
        super().__init__()
        self.heads, self.kv_heads, self.each = heads, kv_heads or heads, size // heads
        self.q = nn.Linear(size, size, bias=bias)
        self.k, self.v = (nn.Linear(size, self.kv_heads * self.each, bias=bias) for _ in range(2))
        self.out = nn.Linear(size, size, bias=bias)

    def split(self, x, heads):
        return x.view(x.shape[0], x.shape[1], heads, self.each).transpose(1, 2)

    def forward(self, x, memory=None, mask=None, causal=False, rope=None):
        memory = x if memory is None else memory
        q, k, v = self.split(self.q(x), self.heads), self.split(self.k(memory), self.kv_heads), self.split(self.v(memory), self.kv_heads)
        if rope is not None:
            q, k = rope(q), rope(k)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=self.heads != self.kv_heads)
        return self.out(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, size, heads, act=F.gelu, cross=False):
        super().__init__()
        self.n1, self.n2, self.attention, self.act = nn.LayerNorm(size), nn.LayerNorm(size), Heads(size, heads), act
        self.f1, self.f2 = nn.Linear(size, 2 * size), nn.Linear(2 * size, size)
        self.n3, self.cross = (nn.LayerNorm(size), Heads(size, heads)) if cross else (None, None)

    def forward(self, x, memory=None, **options):
        x = x + self.attention(self.n1(x), **options)
        if self.cross is not None:
            x = x + self.cross(self.n3(x), memory)
        return x + self.f2(self.act(self.f1(self.n2(x))))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(50, 32), nn.Embedding(64, 32)
        self.blocks = nn.ModuleList(Block(32, 4, nn.GELU("tanh")) for _ in range(2))
        self.norm = nn.LayerNorm(32)

    def forward(self, ids):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1], device=ids.device))
        for block in self.blocks:
            x = block(x, causal=True)
        return self.norm(x) @ self.words.weight.T


@model((2, 12), (1, 1), (3, 40), dims=NT, dtype=torch.int64)
def gpt():
    return Gpt()


class Bert(Gpt):
    """Words 0 are padding."""

    def __init__(self):
        super().__init__()
        self.pool = nn.Linear(32, 32)

    def forward(self, ids):
        x = self.words(ids) + self.places(torch.arange(ids.shape[1], device=ids.device))
        mask = (ids != 0)[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask=mask)
        x = self.norm(x)
        weight = (ids != 0).unsqueeze(-1).float()
        return torch.tanh(self.pool(x[:, 0])), (x * weight).sum(1) / weight.sum(1).clamp(min=1e-9)


@model((2, 12), (1, 3), (3, 40), dims=NT, dtype=torch.int64)
def bert():
    return Bert()


class Rope(nn.Module):
    def forward(self, x):
        half = x.shape[-1] // 2
        angle = torch.arange(x.shape[2])[:, None].float() * 100.0 ** (-torch.arange(half).float() / half)
        cosine, sine = angle.cos(), angle.sin()
        a, b = x.chunk(2, -1)
        return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 32)
        self.n1, self.n2, self.n3 = (nn.RMSNorm(32, eps=1e-6) for _ in range(3))
        self.attention, self.rope = Heads(32, 4, 2, bias=False), Rope()
        self.gate, self.up, self.down = nn.Linear(32, 48, bias=False), nn.Linear(32, 48, bias=False), nn.Linear(48, 32, bias=False)

    def forward(self, ids):
        x = self.words(ids)
        x = x + self.attention(self.n1(x), causal=True, rope=self.rope)
        y = self.n2(x)
        x = x + self.down(F.silu(self.gate(y)) * self.up(y))
        return self.n3(x) @ self.words.weight.T


@model((2, 12), (1, 1), (3, 40), dims=NT, dtype=torch.int64)
def llama():
    return Llama()


class T5(nn.Module):
    """Relative buckets, one norm without mean, an encoder and a decoder on the same words."""

    def __init__(self):
        super().__init__()
        self.words, self.table = nn.Embedding(50, 32), nn.Embedding(32, 4)
        self.encoder, self.decoder = Block(32, 4, F.relu), Block(32, 4, F.relu, cross=True)
        self.norm = nn.RMSNorm(32, eps=1e-6)

    def bias(self, length):
        place = torch.arange(length)
        far = place[None] - place[:, None]
        sign, far = (far > 0).long() * 16, far.abs()
        large = 8 + (torch.log(far.float().clamp(min=1) / 8) / math.log(16) * 8).long()
        return self.table(sign + torch.where(far < 8, far, large.clamp(max=15))).permute(2, 0, 1)[None]

    def forward(self, ids):
        bias = self.bias(ids.shape[1])
        memory = self.norm(self.encoder(self.words(ids), mask=bias))
        hidden = torch.triu(torch.full((ids.shape[1], ids.shape[1]), float("-inf")), 1)
        x = self.decoder(self.words(torch.roll(ids, 1, 1)), memory, mask=bias + hidden)
        return self.norm(x) @ self.words.weight.T


@model((2, 12), (1, 2), (3, 40), dims=NT, dtype=torch.int64)
def t5():
    return T5()


class Tagger(nn.Module):
    def __init__(self, cell=nn.LSTM):
        super().__init__()
        self.words, self.cell = nn.Embedding(50, 16), cell(16, 12, 2, batch_first=True, bidirectional=True)
        self.out = nn.Linear(24, 7)

    def forward(self, ids):
        return F.log_softmax(self.out(self.cell(self.words(ids))[0]), -1)


@model((2, 12), (1, 1), (3, 40), dims=NT, dtype=torch.int64)
def lstm_tagger():
    return Tagger()


@model((2, 12), (1, 1), (3, 40), dims=NT, dtype=torch.int64)
def gru_tagger():
    return Tagger(nn.GRU)


class Whisper(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv1d(20, 32, 3, padding=1), nn.Conv1d(32, 32, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(32, 4) for _ in range(2))
        self.norm = nn.LayerNorm(32)
        self.register_buffer("places", torch.randn(64, 32))

    def forward(self, mel):
        x = F.gelu(self.c2(F.gelu(self.c1(mel)))).permute(0, 2, 1)
        x = x + self.places[:x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


@model((2, 20, 30), (1, 20, 9), (2, 20, 64), dims={0: "N", 2: "T"})
def whisper_encoder():
    return Whisper()


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.first = nn.Conv2d(3, 32, 8, 8), nn.Parameter(torch.randn(1, 1, 32))
        self.places = nn.Parameter(torch.randn(1, 32, 4, 4))
        self.blocks, self.head = nn.ModuleList(Block(32, 4) for _ in range(2)), nn.Linear(32, 10)

    def forward(self, x):
        x = self.patch(x)
        places = F.interpolate(self.places, x.shape[-2:], mode="bicubic", align_corners=False)
        x = (x + places).flatten(2).transpose(1, 2)
        x = torch.cat([self.first.expand(x.shape[0], -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, 0])


@model((2, 3, 48, 32), (1, 3, 32, 32), (3, 3, 64, 40), dims={0: "N", 2: "H", 3: "W"})
def vit():
    return Vit()


class Detr(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3, 4, 1), nn.ReLU())
        self.net = nn.Transformer(32, 4, 1, 2, 64, 0.0, batch_first=True)
        self.queries, self.kind, self.box = nn.Parameter(torch.randn(6, 32)), nn.Linear(32, 5), nn.Linear(32, 4)

    def places(self, x):
        ones = torch.ones_like(x[:, 0])
        y, z = ones.cumsum(1), ones.cumsum(2)
        scale = 100.0 ** (torch.arange(16).div(2, rounding_mode="floor").float() * 2 / 16)
        parts = []
        for v, last in ((y, y[:, -1:, :]), (z, z[:, :, -1:])):
            v = (v / (last + 1e-6) * 2 * math.pi)[..., None] / scale
            parts.append(torch.stack([v[..., 0::2].sin(), v[..., 1::2].cos()], 4).flatten(3))
        return torch.cat(parts, 3).permute(0, 3, 1, 2)

    def forward(self, x):
        x = self.body(x)
        x = (x + self.places(x)).flatten(2).permute(0, 2, 1)
        x = self.net(x, self.queries.expand(x.shape[0], -1, -1))
        return self.kind(x), self.box(x).sigmoid()


@model((2, 3, 48, 64), (1, 3, 32, 32), (2, 3, 64, 40), dims={0: "N", 2: "H", 3: "W"})
def detr():
    return Detr()


class Yolo(nn.Module):
    """Free of anchors: distributions of distances, decoded on a grid."""

    def __init__(self):
        super().__init__()
        def conv(i, o, s=1):
            return nn.Sequential(nn.Conv2d(i, o, 3, s, 1, bias=False), nn.BatchNorm2d(o), nn.SiLU())
        self.stem, self.down = conv(3, 16, 2), nn.ModuleList(conv(16, 16, 2) for _ in range(3))
        self.split, self.box, self.kind = conv(16, 32), nn.Conv2d(16, 32, 1), nn.Conv2d(16, 5, 1)

    def forward(self, x):
        size, x, maps, grid, strides = x.shape[2], self.stem(x), [], [], []
        for down in self.down:
            x = down(x)
            a, b = self.split(x).chunk(2, 1)
            f = torch.cat([a[:, :8], b[:, :8]], 1) + F.max_pool2d(x, 5, 1, 2)
            maps.append(torch.cat([self.box(f), self.kind(f)], 1).flatten(2))
            h, w = f.shape[-2:]
            y, z = torch.meshgrid(torch.arange(h) + 0.5, torch.arange(w) + 0.5, indexing="ij")
            grid.append(torch.stack([z, y], -1).view(-1, 2))
            strides.append(torch.full((h * w, 1), 1.0) * (size / h))
        box, kind = torch.cat(maps, 2).split([32, 5], 1)
        n, _, anchors = box.shape
        far = (box.view(n, 4, 8, anchors).softmax(2) * torch.arange(8.0)[:, None]).sum(2)
        grid, strides = torch.cat(grid).T, torch.cat(strides).T
        low, high = grid - far[:, :2], grid + far[:, 2:]
        return torch.cat([(low + high) / 2 * strides, (high - low) * strides, kind.sigmoid()], 1)


@model((2, 3, 64, 96), (1, 3, 32, 32), (2, 3, 96, 64), dims={0: "N", 2: "H", 3: "W"})
def yolo():
    return Yolo()


class Hrnet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.down = nn.ModuleList([nn.Conv2d(8, 16, 3, 2, 1), nn.Conv2d(16, 32, 3, 2, 1)])
        self.same = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1) for c in (8, 16, 32))
        self.up = nn.ModuleList(nn.Conv2d(c, 8, 1) for c in (16, 32))
        self.head = nn.Conv2d(56, 4, 1)

    def forward(self, x):
        size = x.shape[-2:]
        x = [self.stem(x)]
        for down in self.down:
            x.append(down(x[-1]).relu())
        x = [(same(v) + v).relu() for same, v in zip(self.same, x)]
        for up, v in zip(self.up, x[1:]):
            x[0] = x[0] + F.interpolate(up(v), size=x[0].shape[-2:], mode="nearest")
        x = [x[0]] + [F.interpolate(v, size=x[0].shape[-2:], mode="bilinear", align_corners=True) for v in x[1:]]
        return F.interpolate(self.head(torch.cat(x, 1)), size=size, mode="bilinear", align_corners=False).softmax(1)


@model((2, 3, 48, 64), (1, 3, 33, 41), (2, 3, 64, 40), dims={0: "N", 2: "H", 3: "W"})
def hrnet():
    return Hrnet()


class Segformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.norm = nn.Conv2d(3, 32, 7, 4, 3), nn.LayerNorm(32)
        self.reduce, self.attention = nn.Conv2d(32, 32, 2, 2), Heads(32, 2)
        self.f1, self.deep, self.f2 = nn.Linear(32, 64), nn.Conv2d(64, 64, 3, padding=1, groups=64), nn.Linear(64, 32)
        self.head = nn.Conv2d(32, 4, 1)

    def forward(self, image):
        x = self.patch(image)
        n, c, h, w = x.shape
        x = self.norm(x.flatten(2).transpose(1, 2))
        memory = self.reduce(x.transpose(1, 2).reshape(n, c, h, w)).flatten(2).transpose(1, 2)
        x = x + self.attention(x, memory)
        y = self.deep(self.f1(x).transpose(1, 2).reshape(n, 64, h, w)).flatten(2).transpose(1, 2)
        x = (x + self.f2(F.gelu(y))).transpose(1, 2).reshape(n, c, h, w)
        return F.interpolate(self.head(x), size=image.shape[-2:], mode="bilinear", align_corners=False)


@model((2, 3, 48, 64), (1, 3, 32, 32), (2, 3, 64, 40), dims={0: "N", 2: "H", 3: "W"})
def segformer():
    return Segformer()


class Conformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.n1, self.n2, self.block = nn.LayerNorm(32), nn.BatchNorm1d(32), Block(32, 4, F.silu)
        self.wide, self.deep, self.back = nn.Conv1d(32, 64, 1), nn.Conv1d(32, 32, 7, padding=3, groups=32), nn.Conv1d(32, 32, 1)

    def forward(self, x):
        x = self.block(x)
        y = F.glu(self.wide(self.n1(x).transpose(1, 2)), 1)
        return x + self.back(F.silu(self.n2(self.deep(y)))).transpose(1, 2)


@model((2, 12, 32), (1, 3, 32), (3, 40, 32), dims=NT)
def conformer():
    return Conformer()


class Moe(nn.Module):
    """Each token goes to the two best of four experts."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(16, 4)
        self.w1, self.w2 = nn.Parameter(torch.randn(4, 16, 32) / 4), nn.Parameter(torch.randn(4, 32, 16) / 4)

    def forward(self, x):
        weight, chosen = self.gate(x).softmax(-1).topk(2, -1)
        weight = weight / weight.sum(-1, keepdim=True)
        all_experts = torch.einsum("nteh,eho->nteo", torch.relu(torch.einsum("nti,eih->nteh", x, self.w1)), self.w2)
        picked = torch.gather(all_experts, 2, chosen[..., None].expand(-1, -1, -1, x.shape[-1]))
        return (picked * weight[..., None]).sum(2)


@model((2, 12, 16), (1, 1, 16), (3, 20, 16), dims=NT)
def moe():
    return Moe()


def export(net, x, path, how, dims):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if how == "old":
            torch.onnx.export(net, (x,), path, opset_version=17, dynamo=False, input_names=["x"], dynamic_axes={"x": dims})
        else:
            shapes = ({i: torch.export.Dim.DYNAMIC for i in dims},)
            torch.onnx.export(net, (x,), path, opset_version=int(how), dynamo=True, input_names=["x"], dynamic_shapes=shapes,
                              external_data=False, verbose=False)


def check(p, name, how):
    make, shapes, dims, dtype = MODELS[name]
    torch.manual_seed(0)
    net = make().eval()
    path = p.path(f"{name}_{how}.onnx")
    with torch.no_grad():
        zoo.randomise(net)
        try:
            export(net, zoo.make_input(shapes[0], dtype), path, how, dims)
            session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
        except Exception as error:  # what torch or ONNX Runtime refuses is no verdict on Solder
            p.row(f"{name}_{how}", "ok", f"no export: {type(error).__name__}: {str(error).splitlines()[0][:160]}")
            return
        feeds = [{"x": zoo.make_input(shape, dtype).numpy()} for shape in shapes]
    outputs = [o.name for o in session.get_outputs()]
    try:
        wants = [dict(zip(outputs, session.run(outputs, one))) for one in feeds]
    except Exception as error:
        if how == "old":  # TorchScript wrote the exported sizes into it
            p.row(f"{name}_{how}", "ok", f"no export for open sizes: {str(error).splitlines()[0][:160]}")
            return
        with torch.no_grad():  # the form of attention that ONNX Runtime lacks
            wants = [dict(zip(outputs, zoo.arrays(net(torch.from_numpy(one["x"]))))) for one in feeds]
    name_of = session.get_inputs()[0].name
    feeds = [{name_of: one["x"]} for one in feeds]
    low = [min(s[i] for s in shapes) for i in range(len(shapes[0]))]
    high = [max(s[i] for s in shapes) for i in range(len(shapes[0]))]
    np.save(p.path("compare.npy"), feeds[0][name_of])
    p.check(f"{name}_{how}", [path], feeds, wants,
            build=["--shapes", f"{name_of}={zoo.dims(low)}..{zoo.dims(shapes[0])}..{zoo.dims(high)}"],
            compare=["--input", f"{name_of}={p.path('compare.npy')}"])


def main():
    p = peer.Peer(peer.arguments(__doc__.splitlines()[0]))
    for name in MODELS:
        for how in ("old", "18", "23"):
            if p.wanted(name) or p.wanted(f"{name}_{how}"):
                try:
                    check(p, name, how)
                except Exception as error:
                    p.row(f"{name}_{how}", "SCRIPT", f"{type(error).__name__}: {str(error).splitlines()[0][:200]}")
    p.finish()


if __name__ == "__main__":
    main()
