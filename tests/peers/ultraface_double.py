#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far reference outputs lie from the network computed in double precision.

    pip install numpy onnx
    python3 tests/peers/ultraface_double.py ../shared/models/ultraface-slim-320

Prints, per photo and output, the largest |reference - double| as a fraction of the bound
1e-5 + 1e-4 |double|, and the largest absolute difference. Not run by `make test`.
"""
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def conv(x, w, b, attrs):
    stride, pad = attrs.get("strides", [1, 1]), attrs.get("pads", [0] * 4)
    dilation, groups = attrs.get("dilations", [1, 1]), attrs.get("group", 1)
    n = x.shape[0]
    k, cg, kh, kw = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[2]), (pad[1], pad[3])))
    oh = (x.shape[2] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    ow = (x.shape[3] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    out = np.zeros((n, k, oh, ow))
    kg = k // groups
    for g in range(groups):
        for i in range(kh):
            for j in range(kw):
                y, z = i * dilation[0], j * dilation[1]
                taps = x[:, g * cg:(g + 1) * cg, y:y + (oh - 1) * stride[0] + 1:stride[0],
                         z:z + (ow - 1) * stride[1] + 1:stride[1]]
                out[:, g * kg:(g + 1) * kg] += np.einsum(
                    "kc,nchw->nkhw", w[g * kg:(g + 1) * kg, :, i, j], taps, optimize=True)
    return out + (0 if b is None else b[None, :, None, None])


def evaluate(model, x):
    values = {"input": x.astype(np.float64)}
    for init in model.graph.initializer:
        array = numpy_helper.to_array(init)
        values[init.name] = array.astype(np.float64) if array.dtype == np.float32 else array
    for node in model.graph.node:
        attrs = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        args = [values[name] for name in node.input]
        if node.op_type == "Conv":
            out = conv(args[0], args[1], args[2] if len(args) > 2 else None, attrs)
        elif node.op_type == "Relu":
            out = np.maximum(args[0], 0)
        elif node.op_type == "Transpose":
            out = args[0].transpose(attrs["perm"])
        elif node.op_type == "Reshape":
            out = args[0].reshape([args[0].shape[i] if d == 0 else d for i, d in enumerate(args[1])])
        elif node.op_type == "Concat":
            out = np.concatenate(args, attrs["axis"])
        elif node.op_type == "Softmax":
            e = np.exp(args[0] - args[0].max(-1, keepdims=True))
            out = e / e.sum(-1, keepdims=True)
        else:
            sys.exit(f"no double evaluation of {node.op_type}")
        values[node.output[0]] = out
    return values


def main():
    folder = sys.argv[1]
    model = onnx.load(f"{folder}/version-slim-320_simplified.onnx")
    for photo in ("jetson_humans_6", "tf-mtcnn_test_image"):
        values = evaluate(model, np.load(f"{folder}/ref/{photo}_input.npy"))
        for name in ("scores", "boxes"):
            reference = np.load(f"{folder}/ref/{photo}_version-slim-320_simplified_{name}.npy")
            error = np.abs(reference - values[name])
            fraction = error / (1e-5 + 1e-4 * np.abs(values[name]))
            at = int(fraction.argmax())
            print(f"{photo} {name}: {fraction.max():.3f} of the bound at [{at}], "
                  f"largest difference {error.max():.3g}")


if __name__ == "__main__":
    main()
