#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the character network the project ships, on the project's own prose, and writes it as ONNX.

    pip install numpy
    python3 scripts/train-char-rnn.py models/char-rnn             # from text.txt: minutes on one core
    python3 scripts/train-char-rnn.py models/char-rnn --collect   # the text first, from docs and headers

One LSTM and a matrix: from a character (one-hot) and the state to the next one's probabilities and
the new state. The run is seeded; numpy versions may still differ in the last bits.
"""
import pathlib
import re
import struct
import sys

import numpy as np

CELLS, BATCH, STEPS, EPOCHS, RATE = 96, 12, 48, 40, 8e-3
ROOT = pathlib.Path(__file__).resolve().parents[1]


def prose():
    """Paragraphs of the documents and comments of the public headers, in lower case."""
    kept = []
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = re.sub(r"```.*?```", "", path.read_text(), flags=re.S)
        kept += [line for line in text.splitlines() if line and line[0] not in "#|<-"]
    for path in sorted((ROOT / "include" / "solder").glob("*.h")):
        for comment in re.findall(r"/\*(.*?)\*/", path.read_text(), re.S):
            kept += [line.strip(" *") for line in comment.splitlines() if "  " not in line.strip(" *")]
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(kept)).lower()
    text = re.sub(r"[^a-z0-9 .,:;'()\n-]", "", text)
    text = re.sub(r" +", " ", text)
    return re.sub(r"\. ", ".\n", text).strip() + "\n"


# ---- the network, with a batch of sequences at once ----


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def forward(p, codes, h, c):
    """codes [steps, batch]. Gates in the order of ONNX: input, output, forget, cell."""
    saved, outputs = [], []
    from_input = p["w"].T[codes] + p["b"]
    r = np.ascontiguousarray(p["r"].T)
    for gates in from_input:
        gates = gates + h @ r
        i, o, f = np.split(sigmoid(gates[:, : 3 * CELLS]), 3, 1)
        g = np.tanh(gates[:, 3 * CELLS :])
        before, c = c, f * c + i * g
        saved.append((h, before, i, o, f, g, np.tanh(c)))
        h = o * saved[-1][-1]
        outputs.append(h)
    return np.stack(outputs), saved, h, c


def loss_and_gradients(p, codes, targets, h, c):
    outputs, saved, h, c = forward(p, codes, h, c)
    z = outputs @ p["v"].T + p["a"]
    e = np.exp(z - z.max(-1, keepdims=True))
    prob = e / e.sum(-1, keepdims=True)
    at = np.arange(targets.shape[0])[:, None], np.arange(targets.shape[1])[None], targets
    loss = -np.log(prob[at]).mean()
    prob[at] -= 1
    dz = prob / targets.size
    grad = {"v": np.tensordot(dz, outputs, ((0, 1), (0, 1))), "a": dz.sum((0, 1))}
    dh_all, dh, dc, d_gates = dz @ p["v"], np.zeros_like(h), np.zeros_like(c), []
    for t in reversed(range(len(saved))):
        before_h, before_c, i, o, f, g, squashed = saved[t]
        dh = dh + dh_all[t]
        dc = dc + dh * o * (1 - squashed**2)
        d = [dc * g * i * (1 - i), dh * squashed * o * (1 - o), dc * before_c * f * (1 - f), dc * i * (1 - g**2)]
        d_gates.append(np.concatenate(d, 1))
        dh, dc = d_gates[-1] @ p["r"], dc * f
    d = np.concatenate(d_gates[::-1])
    one_hot = np.eye(len(p["a"]), dtype=np.float32)[codes.ravel()]
    grad.update(w=d.T @ one_hot, r=d.T @ np.concatenate([row[0] for row in saved]), b=d.sum(0))
    return loss, grad, h, c


def train(codes, characters):
    rng = np.random.default_rng(7)
    shapes = {"w": (4 * CELLS, characters), "r": (4 * CELLS, CELLS), "v": (characters, CELLS)}
    p = {k: rng.uniform(-0.1, 0.1, s).astype(np.float32) for k, s in shapes.items()}
    p["b"], p["a"] = np.zeros(4 * CELLS, np.float32), np.zeros(characters, np.float32)
    p["b"][2 * CELLS : 3 * CELLS] = 1
    mean, square = ({k: np.zeros_like(v) for k, v in p.items()} for _ in range(2))
    rounds, t = (len(codes) // BATCH - 1) // STEPS, 0
    for epoch in range(EPOCHS):
        start = int(rng.integers(0, len(codes) - BATCH * (rounds * STEPS + 1) + 1))
        rows = codes[start : start + BATCH * (rounds * STEPS + 1)].reshape(BATCH, -1).T
        h = c = np.zeros((BATCH, CELLS), np.float32)
        total = 0
        for k in range(rounds):
            part = rows[k * STEPS : (k + 1) * STEPS + 1]
            loss, grad, h, c = loss_and_gradients(p, part[:-1], part[1:], h, c)
            total += loss
            t += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * t / (EPOCHS * rounds)))
            norm = np.sqrt(sum((g**2).sum() for g in grad.values()))
            for name, g in grad.items():
                g *= min(1, 1 / norm)
                mean[name] = 0.9 * mean[name] + 0.1 * g
                square[name] = 0.999 * square[name] + 0.001 * g**2
                p[name] -= rate * mean[name] / (1 - 0.9**t) / (np.sqrt(square[name] / (1 - 0.999**t)) + 1e-8)
        print(f"epoch {epoch + 1}: {total / rounds:.3f} nats a character", flush=True)
    return {k: v.astype(np.float32) for k, v in p.items()}


# ---- ONNX, in protobuf's wire format ----


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def node(op, inputs, outputs, **attributes):
    body = b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs)
    body += field(3, outputs[-1]) + field(4, op)
    for name, value in attributes.items():
        body += field(5, field(1, name) + field(3, value) + field(20, 2))
    return field(1, body)


def tensor(name, array):
    kind = 7 if array.dtype == np.int64 else 1
    dims = b"".join(field(1, d) for d in array.shape)
    return field(5, dims + field(2, kind) + field(8, name) + field(9, array.tobytes()))


def value(number, name, dims):
    shape = b"".join(field(1, field(1, d)) for d in dims)
    return field(number, field(1, name) + field(2, field(1, field(1, 1) + field(2, shape))))


def write_onnx(path, p, characters):
    graph = node("LSTM", ["x", "w", "r", "b", "", "h", "c"], ["", "h_next", "c_next"], hidden_size=CELLS)
    graph += node("Reshape", ["h_next", "row"], ["hidden"])
    graph += node("Gemm", ["hidden", "v", "a"], ["scores"], transB=1)
    graph += node("Softmax", ["scores"], ["prob"], axis=1) + field(2, "char-rnn")
    bias = np.concatenate([p["b"], np.zeros_like(p["b"])])
    for name, array in (("w", p["w"]), ("r", p["r"]), ("b", bias)):
        graph += tensor(name, np.ascontiguousarray(array[None]))
    graph += tensor("v", p["v"]) + tensor("a", p["a"]) + tensor("row", np.array([1, CELLS]))
    state = [1, 1, CELLS]
    graph += value(11, "x", [1, 1, characters]) + value(11, "h", state) + value(11, "c", state)
    graph += value(12, "prob", [1, characters]) + value(12, "h_next", state) + value(12, "c_next", state)
    model = field(1, 8) + field(2, "solder") + field(8, field(1, "") + field(2, 14))
    path.write_bytes(model + field(7, graph))


def main():
    folder = pathlib.Path(sys.argv[1])
    if "--collect" in sys.argv:
        (folder / "text.txt").write_text(prose())
    text = (folder / "text.txt").read_text()
    alphabet = "".join(sorted(set(text)))
    codes = np.array([alphabet.index(c) for c in text])
    print(f"{len(text)} characters, {len(alphabet)} of them different")
    p = train(codes, len(alphabet))
    (folder / "alphabet.txt").write_bytes(alphabet.encode())
    write_onnx(folder / "char-rnn.onnx", p, len(alphabet))


main()
