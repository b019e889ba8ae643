/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_kernels [--cpu LEVEL] [--seed N] [--cases N] [--kernel FILTER] [--verbose]
 * check_kernels --bench [FILTER] [--cpu LEVEL]
 *
 * Runs every kernel the processor has on random shapes and on those of bench/shapes, every buffer
 * between forbidden pages, outputs poisoned, and compares with the family's reference in double.
 */
#include <float.h>
#include <stdlib.h>

#include "kernels/check.h"

#define CHECK_FAMILY(name) extern const check_family check_##name;
#include "kernels/check_families.def"
#undef CHECK_FAMILY

#define CHECK_FAMILY(name) &check_##name,
static const check_family *const families[] = {
#include "kernels/check_families.def"
};
#undef CHECK_FAMILY

typedef struct tally {
    int cases, failures;
    double worst; /* error over bound */
} tally;

typedef struct context {
    check_options options;
    const check_family *family;
    check_random random;
    sld_pool *pool;
    tally *tallies; /* by kernel index */
    int failures;
} context;

/* One case with memory. */
typedef struct material {
    check_case *c;
    check_buffer in[CHECK_INPUTS];
    double *expected[CHECK_OUTPUTS];
    double *magnitude; /* CHECK_DOT */
} material;

static void die(const char *what)
{
    (void)fprintf(stderr, "check_kernels: %s\n", what);
    exit(3);
}

static void *take(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes > 0 ? bytes : 1) != 0) {
        die("out of memory");
    }
    return p;
}

static size_t extent_elements(const sld_tensor *t)
{
    int64_t last = 0;
    for (int i = 0; i < t->rank; i++) {
        if (t->dim[i] == 0) {
            return 0;
        }
        last += (t->dim[i] - 1) * t->stride[i];
    }
    return (size_t)last + 1;
}

/* A gap behind every index of dimension 0, as in a slice of a larger tensor. */
static void random_strides(context *x, const check_case *c, sld_tensor *t)
{
    sld_tensor_set_strides(t);
    if (c->channels_last && t == &c->in[0]) {
        check_channels_last(t);
    }
    if (!c->dense && t->rank > 1 && t->dim[0] > 1 && (t->flags & SLD_TENSOR_CONSTANT) == 0 &&
        check_chance(&x->random, 0.5)) {
        t->stride[0] += check_int(&x->random, 1, 40);
    }
}

static void place(context *x, check_buffer *b, sld_tensor *t)
{
    size_t size = solder_dtype_size(t->dtype);
    if (!check_buffer_create(b, extent_elements(t) * size, size, check_chance(&x->random, 0.5))) {
        die("no memory for a guarded buffer");
    }
    memset(b->data, 0xff, b->bytes); /* NaN in the gaps */
    t->data = b->data;
}

static void fill_input(context *x, const check_fill *fill, sld_tensor *t)
{
    int64_t index[SOLDER_MAX_RANK] = {0};
    bool is_float = sld_dtype_is_float(t->dtype);
    double low = fill->low;
    double high = fill->high;
    if (low == 0.0 && high == 0.0) {
        low = is_float ? -1.0 : 0.0;
        high = is_float ? 1.0 : 8.0;
    }
    if (sld_tensor_count(t) == 0) {
        return;
    }
    do {
        double value = check_real(&x->random, low, high);
        sld_put_f64(t, sld_tensor_offset(t, index),
                    t->dtype == SOLDER_BOOL ? (double)(value >= 4.0) : value);
    } while (sld_index_next(index, t->dim, t->rank));
}

/* A dense copy, floats as double. */
static sld_tensor widened(const sld_tensor *t, bool absolute)
{
    solder_dtype dtype = sld_dtype_is_float(t->dtype) ? SOLDER_F64 : t->dtype;
    sld_tensor wide = sld_tensor_make(NULL, dtype, t->rank, t->dim);
    wide.flags = t->flags;
    wide.data = take((size_t)sld_tensor_count(t) * solder_dtype_size(dtype));
    int64_t index[SOLDER_MAX_RANK] = {0};
    if (t->data == NULL || sld_tensor_count(t) == 0) {
        return wide;
    }
    do {
        int64_t from = sld_tensor_offset(t, index);
        int64_t to = sld_tensor_offset(&wide, index);
        if (dtype == SOLDER_F64) {
            double value = sld_at_f64(t, from);
            sld_put_f64(&wide, to, absolute ? fabs(value) : value);
        } else {
            sld_put_i64(&wide, to, sld_at_i64(t, from));
        }
    } while (sld_index_next(index, t->dim, t->rank));
    return wide;
}

/* The same field of a copied case. */
static void *moved(check_case *copy, const check_case *original, const void *field)
{
    return (char *)&copy->params + ((const char *)field - (const char *)&original->params);
}

/* The outputs of the family's reference in double; absolute: with all signs dropped. */
static void run_reference(const context *x, const check_case *original, bool absolute,
                          double *outputs[CHECK_OUTPUTS])
{
    check_case c = *original;
    const sld_kernel *reference = sld_kernel_reference(x->family->family);
    if (c.bound == CHECK_DOT && c.epilogue != NULL) {
        ((sld_epilogue *)moved(&c, original, original->epilogue))->act = SLD_ACT_NONE;
    }
    for (int i = 0; i < 2; i++) {
        if (absolute && c.factors[i] != NULL) {
            float *factor = moved(&c, original, c.factors[i]);
            *factor = fabsf(*factor);
        }
    }
    for (uint32_t i = 0; i < c.in_count; i++) {
        c.in[i] = widened(&original->in[i], absolute);
    }
    for (uint32_t i = 0; i < c.out_count; i++) {
        c.out[i] = widened(&original->out[i], false);
    }
    sld_run run = {.params = &c.params,
                   .in = c.in,
                   .out = c.out,
                   .in_count = c.in_count,
                   .out_count = c.out_count};
    if (reference->workspace != NULL) {
        run.workspace = take(reference->workspace(&run, 1));
    }
    if (reference->run(&run) != SOLDER_OK) {
        die("a reference kernel failed");
    }
    free(run.workspace);
    for (uint32_t i = 0; i < c.in_count; i++) {
        free(c.in[i].data);
    }
    for (uint32_t i = 0; i < c.out_count; i++) {
        size_t count = (size_t)sld_tensor_count(&c.out[i]);
        outputs[i] = take(count * sizeof(double));
        for (size_t j = 0; j < count; j++) {
            outputs[i][j] = sld_at_f64(&c.out[i], (int64_t)j);
        }
        free(c.out[i].data);
    }
}

/* Is got a rounding of act(sum +- slack)? *ratio: how much of the slack it uses up. */
static bool close_dot(const check_case *c, double got, double sum, double magnitude, double *ratio)
{
    double slack = 2.0 * (c->terms + 1.0) * 0x1p-24 * magnitude + 1e-30;
    const sld_epilogue none = {0};
    const sld_epilogue *e = c->epilogue != NULL ? c->epilogue : &none;
    double low = INFINITY;
    double high = -INFINITY;
    for (int i = -1; i <= 1; i++) {
        double y = sld_activate_f64(e->act, (double)e->alpha, (double)e->beta, sum + i * slack);
        low = y < low ? y : low;
        high = y > high ? y : high;
    }
    double exact = sld_activate_f64(e->act, (double)e->alpha, (double)e->beta, sum);
    double middle = (low + high) / 2.0;
    double radius = (high - low) / 2.0 + 2e-7 * fabs(middle) + 1e-30;
    radius +=
        e->act > SLD_ACT_LEAKY_RELU && e->act != SLD_ACT_CLIP ? 1e-6 * fabs(middle) + 4e-7 : 0.0;
    *ratio = fabs(got - exact) / radius;
    return fabs(got - middle) <= radius;
}

static bool close_value(const check_case *c, solder_dtype dtype, double got, double want,
                        double *ratio)
{
    *ratio = 0.0;
    if (isnan(want) || isinf(want) || !sld_dtype_is_float(dtype)) {
        return got == want || (isnan(got) && isnan(want));
    }
    if (dtype == SOLDER_F32 && fabs(want) > (double)FLT_MAX) {
        want = want > 0.0 ? (double)FLT_MAX : -(double)FLT_MAX; /* the lowest double */
    }
    double step = dtype == SOLDER_F16 ? 0x1p-11 : dtype == SOLDER_BF16 ? 0x1p-8 : 0x1p-24;
    double slack = c->absolute + (c->relative + step) * fabs(want) + 1e-37;
    *ratio = fabs(got - want) / slack;
    return *ratio <= 1.0;
}

static bool compare_output(const material *m, int which, const sld_tensor *out, tally *score)
{
    const check_case *c = m->c;
    int64_t index[SOLDER_MAX_RANK] = {0};
    if (sld_tensor_count(out) == 0) {
        return true;
    }
    size_t flat = 0;
    do {
        double got = sld_at_f64(out, sld_tensor_offset(out, index));
        double want = m->expected[which][flat];
        double ratio;
        bool fine = c->bound == CHECK_DOT && which == 0
                        ? close_dot(c, got, want, m->magnitude[flat], &ratio)
                        : close_value(c, out->dtype, got, want, &ratio);
        score->worst = ratio > score->worst ? ratio : score->worst;
        if (!fine) {
            (void)printf("  output %d, element %zu: got %.9g, want %.9g (%.3g of the bound)\n",
                         which, flat, got, want, ratio);
            return false;
        }
        flat++;
    } while (sld_index_next(index, out->dim, out->rank));
    return true;
}

/* Bytes of the gaps of dimension 0 are as they were: 0xff. */
static bool gaps_intact(const sld_tensor *t)
{
    if (t->rank == 0 || t->dim[0] < 2) {
        return true;
    }
    size_t size = solder_dtype_size(t->dtype);
    size_t inner = (size_t)(sld_tensor_count(t) / t->dim[0]) * size;
    size_t stride = (size_t)t->stride[0] * size;
    const unsigned char *data = t->data;
    for (size_t i = 0; i + 1 < (size_t)t->dim[0]; i++) {
        for (size_t j = inner; j < stride; j++) {
            if (data[i * stride + j] != 0xff) {
                return false;
            }
        }
    }
    return true;
}

/* Packs constant inputs as the kernel asks, and checks that unpacking gives the same bits. */
static const char *pack_inputs(const check_case *c, const sld_kernel *k, sld_run *run,
                               check_buffer *packed)
{
    for (uint32_t i = 0; i < c->in_count; i++) {
        const sld_packing *packing = k->packing != NULL && (c->in[i].flags & SLD_TENSOR_CONSTANT)
                                         ? k->packing(run, i)
                                         : NULL;
        if (packing == NULL) {
            continue;
        }
        size_t bytes = packing->size(&c->params, &c->in[i]);
        if (!check_buffer_create(&packed[i], bytes, 64, true)) {
            die("no memory for a guarded buffer");
        }
        size_t pieces = packing->pieces(&c->params, &c->in[i]);
        for (size_t j = 0; j < pieces; j++) { /* as a plan is written */
            packing->pack(&c->params, &c->in[i], j, 1, (char *)packed[i].data + bytes / pieces * j);
        }
        sld_tensor back = c->in[i];
        size_t plain = extent_elements(&back) * solder_dtype_size(back.dtype);
        back.data = take(plain);
        memset(back.data, 0xee, plain);
        packing->unpack(&c->params, packed[i].data, &back);
        bool same = memcmp(back.data, c->in[i].data, plain) == 0;
        free(back.data);
        if (!same || !check_buffer_intact(&packed[i])) {
            return "packing has no exact inverse";
        }
        run->in[i].data = packed[i].data;
        run->in[i].packing = packing;
    }
    return NULL;
}

/* One call into fresh outputs. */
static const char *run_once(context *x, const sld_kernel *k, sld_run *run,
                            check_buffer out[CHECK_OUTPUTS])
{
    int threads = sld_pool_threads(run->pool);
    size_t bytes = k->workspace != NULL ? k->workspace(run, threads) : 0;
    check_buffer work;
    for (uint32_t i = 0; i < run->out_count; i++) {
        place(x, &out[i], &run->out[i]);
    }
    if (!check_buffer_create(&work, bytes, 64, true)) {
        die("no memory for a guarded buffer");
    }
    memset(work.data, 0xff, bytes);
    run->workspace = work.data;
    const char *wrong = k->run(run) != SOLDER_OK ? "run failed" : NULL;
    for (uint32_t i = 0; i < run->out_count && wrong == NULL; i++) {
        wrong = !check_buffer_intact(&out[i]) || !gaps_intact(&run->out[i])
                    ? "wrote outside an output"
                    : NULL;
    }
    if (wrong == NULL && !check_buffer_intact(&work)) {
        wrong = "wrote outside the workspace";
    }
    check_buffer_free(&work);
    return wrong;
}

static const char *check_kernel(context *x, const material *m, const sld_kernel *k, tally *score)
{
    check_case c = *m->c;
    sld_run run = {.params = &m->c->params,
                   .in = c.in,
                   .out = c.out,
                   .in_count = c.in_count,
                   .out_count = c.out_count};
    check_buffer packed[CHECK_INPUTS] = {{0}};
    check_buffer one[CHECK_OUTPUTS] = {{0}};
    check_buffer two[CHECK_OUTPUTS] = {{0}};
    const char *wrong = pack_inputs(m->c, k, &run, packed);
    if (wrong == NULL) {
        wrong = run_once(x, k, &run, one);
    }
    for (uint32_t i = 0; i < c.out_count && wrong == NULL; i++) {
        wrong = compare_output(m, (int)i, &c.out[i], score) ? NULL : "differs from the reference";
    }
    if (wrong == NULL) {
        run.pool = x->pool;
        wrong = run_once(x, k, &run, two);
    }
    for (uint32_t i = 0; i < c.out_count && wrong == NULL; i++) {
        wrong = memcmp(one[i].data, two[i].data, one[i].bytes) == 0
                    ? NULL
                    : "two threads give other bits than one";
    }
    for (int i = 0; i < CHECK_INPUTS; i++) {
        check_buffer_free(&packed[i]);
    }
    for (int i = 0; i < CHECK_OUTPUTS; i++) {
        check_buffer_free(&one[i]);
        check_buffer_free(&two[i]);
    }
    return wrong;
}

/* Gives a case memory and runs every kernel that takes it. */
static void run_case(context *x, check_case *c)
{
    material m = {.c = c};
    for (uint32_t i = 0; i < c->out_count; i++) {
        random_strides(x, c, &c->out[i]);
    }
    for (uint32_t i = 0; i < c->in_count; i++) {
        if (sld_tensor_present(&c->in[i])) {
            random_strides(x, c, &c->in[i]);
            place(x, &m.in[i], &c->in[i]);
            fill_input(x, &c->fill[i], &c->in[i]);
        }
    }
    run_reference(x, c, false, m.expected);
    double *magnitudes[CHECK_OUTPUTS] = {NULL};
    if (c->bound == CHECK_DOT) {
        run_reference(x, c, true, magnitudes);
        m.magnitude = magnitudes[0];
    }
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        const sld_kernel *k = kernels[i];
        sld_run run = {.params = &c->params,
                       .in = c->in,
                       .out = c->out,
                       .in_count = c->in_count,
                       .out_count = c->out_count};
        if (strcmp(k->family, x->family->family) != 0 || !(x->options.isas & (1u << k->isa)) ||
            (x->options.filter != NULL && strstr(k->name, x->options.filter) == NULL) ||
            (k->supports != NULL && !k->supports(&run))) {
            continue;
        }
        x->tallies[i].cases++;
        if (x->options.verbose) {
            (void)printf("%s: %s\n", k->name, c->text);
            (void)fflush(stdout);
        }
        const char *wrong = check_kernel(x, &m, k, &x->tallies[i]);
        if (wrong != NULL) {
            (void)printf("FAIL %s: %s\n  %s\n", k->name, wrong, c->text);
            x->tallies[i].failures++;
            x->failures++;
        }
    }
    for (uint32_t i = 0; i < c->out_count; i++) {
        free(m.expected[i]);
        free(magnitudes[i]);
    }
    for (uint32_t i = 0; i < c->in_count; i++) {
        check_buffer_free(&m.in[i]);
    }
}

static void run_shape(void *user, const char *label, check_case *c)
{
    (void)label;
    run_case(user, c);
}

static bool family_wanted(const context *x, const char *family)
{
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(kernels[i]->family, family) == 0 &&
            (x->options.filter == NULL || strstr(kernels[i]->name, x->options.filter) != NULL)) {
            return true;
        }
    }
    return false;
}

/* One line per kernel; a tuned kernel that nothing exercised is a failure. */
static void report(context *x)
{
    size_t count;
    const sld_kernel *const *kernels = sld_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        const tally *t = &x->tallies[i];
        if (t->cases > 0) {
            (void)printf("%-36s %5d cases, %d failures, worst %.3f of the bound\n",
                         kernels[i]->name, t->cases, t->failures, t->worst);
        } else if ((x->options.isas & (1u << kernels[i]->isa)) && x->options.filter == NULL &&
                   kernels[i] != sld_kernel_reference(kernels[i]->family)) {
            (void)printf("FAIL %s: no case exercises it\n", kernels[i]->name);
            x->failures++;
        }
    }
}

static void parse_options(int argc, char **argv, check_options *o)
{
    *o = (check_options){.seed = 1, .cases = 300};
    (void)sld_cpu_level("native", &o->isas);
    sld_isa_mask all = o->isas;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--verbose") == 0) {
            o->verbose = true;
        } else if (strcmp(argv[i], "--bench") == 0) {
            o->bench = true;
            if (value[0] != '\0' && value[0] != '-') {
                o->filter = argv[++i];
            }
        } else if (strcmp(argv[i], "--cpu") == 0 && sld_cpu_level(value, &o->isas)) {
            o->isas &= all;
            i++;
        } else if (strcmp(argv[i], "--seed") == 0) {
            o->seed = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--cases") == 0) {
            o->cases = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--kernel") == 0) {
            o->filter = argv[++i];
        } else {
            (void)fprintf(stderr, "usage: check_kernels [--bench [FILTER]] [--cpu LEVEL] [--seed N]"
                                  " [--cases N] [--kernel FILTER] [--verbose]\n");
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    context x = {0};
    size_t count;
    parse_options(argc, argv, &x.options);
    (void)sld_kernels(&count);
    x.tallies = take((count + 1) * sizeof(tally));
    memset(x.tallies, 0, (count + 1) * sizeof(tally));
    (void)printf("%s, seed %llu\n", sld_cpu_level_name(x.options.isas),
                 (unsigned long long)x.options.seed);
    if (x.options.bench) {
        check_bench(&x.options, families, SLD_ARRAY_LENGTH(families));
        free(x.tallies);
        return 0;
    }
    sld_diag diag;
    sld_diag_init(&diag, NULL);
    if (sld_pool_create(NULL, &diag, 2, &x.pool) != SOLDER_OK) {
        die(diag.message);
    }
    for (size_t i = 0; i < SLD_ARRAY_LENGTH(families); i++) {
        x.family = families[i];
        x.random.state = x.options.seed;
        if (!family_wanted(&x, families[i]->family)) {
            continue;
        }
        check_each_shape(x.family, true, run_shape, &x);
        for (int j = 0; j < x.options.cases; j++) {
            check_case c;
            memset(&c, 0, sizeof c);
            x.family->random(&x.random, &c);
            run_case(&x, &c);
        }
    }
    report(&x);
    sld_pool_destroy(x.pool);
    free(x.tallies);
    return x.failures > 0 ? 1 : 0;
}
