/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"
#include "message.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { FLAG, TEXT, LIST, WHOLE, REAL, LATER } kind;

#define B         (1u << CLI_VERB_build)
#define R         (1u << CLI_VERB_run)
#define N         (1u << CLI_VERB_bench)
#define I         (1u << CLI_VERB_inspect)
#define V         (1u << CLI_VERB_convert)
#define C         (1u << CLI_VERB_compare)
#define T         (1u << CLI_VERB_tune)
#define D         (1u << CLI_VERB_devices)
#define ALL       (B | R | N | I | V | C | T | D)
#define AT(field) offsetof(cli_options, field)

/* LATER: known, but the feature is not in this version. */
typedef struct row {
    const char *name;
    char letter;
    kind kind;
    unsigned verbs;
    size_t offset;
    double min, max; /* WHOLE and REAL */
    const char *value;
    const char *help;
} row;

static const row table[] = {
    {"output-plan", 'o', TEXT, B, AT(plan), 0, 0, "PLAN", "the plan to write"},
    {"output-plan", 'o', TEXT, T, AT(plan), 0, 0, "PLAN", "the plan to write (the same)"},
    {"output-file", 'o', TEXT, V, AT(plan), 0, 0, "FILE.uff", "the file to write; .pbtxt: as text"},
    {"input", 'i', LIST, B | I, AT(inputs), 0, 0, "NAME[:DTYPE]=DIMS[:nhwc]",
     "shape of an input, as data=1x3x224x224, ? is open; or its value, as training:=false"},
    {"input", 'i', LIST, R | N | C, AT(inputs), 0, 0, "NAME=FILE",
     "a .npy array or a picture (PNG, JPEG, PPM, PGM); repeat for a batch"},
    {"output", 0, LIST, B | I | V, AT(outputs), 0, 0, "NAME",
     "keep this tensor as an output; repeatable"},
    {"output", 0, LIST, R, AT(outputs), 0, 0, "NAME=FILE.npy", "write an output; repeatable"},
    {"shapes", 0, LIST, B, AT(shapes), 0, 0, "NAME=MIN..OPT..MAX",
     "range of an open shape, as data=1x3x8x8..4x3x8x8..8x3x8x8"},
    {"device", 0, TEXT, B, AT(device), 0, 0, "cpu", "the device to build for"},
    {"target", 0, TEXT, B | T, AT(target), 0, 0, "ARCH",
     "build for another machine: x86-64, x86-64-v3, x86-64-v4, avx512vnni, armv8-a"},
    {"threads", 0, WHOLE, B | R | N | C | T, AT(threads), 1, 1024, "N", "threads (all cores)"},
    {"fast", 0, FLAG, B | T, AT(fast), 0, 0, NULL, "choose kernels by cost model, without timing"},
    {"effort", 0, WHOLE, B | T, AT(effort), 0, 2, "N",
     "0: no timing, 1: likely kernels, 2: all (1)"},
    {"time-budget", 0, REAL, B | T, AT(time_budget), 0, 1e9, "S", "seconds to spend on timing"},
    {"timing-cache", 0, TEXT, B | T, AT(timing_cache), 0, 0, "FILE",
     "read and update measured times"},
    {"random-weights", 0, WHOLE, B | I | C, AT(random_weights), 0, 9e15, "SEED",
     "make up weights that the model lacks"},
    {"preprocess", 0, LIST, B, AT(preprocess), 0, 0, "SPEC",
     "how pictures become an input, as rgb,mean=127.5,scale=1/128,resize=crop"},
    {"labels", 0, TEXT, B, AT(labels), 0, 0, "FILE", "class names, one per line"},
    {"report", 0, TEXT, B, AT(report), 0, 0, "FILE.html", "write the network before and after"},
    {"fp16", 0, LATER, B, 0, 0, 0, NULL, NULL},
    {"bf16", 0, LATER, B, 0, 0, 0, NULL, NULL},
    {"int8", 0, LATER, B, 0, 0, 0, NULL, NULL},
    {"calibrate", 0, LATER, B, 0, 0, 0, "FILES", NULL},
    {"plugin", 0, LIST, B | R | N | I | C | T, AT(plugins), 0, 0, "LIB",
     "load a library of plugins; repeatable"},
    {"top", 0, WHOLE, R, AT(top), 1, 1000000, "K", "print the K best classes of each output"},
    {"contexts", 0, WHOLE, N, AT(contexts), 1, 1024, "N", "run N contexts side by side (1)"},
    {"batch", 0, WHOLE, N, AT(batch), 1, 1e9, "N", "size of the open first dimension"},
    {"warmup", 0, REAL, N, AT(warmup), 0, 1e9, "MS", "milliseconds not measured at first (200)"},
    {"duration", 0, REAL, N, AT(duration), 0, 1e9, "S", "seconds measured (3)"},
    {"iterations", 0, WHOLE, N, AT(iterations), 1, 1e9, "N",
     "runs per context, instead of --duration"},
    {"profile", 0, FLAG, R | N, AT(profile), 0, 0, NULL, "show the time of each step"},
    {"rtol", 0, REAL, C, AT(rtol), 0, 1e30, "R", "allowed relative difference (1e-4)"},
    {"atol", 0, REAL, C, AT(atol), 0, 1e30, "A", "allowed absolute difference (1e-5)"},
    {"seed", 0, WHOLE, N | C, AT(seed), 0, 9e15, "N", "of the random inputs (1)"},
    {"layers", 0, FLAG, C, AT(layers), 0, 0, NULL, "compare every value that both have"},
    {"dot", 0, TEXT, I, AT(dot), 0, 0, "FILE", "write a Graphviz drawing of a model"},
    {"html", 0, TEXT, I, AT(html), 0, 0, "FILE", "write one offline page: graph and memory"},
    {"json", 0, TEXT, ALL, AT(json), 0, 0, "FILE",
     "write the result as JSON; - is standard output"},
    {"cpu", 0, TEXT, ALL, AT(cpu), 0, 0, "LEVEL",
     "hide what the machine has beyond x86-64, avx2, avx512, ..."},
    {"verbose", 0, FLAG, ALL, AT(verbose), 0, 0, NULL, "say more"},
    {"quiet", 0, FLAG, ALL, AT(quiet), 0, 0, NULL, "say nothing but errors and results"},
    {"help", 'h', FLAG, ALL, AT(help), 0, 0, NULL, "show this help"},
};
#define ROWS (sizeof table / sizeof table[0])

static const struct {
    const char *name, *operands, *description;
    size_t fewest, most;
} verbs[] = {
#define COMMAND(verb, operands, fewest, most, description)                                         \
    {#verb, operands, description, fewest, most},
#include "commands.def"
#undef COMMAND
};

const char *cli_verb_name(cli_verb verb)
{
    return verbs[verb].name;
}

void cli_help(void)
{
    printf("Solder %s: trained networks become plans, and plans run.\n\nUsage:\n",
           solder_version());
    for (int verb = 0; verb < CLI_VERB_COUNT; verb++) {
        char usage[64];
        (void)snprintf(usage, sizeof usage, "%s %s", verbs[verb].name, verbs[verb].operands);
        printf("  solder %-36s %s\n", usage, verbs[verb].description);
    }
    printf("\n'solder VERB --help' shows the options of one; 'solder --version' the version.\n");
}

void cli_help_verb(cli_verb verb)
{
    printf("Usage: solder %s%s%s [OPTION]...\n%c%s.\n\nOptions:\n", verbs[verb].name,
           verbs[verb].operands[0] != '\0' ? " " : "", verbs[verb].operands,
           toupper((unsigned char)verbs[verb].description[0]), verbs[verb].description + 1);
    for (size_t i = 0; i < ROWS; i++) {
        const row *r = &table[i];
        if (!(r->verbs & (1u << verb)) || r->kind == LATER) {
            continue;
        }
        char left[64];
        /* -o is the only option that is known by its letter. */
        if (r->letter == 'o') {
            (void)snprintf(left, sizeof left, "-o %s", r->value);
        } else {
            (void)snprintf(left, sizeof left, "--%s%s%s", r->name, r->value != NULL ? " " : "",
                           r->value != NULL ? r->value : "");
        }
        printf("  %-34s %s\n", left, r->help);
    }
    printf("\nExit codes: 0 done, 1 the model or data is at fault, 2 usage, 3 the machine is at\n"
           "fault (memory, file, device), 4 compare found a difference.\n");
}

static int fail_usage(cli_verb verb, const char *text, const char *what)
{
    return cli_fail(CLI_USAGE, "%s: %s '%s' (see 'solder %s --help')", verbs[verb].name, text, what,
                    verbs[verb].name);
}

static int store_number(const row *r, const char *text, cli_options *options)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    bool whole = r->kind == WHOLE;
    if (end == text || *end != '\0' || errno != 0 || isnan(value) || value < r->min ||
        value > r->max || (whole && value != floor(value))) {
        return cli_fail(CLI_USAGE, "%s: --%s: '%s' is not a %snumber from %.15g to %.15g",
                        verbs[options->verb].name, r->name, text, whole ? "whole " : "", r->min,
                        r->max);
    }
    if (whole) {
        int64_t number = (int64_t)value;
        memcpy((char *)options + r->offset, &number, sizeof number);
    } else {
        memcpy((char *)options + r->offset, &value, sizeof value);
    }
    return CLI_DONE;
}

static int store(const row *r, const char *text, cli_options *options)
{
    char *field = (char *)options + r->offset;
    switch (r->kind) {
    case FLAG:
        *(bool *)field = true;
        return CLI_DONE;
    case TEXT:
        memcpy(field, &text, sizeof text);
        return CLI_DONE;
    case LIST: {
        cli_list *list = (cli_list *)(void *)field;
        if (list->count == CLI_LIST_MAX) {
            return cli_fail(CLI_USAGE, "%s: --%s is given more than %d times",
                            verbs[options->verb].name, r->name, CLI_LIST_MAX);
        }
        list->items[list->count++] = text;
        return CLI_DONE;
    }
    case LATER:
        return cli_fail(CLI_USAGE, "%s: --%s is not supported in this version",
                        verbs[options->verb].name, r->name);
    default:
        return store_number(r, text, options);
    }
}

static void set_defaults(cli_verb verb, cli_options *options)
{
    memset(options, 0, sizeof *options);
    options->verb = verb;
    for (size_t i = 0; i < ROWS; i++) {
        const row *r = &table[i];
        if (r->kind == WHOLE || r->kind == REAL) {
            const int64_t whole = -1;
            const double real = -1;
            memcpy((char *)options + r->offset, r->kind == WHOLE ? (const void *)&whole : &real, 8);
        }
    }
}

/* The getopt view of the rows of one verb; val is the row's number + 256. */
static void make_getopt(cli_verb verb, struct option *longs, char *letters)
{
    *letters++ = ':';
    for (size_t i = 0; i < ROWS; i++) {
        const row *r = &table[i];
        if (!(r->verbs & (1u << verb))) {
            continue;
        }
        int argument = r->value != NULL ? required_argument : no_argument;
        if (r->letter != 'o') {
            *longs++ = (struct option){r->name, argument, NULL, (int)i + 256};
        }
        if (r->letter != 0) {
            *letters++ = r->letter;
            if (argument == required_argument) {
                *letters++ = ':';
            }
        }
    }
    *letters = '\0';
    memset(longs, 0, sizeof *longs);
}

static const row *find_row(cli_verb verb, int code)
{
    if (code >= 256) {
        return &table[code - 256];
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (table[i].letter == code && (table[i].verbs & (1u << verb))) {
            return &table[i];
        }
    }
    return NULL;
}

static int parse_options(int argc, char **argv, cli_options *options)
{
    struct option longs[ROWS + 1];
    char letters[2 * ROWS + 2];
    make_getopt(options->verb, longs, letters);
    optind = 0; /* start afresh: the tests parse many lines */
    opterr = 0;
    for (;;) {
        int code = getopt_long(argc, argv, letters, longs, NULL);
        if (code == -1) {
            return CLI_DONE;
        }
        if (code == '?') {
            char letter[3] = {'-', (char)optopt, '\0'};
            return fail_usage(options->verb, "unknown option",
                              optopt > 0 && optopt < 256 ? letter : argv[optind - 1]);
        }
        if (code == ':') {
            return fail_usage(options->verb, "a value is missing after", argv[optind - 1]);
        }
        int status = store(find_row(options->verb, code), optarg, options);
        if (status != CLI_DONE || options->help) {
            return status;
        }
    }
}

static int check(const cli_options *options)
{
    const char *verb = verbs[options->verb].name;
    if (options->operand_count < verbs[options->verb].fewest) {
        return cli_fail(CLI_USAGE, "%s: too few operands: solder %s %s (see 'solder %s --help')",
                        verb, verb, verbs[options->verb].operands, verb);
    }
    if (options->verb == CLI_VERB_build && options->plan == NULL) {
        return cli_fail(CLI_USAGE, "build: -o PLAN is missing (see 'solder build --help')");
    }
    if (options->verb == CLI_VERB_convert && options->plan == NULL) {
        return cli_fail(CLI_USAGE, "convert: -o FILE is missing (see 'solder convert --help')");
    }
    if (options->fast && options->effort > 0) {
        return cli_fail(CLI_USAGE, "%s: --fast and --effort %d contradict each other", verb,
                        (int)options->effort);
    }
    if (options->device != NULL && strcmp(options->device, "cpu") != 0) {
        bool cuda = strncmp(options->device, "cuda", 4) == 0;
        return cli_fail(CLI_USAGE, "build: --device %s is not %s", options->device,
                        cuda ? "supported in this version" : "a device: use cpu");
    }
    if (options->quiet && options->verbose) {
        return cli_fail(CLI_USAGE, "%s: --quiet and --verbose contradict each other", verb);
    }
    return CLI_DONE;
}

int cli_options_parse(int argc, char **argv, cli_options *options)
{
    cli_verb verb = CLI_VERB_COUNT;
    for (int i = 0; i < CLI_VERB_COUNT; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0) {
            verb = (cli_verb)i;
        }
    }
    if (verb == CLI_VERB_COUNT) {
        return cli_fail(CLI_USAGE, "unknown command '%s' (see 'solder --help')", argv[1]);
    }
    set_defaults(verb, options);
    int status = parse_options(argc - 1, argv + 1, options);
    if (status != CLI_DONE || options->help) {
        return status;
    }
    for (int i = optind; i < argc - 1; i++) {
        if (options->operand_count == verbs[verb].most) {
            return fail_usage(verb, "unexpected operand", argv[1 + i]);
        }
        options->operands[options->operand_count++] = argv[1 + i];
    }
    return check(options);
}
