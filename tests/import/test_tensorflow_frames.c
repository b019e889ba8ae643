/* SPDX-License-Identifier: Apache-2.0 */
/* Control flow of TensorFlow 1, nodes in frames and branches, and what is wrong with it. */
#include "import/tf_check.h"

static void number(tf_bench *b, const char *name, float value)
{
    tf_const(&b->f, name, TF_FLOAT, 0, NULL, 4, &value, 4);
}

static void count(tf_bench *b, const char *name, int32_t value)
{
    tf_const(&b->f, name, TF_INT32, 0, NULL, 4, &value, 4);
}

static void enter(tf_bench *b, const char *frame, const char *name, const char *in)
{
    tf_text(&b->f, "frame_name", frame);
    tf_node(&b->f, "Enter", name, in);
}

/* A variable of a loop: "NAME/in" from `from`, through "NAME" (Switch), "NAME/out"; next is what it
 * becomes. */
static void variable(tf_bench *b, const char *frame, const char *name, const char *from,
                     const char *condition, const char *next)
{
    char a[64], in[160];
    (void)snprintf(a, sizeof a, "%s/in", name);
    enter(b, frame, a, from);
    (void)snprintf(in, sizeof in, "%s/in %s/next", name, name);
    (void)snprintf(a, sizeof a, "%s/merge", name);
    tf_node(&b->f, "Merge", a, in);
    (void)snprintf(in, sizeof in, "%s/merge %s", name, condition);
    tf_node(&b->f, "Switch", name, in);
    (void)snprintf(a, sizeof a, "%s/next", name);
    tf_node(&b->f, "NextIteration", a, next);
    (void)snprintf(a, sizeof a, "%s/out", name);
    tf_node(&b->f, "Exit", a, name);
}

/* while (i < 4) { i++; s = s * factor + x }, factor and x from outside */
static void loop(tf_bench *b)
{
    tf_placeholder(&b->f, "x", 1, D(2));
    count(b, "zero", 0);
    number(b, "factor", 0.5f);
    enter(b, "f", "x/enter", "x");
    enter(b, "f", "factor/enter", "factor");
    count(b, "four", 4);
    count(b, "one", 1);
    variable(b, "f", "i", "zero", "go", "up");
    variable(b, "f", "s", "x", "go", "added");
    tf_node(&b->f, "Less", "less", "i/merge four");
    tf_node(&b->f, "LoopCond", "go", "less");
    tf_node(&b->f, "Identity", "pivot", "i:1");
    tf_node(&b->f, "AddV2", "up", "pivot one ^pivot");
    tf_node(&b->f, "Mul", "scaled", "s:1 factor/enter");
    tf_node(&b->f, "AddV2", "added", "scaled x/enter");
    tf_node(&b->f, "Identity", "y", "s/out");
    tf_node(&b->f, "Identity", "n", "i/out:0");
}

static void loop_of_frames(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    loop(&b);
    import_file(&b);
    assert_int_equal(count_op(&b, SLD_OP_LOOP), 1);
    assert_int_equal(b.graph->output_count, 2);
    run(&b, F(1, -8), 1, D(2));
    result_is(&b, 0, 1, D(2), F(1.9375f, -15.5f));
    result_is(&b, 1, 0, NULL, F(4));
    close_bench(&b);
}

/* i = 0..2: j = 0..i: s = s + x */
static void loop_in_loop(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(1));
    count(&b, "zero", 0);
    count(&b, "one", 1);
    count(&b, "three", 3);
    enter(&b, "outer", "x/enter", "x");
    variable(&b, "outer", "i", "zero", "go", "up");
    variable(&b, "outer", "s", "x", "go", "t/out");
    tf_node(&b.f, "Less", "less", "i/merge three");
    tf_node(&b.f, "LoopCond", "go", "less");
    tf_node(&b.f, "AddV2", "up", "i:1 one");
    count(&b, "start", 0);
    enter(&b, "inner", "i/enter", "i:1");
    enter(&b, "inner", "x/enter/enter", "x/enter");
    variable(&b, "inner", "j", "start", "go_on", "j/up");
    variable(&b, "inner", "t", "s:1", "go_on", "t/up");
    tf_node(&b.f, "LessEqual", "j/less", "j/merge i/enter");
    tf_node(&b.f, "LoopCond", "go_on", "j/less");
    tf_node(&b.f, "AddV2", "j/up", "j:1 one");
    tf_node(&b.f, "AddV2", "t/up", "t:1 x/enter/enter");
    tf_node(&b.f, "Neg", "y", "s/out");
    import_file(&b);
    assert_int_equal(b.graph->output_count, 1);
    run(&b, F(2), 1, D(1));
    result_is(&b, 0, 1, D(1), F(-14)); /* 1 + 1 + 2 + 3 times */
    close_bench(&b);
}

/* s = 1, 2, 4 written to an array, which grows; piece by piece they differ in length if told */
static void array(tf_bench *b, bool pieces)
{
    tf_placeholder(&b->f, "x", 2, D(1, 2));
    count(b, "zero", 0);
    count(b, "one", 1);
    count(b, "three", 3);
    tf_type(&b->f, "dtype", TF_FLOAT);
    tf_bool(&b->f, "dynamic_size", true);
    tf_node(&b->f, "TensorArrayV3", "array", "one");
    enter(b, "f", "handle", "array");
    variable(b, "f", "i", "zero", "go", "up");
    variable(b, "f", "s", "x", "go", "more");
    variable(b, "f", "flow", "array:1", "go", "written");
    tf_node(&b->f, "Less", "less", "i/merge three");
    tf_node(&b->f, "LoopCond", "go", "less");
    tf_node(&b->f, "AddV2", "up", "i:1 one");
    tf_node(&b->f, "TensorArrayWriteV3", "written", "handle i:1 s:1 flow:1");
    if (pieces) {
        tf_node(&b->f, "ConcatV2", "more", "s:1 s:1 zero");
        tf_node(&b->f, "TensorArrayConcatV3", "y", "array flow/out");
    } else {
        tf_node(&b->f, "AddV2", "more", "s:1 s:1");
        tf_node(&b->f, "TensorArraySizeV3", "size", "array flow/out");
        tf_node(&b->f, "Range", "all", "zero size one");
        tf_node(&b->f, "TensorArrayGatherV3", "y", "array all flow/out");
    }
}

static void array_of_steps(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    array(&b, false);
    import_file(&b);
    run(&b, F(1, 2), 2, D(1, 2));
    result_is(&b, 0, 3, D(3, 1, 2), F(1, 2, 2, 4, 4, 8));
    close_bench(&b);
}

static void array_of_pieces(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    array(&b, true);
    import_file(&b);
    assert_int_equal(b.graph->output_count, 2); /* the lengths are one */
    run(&b, F(1, 2), 2, D(1, 2));
    result_is(&b, 0, 2, D(7, 2), F(1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2));
    result_is(&b, 1, 1, D(3), F(1, 2, 4));
    close_bench(&b);
}

/* sum(x) > 0 ? (2 x, 5) : (x, sum) with the constant held in its branch by a control input */
static void cond(tf_bench *b)
{
    tf_placeholder(&b->f, "x", 1, D(2));
    number(b, "nought", 0);
    tf_ints(&b->f, "axes", 1, (const int32_t[]){0});
    tf_node(&b->f, "Sum", "sum", "x axes");
    tf_node(&b->f, "Greater", "positive", "sum nought");
    tf_node(&b->f, "Switch", "pivot", "positive positive");
    tf_node(&b->f, "Identity", "yes", "pivot:1");
    tf_node(&b->f, "Identity", "no", "pivot");
    tf_node(&b->f, "Identity", "predicate", "positive");
    tf_node(&b->f, "Switch", "x/switch", "x predicate");
    tf_node(&b->f, "Switch", "sum/switch", "sum predicate");
    tf_const(&b->f, "two", TF_FLOAT, 0, NULL, 4, &(float){2}, 4);
    tf_node(&b->f, "Mul", "twice", "x/switch:1 two");
    float five = 5;
    tf_const(&b->f, "five", TF_FLOAT, 0, NULL, 4, &five, 4);
    tf_node(&b->f, "Identity", "just/five", "five ^yes");
    tf_node(&b->f, "Merge", "first", "x/switch twice");
    tf_node(&b->f, "Merge", "second", "just/five sum/switch:0");
}

static void cond_of_switches(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    cond(&b);
    import_file(&b);
    assert_int_equal(count_op(&b, SLD_OP_IF), 1);
    run(&b, F(1, 3), 1, D(2));
    result_is(&b, 0, 1, D(2), F(2, 6));
    result_is(&b, 1, 0, NULL, F(5));
    close_bench(&b);
    open_bench(&b);
    cond(&b);
    import_file(&b);
    run(&b, F(1, -3), 1, D(2));
    result_is(&b, 0, 1, D(2), F(1, -3));
    result_is(&b, 1, 0, NULL, F(-2));
    close_bench(&b);
}

/* What an input that is given as a number decides is decided when importing: the branch for
 * training need not even be known. */
static void cond_on_a_constant(void **state)
{
    (void)state;
    for (int given = 0; given < 2; given++) {
        const double no = 0;
        tf_bench b;
        open_bench(&b);
        tf_placeholder(&b.f, "x", 1, D(2));
        tf_placeholder(&b.f, "training", 0, NULL);
        number(&b, "nought", 0);
        tf_node(&b.f, "Greater", "predicate", "training nought");
        tf_node(&b.f, "Switch", "x/switch", "x predicate");
        tf_node(&b.f, "LearnFrom", "learnt", "x/switch:1");
        tf_node(&b.f, "Neg", "minus", "x/switch");
        tf_node(&b.f, "Merge", "y", "minus learnt");
        b.specs[0] = (solder_input_spec){.name = "training", .value = &no};
        b.options.input_count = (size_t)given;
        if (given) {
            import_file(&b);
            assert_int_equal(count_op(&b, SLD_OP_IF), 0);
            run(&b, F(1, 3), 1, D(2));
            result_is(&b, 0, 1, D(2), F(-1, -3));
            close_bench(&b);
        } else {
            expect(&b, SOLDER_ERROR_UNSUPPORTED,
                   "tensorflow: 1 node is not supported: 'learnt' (LearnFrom)");
        }
    }
}

/* The second decides the same way, on what the first gives: one after the other. */
static void cond_after_cond(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    cond(&b);
    tf_node(&b.f, "Switch", "again", "first predicate");
    tf_node(&b.f, "Neg", "minus", "again:1");
    tf_node(&b.f, "Merge", "third", "minus again");
    b.outputs[0] = "third";
    b.options.output_count = 1;
    import_file(&b);
    assert_int_equal(count_op(&b, SLD_OP_IF), 2);
    run(&b, F(1, 3), 1, D(2));
    result_is(&b, 0, 1, D(2), F(-2, -6));
    close_bench(&b);
}

/* x > 0 ? (x > 1 ? 10 x : 100 x) : -x, the inner one inside a loop that runs twice */
static void cond_in_cond_in_loop(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 0, NULL);
    count(&b, "zero", 0);
    count(&b, "one", 1);
    count(&b, "two", 2);
    number(&b, "nought", 0);
    number(&b, "unit", 1);
    number(&b, "ten", 10);
    number(&b, "hundred", 100);
    variable(&b, "f", "i", "zero", "go", "up");
    variable(&b, "f", "s", "x", "go", "outer");
    tf_node(&b.f, "Less", "less", "i/merge two");
    tf_node(&b.f, "LoopCond", "go", "less");
    tf_node(&b.f, "AddV2", "up", "i:1 one");
    tf_node(&b.f, "Identity", "v", "s:1");
    tf_node(&b.f, "Greater", "p", "v nought");
    tf_node(&b.f, "Switch", "v/switch", "v p");
    tf_node(&b.f, "Greater", "q", "v/switch:1 unit");
    tf_node(&b.f, "Switch", "w/switch", "v/switch:1 q");
    tf_node(&b.f, "Mul", "tens", "w/switch:1 ten");
    tf_node(&b.f, "Mul", "hundreds", "w/switch hundred");
    tf_node(&b.f, "Merge", "inner", "tens hundreds");
    tf_node(&b.f, "Neg", "minus", "v/switch");
    tf_node(&b.f, "Merge", "outer", "minus inner");
    tf_node(&b.f, "Identity", "y", "s/out");
    b.outputs[0] = "y";
    b.options.output_count = 1;
    import_file(&b);
    run(&b, F(-0.5f), 0, NULL); /* 0.5, 50 */
    result_is(&b, 0, 0, NULL, F(50));
    reset(&b);
    import_file(&b);
    run(&b, F(2), 0, NULL); /* 20, 200 */
    result_is(&b, 0, 0, NULL, F(200));
    close_bench(&b);
}

/* ---- what is wrong ---- */

static void unsupported(tf_bench *b, const char *part)
{
    solder_status status = import_bytes(b, b->f.file.data, b->f.file.size);
    if (status != SOLDER_ERROR_UNSUPPORTED || strstr(b->diag.message, part) == NULL) {
        fail_msg("%s", b->diag.message);
    }
    close_bench(b);
}

static void frames_without_an_end(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    enter(&b, "f", "e", "x");
    tf_node(&b.f, "Merge", "m", "e n");
    tf_node(&b.f, "NextIteration", "n", "m");
    tf_node(&b.f, "Exit", "out", "m");
    unsupported(&b, "'e' (Enter)");
    /* the body of each of two loops is the other */
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_node(&b.f, "Less", "less", "x x");
    tf_node(&b.f, "LoopCond", "go", "less");
    tf_node(&b.f, "LoopCond", "come", "less");
    variable(&b, "f", "a", "x", "go", "b/out");
    variable(&b, "g", "b", "x", "come", "a/out");
    tf_node(&b.f, "Neg", "y", "a/out");
    unsupported(&b, "(Enter)");
}

/* A Switch without a Merge, and a Merge of what no Switch let in. */
static void halves_of_conds(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    number(&b, "zero", 0);
    tf_node(&b.f, "Greater", "p", "x zero");
    tf_node(&b.f, "Switch", "s", "x p");
    tf_node(&b.f, "Neg", "y", "s:1");
    b.outputs[0] = "y";
    b.options.output_count = 1;
    unsupported(&b, "'s' (Switch: a side that is not known is read outside of a conditional)");
    for (int side = 0; side < 2; side++) { /* known: one of the sides runs */
        open_bench(&b);
        tf_placeholder(&b.f, "x", 1, D(2));
        tf_const(&b.f, "p", TF_BOOL, 0, NULL, 4, &(uint8_t){1}, 1);
        tf_node(&b.f, "Switch", "s", "x p");
        tf_node(&b.f, "Neg", "y", side == 1 ? "s:1" : "s");
        b.outputs[0] = "y";
        b.options.output_count = 1;
        if (side == 0) {
            unsupported(&b, "'y' (Neg: it reads output 0 of 's')");
            continue;
        }
        import_file(&b);
        run(&b, F(3, -4), 1, D(2));
        result_is(&b, 0, 1, D(2), F(-3, 4));
        close_bench(&b);
    }
    open_bench(&b);
    tf_placeholder(&b.f, "x", 1, D(2));
    tf_node(&b.f, "Neg", "minus", "x");
    tf_node(&b.f, "Merge", "y", "x minus");
    tf_const(&b.f, "p", TF_BOOL, 0, NULL, 4, &(uint8_t){1}, 1);
    tf_node(&b.f, "Switch", "s", "x p");
    unsupported(&b, "'y' (Merge)");
}

enum { DEEP = 400 };

/* Loops in loops beyond any use; every one is named or refused, none is followed to the bottom. */
static void frames_in_frames(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    tf_placeholder(&b.f, "x", 0, NULL);
    tf_const(&b.f, "p", TF_BOOL, 0, NULL, 4, &(uint8_t){0}, 1);
    for (int i = 0; i < DEEP; i++) {
        char frame[32], name[32], from[32], go[32], next[32];
        (void)snprintf(frame, sizeof frame, "f%d", i);
        (void)snprintf(name, sizeof name, "v%d", i);
        (void)snprintf(from, sizeof from, i == 0 ? "x" : "v%d:1", i - 1);
        (void)snprintf(go, sizeof go, "go%d", i);
        (void)snprintf(next, sizeof next, i + 1 < DEEP ? "v%d/out" : "v%d:1",
                       i + 1 < DEEP ? i + 1 : i);
        tf_node(&b.f, "LoopCond", go, "p");
        variable(&b, frame, name, from, go, next);
    }
    tf_node(&b.f, "Neg", "y", "v0/out");
    unsupported(&b, "are not supported");
}

/* Conditionals in conditionals: as deep as bodies may be, and no deeper. */
static void conds_in_conds(void **state)
{
    (void)state;
    for (int depth = 4; depth <= DEEP; depth *= 10) {
        tf_bench b;
        open_bench(&b);
        tf_placeholder(&b.f, "x", 0, NULL);
        number(&b, "nought", 0);
        char merged[32] = "x/last";
        for (int i = 0; i < depth; i++) {
            char a[32], in[64];
            const char *from = "x";
            char before[32];
            if (i > 0) {
                (void)snprintf(before, sizeof before, "s%d:1", i - 1);
                from = before;
            }
            (void)snprintf(a, sizeof a, "p%d", i);
            (void)snprintf(in, sizeof in, "%s nought", from);
            tf_node(&b.f, "Greater", a, in);
            (void)snprintf(a, sizeof a, "s%d", i);
            (void)snprintf(in, sizeof in, "%s p%d", from, i);
            tf_node(&b.f, "Switch", a, in);
        }
        char in[64];
        (void)snprintf(in, sizeof in, "s%d:1", depth - 1);
        tf_node(&b.f, "Neg", merged, in);
        for (int i = depth - 1; i >= 0; i--) {
            char name[32];
            (void)snprintf(name, sizeof name, "m%d", i);
            (void)snprintf(in, sizeof in, "%s s%d", merged, i);
            tf_node(&b.f, "Merge", name, in);
            (void)snprintf(merged, sizeof merged, "%s", name);
        }
        b.outputs[0] = "m0";
        b.options.output_count = 1;
        solder_status status = import_bytes(&b, b.f.file.data, b.f.file.size);
        if (status != (depth == 4 ? SOLDER_OK : SOLDER_ERROR_UNSUPPORTED)) {
            fail_msg("%s", b.diag.message);
        }
        if (status == SOLDER_OK) {
            run(&b, F(3), 0, NULL);
            result_is(&b, 0, 0, NULL, F(-3));
        }
        close_bench(&b);
    }
}

static void damaged(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    array(&b, true);
    damage(&b);
    import_file(&b);
    close_bench(&b);
    open_bench(&b);
    cond(&b);
    damage(&b);
    import_file(&b);
    close_bench(&b);
}

static void out_of_memory(void **state)
{
    (void)state;
    tf_bench b;
    open_bench(&b);
    array(&b, true);
    every_allocation_fails(&b);
    open_bench(&b);
    cond(&b);
    every_allocation_fails(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_of_frames),
        cmocka_unit_test(loop_in_loop),
        cmocka_unit_test(array_of_steps),
        cmocka_unit_test(array_of_pieces),
        cmocka_unit_test(cond_of_switches),
        cmocka_unit_test(cond_after_cond),
        cmocka_unit_test(cond_on_a_constant),
        cmocka_unit_test(cond_in_cond_in_loop),
        cmocka_unit_test(frames_without_an_end),
        cmocka_unit_test(halves_of_conds),
        cmocka_unit_test(frames_in_frames),
        cmocka_unit_test(conds_in_conds),
        cmocka_unit_test(damaged),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
