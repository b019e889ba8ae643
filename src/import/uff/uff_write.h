/* SPDX-License-Identifier: Apache-2.0 */
/* To a UFF file, from TensorFlow nodes or from a network. */
#ifndef SLD_IMPORT_UFF_UFF_WRITE_H
#define SLD_IMPORT_UFF_UFF_WRITE_H

#include "import/import.h"
#include "import/tensorflow/tf.h"

/*
 * Writes what the outputs need (without any: what nothing reads) under path; text form if that ends
 * in .pbtxt. Of import, diag, allocator, graph (empty; scratch), options and the model's file
 * count; read gives tf->model.
 */
typedef solder_status (*sld_uff_source)(sld_tf *tf);
solder_status sld_uff_write(sld_import *import, sld_uff_source read, const char *path);
/* The same for import->graph as an importer left it. */
solder_status sld_uff_write_network(sld_import *import, const char *path);

#endif
