/* SPDX-License-Identifier: Apache-2.0 */
/* Frozen TensorFlow graphs: names, layouts, constants, cuts, functions, and what is refused. */
#include "import/tf_check.h"
#include "passes/pass.h"

static void conv(tf_bench *b, const char *name, const char *in, const char *padding)
{
    tf_text(&b->f, "padding", padding);
    tf_text(&b->f, "data_format", "NHWC");
    tf_list(&b->f, "strides", 4, D(1, 1, 1, 1));
    tf_type(&b->f, "T", TF_FLOAT);
    tf_node(&b->f, "Conv2D", name, in);
}

/* Two channels that a transposed image would mix up; the nodes stand in the wrong order. */
static void conv_bias_relu(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_node(&b.f, "Relu", "relu", "bias:0 ^nothing");
    tf_node(&b.f, "BiasAdd", "bias", "conv shift");
    conv(&b, "conv", "x w", "VALID");
    tf_node(&b.f, "NoOp", "nothing", "");
    tf_placeholder(&b.f, "x", 4, D(-1, 2, 2, 2));
    tf_floats(&b.f, "shift", 1, D(2), F(1, -100), 2);
    /* [1, 2, in 2, out 2] */
    tf_floats(&b.f, "w", 4, D(1, 2, 2, 2), F(1, 0, 0, 1, 10, 0, 0, 10), 8);
    import_file(&b);
    assert_string_equal(b.graph->outputs[0]->name, "relu");
    assert_string_equal(b.graph->inputs[0]->name, "x");
    run(&b, F(1, 2, 3, 4, 5, 6, 7, 8), 4, D(1, 2, 2, 2));
    result_is(&b, 0, 4, D(1, 2, 1, 2), F(32, 0, 76, 0));
    close_bench(&b);
}

/* conv, relu, add, pool, flatten, dense: the only transpose that stays is the one at the door. */
static void one_transpose_at_the_door(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 4, D(-1, 4, 4, 2));
    tf_floats(&b.f, "w", 4, D(1, 1, 2, 2), F(1, 2, 3, 4), 4);
    tf_floats(&b.f, "c", 1, D(2), F(1, 2), 2);
    conv(&b, "conv", "x w", "SAME");
    tf_node(&b.f, "Relu6", "relu", "conv");
    tf_node(&b.f, "AddV2", "add", "relu c");
    conv(&b, "conv2", "add w", "SAME");
    tf_node(&b.f, "AddV2", "sum", "conv2 relu");
    tf_text(&b.f, "padding", "VALID");
    tf_list(&b.f, "ksize", 4, D(1, 2, 2, 1));
    tf_list(&b.f, "strides", 4, D(1, 2, 2, 1));
    tf_node(&b.f, "MaxPool", "pool", "sum");
    tf_ints(&b.f, "dims", 2, (int32_t[]){-1, 8});
    tf_node(&b.f, "Reshape", "flat", "pool dims");
    tf_floats(&b.f, "v", 2, D(8, 1), F(1, 10, 100, 1000, 1, 10, 100, 1000), 8);
    tf_node(&b.f, "MatMul", "dense", "flat v");
    import_file(&b);
    assert_int_equal(sld_passes_run(b.graph, &(sld_pass_options){0}), SOLDER_OK);
    assert_int_equal(count_op(&b, SLD_OP_TRANSPOSE), 1);
    assert_int_equal(b.graph->first->op, SLD_OP_TRANSPOSE);
    close_bench(&b);
}

/* What TensorFlow 1 makes of dilation 2 with SAME: blocks to the batch, a convolution, and back. */
static void dilation_recognised(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 4, D(1, 1, 5, 1));
    tf_floats(&b.f, "w", 4, D(1, 2, 1, 1), F(1, 10), 2);
    tf_ints(&b.f, "block", 2, (int32_t[]){1, 2});
    tf_const(&b.f, "pads", TF_INT32, 2, D(2, 2), 4, (int32_t[]){0, 0, 1, 2}, 16);
    tf_const(&b.f, "crops", TF_INT32, 2, D(2, 2), 4, (int32_t[]){0, 0, 0, 1}, 16);
    tf_node(&b.f, "SpaceToBatchND", "blocks", "x block pads");
    conv(&b, "conv", "blocks w", "VALID");
    tf_node(&b.f, "BatchToSpaceND", "back", "conv block crops");
    import_file(&b);
    assert_int_equal(sld_passes_run(b.graph, &(sld_pass_options){0}), SOLDER_OK);
    assert_int_equal(count_op(&b, SLD_OP_CONVOLUTION), 1);
    assert_int_equal(count_op(&b, SLD_OP_PAD), 0);
    reset(&b);
    import_file(&b);
    run(&b, F(1, 2, 3, 4, 5), 4, D(1, 1, 5, 1));
    result_is(&b, 0, 4, D(1, 1, 5, 1), F(20, 31, 42, 53, 4));
    close_bench(&b);
}

/* An operator that TensorFlow dropped; frozen graphs of 2016 have it. */
static void old_batch_norm(void **state)
{
    (void)state;
    for (int scaled = 0; scaled < 2; scaled++) {
        tf_bench b;
        open_bench(&b);
        tf_placeholder(&b.f, "x", 4, D(1, 1, 1, 2));
        tf_floats(&b.f, "m", 1, D(2), F(1, 2), 2);
        tf_floats(&b.f, "v", 1, D(2), F(3, 8), 2);
        tf_floats(&b.f, "beta", 1, D(2), F(10, 20), 2);
        tf_floats(&b.f, "gamma", 1, D(2), F(4, 6), 2);
        tf_float(&b.f, "variance_epsilon", 1);
        tf_bool(&b.f, "scale_after_normalization", scaled != 0);
        tf_node(&b.f, "BatchNormWithGlobalNormalization", "norm", "x m v beta gamma");
        import_file(&b);
        run(&b, F(5, 8), 4, D(1, 1, 1, 2));
        result_is(&b, 0, 4, D(1, 1, 1, 2), scaled ? F(18, 32) : F(12, 22));
        close_bench(&b);
    }
}

/* The order of a flattened image is kept although it stands in the other layout. */
static void dense_after_flatten(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 4, D(1, 1, 2, 2));
    tf_floats(&b.f, "w", 4, D(1, 1, 2, 2), F(1, 0, 0, 1), 4);
    conv(&b, "conv", "x w", "SAME");
    tf_ints(&b.f, "dims", 2, (int32_t[]){-1, 4});
    tf_node(&b.f, "Reshape", "flat", "conv dims");
    tf_floats(&b.f, "v", 2, D(4, 1), F(1, 10, 100, 1000), 4);
    tf_node(&b.f, "MatMul", "dense", "flat v");
    b.options.output_count = 2;
    b.outputs[0] = "dense";
    b.outputs[1] = "flat";
    import_file(&b);
    run(&b, F(1, 2, 3, 4), 4, D(1, 1, 2, 2));
    result_is(&b, 0, 2, D(1, 1), F(4321));
    result_is(&b, 1, 2, D(1, 4), F(1, 2, 3, 4));
    close_bench(&b);
}

/* An input declared NHWC is TensorFlow's own layout. */
static void declared_nhwc(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 4, D(-1, -1, -1, 2));
    tf_floats(&b.f, "w", 4, D(1, 1, 2, 1), F(1, 10), 2);
    conv(&b, "conv", "x w", "SAME");
    b.specs[0] =
        (solder_input_spec){.name = "x", .dims = {.rank = 4, .d = {1, 1, 2, 2}}, .nhwc = true};
    b.options.input_count = 1;
    import_file(&b);
    assert_true(b.graph->inputs[0]->is_nhwc);
    run(&b, F(1, 2, 3, 4), 4, D(1, 1, 2, 2));
    result_is(&b, 0, 4, D(1, 1, 2, 1), F(21, 43));
    close_bench(&b);
}

/* Half bits, a repeated last value, bools, int64 as varints. */
static void constants(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(3));
    const uint8_t halves[] = {0x80, 0x78, 0x80, 0x80, 0x01}; /* 0x3c00 = 1, 0x4000 = 2 */
    tf_const(&b.f, "h", TF_HALF, 1, D(3), 13, halves, sizeof halves);
    /* the last value stands for the rest: 1, 2, 2 */
    tf_type(&b.f, "DstT", TF_FLOAT);
    tf_node(&b.f, "Cast", "hf", "h");
    tf_const(&b.f, "five", TF_FLOAT, 1, D(3), 5, F(5), 4);
    tf_const(&b.f, "yes", TF_BOOL, 1, D(3), 11, (uint8_t[]){1, 0}, 2);
    tf_node(&b.f, "Mul", "m", "x hf");
    tf_node(&b.f, "AddV2", "a", "m five");
    tf_node(&b.f, "SelectV2", "s", "yes a x");
    import_file(&b);
    run(&b, F(1, 2, 3), 1, D(3));
    result_is(&b, 0, 1, D(3), F(6, 2, 3));
    close_bench(&b);
}

/* One condition per row: the rows are those of the values, however many conditions there are. */
static void select_rows(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "c", 1, D(-1));
    tf_placeholder(&b.f, "x", 2, D(-1, 2));
    tf_type(&b.f, "DstT", TF_BOOL);
    tf_node(&b.f, "Cast", "yes", "c");
    tf_node(&b.f, "Neg", "n", "x");
    tf_node(&b.f, "Select", "s", "yes x n");
    import_file(&b);
    assert_true(b.graph->input_count == 2 && b.graph->output_count == 1);
    for (int i = 0; i < 2; i++) {
        const sld_value *in = b.graph->inputs[i];
        bool same = in->shape.d[0] == b.graph->outputs[0]->shape.d[0];
        assert_int_equal(same, in->shape.rank == 2);
    }
    close_bench(&b);
}

/* The graph is cut at a tensor named as input; what came before need not be supported. */
static void cut_inside(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "wav", 0, NULL);
    tf_node(&b.f, "DecodeWav", "decode", "wav");
    tf_node(&b.f, "Mfcc", "mfcc", "decode decode:1");
    tf_node(&b.f, "Neg", "neg", "mfcc");
    b.specs[0] = (solder_input_spec){.name = "mfcc:0", .dims = {.rank = 1, .d = {2}}};
    b.options.input_count = 1;
    import_file(&b);
    assert_string_equal(b.graph->inputs[0]->name, "mfcc:0");
    run(&b, F(1, 2), 1, D(2));
    result_is(&b, 0, 1, D(2), F(-1, -2));
    close_bench(&b);
}

/* floor(keep + u) is known while keep is 1 at least; nothing else is known of u. */
static void random_numbers(void **state)
{
    (void)state;
    static const float keeps[] = {1, 2, 0.5f}; /* u + 2 may round to 3 */
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(keeps); i++) {
        tf_bench b;
        open_bench(&b);
        tf_placeholder(&b.f, "x", 1, D(2));
        tf_floats(&b.f, "keep", 0, NULL, &keeps[i], 1);
        tf_node(&b.f, "Shape", "dims", "x");
        tf_type(&b.f, "dtype", TF_FLOAT);
        tf_node(&b.f, "RandomUniform", "u", "dims");
        tf_node(&b.f, "Add", "sum", "keep u");
        tf_node(&b.f, "Floor", "mask", "sum");
        tf_node(&b.f, "Mul", "y", "x mask");
        if (keeps[i] != 1) {
            expect(&b, SOLDER_ERROR_UNSUPPORTED,
                   "tensorflow: 1 node is not supported: 'mask' (Floor: random numbers)");
            continue;
        }
        import_file(&b);
        run(&b, F(3, -4), 1, D(2));
        result_is(&b, 0, 1, D(2), F(3, -4));
        close_bench(&b);
    }
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_node(&b.f, "Shape", "dims", "x");
    tf_type(&b.f, "dtype", TF_FLOAT);
    tf_node(&b.f, "RandomUniform", "u", "dims");
    tf_node(&b.f, "Mul", "y", "x u");
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'y' (Mul: random numbers)");
    open_bench(&b);
    tf_ints(&b.f, "dims", 1, (int32_t[]){2});
    tf_type(&b.f, "dtype", TF_FLOAT);
    tf_node(&b.f, "RandomUniform", "u", "dims");
    assert_int_equal(import_bytes(&b, b.f.file.data, b.f.file.size), SOLDER_ERROR_UNSUPPORTED);
    close_bench(&b);
}

static void function_inlined(void **state)
{
    (void)state;
    tf_bench b;
    wire_buffer function = {0}, signature = {0}, arg = {0}, ret = {0}, map = {0}, library = {0};
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    wire_buffer call = {0}, value = {0};
    wire_text(&call, 1, "twice");
    wire_message(&value, 10, &call);
    tf_attribute(&b.f, "f", &value);
    tf_node(&b.f, "PartitionedCall", "call", "x");
    wire_text(&signature, 1, "twice");
    wire_text(&arg, 1, "in");
    wire_message(&signature, 2, &arg);
    wire_text(&ret, 1, "out");
    wire_message(&signature, 3, &ret);
    wire_message(&function, 1, &signature);
    b.f.nodes = &function;
    tf_node(&b.f, "AddV2", "sum", "in in");
    tf_node(&b.f, "Neg", "minus", "sum:z:0");
    wire_text(&map, 1, "out");
    wire_text(&map, 2, "minus:y:0");
    wire_message(&function, 4, &map);
    wire_message(&library, 1, &function);
    wire_message(&b.f.file, 2, &library);
    import_file(&b);
    run(&b, F(1, 2), 1, D(2));
    result_is(&b, 0, 1, D(2), F(-2, -4));
    close_bench(&b);
}

static void strided_slice(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 2, D(2, 3));
    tf_ints(&b.f, "begin", 2, (int32_t[]){-1, 2});
    tf_ints(&b.f, "end", 2, (int32_t[]){0, 0});
    tf_ints(&b.f, "step", 2, (int32_t[]){1, -1});
    tf_int(&b.f, "shrink_axis_mask", 1);
    tf_int(&b.f, "end_mask", 2);
    tf_node(&b.f, "StridedSlice", "y", "x begin end step");
    import_file(&b);
    run(&b, F(1, 2, 3, 4, 5, 6), 2, D(2, 3));
    result_is(&b, 0, 1, D(3), F(6, 5, 4));
    close_bench(&b);
}

/* ---- refused ---- */

static void everything_unsupported_at_once(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_node(&b.f, "Enter", "enter", "x");
    tf_node(&b.f, "Merge", "merge", "enter next");
    tf_node(&b.f, "NextIteration", "next", "body");
    tf_node(&b.f, "Neg", "body", "merge");
    tf_node(&b.f, "StringJoin", "join", "body");
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 4 nodes are not supported: 'enter' (Enter), 'next' (NextIteration), "
           "'merge' (Merge), 'join' (StringJoin)");
}

static void not_frozen(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_node(&b.f, "VariableV2", "dense/kernel", "");
    tf_node(&b.f, "Mul", "y", "x dense/kernel");
    (void)import_bytes(&b, b.f.file.data, b.f.file.size);
    const char *start = "tensorflow: the graph is not frozen: it reads 1 variable: "
                        "'dense/kernel' (VariableV2); freeze it first";
    assert_true(strncmp(b.diag.message, start, strlen(start)) == 0);
    close_bench(&b);
}

/* Only what reads a part of them may read complex numbers. */
static void complex_numbers(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(8));
    tf_ints(&b.f, "n", 1, (int32_t[]){8});
    tf_node(&b.f, "RFFT", "spectrum", "x n");
    tf_node(&b.f, "Neg", "y", "spectrum");
    tf_node(&b.f, "Real", "z", "x");
    tf_ints(&b.f, "two", 1, (int32_t[]){2});
    tf_node(&b.f, "Slice", "cut", "spectrum two two");
    tf_ints(&b.f, "ends", 1, (int32_t[]){4});
    tf_node(&b.f, "StridedSlice", "strided", "spectrum two ends two");
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 4 nodes are not supported: 'y' (Neg: complex numbers), 'z' (Real: complex "
           "numbers that do not come from RFFT), 'cut' (Slice: complex numbers), 'strided' "
           "(StridedSlice: complex numbers)");
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(-1));
    tf_ints(&b.f, "n", 1, (int32_t[]){8});
    tf_node(&b.f, "RFFT", "open", "x n");
    tf_placeholder(&b.f, "v", 1, D(1 << 20));
    tf_ints(&b.f, "m", 1, (int32_t[]){1 << 20});
    tf_node(&b.f, "RFFT", "huge", "v m");
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 2 nodes are not supported: 'open' (RFFT: a last dimension that is open, or "
           "another type than f32), 'huge' (RFFT: 1048576 samples of 1048576)");
}

/* How many rows there are must be known. */
static void rows_in_no_known_order(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(3));
    tf_ints(&b.f, "zero", 1, (int32_t[]){0});
    tf_ints(&b.f, "two", 1, (int32_t[]){2});
    tf_type(&b.f, "DstT", TF_INT32);
    tf_node(&b.f, "Cast", "i", "x");
    tf_node(&b.f, "DynamicStitch", "a", "i x");
    tf_node(&b.f, "DynamicStitch", "holes", "zero two zero two");
    tf_node(&b.f, "DynamicStitch", "twice", "zero zero zero two");
    tf_int(&b.f, "num_partitions", 2);
    tf_node(&b.f, "DynamicPartition", "deal", "x i");
    tf_node(&b.f, "DynamicStitch", "b", "deal deal:1 deal deal:1");
    tf_int(&b.f, "num_partitions", 1 << 20);
    tf_node(&b.f, "DynamicPartition", "many", "x i");
#define UNKNOWN " (DynamicStitch: indices that are not known to name every row once)"
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 5 nodes are not supported: 'a'" UNKNOWN ", 'holes'" UNKNOWN
           ", 'twice'" UNKNOWN ", 'b'" UNKNOWN
           ", 'many' (DynamicPartition: 1048576 parts by numbers of rank 1)");
}

static void wrong_output_name(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_node(&b.f, "Neg", "dense_1/Softmax", "x");
    tf_node(&b.f, "Neg", "dense_2/Softmax", "x");
    b.outputs[0] = "dense_2/softmax";
    b.options.output_count = 1;
    expect(&b, SOLDER_ERROR_NOT_FOUND,
           "tensorflow: there is no output 'dense_2/softmax'; the nearest names are "
           "'dense_2/Softmax', 'dense_1/Softmax', 'x'");
}

static void cycle(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_node(&b.f, "Neg", "a", "b");
    tf_node(&b.f, "Neg", "b", "a");
    tf_node(&b.f, "Neg", "c", "a");
    expect(&b, SOLDER_ERROR_DATA, "tensorflow: node 'b' (Neg) reads 'a': the graph has a cycle");
}

static void dangling(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_node(&b.f, "Neg", "a", "nowhere:1");
    expect(&b, SOLDER_ERROR_DATA,
           "tensorflow: node 'a' (Neg) reads 'nowhere:1', which is defined nowhere");
}

static void unknown_attribute(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_int(&b.f, "twist", 3);
    tf_node(&b.f, "Neg", "a", "x");
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'a' (Neg: attribute 'twist' is not known)");
}

/* A few bytes that claim 16 GiB. */
static void huge_constant(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_const(&b.f, "big", TF_FLOAT, 1, D((int64_t)1 << 32), 5, F(5, 6), 8);
    tf_node(&b.f, "Mul", "y", "x big");
    expect(&b, SOLDER_ERROR_DATA,
           "tensorflow: node 'big' (Const): it has 2 values for 4294967296 elements");
}

static void saved_model(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    wire_int(&b.f.file, 1, 1);
    wire_bytes(&b.f.file, 2, "\x0a", 1);
    assert_int_equal(import_bytes(&b, b.f.file.data, b.f.file.size), SOLDER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(b.diag.message, "convert_variables_to_constants_v2"));
    close_bench(&b);
}

static void write_rich(tf_bench *b)
{
    open_bench(b);
    tf_placeholder(&b->f, "x", 4, D(-1, 4, 4, 2));
    tf_floats(&b->f, "w", 4, D(1, 1, 2, 2), F(1, 2, 3, 4), 4);
    conv(b, "conv", "x w", "SAME");
    tf_ints(&b->f, "axes", 2, (int32_t[]){1, 2});
    tf_bool(&b->f, "keep_dims", true);
    tf_node(&b->f, "Mean", "mean", "conv axes");
    tf_node(&b->f, "Shape", "shape", "mean");
    tf_node(&b->f, "Reshape", "y", "mean shape");
}

/* Every bit flipped, every length: a result or an error, and what is accepted is sound. */
static void damaged(void **state)
{
    (void)state;
    tf_bench b;
    write_rich(&b);
    damage(&b);
    import_file(&b);
    close_bench(&b);
}

static void out_of_memory(void **state)
{
    (void)state;
    tf_bench b;
    write_rich(&b);
    every_allocation_fails(&b);
}

/* A real graph with a loop over images of sizes that only a run knows, and branches. */
static void real_control_flow(void **state)
{
    (void)state;
    tf_bench b;
    sld_file file;
    open_bench(&b);
    if (sld_file_map(NULL, SOURCE_DIR "/../shared/models/mtcnn-tf/mtcnn.pb", &file) != SOLDER_OK) {
        skip();
    }
    assert_true(sld_importer_tensorflow.recognise(file.data, file.size));
    if (import_bytes(&b, file.data, file.size) != SOLDER_OK) {
        fail_msg("%s", b.diag.message);
    }
    close_bench(&b);
    sld_file_unmap(&file);
}

/* Paddings a run tells, put together of columns; one part may hold both, the other none. */
static void late_pads(void **state)
{
    (void)state;
    for (int halves = 0; halves < 2; halves++) {
        tf_bench b;
        open_bench(&b);
        tf_placeholder(&b.f, "x", 2, D(2, 2));
        tf_type(&b.f, "DstT", TF_INT32);
        tf_node(&b.f, "Cast", "pads", "x");
        tf_ints(&b.f, "axis", 1, (int32_t[]){1});
        if (halves) {
            tf_int(&b.f, "num_split", 2);
            tf_node(&b.f, "Split", "column", "axis pads");
            tf_node(&b.f, "ConcatV2", "both", "column column:1 axis");
        } else {
            tf_const(&b.f, "none", TF_INT32, 2, D(2, 0), 7, NULL, 0);
            tf_node(&b.f, "ConcatV2", "both", "pads none axis");
        }
        tf_node(&b.f, "Pad", "y", "x both");
        import_file(&b);
        run(&b, F(0, 2, 1, 0), 2, D(2, 2)); /* two rows behind, a column before */
        result_is(&b, 0, 2, D(4, 3), F(0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0));
        close_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_pads),
        cmocka_unit_test(conv_bias_relu),
        cmocka_unit_test(one_transpose_at_the_door),
        cmocka_unit_test(dilation_recognised),
        cmocka_unit_test(old_batch_norm),
        cmocka_unit_test(dense_after_flatten),
        cmocka_unit_test(declared_nhwc),
        cmocka_unit_test(constants),
        cmocka_unit_test(select_rows),
        cmocka_unit_test(cut_inside),
        cmocka_unit_test(random_numbers),
        cmocka_unit_test(function_inlined),
        cmocka_unit_test(strided_slice),
        cmocka_unit_test(everything_unsupported_at_once),
        cmocka_unit_test(not_frozen),
        cmocka_unit_test(complex_numbers),
        cmocka_unit_test(rows_in_no_known_order),
        cmocka_unit_test(wrong_output_name),
        cmocka_unit_test(cycle),
        cmocka_unit_test(dangling),
        cmocka_unit_test(unknown_attribute),
        cmocka_unit_test(huge_constant),
        cmocka_unit_test(saved_model),
        cmocka_unit_test(damaged),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(real_control_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
