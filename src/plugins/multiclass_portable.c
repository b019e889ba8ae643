/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "plugins/multiclass.h"

static size_t rounded(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t smaller(size_t a, int32_t most)
{
    return most >= 0 && (size_t)most < a ? (size_t)most : a;
}

static void *take(char *base, size_t *used, size_t bytes)
{
    void *place = base != NULL ? base + *used : NULL;
    *used += rounded(bytes);
    return place;
}

size_t sld_multiclass_init(sld_multiclass *m, const solder_plugin_call *c, void *base)
{
    size_t used = 0;
    size_t threads = c->threads > 0 ? (size_t)c->threads : 1;
    m->list_count = m->agnostic ? 1 : m->classes;
    m->list_length = m->agnostic ? m->boxes * m->classes : m->boxes;
    m->limit = smaller(smaller(m->list_length, m->top_k), m->keep_top_k);
    m->set_floats = m->method == SLD_NMS_HARD
                        ? sld_box_set_floats(m->limit)
                        : smaller(m->list_length, m->top_k) * (sizeof(sld_box) / sizeof(float));
    size_t lists = m->images * m->list_count;
    m->lists = take(base, &used, lists * m->list_length * sizeof *m->lists);
    m->counts = take(base, &used, lists * sizeof *m->counts);
    m->scratch = take(base, &used, threads * m->list_length * sizeof *m->scratch);
    m->sets = take(base, &used, threads * m->set_floats * sizeof *m->sets);
    m->together = take(base, &used, 2 * m->list_count * m->limit * sizeof *m->together);
    return used;
}

/* ---- candidates of one image: scores above the threshold ---- */

static void find_of_any_class(const sld_multiclass *m, size_t image)
{
    sld_ranked *list = m->lists + image * m->list_length;
    const float *scores = m->scores + image * m->list_length;
    uint32_t count = 0;
    for (uint32_t i = 0; i < m->list_length; i++) {
        list[count] = (sld_ranked){sld_rank_key(scores[i]), i};
        count += scores[i] > m->threshold && (int64_t)(i % m->classes) != m->background;
    }
    m->counts[image] = count;
}

/* Most boxes have no score above the threshold but the background's: passed by quickly. */
static void find_by_class(const sld_multiclass *m, size_t image)
{
    const size_t classes = m->classes;
    const float threshold = m->threshold;
    const size_t background = (size_t)m->background; /* from -1: no class */
    sld_ranked *lists = m->lists + image * classes * m->boxes;
    uint32_t *counts = m->counts + image * classes;
    const float *row = m->scores + image * classes * m->boxes;
    memset(counts, 0, classes * sizeof *counts);
    for (uint32_t box = 0; box < m->boxes; box++, row += classes) {
        int32_t above = 0;
        for (size_t k = 0; k < classes; k++) {
            above += row[k] > threshold;
        }
        if (above == 0 || (above == 1 && background < classes && row[background] > threshold)) {
            continue;
        }
        for (size_t k = 0; k < classes; k++) {
            lists[k * m->boxes + counts[k]] = (sld_ranked){sld_rank_key(row[k]), box};
            counts[k] += row[k] > threshold;
        }
    }
    if (background < classes) {
        counts[background] = 0;
    }
}

static void find_candidates(void *user, size_t image, int thread)
{
    const sld_multiclass *m = user;
    (void)thread;
    if (m->agnostic) {
        find_of_any_class(m, image);
    } else {
        find_by_class(m, image);
    }
}

/* ---- suppression in one list ---- */

static sld_box box_of(const sld_multiclass *m, size_t image, size_t list, uint32_t index)
{
    return m->agnostic ? m->box(m->user, image, index % m->classes, index / m->classes)
                       : m->box(m->user, image, list, index);
}

static float softened(const sld_multiclass *m, float score, float overlap)
{
    if (m->method == SLD_NMS_GAUSSIAN) {
        return score * expf(-overlap * overlap / m->sigma);
    }
    return overlap > m->nms_threshold ? score * (1 - overlap) : score;
}

static void exchange(sld_ranked *list, sld_box *boxes, size_t a, size_t b)
{
    sld_ranked entry = list[a];
    sld_box box = boxes[a];
    list[a] = list[b];
    boxes[a] = boxes[b];
    list[b] = entry;
    boxes[b] = box;
}

/* The best of list[from, count), the one found first among equals. */
static size_t find_best(const sld_ranked *list, size_t from, size_t count)
{
    size_t best = from;
    for (size_t i = from + 1; i < count; i++) {
        if (list[i].key > list[best].key ||
            (list[i].key == list[best].key && list[i].index < list[best].index)) {
            best = i;
        }
    }
    return best;
}

/* Takes the best, lowers the others, until none is above the threshold. Returns how many. */
static size_t soften(const sld_multiclass *m, size_t at, size_t count, sld_box *boxes)
{
    sld_ranked *list = m->lists + at * m->list_length;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        boxes[i] = box_of(m, at / m->list_count, at % m->list_count, list[i].index);
    }
    for (; kept < count && kept < m->limit; kept++) {
        exchange(list, boxes, kept, find_best(list, kept, count));
        for (size_t i = kept + 1; i < count;) {
            float overlap = sld_box_overlap(&boxes[kept], &boxes[i], m->unit);
            float score = softened(m, sld_rank_score(list[i].key), overlap);
            list[i].key = sld_rank_key(score);
            if (score > m->threshold) {
                i++;
            } else {
                exchange(list, boxes, i, --count);
            }
        }
    }
    return kept;
}

static void suppress(void *user, size_t at, int thread)
{
    const sld_multiclass *m = user;
    sld_ranked *list = m->lists + at * m->list_length;
    float threshold = m->nms_threshold;
    size_t count = sld_rank_top(list, m->counts[at], smaller(m->list_length, m->top_k),
                                m->scratch + (size_t)thread * m->list_length);
    float *memory = m->sets + (size_t)thread * m->set_floats;
    sld_box_set kept;
    if (m->method != SLD_NMS_HARD) {
        m->counts[at] = (uint32_t)soften(m, at, count, (sld_box *)(void *)memory);
        return;
    }
    sld_box_set_init(&kept, memory, m->limit, m->unit);
    for (size_t i = 0; i < count && kept.count < m->limit; i++) {
        sld_box box = box_of(m, at / m->list_count, at % m->list_count, list[i].index);
        if (!sld_box_set_overlaps(&kept, &box, threshold)) {
            list[kept.count] = list[i];
            sld_box_set_add(&kept, &box);
            if (threshold > 0.5f) {
                threshold *= m->eta;
            }
        }
    }
    m->counts[at] = (uint32_t)kept.count;
}

/* ---- the best of an image ---- */

/* Sorts the best entries of all lists of an image; what is behind an entry is its list. */
static size_t rank_image(const sld_multiclass *m, size_t image, size_t most)
{
    size_t total = 0;
    for (size_t l = 0; l < m->list_count; l++) {
        size_t at = image * m->list_count + l;
        for (size_t i = 0; i < m->counts[at]; i++) {
            m->together[total++] = (sld_ranked){m->lists[at * m->list_length + i].key, (uint32_t)l};
        }
    }
    return sld_rank_top(m->together, total, most, m->together + m->list_count * m->limit);
}

/* Each list is in order, so what an image keeps is the front of each. */
static void keep_best(sld_multiclass *m, size_t image)
{
    uint32_t *counts = m->counts + image * m->list_count;
    size_t total = 0;
    for (size_t l = 0; l < m->list_count; l++) {
        total += counts[l];
    }
    if (m->keep_top_k < 0 || total <= (size_t)m->keep_top_k) {
        return;
    }
    total = rank_image(m, image, (size_t)m->keep_top_k);
    memset(counts, 0, m->list_count * sizeof *counts);
    for (size_t i = 0; i < total; i++) {
        counts[m->together[i].index]++;
    }
}

void sld_multiclass_run(sld_multiclass *m, const solder_plugin_call *c)
{
    solder_plugin_parallel_for(c, m->images, find_candidates, m);
    solder_plugin_parallel_for(c, m->images * m->list_count, suppress, m);
    for (size_t image = 0; image < m->images; image++) {
        keep_best(m, image);
    }
}

sld_detection sld_multiclass_get(const sld_multiclass *m, size_t image, size_t list, size_t entry)
{
    const sld_ranked *r = &m->lists[(image * m->list_count + list) * m->list_length + entry];
    return m->agnostic ? (sld_detection){r->index % m->classes, r->index / m->classes,
                                         sld_rank_score(r->key)}
                       : (sld_detection){list, r->index, sld_rank_score(r->key)};
}

size_t sld_multiclass_ranked(const sld_multiclass *m, size_t image)
{
    return rank_image(m, image, m->list_count * m->limit);
}

float sld_logit(float t)
{
    return t <= 0 ? -INFINITY : t >= 1 ? INFINITY : logf(t / (1 - t));
}
