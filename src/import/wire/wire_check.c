/* SPDX-License-Identifier: Apache-2.0 */
#include "import/wire/wire_check.h"

typedef struct level {
    uint8_t message;
    sld_wire wire;
} level;

/* Rules of no format nest deeper than this. */
#define LEVELS 12

static const sld_wire_rule *find_rule(const sld_wire_rule *rules, size_t count, uint8_t outer,
                                      uint32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].outer == outer && rules[i].number == number) {
            return &rules[i];
        }
    }
    return NULL;
}

solder_status sld_wire_check(sld_diag *diag, const char *who, const sld_wire_rule *rules,
                             size_t count, const uint8_t *data, size_t size)
{
    level stack[LEVELS] = {{1, sld_wire_open(data, size)}};
    int depth = 0;
    while (depth >= 0) {
        sld_wire_field field;
        level *top = &stack[depth];
        sld_wire_step step = sld_wire_next(&top->wire, &field);
        if (step == SLD_WIRE_END) {
            depth--;
            continue;
        }
        if (step != SLD_WIRE_FIELD) {
            return sld_fail(diag, SOLDER_ERROR_DATA, "%s: the file %s at byte %zu", who,
                            sld_wire_step_text(step), (size_t)(top->wire.at - data));
        }
        const sld_wire_rule *rule = find_rule(rules, count, top->message, field.number);
        if (rule == NULL) {
            continue;
        }
        if ((rule->types >> field.type & 1) == 0) {
            return sld_fail(diag, SOLDER_ERROR_DATA,
                            "%s: field %u at byte %zu has the wrong wire type", who,
                            (unsigned)field.number, (size_t)(field.start - data));
        }
        if (rule->inner != 0) {
            if (depth + 1 == LEVELS) {
                return sld_fail(diag, SOLDER_ERROR_DATA, "%s: messages nest too deep", who);
            }
            stack[++depth] = (level){rule->inner, sld_wire_open(field.data, field.size)};
        }
    }
    return SOLDER_OK;
}
