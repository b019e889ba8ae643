/* SPDX-License-Identifier: Apache-2.0 */
/* "There is no 'prop'; the nearest names are 'prob', 'pool'." */
#include <stdio.h>

#include "import/import.h"

static size_t smallest(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Changes of one character that turn one name into the other; SIZE_MAX for very long ones. */
static size_t distance(const char *a, const char *b)
{
    size_t row[SLD_NEAREST_LENGTH + 1], m = strlen(a), n = strlen(b);
    if (m > SLD_NEAREST_LENGTH || n > SLD_NEAREST_LENGTH) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= m; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t kept = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = smallest(kept, smallest(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

/* Names looked at, at most: a model may have a million. */
#define OFFERS_MAX 20000

sld_nearest sld_nearest_to(const char *wanted)
{
    sld_nearest nearest = {.wanted = wanted};
    for (int i = 0; i < SLD_NEAREST; i++) {
        nearest.far[i] = SIZE_MAX;
    }
    return nearest;
}

void sld_nearest_offer(sld_nearest *nearest, const char *name)
{
    size_t d = nearest->offered++ < OFFERS_MAX ? distance(nearest->wanted, name) : SIZE_MAX;
    int at = SLD_NEAREST;
    while (at > 0 && d < nearest->far[at - 1]) {
        at--;
    }
    if (at == SLD_NEAREST) {
        return;
    }
    for (int i = SLD_NEAREST - 1; i > at; i--) {
        nearest->far[i] = nearest->far[i - 1];
        nearest->best[i] = nearest->best[i - 1];
    }
    nearest->far[at] = d;
    nearest->best[at] = name;
}

const char *sld_nearest_text(sld_nearest *nearest)
{
    size_t used = 0;
    nearest->text[0] = '\0';
    for (int i = 0; i < SLD_NEAREST && nearest->best[i] != NULL; i++) {
        bool alone = nearest->best[1] == NULL;
        const char *before = i > 0   ? ","
                             : alone ? "; the nearest name is"
                                     : "; the nearest names are";
        int n = snprintf(nearest->text + used, sizeof nearest->text - used, "%s '%s'", before,
                         nearest->best[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return nearest->text;
}
