# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers and control flow for tensorflow_cases: LOOPS maps a name to (function, inputs).

Each is frozen as TensorFlow does by default, with While and If lowered to frames and switches, or
as functions ("-functions"), or built with TensorFlow 1's control flow ("-frames").
"""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(8)
layers = tf.keras.layers
raw = tf.raw_ops
LOOPS = {}


def noise(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def case(name, function, *inputs, **how):
    def call(*x):
        return function(*x)

    call.how = how
    LOOPS[name] = (call, [np.asarray(x) for x in inputs])


def both(name, function, *inputs):
    case(name, function, *inputs)
    case(name + "-functions", function, *inputs, lower=False)


def layer(made, x, **call):
    made(x)
    for w in made.weights:
        w.assign(0.5 * noise(*w.shape))
    return lambda *x: made(*x, training=False, **call)


tf.keras.utils.set_random_seed(1)
x = noise(2, 5, 3)
both("LSTM", layer(layers.LSTM(4), x), x)
both("LSTM-sequences", layer(layers.LSTM(4, return_sequences=True, return_state=True), x), x)
both("GRU", layer(layers.GRU(4), x), x)
both("SimpleRNN", layer(layers.SimpleRNN(4, return_sequences=True), x), x)
case("GRU-sequences", layer(layers.GRU(4, return_sequences=True, return_state=True), x), x)
case("GRU-reset-before", layer(layers.GRU(4, reset_after=False, return_sequences=True), x), x)
case("GRU-no-bias", layer(layers.GRU(4, use_bias=False, reset_after=False), x), x)
case("LSTM-no-bias", layer(layers.LSTM(4, use_bias=False), x), x)
case("LSTM-hard_sigmoid", layer(layers.LSTM(4, recurrent_activation="hard_sigmoid"), x), x)
case("LSTM-swish", layer(layers.LSTM(4, activation="swish"), x), x)
case("LSTM-linear", layer(layers.LSTM(4, activation="linear"), x), x)
case("GRU-elu-softsign", layer(layers.GRU(4, activation="elu", recurrent_activation="softsign"), x), x)
case("SimpleRNN-relu", layer(layers.SimpleRNN(4, activation="relu"), x), x)
case("LSTM-backwards", layer(layers.LSTM(4, go_backwards=True, return_sequences=True), x), x)
case("LSTM-unrolled", layer(layers.LSTM(4, unroll=True, return_sequences=True), x), x)
case("GRU-unrolled", layer(layers.GRU(4, unroll=True), x), x)
initial = layers.LSTM(4, return_sequences=True)
initial(x)
case("LSTM-initial", lambda x, h, c: initial(x, initial_state=[h, c]), x, noise(2, 4), noise(2, 4))
case("Bidirectional-LSTM", layer(layers.Bidirectional(layers.LSTM(4, return_sequences=True)), x), x)
case("Bidirectional-GRU-last", layer(layers.Bidirectional(layers.GRU(4), merge_mode="mul"), x), x)
case("Stacked-cells", layer(layers.RNN([layers.LSTMCell(4), layers.GRUCell(3), layers.SimpleRNNCell(5)],
                                       return_sequences=True), x), x)

# ---- operators of one cell, or of all its steps ----

block = (noise(7, 16), noise(4), noise(4), noise(4), noise(16))
for peepholes in (False, True):
    case(f"LSTMBlockCell-{peepholes}", lambda x, c, h, p=peepholes: tuple(raw.LSTMBlockCell(
        x=x, cs_prev=c, h_prev=h, w=block[0], wci=block[1], wcf=block[2], wco=block[3], b=block[4],
        forget_bias=0.7, cell_clip=0.5, use_peephole=p)), noise(2, 3), noise(2, 4), noise(2, 4))
    for steps in (5, 3):
        case(f"BlockLSTM-{peepholes}-{steps}", lambda x, c, h, p=peepholes, n=steps: raw.BlockLSTM(
            seq_len_max=np.int64(n), x=x, cs_prev=c, h_prev=h, w=block[0], wci=block[1], wcf=block[2], wco=block[3],
            b=block[4], forget_bias=1.0, cell_clip=-1.0, use_peephole=p).h, noise(5, 2, 3), noise(2, 4), noise(2, 4))
    case(f"BlockLSTMV2-{peepholes}", lambda x, c, h, p=peepholes: raw.BlockLSTMV2(
        seq_len_max=np.int64(5), x=x, cs_prev=c, h_prev=h, w=block[0], wci=block[1], wcf=block[2], wco=block[3],
        b=block[4], cell_clip=0.0, use_peephole=p).h, noise(5, 2, 3), noise(2, 4), noise(2, 4))
case("GRUBlockCell", lambda x, h, w=noise(7, 8), v=noise(7, 4), b=noise(8), c=noise(4): tuple(raw.GRUBlockCell(
    x=x, h_prev=h, w_ru=w, w_c=v, b_ru=b, b_c=c)), noise(2, 3), noise(2, 4))

# ---- TensorFlow 1: cells as tf.nn.rnn_cell wrote them, in loops as tf.nn.dynamic_rnn wrote them ----

v1 = tf.compat.v1


def dynamic_rnn(cell, x, state, lengths=None, shorter=False, zero=None):
    """x [T, N, I]; cell takes x and the states and gives the output and the new states. shorter: the
    loop ends with the longest sequence, as it did since TensorFlow 1.5. zero: what it gives behind
    a sequence's end, made before the loop."""
    steps = tf.shape(x)[0]
    bound = tf.minimum(steps, tf.maximum(1, tf.reduce_max(lengths))) if shorter else steps
    read = v1.TensorArray(tf.float32, steps, name="input").unstack(x)
    written = v1.TensorArray(tf.float32, steps, name="output", element_shape=state[-1].shape)

    def body(t, out, *states):
        y, fresh = cell(read.read(t), states)
        if lengths is not None:
            done = t >= lengths
            y = v1.where(done, tf.zeros_like(y) if zero is None else zero, y)
            fresh = [v1.where(done, s, f) for s, f in zip(states, fresh)]
        return (t + 1, out.write(t, y), *fresh)

    loop = v1.while_loop(lambda t, *_: t < bound, body, (tf.constant(0), written, *state))
    return (loop[1].stack(), *loop[2:])


def basic_lstm(w, b, forget=1.0):
    def cell(x, state):
        c, h = state
        i, j, f, o = tf.split(tf.nn.bias_add(tf.concat([x, h], 1) @ w, b), 4, 1)
        c = c * tf.sigmoid(f + forget) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
        return h, [c, h]
    return cell


def peephole_lstm(w, b, wi, wf, wo, project=None, clip=None, clip_output=None):
    def cell(x, state):
        c, h = state
        i, j, f, o = tf.split(tf.nn.bias_add(tf.concat([x, h], 1) @ w, b), 4, 1)
        c = tf.sigmoid(f + 1.0 + wf * c) * c + tf.sigmoid(i + wi * c) * tf.tanh(j)
        if clip is not None:
            c = tf.clip_by_value(c, -clip, clip)
        h = tf.sigmoid(o + wo * c) * tf.tanh(c)
        if project is not None:
            h = h @ project
        if clip_output is not None:
            h = tf.clip_by_value(h, -clip_output, clip_output)
        return h, [c, h]
    return cell


def gru(wg, bg, wc, bc):
    def cell(x, state):
        h, = state
        r, u = tf.split(tf.sigmoid(tf.nn.bias_add(tf.concat([x, h], 1) @ wg, bg)), 2, 1)
        c = tf.tanh(tf.nn.bias_add(tf.concat([x, r * h], 1) @ wc, bc))
        h = u * h + (1 - u) * c
        return h, [h]
    return cell


def basic_rnn(w, b):
    def cell(x, state):
        h = tf.tanh(tf.nn.bias_add(tf.concat([x, state[0]], 1) @ w, b))
        return h, [h]
    return cell


x = noise(5, 2, 3)
lstm = basic_lstm(noise(7, 16), noise(16))
zero = np.zeros((2, 4), np.float32)
case("BasicLSTMCell-frames", lambda x: dynamic_rnn(lstm, x, [tf.zeros([2, 4])] * 2), x, frames=True)
case("BasicLSTMCell-state-frames", lambda x, c, h: dynamic_rnn(lstm, x, [c, h]), x, noise(2, 4), noise(2, 4), frames=True)
case("GRUCell-frames", lambda x, g=gru(noise(7, 8), noise(8), noise(7, 4), noise(4)):
     dynamic_rnn(g, x, [tf.zeros([2, 4])]), x, frames=True)
case("BasicRNNCell-frames", lambda x, r=basic_rnn(noise(7, 4), noise(4)):
     dynamic_rnn(r, x, [tf.zeros([2, 4])]), x, frames=True)
peep = (noise(7, 16), noise(16), noise(4), noise(4), noise(4))
case("LSTMCell-peepholes-frames", lambda x: dynamic_rnn(peephole_lstm(*peep), x, [tf.zeros([2, 4])] * 2), x, frames=True)

# Sequence lengths, projections and clipping.
case("BasicLSTMCell-lengths-frames", lambda x, n: dynamic_rnn(lstm, x, [tf.zeros([2, 4])] * 2, n), x, np.array([3, 5], np.int32), frames=True)
case("LSTMCell-projection-frames", lambda x, p=noise(4, 2), w=noise(5, 16): dynamic_rnn(
    peephole_lstm(w, *peep[1:], p), x, [tf.zeros([2, 4]), tf.zeros([2, 2])]), x, frames=True)
case("LSTMCell-clip-frames", lambda x: dynamic_rnn(peephole_lstm(*peep, clip=0.3), x, [tf.zeros([2, 4])] * 2), x, frames=True)

masked = noise(3, 5, 3)
masked[0, 2:4] = masked[1, 3:] = masked[2, 0] = 0
mask = layers.Masking(0.0)
both("Masking-LSTM", layer(tf.keras.Sequential([mask, layers.LSTM(4)]), masked), masked)
case("Masking-GRU-bidirectional", layer(tf.keras.Sequential([mask, layers.Bidirectional(layers.GRU(2, return_sequences=True))]), masked), masked)
film = noise(1, 3, 4, 4, 2)
case("ConvLSTM2D", layer(layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True), film), film)

# ---- any control flow ----

v = noise(3)
both("While-sum", lambda x: tf.while_loop(lambda i, s: tf.reduce_sum(s) < 100.0, lambda i, s: (i + 1, s * 1.5 + 1.0), [0, tf.abs(x)]), v)
case("While-grows", lambda x: tf.while_loop(
    lambda i, s: i < 4, lambda i, s: (i + 1, tf.concat([s, s[-1:] * 2.0], 0)), [0, x],
    shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])[1], v)
both("If", lambda x: tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * 2.0, lambda: x - 1.0), np.abs(v))
case("If-else", lambda x: tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * 2.0, lambda: x - 1.0), -np.abs(v))
case("If-sizes", lambda x: tf.cond(tf.reduce_sum(x) > 0.0, lambda: x[:2], lambda: x[:1] * 2.0), v)
both("If-nested", lambda x: tf.cond(x[0] > 0.0, lambda: tf.cond(x[1] > 0.0, lambda: x * 2.0, lambda: x + 5.0),
                                    lambda: tf.cond(x[1] > 0.0, lambda: x * 3.0, lambda: x - 7.0)), v)
for i in (0, 1, 7):
    case(f"Case-{i}", lambda x, i: tf.switch_case(i, [lambda: x, lambda: x * 2.0, lambda: x - 3.0]), v, np.array(i, np.int32))
case("While-If", lambda x: tf.while_loop(
    lambda n, k: n > 1, lambda n, k: (tf.cond(n % 2 == 0, lambda: n // 2, lambda: 3 * n + 1), k + 1), [x, 0]), np.array(27, np.int32))
case("map_fn", lambda x: tf.map_fn(lambda r: tf.reduce_sum(r) * r, x), noise(4, 3))
case("scan", lambda x: tf.scan(lambda a, r: a * 0.5 + r, x), noise(5, 3))
case("foldl", lambda x: tf.foldl(lambda a, r: a * 0.5 + r, x), noise(5, 3))


def nested(x):
    def outer(i, s):
        _, s = tf.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + x * tf.cast(i + j, tf.float32)), [0, s])
        return i + 1, s
    return tf.while_loop(lambda i, s: i < 5, outer, [0, x])[1]


both("While-nested", nested, v)
case("While-nested-frames", nested, v, frames=True)


def reverse(x):
    a = tf.TensorArray(tf.float32, 4, element_shape=(3,))
    return tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, a.write(3 - i, x * tf.cast(i, tf.float32))), [0, a])[1].stack()


def recall(x):
    a = tf.TensorArray(tf.float32, 5, element_shape=(3,), clear_after_read=False).write(0, x)
    return tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, a.write(i, a.read(i - 1) * 0.5 + 1.0)), [1, a])[1].stack()


def early(x):
    a = tf.TensorArray(tf.float32, 6, element_shape=(3,))
    return tf.while_loop(lambda i, a, s: tf.reduce_sum(s) < 10.0, lambda i, a, s: (i + 1, a.write(i, s), s * 2.0),
                         [0, a, tf.abs(x) + 0.3])[1].stack()


case("TensorArray-reverse", reverse, v)
case("TensorArray-recall", recall, v)
both("TensorArray-early", early, v)
case("TensorArray-early-frames", early, v, frames=True)


def stretched(x, count=0):  # as raw_rnn writes what it gives
    a = tf.TensorArray(tf.float32, count, dynamic_size=True, element_shape=(3,))
    return tf.while_loop(lambda i, a, s: tf.reduce_sum(s) < 10.0, lambda i, a, s: (i + 1, a.write(i, s), s * 2.0),
                         [0, a, tf.abs(x) + 0.3])[1].stack()


case("TensorArray-stretched", stretched, v)
case("TensorArray-stretched-functions", stretched, v, lower=False)
case("TensorArray-stretched-begun-functions", lambda x: (stretched(x, 1), stretched(x, 9)), v, lower=False)
