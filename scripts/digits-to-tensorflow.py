#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the digit classifier as a frozen TensorFlow graph, with the weights of digits.onnx.

    pip install tensorflow onnx
    python3 scripts/digits-to-tensorflow.py models/digits

The graph is what Keras and TensorFlow 1 leave when a model is frozen: NHWC, names like
"conv2d_1/kernel" and "dense_2/Softmax", a Flatten of Shape, StridedSlice, Prod, Pack and Reshape.
"""
import os
import sys

import numpy as np
import onnx
import tensorflow as tf

tf1 = tf.compat.v1


def constant(name, value):
    return tf1.identity(tf1.constant(value, name=name), name=name + "/read")


def conv(x, name, w, b):
    with tf1.name_scope(name):
        y = tf1.nn.conv2d(x, constant("kernel", w), [1, 1, 1, 1], "SAME", name="convolution")
        return tf1.nn.relu(tf1.nn.bias_add(y, constant("bias", b), name="BiasAdd"), name="Relu")


def pool(x, name):
    with tf1.name_scope(name):
        return tf1.nn.max_pool2d(x, 2, 2, "VALID", name="MaxPool")


def flatten(x, name):
    with tf1.name_scope(name):
        shape = tf1.shape(x, name="Shape")
        count = tf1.reduce_prod(tf1.strided_slice(shape, [1], [0], [1], end_mask=1), name="Prod")
        return tf1.reshape(x, tf1.stack([-1, count], name="stack"), name="Reshape")


def dense(x, name, w, b):
    with tf1.name_scope(name):
        y = tf1.matmul(x, constant("kernel", w), name="MatMul")
        return tf1.nn.bias_add(y, constant("bias", b), name="BiasAdd")


def build(p):
    x = tf1.placeholder(tf.float32, [None, 8, 8, 1], "input_1")
    hwio = {n: p[n + "_w"].transpose(2, 3, 1, 0).copy() for n in ("conv1", "conv2", "conv3")}
    y = conv(x, "conv2d_1", hwio["conv1"], p["conv1_b"])
    y = pool(conv(y, "conv2d_2", hwio["conv2"], p["conv2_b"]), "max_pooling2d_1")
    y = pool(conv(y, "conv2d_3", hwio["conv3"], p["conv3_b"]), "max_pooling2d_2")
    # The first dense layer reads H, W, C here, and C, H, W in the other formats.
    fc1 = p["fc1_w"].reshape(128, 64, 2, 2).transpose(2, 3, 1, 0).reshape(256, 128).copy()
    y = dense(flatten(y, "flatten_1"), "dense_1", fc1, p["fc1_b"])
    y = dense(tf1.nn.relu(y, name="dense_1/Relu"), "dense_2", p["fc2_w"].T.copy(), p["fc2_b"])
    return x, tf1.nn.softmax(y, name="dense_2/Softmax")


def main(folder):
    model = onnx.load(os.path.join(folder, "digits.onnx"))
    p = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    with tf1.Graph().as_default() as graph, tf1.Session() as session:
        x, y = build(p)
        path = os.path.join(folder, "digits_frozen_graph.pb")
        with open(path, "wb") as file:
            file.write(graph.as_graph_def().SerializeToString(deterministic=True))
        images = np.load(os.path.join(folder, "test_digits.npy")).transpose(0, 2, 3, 1) / 255
        labels = np.load(os.path.join(folder, "test_labels.npy"))
        right = (session.run(y, {x: images}).argmax(1) == labels).sum()
        print(f"{path}: {os.path.getsize(path)} bytes, {right} of {len(labels)} right")


main(sys.argv[1])
