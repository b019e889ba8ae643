/* SPDX-License-Identifier: Apache-2.0 */
/* External data: read from the model's folder, and from nowhere else. */
#include <sys/stat.h>
#include <unistd.h>

#include "import/onnx_check.h"

static char folder[256];

static void path_of(char path[512], const char *name)
{
    (void)snprintf(path, 512, "%s/%s", folder, name);
}

static void write_file(const char *name, const void *data, size_t size)
{
    char path[512];
    path_of(path, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
    (void)state;
    char path[512], secret[512];
    (void)snprintf(folder, sizeof folder, "%s/onnx-external-XXXXXX", BINARY_DIR);
    assert_non_null(mkdtemp(folder));
    path_of(path, "model");
    assert_int_equal(mkdir(path, 0755), 0);
    path_of(path, "model/sub");
    assert_int_equal(mkdir(path, 0755), 0);
    path_of(path, "outside");
    assert_int_equal(mkdir(path, 0755), 0);
    write_file("model/w.bin", F(0, 1, 2, 3), 16);
    write_file("model/sub/w.bin", F(4, 5), 8);
    write_file("outside/secret", F(6, 7), 8);
    path_of(secret, "outside/secret");
    path_of(path, "model/link");
    assert_int_equal(symlink(secret, path), 0);
    path_of(path, "model/folder");
    assert_int_equal(symlink("../outside", path), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"model/link",      "model/folder",   "model/w.bin",
                                        "model/sub/w.bin", "outside/secret", "model/sub",
                                        "model",           "outside",        ""};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(names); i++) {
        char path[512];
        path_of(path, names[i]);
        (void)remove(path);
    }
    return 0;
}

static void entry(wire_buffer *tensor, const char *key, const char *value)
{
    wire_buffer pair = {0};
    if (value != NULL) {
        wire_text(&pair, 1, key);
        wire_text(&pair, 2, value);
        wire_message(tensor, 13, &pair);
    }
}

typedef struct place {
    const char *location, *offset, *length;
} place;

static void open_model(onnx_bench *b, char path[512], place at)
{
    wire_buffer tensor = {0};
    bench_open(b, 13);
    path_of(path, "model/m.onnx");
    b->path = path;
    onnx_dims(&tensor, ONNX_FLOAT, 1, D(2));
    wire_text(&tensor, 8, "w");
    entry(&tensor, "location", at.location);
    entry(&tensor, "offset", at.offset);
    entry(&tensor, "length", at.length);
    wire_int(&tensor, 14, 1);
    wire_message(&b->f.graph, 5, &tensor);
    onnx_node(&b->f, "Identity", "i", "w", "y");
    onnx_output(&b->f, "y", ONNX_FLOAT);
}

static void reads_beneath_the_folder(void **state)
{
    (void)state;
    static const struct {
        place at;
        double values[2];
    } cases[] = {{{"w.bin", "8", "8"}, {2, 3}},
                 {{"w.bin", NULL, NULL}, {0, 1}},
                 {{"./sub//w.bin", "0", NULL}, {4, 5}}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        onnx_bench b;
        char path[512];
        open_model(&b, path, cases[i].at);
        bench_import(&b);
        bench_run(&b, NULL);
        bench_check(&b, 0, 1, D(2), cases[i].values);
        bench_close(&b);
    }
}

/* Data at an odd offset is copied, not read unaligned. */
static void odd_offset(void **state)
{
    (void)state;
    onnx_bench b;
    char path[512];
    uint8_t bytes[11] = {0};
    memcpy(bytes + 3, F(8, 9), 8);
    write_file("model/w.bin", bytes, sizeof bytes);
    open_model(&b, path, (place){"w.bin", "3", "8"});
    bench_import(&b);
    bench_run(&b, NULL);
    bench_check(&b, 0, 1, D(2), V(8, 9));
    bench_close(&b);
    write_file("model/w.bin", F(0, 1, 2, 3), 16);
}

static void two_tensors_map_one_file_once(void **state)
{
    (void)state;
    onnx_bench b;
    char path[512];
    wire_buffer tensor = {0};
    open_model(&b, path, (place){"w.bin", "8", NULL});
    onnx_dims(&tensor, ONNX_FLOAT, 1, D(2));
    wire_text(&tensor, 8, "v");
    entry(&tensor, "location", "w.bin");
    wire_int(&tensor, 14, 1);
    wire_message(&b.f.graph, 5, &tensor);
    bench_import(&b);
    assert_int_equal(b.kept_count, 1);
    bench_close(&b);
}

static void refuses_what_lies_elsewhere(void **state)
{
    (void)state;
    static const struct {
        place at;
        solder_status status;
        const char *message;
    } cases[] = {
        {{"../outside/secret", NULL, NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': external data '../outside/secret' leaves the model's folder"},
        {{"sub/../../outside/secret", NULL, NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': external data 'sub/../../outside/secret' leaves the model's folder"},
        {{"/etc/passwd", NULL, NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': external data '/etc/passwd' leaves the model's folder"},
        {{"", NULL, NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': external data '' leaves the model's folder"},
        {{NULL, NULL, NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': external data '' leaves the model's folder"},
        {{"link", NULL, NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': external data 'link' is or passes a symbolic link"},
        {{"folder/secret", NULL, NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': external data 'folder/secret' is or passes a symbolic link"},
        {{"missing", NULL, NULL},
         SOLDER_ERROR_IO,
         "onnx: tensor 'w': cannot open external data 'missing': No such file or directory"},
        {{"w.bin/x", NULL, NULL},
         SOLDER_ERROR_IO,
         "onnx: tensor 'w': cannot open external data 'w.bin/x': Not a directory"},
        {{"sub", NULL, NULL},
         SOLDER_ERROR_IO,
         "onnx: tensor 'w': cannot read 'sub': Is a directory"},
        {{"w.bin", "12", NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': its external data lies outside 'w.bin' (16 bytes)"},
        {{"w.bin", "9223372036854775807", NULL},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': its external data lies outside 'w.bin' (16 bytes)"},
        {{"w.bin", "0", "4"},
         SOLDER_ERROR_DATA,
         "onnx: tensor 'w': its external data has 4 bytes, its shape needs 8"},
        {{"w.bin", "-4", NULL},
         SOLDER_ERROR_DATA,
         "onnx: 'w': offset of its external data is '-4'"},
        {{"w.bin", "99999999999999999999", NULL},
         SOLDER_ERROR_DATA,
         "onnx: 'w': offset of its external data is '99999999999999999999'"}};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(cases); i++) {
        onnx_bench b;
        char path[512];
        open_model(&b, path, cases[i].at);
        bench_expect(&b, cases[i].status, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_beneath_the_folder),
        cmocka_unit_test(odd_offset),
        cmocka_unit_test(two_tensors_map_one_file_once),
        cmocka_unit_test(refuses_what_lies_elsewhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
