# SPDX-License-Identifier: Apache-2.0
"""Recurrent operators of one node for tensorflow_cases, beside the layers and loops of
tensorflow_loops: BlockLSTM with all its outputs, and CudnnRNN.

CudnnRNN has no kernel on a processor: what it gives is computed here, in numpy and in double, and
its parameters are laid out as CudnnRNNCanonicalToParams documents: all weights, then all biases.
"""
import numpy as np
import tensorflow as tf
from tensorflow_loops import basic_lstm, basic_rnn, case, dynamic_rnn, gru, peephole_lstm

rng = np.random.default_rng(9)
raw = tf.raw_ops


def noise(*shape):
    return rng.standard_normal(shape).astype(np.float32)


# ---- BlockLSTM: clipped, with peepholes, cut short, every output ----

block = (0.6 * noise(7, 16), noise(4), noise(4), noise(4), noise(16))
arguments = dict(w=block[0], wci=block[1], wcf=block[2], wco=block[3], b=block[4])
state = (noise(2, 4), noise(2, 4))
for peepholes in (False, True):
    for clip in (0.0, 0.4):
        case(f"BlockLSTM-all-{peepholes}-{clip}", lambda x, c, h, p=peepholes, k=clip: tuple(raw.BlockLSTM(
            seq_len_max=np.int64(5), x=x, cs_prev=c, h_prev=h, **arguments, forget_bias=0.7, cell_clip=k,
            use_peephole=p)), noise(5, 2, 3), *state)
case("BlockLSTMV2-all", lambda x, c, h: tuple(raw.BlockLSTMV2(
    seq_len_max=np.int64(4), x=x, cs_prev=c, h_prev=h, **arguments, cell_clip=0.4, use_peephole=True)),
    noise(4, 2, 3), *state)
case("BlockLSTM-short", lambda x, c, h: tuple(y[:3] if i % 5 else y for i, y in enumerate(raw.BlockLSTM(
    seq_len_max=np.int64(3), x=x, cs_prev=c, h_prev=h, **arguments, cell_clip=0.4)) if i in (1, 4, 5, 6)),
    noise(5, 2, 3), *state)
case("BlockLSTM-clip", lambda x, c, h: raw.BlockLSTM(
    seq_len_max=np.int64(3), x=x, cs_prev=c, h_prev=h, **arguments, cell_clip=0.4).h, noise(5, 2, 3), *state)
case("BlockLSTM-last", lambda x, c, h: (lambda y: (y.cs[-1], y.h[-1]))(raw.BlockLSTM(
    seq_len_max=tf.shape(x, tf.int64)[0], x=x, cs_prev=c, h_prev=h, **arguments, cell_clip=-1.0)), noise(5, 2, 3), *state)
case("BlockLSTM-functions", lambda x, c, h: (lambda y: (y.cs, y.co))(tf.function(lambda *a: raw.BlockLSTM(
    seq_len_max=np.int64(5), x=a[0], cs_prev=a[1], h_prev=a[2], **arguments, cell_clip=0.3))(x, c, h)),
    noise(5, 2, 3), *state, lower=False)

# ---- CudnnRNN ----

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(mode, x, h, c, w, r, bw, br):
    """One step of a cell: w, r [G, H, inputs], bw, br [G, H]; gates in cuDNN's order."""
    a = [x @ w[g].T + bw[g] for g in range(len(w))]
    b = [h @ r[g].T + br[g] for g in range(len(w))]
    if mode == "lstm":
        i, f, g, o = (p + q for p, q in zip(a, b))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    if mode == "gru":
        reset, update = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
        return (1 - update) * np.tanh(a[2] + reset * b[2]) + update * h, c
    return (np.tanh if mode == "rnn_tanh" else lambda v: np.maximum(v, 0))(a[0] + b[0]), c


def direction(mode, x, h, c, lengths, weights, backwards):
    y = np.zeros((*x.shape[:2], h.shape[-1]))
    h, c = h.copy(), c.copy()
    for n, length in enumerate(lengths):
        for t in reversed(range(length)) if backwards else range(length):
            h[n], c[n] = step(mode, x[t, n], h[n], c[n], *weights)
            y[t, n] = h[n]
    return y, h, c


class Cudnn:
    """The weights of some layers, as a vector of parameters and as numpy uses them."""

    def __init__(self, mode, inputs, hidden, layers, directions):
        self.mode, self.hidden, self.directions, self.cells = mode, hidden, directions, []
        shape = (GATES[mode], hidden)
        for i in range(layers * directions):
            columns = inputs if i < directions else directions * hidden
            self.cells.append((0.5 * noise(*shape, columns), 0.5 * noise(*shape, hidden), noise(*shape), noise(*shape)))
        self.params = np.concatenate([part.ravel() for pair in (slice(0, 2), slice(2, 4))
                                      for cell in self.cells for part in cell[pair]])

    def __call__(self, x, h, c, lengths=None):
        lengths = [x.shape[0]] * x.shape[1] if lengths is None else lengths
        x, h = x.astype(np.float64), h.astype(np.float64)
        c = c.astype(np.float64) if self.mode == "lstm" else np.zeros_like(h)
        last = []
        for i in range(0, len(self.cells), self.directions):
            done = [direction(self.mode, x, h[i + d], c[i + d], lengths, self.cells[i + d], d == 1)
                    for d in range(self.directions)]
            x = np.concatenate([y for y, _, _ in done], -1)
            last += done
        results = [x, np.stack([y[1] for y in last]), np.stack([y[2] for y in last])]
        return [y.astype(np.float32) for y in results[:3 if self.mode == "lstm" else 2]]


def cudnn(name, operator, mode, layers=1, directions=1, lengths=None, batch_major=False, **attributes):
    net = Cudnn(mode, 3, 4, layers, directions)
    states = layers * directions
    swap = (lambda y: y.swapaxes(0, 1)) if batch_major else lambda y: y
    inputs = [swap(noise(5, 2, 3)), swap(noise(states, 2, 4))] + ([swap(noise(states, 2, 4))] if mode == "lstm" else [])
    if operator is raw.CudnnRNNV3:
        lengths = [5, 5] if lengths is None else lengths
        attributes |= {"sequence_lengths": np.array(lengths, np.int32), "time_major": not batch_major}

    def function(x, h, c=np.float32(0)):
        y = operator(input=x, input_h=h, input_c=c, params=net.params, rnn_mode=mode, is_training=False,
                     direction="bidirectional" if directions == 2 else "unidirectional", **attributes)
        return (y.output, y.output_h, y.output_c) if mode == "lstm" else (y.output, y.output_h)

    def expect(x, h, c=None):
        return [swap(y) for y in net(swap(x), swap(h), None if c is None else swap(c), lengths)]

    case(name, function, *inputs, expect=expect)


for mode in GATES:
    cudnn(f"CudnnRNN-{mode}", raw.CudnnRNN, mode)
    cudnn(f"CudnnRNNV2-{mode}-layers", raw.CudnnRNNV2, mode, layers=3, directions=2)
cudnn("CudnnRNNV3-lstm", raw.CudnnRNNV3, "lstm", layers=2, batch_major=True)
cudnn("CudnnRNNV3-lstm-lengths", raw.CudnnRNNV3, "lstm", directions=2, lengths=[3, 5])
cudnn("CudnnRNNV3-gru-lengths", raw.CudnnRNNV3, "gru", layers=2, directions=2, lengths=[5, 2], batch_major=True)
cudnn("CudnnRNN-dropout", raw.CudnnRNN, "gru", layers=2, dropout=0.4)

# ---- Keras' layers, as they call it: the same weights on the processor say what to expect ----


def keras_params(layer):
    kernel, recurrent, bias = (w.numpy() for w in layer.weights)
    gates = kernel.shape[1] // recurrent.shape[0]
    order = [1, 0, 2] if gates == 3 else [0, 1, 2, 3]
    parts = [np.split(kernel, gates, 1)[g].T for g in order] + [np.split(recurrent, gates, 1)[g].T for g in order]
    biases = bias if bias.ndim == 2 else np.stack([np.zeros_like(bias), bias])
    parts += [np.split(b, gates)[g] for b in biases for g in order]
    return np.concatenate([p.ravel() for p in parts])


def keras(name, layer, mode):
    x = noise(2, 5, 3)
    layer(x)
    for w in layer.weights:
        w.assign(0.5 * noise(*w.shape))
    zero = tf.zeros([2, 1, 4])
    params = keras_params(layer)
    case(name, lambda x: raw.CudnnRNNV3(
        input=x, input_h=zero, input_c=zero if mode == "lstm" else 0.0, params=params, is_training=True, rnn_mode=mode,
        sequence_lengths=tf.fill([2], 5), time_major=False).output, x, expect=lambda x: [layer(x).numpy()])


keras("CudnnRNNV3-keras-lstm", tf.keras.layers.LSTM(4, return_sequences=True), "lstm")
keras("CudnnRNNV3-keras-gru", tf.keras.layers.GRU(4, return_sequences=True), "gru")


# ---- loops with sequence lengths and masks ----

x = noise(5, 3, 3)
lengths = np.array([3, 0, 4], np.int32)
lstm, w = basic_lstm(noise(7, 16), noise(16)), (noise(7, 8), noise(8), noise(7, 4), noise(4))
begin = (noise(3, 4), noise(3, 4))
case("BasicLSTMCell-shorter-frames", lambda x, n: dynamic_rnn(lstm, x, [tf.zeros([3, 4])] * 2, n, True), x, lengths, frames=True)
case("BasicLSTMCell-longer-frames", lambda x, n, c, h: dynamic_rnn(lstm, x, [c, h], n), x, np.array([-1, 9, 2], np.int32), *begin, frames=True)
case("BasicLSTMCell-fixed-frames", lambda x, c, h: dynamic_rnn(lstm, x, [c, h], np.array([5, 1, 2], np.int32)), x, *begin, frames=True)
case("GRUCell-shorter-frames", lambda x, n, h: dynamic_rnn(gru(*w), x, [h], n, True), x, lengths, begin[0], frames=True)
case("BasicRNNCell-lengths-frames", lambda x, n, r=basic_rnn(noise(7, 4), noise(4)): dynamic_rnn(r, x, [tf.zeros([3, 4])], n), x, lengths, frames=True)
case("LSTMCell-lengths-frames", lambda x, n, p=(noise(7, 16), noise(16), noise(4), noise(4), noise(4)): dynamic_rnn(
    peephole_lstm(*p), x, [tf.zeros([3, 4])] * 2, n), x, lengths, frames=True)


def stacked(first, second):
    def cell(x, state):
        y, a = first(x, state[:2])
        y, b = second(y, state[2:])
        return y, [*a, *b]
    return cell


case("MultiRNNCell-shorter-frames", lambda x, n, s=stacked(lstm, gru(noise(8, 8), noise(8), noise(8, 4), noise(4))): dynamic_rnn(
    s, x, [tf.zeros([3, 4])] * 3, n, True), x, lengths, frames=True)


def masked_rnn(cell, x, mask, state, held=True, last=False):
    """As Keras runs a cell: mask [T, N]; y of a step that does not count is that of the one before, or 0."""
    steps = tf.shape(x)[0]
    read = tf.TensorArray(tf.float32, steps).unstack(x)
    counts = tf.TensorArray(tf.bool, steps).unstack(mask[:, :, tf.newaxis])
    written = tf.TensorArray(tf.float32, 1 if last else steps, element_shape=state[-1].shape)
    zero = tf.zeros_like(state[-1])

    def body(t, out, before, *states):
        y, fresh = cell(read.read(t), states)
        now = counts.read(t)
        y = tf.where(tf.tile(now, [1, 4]), y, before if held else zero)
        fresh = [tf.where(now, f, s) for s, f in zip(states, fresh)]
        return (t + 1, out.write(0 if last else t, y), y, *fresh)

    loop = tf.while_loop(lambda t, *_: t < steps, body, (tf.constant(0), written, zero, *state))
    return (loop[1].stack(), *loop[2:])


mask = np.array([[0, 1, 1], [1, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 0]], bool)
empty = mask & [True, False, True]
none = [tf.zeros([3, 4])] * 2
case("Mask-LSTM-held", lambda x, m: masked_rnn(lstm, x, m, none), x, mask, lower=False)
case("Mask-LSTM-last", lambda x, m: masked_rnn(lstm, x, m, none, last=True), x, empty, lower=False)
case("Mask-GRU-zero", lambda x, m: masked_rnn(gru(*w), x, m, none[:1], held=False), x, empty, lower=False)
case("Mask-GRU-zero-last", lambda x, m: masked_rnn(gru(*w), x, m, none[:1], held=False, last=True), x, empty, lower=False)
case("Mask-GRU-state", lambda x, m, h: masked_rnn(gru(*w), x, m, [h], held=False), x, empty, begin[0], lower=False)
case("Mask-LSTM-state-loop", lambda x, m, c, h: masked_rnn(lstm, x, m, [c, h]), x, empty, *begin, lower=False)
case("Mask-stacked", lambda x, m, s=stacked(lstm, gru(noise(8, 8), noise(8), noise(8, 4), noise(4))): masked_rnn(
    s, x, m, none[:1] * 3), x, empty, lower=False)

# ---- projections and clipped cells ----


def projected(outputs, inputs=3, **how):
    return peephole_lstm(0.5 * noise(inputs + outputs, 16), noise(16), noise(4), noise(4), noise(4), 0.7 * noise(4, outputs), **how)


begin_of = {n: (noise(3, 4), noise(3, n)) for n in (2, 3, 5)}
case("LSTMCell-everything-frames", lambda x, n, c, h, p=projected(3, clip=0.6): dynamic_rnn(p, x, [c, h], n, True), x, lengths, *begin_of[3], frames=True)
case("LSTMCell-upwards-loop-frames", lambda x, c, h, p=projected(5): dynamic_rnn(p, x, [c, h]), x, *begin_of[5], frames=True)
case("LSTMCell-projection-clip-loop-frames", lambda x, c, h, p=projected(3, clip_output=0.2): dynamic_rnn(p, x, [c, h]), x, *begin_of[3], frames=True)
case("LSTMCell-projections-frames", lambda x, n, p=stacked(projected(3), projected(2, 3)): dynamic_rnn(
    p, x, [tf.zeros([3, 4]), tf.zeros([3, 3]), tf.zeros([3, 4]), tf.zeros([3, 2])], n), x, lengths, frames=True)

# ---- an open batch: nothing but what is done with them says that there are as many lengths ----

OPEN = {}


def open_batch(name, cell, states, inputs=x):
    def build(v1):
        x0, n = v1.placeholder(tf.float32, [5, None, 3], "x0"), v1.placeholder(tf.int32, [None], "x1")
        zero = tf.zeros([tf.shape(x0)[1], 4])
        return [tf.identity(y) for y in dynamic_rnn(cell, x0, [zero] * states, n, True, zero)], [inputs, lengths]
    OPEN[name] = build


open_batch("Open-BasicLSTMCell", lstm, 2)
open_batch("Open-GRUCell", gru(*w), 1)
open_batch("Open-MultiRNNCell", stacked(lstm, gru(noise(8, 8), noise(8), noise(8, 4), noise(4))), 3)
