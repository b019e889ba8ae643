/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/mman.h>

#include "kernels/check.h"

#define PAGE   4096u
#define CANARY 0xa5

bool check_buffer_create(check_buffer *b, size_t bytes, size_t align, bool at_end)
{
    size_t room = (bytes + align + PAGE - 1) / PAGE * PAGE;
    memset(b, 0, sizeof *b);
    b->map_bytes = room + 2 * PAGE;
    b->map = mmap(NULL, b->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->map == MAP_FAILED || mprotect(b->map + PAGE, room, PROT_READ | PROT_WRITE) != 0) {
        return false;
    }
    size_t offset = at_end ? (room - bytes) / align * align : 0;
    b->bytes = bytes;
    b->data = b->map + PAGE + offset;
    memset(b->map + PAGE, CANARY, room);
    b->slack_bytes = room;
    return true;
}

bool check_buffer_intact(const check_buffer *b)
{
    const unsigned char *room = b->map + PAGE;
    size_t first = (size_t)((unsigned char *)b->data - room);
    for (size_t i = 0; i < b->slack_bytes; i++) {
        if ((i < first || i >= first + b->bytes) && room[i] != CANARY) {
            return false;
        }
    }
    return true;
}

void check_buffer_free(check_buffer *b)
{
    if (b->map != NULL) {
        (void)munmap(b->map, b->map_bytes);
    }
    b->map = NULL;
}
