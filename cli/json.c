/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"
#include "files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool failed;

void cli_json_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0) {
        failed = true;
    }
}

void cli_json_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0) {
        failed = true;
    }
}

json_t *cli_json_create(const char *command)
{
    json_t *object = json_object();
    cli_json_set(object, "command", json_string(command));
    cli_json_set(object, "solder", json_string(solder_version()));
    return object;
}

json_t *cli_json_text(const char *text)
{
    if (text == NULL) {
        return json_null();
    }
    json_t *value = json_string(text);
    char *copy = value == NULL ? strdup(text) : NULL;
    if (copy != NULL) {
        for (char *at = copy; *at != '\0'; at++) {
            *at = (*at & 0x80) != 0 ? '?' : *at;
        }
        value = json_string(copy);
        free(copy);
    }
    return value;
}

json_t *cli_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cli_json_dims(const solder_dims *dims)
{
    json_t *array = json_array();
    for (int i = 0; i < dims->rank; i++) {
        bool open = dims->d[i] == INT64_MAX; /* without a bound */
        cli_json_append(array, open ? json_null() : json_integer(dims->d[i]));
    }
    return array;
}

json_t *cli_json_io(const solder_io *io)
{
    json_t *object = json_object();
    cli_json_set(object, "name", cli_json_text(io->name));
    cli_json_set(object, "dtype", json_string(solder_dtype_name(io->dtype)));
    if (cli_dims_equal(&io->min, &io->max)) {
        cli_json_set(object, "dims", cli_json_dims(&io->max));
    } else {
        cli_json_set(object, "min", cli_json_dims(&io->min));
        cli_json_set(object, "opt", cli_json_dims(&io->opt));
        cli_json_set(object, "max", cli_json_dims(&io->max));
    }
    cli_json_set(object, "nhwc", json_boolean(io->nhwc));
    return object;
}

int cli_json_write(const char *path, json_t *object)
{
    char *text = failed ? NULL : json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(object);
    if (text == NULL) {
        return cli_fail_memory(0);
    }
    int status = cli_file_write(path, text, strlen(text), "\n", 1);
    free(text);
    return status;
}
