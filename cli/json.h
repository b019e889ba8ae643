/* SPDX-License-Identifier: Apache-2.0 */
/* Building and writing JSON. Failed allocations are remembered and reported by cli_json_write. */
#ifndef SOLDER_CLI_JSON_H
#define SOLDER_CLI_JSON_H

#include <jansson.h>

#include "solder/runtime.h"
#include "tensor.h"

/* {"command": command, "solder": version} */
json_t *cli_json_create(const char *command);
/* Sets object[key], taking value over. */
void cli_json_set(json_t *object, const char *key, json_t *value);
void cli_json_append(json_t *array, json_t *value);
/* Names may hold any bytes: those that are not UTF-8 become '?'. NULL: null. */
json_t *cli_json_text(const char *text);
/* null for infinities and NaN. */
json_t *cli_json_real(double value);
json_t *cli_json_dims(const solder_dims *dims);
/* {"name", "dtype", "dims" or "min", "opt", "max", "nhwc"} */
json_t *cli_json_io(const solder_io *io);
/* Writes and frees; path "-" is standard output. */
int cli_json_write(const char *path, json_t *object);

#endif
