/* SPDX-License-Identifier: Apache-2.0 */
/* solder convert: a model as a UFF file. */
#include "commands.h"
#include "json.h"
#include "message.h"
#include "solder/builder.h"
#include "stats.h"

#include <string.h>
#include <sys/stat.h>

static bool has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path), n = strlen(suffix);
    return length > n && strcmp(path + length - n, suffix) == 0;
}

static int report(const cli_options *options, double seconds)
{
    struct stat info;
    const char *path = options->plan;
    if (stat(path, &info) != 0) {
        return cli_fail(CLI_MACHINE, "'%s' is gone", path);
    }
    if (cli_volume() > 0) {
        cli_print("%s: %.2f MiB, converted in %.2f s\n", path, (double)info.st_size / 0x1p20,
                  seconds);
    }
    if (options->json == NULL) {
        return CLI_DONE;
    }
    json_t *result = cli_json_create("convert");
    cli_json_set(result, "model", cli_json_text(options->operands[0]));
    cli_json_set(result, "file", cli_json_text(path));
    cli_json_set(result, "bytes", json_integer(info.st_size));
    cli_json_set(result, "seconds", cli_json_real(seconds));
    return cli_json_write(options->json, result);
}

int cli_convert(const cli_options *options)
{
    const char *path = options->plan;
    if (!has_suffix(path, ".uff") && !has_suffix(path, ".pbtxt")) {
        return cli_fail(CLI_USAGE, "convert: -o '%s' ends neither in .uff nor in .pbtxt", path);
    }
    double start = cli_now();
    solder_builder *builder;
    solder_builder_options settings = {.struct_size = sizeof settings, .logger = cli_logger()};
    solder_status status = solder_builder_create(&settings, &builder);
    if (status != SOLDER_OK) {
        return cli_fail_status(status, "the builder could not start");
    }
    solder_import_options import = solder_import_options_default();
    import.outputs = options->outputs.items;
    import.output_count = options->outputs.count;
    status =
        solder_convert(builder, options->operands[0],
                       options->operand_count == 2 ? options->operands[1] : NULL, &import, path);
    int code =
        status == SOLDER_OK ? CLI_DONE : cli_fail_status(status, solder_builder_message(builder));
    solder_builder_destroy(builder);
    return code == CLI_DONE ? report(options, cli_now() - start) : code;
}
