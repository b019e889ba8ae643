/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sld_diag_init(sld_diag *diag, const solder_logger *logger)
{
    diag->logger = logger != NULL ? *logger : (solder_logger){0};
    diag->message[0] = '\0';
}

/* Names come from untrusted files: keep the message one printable line. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            *text = '?';
        }
    }
}

solder_status sld_fail(sld_diag *diag, solder_status code, const char *format, ...)
{
    if (diag != NULL) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(diag->message, sizeof diag->message, format, args);
        va_end(args);
        make_printable(diag->message);
    }
    return code;
}

solder_status sld_fail_within(sld_diag *diag, solder_status code, const char *format, ...)
{
    if (diag != NULL) {
        char prefix[512];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(prefix, sizeof prefix, format, args);
        va_end(args);
        make_printable(prefix);
        size_t used = strlen(prefix);
        size_t length = strlen(diag->message);
        if (used + 2 + length >= sizeof diag->message) {
            length = sizeof diag->message - used - 3;
        }
        memmove(diag->message + used + 2, diag->message, length);
        memcpy(diag->message, prefix, used);
        memcpy(diag->message + used, ": ", 2);
        diag->message[used + 2 + length] = '\0';
    }
    return code;
}

solder_status sld_fail_memory(sld_diag *diag, size_t size)
{
    return sld_fail(diag, SOLDER_ERROR_MEMORY, "out of memory: %zu bytes could not be allocated",
                    size);
}

void sld_log(const sld_diag *diag, solder_severity severity, const char *format, ...)
{
    if (diag == NULL || diag->logger.log == NULL) {
        return;
    }
    char text[SLD_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    make_printable(text);
    diag->logger.log(diag->logger.user, severity, text);
}

const char *solder_status_name(solder_status status)
{
    static const char *const names[] = {"ok",        "argument", "state",     "memory",
                                        "data",      "io",       "version",   "unsupported",
                                        "not found", "device",   "cancelled", "internal"};
    int index = -(int)status;
    return index >= 0 && index < (int)SLD_ARRAY_LENGTH(names) ? names[index] : "?";
}
