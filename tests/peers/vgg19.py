# SPDX-License-Identifier: Apache-2.0
"""A large network: VGG19 of Keras with a softmax head of its own, frozen; what it costs to build, load and run.

    python tests/peers/vgg19.py --keep /tmp/vgg      (keeps the model of 558 MB for the next time)

Needs tensorflow, keras and numpy. Weights are random. Bounds: importing and building take at most 2.5 times
the file in memory and 60 s with --fast on two cores; a plan in the page cache loads in 50 ms; a run takes at
most weights + activations + 8 MiB. Exits 1 beyond them, or if the result is not TensorFlow's.
"""
import ctypes
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np

from peer import Peer, Result, arguments, error_ratio

MIB = 2.0**20


def freeze(model, picture, result):
    import keras
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    keras.utils.set_random_seed(3)
    base = keras.applications.VGG19(weights=None)
    head = keras.layers.Dense(10, activation="softmax", name="dense_2")
    network = keras.Model(base.input, head(base.get_layer("fc2").output))
    spec = tf.TensorSpec([1, 224, 224, 3], tf.float32, name="input_1")
    frozen = convert_variables_to_constants_v2(tf.function(lambda x: network(x)).get_concrete_function(spec))
    x = np.random.default_rng(1).standard_normal(spec.shape).astype(np.float32)
    np.save(picture, x)
    np.save(result, np.asarray(frozen(tf.constant(x))[0]))
    with open(model, "wb") as file:
        file.write(frozen.graph.as_graph_def().SerializeToString())


class Runtime:
    """Opens plans through the C API, to time it."""

    def __init__(self, folder):
        self.library = ctypes.CDLL(os.path.join(folder, "libsolder_runtime.so"))
        self.runtime = ctypes.c_void_p()
        self.library.solder_runtime_create(None, ctypes.byref(self.runtime))

    def load(self, plan):
        """Milliseconds to open, and to read and check the weights."""
        engine = ctypes.c_void_p()
        start = time.perf_counter()
        if self.library.solder_engine_open(self.runtime, plan.encode(), ctypes.byref(engine)) != 0:
            sys.exit(f"{plan} does not load")
        opened = time.perf_counter()
        if self.library.solder_engine_verify(self.runtime, engine) != 0:
            sys.exit(f"{plan} is damaged")
        verified = time.perf_counter()
        self.library.solder_engine_destroy(engine)
        return 1e3 * (opened - start), 1e3 * (verified - opened)


def main():
    options = arguments(__doc__)
    peer = Peer(options)
    model, plan = peer.path("keras_vgg19_frozen_graph.pb"), peer.path("vgg19.plan")
    picture, result = peer.path("vgg19-x.npy"), peer.path("vgg19-y.npy")
    if not (os.path.exists(model) and os.path.exists(result)):
        freeze(model, picture, result)
    size = os.path.getsize(model) / MIB

    def bound(name, value, limit, unit):
        peer.row(name, "ok" if value <= limit else "BEYOND", f"{value:.1f} {unit} of {limit:.1f}")

    with open(model, "rb") as file:  # into the page cache
        while file.read(1 << 24):
            pass
    built = peer.solder("build", model, "-o", plan, "--fast", "--threads", "2")
    if built.code != 0:
        sys.exit(built.text)
    bound("build peak", built.mib, 2.5 * size, "MiB")
    bound("build time", built.seconds, 60, "s")
    runtime = Runtime(os.path.dirname(options.solder) or ".")
    times = sorted(runtime.load(plan) for _ in range(5))
    bound("load", times[-1][0], 50, "ms (the slowest of 5)")
    print(f"{'':32} {'':8} checking the weights, with the first run: {min(t[1] for t in times):.1f} ms")
    shown = Result([options.solder, "inspect", plan, "--json", peer.path("inspect.json"), "--quiet"])
    if shown.code != 0:
        sys.exit(shown.text)
    with open(peer.path("inspect.json")) as file:
        memory = json.load(file)["memory"]
    run = peer.solder("run", plan, "--input", picture, "--output", peer.path("vgg19-out.npy"))
    if run.code != 0:
        sys.exit(run.text)
    needed = (memory["weights_bytes"] + memory["activation_bytes"]) / MIB
    bound("run peak", run.mib, needed + 8, "MiB")
    bound("error", error_ratio(np.load(peer.path("vgg19-out.npy")), np.load(result)), 1, "times the tolerance")
    peer.finish()


if __name__ == "__main__":
    main()
