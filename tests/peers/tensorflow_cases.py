# SPDX-License-Identifier: Apache-2.0
"""One frozen TensorFlow graph per operator and variant: OPS maps a name to (function, inputs),
LEGACY a name to a function that writes a graph as TensorFlow 1 froze them.

tests/peers/tensorflow_models.py compares them with TensorFlow, scripts/make-tensorflow-fixtures
writes them with their results to tests/import/tensorflow.
"""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

rng = np.random.default_rng(7)


def noise(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def freeze(function, inputs):
    specs = [tf.TensorSpec(x.shape, x.dtype, name=f"x{i}") for i, x in enumerate(inputs)]
    names = ", ".join(f"x{i}" for i in range(len(inputs)))  # a signature of the inputs alone
    plain = eval(f"lambda {names}: function({names})", {"function": function})
    how = getattr(function, "how", {})
    return convert_variables_to_constants_v2(tf.function(plain).get_concrete_function(*specs),
                                             lower_control_flow=how.get("lower", True))


def graph(case):
    """(GraphDef, names of its outputs, inputs x0..., TensorFlow's results) of a case."""
    if case in LEGACY:
        return freeze_legacy(LEGACY[case])
    function, inputs = OPS[case]
    if getattr(function, "how", {}).get("frames"):
        return freeze_legacy(lambda v1: framed(v1, function, inputs))
    frozen = freeze(function, inputs)
    expect = getattr(function, "how", {}).get("expect")  # where TensorFlow cannot run it here
    results = expect(*inputs) if expect else [np.asarray(y) for y in frozen(*[tf.constant(x) for x in inputs])]
    return frozen.graph.as_graph_def(), [t.name for t in frozen.outputs], inputs, results


def framed(v1, function, inputs):
    held = [v1.placeholder(x.dtype, x.shape, f"x{i}") for i, x in enumerate(inputs)]
    return [tf.identity(y) for y in tf.nest.flatten(function(*held))], inputs


def freeze_legacy(build):
    v1 = tf.compat.v1
    v1.disable_control_flow_v2()
    with tf.Graph().as_default() as g, v1.Session(graph=g) as session, v1.variable_scope("", use_resource=False):
        v1.set_random_seed(5)
        outputs, inputs = build(v1)
        session.run(v1.global_variables_initializer())
        results = session.run(outputs, {f"x{i}:0": x for i, x in enumerate(inputs)})
        definition = v1.graph_util.convert_variables_to_constants(session, g.as_graph_def(), [y.op.name for y in outputs])
    v1.enable_control_flow_v2()
    return definition, [y.name for y in outputs], inputs, results


image = noise(2, 5, 7, 6)
small = noise(1, 5, 6, 3)
raw = tf.raw_ops
OPS = {}
LEGACY = {}


def op(name, function, *inputs):
    OPS[name] = (function, [np.asarray(x) for x in inputs])


for pad in ("SAME", "VALID", [[0, 0], [1, 2], [0, 3], [0, 0]]):
    kind = pad if isinstance(pad, str) else "EXPLICIT"
    for stride in (1, 2, 3):
        op(f"Conv2D-{kind}-{stride}", lambda x, w=noise(3, 2, 6, 5), p=pad, s=stride: tf.nn.conv2d(x, w, s, p), image)
        op(f"DepthwiseConv2dNative-{kind}-{stride}", lambda x, w=noise(3, 3, 6, 2), p=pad, s=stride:
           tf.nn.depthwise_conv2d(x, w, [1, s, s, 1], p), image)
op("Conv2D-dilated", lambda x, w=noise(3, 3, 6, 5): tf.nn.conv2d(x, w, 1, "SAME", dilations=2), image)
op("Conv2D-groups", lambda x, w=noise(3, 3, 2, 6): tf.nn.conv2d(x, w, 1, "SAME"), image)
op("Conv2D-bias-relu", lambda x, w=noise(3, 3, 6, 5), b=noise(5): tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, 1, "SAME"), b)), image)
op("Conv2D-padded", lambda x, w=noise(3, 3, 6, 5): tf.nn.conv2d(tf.pad(x, [[0, 0], [1, 1], [2, 1], [0, 0]]), w, 2, "VALID"), image)
op("Conv1D", lambda x, w=noise(3, 6, 5), v=noise(3, 5, 4): tf.nn.conv1d(tf.nn.relu(tf.nn.conv1d(x, w, 1, "SAME")), v, 1, "SAME"), noise(2, 12, 6))
op("Conv3D", lambda x, w=noise(2, 3, 3, 3, 4): tf.nn.conv3d(x, w, [1, 1, 2, 1, 1], "SAME"), noise(1, 4, 5, 6, 3))
for pad in ("SAME", "VALID"):
    for stride in (1, 2, 3):
        for k in (2, 3, 4):
            size = 5 * stride if pad == "SAME" else 4 * stride + k
            op(f"Conv2DBackpropInput-{pad}-{stride}-{k}", lambda x, w=noise(k, k, 2, 3), p=pad, s=stride, n=size:
               tf.nn.conv2d_transpose(x, w, [1, n, n, 2], s, p), noise(1, 5, 5, 3))
op("Conv2DBackpropInput-odd", lambda x, w=noise(3, 3, 4, 3): tf.nn.conv2d_transpose(x, w, [2, 9, 9, 4], 2, "SAME"), noise(2, 5, 5, 3))
for pad in ("SAME", "VALID"):
    op(f"MaxPool-{pad}", lambda x, p=pad: tf.nn.max_pool2d(x, 3, 2, p), image)
    op(f"AvgPool-{pad}", lambda x, p=pad: tf.nn.avg_pool2d(x, 3, 2, p), image)
op("MaxPool3D", lambda x: tf.nn.max_pool3d(x, 2, 2, "SAME"), noise(1, 3, 4, 5, 3))
op("AvgPool3D", lambda x: tf.nn.avg_pool3d(x, 2, 2, "VALID"), noise(1, 3, 4, 5, 3))
op("FusedBatchNormV3", lambda x, a=noise(6), b=noise(6), m=noise(6), v=np.abs(noise(6)):
   raw.FusedBatchNormV3(x=tf.nn.relu(x), scale=a, offset=b, mean=m, variance=v, is_training=False).y, image)
op("LRN", lambda x: tf.nn.lrn(x, 2, 1.5, 0.3, 0.6), image)
op("BiasAdd-2d", lambda x, b=noise(7): tf.nn.bias_add(x, b), noise(3, 7))
op("MatMul", lambda x, w=noise(7, 5): tf.matmul(x, w), noise(3, 7))
op("MatMul-transposed", lambda x, w=noise(5, 7): tf.matmul(x, w, transpose_b=True), noise(3, 7))
op("BatchMatMulV2", lambda x, y: tf.matmul(x, y, adjoint_b=True), noise(2, 3, 4, 5), noise(3, 6, 5))
op("Dense-after-flatten", lambda x, w=noise(3, 3, 6, 4), v=noise(5 * 7 * 4, 5):
   tf.matmul(tf.reshape(tf.nn.conv2d(x, w, 1, "SAME"), [-1, 5 * 7 * 4]), v), image)
op("Flatten-alone", lambda x, w=noise(3, 3, 6, 4): tf.reshape(tf.nn.conv2d(x, w, 1, "SAME"), [-1, 5 * 7 * 4]), image)
for f in (tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.minimum, tf.math.floordiv, tf.math.floormod,
          tf.math.squared_difference, tf.math.divide_no_nan, tf.math.atan2, tf.equal, tf.less, tf.greater_equal):
    op(f"{f.__name__}", lambda x, y, f=f: f(x, y), noise(2, 3, 4), noise(3, 1))
op("ZerosLike", lambda x: x + tf.zeros_like(x) - tf.ones_like(x), noise(3, 4))
op("Pow", lambda x, y: tf.pow(tf.abs(x), y), noise(2, 3), noise(2, 3))
op("TruncateMod", lambda x: raw.TruncateMod(x=x, y=np.int32(3)), np.arange(-5, 6, dtype=np.int32))
op("AddN", lambda x, y: tf.add_n([x, y, x]), noise(2, 3), noise(2, 3))
for f in (tf.abs, tf.exp, tf.math.expm1, tf.floor, tf.math.ceil, tf.math.erf, tf.math.erfc, tf.negative, tf.round,
          tf.sign, tf.sin, tf.cos, tf.tan, tf.atan, tf.sinh, tf.cosh, tf.asinh, tf.square, tf.nn.relu, tf.nn.relu6,
          tf.nn.elu, tf.nn.selu, tf.sigmoid, tf.tanh, tf.nn.softplus, tf.nn.softsign, tf.nn.leaky_relu, tf.nn.softmax,
          tf.nn.log_softmax, tf.nn.gelu, tf.nn.swish, tf.math.is_finite):
    op(f.__name__, lambda x, f=f: f(3 * x), noise(3, 4, 5))
for f in (tf.sqrt, tf.math.rsqrt, tf.math.log, tf.math.log1p, tf.math.reciprocal):
    op(f.__name__, lambda x, f=f: f(tf.abs(x) + 0.1), noise(3, 4))
for f in (tf.reduce_mean, tf.reduce_sum, tf.reduce_prod, tf.reduce_max, tf.reduce_min):
    for axes in ([1, 2], [3], [2], [0, 1, 2, 3], [1, 2, 3]):
        for keep in (False, True):
            op(f"{f.__name__}-{axes}-{keep}", lambda x, f=f, a=axes, k=keep, w=noise(1, 1, 6, 3):
               f(tf.nn.conv2d(x, w, 1, "SAME"), a, keepdims=k), noise(2, 3, 4, 6))
op("All", lambda x: tf.reduce_all(x > -1, 1), noise(3, 4))
op("ArgMax", lambda x: (tf.argmax(x, -1), tf.argmin(x, 1, output_type=tf.int32)), noise(2, 3, 4, 5))
op("ArgMax-conv", lambda x, w=noise(1, 1, 6, 3): tf.argmax(tf.nn.conv2d(x, w, 1, "SAME"), -1), image)
op("TopKV2", lambda x: tf.math.top_k(x, 3), noise(4, 9))
op("Softmax-conv", lambda x, w=noise(1, 1, 6, 3): tf.nn.softmax(tf.nn.conv2d(x, w, 1, "SAME")), image)
op("Select", lambda x, y: raw.Select(condition=x > y, x=x, y=y), noise(3, 4), noise(3, 4))
op("Select-vector", lambda x, y: raw.Select(condition=x[:, 0] > 0, x=x, y=y), noise(3, 4), noise(3, 4))
op("SelectV2", lambda x, y: tf.where(x > 0, x, y), noise(3, 4), noise(4))
op("Cast", lambda x: (tf.cast(x, tf.int32), tf.cast(x > 0, tf.float32)), 5 * noise(3, 4))
op("Squeeze-ExpandDims", lambda x: tf.squeeze(tf.expand_dims(x, 1), [1]), noise(3, 4))
op("Transpose", lambda x: tf.transpose(x, [2, 0, 1]), noise(2, 3, 4))
op("Pack-Unpack", lambda x: tf.stack(tf.unstack(x, axis=1)[::-1], axis=2), noise(2, 3, 4))
op("ConcatV2", lambda x, y: tf.concat([x, y], -1), noise(2, 3, 4), noise(2, 3, 2))
op("ConcatV2-conv", lambda x, w=noise(1, 1, 6, 3): tf.concat([tf.nn.conv2d(x, w, 1, "SAME"), x], -1), image)
op("Split", lambda x: tf.split(x, 3, -1), image)
op("SplitV", lambda x: tf.split(x, [1, 2, -1], -1), image)
op("Slice", lambda x: tf.slice(x, [0, 1, 2], [2, -1, 1]), noise(2, 3, 4))
op("StridedSlice", lambda x: (x[:, 1:-1, ::2], x[..., 0], x[:, tf.newaxis, 1], x[::-1, -1:]), noise(2, 5, 6))
op("StridedSlice-conv", lambda x, w=noise(1, 1, 6, 3): tf.nn.conv2d(x, w, 1, "SAME")[:, 1:5, ::2, 1:], image)
op("Pad", lambda x: (tf.pad(x, [[1, 0], [0, 2]]), tf.pad(x, [[1, 0], [0, 2]], constant_values=3.5)), noise(3, 4))
op("MirrorPad", lambda x: (tf.pad(x, [[1, 0], [2, 2]], "REFLECT"), tf.pad(x, [[1, 0], [2, 2]], "SYMMETRIC")), noise(3, 4))
op("Tile", lambda x: tf.tile(x, [2, 3]), noise(2, 3))
op("BroadcastTo", lambda x: tf.broadcast_to(x, [4, 2, 3]), noise(2, 1))
op("Shape-Size-Rank", lambda x: x * tf.cast(tf.shape(x)[1] + tf.size(x) + tf.rank(x), tf.float32), noise(2, 3))
op("Fill-Range", lambda x: x + tf.fill([3, 4], 2.5) + tf.cast(tf.range(4), tf.float32), noise(3, 4))
op("GatherV2", lambda x: (tf.gather(x, [2, 0]), tf.gather(x, [[1, 0]], axis=1)), noise(3, 4))
op("GatherNd", lambda x: tf.gather_nd(x, [[0, 1], [2, 3]]), noise(3, 4, 2))
op("OneHot", lambda x: (tf.one_hot(x, 4, 2.0, -1.0), tf.one_hot(x, 4, axis=0)), np.array([[0, 3, 5], [-1, 2, 1]], np.int32))
for corners, half in ((False, False), (True, False), (False, True)):
    for size in ([10, 12], [3, 4], [7, 5]):
        op(f"ResizeBilinear-{corners}-{half}-{size}", lambda x, c=corners, h=half, s=size:
           raw.ResizeBilinear(images=x, size=s, align_corners=c, half_pixel_centers=h), small)
        op(f"ResizeNearestNeighbor-{corners}-{half}-{size}", lambda x, c=corners, h=half, s=size:
           raw.ResizeNearestNeighbor(images=x, size=s, align_corners=c, half_pixel_centers=h), small)
for corners, half in ((False, False), (True, False), (False, True)):
    for size in ([10, 12], [3, 4], [7, 5]):
        op(f"ResizeBicubic-{corners}-{half}-{size}", lambda x, c=corners, h=half, s=size:
           raw.ResizeBicubic(images=x, size=s, align_corners=c, half_pixel_centers=h), small)
op("SpaceToDepth", lambda x: tf.nn.space_to_depth(x, 2), noise(2, 4, 6, 3))
op("DepthToSpace", lambda x: tf.nn.depth_to_space(x, 2), noise(2, 4, 6, 8))
op("SpaceToBatchND", lambda x: tf.space_to_batch_nd(x, [2, 3], [[1, 0], [0, 1]]), noise(2, 5, 8, 3))
op("BatchToSpaceND", lambda x: tf.batch_to_space(x, [2, 2], [[1, 0], [0, 1]]), noise(8, 4, 3, 3))
op("SpaceToBatch-conv", lambda x, w=noise(3, 3, 3, 4): tf.batch_to_space(tf.nn.conv2d(
    tf.space_to_batch_nd(x, [2, 2], [[2, 3], [2, 2]]), w, 1, "VALID"), [2, 2], [[0, 1], [0, 0]]), noise(2, 9, 10, 3))
op("Conv1D-dilated", lambda x, w=noise(3, 6, 5): tf.nn.convolution(x, w, padding="SAME", dilations=2), noise(2, 12, 6))
op("SpaceToBatch-sequence", lambda x: (tf.space_to_batch_nd(x, [2], [[1, 2]]), tf.batch_to_space(x, [2], [[1, 1]])), noise(4, 5, 3))
op("FakeQuantWithMinMaxVars", lambda x: tf.quantization.fake_quant_with_min_max_vars(x, -1.1, 2.3), noise(4, 50))
boxes = np.sort(rng.random((20, 2, 2)).astype(np.float32), axis=1).reshape(20, 4)
op("NonMaxSuppressionV3", lambda b, s: tf.image.non_max_suppression(b, s, 6, 0.4, 0.1), boxes, rng.random(20).astype(np.float32))
op("Where", lambda x: (tf.where(x > 0), tf.where(x)[:, 0]), np.maximum(noise(3, 4, 5), 0))
op("Where-vector", lambda x: tf.gather(x, tf.squeeze(tf.where(x[:, 0] > 0.3), 1)), noise(9, 4))
op("ScatterNd", lambda i, u: tf.scatter_nd(i, u, [5, 3]), np.array([[4], [0], [4]], np.int32), noise(3, 3))
op("ScatterNd-points", lambda u: tf.scatter_nd([[0, 1], [3, 2], [0, 1]], u, [4, 3]), noise(3))
for f in ("update", "add", "sub", "min", "max"):
    op(f"TensorScatter-{f}", lambda x, u, f=f: getattr(tf, f"tensor_scatter_nd_{f}")(x, [[2], [0]], u), noise(4, 3), noise(2, 3))
crops = np.array([[0.1, 0.2, 0.7, 0.9], [0.9, 0.8, 0.2, 0.1], [-0.2, 0.3, 0.4, 1.3], [0.5, 0.5, 0.5, 0.5]], np.float32)
for method in ("bilinear", "nearest"):
    for size in ([4, 5], [1, 3], [9, 8]):
        op(f"CropAndResize-{method}-{size}", lambda x, b, m=method, s=size:
           tf.image.crop_and_resize(x, b, [0, 1, 1, 0], s, m, 0.25), image, crops)
op("CropAndResize-found", lambda x, b, s: tf.image.crop_and_resize(
    x, tf.gather(b, tf.where(s > 0.5)[:, 0]), tf.zeros_like(tf.where(s > 0.5)[:, 0], tf.int32), [3, 3]),
   image, crops, np.array([0.2, 0.9, 0.7, 0.1], np.float32))
op("PartitionedCall", lambda x: tf.function(lambda y: tf.nn.relu(y) + 1)(x), noise(2, 3))
for equation, a, b in (("abc,cd->abd", (2, 3, 4), (4, 5)), ("abc,cde->abde", (2, 3, 4), (4, 2, 5)),
                       ("abcd,cde->abe", (2, 3, 4, 5), (4, 5, 6)), ("aecd,abcd->acbe", (2, 3, 4, 5), (2, 6, 4, 5)),
                       ("acbe,aecd->abcd", (2, 4, 6, 3), (2, 3, 4, 5)), ("a,b->ba", (3,), (4,)), ("ab,ab->a", (3, 4), (3, 4))):
    op(f"Einsum-{equation}", lambda x, y, e=equation: tf.einsum(e, x, y), noise(*a), noise(*b))
op("SE-block", lambda x, w=noise(1, 1, 6, 6), v=noise(1, 1, 6, 6): tf.nn.conv2d(x, w, 1, "SAME") * tf.sigmoid(tf.nn.conv2d(
    tf.reduce_mean(tf.nn.conv2d(x, w, 1, "SAME"), [1, 2], keepdims=True), v, 1, "SAME")), image)

for exclusive in (False, True):
    for reverse in (False, True):
        op(f"Cumsum-{exclusive}-{reverse}", lambda x, e=exclusive, r=reverse: (
            tf.cumsum(x, 1, e, r), tf.cumsum(tf.cast(3 * x, tf.int32), -1, e, r)), noise(2, 4, 3))
        op(f"Cumprod-{exclusive}-{reverse}", lambda x, e=exclusive, r=reverse: tf.math.cumprod(x, 0, e, r), noise(4, 3))
op("Cumsum-conv", lambda x, w=noise(1, 1, 6, 3): tf.cumsum(tf.nn.conv2d(x, w, 1, "SAME"), -1), image)
op("EuclideanNorm-L2Loss", lambda x: (raw.EuclideanNorm(input=x, axis=[1]), tf.nn.l2_loss(x)), noise(3, 4))
op("ReverseV2", lambda x: (tf.reverse(x, [1]), tf.reverse(x, [-1, 0])), noise(2, 3, 4))
op("ReverseV2-conv", lambda x, w=noise(1, 1, 6, 3): tf.reverse(tf.nn.conv2d(x, w, 1, "SAME"), [2]), image)
op("ReverseSequence", lambda x: (tf.reverse_sequence(x, [3, 0, 4], seq_axis=1, batch_axis=0), tf.reverse_sequence(
    x, [2, 3, 1, 1], seq_axis=0, batch_axis=1), tf.reverse_sequence(x, [1, 3], seq_axis=0, batch_axis=2)), noise(3, 4, 2))
op("ReverseSequence-lengths", lambda x, n: tf.reverse_sequence(x, n, seq_axis=1), noise(3, 4, 2), np.array([1, 4, 3], np.int64))
op("Roll", lambda x: (tf.roll(x, 2, 1), tf.roll(x, [-1, 7], [0, 2])), noise(2, 3, 4))
op("GatherV2-batch", lambda x, i: (tf.gather(x, i, batch_dims=1), tf.gather(x, i, axis=2, batch_dims=1),
   tf.gather(x, i, axis=-1, batch_dims=2), tf.gather(x, i[:, 0], axis=3, batch_dims=1)),
   noise(2, 3, 4, 5), np.array([[0, 2, 1], [1, 1, 2]], np.int32))
op("GatherV2-batch-tensor", lambda x, i: tf.gather(x, i, axis=2, batch_dims=1), noise(2, 3, 4), np.array([[[0, 2], [1, 3]], [[1, 1], [2, 0]]], np.int64))
op("Bucketize", lambda x: (raw.Bucketize(input=x, boundaries=[-0.5, 0.0, 1.0]), raw.Bucketize(
    input=tf.cast(3 * x, tf.int32), boundaries=[-1.0, 2.0])), noise(3, 4))
labels = np.array([[1, 3, 3, 9], [0, 1, 1, 0]], np.int32)
op("DenseBincount", lambda x, w: (raw.DenseBincount(input=x, size=5, weights=tf.zeros([0], tf.int32)), raw.DenseBincount(
    input=x[0], size=5, weights=w[0]), raw.DenseBincount(input=x, size=5, weights=w), raw.DenseBincount(
    input=x, size=5, weights=tf.zeros([0]), binary_output=True)), labels, noise(2, 4))
op("Bincount", lambda x, w: (raw.Bincount(arr=x, size=4, weights=tf.zeros([0], tf.int32)), raw.Bincount(arr=x, size=6, weights=w)), labels, noise(2, 4))
op("UnsortedSegmentSum", lambda x: tf.math.unsorted_segment_sum(x, [2, 0, 2], 4), noise(3, 2))
op("InvertPermutation", lambda x: tf.math.invert_permutation(x), np.array([3, 0, 2, 1], np.int32))
op("MatrixBandPart", lambda x: (tf.linalg.band_part(x, 1, 0), tf.linalg.band_part(x, -1, 1), tf.linalg.band_part(x, -1, -1),
   tf.linalg.band_part(x > 0, 0, -1)), noise(2, 4, 5))
op("MatrixDiag", lambda x: (raw.MatrixDiag(diagonal=x), tf.linalg.diag(x), tf.linalg.diag(x, padding_value=2.0)), noise(2, 3))
op("MatrixDiagPart", lambda x: (raw.MatrixDiagPart(input=x), tf.linalg.diag_part(x), tf.linalg.trace(x)), noise(2, 3, 4))
op("MatrixSetDiag", lambda x, y: (raw.MatrixSetDiag(input=x, diagonal=y), tf.linalg.set_diag(x, y),
   tf.linalg.set_diag(tf.transpose(x, [0, 2, 1]), y)), noise(2, 3, 4), noise(2, 3))
op("Xdivy-Xlogy", lambda x, y: (tf.math.xdivy(x, y), tf.math.xlogy(x, y), tf.math.xlog1py(x, y), tf.math.multiply_no_nan(x, y)),
   np.array([0, 1.5, -2], np.float32), np.array([0, 2.5, 0.5], np.float32))
op("ApproximateEqual", lambda x: raw.ApproximateEqual(x=x, y=tf.round(x), tolerance=0.2), noise(3, 4))
op("LinSpace", lambda x: x + tf.linspace(1.0, 2.7, 5), noise(5))
op("Bitwise", lambda x, y: (tf.bitwise.bitwise_and(x, y), tf.bitwise.bitwise_or(x, y), tf.bitwise.bitwise_xor(x, y),
   tf.bitwise.invert(x), tf.bitwise.left_shift(x, y), tf.bitwise.right_shift(x, y)), np.array([5, -7, 100], np.int32), np.array([1, 3, 2], np.int32))
op("FakeQuantWithMinMaxVarsPerChannel", lambda x, w=noise(1, 1, 6, 3): (tf.quantization.fake_quant_with_min_max_vars_per_channel(
    x, [-1.0, -0.5, -2, 0, -1, -1], [1, 0.7, 2, 1.5, 1, 0.1]), tf.quantization.fake_quant_with_min_max_vars_per_channel(
    tf.nn.conv2d(x, w, 1, "SAME"), [-1.0, -0.5, -2], [1, 0.7, 2], 4, True)), image)
for mode in ("HALF_TO_EVEN", "HALF_UP"):
    op(f"QuantizeAndDequantize-{mode}", lambda x, m=mode: (raw.QuantizeAndDequantizeV2(
        input=x, input_min=-1.1, input_max=0.7, range_given=True, round_mode=m), raw.QuantizeAndDequantizeV4(
        input=x, input_min=0.0, input_max=1.7, range_given=True, signed_input=False, num_bits=4, round_mode=m),
        raw.QuantizeAndDequantizeV3(input=x, input_min=-0.5, input_max=1.7, num_bits=6, range_given=True, narrow_range=True)), noise(4, 9))
op("NonMaxSuppressionV4", lambda b, s: (raw.NonMaxSuppressionV4(boxes=b, scores=s, max_output_size=6, iou_threshold=0.3, score_threshold=0.2),
   raw.NonMaxSuppressionV4(boxes=b, scores=s, max_output_size=18, iou_threshold=0.1, score_threshold=0.2, pad_to_max_output_size=True)),
   boxes, rng.random(20).astype(np.float32))
for sigma in (0.0, 0.2, 0.5):
    for pad in (False, True):
        op(f"NonMaxSuppressionV5-{sigma}-{pad}", lambda b, s, g=sigma, p=pad: raw.NonMaxSuppressionV5(
            boxes=b, scores=s, max_output_size=15, iou_threshold=0.3, score_threshold=0.25, soft_nms_sigma=g,
            pad_to_max_output_size=p), boxes, rng.random(20).astype(np.float32))
for classes in (1, 3):
    for pad, clip in ((False, True), (True, False)):
        op(f"CombinedNonMaxSuppression-{classes}-{pad}", lambda b, s, p=pad, c=clip: tf.image.combined_non_max_suppression(
            b, s, 3, 7, 0.35, 0.3, p, c), 2 * rng.random((2, 12, classes, 4)).astype(np.float32) - 0.4, rng.random((2, 12, 3)).astype(np.float32))
op("CombinedNonMaxSuppression-few", lambda b, s: tf.image.combined_non_max_suppression(b, s, 5, 4, 0.5, 0.4, True),
   boxes.reshape(1, 20, 1, 4), rng.random((1, 20, 2)).astype(np.float32))

for kind in ("lanczos3", "lanczos5", "gaussian", "triangle", "box", "keyscubic", "mitchellcubic"):
    op(f"ScaleAndTranslate-{kind}", lambda x, k=kind: (raw.ScaleAndTranslate(
        images=x, size=[8, 4], scale=[1.6, 0.7], translation=[0.0, 0.0], kernel_type=k), raw.ScaleAndTranslate(
        images=x, size=[5, 5], scale=[0.5, 1.3], translation=[1.5, -2.0], kernel_type=k, antialias=False)), small)
for begin, end in (([[2, 2], [2, 2]], [[0, 0], [0, 0]]), ([[2, 3], [0, 2]], [[0, 1], [0, 0]]), ([[0, 1], [0, 0]], [[1, 0], [0, 1]])):
    op(f"Dilated-{begin}-{end}", lambda x, w=noise(3, 3, 6, 2), v=noise(3, 3, 6, 1), b=begin, e=end: (
        tf.batch_to_space(tf.nn.conv2d(tf.space_to_batch_nd(x, [2, 2], b), w, 1, "VALID"), [2, 2], e),
        tf.batch_to_space(tf.nn.depthwise_conv2d(tf.space_to_batch_nd(x, [2, 2], b), v, [1] * 4, "VALID"), [2, 2], e)),
       noise(1, 7 if begin[0] == [2, 3] else 8 if begin[0][0] else 9, 8, 6))
op("Slice-late", lambda x, b: (tf.slice(x, [b[0], 0], [2, 3]), tf.slice(x, b, [1, 2]), tf.slice(x, [1, b[1]], [-1, 3])), noise(5, 6), np.array([2, 1], np.int32))
op("StridedSlice-late", lambda x, b: (x[b[0]], x[:, b[1]:4], x[b[1]:b[0], -1], x[::-2, b[1]], x[b[0] - 3]), noise(5, 6), np.array([2, 1], np.int32))
for equation, a in (("ij->ji", (3, 4)), ("ijk->ki", (2, 3, 4)), ("...ij->...ji", (2, 3, 4)), ("ij->", (3, 4))):
    op(f"Einsum-{equation}", lambda x, e=equation: tf.einsum(e, x), noise(*a))
for equation, a, b in (("...ij,jk->...ik", (2, 3, 4, 5), (5, 2)), ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 5)), ("ij,kl->il", (3, 4), (2, 5)),
                       ("...x,xy->...y", (2, 3, 4), (4, 5)), ("bi,...i->b...", (2, 3), (4, 5, 3))):
    op(f"Einsum-{equation}", lambda x, y, e=equation: tf.einsum(e, x, y), noise(*a), noise(*b))


def legacy(build):
    LEGACY["TensorFlow1-" + build.__name__.replace("_", "-")] = build
    return build


def layer(v1, x, depth, name):
    with v1.variable_scope(name):
        w = v1.get_variable("weights", [3, 3, x.shape[-1], depth], initializer=v1.random_normal_initializer(stddev=0.3))
        b = v1.get_variable("biases", [depth], initializer=v1.random_normal_initializer())
        return v1.nn.relu(v1.nn.bias_add(v1.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), b))


@legacy
def reads_through_identity(v1):
    x = v1.placeholder(tf.float32, [None, 6, 6, 3], "x0")
    y = v1.nn.max_pool(layer(v1, layer(v1, x, 4, "conv1"), 5, "conv2"), [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    y = v1.reshape(y, [-1, 3 * 3 * 5])
    w = v1.get_variable("fc/weights", [45, 4], initializer=v1.random_normal_initializer(stddev=0.2))
    return [v1.nn.softmax(v1.matmul(y, w), name="prob")], [noise(2, 6, 6, 3)]


@legacy
def dropout_of_keep_1(v1):
    x = v1.placeholder(tf.float32, [3, 8], "x0")
    keep = v1.placeholder_with_default(1.0, [], "keep_prob")
    mask = v1.floor(keep + v1.constant(np.full((3, 8), 0.25, np.float32)))
    w = v1.get_variable("w", [8, 2], initializer=v1.random_normal_initializer())
    return [v1.add(v1.matmul(v1.div(x, keep) * mask, w), 1.0, name="out")], [noise(3, 8)]


@legacy
def unknown_batch_flatten(v1):
    x = v1.placeholder(tf.float32, [None, 4, 4, 2], "x0")
    y = layer(v1, x, 3, "conv1")
    y = v1.reshape(y, v1.stack([v1.shape(y)[0], -1]))
    return [v1.identity(y, name="flat")], [noise(2, 4, 4, 2)]


@legacy
def atrous(v1):
    x = v1.placeholder(tf.float32, [1, 9, 9, 3], "x0")
    w = v1.get_variable("w", [3, 3, 3, 4], initializer=v1.random_normal_initializer())
    return [v1.nn.atrous_conv2d(x, w, 2, "SAME", name="dilated")], [noise(1, 9, 9, 3)]


@legacy
def concat_and_split_of_old(v1):
    x = v1.placeholder(tf.float32, [2, 6], "x0")
    a, b = v1.split(x, 2, 1)
    y = tf.raw_ops.Concat(concat_dim=1, values=[b, a])
    return [v1.squeeze(v1.expand_dims(y * v1.rsqrt(v1.reduce_max(v1.square(y), 1, keepdims=True)), 1), [1], name="out")], [noise(2, 6)]


# ---- where the largest stood, windows, pictures ----

for pad in ("SAME", "VALID"):
    op(f"MaxPoolWithArgmax-{pad}", lambda x, p=pad: raw.MaxPoolWithArgmax(input=x, ksize=[1, 3, 2, 1], strides=[1, 2, 2, 1], padding=p), image)
    op(f"ExtractImagePatches-{pad}", lambda x, p=pad: tf.image.extract_patches(x, [1, 3, 2, 1], [1, 2, 1, 1], [1, 1, 2, 1], p), image)
op("Unpool", lambda x: tf.scatter_nd(
    tf.reshape((y := raw.MaxPoolWithArgmax(input=x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME", include_batch_in_index=True,
                                           Targmax=tf.int32)).argmax, [-1, 1]), tf.reshape(y.output, [-1]), [2 * 5 * 7 * 6]), image)
op("ExtractImagePatches-apart", lambda x, w=noise(12, 5): tf.image.extract_patches(x, [1, 2, 2, 1], [1, 2, 2, 1], [1] * 4, "VALID") @ w, small)
op("AdjustContrastv2", lambda x: tf.image.adjust_contrast(x, 1.7), image)
for size in ([2, 3], [9, 11], [5, 7]):
    op(f"ResizeArea-{size}", lambda x, s=size: (tf.compat.v1.image.resize_area(x, s), tf.compat.v1.image.resize_area(x, s, align_corners=True)), image)

# ---- rows by number, different values ----

rows, sorted_ids, ids = noise(6, 3), np.int32([0, 0, 1, 3, 3, 3]), np.int32([[0, 2], [1, 0], [2, -1]])
for kind in ("Sum", "Mean", "Prod", "Min", "Max"):
    f = getattr(raw, f"Segment{kind}")
    op(f"Segment{kind}", lambda x, i, f=f: (f(data=x, segment_ids=i), f(data=x, segment_ids=sorted_ids)), rows, sorted_ids)
for kind in ("Prod", "Min", "Max"):
    op(f"UnsortedSegment{kind}", lambda x, i, f=getattr(raw, f"UnsortedSegment{kind}"): f(data=x, segment_ids=i, num_segments=4),
       noise(3, 2, 4), ids)
op("UnsortedSegmentMax-int", lambda x, i: raw.UnsortedSegmentMax(data=x, segment_ids=i, num_segments=3), np.int32([3, -5, 2]), np.int32([1, 1, 0]))
for kind in ("Sum", "Mean", "SqrtN"):
    op(f"SparseSegment{kind}", lambda x, i, f=getattr(raw, f"SparseSegment{kind}"): f(data=x, indices=i, segment_ids=sorted_ids),
       rows, np.int32([5, 0, 2, 2, 1, 3]))
    op(f"SparseSegment{kind}WithNumSegments", lambda x, i, f=getattr(raw, f"SparseSegment{kind}WithNumSegments"):
       f(data=x, indices=i, segment_ids=sorted_ids, num_segments=6), rows, np.int32([5, 0, 2, 2, 1, 3]))
op("Unique", lambda x: (*tf.unique(x), *tf.unique(tf.cast(x, tf.int64), tf.int64)), np.float32([3, 1, 3, 7, 1, 1]))
op("UniqueWithCounts", lambda x: tuple(tf.unique_with_counts(x)), np.int32([3, 1, 3, 7, 1, 1]))
op("Embedding-unique", lambda x, t=noise(9, 4): raw.SparseSegmentMean(  # as embedding_lookup_sparse does
    data=tf.gather(t, (u := tf.unique(x)).y), indices=u.idx, segment_ids=sorted_ids), np.int64([8, 2, 8, 0, 2, 5]))
scores = noise(5, 4)
scores[3, 2] = np.inf
op("InTopK", lambda x, t: raw.InTopK(predictions=x, targets=t, k=2), scores, np.int32([1, 3, 4, 0, -1]))
op("InTopKV2", lambda x, t: raw.InTopKV2(predictions=x, targets=t, k=2), scores, np.int32([1, 3, 4, 0, -1]))


from tensorflow_detection import DETECTION  # noqa: E402
from tensorflow_loops import LOOPS  # noqa: E402
from tensorflow_phases import PHASES  # noqa: E402
from tensorflow_recurrent import OPEN  # noqa: E402

OPS.update(LOOPS)
LEGACY.update(PHASES)
LEGACY.update(DETECTION)
LEGACY.update(OPEN)


op("Half", lambda x: tf.cast(tf.cast(x, tf.float16) * tf.constant([1.5, -0.3, 65504.0, 6e-8], tf.float16) +
                             tf.constant(0.1, tf.float16), tf.float32), 0.5 * noise(3, 4))
for equation, shapes in (("ii->i", [(4, 4)]), ("iij->ij", [(3, 3, 4)]), ("...ii,ij->...ij", [(2, 3, 3), (3, 4)])):
    op(f"Einsum-{equation}", lambda *x, e=equation: raw.Einsum(inputs=x, equation=e), *[noise(*s) for s in shapes])
op("Einsum-three", lambda x, y, z: tf.einsum("ij,jk,kl->li", x, y, z), noise(2, 3), noise(3, 4), noise(4, 5))
for pad in ("SAME", "VALID"):
    for stride, rate in (((1, 1), (1, 1)), ((2, 1), (1, 2)), ((1, 3), (2, 2))):
        op(f"Dilation2D-{pad}-{stride}-{rate}", lambda x, p=pad, s=stride, r=rate, w=noise(2, 3, 6): raw.Dilation2D(
            input=x, filter=w, strides=[1, *s, 1], rates=[1, *r, 1], padding=p), image)
op("Dilation2D-outside", lambda x, w=noise(2, 2, 3): raw.Dilation2D(
    input=x, filter=w, strides=[1] * 4, rates=[1, 2, 2, 1], padding="SAME"), noise(1, 1, 3, 3))
op("Erosion", lambda x, w=noise(2, 2, 6): tf.nn.erosion2d(
    tf.nn.relu(x), w, [1] * 4, "SAME", "NHWC", [1] * 4), image)
op("RFFT", lambda x: (tf.math.real(tf.signal.rfft(x)), tf.math.imag(tf.signal.rfft(x, [16])), tf.abs(tf.signal.rfft(x, [32]))), noise(2, 24))
op("RFFT-stft", lambda x: tf.abs(tf.signal.stft(x, 16, 8)), noise(2, 72))
op("Bincount-limited", lambda x: tf.math.bincount(x, minlength=5, maxlength=5, axis=-1), np.int32([[1, 3, 3], [0, 4, 9]]))
op("Conv3D-dilated", lambda x, w=noise(2, 3, 2, 2, 3): tf.batch_to_space(tf.nn.conv3d(
    tf.space_to_batch(x, [2, 3, 2], [[1, 1], [2, 3], [0, 0]]), w, [1] * 5, "VALID"), [2, 3, 2], [[0, 0], [0, 1], [0, 0]]),
   noise(1, 6, 7, 8, 2))

steps_and_lengths = noise(8, 3, 5), np.array([8, 5, 6], np.int32)


def sparse(decoded):
    return [part for s in decoded for part in (s.indices, s.values, s.dense_shape)]


op("CTCGreedyDecoder", lambda x, n: [*sparse(tf.nn.ctc_greedy_decoder(x, n)[0]), tf.nn.ctc_greedy_decoder(x, n)[1]],
   *steps_and_lengths)
op("CTCGreedyDecoder-blank", lambda x, n: sparse(tf.nn.ctc_greedy_decoder(x, n, False, 0)[0]), *steps_and_lengths)
op("CTCBeamSearchDecoder", lambda x, n: [*sparse((d := tf.nn.ctc_beam_search_decoder(x, n, 20, 2))[0]), d[1]],
   *steps_and_lengths)
op("SparseToDense", lambda x, n: raw.SparseToDense(
    sparse_indices=(s := tf.nn.ctc_greedy_decoder(x, n)[0][0]).indices, output_shape=s.dense_shape, sparse_values=s.values,
    default_value=tf.constant(-1, tf.int64)), *steps_and_lengths)
op("DynamicPartition", lambda x, p: (tf.dynamic_partition(x, p, 3)[0], tf.dynamic_partition(x, p, 3)[2]), noise(5, 2), np.int32([0, 2, 0, 1, 0]))
op("DynamicStitch", lambda x: (tf.dynamic_stitch([[0, 2], [3, 1]], [x[:2], x[2:]]), tf.dynamic_stitch([1, [0]], [x[0], x[1:2]])), noise(4, 2))


def parts(strategy):
    def build(v1):
        x = v1.placeholder(tf.int32, [2, 4], "x0")
        tables = [v1.get_variable(f"table{i}", [5, 3], initializer=v1.random_normal_initializer()) for i in range(3)]
        return [tf.identity(v1.nn.embedding_lookup(tables, x, partition_strategy=strategy))], [np.int32([[0, 14, 7, 3], [3, 9, 12, 5]])]
    return build


LEGACY["Embedding-parts-mod"], LEGACY["Embedding-parts-div"] = parts("mod"), parts("div")
