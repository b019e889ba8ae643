/* SPDX-License-Identifier: Apache-2.0 */
/* UFF files of several graphs: what If, Case and While run. Written in text form, read as bytes. */
#include "check.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "import/graphdef/graphdef.h"
#include "import/uff/uff.h"
#include "import/uff/uff_write.h"

static sld_diag diag;
static sld_graph *graph;
static const solder_allocator *allocator;

static solder_status import_bytes(const sld_importer *importer, const void *data, size_t size)
{
    const solder_import_options options = {.struct_size = sizeof options};
    sld_diag_init(&diag, NULL);
    SLD_TRY(sld_graph_create(allocator, &diag, &graph));
    sld_import import = {.model_path = "net",
                         .model = {data, size},
                         .options = &options,
                         .diag = &diag,
                         .allocator = allocator,
                         .graph = graph};
    solder_status status = importer->import(&import);
    if (status != SOLDER_OK) {
        sld_graph_destroy(graph);
        graph = NULL;
    }
    return status;
}

/* The results of one run of a graph of one input of type f32 and outputs of one element. */
static void gives(float x, int count, const double *want)
{
    sld_arena arena;
    sld_tensor results[4], input = sld_tensor_make(&x, SOLDER_F32, 0, NULL);
    sld_arena_init(&arena, NULL, 0);
    assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
    assert_int_equal(graph->output_count, count);
    if (sld_graph_evaluate(graph, &diag, NULL, &input, &arena, results, NULL, NULL) != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
    for (int i = 0; i < count; i++) {
        assert_float_equal(sld_at_f64(&results[i], 0), want[i], 1e-6);
    }
    sld_arena_free(&arena);
}

#define V(...)                                                                                     \
    (double[])                                                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* ---- reading ---- */

#define START  "version: 1 descriptor_core_version: 1 "
#define X      "nodes { id: 'x' operation: 'Input' fields { key: 'shape' value { i_list { } } } } "
#define ARG(n) "nodes { id: '" n "' operation: 'Input' } "
#define BINARY(id, func, a, b)                                                                     \
    "nodes { id: '" id "' operation: 'Binary' inputs: '" a "' inputs: '" b "' fields { key: "      \
    "'func' value { s: '" func "' } } } "
#define CUSTOM(id, op, a, b)                                                                       \
    "nodes { id: '" id "' operation: '_" op "' inputs: '" a "' inputs: '" b "' } "
#define ONE(id, n)                                                                                 \
    "nodes { id: '" id "' operation: 'Const' fields { key: 'shape' value { i_list { } } } fields " \
    "{ key: 'dtype' value { dtype: DT_FLOAT32 } } fields { key: 'values' value { blob: '" n        \
    "' } } } "
#define MARK(n)      "nodes { id: 'out " n "' operation: 'MarkOutput' inputs: '" n "' } "
#define S(key, text) "fields { key: '" key "' value { s: '" text "' } } "
#define IF                                                                                         \
    "nodes { id: 'choice' operation: '_If' inputs: 'go' inputs: 'x' " S("then_branch", "double")   \
        S("else_branch", "square") "} "
#define TWO     "\\000\\000\\000@" /* 2.0f */
#define HUNDRED "\\000\\000\\310B"
#define DOUBLE                                                                                     \
    "graphs { id: 'double' " ARG("a") BINARY("s", "add", "a", "a") MARK("s") MARK("a") "} "
#define SQUARE                                                                                     \
    "graphs { id: 'square' " ARG("a") BINARY("p", "mul", "a", "a") MARK("p") MARK("a") "} "
#define MAIN_IF                                                                                    \
    "graphs { id: 'main' " X ONE("two", TWO) CUSTOM("go", "Greater", "x", "two") IF MARK("choice") \
        MARK("choice:1") "} "
#define MAIN_WHILE                                                                                 \
    "graphs { " X "nodes { id: 'loop' operation: '_While' inputs: 'x' " S("body", "double")        \
        S("cond", "small") "} " MARK("loop") "} "
#define SMALL                                                                                      \
    "graphs { id: 'small' " ARG("v") ONE("top", HUNDRED) CUSTOM("less", "Less", "v", "top")        \
        MARK("less") "} "
#define DOUBLE_ONE "graphs { id: 'double' " ARG("a") BINARY("s", "add", "a", "a") MARK("s") "} "

static void reads(const char *text)
{
    if (import_bytes(&sld_importer_uff, text, strlen(text)) != SOLDER_OK) {
        fail_msg("%s", diag.message);
    }
}

static void branches(void **state)
{
    (void)state;
    reads(START MAIN_IF DOUBLE SQUARE);
    gives(3, 2, V(6, 3));
    gives(-3, 2, V(9, -3));
    sld_graph_destroy(graph);
    reads(START MAIN_IF SQUARE DOUBLE); /* any order behind the first */
    gives(3, 2, V(6, 3));
    sld_graph_destroy(graph);
}

static void loop(void **state)
{
    (void)state;
    reads(START MAIN_WHILE SMALL DOUBLE_ONE);
    gives(3, 1, V(192));
    gives(200, 1, V(200));
    sld_graph_destroy(graph);
}

static void cases(void **state)
{
    (void)state;
    reads(START "graphs { id: 'main' " X
                "nodes { id: 'n' operation: '_Cast' inputs: 'x' fields { key: 'DstT' value { "
                "dtype: DT_INT32 } } } nodes { id: 'choice' operation: '_Case' inputs: 'n' inputs: "
                "'x' fields { key: 'branches' value { s_list { val: 'double' val: 'square' val: "
                "'double' } } } } " MARK("choice") "} " DOUBLE SQUARE);
    gives(0.5f, 1, V(1));
    gives(1.5f, 1, V(2.25));
    gives(7, 1, V(14));
    sld_graph_destroy(graph);
}

static void wrong(const char *text, const char *message)
{
    assert_int_not_equal(import_bytes(&sld_importer_uff, text, strlen(text)), SOLDER_OK);
    assert_string_equal(diag.message, message);
}

static void errors(void **state)
{
    (void)state;
    wrong(START MAIN_IF DOUBLE, "node 'choice': uff: field 'else_branch' names graph 'square', "
                                "which the file does not have");
    wrong(START MAIN_IF DOUBLE SQUARE DOUBLE, "uff: graph 'double' is there twice");
    wrong(START MAIN_IF SQUARE "graphs { id: 'double' " ARG("a") ARG("b") MARK("a") MARK("b") "} ",
          "uff: node 'choice' (_If): 1 arguments and 2 results, function 'double' has 2 and 2");
    wrong(START MAIN_IF SQUARE "graphs { id: 'double' " ARG("a") MARK("a") MARK("nothing") "} ",
          "uff: function 'double' does not compute its output '1'");
    wrong(START MAIN_IF SQUARE "graphs { id: 'double' " ARG("x") ONE("two", TWO)
              CUSTOM("go", "Greater", "x", "two") IF MARK("choice") MARK("x") "} ",
          "uff: function 'double' calls itself");
    wrong(START MAIN_WHILE DOUBLE_ONE "graphs { id: 'small' " ARG("v") "} ",
          "uff: node 'loop' (_While): 1 variables, its body takes 1 and gives 1, its condition "
          "gives 0");
    wrong(START "graphs { } " MAIN_IF DOUBLE SQUARE, "uff: the graph computes nothing");
}

/* Every bit of the bytes, every length, every allocation. */
static void damaged(const char *text)
{
    sld_arena arena;
    sld_tf_bytes bytes;
    sld_arena_init(&arena, NULL, 0);
    assert_int_equal(sld_uff_from_text(&diag, &arena, text, strlen(text), &bytes), SOLDER_OK);
    uint8_t *data = (uint8_t *)(uintptr_t)bytes.data;
    for (size_t i = 0; i < bytes.size * 8; i++) {
        data[i / 8] ^= (uint8_t)(1u << (i % 8));
        if (import_bytes(&sld_importer_uff, data, bytes.size) == SOLDER_OK) {
            assert_int_equal(sld_graph_verify(graph), SOLDER_OK);
            sld_graph_destroy(graph);
        }
        data[i / 8] ^= (uint8_t)(1u << (i % 8));
    }
    for (size_t size = 0; size < bytes.size; size++) {
        if (import_bytes(&sld_importer_uff, data, size) == SOLDER_OK) {
            sld_graph_destroy(graph);
        }
    }
    sld_arena_free(&arena);
}

typedef struct failing {
    size_t left;
} failing;

static void *failing_alloc(void *user, size_t size, size_t align)
{
    failing *f = user;
    if (f->left == 0) {
        return NULL;
    }
    f->left--;
    return sld_libc_allocator.alloc(NULL, size, align);
}

static void failing_release(void *user, void *pointer, size_t size)
{
    (void)user;
    sld_libc_allocator.release(NULL, pointer, size);
}

static void hostile(void **state)
{
    (void)state;
    static const char *const texts[] = {START MAIN_IF DOUBLE SQUARE,
                                        START MAIN_WHILE SMALL DOUBLE_ONE};
    failing f;
    const solder_allocator limited = {&f, failing_alloc, failing_release};
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(texts); i++) {
        damaged(texts[i]);
        solder_status status = SOLDER_ERROR_MEMORY;
        allocator = &limited;
        for (size_t n = 0; status != SOLDER_OK; n++) {
            f.left = n;
            status = import_bytes(&sld_importer_uff, texts[i], strlen(texts[i]));
            assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
        }
        f.left = SIZE_MAX;
        sld_graph_destroy(graph);
        allocator = NULL;
    }
}

/* ---- writing ---- */

/* A loop in the branch of a conditional; the same function at two places. */
static const char nested[] =
    "node { name: 'x' op: 'Placeholder' attr { key: 'shape' value { shape { } } } }\n"
    "node { name: 'zero' op: 'Const' attr { key: 'value' value { tensor { dtype: DT_FLOAT } } } }\n"
    "node { name: 'go' op: 'Greater' input: 'x' input: 'zero' }\n"
    "node { name: 'first' op: 'If' input: 'go' input: 'x'\n"
    "  attr { key: 'then_branch' value { func { name: 'main' } } }\n"
    "  attr { key: 'else_branch' value { func { name: 'minus' } } } }\n"
    "node { name: 'second' op: 'StatelessIf' input: 'go' input: 'first'\n"
    "  attr { key: 'then_branch' value { func { name: 'minus' } } }\n"
    "  attr { key: 'else_branch' value { func { name: 'main' } } } }\n"
    "library { function { signature { name: 'main' input_arg { name: 'a' }\n"
    "      output_arg { name: 'r' } }\n"
    "    node_def { name: 'loop' op: 'While' input: 'a'\n"
    "      attr { key: 'cond' value { func { name: 'small' } } }\n"
    "      attr { key: 'body' value { func { name: 'twice' } } } }\n"
    "    ret { key: 'r' value: 'loop:output:0' } }\n"
    "  function { signature { name: 'minus' input_arg { name: 'a' } output_arg { name: 'r' } }\n"
    "    node_def { name: 'n' op: 'Neg' input: 'a' } ret { key: 'r' value: 'n:y:0' } }\n"
    "  function { signature { name: 'small' input_arg { name: 'a' } output_arg { name: 'r' } }\n"
    "    node_def { name: 'top' op: 'Const' attr { key: 'value' value { tensor { dtype: DT_FLOAT\n"
    "      float_val: 100 } } } }\n"
    "    node_def { name: 'l' op: 'Less' input: 'a' input: 'top:output:0' }\n"
    "    ret { key: 'r' value: 'l:z:0' } }\n"
    "  function { signature { name: 'twice' input_arg { name: 'a' } output_arg { name: 'r' } }\n"
    "    node_def { name: 's' op: 'AddV2' input: 'a' input: 'a' }\n"
    "    ret { key: 'r' value: 's:z:0' } } }\n";

static solder_status write_uff(const char *path)
{
    const solder_import_options options = {.struct_size = sizeof options};
    sld_import import = {.model_path = "net.pbtxt",
                         .model = {(const uint8_t *)nested, sizeof nested - 1},
                         .options = &options,
                         .diag = &diag,
                         .allocator = allocator};
    sld_diag_init(&diag, NULL);
    SLD_TRY(sld_graph_create(allocator, &diag, &import.graph));
    solder_status status = sld_uff_write(&import, sld_graphdef_read, path);
    sld_graph_destroy(import.graph);
    return status;
}

static int count(const sld_file *file, const char *what)
{
    int found = 0;
    for (size_t i = 0; i + strlen(what) <= file->size; i++) {
        found += memcmp(file->data + i, what, strlen(what)) == 0;
    }
    return found;
}

static void written(void **state)
{
    (void)state;
    static const char *const names[] = {BINARY_DIR "/graphs.uff", BINARY_DIR "/graphs.pbtxt"};
    for (int i = 0; i < 2; i++) {
        sld_file file;
        if (write_uff(names[i]) != SOLDER_OK) {
            fail_msg("%s", diag.message);
        }
        assert_int_equal(sld_file_map(NULL, names[i], &file), SOLDER_OK);
        if (import_bytes(&sld_importer_uff, file.data, file.size) != SOLDER_OK) {
            fail_msg("%s", diag.message);
        }
        gives(3, 1, V(-192));
        gives(-3, 1, V(192));
        assert_int_equal(count(&file, i == 0 ? "\x0a\x06main.2" : "  id: \"main.2\""),
                         i == 0 ? 3 : 1); /* in binary the two that name it look the same */
        assert_int_equal(count(&file, i == 0 ? "\x0a\x05minus" : "  id: \"minus\""),
                         i == 0 ? 3 : 1);
        sld_graph_destroy(graph);
        sld_file_unmap(&file);
        (void)unlink(names[i]);
    }
    assert_int_equal(import_bytes(&sld_importer_tensorflow, nested, sizeof nested - 1), SOLDER_OK);
    gives(3, 1, V(-192));
    sld_graph_destroy(graph);
}

static void writing_without_memory(void **state)
{
    (void)state;
    failing f;
    const solder_allocator limited = {&f, failing_alloc, failing_release};
    solder_status status = SOLDER_ERROR_MEMORY;
    allocator = &limited;
    for (size_t n = 0; status != SOLDER_OK; n++) {
        f.left = n;
        status = write_uff(BINARY_DIR "/graphs.uff");
        assert_true(status == SOLDER_OK || status == SOLDER_ERROR_MEMORY);
    }
    allocator = NULL;
    (void)unlink(BINARY_DIR "/graphs.uff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(branches),
        cmocka_unit_test(loop),
        cmocka_unit_test(cases),
        cmocka_unit_test(errors),
        cmocka_unit_test(hostile),
        cmocka_unit_test(written),
        cmocka_unit_test(writing_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
