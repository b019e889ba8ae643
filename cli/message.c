/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char error_text[8192];
static int volume = 1;
static bool line_shown;
static bool printing = true;
static char last_phase[64];
static volatile sig_atomic_t interrupted;

static void make_printable(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) {
            *text = '?';
        }
    }
}

int cli_fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error_text, sizeof error_text, format, args);
    va_end(args);
    make_printable(error_text);
    return code;
}

int cli_fail_within(int code, const char *format, ...)
{
    char prefix[1024];
    char old[sizeof error_text];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(prefix, sizeof prefix, format, args);
    va_end(args);
    memcpy(old, error_text, sizeof old);
    (void)snprintf(error_text, sizeof error_text, "%s: %.*s", prefix,
                   (int)(sizeof error_text - sizeof prefix - 3), old);
    make_printable(error_text);
    return code;
}

int cli_fail_memory(size_t size)
{
    return cli_fail(CLI_MACHINE, "out of memory: %zu bytes could not be allocated", size);
}

int cli_fail_status(solder_status status, const char *message)
{
    int code = CLI_DATA;
    switch (status) {
    case SOLDER_OK:
        return CLI_DONE;
    case SOLDER_ERROR_ARGUMENT:
    case SOLDER_ERROR_NOT_FOUND:
        code = CLI_USAGE;
        break;
    case SOLDER_ERROR_MEMORY:
    case SOLDER_ERROR_IO:
    case SOLDER_ERROR_DEVICE:
    case SOLDER_ERROR_CANCELLED:
        code = CLI_MACHINE;
        break;
    default:
        break;
    }
    bool empty = message == NULL || message[0] == '\0';
    return cli_fail(code, "%s", empty ? solder_status_name(status) : message);
}

const char *cli_error(void)
{
    return error_text;
}

void cli_set_volume(int level)
{
    volume = level;
}

int cli_volume(void)
{
    return volume;
}

void cli_print(const char *format, ...)
{
    if (printing) {
        va_list args;
        va_start(args, format);
        (void)vprintf(format, args);
        va_end(args);
    }
}

void cli_print_nothing(void)
{
    printing = false;
}

static void print_line(const char *kind, const char *text)
{
    /* One call, so that lines of several threads do not mix. */
    (void)fprintf(stderr, "%ssolder: %s%s\n", line_shown ? "\r\033[K" : "", kind, text);
}

void cli_notice(const char *format, ...)
{
    if (volume < 1) {
        return;
    }
    char text[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    make_printable(text);
    print_line("notice: ", text);
}

static void on_log(void *user, solder_severity severity, const char *text)
{
    (void)user;
    bool wanted = severity == SOLDER_LOG_VERBOSE ? volume > 1 : volume > 0;
    /* Errors come back as a status as well, and main prints that. */
    if (wanted && severity != SOLDER_LOG_ERROR) {
        print_line(severity == SOLDER_LOG_WARNING  ? "warning: "
                   : severity == SOLDER_LOG_NOTICE ? "notice: "
                                                   : "",
                   text);
    }
}

solder_logger cli_logger(void)
{
    return (solder_logger){NULL, on_log};
}

bool cli_progress(void *user, const char *phase, size_t step, size_t steps)
{
    (void)user;
    if (volume > 0 && isatty(STDERR_FILENO)) {
        (void)fprintf(stderr, "\r\033[K%s %zu/%zu", phase, step, steps);
        (void)fflush(stderr);
        line_shown = true;
    } else if (volume > 1 && strncmp(phase, last_phase, sizeof last_phase - 1) != 0) {
        (void)snprintf(last_phase, sizeof last_phase, "%s", phase);
        print_line("", phase);
    }
    return !interrupted;
}

void cli_progress_end(void)
{
    if (line_shown) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        line_shown = false;
    }
    last_phase[0] = '\0';
}

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

void cli_catch_interrupts(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = (int)SA_RESETHAND; /* a second interrupt ends the program at once */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}
