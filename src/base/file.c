/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static solder_status fail_errno(sld_diag *diag, const char *what, const char *path, int error)
{
    char text[128];
    if (strerror_r(error, text, sizeof text) != 0) {
        (void)snprintf(text, sizeof text, "error %d", error);
    }
    return sld_fail(diag, SOLDER_ERROR_IO, "cannot %s '%s': %s", what, path, text);
}

static solder_status check_regular(sld_diag *diag, const char *what, const char *path,
                                   const struct stat *info)
{
    if (S_ISDIR(info->st_mode)) {
        return fail_errno(diag, what, path, EISDIR);
    }
    if (!S_ISREG(info->st_mode)) {
        return sld_fail(diag, SOLDER_ERROR_IO, "cannot %s '%s': not a regular file", what, path);
    }
    return SOLDER_OK;
}

bool sld_file_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

solder_status sld_file_map_fd(sld_diag *diag, int fd, const char *path, sld_file *file)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return fail_errno(diag, "read", path, errno);
    }
    SLD_TRY(check_regular(diag, "read", path, &info));
    if ((uint64_t)info.st_size > SIZE_MAX / 2) {
        return fail_errno(diag, "read", path, EFBIG);
    }
    size_t size = (size_t)info.st_size;
    void *data = NULL;
    if (size != 0) {
        data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
            return fail_errno(diag, "map", path, errno);
        }
    }
    *file = (sld_file){.data = data, .size = size};
    return SOLDER_OK;
}

solder_status sld_file_map(sld_diag *diag, const char *path, sld_file *file)
{
    /* Non-blocking: opening a pipe must not wait for its writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_errno(diag, "open", path, errno);
    }
    solder_status status = sld_file_map_fd(diag, fd, path, file);
    (void)close(fd);
    return status;
}

void sld_file_unmap(sld_file *file)
{
    if (file->data != NULL) {
        (void)munmap((void *)(uintptr_t)file->data, file->size);
    }
    *file = (sld_file){0};
}

void sld_file_drop(const void *data, size_t size)
{
    long page = sysconf(_SC_PAGESIZE);
    if (page <= 0 || size < (size_t)page * 16) {
        return;
    }
    uintptr_t mask = (uintptr_t)page - 1;
    uintptr_t begin = ((uintptr_t)data + mask) & ~mask;
    uintptr_t end = ((uintptr_t)data + size) & ~mask;
    (void)madvise((void *)begin, end - begin, MADV_DONTNEED); /* a hint: failure is harmless */
}

/* ---- writer ---- */

#define SUFFIX_LENGTH 20 /* ".tmp" and 16 hexadecimal digits */

static void release_names(sld_writer *w)
{
    if (w->path != NULL) {
        size_t length = strlen(w->path);
        sld_release(w->allocator, w->temporary, length + SUFFIX_LENGTH + 1);
        sld_release(w->allocator, w->path, length + 1);
    }
    w->path = w->temporary = NULL;
}

/* A name of our own rather than mkstemp's: the file gets the mode the user's umask says. */
static int create_temporary(sld_writer *w)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = (uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 30) ^
                    ((uint64_t)getpid() << 44) ^ (uint64_t)(uintptr_t)w;
    for (int attempt = 0; attempt < 100; attempt++) {
        seed = (seed ^ (seed >> 31)) * UINT64_C(0x9e3779b97f4a7c15) + 1;
        (void)snprintf(w->temporary, strlen(w->path) + SUFFIX_LENGTH + 1, "%s.tmp%016llx", w->path,
                       (unsigned long long)seed);
        int fd = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    errno = EEXIST;
    return -1;
}

solder_status sld_writer_open(const solder_allocator *allocator, sld_diag *diag, const char *path,
                              sld_writer *writer)
{
    sld_writer w = {.fd = -1, .allocator = allocator, .diag = diag};
    struct stat info;
    if (stat(path, &info) == 0) {
        SLD_TRY(check_regular(diag, "write", path, &info));
    }
    size_t length = strlen(path);
    w.path = sld_alloc(allocator, length + 1);
    if (w.path != NULL) {
        memcpy(w.path, path, length + 1);
        w.temporary = sld_calloc(allocator, length + SUFFIX_LENGTH + 1);
    }
    if (w.temporary == NULL) {
        release_names(&w);
        return sld_fail_memory(diag, length + SUFFIX_LENGTH + 1);
    }
    w.fd = create_temporary(&w);
    if (w.fd < 0) {
        solder_status status = fail_errno(diag, "write", path, errno);
        release_names(&w);
        return status;
    }
    *writer = w;
    return SOLDER_OK;
}

/* All of data, at an absolute offset. */
static solder_status put(sld_writer *w, uint64_t offset, const void *data, size_t size)
{
    const char *from = data;
    while (size != 0) {
        size_t piece = size < ((size_t)1 << 30) ? size : (size_t)1 << 30;
        ssize_t written = pwrite(w->fd, from, piece, (off_t)offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return fail_errno(w->diag, "write", w->path, written < 0 ? errno : ENOSPC);
        }
        from += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return SOLDER_OK;
}

solder_status sld_writer_write(sld_writer *writer, const void *data, size_t size)
{
    SLD_TRY(put(writer, writer->offset, data, size));
    writer->offset += size;
    return SOLDER_OK;
}

solder_status sld_writer_write_at(sld_writer *writer, uint64_t offset, const void *data,
                                  size_t size)
{
    if (offset > writer->offset || size > writer->offset - offset) {
        return sld_fail(writer->diag, SOLDER_ERROR_INTERNAL, "'%s': rewrite past the end",
                        writer->path);
    }
    return put(writer, offset, data, size);
}

/* The rename itself must survive a crash. Some file systems cannot sync a folder: not an error. */
static solder_status sync_folder(sld_writer *w)
{
    char *slash = strrchr(w->path, '/');
    const char *folder = ".";
    if (slash == w->path) {
        folder = "/";
    } else if (slash != NULL) {
        *slash = '\0';
        folder = w->path;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd >= 0 && fsync(fd) != 0 ? errno : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (slash != NULL) {
        *slash = '/';
    }
    return error == EIO ? fail_errno(w->diag, "write", w->path, error) : SOLDER_OK;
}

solder_status sld_writer_commit(sld_writer *writer)
{
    int error = fsync(writer->fd) != 0 ? errno : 0;
    if (close(writer->fd) != 0 && error == 0) {
        error = errno;
    }
    writer->fd = -1;
    if (error == 0 && rename(writer->temporary, writer->path) != 0) {
        error = errno;
    }
    solder_status status;
    if (error != 0) {
        status = fail_errno(writer->diag, "write", writer->path, error);
        (void)unlink(writer->temporary);
    } else {
        status = sync_folder(writer);
    }
    release_names(writer);
    return status;
}

void sld_writer_abandon(sld_writer *writer)
{
    if (writer->fd >= 0) {
        (void)close(writer->fd);
        (void)unlink(writer->temporary);
        writer->fd = -1;
    }
    release_names(writer);
}
