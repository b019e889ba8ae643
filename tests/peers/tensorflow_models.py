# SPDX-License-Identifier: Apache-2.0
"""Frozen TensorFlow graphs, one per operator and whole networks, against TensorFlow.

    python tests/peers/tensorflow_models.py build/solder [ops|nets|NAME]...

Needs tensorflow and numpy. Weights and inputs are random. Every output must lie within
|a - b| <= 1e-5 + 1e-4 |b| of TensorFlow's. A deep network of random weights amplifies rounding,
whoever computes it: there the network is evaluated in double too, and an output beyond the bound
is right if it is less than twice as far from that as TensorFlow's own. The strongest class must
be the same. Prints a table; exits 1 if anything differs.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from peer import error_ratio
from tensorflow_cases import LEGACY, OPS, freeze, graph, noise, rng, tf


def run(solder, definition, names, inputs, folder):
    """The outputs of a graph as solder computes them, or a message."""
    model, plan = os.path.join(folder, "net.pb"), os.path.join(folder, "net.plan")
    with open(model, "wb") as f:
        f.write(definition.SerializeToString())
    command = [solder, "build", model, "-o", plan, "--fast"]
    for name in names:
        command += ["--output", name]
    for i, x in enumerate(inputs):
        command += ["--input", f"x{i}={'x'.join(map(str, x.shape))}"] if x.ndim else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()[:600]
    command = [solder, "run", plan]
    for i, x in enumerate(inputs):
        np.save(os.path.join(folder, f"x{i}.npy"), x)
        command += ["--input", f"x{i}={folder}/x{i}.npy"]
    for i, name in enumerate(names):
        command += ["--output", f"{name}={folder}/y{i}.npy"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return done.stderr.strip()[:600]
    return [np.load(f"{folder}/y{i}.npy") for i in range(len(names))]


def check(solder, case, folder):
    """The largest difference, or a message."""
    definition, names, inputs, results = graph(case)
    got = run(solder, definition, names, inputs, folder)
    if isinstance(got, str):
        return got
    worst = 0
    for a, b in zip(got, results):
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"{a.dtype}{a.shape}, expected {b.dtype}{b.shape}"
        a, b = a.astype(np.float64), b.astype(np.float64)
        error = np.abs(a - b) - 1e-5 - 1e-4 * np.abs(b)
        if error.size and not np.all((error <= 0) | (np.isnan(a) & np.isnan(b)) | (a == b)):
            return f"differs by {np.max(np.abs(a - b))} of {np.max(np.abs(b))}"
        worst = max(worst, np.max(np.abs(a - b))) if error.size else worst
    return worst


def steps(solder, folder, kind):
    """Steps of that operator in the plan."""
    done = subprocess.run([solder, "inspect", f"{folder}/net.plan", "--json", f"{folder}/p.json"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        return -1
    with open(f"{folder}/p.json") as f:
        return json.dumps(json.load(f)).count(f'"{kind}"')


def application(name, size):
    return lambda: getattr(tf.keras.applications, name)(
        weights=None, input_shape=(size, size, 3), classes=100, classifier_activation=None)


def vgg_with_head():
    base = tf.keras.applications.VGG19(weights=None, include_top=False, input_shape=(64, 64, 3))
    x = tf.keras.layers.Flatten()(base.output)
    x = tf.keras.layers.Dense(64, activation="relu", name="dense_1")(x)
    x = tf.keras.layers.Dense(10, activation="softmax", name="dense_2")(x)
    return tf.keras.Model(base.input, x)


class Detect(tf.keras.layers.Layer):
    """Boxes from offsets to fixed centres, then the best of every class."""

    def call(self, boxes, scores):
        side = np.linspace(0.1, 0.9, boxes.shape[1], dtype=np.float32)
        centre = tf.cast(np.stack([side, side[::-1]], -1), boxes.dtype)
        middle = centre + 0.1 * boxes[..., :2]
        half = 0.1 * tf.exp(0.2 * boxes[..., 2:])
        corners = tf.concat([middle - half, middle + half], -1)[:, :, tf.newaxis]
        return tf.image.combined_non_max_suppression(corners, tf.sigmoid(scores), 10, 20, 0.5, 0.3)


def ssd():
    x = inputs = tf.keras.Input((96, 96, 3))
    boxes, scores = [], []
    for depth in (16, 32, 48, 64):
        x = tf.keras.layers.SeparableConv2D(depth, 3, 2, "same")(x)
        x = tf.keras.layers.ReLU(6.0)(tf.keras.layers.BatchNormalization()(x))
        if depth >= 48:
            boxes.append(tf.keras.layers.Reshape((-1, 4))(tf.keras.layers.Conv2D(12, 3, padding="same")(x)))
            scores.append(tf.keras.layers.Reshape((-1, 5))(tf.keras.layers.Conv2D(15, 3, padding="same")(x)))
    boxes, scores = (tf.keras.layers.Concatenate(1)(t) for t in (boxes, scores))
    return tf.keras.Model(inputs, Detect()(boxes, scores))


WORDS, SENTENCE = 50, 24
SENTENCES = {  # the recurrent layers of a classifier, and the steps they become
    "Embedding-LSTM": (lambda k: [k.LSTM(32)], {"LSTM": 1}),
    "Embedding-GRU": (lambda k: [k.GRU(32)], {"GRU": 1}),
    "Embedding-SimpleRNN": (lambda k: [k.SimpleRNN(32)], {"RNN": 1}),
    "Bidirectional-LSTM": (lambda k: [k.Bidirectional(k.LSTM(24))], {"LSTM": 2}),
    "Bidirectional-GRU": (lambda k: [k.Bidirectional(k.GRU(24))], {"GRU": 2}),
    "Stacked-LSTM": (lambda k: [k.LSTM(32, return_sequences=True), k.LSTM(24)], {"LSTM": 2}),
    "Stacked-mixed": (lambda k: [k.Bidirectional(k.LSTM(16, return_sequences=True)),
                                 k.Conv1D(24, 3, activation="relu"), k.GRU(24, return_sequences=True),
                                 k.GlobalMaxPooling1D()], {"LSTM": 2, "GRU": 1}),
    "Stacked-cells": (lambda k: [k.RNN([k.LSTMCell(24), k.GRUCell(16)])], {"LSTM": 1, "GRU": 1}),
    "Masked-LSTM": (lambda k: [k.Masking(0.0), k.LSTM(24)], {"LSTM": 1, "Loop": 0}),
    "Masked-GRU": (lambda k: [k.Masking(0.0), k.Bidirectional(k.GRU(16, return_sequences=True)), k.LSTM(16)],
                   {"GRU": 2, "LSTM": 1, "Loop": 0})}


def classifier(recurrent):
    """Sentences of word numbers to classes."""
    def make():
        k = tf.keras.layers
        spread = tf.keras.initializers.RandomNormal(stddev=1.0)
        return tf.keras.Sequential([tf.keras.Input((SENTENCE,), dtype="int32"),
                                    k.Embedding(WORDS, 16, embeddings_initializer=spread), *recurrent(k),
                                    k.Dense(16, activation="relu"), k.Dense(8, activation="softmax")])
    return make


NETS = {name: (size, application(name, size)) for name, size in {
    "MobileNet": 96, "MobileNetV2": 96, "MobileNetV3Small": 64, "MobileNetV3Large": 64,
    "ResNet50": 64, "ResNet50V2": 64, "VGG19": 64, "InceptionV3": 96, "DenseNet121": 64,
    "EfficientNetB0": 64, "EfficientNetV2B0": 64, "Xception": 96, "NASNetMobile": 64,
    "ConvNeXtTiny": 64}.items()}
NETS["VGG19-dense_2"] = (64, vgg_with_head)
NETS["SSD-head"] = (96, ssd)
NETS.update({name: (SENTENCE, classifier(recurrent)) for name, (recurrent, _) in SENTENCES.items()})


def perturb(model):
    for layer in model.layers:  # statistics that are not 0 and 1
        if isinstance(layer, tf.keras.layers.BatchNormalization):
            *scale, mean, variance = layer.get_weights()
            layer.set_weights([w + 0.1 * noise(*w.shape) for w in scale] + [mean + 0.1 * noise(*mean.shape),
                              variance * (0.8 + 0.4 * rng.random(variance.shape).astype(np.float32))])


def wide(x):
    return x.astype(np.float64) if x.dtype == np.float32 else x


def double(make, weights, x):
    """The same network's outputs, computed in double."""
    tf.keras.backend.set_floatx("float64")
    try:
        model = make()
        model.set_weights(weights)
        return [np.asarray(y) for y in tf.nest.flatten(model(wide(x), training=False))]
    finally:
        tf.keras.backend.set_floatx("float32")


def network(solder, name, folder):
    """(verdict, note) of one network."""
    size, make = NETS[name]
    tf.keras.utils.set_random_seed(3)
    model = make()
    perturb(model)
    x = (rng.integers(0, WORDS, (3, size)).astype(np.int32) if name in SENTENCES else noise(1, size, size, 3))
    frozen = freeze(lambda x: model(x, training=False), [x])
    got = run(solder, frozen.graph.as_graph_def(), [t.name for t in frozen.outputs], [x], folder)
    if isinstance(got, str):
        return False, got
    want = [np.asarray(y) for y in frozen(tf.constant(x))]
    worst = max(error_ratio(a, b) for a, b in zip(got, want))
    note = f"transposes {steps(solder, folder, 'Transpose')}  error {worst:.2g} of the bound"
    good = worst <= 1
    if not good and np.isfinite(worst):
        exact = double(make, model.get_weights(), x)
        ours = max(error_ratio(a.astype(np.float64), b) for a, b in zip(got, exact))
        theirs = max(error_ratio(a.astype(np.float64), b) for a, b in zip(want, exact))
        note += f", {ours:.2g} from double, TensorFlow {theirs:.2g}"
        good = ours < 2 * theirs
    if len(got) == 1 and np.any(np.argmax(got[0], -1) != np.argmax(want[0], -1)):
        good, note = False, note + ", another class"
    if name in SENTENCES:
        found = {kind: steps(solder, folder, kind) for kind in SENTENCES[name][1]}
        note = f"{found}  classes {np.argmax(got[0], -1)}  {note}"
        good = good and found == SENTENCES[name][1]
    if name in SENTENCES or name == "SSD-head":
        code = subprocess.run([solder, "compare", f"{folder}/net.pb", f"{folder}/net.plan", "--input",
                               f"x0={folder}/x0.npy", "--quiet"], capture_output=True).returncode
        good, note = good and code == 0, note + f"  compare {code}"
    return good, note


def main():
    solder, wanted = sys.argv[1], sys.argv[2:] or ["ops", "nets"]
    unknown = set(wanted) - set(OPS) - set(LEGACY) - set(NETS) - {"ops", "nets"}
    if unknown:
        sys.exit(f"no such graph: {' '.join(sorted(unknown))}")
    bad = done = 0
    for name in [*OPS, *LEGACY]:
        if "ops" in wanted or name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                result = check(solder, name, folder)
            done += 1
            if isinstance(result, str):
                bad += 1
                print(f"{name:44s} FAILED  {result}", flush=True)
    if done:
        print(f"{done} operator graphs, {bad} failed", flush=True)
    for name, (size, _) in NETS.items():
        if "nets" in wanted or name in wanted:
            with tempfile.TemporaryDirectory() as folder:
                good, note = network(solder, name, folder)
            bad += not good
            print(f"{name:20s} {size:4d}  {'ok' if good else 'FAILED'}  {note}", flush=True)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
