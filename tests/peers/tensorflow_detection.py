# SPDX-License-Identifier: Apache-2.0
"""What exports of detectors and segmenters of TensorFlow 1 do around their networks, for
tensorflow_cases: pictures of any size brought to one in a loop over the batch, anchors on a grid,
the best boxes of every class filled up to a fixed number, pads and cuts whose sizes a run tells.
"""
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(11)
DETECTION = {}


def noise(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def detector(name, shapes, *inputs):
    """A function of v1 and of placeholders of these shapes."""
    def add(function):
        def build(v1):
            held = [v1.placeholder(x.dtype, s, f"x{i}") for i, (s, x) in enumerate(zip(shapes, inputs))]
            return [tf.identity(y) for y in tf.nest.flatten(function(v1, *held))], list(inputs)
        DETECTION[name] = build
        return function
    return add


# ---- sizes that a run tells ----

@detector("Slice-size-late", [[None, None], [2], [2]], noise(5, 6), np.int32([1, 2]), np.int32([3, -1]))
def slice_size(v1, x, begin, size):
    n = tf.shape(x)[0]
    return (tf.slice(x, begin, size), tf.slice(x, [0, 0], tf.stack([n - 1, 2])), tf.slice(x, begin, tf.stack([-1, size[0]])),
            tf.slice(x, [0, 1], tf.stack([n, -1])), tf.slice(x, begin, [-1, -1]))


@detector("Pad-late", [[None, 4], [2, 2]], noise(3, 4), np.int32([[1, 2], [0, 3]]))
def pad(v1, x, pads):
    n = tf.shape(x)[0]
    return (tf.pad(x, pads), tf.pad(x, pads, constant_values=2.5), tf.pad(x, pads, "REFLECT"), tf.pad(x, pads, "SYMMETRIC"),
            tf.pad(x, tf.stack([[0, 0], [8 - n, 1]], 1)) + 0.0 * tf.ones([8, 5]), tf.pad(x, [[n, 0], [0, 1]]))


# Behind a run-time size what is left of a whole: as many again as were chosen go to its end.
@detector("Where-rest", [[None]], noise(9))
def rest(v1, x):
    chosen = tf.boolean_mask(x, x > 0.3)
    return tf.concat([chosen, tf.fill([tf.shape(x)[0] - tf.shape(chosen)[0]], -1.0)], 0)


@detector("Segmenter-any-size", [[1, None, None, 3]], rng.integers(0, 256, (1, 12, 10, 3)).astype(np.uint8))
def segmenter(v1, x):
    size = tf.shape(x)
    missing = [[0, 0], [0, 16 - size[1]], [0, 16 - size[2]], [0, 0]]
    y = tf.ensure_shape(tf.pad(tf.cast(x, tf.float32) - 127.5, missing), [1, 16, 16, 3]) / 127.5
    y = tf.nn.conv2d(y, noise(3, 3, 3, 5), 2, "SAME")
    classes = tf.argmax(v1.image.resize_bilinear(y, [16, 16], align_corners=True), 3)
    return tf.slice(classes, [0, 0, 0], tf.stack([1, size[1], size[2]]))


# ---- pictures ----

pictures = rng.random((2, 10, 14, 3), np.float32)


@detector("Preprocessor", [[None, None, None, 3]], pictures)
def preprocessor(v1, x):
    return tf.map_fn(lambda p: [v1.image.resize_bilinear(p[tf.newaxis], [8, 8])[0], tf.constant([8, 8, 3])], x,
                     dtype=[tf.float32, tf.int32])


@detector("Preprocessor-aspect", [[None, None, None, 3]], pictures)
def preprocessor_aspect(v1, x):
    def scaled(side, to):
        return tf.cast(tf.round(side * to), tf.int32)

    def one(picture):
        height, width = (tf.cast(tf.shape(picture)[i], tf.float32) for i in (0, 1))
        to_least, to_most = (s / f(height, width) for s, f in ((8.0, tf.minimum), (9.0, tf.maximum)))
        large = tf.stack([scaled(height, to_least), scaled(width, to_least)])
        small = tf.stack([scaled(height, to_most), scaled(width, to_most)])
        size = v1.cond(tf.reduce_max(large) > 9, lambda: small, lambda: large)
        return [v1.image.resize_bilinear(picture[tf.newaxis], size)[0], tf.concat([size, [3]], 0)]
    return tf.map_fn(one, x, dtype=[tf.float32, tf.int32])


# ---- boxes ----

def meshgrid(x, y):
    """For tensors of any rank, as grids of anchors are made."""
    x_shape, y_shape = tf.shape(x), tf.shape(y)
    ones_x, ones_y = (tf.ones([tf.rank(t)], tf.int32) for t in (x, y))
    return (tf.tile(tf.reshape(x, tf.concat([ones_y, x_shape], 0)), tf.concat([y_shape, ones_x], 0)),
            tf.tile(tf.reshape(y, tf.concat([y_shape, ones_x], 0)), tf.concat([ones_y, x_shape], 0)))


@detector("Anchors", [[1, None, None, 2]], noise(1, 3, 4, 2))
def anchors(v1, features):
    rows, columns = tf.shape(features)[1], tf.shape(features)[2]
    x, y = meshgrid(8.0 * tf.cast(tf.range(columns), tf.float32), 8.0 * tf.cast(tf.range(rows), tf.float32))
    widths, xs = meshgrid(tf.constant([8.0, 20.0]), x)
    heights, ys = meshgrid(tf.constant([12.0, 16.0]), y)
    centre, size = (tf.reshape(tf.stack(t, 3), [-1, 2]) for t in ([ys, xs], [heights, widths]))
    most = 8.0 * tf.cast(tf.stack([rows, columns, rows, columns]), tf.float32)
    boxes = tf.clip_by_value(tf.concat([centre - size / 2, centre + size / 2], 1), 0.0, most)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return tf.gather(boxes, tf.cast(tf.reshape(tf.where(area > 100.0), [-1]), tf.int32))


def pad_or_clip(x, count):
    rank = x.shape.rank
    size = tf.concat([[tf.where(tf.shape(x)[0] > count, count, -1)], tf.fill([rank - 1], -1)], 0)
    x = tf.slice(x, tf.zeros([rank], tf.int32), size)
    behind = tf.stack([count - tf.shape(x)[0]] + [0] * (rank - 1))
    return tf.pad(x, tf.stack([tf.zeros([rank], tf.int32), behind], 1))


def best_of_class(boxes, scores, soft):
    count = tf.minimum(4, tf.shape(boxes)[0])
    if soft:
        chosen, kept = tf.image.non_max_suppression_with_scores(boxes, scores, count, 0.5, 0.3, 0.4)
        missing = count - tf.shape(chosen)[0]
        chosen, kept = tf.pad(chosen, [[0, missing]]), tf.concat([kept, tf.zeros(missing)], 0)
        return tf.gather(boxes, chosen), tf.where(tf.range(count) < count - missing, kept, -tf.ones([count]))
    high = tf.cast(tf.reshape(tf.where(scores > 0.4), [-1]), tf.int32)
    boxes, scores = tf.gather(boxes, high), tf.gather(scores, high)
    chosen = tf.image.non_max_suppression(boxes, scores, count, 0.5)
    return tf.gather(boxes, chosen), tf.gather(scores, chosen)


def best(boxes, scores, soft, total=6):
    """[A, 4] and [A, K] of one picture: the best boxes, as many as total."""
    of_class = [best_of_class(boxes, tf.reshape(tf.slice(scores, [0, k], tf.stack([tf.shape(scores)[0], 1])), [-1]), soft)
                for k in range(scores.shape[1])]
    numbers = tf.concat([tf.fill([tf.shape(s)[0]], float(k)) for k, (_, s) in enumerate(of_class)], 0)
    boxes, scores = (tf.concat(t, 0) for t in zip(*of_class))
    _, order = tf.nn.top_k(scores, tf.shape(scores)[0])
    valid = tf.reduce_sum(tf.cast(scores > 0.0, tf.int32))
    return [pad_or_clip(tf.gather(t, order), total) for t in (boxes, scores, numbers)] + [tf.minimum(valid, total)]


def some_boxes(*shape):
    corner, size = rng.uniform(0, 0.7, (*shape, 2)), rng.uniform(0.1, 0.4, (*shape, 2))
    return np.concatenate([corner, corner + size], -1).astype(np.float32)


def postprocessor(name, soft):
    centres = some_boxes(12)

    @detector(name, [[None, 12, 1, 4], [None, 12, 4]], 0.3 * noise(3, 12, 1, 4), noise(3, 12, 4))
    def build(v1, codes, logits):
        pictures = tf.shape(codes)[0]
        boxes = tf.squeeze(codes, 2) + tf.tile(centres[np.newaxis], tf.stack([pictures, 1, 1]))
        scores = tf.slice(tf.sigmoid(logits), [0, 0, 1], [-1, -1, -1])
        count = tf.fill([pictures], tf.shape(codes)[1])

        def one(t):
            boxes = tf.reshape(tf.slice(t[0], [0, 0], tf.stack([t[2], -1])), [-1, 4])
            return best(boxes, tf.reshape(tf.slice(t[1], [0, 0], tf.stack([t[2], -1])), [-1, 3]), soft)
        return tf.map_fn(one, [boxes, scores, count], dtype=[tf.float32] * 3 + [tf.int32])


postprocessor("Postprocessor", False)
postprocessor("Postprocessor-soft", True)
