/* SPDX-License-Identifier: Apache-2.0 */
/* The time of each step. */
#ifndef SOLDER_CLI_PROFILE_H
#define SOLDER_CLI_PROFILE_H

#include "json.h"
#include "session.h"

typedef struct cli_profile {
    const solder_engine *engine;
    double *microseconds; /* sum over the runs, by step */
    size_t steps, runs;
    double scale; /* flops of the profiled shape over those of the optimal one */
} cli_profile;

int cli_profile_create(const solder_engine *engine, cli_profile *profile);
void cli_profile_free(cli_profile *profile);
/* A solder_profiler; user is the profile. The caller counts runs. */
void cli_profile_step(void *user, size_t step, double microseconds);
void cli_profile_print(const cli_profile *profile);
json_t *cli_profile_json(const cli_profile *profile);

#endif
