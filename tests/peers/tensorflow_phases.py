# SPDX-License-Identifier: Apache-2.0
"""Graphs of TensorFlow 1 that were frozen with what they did in training still in them, for
tensorflow_cases: branches on a learning phase that is known to be off, dropout that drops nothing.
"""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(10)
PHASES = {}


def noise(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def phase(build):
    PHASES["TensorFlow1-" + build.__name__.replace("_", "-")] = build
    return build


def dropped(v1, x):
    return v1.nn.dropout(x, rate=0.5)


@phase
def dropout_behind_a_phase(v1):
    x = v1.placeholder(tf.float32, [3, 4], "x0")
    training = v1.placeholder_with_default(False, [], "is_training")
    y = v1.cond(training, lambda: dropped(v1, x * 2.0), lambda: tf.identity(x * 2.0))
    return [v1.matmul(y, v1.constant(noise(4, 2)), name="out")], [noise(3, 4)]


@phase
def phase_through_logic(v1):
    x = v1.placeholder(tf.float32, [3, 4], "x0")
    training = v1.placeholder_with_default(False, [], "keras_learning_phase")
    really = v1.logical_and(v1.logical_not(v1.logical_not(training)), v1.constant(True))
    y = v1.cond(v1.identity(really), lambda: dropped(v1, x), lambda: x)
    z = v1.cond(v1.logical_not(training), lambda: y + 1.0, lambda: dropped(v1, y))
    return [v1.identity(z, name="out")], [noise(3, 4)]


@phase
def phases_nested(v1):
    x = v1.placeholder(tf.float32, [3, 4], "x0")
    training = v1.placeholder_with_default(False, [], "is_training")
    y = v1.cond(v1.reduce_sum(x) > 0.0, lambda: v1.cond(training, lambda: dropped(v1, x), lambda: x * 3.0), lambda: x - 1.0)
    z = v1.cond(training, lambda: dropped(v1, y), lambda: v1.cond(v1.reduce_sum(x) > 100.0, lambda: y, lambda: y * 0.5))
    return [v1.identity(z, name="out")], [np.abs(noise(3, 4))]


@phase
def batch_norm_behind_a_phase(v1):
    x = v1.placeholder(tf.float32, [2, 3, 3, 4], "x0")
    training = v1.placeholder_with_default(False, [], "phase")
    scale, offset, mean, variance = (v1.constant(v) for v in (noise(4), noise(4), noise(4), np.abs(noise(4))))
    y = v1.nn.relu(v1.nn.conv2d(x, v1.constant(noise(3, 3, 4, 4)), [1] * 4, "SAME"))
    norm, _, _ = v1.cond(
        training,
        lambda: v1.nn.fused_batch_norm(y, scale, offset, epsilon=0.01, is_training=True),
        lambda: v1.nn.fused_batch_norm(y, scale, offset, mean=mean, variance=variance, epsilon=0.01, is_training=False))
    return [v1.identity(norm, name="out")], [noise(2, 3, 3, 4)]


@phase
def moments_behind_a_phase(v1):
    x = v1.placeholder(tf.float32, [3, 4], "x0")
    training = v1.placeholder_with_default(False, [], "phase")
    mean, variance = v1.cond(training, lambda: tuple(v1.nn.moments(x, [0])),
                             lambda: (v1.constant(noise(4)), v1.constant(np.abs(noise(4)))))
    y = v1.nn.batch_normalization(x, mean, variance, v1.constant(noise(4)), v1.constant(noise(4)), 1e-3)
    return [v1.identity(y, name="out")], [noise(3, 4)]


@phase
def keep_from_a_phase(v1):
    x = v1.placeholder(tf.float32, [3, 4], "x0")
    training = v1.placeholder_with_default(False, [], "is_training")
    keep = v1.cond(training, lambda: v1.constant(0.5), lambda: v1.constant(1.0))
    mask = v1.floor(keep + v1.constant(np.full((3, 4), 0.25, np.float32)))
    y = v1.cond(keep < 1.0, lambda: v1.div(x, keep) * mask, lambda: x)
    return [v1.identity(y, name="out")], [noise(3, 4)]


@phase
def old_switch_of_one_branch(v1):
    """A Switch whose taken side is read without a Merge."""
    x = v1.placeholder(tf.float32, [3, 4], "x0")
    training = v1.placeholder_with_default(False, [], "is_training")
    off, _ = tf.raw_ops.Switch(data=x, pred=training)
    return [v1.add(off, 1.0, name="out")], [noise(3, 4)]


@phase
def dropout_of_rate_0(v1):
    x = v1.placeholder(tf.float32, [None, 4], "x0")
    rate = v1.placeholder_with_default(0.0, [], "rate")
    return [v1.add(v1.nn.dropout(x, rate=rate), 1.0, name="out")], [noise(3, 4)]


@phase
def random_dropout_of_keep_1(v1):
    """What tf.nn.dropout was before TensorFlow 1.13."""
    x = v1.placeholder(tf.float32, [None, 4], "x0")
    keep = v1.placeholder_with_default(1.0, [], "keep_prob")
    random = v1.random_uniform(v1.shape(x), 0.0, 1.0, seed=1)
    return [v1.add(v1.div(x, keep) * v1.floor(keep + random), 1.0, name="out")], [noise(3, 4)]
