/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files in and out. */
#ifndef SOLDER_CLI_FILES_H
#define SOLDER_CLI_FILES_H

#include "message.h"

/* Reads all of a file into malloc'ed memory, with a zero byte after the end. */
int cli_file_read(const char *path, uint8_t **data, size_t *size);
/* Writes under a temporary name, then renames; "-" is standard output. */
int cli_file_write(const char *path, const void *head, size_t head_size, const void *body,
                   size_t body_size);
/* Up to size first bytes; the number read, 0 on any error. */
size_t cli_file_peek(const char *path, uint8_t *data, size_t size);

#endif
