# SPDX-License-Identifier: Apache-2.0
"""Every layer of keras.layers, small and with random weights, against TensorFlow.

    python tests/peers/keras_layers.py build/solder [NAME]...

Needs tensorflow with Keras 3. Each layer is called for inference, frozen, imported, built, run and held
to |a - b| <= 1e-5 + 1e-4 |b|. Prints a row per case, what is left out and why, and a count; a name of a
layer picks all its cases. Exits 1 if a case fails that is not in KNOWN, or one that is passes.
"""
import inspect
import os
import sys
import tempfile

import keras
import numpy as np
from tensorflow_cases import freeze, noise, rng, tf
from tensorflow_models import run

k = keras.layers
CASES = []  # (layer's name, what is special, a function of the inputs, inputs)

# Layers that are not compared, and why.
LEFT_OUT = {
    "no layer of its own": "InputSpec Layer Wrapper StackedRNNCells Pipeline",
    "runs another framework": "FlaxLayer JaxLayer TorchModuleWrapper TFSMLayer",
    "tables, which stay outside of a graph, or strings": "IntegerLookup StringLookup TextVectorization Hashing "
                                                         "HashedCrossing",
    "for training alone": "AugMix AutoContrast CutMix MixUp RandAugment Equalization Solarization "
                          "ContrastLimitedAdaptiveHistogramEqualization MaxNumBoundingBoxes"}
# Cases that are known to fail, and why.
KNOWN = {f"Random{name}": "TensorFlow cannot freeze it: it draws numbers when it is called, and uses none" for name in [
    "ColorDegeneration factor=0.2", "Grayscale", "Hue factor=0.2", "Posterization factor=4", "Saturation factor=0.2",
    "Sharpness factor=0.2"]}


def case(name, make, *inputs, special="", call=None, **how):
    """make() gives the layer; call what it is called with, if not the inputs alone."""
    CASES.append((name, special, make, call, inputs, how))


def layer(name, *inputs, special=None, **options):
    special = ", ".join(f"{key}={value}" for key, value in options.items()) if special is None else special
    case(name, lambda: getattr(k, name)(**options), *inputs, special=special[:60])


def words(*shape, most=9):
    return rng.integers(0, most, shape).astype(np.int32)


vector, line, image, volume = noise(2, 6), noise(2, 9, 4), noise(2, 8, 9, 3), noise(2, 6, 7, 5, 2)
images = {1: line, 2: image, 3: volume}
picture = (rng.random((2, 12, 14, 3)) * 255).astype(np.float32)

# ---- activations
for name in ["relu", "relu6", "sigmoid", "tanh", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign",
             "softmax", "log_softmax", "log_sigmoid", "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink",
             "soft_shrink", "squareplus", "sparse_plus", "sparse_sigmoid", "sparsemax", "glu", "exponential", "leaky_relu",
             "linear", "tanh_shrink"]:
    layer("Activation", vector, activation=name)
layer("ReLU", vector, max_value=1.5, negative_slope=0.1, threshold=0.2)
layer("ReLU", vector)
layer("LeakyReLU", vector, negative_slope=0.2)
layer("ELU", vector, alpha=0.7)
layer("PReLU", image, special="")
layer("PReLU", image, shared_axes=[1, 2])
layer("Softmax", line)
layer("Softmax", line, axis=1)
case("Softmax", lambda: k.Softmax(), line, special="mask", call=lambda made, x: made(x, mask=x > -1))

# ---- dense and embedding
layer("Dense", vector, units=5, activation="relu")
layer("Dense", line, units=5, use_bias=False)
layer("EinsumDense", line, equation="abc,cd->abd", output_shape=(None, 5), bias_axes="d")
layer("EinsumDense", image, equation="abcd,de->abce", output_shape=(None, None, 4))
layer("Embedding", words(2, 5), input_dim=9, output_dim=4)
layer("Embedding", words(2, 5), input_dim=9, output_dim=4, mask_zero=True)
layer("ReversibleEmbedding", words(2, 5), input_dim=9, output_dim=4)
case("ReversibleEmbedding", lambda: k.ReversibleEmbedding(9, 4), words(2, 5), special="reverse",
     call=lambda made, x: made(made(x), reverse=True))

# ---- convolutions
for n, x in images.items():
    for options in [dict(padding="same", strides=2), dict(dilation_rate=2, padding="same", activation="relu"), dict(use_bias=False)]:
        layer(f"Conv{n}D", x, filters=5, kernel_size=3, **options)
    for options in [dict(padding="same", strides=2), dict(padding="valid", strides=2), dict(padding="same", use_bias=False)]:
        layer(f"Conv{n}DTranspose", x, filters=4, kernel_size=3, **options)
layer("Conv2D", noise(2, 8, 9, 4), filters=6, kernel_size=3, groups=2)
layer("Conv1D", line, filters=6, kernel_size=3, groups=2)
layer("Conv1D", line, filters=5, kernel_size=3, padding="causal", dilation_rate=2)
layer("Conv2DTranspose", image, filters=4, kernel_size=4, strides=3, output_padding=1)
for n in (1, 2):
    layer(f"DepthwiseConv{n}D", images[n], kernel_size=3, depth_multiplier=2, padding="same")
    layer(f"DepthwiseConv{n}D", images[n], kernel_size=3, strides=2)
    layer(f"SeparableConv{n}D", images[n], filters=5, kernel_size=3, padding="same", activation="relu")

# ---- pooling
for n, x in images.items():
    for kind in ("Max", "Average"):
        layer(f"{kind}Pooling{n}D", x, pool_size=2)
        layer(f"{kind}Pooling{n}D", x, pool_size=3, strides=2, padding="same")
        layer(f"Adaptive{kind}Pooling{n}D", x, output_size=3)
        layer(f"Global{kind}Pooling{n}D", x)
    layer(f"GlobalAveragePooling{n}D", x, keepdims=True)
case("GlobalAveragePooling1D", lambda: k.GlobalAveragePooling1D(), line, special="mask",
     call=lambda made, x: made(x, mask=x[:, :, 0] > 0))

# ---- shapes
for n, x in images.items():
    layer(f"UpSampling{n}D", x, size=2)
    layer(f"ZeroPadding{n}D", x, padding=2)
    layer(f"Cropping{n}D", x, cropping=1)
layer("UpSampling2D", image, size=(2, 3), interpolation="bilinear")
layer("UpSampling2D", image, size=2, interpolation="bicubic")
layer("UpSampling2D", image, size=2, interpolation="lanczos3")
layer("ZeroPadding2D", image, padding=((1, 0), (2, 3)))
layer("Cropping2D", image, cropping=((1, 0), (2, 3)))
layer("Flatten", image)
layer("Reshape", vector, target_shape=(3, -1))
layer("Permute", line, dims=(2, 1))
layer("RepeatVector", vector, n=3)
layer("Identity", vector)
layer("Masking", line)
layer("ActivityRegularization", vector, l2=0.1)
case("Lambda", lambda: k.Lambda(lambda x: x * x + 1), vector)

# ---- merging
for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
    case(name, lambda name=name: getattr(k, name)(), vector, noise(2, 6), call=lambda made, *x: made(list(x)))
case("Concatenate", lambda: k.Concatenate(1), line, noise(2, 3, 4), special="axis=1", call=lambda made, *x: made(list(x)))
case("Dot", lambda: k.Dot(1), vector, noise(2, 6), special="axes=1", call=lambda made, *x: made(list(x)))
case("Dot", lambda: k.Dot((2, 1), normalize=True), line, noise(2, 4, 5), special="axes=(2, 1), normalize",
     call=lambda made, *x: made(list(x)))

# ---- normalization
layer("BatchNormalization", image)
layer("BatchNormalization", line, scale=False)
layer("LayerNormalization", line)
layer("LayerNormalization", image, axis=[1, 2, 3])
layer("RMSNormalization", line)
layer("GroupNormalization", noise(2, 8, 9, 6), groups=3)
layer("GroupNormalization", noise(2, 8, 9, 6), groups=-1)
layer("UnitNormalization", line)
case("SpectralNormalization", lambda: k.SpectralNormalization(k.Dense(4)), vector)
case("Normalization", lambda: k.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0]), image)
layer("Rescaling", picture, scale=1 / 127.5, offset=-1)

# ---- attention
other = noise(2, 7, 4)
pair = lambda made, *x: made(list(x))
layer_pair = [("Attention", {}), ("Attention", dict(use_scale=True)), ("Attention", dict(score_mode="concat")),
              ("AdditiveAttention", {})]
for name, options in layer_pair:
    case(name, lambda name=name, options=options: getattr(k, name)(**options), line, other, call=pair, special=str(options or ""))
case("Attention", lambda: k.Attention(), line, line + 1, special="causal", call=lambda made, *x: made(list(x), use_causal_mask=True))
case("MultiHeadAttention", lambda: k.MultiHeadAttention(2, 3), line, other, call=lambda made, *x: made(*x))
case("MultiHeadAttention", lambda: k.MultiHeadAttention(2, 3), line, special="causal",
     call=lambda made, x: made(x, x, use_causal_mask=True))
case("MultiHeadAttention", lambda: k.MultiHeadAttention(2, 3), line, other, noise(2, 9, 7) > 0, special="mask",
     call=lambda made, q, v, m: made(q, v, attention_mask=m))
case("GroupQueryAttention", lambda: k.GroupQueryAttention(4, 4, 2), line, other, call=lambda made, *x: made(*x))

# ---- recurrent
sequence = noise(2, 5, 3)
for name in ("LSTM", "GRU", "SimpleRNN"):
    layer(name, sequence, units=4)
    layer(name, sequence, units=4, return_sequences=True, go_backwards=True)
    layer(name, sequence, units=4, unroll=True)
    case(name, lambda name=name: getattr(k, name)(4), sequence, special="mask",
         call=lambda made, x: made(x, mask=tf.reduce_sum(x, -1) > -1))
    case("Bidirectional", lambda name=name: k.Bidirectional(getattr(k, name)(4, return_sequences=True)), sequence, special=name)
    case("RNN", lambda name=name: k.RNN(getattr(k, name + "Cell")(4), return_sequences=True), sequence, special=name + "Cell")
    case(name + "Cell", lambda name=name: getattr(k, name + "Cell")(3), *[noise(2, 3)] * (3 if name == "LSTM" else 2),
         call=lambda made, x, *state: made(x, list(state)))
case("RNN", lambda: k.RNN(k.StackedRNNCells([k.LSTMCell(4), k.GRUCell(3)])), sequence, special="StackedRNNCells")
case("RNN", lambda: k.RNN([k.SimpleRNNCell(4), k.SimpleRNNCell(3)]), sequence, special="two cells")
case("TimeDistributed", lambda: k.TimeDistributed(k.Dense(3)), sequence)
case("TimeDistributed", lambda: k.TimeDistributed(k.Conv2D(3, 3)), noise(2, 4, 6, 6, 2), special="Conv2D")
layer("ConvLSTM1D", noise(2, 4, 6, 2), filters=3, kernel_size=3)
layer("ConvLSTM2D", noise(2, 3, 5, 6, 2), filters=3, kernel_size=3, padding="same", return_sequences=True)
layer("ConvLSTM3D", noise(1, 2, 4, 5, 4, 2), filters=2, kernel_size=3, padding="same")

# ---- preprocessing
layer("Resizing", picture, height=7, width=9)
layer("Resizing", picture, height=20, width=9, interpolation="bicubic")
layer("Resizing", picture, height=7, width=9, interpolation="nearest")
layer("Resizing", picture, height=7, width=7, crop_to_aspect_ratio=True)
layer("Resizing", picture, height=7, width=7, pad_to_aspect_ratio=True)
layer("CenterCrop", picture, height=6, width=8)
layer("CenterCrop", picture, height=16, width=8)
layer("CategoryEncoding", words(2, 3, most=5), num_tokens=5, output_mode="multi_hot")
layer("CategoryEncoding", words(2, 1, most=5), num_tokens=5, output_mode="one_hot")
layer("CategoryEncoding", words(2, 3, most=5), num_tokens=5, output_mode="count")
layer("Discretization", vector, bin_boundaries=[-1.0, 0.0, 0.5])
layer("Discretization", vector, bin_boundaries=[-1.0, 0.0, 0.5], output_mode="one_hot")
layer("MelSpectrogram", noise(2, 300), fft_length=64, sequence_stride=32, num_mel_bins=8, sampling_rate=800, max_freq=400)
layer("STFTSpectrogram", noise(2, 300, 1), frame_length=64, frame_step=32, fft_length=64)

# ---- nothing at inference
for name, options in {
        "Dropout": dict(rate=0.5), "AlphaDropout": dict(rate=0.5), "GaussianDropout": dict(rate=0.5),
        "GaussianNoise": dict(stddev=0.5)}.items():
    layer(name, vector, **options)
for n, x in images.items():
    layer(f"SpatialDropout{n}D", x, rate=0.5)
for name, options in {
        "RandomBrightness": dict(factor=0.2), "RandomContrast": dict(factor=0.2), "RandomCrop": dict(height=8, width=9),
        "RandomFlip": {}, "RandomRotation": dict(factor=0.2), "RandomTranslation": dict(height_factor=0.2, width_factor=0.2),
        "RandomZoom": dict(height_factor=0.2), "RandomColorDegeneration": dict(factor=0.2), "RandomColorJitter": {},
        "RandomElasticTransform": {}, "RandomErasing": {}, "RandomGaussianBlur": {}, "RandomGrayscale": {},
        "RandomHue": dict(factor=0.2), "RandomInvert": {}, "RandomPerspective": {}, "RandomPosterization": dict(factor=4),
        "RandomSaturation": dict(factor=0.2), "RandomSharpness": dict(factor=0.2), "RandomShear": dict(x_factor=0.2)}.items():
    layer(name, picture, **options)
case("InputLayer", lambda: tf.keras.Sequential([k.InputLayer((6,)), k.Dense(3)]), vector)


def randomize(made):
    for w in getattr(made, "weights", []):
        if "seed" in w.path or not w.dtype.startswith("float"):
            continue
        value = 0.5 * noise(*w.shape)
        w.assign(np.abs(value) + 0.5 if "variance" in w.path else value)


def check(solder, made, call, inputs):
    """'' or what is wrong."""
    function = (lambda *x: call(made, *x)) if call else (lambda x: made(x))
    if "training" in inspect.signature(made.call).parameters and not call:
        function = lambda x: made(x, training=False)
    function(*[tf.constant(x) for x in inputs])
    randomize(made)
    frozen = freeze(function, inputs)
    want = [np.asarray(y) for y in tf.nest.flatten(frozen(*[tf.constant(x) for x in inputs]))]
    with tempfile.TemporaryDirectory() as folder:
        got = run(solder, frozen.graph.as_graph_def(), [t.name for t in frozen.outputs], inputs, folder)
    if isinstance(got, str):
        return got.removeprefix("solder: ")
    for a, b in zip(got, want):
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"{a.dtype}{a.shape}, not {b.dtype}{b.shape}"
        a, b = a.astype(np.float64), b.astype(np.float64)
        if not np.all((np.abs(a - b) <= 1e-5 + 1e-4 * np.abs(b)) | (a == b)):
            return f"differs by {np.max(np.abs(a - b)):.3g} of {np.max(np.abs(b)):.3g}"
    return ""


def main():
    solder, wanted = os.path.abspath(sys.argv[1]), set(sys.argv[2:])
    layers, seen = {}, set()  # a layer of several names counts once
    for name in dir(k):
        if inspect.isclass(getattr(k, name)):
            layers.setdefault(getattr(k, name), set()).add(name)
    left_out = {name: why for why, names in LEFT_OUT.items() for name in names.split()}
    failed = wrong = done = 0
    for name, special, make, call, inputs, how in CASES:
        seen.add(name)
        if wanted and name not in wanted:
            continue
        tf.keras.utils.set_random_seed(1)
        title = f"{name} {special}".strip()
        try:
            said = check(solder, make(), call, list(inputs))
        except Exception as error:  # TensorFlow itself cannot, or not freeze it
            said = f"TensorFlow: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]
        done += 1
        failed += said != ""
        known = KNOWN.get(title)
        wrong += (said != "") != (known is not None)
        print(f"{title:60s} {'ok' if said == '' else 'FAILED  ' + said}" + (f"  [{known}]" if known else ""), flush=True)
    if not wanted:
        missing = sorted(min(names) for names in layers.values() if not names & (seen | set(left_out)))
        for why, names in LEFT_OUT.items():
            print(f"left out, {why}: {names}")
        print(f"{len(layers)} layers, {sum(1 for names in layers.values() if names & seen)} compared; not named here: {' '.join(missing) or 'none'}")
        wrong += len(missing)
    print(f"{done} cases, {failed} failed")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
