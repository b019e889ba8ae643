/* SPDX-License-Identifier: Apache-2.0 */
/* What LSTMBlockCell and BlockLSTM have in common (tf_rnn.c). */
#ifndef SLD_IMPORT_TENSORFLOW_TF_LSTM_H
#define SLD_IMPORT_TENSORFLOW_TF_LSTM_H

#include "import/tensorflow/tf.h"

typedef struct sld_tf_lstm {
    sld_value *x, *cs, *h, *w, *wci, *wcf, *wco, *b;
    float forget_bias, clip;
    bool peephole;
    int forget, fresh; /* which quarter of w's columns: input 0, output 3, these two between */
    int64_t hidden;
} sld_tf_lstm;

/* input, cs, forget, output, new input, new output, h */
#define SLD_TF_LSTM_OUTPUTS 7

/* x, cs_prev, h_prev, w, wci, wcf, wco, b from input `first` on. */
void sld_tf_read_lstm(sld_tf_node *node, uint32_t first, sld_tf_lstm *s);
/* The outputs of one step from cs and gates = [x, h] w + b. */
void sld_tf_lstm_cell(sld_tf_node *node, const sld_tf_lstm *s, sld_value *gates, sld_value **out);

#endif
