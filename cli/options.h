/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of options that drives both parsing and --help. */
#ifndef SOLDER_CLI_OPTIONS_H
#define SOLDER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLI_LIST_MAX 256

typedef enum cli_verb {
#define COMMAND(verb, operands, fewest, most, description) CLI_VERB_##verb,
#include "commands.def"
#undef COMMAND
    CLI_VERB_COUNT
} cli_verb;

/* An option that may be given several times. */
typedef struct cli_list {
    const char *items[CLI_LIST_MAX];
    size_t count;
} cli_list;

/* Numbers are -1 and texts NULL where the option was not given. */
typedef struct cli_options {
    cli_verb verb;
    const char *operands[3];
    size_t operand_count;
    cli_list inputs, outputs, shapes, preprocess, plugins;
    const char *plan; /* -o */
    const char *device, *target, *cpu, *timing_cache, *labels;
    const char *report, *json, *dot, *html;
    int64_t threads, effort, random_weights, top, contexts, batch, iterations, seed;
    double time_budget, warmup, duration, rtol, atol;
    bool fast, profile, layers, verbose, quiet, help;
} cli_options;

/* Reads argv[2...] for argv[1]. */
int cli_options_parse(int argc, char **argv, cli_options *options);

/* Text of "solder --help" and of "solder VERB --help" on stdout. */
void cli_help(void);
void cli_help_verb(cli_verb verb);

const char *cli_verb_name(cli_verb verb);

#endif
