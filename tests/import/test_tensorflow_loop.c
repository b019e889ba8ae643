/* SPDX-License-Identifier: Apache-2.0 */
/* Loops of TensorFlow: functions, lists, and the recurrent cells found in them. */
#include "import/tf_check.h"

/* h' = tanh(x w + h r + b) over the elements of x, as Keras writes it. last: only the last h. */
typedef struct rnn_options {
    const char *index;    /* what h' is written at: "i" or "zero" */
    const char *size;     /* of the list written to */
    const char *recursed; /* "h", or something that is no state */
    int step;
} rnn_options;

static void rnn_body(tf_bench *b, wire_buffer *library, const rnn_options *o)
{
    tf_function body;
    tf_begin(&b->f, &body, "body", "i n out h list w r b");
    tf_const(&b->f, "one", TF_INT32, 0, NULL, 4, &o->step, 4);
    tf_const(&b->f, "zero", TF_INT32, 0, NULL, 4, &(int32_t){0}, 4);
    tf_ints(&b->f, "shape", 2, (const int32_t[]){-1, 2});
    tf_type(&b->f, "element_dtype", TF_FLOAT);
    tf_node(&b->f, "TensorListGetItem", "x", "list i shape:output:0");
    tf_node(&b->f, "MatMul", "xw", "x:item:0 w");
    tf_node(&b->f, "MatMul", "hr", o->recursed);
    tf_node(&b->f, "AddV2", "sum", "xw:product:0 hr:product:0");
    tf_node(&b->f, "BiasAdd", "biased", "sum:z:0 b");
    tf_node(&b->f, "Tanh", "next", "biased:output:0");
    tf_type(&b->f, "element_dtype", TF_FLOAT);
    char in[64];
    (void)snprintf(in, sizeof in, "out %s next:y:0", o->index);
    tf_node(&b->f, "TensorListSetItem", "written", in);
    tf_node(&b->f, "AddV2", "up", "i one:output:0");
    tf_node(&b->f, "Identity", "same", "n ^up");
    tf_gives(&body, "r0", "up:z:0");
    tf_gives(&body, "r1", "same:output:0");
    tf_gives(&body, "r2", "written:output_handle:0");
    tf_gives(&body, "r3", "next:y:0");
    tf_gives(&body, "r4", "list");
    tf_gives(&body, "r5", "w");
    tf_gives(&body, "r6", "r");
    tf_gives(&body, "r7", "b");
    tf_end(&b->f, &body, library);
}

static void rnn_condition(tf_bench *b, wire_buffer *library)
{
    tf_function condition;
    tf_begin(&b->f, &condition, "condition", "i n out h list w r b");
    tf_node(&b->f, "Less", "less", "i n");
    tf_gives(&condition, "r0", "less:z:0");
    tf_end(&b->f, &condition, library);
}

/* x [T, N, 2] with T and N open; outputs all steps, the last h, and how far i came. */
static void rnn(tf_bench *b, const rnn_options *o)
{
    tf_placeholder(&b->f, "data", 3, D(-1, -1, 2));
    tf_node(&b->f, "Shape", "dims", "data");
    tf_ints(&b->f, "at0", 1, (const int32_t[]){0});
    tf_ints(&b->f, "at1", 1, (const int32_t[]){1});
    tf_ints(&b->f, "at2", 1, (const int32_t[]){2});
    tf_int(&b->f, "shrink_axis_mask", 1);
    tf_node(&b->f, "StridedSlice", "steps", "dims at0 at1 at1");
    tf_int(&b->f, "shrink_axis_mask", 1);
    tf_node(&b->f, "StridedSlice", "batch", "dims at1 at2 at1");
    tf_const(&b->f, "one", TF_INT32, 0, NULL, 4, &(int32_t){1}, 4);
    tf_const(&b->f, "start", TF_INT32, 0, NULL, 4, &(int32_t){0}, 4);
    tf_const(&b->f, "hidden", TF_INT32, 0, NULL, 4, &(int32_t){1}, 4);
    tf_node(&b->f, "Pack", "state_dims", "batch hidden");
    tf_const(&b->f, "nought", TF_FLOAT, 0, NULL, 4, &(float){0}, 4);
    tf_node(&b->f, "Fill", "h0", "state_dims nought");
    tf_ints(&b->f, "shape", 2, (const int32_t[]){-1, 1});
    tf_type(&b->f, "element_dtype", TF_FLOAT);
    char in[64];
    (void)snprintf(in, sizeof in, "shape %s", o->size);
    tf_node(&b->f, "TensorListReserve", "reserved", in);
    tf_type(&b->f, "element_dtype", TF_FLOAT);
    tf_node(&b->f, "TensorListFromTensor", "elements", "data shape");
    tf_floats(&b->f, "w", 2, D(2, 1), F(1, -1), 2);
    tf_floats(&b->f, "r", 2, D(1, 1), F(0.5f), 1);
    tf_floats(&b->f, "b", 1, D(1), F(0.25f), 1);
    tf_calls(&b->f, "cond", "condition");
    tf_calls(&b->f, "body", "body");
    tf_node(&b->f, "While", "loop", "start steps reserved h0 elements w r b");
    tf_type(&b->f, "element_dtype", TF_FLOAT);
    tf_node(&b->f, "TensorListStack", "all", "loop:2 shape");
    tf_node(&b->f, "Identity", "final", "loop:3");
    tf_node(&b->f, "Identity", "count", "loop");
    wire_buffer library = {0};
    rnn_condition(b, &library);
    rnn_body(b, &library, o);
    wire_message(&b->f.file, 2, &library);
}

/* h1 = tanh(1 - 2 + .25), h2 = tanh(3 - 1 + h1 / 2 + .25); second sequence -1 4, 0.5 0.5 */
static const float steps[8] = {1, 2, -1, 4, 3, 1, 0.5f, 0.5f};
static const float first[2] = {-0.635149f, -0.999850f};
static const float second[2] = {0.958929f, -0.244848f};

static void rnn_over_open_dims(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    rnn(&b, &(rnn_options){"i", "steps", "h r", 1});
    import_file(&b);
    assert_int_equal(count_op(&b, SLD_OP_RNN), 1);
    assert_int_equal(b.graph->output_count, 3);
    run(&b, steps, 3, D(2, 2, 2));
    result_is(&b, 0, 3, D(2, 2, 1), F(first[0], first[1], second[0], second[1]));
    result_is(&b, 1, 2, D(2, 1), second);
    assert_int_equal(b.results[2].dtype, SOLDER_I32);
    result_is(&b, 2, 0, NULL, F(2));
    close_bench(&b);
}

static void rnn_that_keeps_the_last(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    rnn(&b, &(rnn_options){"zero:output:0", "one", "h r", 1});
    import_file(&b);
    run(&b, steps, 3, D(2, 2, 2));
    result_is(&b, 0, 3, D(1, 2, 1), second);
    close_bench(&b);
}

/* What is not exactly a cell over the whole list is no cell, but still a loop. */
static void rnn_almost(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    rnn(&b, &(rnn_options){"i", "steps", "h r", 2}); /* every other element is written */
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'loop' (While: elements that were never written, "
           "and have no known shape)");
    open_bench(&b);
    rnn(&b, &(rnn_options){"i", "steps", "out_before r", 1});
    expect(&b, SOLDER_ERROR_DATA,
           "tensorflow: node 'loop/hr' (MatMul) reads 'out_before', which is defined nowhere");
    open_bench(&b);
    rnn(&b, &(rnn_options){"i", "one", "h r", 1}); /* behind the end of the list */
    import_file(&b);
    assert_int_equal(count_op(&b, SLD_OP_RNN), 0);
    assert_int_equal(count_op(&b, SLD_OP_LOOP), 1);
    close_bench(&b);
}

static void loop_without_functions(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_calls(&b.f, "cond", "nowhere");
    tf_calls(&b.f, "body", "nowhere");
    tf_node(&b.f, "While", "loop", "x");
    expect(&b, SOLDER_ERROR_DATA,
           "tensorflow: node 'loop' (While): function 'nowhere' is not in the file");
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_calls(&b.f, "cond", "condition");
    tf_calls(&b.f, "body", "condition");
    tf_node(&b.f, "While", "loop", "x x");
    wire_buffer library = {0};
    rnn_condition(&b, &library);
    wire_message(&b.f.file, 2, &library);
    expect(&b, SOLDER_ERROR_DATA,
           "tensorflow: node 'loop' (While): 2 variables, its body takes 8 and gives 1, its "
           "condition gives 1");
}

static void list_read_as_tensor(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 2, D(2, 3));
    tf_ints(&b.f, "shape", 1, (const int32_t[]){3});
    tf_type(&b.f, "element_dtype", TF_FLOAT);
    tf_node(&b.f, "TensorListFromTensor", "list", "x shape");
    tf_node(&b.f, "Relu", "relu", "list");
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'relu' (Relu: it reads a list of "
           "tensors as a tensor)");
}

static void damaged(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    rnn(&b, &(rnn_options){"i", "steps", "h r", 1});
    damage(&b);
    import_file(&b);
    close_bench(&b);
}

static void out_of_memory(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    rnn(&b, &(rnn_options){"i", "steps", "h r", 1});
    every_allocation_fails(&b);
    open_bench(&b);
    rnn(&b, &(rnn_options){"i", "one", "h r", 1});
    every_allocation_fails(&b);
}

/* x > 0 ? x : case(n) of 2 x, 3 x, 4 x */
static void branches(tf_bench *b)
{
    static const char *const factors[] = {"2", "3", "4"};
    tf_placeholder(&b->f, "x", 0, NULL);
    tf_const(&b->f, "nought", TF_FLOAT, 0, NULL, 4, &(float){0}, 4);
    tf_node(&b->f, "Greater", "positive", "x nought");
    tf_calls(&b->f, "then_branch", "same");
    tf_calls(&b->f, "else_branch", "choose");
    tf_node(&b->f, "StatelessIf", "if", "positive x");
    wire_buffer library = {0};
    tf_function f;
    tf_begin(&b->f, &f, "same", "a");
    tf_gives(&f, "r", "a");
    tf_end(&b->f, &f, &library);
    tf_begin(&b->f, &f, "choose", "a");
    tf_type(&b->f, "DstT", TF_INT32);
    tf_node(&b->f, "Cast", "number", "a");
    wire_buffer list = {0}, value = {0};
    for (int i = 0; i < 3; i++) {
        wire_buffer call = {0};
        wire_text(&call, 1, factors[i]);
        wire_message(&list, 9, &call);
    }
    wire_message(&value, 1, &list);
    tf_attribute(&b->f, "branches", &value);
    tf_node(&b->f, "Case", "case", "number:y:0 a");
    tf_gives(&f, "r", "case:output:0");
    tf_end(&b->f, &f, &library);
    for (int i = 0; i < 3; i++) {
        float factor = (float)(i + 2);
        tf_begin(&b->f, &f, factors[i], "a");
        tf_const(&b->f, "factor", TF_FLOAT, 0, NULL, 4, &factor, 4);
        tf_node(&b->f, "Mul", "product", "a factor:output:0");
        tf_gives(&f, "r", "product:z:0");
        tf_end(&b->f, &f, &library);
    }
    wire_message(&b->f.file, 2, &library);
}

/* A number that is no branch's takes the last. */
static void branches_of_functions(void **state)
{
    (void)state;
    static const float x[] = {2, 0, -1}, y[] = {2, 0, -4};
    for (int i = 0; i < 3; i++) {
        tf_bench b;
        open_bench(&b);
        branches(&b);
        import_file(&b);
        run(&b, &x[i], 0, NULL);
        result_is(&b, 0, 0, NULL, &y[i]);
        close_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rnn_over_open_dims),
        cmocka_unit_test(rnn_that_keeps_the_last),
        cmocka_unit_test(rnn_almost),
        cmocka_unit_test(loop_without_functions),
        cmocka_unit_test(list_read_as_tensor),
        cmocka_unit_test(branches_of_functions),
        cmocka_unit_test(damaged),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
