/* SPDX-License-Identifier: Apache-2.0 */
/*
 * External data: a regular file beneath the model's folder, reached without following a link, so
 * that a model cannot read what its user did not hand over.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import/onnx/onnx.h"

static solder_status refuse(const sld_onnx *onnx, const char *tensor, const char *location,
                            const char *why)
{
    return sld_fail(onnx->diag, SOLDER_ERROR_DATA, "onnx: tensor '%s': external data '%s' %s",
                    tensor, location, why);
}

static solder_status refuse_errno(const sld_onnx *onnx, const char *tensor, const char *location,
                                  int error)
{
    char text[128];
    if (error == ELOOP || error == EMLINK) {
        return refuse(onnx, tensor, location, "is or passes a symbolic link");
    }
    if (strerror_r(error, text, sizeof text) != 0) {
        (void)snprintf(text, sizeof text, "error %d", error);
    }
    return sld_fail(onnx->diag, SOLDER_ERROR_IO,
                    "onnx: tensor '%s': cannot open external data '%s': %s", tensor, location,
                    text);
}

/* False if the path is empty, absolute or climbs. */
static bool stays_beneath(const char *location)
{
    if (location[0] == '\0' || location[0] == '/') {
        return false;
    }
    for (const char *p = location; *p != '\0';) {
        size_t length = strcspn(p, "/");
        if (length == 2 && p[0] == '.' && p[1] == '.') {
            return false;
        }
        p += length + (p[length] == '/');
    }
    return true;
}

static int open_folder(sld_onnx *onnx)
{
    const char *path = onnx->import->model_path;
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    const char *folder = ".";
    if (slash != NULL) {
        size_t length = slash == path ? 1 : (size_t)(slash - path);
        folder = sld_arena_strndup(&onnx->arena, path, length);
        if (folder == NULL) {
            errno = ENOMEM;
            return -1;
        }
    }
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Opens part after part beneath folder, which is closed. -1 with errno set on failure. */
static int walk(int folder, char *location)
{
    int fd = folder;
    for (char *part = location; fd >= 0 && *part != '\0';) {
        size_t length = strcspn(part, "/");
        char *next = part + length + (part[length] == '/');
        bool last = next[0] == '\0';
        part[length] = '\0';
        if (length != 0 && strcmp(part, ".") != 0) {
            int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (last ? O_NONBLOCK : O_DIRECTORY);
            int inner = openat(fd, part, flags);
            int error = errno;
            struct stat info;
            if (inner < 0 && fstatat(fd, part, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISLNK(info.st_mode)) {
                error = ELOOP; /* with O_DIRECTORY a link says ENOTDIR */
            }
            (void)close(fd);
            fd = inner;
            errno = error;
        }
        part = next;
    }
    return fd;
}

static solder_status map(sld_onnx *onnx, const char *tensor, const char *location, sld_file *file)
{
    if (!stays_beneath(location)) {
        return refuse(onnx, tensor, location, "leaves the model's folder");
    }
    if (onnx->import->keep_file == NULL) {
        return refuse(onnx, tensor, location, "cannot be read here");
    }
    char *parts = sld_arena_strdup(&onnx->arena, location);
    if (parts == NULL) {
        return sld_fail_memory(onnx->diag, strlen(location) + 1);
    }
    int fd = open_folder(onnx);
    if (fd >= 0) {
        fd = walk(fd, parts);
    }
    if (fd < 0) {
        return refuse_errno(onnx, tensor, location, errno);
    }
    solder_status status = sld_file_map_fd(onnx->diag, fd, location, file);
    (void)close(fd);
    if (status != SOLDER_OK) {
        return sld_fail_within(onnx->diag, status, "onnx: tensor '%s'", tensor);
    }
    return onnx->import->keep_file(onnx->import, *file);
}

solder_status sld_onnx_external(sld_onnx *onnx, const char *tensor, const char *location,
                                sld_file *file)
{
    for (size_t i = 0; i < onnx->file_count; i++) {
        if (strcmp(onnx->files[i].location, location) == 0) {
            *file = onnx->files[i].file;
            return SOLDER_OK;
        }
    }
    void *files = onnx->files;
    SLD_TRY(sld_array_grow(onnx->import->allocator, onnx->diag, &files, &onnx->file_capacity,
                           onnx->file_count + 1, sizeof *onnx->files));
    onnx->files = files;
    SLD_TRY(map(onnx, tensor, location, file));
    onnx->files[onnx->file_count++] = (sld_onnx_file){location, *file};
    return SOLDER_OK;
}
