# SPDX-License-Identifier: Apache-2.0
"""solder convert over the graphs of tensorflow_models.py: the UFF file must give the GraphDef's bits.

    python tests/peers/uff_models.py build/solder [ops|nets|NAME]...

Needs tensorflow and numpy. Every graph is built as it is, as .uff and (operators) as .pbtxt; the three plans
must write byte-equal outputs. Prints per network what stands behind "_"; exits 1 if anything differs.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
from tensorflow_cases import LEGACY, OPS, freeze, graph, noise, rng, tf
from tensorflow_models import NETS, SENTENCES, WORDS, perturb


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[:400])


def outputs(solder, model, inputs, names, folder):
    chosen = [word for name in names for word in ("--output", name)]
    dims = [word for i, x in enumerate(inputs) if x.ndim for word in ("--input", f"x{i}={'x'.join(map(str, x.shape))}")]
    run(solder, "build", model, "-o", f"{folder}/net.plan", "--fast", *dims, *(chosen if model.endswith(".pb") else []))
    command = [solder, "run", f"{folder}/net.plan"]
    for i, x in enumerate(inputs):
        command += ["--input", f"x{i}={folder}/x{i}.npy"]
    for i, name in enumerate(names):
        command += ["--output", f"{name if model.endswith('.pb') else re.sub(':0$', '', name)}={folder}/y{i}.npy"]
    run(*command)
    return [open(f"{folder}/y{i}.npy", "rb").read() for i in range(len(names))]


def check(solder, definition, names, inputs, folder, text):
    """Names of the operators that stayed TensorFlow's; None if the graph has no form in UFF."""
    with open(f"{folder}/net.pb", "wb") as f:
        f.write(definition.SerializeToString())
    for i, x in enumerate(inputs):
        np.save(f"{folder}/x{i}.npy", x)
    chosen = [word for name in names for word in ("--output", name)]
    want = outputs(solder, f"{folder}/net.pb", inputs, names, folder)
    for form in ["uff"] + ["pbtxt"] * text:
        try:
            run(solder, "convert", f"{folder}/net.pb", "-o", f"{folder}/net.{form}", *chosen)
        except RuntimeError as error:
            if "has no form in UFF" in str(error):
                return None
            raise
        if outputs(solder, f"{folder}/net.{form}", inputs, names, folder) != want:
            raise RuntimeError(f".{form} differs")
    custom = re.findall(rb"\x1a.(_[A-Z]\w+)", open(f"{folder}/net.uff", "rb").read()[:1 << 20], re.S)
    return collections.Counter(name.decode() for name in custom)


def net(name):
    """Frozen: (GraphDef, names of its outputs, inputs)."""
    size, make = NETS[name]
    tf.keras.utils.set_random_seed(3)
    model = make()
    perturb(model)
    x = rng.integers(0, WORDS, (3, size)).astype(np.int32) if name in SENTENCES else noise(1, size, size, 3)
    frozen = freeze(lambda x: model(x, training=False), [x])
    return frozen.graph.as_graph_def(), [t.name for t in frozen.outputs], [x]


def main():
    solder, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:] or ["ops", "nets"]
    bad = formless = 0
    cases = [n for n in [*OPS, *LEGACY] if "ops" in wanted or n in wanted]
    nets = [n for n in NETS if "nets" in wanted or n in wanted]
    for name in cases + nets:
        definition, names, inputs = (net(name) if name in nets else graph(name))[:3]
        with tempfile.TemporaryDirectory() as folder:
            try:
                custom = check(solder, definition, names, [np.asarray(x) for x in inputs], folder, name in cases)
                if custom is None:
                    formless += 1
                    print(f"{name:44s} has no form in UFF", flush=True)
                elif name in nets:
                    print(f"{name:20s} the same bits; {', '.join(f'{n} {c}' for n, c in custom.items()) or 'all core'}",
                          flush=True)
            except RuntimeError as error:
                bad += 1
                print(f"{name:44s} FAILED  {error}", flush=True)
    print(f"{len(cases) + len(nets)} graphs, {bad} failed, {formless} without a form in UFF")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
