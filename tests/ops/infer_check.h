/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a network from text and looks at the shapes and contents that inference found. */
#ifndef TESTS_OPS_INFER_CHECK_H
#define TESTS_OPS_INFER_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "graph/graph.h"

static sld_diag infer_diag;

/* Every network has the symbols N, M, H and W. */
static inline solder_status infer_read(const char *body, sld_graph **graph)
{
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "network \"t\"\nsymbol N 1..1..8\nsymbol M 1..1..8\nsymbol H 1..64..512\n"
                   "symbol W 1..64..512\n%s\n",
                   body);
    sld_diag_init(&infer_diag, NULL);
    return sld_graph_read(NULL, &infer_diag, text, strlen(text), graph);
}

static inline void infer_list(const sld_graph *graph, const sld_dim *d, int count, char *text,
                              size_t size)
{
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        size_t at = strlen(text);
        if (i > 0) {
            (void)snprintf(text + at, size - at, " ");
            at++;
        }
        sld_expr_print(&graph->exprs, d[i], text + at, size - at);
    }
}

/* The value %y of body has this type, these dims ("N 3 (H/2)") and content (NULL: none). */
static inline void infer_expect(const char *body, solder_dtype dtype, const char *dims,
                                const char *content)
{
    sld_graph *graph = NULL;
    char text[512];
    if (infer_read(body, &graph) != SOLDER_OK) {
        fail_msg("%s\n%s", infer_diag.message, body);
    }
    if (sld_graph_verify(graph) != SOLDER_OK) {
        fail_msg("%s\n%s", infer_diag.message, body);
    }
    const sld_value *y = sld_graph_find_value(graph, "y");
    assert_non_null(y);
    assert_int_equal(y->dtype, dtype);
    infer_list(graph, y->shape.d, y->shape.rank, text, sizeof text);
    assert_string_equal(text, dims);
    int64_t count = 1;
    if (y->shape.rank == 1) {
        (void)sld_expr_is_const(&graph->exprs, y->shape.d[0], &count);
    }
    if (content == NULL) {
        assert_null(y->content);
    } else {
        assert_non_null(y->content);
        infer_list(graph, y->content, (int)count, text, sizeof text);
        assert_string_equal(text, content);
    }
    sld_graph_destroy(graph);
}

/* Reading body fails with this code, and the message holds this text. */
static inline void infer_expect_error(const char *body, solder_status code, const char *message)
{
    sld_graph *graph = NULL;
    solder_status status = infer_read(body, &graph);
    if (status == SOLDER_OK) {
        fail_msg("no error for\n%s", body);
    }
    if (strstr(infer_diag.message, message) == NULL || status != code) {
        fail_msg("%s: %s\nexpected %s: %s", solder_status_name(status), infer_diag.message,
                 solder_status_name(code), message);
    }
}

#endif
