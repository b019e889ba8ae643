/* SPDX-License-Identifier: Apache-2.0 */
/* The solder command: finds the verb, runs it, prints what went wrong. */
#include "commands.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int (*const verbs[])(const cli_options *) = {
#define COMMAND(verb, operands, fewest, most, description) cli_##verb,
#include "commands.def"
#undef COMMAND
};

static int dispatch(int argc, char **argv, cli_options *options)
{
    if (argc < 2) {
        return cli_fail(CLI_USAGE, "no command given (see 'solder --help')");
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_help();
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("solder %s\n", solder_version());
        return CLI_DONE;
    }
    int status = cli_options_parse(argc, argv, options);
    if (status != CLI_DONE) {
        return status;
    }
    if (options->help) {
        cli_help_verb(options->verb);
        return CLI_DONE;
    }
    cli_set_volume(options->quiet ? 0 : options->verbose ? 2 : 1);
    if (options->json != NULL && strcmp(options->json, "-") == 0) {
        cli_print_nothing();
    }
    return verbs[options->verb](options);
}

int main(int argc, char **argv)
{
    cli_options *options = malloc(sizeof *options);
    int status = options != NULL ? dispatch(argc, argv, options) : cli_fail_memory(sizeof *options);
    free(options);
    cli_progress_end();
    if (fflush(stdout) != 0 && status == CLI_DONE) {
        status = cli_fail(CLI_MACHINE, "standard output: cannot write");
    }
    /* compare has a result to show, not an error. */
    if (status != CLI_DONE && cli_error()[0] != '\0') {
        (void)fprintf(stderr, "solder: %s\n", cli_error());
    }
    return status;
}
