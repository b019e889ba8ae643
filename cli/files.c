/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_io(const char *path, const char *what)
{
    return cli_fail(CLI_MACHINE, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* Reads to the end; grows the buffer so that pipes work too. */
static int read_all(const char *path, int fd, size_t expected, uint8_t **data, size_t *size)
{
    size_t capacity = expected + 4096;
    size_t used = 0;
    uint8_t *buffer = malloc(capacity);
    while (buffer != NULL) {
        ssize_t got = read(fd, buffer + used, capacity - used - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            free(buffer);
            return fail_io(path, "read");
        }
        used += (size_t)got;
        if (got == 0) {
            buffer[used] = 0;
            *data = buffer;
            *size = used;
            return CLI_DONE;
        }
        if (capacity - used < 2) {
            uint8_t *larger = capacity < SIZE_MAX / 2 ? realloc(buffer, capacity * 2) : NULL;
            if (larger == NULL) {
                free(buffer);
                return cli_fail_memory(capacity);
            }
            buffer = larger;
            capacity *= 2;
        }
    }
    return cli_fail_memory(capacity);
}

int cli_file_read(const char *path, uint8_t **data, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0) {
        return fail_io(path, "open");
    }
    int status;
    if (fstat(fd, &about) != 0) {
        status = fail_io(path, "read");
    } else if (S_ISDIR(about.st_mode)) {
        status = cli_fail(CLI_MACHINE, "%s: cannot read: it is a folder", path);
    } else {
        status = read_all(path, fd, S_ISREG(about.st_mode) ? (size_t)about.st_size : 0, data, size);
    }
    (void)close(fd);
    return status;
}

static bool write_parts(FILE *file, const void *head, size_t head_size, const void *body,
                        size_t body_size)
{
    return (head_size == 0 || fwrite(head, 1, head_size, file) == head_size) &&
           (body_size == 0 || fwrite(body, 1, body_size, file) == body_size) && fflush(file) == 0;
}

int cli_file_write(const char *path, const void *head, size_t head_size, const void *body,
                   size_t body_size)
{
    if (strcmp(path, "-") == 0) {
        return write_parts(stdout, head, head_size, body, body_size) ? CLI_DONE
                                                                     : fail_io(path, "write");
    }
    struct stat about;
    bool special = stat(path, &about) == 0 && !S_ISREG(about.st_mode); /* /dev/stdout, a pipe */
    size_t length = strlen(path) + 32;
    char *temporary = malloc(length);
    if (temporary == NULL) {
        return cli_fail_memory(length);
    }
    (void)snprintf(temporary, length, special ? "%s" : "%s.%ld.tmp", path, (long)getpid());
    FILE *file = fopen(temporary, "wb");
    int status = file != NULL ? CLI_DONE : fail_io(path, "write");
    if (file != NULL) {
        bool good = write_parts(file, head, head_size, body, body_size);
        good = fclose(file) == 0 && good;
        good = good && (special || rename(temporary, path) == 0);
        if (!good) {
            status = fail_io(path, "write");
            if (!special) {
                (void)remove(temporary);
            }
        }
    }
    free(temporary);
    return status;
}

size_t cli_file_peek(const char *path, uint8_t *data, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t got = file != NULL ? fread(data, 1, size, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    return got;
}
