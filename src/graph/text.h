/* SPDX-License-Identifier: Apache-2.0 */
/* What the printer and the reader of the text form agree on. */
#ifndef SLD_GRAPH_TEXT_H
#define SLD_GRAPH_TEXT_H

#include "graph/graph.h"

/* Constants up to this size are always printed in full. */
#define SLD_TEXT_SHORT 16

/* Characters of a name that needs no quotes. */
static inline bool sld_text_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == ':' || c == '/' || c == '-';
}

/* Characters of a keyword, an attribute or a symbol. */
static inline bool sld_text_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

static inline bool sld_attr_is_list(const sld_attr *attr)
{
    return attr->kind != SLD_ATTR_TEXT && (attr->count > 1 || attr->length_offset >= 0);
}

#endif
