/* SPDX-License-Identifier: Apache-2.0 */
/* Every verb is one function that returns an exit code. */
#ifndef SOLDER_CLI_COMMANDS_H
#define SOLDER_CLI_COMMANDS_H

#include "options.h"

#define COMMAND(verb, operands, fewest, most, description)                                         \
    int cli_##verb(const cli_options *options);
#include "commands.def"
#undef COMMAND

#endif
