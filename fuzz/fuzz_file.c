/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static char path[64];
    static int file = -1;
    if (file < 0) {
        char name[] = "/tmp/solder-fuzz-XXXXXX";
        file = mkstemp(name);
        if (file < 0) {
            abort();
        }
        (void)unlink(name); /* reachable through the descriptor only: nothing to clean up */
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != (ssize_t)size) {
        abort();
    }
    return path;
}
