/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the command says: one error, kept until main prints it as "solder: <text>"; notices and
 * progress on stderr; exit codes.
 */
#ifndef SOLDER_CLI_MESSAGE_H
#define SOLDER_CLI_MESSAGE_H

#include "solder/types.h"

enum {
    CLI_DONE = 0,
    CLI_DATA = 1,    /* the model or the data is at fault */
    CLI_USAGE = 2,   /* the command line is */
    CLI_MACHINE = 3, /* memory, a file or a device is */
    CLI_DIFFERS = 4  /* compare found a difference */
};

#if defined(__GNUC__)
#define CLI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define CLI_PRINTF(text, first)
#endif

/* Keeps the text as the error (control bytes become '?') and returns code. */
int cli_fail(int code, const char *format, ...) CLI_PRINTF(2, 3);
/* Puts "prefix: " before the error that is kept, and returns code. */
int cli_fail_within(int code, const char *format, ...) CLI_PRINTF(2, 3);
int cli_fail_memory(size_t size);
/* Exit code of a library status; keeps the library's text (the status name if it is empty). */
int cli_fail_status(solder_status status, const char *message);
/* The error that is kept, "" if none. */
const char *cli_error(void);

/* 0: --quiet, 1: normal, 2: --verbose. */
void cli_set_volume(int volume);
int cli_volume(void);
/* A line on stderr unless quiet. Thread-safe. */
void cli_notice(const char *format, ...) CLI_PRINTF(1, 2);

/* The result, on standard output; silent when standard output is taken by --json -. */
void cli_print(const char *format, ...) CLI_PRINTF(1, 2);
void cli_print_nothing(void);

/* For solder_builder_options and solder_runtime_options. */
solder_logger cli_logger(void);

/* solder_progress: one line rewritten on a terminal; with --verbose one line per phase elsewhere.
 */
bool cli_progress(void *user, const char *phase, size_t step, size_t steps);
void cli_progress_end(void);
/* Lets an interrupt end long work through cli_progress, so that no half-made file is left. */
void cli_catch_interrupts(void);

#endif
