/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dimension expressions: constants, symbols (an open batch, an image height) and arithmetic on
 * them. A table holds them in an order in which every expression follows its operands, so that
 * evaluation is one loop; a plan stores the table as it is.
 */
#ifndef SLD_BASE_EXPR_H
#define SLD_BASE_EXPR_H

#include "base/memory.h"

/* Index into a table. Equal expressions get equal indices within one table. */
typedef int32_t sld_dim;
#define SLD_DIM_NONE ((sld_dim)-1) /* not known, not even as an expression */

typedef enum sld_expr_op {
    SLD_EXPR_CONST = 0, /* value */
    SLD_EXPR_SYMBOL,    /* value is the symbol's index */
    SLD_EXPR_ADD,
    SLD_EXPR_SUB,
    SLD_EXPR_MUL,
    SLD_EXPR_DIV,  /* floor division; by zero gives 0 and marks the result unknown */
    SLD_EXPR_CEIL, /* division rounded up */
    SLD_EXPR_MOD,
    SLD_EXPR_MIN,
    SLD_EXPR_MAX,
    SLD_EXPR_OP_COUNT
} sld_expr_op;

/* Stored in plans: fixed width. */
typedef struct sld_expr {
    uint32_t op;
    sld_dim a, b;
    uint32_t reserved;
    int64_t value;
} sld_expr;

/* A symbol is given by a caller (input dimension) or by a step that runs (data dependent). */
typedef struct sld_symbol {
    char name[48];
    int64_t min, opt, max; /* profile; data-dependent symbols: 0, 0, upper bound */
    sld_dim bound;         /* data dependent: its upper bound, SLD_DIM_NONE if it has none */
    uint32_t data_dependent;
} sld_symbol;

/* max of a symbol without an upper bound. Its opt is what kernels are chosen for. */
#define SLD_SYMBOL_OPEN INT64_MAX
#define SLD_SYMBOL_OPT  64 /* where nothing better is known */

typedef struct sld_expr_table {
    const solder_allocator *allocator;
    sld_expr *exprs;
    size_t count, capacity;
    sld_symbol *symbols;
    size_t symbol_count, symbol_capacity;
    int32_t *buckets; /* hash table of indices + 1 */
    size_t bucket_count;
    bool failed; /* an allocation failed; every later result is SLD_DIM_NONE */
} sld_expr_table;

void sld_expr_table_init(sld_expr_table *table, const solder_allocator *allocator);
void sld_expr_table_free(sld_expr_table *table);

/*
 * Constructors simplify and intern. An operand SLD_DIM_NONE gives SLD_DIM_NONE; so does constant
 * arithmetic that overflows, and any constructor after an allocation failed (see failed).
 */
sld_dim sld_expr_const(sld_expr_table *table, int64_t value);
/* The symbol of that name, made if new, with profile 1..1..INT32_MAX until set. */
sld_dim sld_expr_symbol(sld_expr_table *table, const char *name);
/*
 * The symbol of that name whose value a step writes, made if new (node names make it unique).
 * bound is an expression for its largest value, SLD_DIM_NONE if there is none; it replaces an
 * earlier one unless it is younger than the symbol: then another symbol, with a mark behind its
 * name, keeps bounds before what they bound.
 */
sld_dim sld_expr_data_symbol(sld_expr_table *table, const char *name, sld_dim bound);
sld_dim sld_expr_make(sld_expr_table *table, sld_expr_op op, sld_dim a, sld_dim b);

static inline sld_dim sld_expr_add(sld_expr_table *t, sld_dim a, sld_dim b)
{
    return sld_expr_make(t, SLD_EXPR_ADD, a, b);
}
static inline sld_dim sld_expr_sub(sld_expr_table *t, sld_dim a, sld_dim b)
{
    return sld_expr_make(t, SLD_EXPR_SUB, a, b);
}
static inline sld_dim sld_expr_mul(sld_expr_table *t, sld_dim a, sld_dim b)
{
    return sld_expr_make(t, SLD_EXPR_MUL, a, b);
}
static inline sld_dim sld_expr_div(sld_expr_table *t, sld_dim a, sld_dim b)
{
    return sld_expr_make(t, SLD_EXPR_DIV, a, b);
}
/* A symbol with everything set as in the given one. */
sld_dim sld_expr_clone_symbol(sld_expr_table *table, const sld_symbol *symbol);

/* a + c, a * c, floor(a / c) with a constant. */
sld_dim sld_expr_add_const(sld_expr_table *table, sld_dim a, int64_t c);
sld_dim sld_expr_mul_const(sld_expr_table *table, sld_dim a, int64_t c);
sld_dim sld_expr_div_const(sld_expr_table *table, sld_dim a, int64_t c);

/* True, and *value set, if e is a constant. */
bool sld_expr_is_const(const sld_expr_table *table, sld_dim e, int64_t *value);

/* Value not known: a data-dependent symbol before its step has run, division by zero, overflow. */
#define SLD_EXPR_UNKNOWN INT64_MIN

/*
 * Evaluates exprs[0..count) into values[0..count) with symbols[i] the value of symbol i (or
 * SLD_EXPR_UNKNOWN). Needs no table object: the runtime calls it on a mapped plan.
 */
void sld_expr_evaluate(const sld_expr *exprs, size_t count, const int64_t *symbols,
                       int64_t *values);

/*
 * The same, but a data-dependent symbol whose value is SLD_EXPR_UNKNOWN stands for its bound. The
 * bound must precede every use of the symbol in the table, as it does in plans.
 */
void sld_expr_evaluate_bounds(const sld_expr *exprs, size_t count, const sld_symbol *infos,
                              const int64_t *symbols, int64_t *values);

/*
 * The least and largest value of every expression over the profile, high SLD_SYMBOL_OPEN if it has
 * no bound and low INT64_MIN likewise; and its value at the optimum, SLD_EXPR_UNKNOWN if it has
 * none. Arrays of table->count entries.
 */
void sld_expr_ranges(const sld_expr_table *table, int64_t *low, int64_t *high, int64_t *opt);

/* open[i]: expression i depends on a symbol without an upper bound, or is what is left of something
 * without a bounded one that only a run tells. */
void sld_expr_find_open(const sld_expr *exprs, size_t count, const sld_symbol *symbols,
                        uint8_t *open);

/* Writes "N", "4", "(H+1)/2" into text; always terminated. */
void sld_expr_print(const sld_expr_table *table, sld_dim e, char *text, size_t size);

/* Finds a symbol's index by name, or -1. */
int sld_expr_find_symbol(const sld_expr_table *table, const char *name);

#endif
