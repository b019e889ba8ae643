/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: mapped for reading, written so that a crash leaves the old or the new, never half.
 */
#ifndef SLD_BASE_FILE_H
#define SLD_BASE_FILE_H

#include "base/memory.h"

typedef struct sld_file {
    const uint8_t *data; /* page aligned; NULL when size is 0 */
    size_t size;
} sld_file;

/* Maps a regular file read-only. Errors name the path: SOLDER_ERROR_IO. */
solder_status sld_file_map(sld_diag *diag, const char *path, sld_file *file);
/* The same for an open descriptor, which stays open; path is for messages. */
solder_status sld_file_map_fd(sld_diag *diag, int fd, const char *path, sld_file *file);
void sld_file_unmap(sld_file *file);
/* Is there a folder of that name? */
bool sld_file_is_folder(const char *path);
/* Bytes of a mapped file that are not needed soon leave this process's memory; they stay valid. */
void sld_file_drop(const void *data, size_t size);

/* Output that appears under its name only at commit: temporary file, fsync, rename. */
typedef struct sld_writer {
    int fd;
    uint64_t offset;
    char *path, *temporary;
    const solder_allocator *allocator;
    sld_diag *diag;
} sld_writer;

solder_status sld_writer_open(const solder_allocator *allocator, sld_diag *diag, const char *path,
                              sld_writer *writer);
solder_status sld_writer_write(sld_writer *writer, const void *data, size_t size);
/* Overwrites bytes already written. */
solder_status sld_writer_write_at(sld_writer *writer, uint64_t offset, const void *data,
                                  size_t size);
/* Makes the file durable and visible; closes the writer whatever happens. */
solder_status sld_writer_commit(sld_writer *writer);
/* Removes the temporary file. No-op after commit. */
void sld_writer_abandon(sld_writer *writer);

#endif
