/* SPDX-License-Identifier: Apache-2.0 */
/* Which operators recurrent graphs become, and what CudnnRNN refuses; what they compute is held to
 * TensorFlow by test_tensorflow_graphs. */
#include "import/tf_check.h"

/* The first outputs of a graph of tests/import/tensorflow have to become these operators. */
static void becomes(const char *file, size_t outputs, int lstm, int gru, int rnn, int loops)
{
    char path[512];
    tf_bench b;
    sld_file data;
    (void)snprintf(path, sizeof path, SOURCE_DIR "/tests/import/tensorflow/%s.pb", file);
    open_bench(&b);
    b.outputs[0] = "y0";
    b.outputs[1] = "y1";
    b.options.output_count = outputs;
    sld_diag_init(&b.diag, NULL);
    assert_int_equal(sld_file_map(&b.diag, path, &data), SOLDER_OK);
    if (import_bytes(&b, data.data, data.size) != SOLDER_OK) {
        fail_msg("%s: %s", file, b.diag.message);
    }
    sld_file_unmap(&data);
    if (count_op(&b, SLD_OP_LSTM) != lstm || count_op(&b, SLD_OP_GRU) != gru ||
        count_op(&b, SLD_OP_RNN) != rnn || count_op(&b, SLD_OP_LOOP) != loops) {
        fail_msg("%s: %d LSTM, %d GRU, %d RNN, %d Loop", file, count_op(&b, SLD_OP_LSTM),
                 count_op(&b, SLD_OP_GRU), count_op(&b, SLD_OP_RNN), count_op(&b, SLD_OP_LOOP));
    }
    close_bench(&b);
}

static void operators(void **state)
{
    (void)state;
    becomes("BlockLSTM_True_3", 1, 1, 0, 0, 0);
    becomes("BlockLSTMV2_True", 1, 1, 0, 0, 0);
    becomes("BlockLSTM_all_True_0.0", 2, 0, 0, 0, 1);
    becomes("BlockLSTM_clip", 1, 1, 0, 0, 0);
    becomes("CudnnRNNV2_lstm_layers", 2, 3, 0, 0, 0);
    becomes("CudnnRNNV3_gru_lengths", 2, 0, 2, 0, 0);
    becomes("CudnnRNN_rnn_relu", 1, 0, 0, 1, 0);
    becomes("CudnnRNNV3_keras_gru", 1, 0, 1, 0, 0);
}

/* Loops with lengths and masks; a held output of a cell that does not begin with 0 is neither. */
static void masks(void **state)
{
    (void)state;
    becomes("BasicLSTMCell_lengths_frames", 1, 1, 0, 0, 0);
    becomes("BasicLSTMCell_shorter_frames", 1, 1, 0, 0, 0);
    becomes("BasicLSTMCell_longer_frames", 1, 1, 0, 0, 0);
    becomes("LSTMCell_lengths_frames", 1, 1, 0, 0, 0);
    becomes("MultiRNNCell_shorter_frames", 1, 1, 1, 0, 0);
    becomes("LSTMCell_clip_frames", 1, 1, 0, 0, 0);
    becomes("LSTMCell_projection_frames", 1, 1, 0, 0, 0);
    becomes("LSTMCell_everything_frames", 1, 1, 0, 0, 0);
    becomes("LSTMCell_upwards_loop_frames", 1, 0, 0, 0, 1);
    becomes("LSTMCell_projection_clip_loop_frames", 1, 0, 0, 0, 1);
    becomes("LSTMCell_projections_frames", 1, 2, 0, 0, 0);
    becomes("BasicRNNCell_lengths_frames", 1, 0, 0, 1, 0);
    becomes("Masking_LSTM", 1, 1, 0, 0, 0);
    becomes("Mask_GRU_zero", 1, 0, 1, 0, 0);
    becomes("Mask_GRU_state", 1, 0, 1, 0, 0);
    becomes("Mask_stacked", 1, 1, 1, 0, 0);
    becomes("Mask_LSTM_state_loop", 1, 0, 0, 0, 1);
}

/* Lengths and zeros of a batch that is open. */
static void open_batch(void **state)
{
    (void)state;
    becomes("Open_BasicLSTMCell", 1, 1, 0, 0, 0);
    becomes("Open_GRUCell", 1, 0, 1, 0, 0);
    becomes("Open_MultiRNNCell", 1, 1, 1, 0, 0);
}

/* One unit that sees one input: h = tanh(2 x + 0.5 h + 1 + 0.25). */
static void unit(tf_bench *b, int params, void (*change)(tf_bench *b))
{
    open_bench(b);
    tf_placeholder(&b->f, "x", 3, D(2, 1, 1));
    tf_floats(&b->f, "h", 3, D(1, 1, 1), F(0), 1);
    tf_floats(&b->f, "params", 1, D(params), F(2, 0.5f, 1, 0.25f, 0), (size_t)params);
    tf_text(&b->f, "rnn_mode", "rnn_tanh");
    if (change != NULL) {
        change(b);
    }
    tf_node(&b->f, "CudnnRNN", "rnn", "x h h params");
    b->outputs[0] = "rnn";
    b->options.output_count = 1;
}

static void computed(void **state)
{
    (void)state;
    tf_bench b;
    unit(&b, 4, NULL);
    import_file(&b);
    run(&b, F(-0.5f, 0), 3, D(2, 1, 1));
    double first = tanh(0.25), second = tanh(0.5 * first + 1.25);
    result_is(&b, 0, 3, D(2, 1, 1), F((float)first, (float)second));
    close_bench(&b);
}

static void training(tf_bench *b)
{
    tf_float(&b->f, "dropout", 0.5f);
}

static void skipping(tf_bench *b)
{
    tf_text(&b->f, "input_mode", "skip_input");
}

static void projecting(tf_bench *b)
{
    tf_int(&b->f, "num_proj", 2);
}

static void refused(void **state)
{
    (void)state;
    tf_bench b;
    unit(&b, 5, NULL);
    expect(&b, SOLDER_ERROR_DATA,
           "tensorflow: node 'rnn' (CudnnRNN): 5 parameters are not those of 1 states of 1 units");
    unit(&b, 4, training);
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'rnn' (CudnnRNN: dropout 0.5 in training)");
    unit(&b, 4, skipping);
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'rnn' (CudnnRNN: input_mode skip_input)");
    unit(&b, 4, projecting);
    expect(&b, SOLDER_ERROR_UNSUPPORTED,
           "tensorflow: 1 node is not supported: 'rnn' (CudnnRNN: num_proj 2)");
}

static void damaged(void **state)
{
    (void)state;
    tf_bench b;
    unit(&b, 4, NULL);
    damage(&b);
    import_file(&b);
    close_bench(&b);
}

/* A BlockLSTM of one unit, of which cs is read. */
static void block(tf_bench *b)
{
    open_bench(b);
    tf_placeholder(&b->f, "x", 3, D(2, 1, 1));
    tf_const(&b->f, "steps", TF_INT64, 0, NULL, 10, (uint8_t[]){2}, 1);
    tf_floats(&b->f, "s", 2, D(1, 1), F(0), 1);
    tf_floats(&b->f, "w", 2, D(2, 4), F(1, 2, 3, 4, 5, 6, 7, 8), 8);
    tf_floats(&b->f, "p", 1, D(1), F(1), 1);
    tf_floats(&b->f, "b", 1, D(4), F(1, 2, 3, 4), 4);
    tf_bool(&b->f, "use_peephole", true);
    tf_node(&b->f, "BlockLSTM", "block", "steps x s s w p p p b");
    tf_node(&b->f, "Neg", "y", "block:1");
}

static void out_of_memory(void **state)
{
    (void)state;
    tf_bench b;
    unit(&b, 4, NULL);
    every_allocation_fails(&b);
    block(&b);
    every_allocation_fails(&b);
    block(&b);
    damage(&b);
    import_file(&b);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators),     cmocka_unit_test(masks),   cmocka_unit_test(open_batch),
        cmocka_unit_test(computed),      cmocka_unit_test(refused), cmocka_unit_test(damaged),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
