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
from tensorflow_models import NETS, OPS, freeze, network, noise


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[:400])


def outputs(solder, model, inputs, names, folder):
    chosen = [word for name in names for word in ("--output", name)]
    run(solder, "build", model, "-o", f"{folder}/net.plan", "--fast", *(chosen if model.endswith(".pb") else []))
    command = [solder, "run", f"{folder}/net.plan"]
    for i, x in enumerate(inputs):
        command += ["--input", f"x{i}={folder}/x{i}.npy"]
    for i, name in enumerate(names):
        command += ["--output", f"{name if model.endswith('.pb') else re.sub(':0$', '', name)}={folder}/y{i}.npy"]
    run(*command)
    return [open(f"{folder}/y{i}.npy", "rb").read() for i in range(len(names))]


def check(solder, function, inputs, folder, text):
    """Names of the operators that stayed TensorFlow's."""
    frozen = freeze(function, inputs)
    names = [t.name for t in frozen.outputs]
    with open(f"{folder}/net.pb", "wb") as f:
        f.write(frozen.graph.as_graph_def().SerializeToString())
    for i, x in enumerate(inputs):
        np.save(f"{folder}/x{i}.npy", x)
    chosen = [word for name in names for word in ("--output", name)]
    want = outputs(solder, f"{folder}/net.pb", inputs, names, folder)
    for form in ["uff"] + ["pbtxt"] * text:
        run(solder, "convert", f"{folder}/net.pb", "-o", f"{folder}/net.{form}", *chosen)
        if outputs(solder, f"{folder}/net.{form}", inputs, names, folder) != want:
            raise RuntimeError(f".{form} differs")
    custom = re.findall(rb"\x1a.(_[A-Z]\w+)", open(f"{folder}/net.uff", "rb").read()[:1 << 20], re.S)
    return collections.Counter(name.decode() for name in custom)


def main():
    solder, wanted = os.path.abspath(sys.argv[1]), sys.argv[2:] or ["ops", "nets"]
    bad = 0
    graphs = [(n, lambda f=f: f, i, True) for n, (f, i) in OPS.items() if "ops" in wanted or n in wanted]
    graphs += [(n, lambda n=n, s=s, o=o: network(n, s, o), [noise(1, s, s, 3)], False)
               for n, (s, o) in NETS.items() if "nets" in wanted or n in wanted]
    for name, make, inputs, text in graphs:
        with tempfile.TemporaryDirectory() as folder:
            try:
                custom = check(solder, make(), [np.asarray(x) for x in inputs], folder, text)
                if not text:
                    print(f"{name:20s} the same bits; {', '.join(f'{n} {c}' for n, c in custom.items()) or 'all core'}",
                          flush=True)
            except RuntimeError as error:
                bad += 1
                print(f"{name:44s} FAILED  {error}", flush=True)
    print(f"{len(graphs)} graphs, {bad} failed")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
