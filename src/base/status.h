/* SPDX-License-Identifier: Apache-2.0 */
/* How an error gets its text: sld_fail at the place that knows, SLD_TRY on the way up. */
#ifndef SLD_BASE_STATUS_H
#define SLD_BASE_STATUS_H

#include "base/compiler.h"
#include "solder/types.h"

/* Long enough to name many unsupported nodes at once. */
#define SLD_MESSAGE_MAX 4096

/* Every public handle owns one. Not thread-safe, as the handle is not. */
typedef struct sld_diag {
    solder_logger logger;
    char message[SLD_MESSAGE_MAX];
} sld_diag;

void sld_diag_init(sld_diag *diag, const solder_logger *logger);

/* Writes the message (control bytes replaced by '?') and returns code. diag may be NULL. */
solder_status sld_fail(sld_diag *diag, solder_status code, const char *format, ...)
    SLD_PRINTF(3, 4);

/* Puts "prefix: " in front of the message in diag and returns code. */
solder_status sld_fail_within(sld_diag *diag, solder_status code, const char *format, ...)
    SLD_PRINTF(3, 4);

/* The message of a failed allocation. */
solder_status sld_fail_memory(sld_diag *diag, size_t size);

/* Sends a line to the logger, if there is one. */
void sld_log(const sld_diag *diag, solder_severity severity, const char *format, ...)
    SLD_PRINTF(3, 4);

#define SLD_TRY(call)                                                                              \
    do {                                                                                           \
        solder_status sld_try_status = (call);                                                     \
        if (sld_try_status != SOLDER_OK) {                                                         \
            return sld_try_status;                                                                 \
        }                                                                                          \
    } while (0)

#endif
