/* SPDX-License-Identifier: Apache-2.0 */
/* Frozen TensorFlow graphs as nodes, for the importer and for what rewrites them. */
#ifndef SLD_IMPORT_GRAPHDEF_GRAPHDEF_H
#define SLD_IMPORT_GRAPHDEF_GRAPHDEF_H

#include "import/tensorflow/tf.h"

/* Reads tf->import's model, in binary or text form, into tf->model. Checks the whole file first;
 * the model borrows from it, or from tf->graph's arena. Says what to do with what is no frozen
 * graph. */
solder_status sld_graphdef_read(sld_tf *tf);

/* ---- text form (graphdef_text.c) ---- */

solder_status sld_graphdef_from_text(sld_diag *diag, sld_arena *arena, const char *text,
                                     size_t size, sld_tf_bytes *bytes);
bool sld_graphdef_looks_like_text(const uint8_t *data, size_t size);
/* Text whose first field has that name. */
bool sld_graphdef_text_begins(const uint8_t *data, size_t size, const char *field);

#endif
