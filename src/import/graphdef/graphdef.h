/* SPDX-License-Identifier: Apache-2.0 */
/* Frozen TensorFlow graphs as nodes, for the importer and for what rewrites them. */
#ifndef SLD_IMPORT_GRAPHDEF_GRAPHDEF_H
#define SLD_IMPORT_GRAPHDEF_GRAPHDEF_H

#include "base/file.h"
#include "import/tensorflow/tf.h"

/* Checks the whole file first; the model borrows from it. Says what to do with what is no frozen
 * graph. */
solder_status sld_graphdef_read(sld_diag *diag, sld_arena *arena, const char *path,
                                const sld_file *file, sld_tf_model *model);

#endif
