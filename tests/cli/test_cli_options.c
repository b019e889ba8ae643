/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines: what they mean, and the exact message of each mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "files.h"
#include "message.h"
#include "options.h"
#include "parse.h"

/* Splits a line at blanks and parses it. */
static int parse(const char *line, cli_options *options)
{
    static char copy[1024];
    char *argv[64] = {0};
    int argc = 0;
    assert_true(strlen(line) < sizeof copy);
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    return cli_options_parse(argc, argv, options);
}

static void test_build_line(void **state)
{
    (void)state;
    cli_options o;
    assert_int_equal(parse("solder build net.prototxt --input data=1x3x8x8 net.caffemodel -o "
                           "net.plan --output a --output b --effort 2 --time-budget 1.5 "
                           "--random-weights 7 --threads=2 --quiet",
                           &o),
                     CLI_DONE);
    assert_int_equal(o.verb, CLI_VERB_build);
    assert_int_equal(o.operand_count, 2);
    assert_string_equal(o.operands[1], "net.caffemodel");
    assert_string_equal(o.plan, "net.plan");
    assert_int_equal(o.inputs.count, 1);
    assert_int_equal(o.outputs.count, 2);
    assert_string_equal(o.outputs.items[1], "b");
    assert_int_equal(o.effort, 2);
    assert_int_equal(o.threads, 2);
    assert_int_equal(o.random_weights, 7);
    assert_int_equal(o.batch, -1);
    assert_true(o.time_budget == 1.5);
    assert_true(o.quiet && !o.verbose);
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"solder fly", "unknown command 'fly' (see 'solder --help')"},
        {"solder tune x y", "tune: unexpected operand 'y' (see 'solder tune --help')"},
        {"solder build", "build: too few operands: solder build MODEL [WEIGHTS] -o PLAN (see "
                         "'solder build --help')"},
        {"solder build m", "build: -o PLAN is missing (see 'solder build --help')"},
        {"solder build a b c -o p", "build: unexpected operand 'c' (see 'solder build --help')"},
        {"solder build m -o", "build: a value is missing after '-o' (see 'solder build --help')"},
        {"solder build m --input",
         "build: a value is missing after '--input' (see 'solder build --help')"},
        {"solder build m -o p --frob",
         "build: unknown option '--frob' (see 'solder build --help')"},
        {"solder run p -x", "run: unknown option '-x' (see 'solder run --help')"},
        {"solder run p --effort 1", "run: unknown option '--effort' (see 'solder run --help')"},
        {"solder run p --profile=yes",
         "run: unknown option '--profile=yes' (see 'solder run --help')"},
        {"solder build m -o p --effort 3",
         "build: --effort: '3' is not a whole number from 0 to 2"},
        {"solder run p --threads 0", "run: --threads: '0' is not a whole number from 1 to 1024"},
        {"solder run p --threads 1.5",
         "run: --threads: '1.5' is not a whole number from 1 to 1024"},
        {"solder run p --top many", "run: --top: 'many' is not a whole number from 1 to 1000000"},
        {"solder compare m p --rtol nan", "compare: --rtol: 'nan' is not a number from 0 to 1e+30"},
        {"solder build m -o p --fast --effort 2",
         "build: --fast and --effort 2 contradict each other"},
        {"solder run p --quiet --verbose", "run: --quiet and --verbose contradict each other"},
        {"solder build m -o p --fp16", "build: --fp16 is not supported in this version"},
        {"solder build m -o p --bf16", "build: --bf16 is not supported in this version"},
        {"solder build m -o p --int8 --calibrate x",
         "build: --int8 is not supported in this version"},
        {"solder build m -o p --calibrate x",
         "build: --calibrate is not supported in this version"},
        {"solder build m -o p --device cuda:1",
         "build: --device cuda:1 is not supported in this version"},
        {"solder build m -o p --device tpu", "build: --device tpu is not a device: use cpu"},
        {"solder devices here", "devices: unexpected operand 'here' (see 'solder devices --help')"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cli_options o;
        assert_int_equal(parse(cases[i].line, &o), CLI_USAGE);
        assert_string_equal(cli_error(), cases[i].message);
    }
}

static void test_help_needs_no_operands(void **state)
{
    (void)state;
    cli_options o;
    assert_int_equal(parse("solder build --help", &o), CLI_DONE);
    assert_true(o.help);
}

static void expect_input(const char *text, const char *name, solder_dtype dtype, bool nhwc,
                         const char *dims)
{
    cli_name buffer;
    solder_input_spec spec;
    char have[CLI_DIMS_TEXT];
    double value;
    assert_int_equal(cli_parse_input(text, &buffer, &value, &spec), CLI_DONE);
    assert_null(spec.value);
    if (name == NULL) {
        assert_null(spec.name);
    } else {
        assert_string_equal(spec.name, name);
    }
    assert_int_equal(spec.dtype, dtype);
    assert_int_equal(spec.nhwc, nhwc);
    assert_string_equal(cli_dims_text(&spec.dims, have), dims);
}

static void test_input_specs(void **state)
{
    (void)state;
    expect_input("1x3x224x224", NULL, SOLDER_NONE, false, "1x3x224x224");
    expect_input("data=?x3x-1x8", "data", SOLDER_NONE, false, "?x3x?x8");
    expect_input("data:u8=1x8x8x3:nhwc", "data", SOLDER_U8, true, "1x8x8x3");
    expect_input("input:0=1x3", "input:0", SOLDER_NONE, false, "1x3");
    expect_input("input:0:f16=1x3", "input:0", SOLDER_F16, false, "1x3");
    expect_input("a=b=4", "a=b", SOLDER_NONE, false, "4");
    expect_input(":u8=4x4", NULL, SOLDER_U8, false, "4x4");
    expect_input("y:u8", "y", SOLDER_U8, false, "scalar");
    static const char *const wrong[] = {"data=",
                                        "data",
                                        "data=1x",
                                        "data=x1",
                                        "data=1xx2",
                                        "data=1x-2",
                                        "data=1.5",
                                        "data=1x2x3x4x5x6x7x8x9",
                                        "data=99999999999999999999",
                                        "data:f99=4",
                                        "=",
                                        ""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cli_name name;
        solder_input_spec spec;
        double value;
        int status = cli_parse_input(wrong[i], &name, &value, &spec);
        /* An unknown type is part of the name. */
        assert_int_equal(status, strcmp(wrong[i], "data:f99=4") == 0 ? CLI_DONE : CLI_USAGE);
    }
    assert_string_equal(cli_error(), "--input '': not a shape; write NAME[:DTYPE]=DIMS[:nhwc], as "
                                     "data=1x3x224x224");
}

static void test_input_values(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
        double value;
        solder_dtype dtype;
        int rank;
    } right[] = {{"sr:=16000", "sr", 16000, SOLDER_NONE, 0},
                 {"training:=false", "training", 0, SOLDER_NONE, 0},
                 {"phase:0:=true", "phase:0", 1, SOLDER_NONE, 0},
                 {"3:=-1.5e-3", "3", -1.5e-3, SOLDER_NONE, 0},
                 {"mask:f32=1x*:=1", "mask", 1, SOLDER_F32, 2}};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        cli_name name;
        solder_input_spec spec;
        double value;
        assert_int_equal(cli_parse_input(right[i].text, &name, &value, &spec), CLI_DONE);
        assert_string_equal(spec.name, right[i].name);
        assert_true(*spec.value == right[i].value);
        assert_int_equal(spec.dtype, right[i].dtype);
        assert_int_equal(spec.dims.rank, right[i].rank);
    }
    static const char *const wrong[] = {"sr:=", "sr:=x", "sr:=1x", "=:=1", ":=1", "sr=1xx:=2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cli_name name;
        solder_input_spec spec;
        double value;
        assert_int_equal(cli_parse_input(wrong[i], &name, &value, &spec), CLI_USAGE);
    }
}

static void test_shapes(void **state)
{
    (void)state;
    cli_name name;
    solder_profile p;
    assert_int_equal(cli_parse_shapes("data=1x3x8x8..4x3x8x8..8x3x8x8", &name, &p), CLI_DONE);
    assert_string_equal(p.input, "data");
    assert_int_equal(p.min.d[0], 1);
    assert_int_equal(p.opt.d[0], 4);
    assert_int_equal(p.max.d[0], 8);
    assert_int_equal(cli_parse_shapes("1..2..3", &name, &p), CLI_DONE);
    assert_null(p.input);
    assert_int_equal(cli_parse_shapes("data=1x3..4x3", &name, &p), CLI_USAGE);
    assert_string_equal(cli_error(), "--shapes 'data=1x3..4x3': write NAME=MIN..OPT..MAX, as "
                                     "data=1x3x8x8..4x3x8x8..8x3x8x8");
    assert_int_equal(cli_parse_shapes("data=4..2..8", &name, &p), CLI_USAGE);
    assert_string_equal(cli_error(), "--shapes 'data=4..2..8': MIN, OPT and MAX are not in order");
    assert_int_equal(cli_parse_shapes("data=1x2..1..1x2", &name, &p), CLI_USAGE);
    assert_int_equal(cli_parse_shapes("data=?..?..?", &name, &p), CLI_USAGE);
}

static void test_preprocess(void **state)
{
    (void)state;
    cli_name name;
    solder_preprocess p;
    assert_int_equal(cli_parse_preprocess("input=x,bgr,mean=104:117:123,scale=1/128,resize=crop,"
                                          "transpose",
                                          &name, &p),
                     CLI_DONE);
    assert_string_equal(p.input, "x");
    assert_memory_equal(p.order, "bgr", 4);
    assert_true(p.mean[0] == 104 && p.mean[1] == 117 && p.mean[2] == 123);
    assert_true(p.scale[0] == 1.0f / 128 && p.scale[2] == 1.0f / 128);
    assert_int_equal(p.resize, 2);
    assert_int_equal(p.transposed, 1);
    assert_int_equal(cli_parse_preprocess("gray,std=2", &name, &p), CLI_DONE);
    assert_true(p.order[0] == 'g' && p.scale[0] == 0.5f && p.mean[0] == 0 && p.resize == 1);
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"rbg", "--preprocess: 'rbg' is not a word of the rule"},
        {"", "--preprocess: '' is not a word of the rule"},
        {"means=1", "--preprocess: 'means' is not a key"},
        {"mean=1:2", "--preprocess: 2 numbers for the 3 channels of rgb"},
        {"gray,scale=1:2:3", "--preprocess: 3 numbers for the 1 channel of gray"},
        {"mean=a", "--preprocess: 'mean=a' is not one to four numbers"},
        {"scale=1/0", "--preprocess: 'scale=1/0' is not one to four numbers"},
        {"mean=1:2:3:4:5", "--preprocess: 'mean=1:2:3:4:5' is not one to four numbers"},
        {"std=0", "--preprocess: 'std=0' holds a zero"},
        {"resize=fill", "--preprocess: 'resize=fill' is not none, stretch, crop or pad"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(cli_parse_preprocess(wrong[i].text, &name, &p), CLI_USAGE);
        assert_string_equal(cli_error(), wrong[i].message);
    }
}

static void write_mean(const char *path, const void *data, size_t size)
{
    assert_int_equal(cli_file_write(path, data, size, NULL, 0), CLI_DONE);
}

/* BlobProto: channels (2), then packed floats (5), or a shape (7). */
static void test_mean_file(void **state)
{
    (void)state;
    const char *path = BINARY_DIR "/test_cli.binaryproto";
    const float values[6] = {1, 3, 10, 30, 100, 300};
    uint8_t blob[64] = {0x08, 1, 0x10, 3, 0x18, 1, 0x20, 2, 0x2a, 24};
    memcpy(blob + 10, values, 24);
    write_mean(path, blob, 34);
    cli_name name;
    solder_preprocess p;
    assert_int_equal(
        cli_parse_preprocess("bgr,mean=" BINARY_DIR "/test_cli.binaryproto", &name, &p), CLI_DONE);
    assert_true(p.mean[0] == 2 && p.mean[1] == 20 && p.mean[2] == 200);

    uint8_t shaped[64] = {0x3a, 6, 0x0a, 4, 1, 3, 1, 2, 0x2a, 24};
    float mean[4];
    size_t count;
    memcpy(shaped + 10, values, 24);
    write_mean(path, shaped, 34);
    assert_int_equal(cli_read_mean(path, mean, &count), CLI_DONE);
    assert_int_equal(count, 3);
    assert_true(mean[2] == 200);

    for (size_t size = 0; size < 34; size++) { /* truncated anywhere */
        write_mean(path, blob, size);
        assert_int_equal(cli_read_mean(path, mean, &count), CLI_DATA);
    }
    blob[3] = 4;
    write_mean(path, blob, 34);
    assert_int_equal(cli_read_mean(path, mean, &count), CLI_DATA);
    assert_string_equal(cli_error(),
                        BINARY_DIR "/test_cli.binaryproto: a mean file of 6 values and 4 channels");
    (void)remove(path);
    assert_int_equal(cli_read_mean(path, mean, &count), CLI_MACHINE);
}

static void test_status_to_exit_code(void **state)
{
    (void)state;
    assert_int_equal(cli_fail_status(SOLDER_ERROR_DATA, "x"), CLI_DATA);
    assert_int_equal(cli_fail_status(SOLDER_ERROR_VERSION, "x"), CLI_DATA);
    assert_int_equal(cli_fail_status(SOLDER_ERROR_UNSUPPORTED, "x"), CLI_DATA);
    assert_int_equal(cli_fail_status(SOLDER_ERROR_ARGUMENT, "x"), CLI_USAGE);
    assert_int_equal(cli_fail_status(SOLDER_ERROR_NOT_FOUND, "x"), CLI_USAGE);
    assert_int_equal(cli_fail_status(SOLDER_ERROR_MEMORY, "x"), CLI_MACHINE);
    assert_int_equal(cli_fail_status(SOLDER_ERROR_IO, "x"), CLI_MACHINE);
    assert_int_equal(cli_fail_status(SOLDER_ERROR_DEVICE, "two\nlines"), CLI_MACHINE);
    assert_string_equal(cli_error(), "two?lines");
    assert_int_equal(cli_fail_status(SOLDER_ERROR_DATA, ""), CLI_DATA);
    assert_string_equal(cli_error(), "data");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build_line),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_help_needs_no_operands),
        cmocka_unit_test(test_input_specs),
        cmocka_unit_test(test_input_values),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_preprocess),
        cmocka_unit_test(test_mean_file),
        cmocka_unit_test(test_status_to_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
