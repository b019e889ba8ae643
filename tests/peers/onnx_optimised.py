#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models that ONNX Runtime optimised and saved, at levels basic and extended, compared with the original.

What level all adds is for one machine: it must be refused with advice. Not part of `make test`.
Needs from PyPI: numpy onnx onnxruntime, torch torchvision (CPU) for the models of torch_models.py.

    tests/peers/onnx_optimised.py [--solder build/solder] [--keep FOLDER] [MODEL]...
"""
import os
from collections import Counter

import onnx
import onnxruntime as ort
import torch

import peer
import torch_models as zoo

LEVELS = {"basic": ort.GraphOptimizationLevel.ORT_ENABLE_BASIC, "extended": ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
          "all": ort.GraphOptimizationLevel.ORT_ENABLE_ALL}
MODELS = ["resnet18", "mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x1_0", "efficientnet_b0", "densenet121", "googlenet",
          "regnet_y_400mf", "convnext_tiny", "swin_t", "unet_deconv", "deeplabv3_mobile", "ssd_head", "mixer", "attention", "attention_nt",
          "transformer_encoder", "style", "conv1d"]


def optimise(path, level, out):
    options = ort.SessionOptions()
    options.graph_optimization_level = LEVELS[level]
    options.optimized_model_filepath = out
    options.log_severity_level = 3
    ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return Counter(n.op_type for n in onnx.load(out).graph.node if n.domain not in ("", "ai.onnx")), \
        {n.domain for n in onnx.load(out).graph.node}


def check(p, name):
    make, shape, opset, dynamo, dynamic, dtype, tests = zoo.MODELS[name]
    torch.manual_seed(0)
    net = make().eval()
    with torch.no_grad():
        zoo.randomise(net)
        path = p.path(name + ".onnx")
        zoo.export(net, zoo.make_input(shape, dtype), path, opset, dynamo, dynamic)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = [o.name for o in session.get_outputs()]
    feeds = [{"x": zoo.make_input(one, dtype).numpy()} for one in tests or [shape]]
    wants = [dict(zip(outputs, session.run(outputs, one))) for one in feeds]
    build = []
    if dynamic:
        low = [min(t[i] for t in tests) for i in range(len(shape))]
        high = [max(t[i] for t in tests) for i in range(len(shape))]
        build = ["--shapes", f"x={zoo.dims(low)}..{zoo.dims(tests[0])}..{zoo.dims(high)}"]
    for level in LEVELS:
        out = p.path(f"{name}_{level}.onnx")
        fused, domains = optimise(path, level, out)
        row = f"{name}_{level}"
        if any("nchwc" in d for d in domains):
            refused = p.solder("build", out, "-o", p.path("refused.plan"), *build)
            right = refused.code == 1 and "optimisation level 'extended'" in refused.text
            p.row(row, "ok" if right else "REFUSAL", "refused with advice" if right else refused.text.strip()[:300])
        else:
            p.check(row, [out], feeds, wants, build=build, shown=" " + " ".join(f"{k}:{v}" for k, v in fused.items()))
        os.remove(out)


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
