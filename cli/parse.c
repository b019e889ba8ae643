/* SPDX-License-Identifier: Apache-2.0 */
#include "parse.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_dim(const char *text, size_t length, int64_t *dim)
{
    if ((length == 1 && text[0] == '?') || (length == 2 && memcmp(text, "-1", 2) == 0)) {
        *dim = -1;
        return true;
    }
    if (length == 1 && text[0] == '*') {
        *dim = SOLDER_DIM_AS_MODEL;
        return true;
    }
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || value > (INT64_MAX - 9) / 10) {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *dim = value;
    return length > 0;
}

bool cli_parse_dims(const char *text, size_t length, solder_dims *dims)
{
    dims->rank = 0;
    for (size_t at = 0; length > 0 && at <= length; at++) {
        const char *end = memchr(text + at, 'x', length - at);
        size_t digits = end != NULL ? (size_t)(end - text) - at : length - at;
        if (dims->rank == SOLDER_MAX_RANK || !parse_dim(text + at, digits, &dims->d[dims->rank])) {
            return false;
        }
        dims->rank++;
        at += digits;
    }
    return true;
}

static int copy_name(const char *text, size_t length, cli_name *name)
{
    if (length >= sizeof name->text) {
        return cli_fail(CLI_USAGE, "a name of %zu characters is too long", length);
    }
    memcpy(name->text, text, length);
    name->text[length] = '\0';
    return CLI_DONE;
}

int cli_split_name(const char *argument, cli_name *name, const char **rest)
{
    const char *equals = strchr(argument, '=');
    *rest = equals != NULL ? equals + 1 : argument;
    return copy_name(argument, equals != NULL ? (size_t)(equals - argument) : 0, name);
}

/* Dims never hold '=', names may: split at the last. */
static int split_dims(const char *argument, cli_name *name, const char **rest)
{
    const char *equals = strrchr(argument, '=');
    *rest = equals != NULL ? equals + 1 : argument;
    return copy_name(argument, equals != NULL ? (size_t)(equals - argument) : 0, name);
}

static solder_dtype find_dtype(const char *text)
{
    for (int i = SOLDER_F32; i <= SOLDER_BOOL; i++) {
        if (strcmp(text, solder_dtype_name((solder_dtype)i)) == 0) {
            return (solder_dtype)i;
        }
    }
    return SOLDER_NONE;
}

/* The part of the argument that is not ":nhwc". */
static size_t without_order(const char *argument, bool *nhwc)
{
    size_t length = strlen(argument);
    *nhwc = length >= 5 && strcmp(argument + length - 5, ":nhwc") == 0;
    return *nhwc ? length - 5 : length;
}

/* Cuts ":DTYPE" off the name. */
static solder_dtype take_dtype(cli_name *name)
{
    char *colon = strrchr(name->text, ':');
    solder_dtype dtype = colon != NULL ? find_dtype(colon + 1) : SOLDER_NONE;
    if (dtype != SOLDER_NONE) {
        *colon = '\0';
    }
    return dtype;
}

/* [NAME[:DTYPE]=]DIMS[:nhwc], or NAME[:DTYPE] alone, which an input with a value always may be. */
static int parse_spec(const char *argument, bool valued, cli_name *name, solder_input_spec *spec)
{
    const char *text;
    size_t length = without_order(argument, &spec->nhwc);
    int status = split_dims(argument, name, &text);
    bool dims_alone = text == argument && !valued && cli_parse_dims(argument, length, &spec->dims);
    if (status == CLI_DONE && text == argument && !dims_alone) {
        status = copy_name(argument, length, name);
        text = argument + length;
    }
    if (status != CLI_DONE) {
        return status;
    }
    spec->dtype = take_dtype(name);
    spec->name = name->text[0] != '\0' ? name->text : NULL;
    length -= (size_t)(text - argument);
    if (!cli_parse_dims(text, length, &spec->dims) ||
        (spec->dims.rank == 0 && spec->dtype == SOLDER_NONE && !valued)) {
        return cli_fail(CLI_USAGE,
                        "--input '%s': not a shape; write NAME[:DTYPE]=DIMS[:nhwc], as "
                        "data=1x3x224x224",
                        argument);
    }
    return CLI_DONE;
}

static bool parse_value(const char *text, double *value)
{
    char *end;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        *value = text[0] == 't';
        return true;
    }
    *value = strtod(text, &end);
    return end != text && *end == '\0';
}

int cli_parse_input(const char *argument, cli_name *name, double *value, solder_input_spec *spec)
{
    memset(spec, 0, sizeof *spec);
    const char *assigned = NULL;
    for (const char *at = strstr(argument, ":="); at != NULL; at = strstr(at + 2, ":=")) {
        assigned = at;
    }
    if (assigned == NULL) {
        return parse_spec(argument, false, name, spec);
    }
    cli_name left;
    int status = copy_name(argument, (size_t)(assigned - argument), &left);
    if (status == CLI_DONE) {
        status = parse_spec(left.text, true, name, spec);
    }
    if (status == CLI_DONE && (spec->name == NULL || !parse_value(assigned + 2, value))) {
        status = cli_fail(CLI_USAGE,
                          "--input '%s': write NAME[:DTYPE][=DIMS]:=NUMBER, as training:=false",
                          argument);
    }
    spec->value = value;
    return status;
}

int cli_parse_shapes(const char *argument, cli_name *name, solder_profile *profile)
{
    const char *text;
    memset(profile, 0, sizeof *profile);
    int status = split_dims(argument, name, &text);
    if (status != CLI_DONE) {
        return status;
    }
    profile->input = name->text[0] != '\0' ? name->text : NULL;
    const char *first = strstr(text, "..");
    const char *second = first != NULL ? strstr(first + 2, "..") : NULL;
    if (second == NULL || !cli_parse_dims(text, (size_t)(first - text), &profile->min) ||
        !cli_parse_dims(first + 2, (size_t)(second - first) - 2, &profile->opt) ||
        !cli_parse_dims(second + 2, strlen(second + 2), &profile->max)) {
        return cli_fail(CLI_USAGE,
                        "--shapes '%s': write NAME=MIN..OPT..MAX, as "
                        "data=1x3x8x8..4x3x8x8..8x3x8x8",
                        argument);
    }
    for (int i = 0; i < profile->max.rank; i++) {
        if (profile->min.rank != profile->max.rank || profile->opt.rank != profile->max.rank ||
            profile->min.d[i] < 0 || profile->min.d[i] > profile->opt.d[i] ||
            profile->opt.d[i] > profile->max.d[i]) {
            return cli_fail(CLI_USAGE, "--shapes '%s': MIN, OPT and MAX are not in order",
                            argument);
        }
    }
    return CLI_DONE;
}

/* "127.5" or "1/128". */
static bool parse_real(const char **text, double *value)
{
    char *end;
    *value = strtod(*text, &end);
    if (end == *text) {
        return false;
    }
    if (*end == '/') {
        const char *below = end + 1;
        double divisor = strtod(below, &end);
        if (end == below || divisor == 0) {
            return false;
        }
        *value /= divisor;
    }
    *text = end;
    return isfinite(*value);
}

static bool parse_channels(const char *text, float values[4], size_t *count)
{
    for (*count = 0; *count < 4; text++) {
        double value;
        if (!parse_real(&text, &value)) {
            return false;
        }
        values[(*count)++] = (float)value;
        if (*text != ':') {
            return *text == '\0';
        }
    }
    return false;
}

/* One number stands for every channel. */
static void spread(float values[4], size_t count)
{
    for (size_t i = count; i < 4; i++) {
        values[i] = count == 1 ? values[0] : 0;
    }
}

static int read_channels(const char *key, const char *value, float values[4], size_t *count)
{
    size_t length = strlen(value);
    if (strcmp(key, "mean") == 0 && length > 12 &&
        strcmp(value + length - 12, ".binaryproto") == 0) {
        int status = cli_read_mean(value, values, count);
        spread(values, *count);
        return status;
    }
    if (!parse_channels(value, values, count)) {
        return cli_fail(CLI_USAGE, "--preprocess: '%s=%s' is not one to four numbers", key, value);
    }
    spread(values, *count);
    return CLI_DONE;
}

static int read_resize(const char *value, uint32_t *resize)
{
    static const char *const names[] = {"none", "stretch", "crop", "pad"};
    for (uint32_t i = 0; i < 4; i++) {
        if (strcmp(value, names[i]) == 0) {
            *resize = i;
            return CLI_DONE;
        }
    }
    return cli_fail(CLI_USAGE, "--preprocess: 'resize=%s' is not none, stretch, crop or pad",
                    value);
}

typedef struct channels {
    size_t mean, scale; /* numbers given; 0: none */
} channels;

static int read_pair(const char *key, const char *value, cli_name *name, solder_preprocess *p,
                     channels *given)
{
    if (strcmp(key, "input") == 0) {
        p->input = name->text;
        return copy_name(value, strlen(value), name);
    }
    if (strcmp(key, "resize") == 0) {
        return read_resize(value, &p->resize);
    }
    if (strcmp(key, "mean") == 0) {
        return read_channels(key, value, p->mean, &given->mean);
    }
    if (strcmp(key, "scale") == 0) {
        return read_channels(key, value, p->scale, &given->scale);
    }
    if (strcmp(key, "std") == 0) {
        int status = read_channels(key, value, p->scale, &given->scale);
        for (size_t i = 0; i < 4 && status == CLI_DONE; i++) {
            if (p->scale[i] == 0 && i < given->scale) {
                return cli_fail(CLI_USAGE, "--preprocess: 'std=%s' holds a zero", value);
            }
            p->scale[i] = p->scale[i] != 0 ? 1 / p->scale[i] : 1;
        }
        return status;
    }
    return cli_fail(CLI_USAGE, "--preprocess: '%s' is not a key", key);
}

static int read_word(const char *word, solder_preprocess *p)
{
    if (strcmp(word, "rgb") == 0 || strcmp(word, "bgr") == 0 || strcmp(word, "gray") == 0) {
        memset(p->order, 0, sizeof p->order);
        memcpy(p->order, word, strlen(word));
        return CLI_DONE;
    }
    if (strcmp(word, "transpose") == 0) {
        p->transposed = 1;
        return CLI_DONE;
    }
    return cli_fail(CLI_USAGE, "--preprocess: '%s' is not a word of the rule", word);
}

static int check_channels(const solder_preprocess *p, const channels *given)
{
    size_t wanted = p->order[0] == 'g' ? 1 : 3;
    if ((given->mean > 1 && given->mean != wanted) ||
        (given->scale > 1 && given->scale != wanted)) {
        return cli_fail(CLI_USAGE, "--preprocess: %zu numbers for the %zu channel%s of %.4s",
                        given->mean > 1 && given->mean != wanted ? given->mean : given->scale,
                        wanted, wanted > 1 ? "s" : "", p->order);
    }
    return CLI_DONE;
}

int cli_parse_preprocess(const char *argument, cli_name *name, solder_preprocess *preprocess)
{
    *preprocess = (solder_preprocess){
        .order = "rgb", .scale = {1, 1, 1, 1}, .resize = 1, /* stretch */
    };
    channels given = {0, 0};
    char *copy = strdup(argument);
    if (copy == NULL) {
        return cli_fail_memory(strlen(argument) + 1);
    }
    int status = CLI_DONE;
    char *rest = copy;
    while (status == CLI_DONE && rest != NULL) {
        char *item = strsep(&rest, ",");
        char *equals = strchr(item, '=');
        if (equals != NULL) {
            *equals = '\0';
            status = read_pair(item, equals + 1, name, preprocess, &given);
        } else {
            status = read_word(item, preprocess);
        }
    }
    free(copy);
    return status == CLI_DONE ? check_channels(preprocess, &given) : status;
}
