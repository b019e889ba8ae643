/* SPDX-License-Identifier: Apache-2.0 */
#include "base/expr.h"

#include <stdio.h>

void sld_expr_table_init(sld_expr_table *table, const solder_allocator *allocator)
{
    *table = (sld_expr_table){.allocator = allocator};
}

void sld_expr_table_free(sld_expr_table *table)
{
    sld_release(table->allocator, table->exprs, table->capacity * sizeof *table->exprs);
    sld_release(table->allocator, table->symbols, table->symbol_capacity * sizeof *table->symbols);
    sld_release(table->allocator, table->buckets, table->bucket_count * sizeof *table->buckets);
    *table = (sld_expr_table){.allocator = table->allocator};
}

static size_t hash_expr(uint32_t op, sld_dim a, sld_dim b, int64_t value)
{
    uint64_t h = op * UINT64_C(0x9e3779b97f4a7c15);
    h = (h ^ (uint32_t)a) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ (uint32_t)b ^ (h >> 29)) * UINT64_C(0xc4ceb9fe1a85ec53);
    h = (h ^ (uint64_t)value ^ (h >> 31)) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(h ^ (h >> 32));
}

static bool rehash(sld_expr_table *table)
{
    size_t wanted = table->bucket_count == 0 ? 64 : table->bucket_count * 2;
    int32_t *buckets = sld_calloc(table->allocator, wanted * sizeof *buckets);
    if (buckets == NULL) {
        return false;
    }
    for (size_t i = 0; i < table->count; i++) {
        const sld_expr *e = &table->exprs[i];
        size_t slot = hash_expr(e->op, e->a, e->b, e->value) & (wanted - 1);
        while (buckets[slot] != 0) {
            slot = (slot + 1) & (wanted - 1);
        }
        buckets[slot] = (int32_t)i + 1;
    }
    sld_release(table->allocator, table->buckets, table->bucket_count * sizeof *buckets);
    table->buckets = buckets;
    table->bucket_count = wanted;
    return true;
}

static sld_dim intern(sld_expr_table *table, uint32_t op, sld_dim a, sld_dim b, int64_t value)
{
    if (table->failed) {
        return SLD_DIM_NONE;
    }
    if (table->count >= (size_t)INT32_MAX / 2 ||
        (table->count * 2 >= table->bucket_count && !rehash(table))) {
        table->failed = true;
        return SLD_DIM_NONE;
    }
    size_t slot = hash_expr(op, a, b, value) & (table->bucket_count - 1);
    while (table->buckets[slot] != 0) {
        sld_dim found = table->buckets[slot] - 1;
        const sld_expr *e = &table->exprs[found];
        if (e->op == op && e->a == a && e->b == b && e->value == value) {
            return found;
        }
        slot = (slot + 1) & (table->bucket_count - 1);
    }
    void *exprs = table->exprs;
    if (sld_array_grow(table->allocator, NULL, &exprs, &table->capacity, table->count + 1,
                       sizeof *table->exprs) != SOLDER_OK) {
        table->failed = true;
        return SLD_DIM_NONE;
    }
    table->exprs = exprs;
    table->exprs[table->count] = (sld_expr){.op = op, .a = a, .b = b, .value = value};
    table->buckets[slot] = (int32_t)table->count + 1;
    return (sld_dim)table->count++;
}

sld_dim sld_expr_const(sld_expr_table *table, int64_t value)
{
    return value == SLD_EXPR_UNKNOWN ? SLD_DIM_NONE : intern(table, SLD_EXPR_CONST, 0, 0, value);
}

int sld_expr_find_symbol(const sld_expr_table *table, const char *name)
{
    for (size_t i = 0; i < table->symbol_count; i++) {
        if (strcmp(table->symbols[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Fits a name into a symbol; a long one keeps its start and gets a hash, so names stay distinct. */
static void symbol_name(const char *name, char *out, size_t size)
{
    if (strlen(name) < size) {
        (void)snprintf(out, size, "%s", name);
        return;
    }
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = name; *p != '\0'; p++) {
        hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    }
    (void)snprintf(out, size, "%.26s~%016llx", name, (unsigned long long)hash);
}

static int add_symbol(sld_expr_table *table, const char *name)
{
    void *symbols = table->symbols;
    if (table->symbol_count >= 65535 ||
        sld_array_grow(table->allocator, NULL, &symbols, &table->symbol_capacity,
                       table->symbol_count + 1, sizeof *table->symbols) != SOLDER_OK) {
        table->failed = true;
        return -1;
    }
    table->symbols = symbols;
    sld_symbol *symbol = &table->symbols[table->symbol_count];
    memset(symbol, 0, sizeof *symbol);
    (void)snprintf(symbol->name, sizeof symbol->name, "%s", name);
    symbol->min = symbol->opt = 1;
    symbol->max = INT32_MAX;
    symbol->bound = SLD_DIM_NONE;
    return (int)table->symbol_count++;
}

sld_dim sld_expr_symbol(sld_expr_table *table, const char *name)
{
    char fitted[sizeof table->symbols->name];
    symbol_name(name, fitted, sizeof fitted);
    int index = sld_expr_find_symbol(table, fitted);
    if (index < 0) {
        index = add_symbol(table, fitted);
    }
    return index < 0 ? SLD_DIM_NONE : intern(table, SLD_EXPR_SYMBOL, 0, 0, index);
}

static void set_data_symbol(sld_symbol *symbol, sld_dim bound)
{
    symbol->data_dependent = 1;
    symbol->bound = bound;
    symbol->min = 0;
    symbol->opt = bound < 0 ? SLD_SYMBOL_OPT : 0;
    symbol->max = bound < 0 ? SLD_SYMBOL_OPEN : INT32_MAX;
}

sld_dim sld_expr_data_symbol(sld_expr_table *table, const char *name, sld_dim bound)
{
    enum { SUFFIX = 8 };
    char base[sizeof table->symbols->name];
    char tried[sizeof base + SUFFIX];
    symbol_name(name, base, sizeof base - SUFFIX);
    for (unsigned i = 0;;
         i++) { /* an input's symbol may have the name, or one with an older bound */
        (void)snprintf(tried, sizeof tried, i == 0 ? "%s" : "%s'%u", base, i);
        int index = sld_expr_find_symbol(table, tried);
        bool fresh = index < 0;
        index = fresh ? add_symbol(table, tried) : index;
        if (index < 0) {
            return SLD_DIM_NONE;
        }
        bool data = fresh || table->symbols[index].data_dependent != 0;
        sld_dim symbol = data ? intern(table, SLD_EXPR_SYMBOL, 0, 0, index) : SLD_DIM_NONE;
        if (data && (bound < symbol || bound == table->symbols[index].bound)) {
            set_data_symbol(&table->symbols[index], bound);
            return symbol;
        }
    }
}

sld_dim sld_expr_clone_symbol(sld_expr_table *table, const sld_symbol *symbol)
{
    int index = sld_expr_find_symbol(table, symbol->name);
    if (index < 0) {
        index = add_symbol(table, symbol->name);
    }
    if (index < 0) {
        return SLD_DIM_NONE;
    }
    table->symbols[index] = *symbol;
    return intern(table, SLD_EXPR_SYMBOL, 0, 0, index);
}

bool sld_expr_is_const(const sld_expr_table *table, sld_dim e, int64_t *value)
{
    if (e < 0 || (size_t)e >= table->count || table->exprs[e].op != SLD_EXPR_CONST) {
        return false;
    }
    if (value != NULL) {
        *value = table->exprs[e].value;
    }
    return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}

static int64_t apply(uint32_t op, int64_t a, int64_t b)
{
    int64_t r;
    if (a == SLD_EXPR_UNKNOWN || b == SLD_EXPR_UNKNOWN) {
        return SLD_EXPR_UNKNOWN;
    }
    switch (op) {
    case SLD_EXPR_ADD:
        return sld_i64_add(a, b, &r) ? r : SLD_EXPR_UNKNOWN;
    case SLD_EXPR_SUB:
        return sld_i64_add(a, -b, &r) ? r : SLD_EXPR_UNKNOWN;
    case SLD_EXPR_MUL:
        return sld_i64_mul(a, b, &r) ? r : SLD_EXPR_UNKNOWN;
    case SLD_EXPR_DIV:
        return b == 0 ? SLD_EXPR_UNKNOWN : floor_div(a, b);
    case SLD_EXPR_CEIL:
        return b == 0 ? SLD_EXPR_UNKNOWN : -floor_div(-a, b);
    case SLD_EXPR_MOD:
        return b == 0 ? SLD_EXPR_UNKNOWN : a - b * floor_div(a, b);
    case SLD_EXPR_MIN:
        return a < b ? a : b;
    case SLD_EXPR_MAX:
        return a > b ? a : b;
    default:
        return SLD_EXPR_UNKNOWN;
    }
}

void sld_expr_evaluate(const sld_expr *exprs, size_t count, const int64_t *symbols, int64_t *values)
{
    sld_expr_evaluate_bounds(exprs, count, NULL, symbols, values);
}

void sld_expr_evaluate_bounds(const sld_expr *exprs, size_t count, const sld_symbol *infos,
                              const int64_t *symbols, int64_t *values)
{
    for (size_t i = 0; i < count; i++) {
        const sld_expr *e = &exprs[i];
        if (e->op == SLD_EXPR_CONST) {
            values[i] = e->value;
        } else if (e->op == SLD_EXPR_SYMBOL) {
            const sld_symbol *info = infos != NULL ? &infos[e->value] : NULL;
            bool bound = info != NULL && info->data_dependent != 0 && info->bound >= 0 &&
                         symbols[e->value] == SLD_EXPR_UNKNOWN;
            values[i] = bound ? values[info->bound] : symbols[e->value];
        } else {
            values[i] = apply(e->op, values[e->a], values[e->b]);
        }
    }
}

/* ---- ranges ---- */

static int64_t open_add(int64_t a, int64_t b)
{
    int64_t r;
    return a == SLD_SYMBOL_OPEN || b == SLD_SYMBOL_OPEN || !sld_i64_add(a, b, &r) ? SLD_SYMBOL_OPEN
                                                                                  : r;
}

static int64_t open_mul(int64_t a, int64_t b)
{
    int64_t r;
    return a == SLD_SYMBOL_OPEN || b == SLD_SYMBOL_OPEN || !sld_i64_mul(a, b, &r) ? SLD_SYMBOL_OPEN
                                                                                  : r;
}

typedef struct range {
    int64_t low, high;
} range;

/* Products and quotients of what may be negative are given up: dims are not. */
static range combine(uint32_t op, range a, range b)
{
    const range any = {INT64_MIN, SLD_SYMBOL_OPEN};
    bool counts = a.low >= 0 && b.low >= 0;
    int64_t r;
    switch (op) {
    case SLD_EXPR_ADD:
        return (range){sld_i64_add(a.low, b.low, &r) ? r : INT64_MIN, open_add(a.high, b.high)};
    case SLD_EXPR_SUB:
        return (range){b.high != SLD_SYMBOL_OPEN && sld_i64_add(a.low, -b.high, &r) ? r : INT64_MIN,
                       b.low != INT64_MIN ? open_add(a.high, -b.low) : SLD_SYMBOL_OPEN};
    case SLD_EXPR_MUL:
        return counts ? (range){open_mul(a.low, b.low), open_mul(a.high, b.high)} : any;
    case SLD_EXPR_DIV:
    case SLD_EXPR_CEIL:
        if (!counts || b.low == 0) {
            return any;
        }
        return (range){b.high == SLD_SYMBOL_OPEN ? 0 : apply(op, a.low, b.high),
                       a.high == SLD_SYMBOL_OPEN ? a.high : apply(op, a.high, b.low)};
    case SLD_EXPR_MOD:
        return b.low > 0 ? (range){0, b.high == SLD_SYMBOL_OPEN ? b.high : b.high - 1} : any;
    case SLD_EXPR_MIN:
    case SLD_EXPR_MAX:
        return (range){apply(op, a.low, b.low), apply(op, a.high, b.high)};
    default:
        return any;
    }
}

/* apply() keeps INT64_MIN, which is no bound at all here too. */
void sld_expr_ranges(const sld_expr_table *table, int64_t *low, int64_t *high, int64_t *opt)
{
    for (size_t i = 0; i < table->count; i++) {
        const sld_expr *e = &table->exprs[i];
        range r = {e->value, e->value};
        opt[i] = e->value;
        if (e->op == SLD_EXPR_SYMBOL) {
            const sld_symbol *s = &table->symbols[e->value];
            bool bounded = s->data_dependent != 0 && s->bound >= 0;
            r = (range){s->min, bounded ? high[s->bound] : s->max};
            opt[i] = bounded ? opt[s->bound] : s->opt;
        } else if (e->op != SLD_EXPR_CONST) {
            r = combine(e->op, (range){low[e->a], high[e->a]}, (range){low[e->b], high[e->b]});
            opt[i] = apply(e->op, opt[e->a], opt[e->b]);
        }
        low[i] = r.low;
        high[i] = r.high;
    }
}

/* A value that only a run tells has a bound, but what is left of something without it has not. */
#define OPEN 1u
#define LATE 2u

static uint8_t openness(const sld_expr *e, const sld_symbol *symbols, const uint8_t *known)
{
    if (e->op == SLD_EXPR_CONST) {
        return 0;
    }
    if (e->op == SLD_EXPR_SYMBOL) {
        const sld_symbol *s = &symbols[e->value];
        return s->data_dependent == 0 ? (s->max == SLD_SYMBOL_OPEN ? OPEN : 0)
               : s->bound >= 0        ? (uint8_t)(known[s->bound] | LATE)
                                      : (uint8_t)(OPEN | LATE);
    }
    bool grows = e->op == SLD_EXPR_ADD || e->op == SLD_EXPR_MUL || e->op == SLD_EXPR_MIN ||
                 e->op == SLD_EXPR_MAX;
    bool unbound = !grows && (known[e->b] & LATE) != 0;
    return (uint8_t)(known[e->a] | known[e->b] | (unbound ? OPEN : 0));
}

void sld_expr_find_open(const sld_expr *exprs, size_t count, const sld_symbol *symbols,
                        uint8_t *open)
{
    for (size_t i = 0; i < count; i++) {
        open[i] = openness(&exprs[i], symbols, open);
    }
    for (size_t i = 0; i < count; i++) {
        open[i] &= OPEN;
    }
}

static const sld_expr *node_of(const sld_expr_table *table, sld_dim e)
{
    return &table->exprs[e];
}

/* (x op c) with a constant right operand: gives x and c. */
static bool split_const(const sld_expr_table *table, sld_dim e, uint32_t op, sld_dim *x, int64_t *c)
{
    const sld_expr *n = node_of(table, e);
    if (n->op == op && sld_expr_is_const(table, n->b, c)) {
        *x = n->a;
        return true;
    }
    return false;
}

/*
 * As split_const where x holds no constant of its own. One that does could not be merged with c
 * because the result would overflow; pulling such chains apart has no end worth reaching.
 */
static bool pull_const(const sld_expr_table *table, sld_dim e, uint32_t op, sld_dim *x, int64_t *c)
{
    sld_dim deeper;
    int64_t second;
    return split_const(table, e, op, x, c) && !split_const(table, *x, op, &deeper, &second);
}

/* Rules with a constant right operand; SLD_DIM_NONE - 1 when none applies. */
static sld_dim simplify_const(sld_expr_table *t, sld_expr_op op, sld_dim a, int64_t c)
{
    sld_dim x;
    int64_t inner;
    int64_t r;
    switch (op) {
    case SLD_EXPR_ADD:
        if (c == 0) {
            return a;
        }
        if (split_const(t, a, SLD_EXPR_ADD, &x, &inner) && sld_i64_add(inner, c, &r)) {
            return sld_expr_add_const(t, x, r);
        }
        break;
    case SLD_EXPR_MUL:
        if (c == 1) {
            return a;
        }
        if (c == 0) {
            return sld_expr_const(t, 0);
        }
        if (split_const(t, a, SLD_EXPR_MUL, &x, &inner) && sld_i64_mul(inner, c, &r)) {
            return sld_expr_mul_const(t, x, r);
        }
        break;
    case SLD_EXPR_DIV:
    case SLD_EXPR_CEIL:
        if (c == 1) {
            return a;
        }
        if (c > 0 && split_const(t, a, SLD_EXPR_MUL, &x, &inner) && inner % c == 0) {
            return sld_expr_mul_const(t, x, inner / c);
        }
        if (op == SLD_EXPR_DIV && c > 0 && split_const(t, a, SLD_EXPR_DIV, &x, &inner) &&
            inner > 0 && sld_i64_mul(inner, c, &r)) {
            return sld_expr_div_const(t, x, r);
        }
        break;
    case SLD_EXPR_MOD:
        if (c == 1 || (c > 0 && split_const(t, a, SLD_EXPR_MUL, &x, &inner) && inner % c == 0)) {
            return sld_expr_const(t, 0);
        }
        break;
    default:
        break;
    }
    return SLD_DIM_NONE - 1;
}

/* Operands a search for one to cancel looks at: expressions share parts, so walks can be endless.
 */
#define CANCEL_VISITS 64

/* Divides the product a by its factor b if b is literally one of the factors. */
static sld_dim cancel_factor(sld_expr_table *t, sld_dim a, sld_dim b, int *visits)
{
    if (a == b) {
        return sld_expr_const(t, 1);
    }
    const sld_expr n = *node_of(t, a);
    if (n.op != SLD_EXPR_MUL || --*visits < 0) {
        return SLD_DIM_NONE;
    }
    sld_dim rest = cancel_factor(t, n.a, b, visits);
    if (rest != SLD_DIM_NONE) {
        return sld_expr_mul(t, rest, n.b);
    }
    rest = cancel_factor(t, n.b, b, visits);
    return rest == SLD_DIM_NONE ? SLD_DIM_NONE : sld_expr_mul(t, n.a, rest);
}

static sld_dim divide_factor(sld_expr_table *t, sld_dim a, sld_dim b)
{
    int visits = CANCEL_VISITS;
    return cancel_factor(t, a, b, &visits);
}

/* a - b when b is literally a summand of a. */
static sld_dim cancel_summand(sld_expr_table *t, sld_dim a, sld_dim b, int *visits)
{
    if (a == b) {
        return sld_expr_const(t, 0);
    }
    const sld_expr n = *node_of(t, a);
    if (n.op != SLD_EXPR_ADD || --*visits < 0) {
        return SLD_DIM_NONE;
    }
    sld_dim rest = cancel_summand(t, n.a, b, visits);
    if (rest != SLD_DIM_NONE) {
        return sld_expr_add(t, rest, n.b);
    }
    rest = cancel_summand(t, n.b, b, visits);
    return rest == SLD_DIM_NONE ? SLD_DIM_NONE : sld_expr_add(t, n.a, rest);
}

/* a + b when b is p - q and q is literally a summand of a. */
static sld_dim cancel_difference(sld_expr_table *t, sld_dim a, sld_dim b)
{
    const sld_expr n = *node_of(t, b);
    int visits = CANCEL_VISITS;
    sld_dim rest = n.op == SLD_EXPR_SUB ? cancel_summand(t, a, n.b, &visits) : SLD_DIM_NONE;
    return rest == SLD_DIM_NONE ? SLD_DIM_NONE : sld_expr_add(t, n.a, rest);
}

sld_dim sld_expr_make(sld_expr_table *t, sld_expr_op op, sld_dim a, sld_dim b)
{
    if (a < 0 || b < 0 || t->failed) {
        return SLD_DIM_NONE;
    }
    int64_t ca = 0;
    int64_t cb = 0;
    bool const_a = sld_expr_is_const(t, a, &ca);
    bool const_b = sld_expr_is_const(t, b, &cb);
    if (const_a && const_b) {
        return sld_expr_const(t, apply(op, ca, cb));
    }
    if (op == SLD_EXPR_SUB) {
        if (const_b) {
            return sld_expr_add_const(t, a, -cb);
        }
        int visits = CANCEL_VISITS;
        sld_dim rest = cancel_summand(t, a, b, &visits);
        return rest != SLD_DIM_NONE ? rest : intern(t, op, a, b, 0);
    }
    bool commutes =
        op == SLD_EXPR_ADD || op == SLD_EXPR_MUL || op == SLD_EXPR_MIN || op == SLD_EXPR_MAX;
    if (commutes && (const_a || (!const_b && a > b))) { /* constants right, else older first */
        sld_dim swap = a;
        a = b;
        b = swap;
        if (const_a) {
            cb = ca;
            const_b = true;
        }
    }
    if (const_b) {
        sld_dim simple = simplify_const(t, op, a, cb);
        if (simple != SLD_DIM_NONE - 1) {
            return simple;
        }
        return intern(t, op, a, b, 0);
    }
    sld_dim x;
    int64_t c;
    /* Pull constants outward, so that (N*4)*M and (N*M)*4 are one expression. */
    if ((op == SLD_EXPR_MUL || op == SLD_EXPR_ADD) && pull_const(t, a, op, &x, &c)) {
        return sld_expr_make(t, op, sld_expr_make(t, op, x, b), sld_expr_const(t, c));
    }
    if ((op == SLD_EXPR_MUL || op == SLD_EXPR_ADD) && pull_const(t, b, op, &x, &c)) {
        return sld_expr_make(t, op, sld_expr_make(t, op, a, x), sld_expr_const(t, c));
    }
    if (op == SLD_EXPR_ADD && a == b) {
        return sld_expr_mul_const(t, a, 2);
    }
    if (op == SLD_EXPR_ADD) {
        sld_dim rest = cancel_difference(t, a, b);
        rest = rest == SLD_DIM_NONE ? cancel_difference(t, b, a) : rest;
        if (rest != SLD_DIM_NONE) {
            return rest;
        }
    }
    if ((op == SLD_EXPR_MIN || op == SLD_EXPR_MAX) && a == b) {
        return a;
    }
    if (op == SLD_EXPR_DIV || op == SLD_EXPR_CEIL) {
        sld_dim rest = divide_factor(t, a, b);
        if (rest != SLD_DIM_NONE) {
            return rest;
        }
        if (split_const(t, b, SLD_EXPR_MUL, &x, &c) && c > 0) { /* a/(x*c) with x a factor of a */
            rest = divide_factor(t, a, x);
            if (rest != SLD_DIM_NONE) {
                return sld_expr_make(t, op, rest, sld_expr_const(t, c));
            }
        }
    }
    if (op == SLD_EXPR_MOD && divide_factor(t, a, b) != SLD_DIM_NONE) {
        return sld_expr_const(t, 0);
    }
    return intern(t, op, a, b, 0);
}

sld_dim sld_expr_add_const(sld_expr_table *table, sld_dim a, int64_t c)
{
    return sld_expr_make(table, SLD_EXPR_ADD, a, sld_expr_const(table, c));
}

sld_dim sld_expr_mul_const(sld_expr_table *table, sld_dim a, int64_t c)
{
    return sld_expr_make(table, SLD_EXPR_MUL, a, sld_expr_const(table, c));
}

sld_dim sld_expr_div_const(sld_expr_table *table, sld_dim a, int64_t c)
{
    return sld_expr_make(table, SLD_EXPR_DIV, a, sld_expr_const(table, c));
}

static size_t print_at(const sld_expr_table *table, sld_dim e, char *text, size_t size, size_t at,
                       int depth)
{
    if (at + 1 >= size) {
        return at;
    }
    if (e < 0 || (size_t)e >= table->count || depth > 32) {
        int n = snprintf(text + at, size - at, "?");
        return at + (size_t)n;
    }
    const sld_expr *n = &table->exprs[e];
    int written = 0;
    if (n->op == SLD_EXPR_CONST) {
        written = snprintf(text + at, size - at, "%lld", (long long)n->value);
    } else if (n->op == SLD_EXPR_SYMBOL) {
        written = snprintf(text + at, size - at, "%s", table->symbols[n->value].name);
    } else {
        static const char *const signs[] = {"",  "",   "+", "-",     "*",
                                            "/", "^/", "%", " min ", " max "};
        text[at++] = '(';
        at = print_at(table, n->a, text, size, at, depth + 1);
        if (at + 1 < size) {
            written = snprintf(text + at, size - at, "%s", signs[n->op]);
            at += (size_t)written < size - at ? (size_t)written : size - at - 1;
        }
        at = print_at(table, n->b, text, size, at, depth + 1);
        if (at + 1 < size) {
            text[at++] = ')';
        }
        text[at] = '\0';
        return at;
    }
    return at + ((size_t)written < size - at ? (size_t)written : size - at - 1);
}

void sld_expr_print(const sld_expr_table *table, sld_dim e, char *text, size_t size)
{
    if (size == 0) {
        return;
    }
    text[0] = '\0';
    (void)print_at(table, e, text, size, 0, 0);
}
