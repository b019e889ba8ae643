/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdio.h>
#include <stdlib.h>

int cli_profile_create(const solder_engine *engine, cli_profile *profile)
{
    size_t steps = solder_engine_step_count(engine);
    *profile = (cli_profile){engine, calloc(steps + 1, sizeof(double)), steps, 0, 1};
    return profile->microseconds != NULL ? CLI_DONE : cli_fail_memory(steps * sizeof(double));
}

void cli_profile_free(cli_profile *profile)
{
    free(profile->microseconds);
    profile->microseconds = NULL;
}

void cli_profile_step(void *user, size_t step, double microseconds)
{
    cli_profile *profile = user;
    if (step < profile->steps) {
        profile->microseconds[step] += microseconds;
    }
}

typedef struct line {
    solder_step step;
    double milliseconds, percent, gflops;
} line;

static bool get_line(const cli_profile *profile, size_t index, double total, line *l)
{
    if (solder_engine_step(profile->engine, index, &l->step) != SOLDER_OK) {
        return false;
    }
    double runs = profile->runs > 0 ? (double)profile->runs : 1;
    double microseconds = profile->microseconds[index] / runs;
    l->milliseconds = microseconds / 1e3;
    l->percent = total > 0 ? 100 * profile->microseconds[index] / total : 0;
    l->gflops = microseconds > 0 ? l->step.flops * profile->scale / microseconds / 1e3 : 0;
    return true;
}

static double sum(const cli_profile *profile)
{
    double total = 0;
    for (size_t i = 0; i < profile->steps; i++) {
        total += profile->microseconds[i];
    }
    return total;
}

void cli_profile_print(const cli_profile *profile)
{
    double total = sum(profile);
    cli_print("%4s %10s %6s %9s  %-18s %-28s %s\n", "step", "ms", "%", "GFLOP/s", "operator",
              "kernel", "name");
    for (size_t i = 0; i < profile->steps; i++) {
        line l;
        if (!get_line(profile, i, total, &l)) {
            continue;
        }
        char speed[32] = "";
        if (l.gflops > 0) {
            (void)snprintf(speed, sizeof speed, "%.2f", l.gflops);
        }
        cli_print("%4zu %10.4f %6.2f %9s  %-18s %-28s %s\n", i, l.milliseconds, l.percent, speed,
                  l.step.op, l.step.kernel, l.step.name);
    }
    double runs = profile->runs > 0 ? (double)profile->runs : 1;
    cli_print("%4s %10.4f %6.2f\n", "sum", total / runs / 1e3, 100.0);
}

json_t *cli_profile_json(const cli_profile *profile)
{
    double total = sum(profile);
    json_t *steps = json_array();
    for (size_t i = 0; i < profile->steps; i++) {
        line l;
        if (!get_line(profile, i, total, &l)) {
            continue;
        }
        json_t *object = json_object();
        cli_json_set(object, "name", cli_json_text(l.step.name));
        cli_json_set(object, "op", cli_json_text(l.step.op));
        cli_json_set(object, "kernel", cli_json_text(l.step.kernel));
        cli_json_set(object, "ms", cli_json_real(l.milliseconds));
        cli_json_set(object, "percent", cli_json_real(l.percent));
        cli_json_set(object, "gflops", cli_json_real(l.gflops));
        cli_json_append(steps, object);
    }
    return steps;
}
