/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NonMaxSuppression: per batch and class the best scores first, each kept unless it overlaps a
 * kept one by more than the threshold.
 */
#include <math.h>

#include "kernels/detection/boxes.h"
#include "kernels/detection/detection.h"

/* Thresholds with inputs and attributes merged. */
typedef struct limits {
    int64_t per_class;
    float iou, score, sigma;
    bool has_score;
} limits;

static bool given(const sld_run *run, uint32_t index)
{
    return run->in_count > index && sld_tensor_present(&run->in[index]);
}

static limits read_limits(const sld_run *run)
{
    const sld_nms_params *p = run->params;
    limits l = {.per_class = p->max_output_per_class,
                .iou = p->iou_threshold,
                .score = p->score_threshold,
                .sigma = p->soft_sigma,
                .has_score = p->has_score_threshold != 0};
    if (given(run, 2)) {
        l.per_class = sld_at_i64(&run->in[2], 0);
    }
    if (given(run, 3)) {
        l.iou = (float)sld_at_f64(&run->in[3], 0);
    }
    if (given(run, 4)) {
        l.score = (float)sld_at_f64(&run->in[4], 0);
        l.has_score = true;
    }
    return l;
}

static float element(const sld_tensor *t, int64_t i, int64_t j, int64_t k)
{
    return ((const float *)t->data)[i * t->stride[0] + j * t->stride[1] + k * t->stride[2]];
}

static sld_box read_box(const sld_tensor *boxes, int64_t batch, int64_t index, bool center)
{
    float v[4];
    for (int i = 0; i < 4; i++) {
        v[i] = element(boxes, batch, index, i);
    }
    if (center) { /* x, y of the centre, width, height */
        return (sld_box){v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
    }
    return sld_box_make(v);
}

/* scores, how many kept boxes each has been held against, the heap of candidates, what is kept */
typedef struct scratch {
    float *score;
    int64_t *seen, *heap;
    sld_box *kept;
    int64_t count; /* in the heap */
} scratch;

static void collect(const sld_run *run, const limits *l, scratch *s, int64_t batch, int64_t class)
{
    int64_t n = run->in[1].dim[2];
    s->count = 0;
    for (int64_t i = 0; i < n; i++) {
        s->score[i] = element(&run->in[1], batch, class, i);
        s->seen[i] = 0;
        bool passes = l->has_score ? s->score[i] > l->score : s->score[i] == s->score[i];
        if (passes) {
            s->heap[s->count++] = i;
        }
    }
    sld_box_heap(s->score, s->heap, s->count);
}

/*
 * The best candidate again, unless a kept box overlaps it too much. With a sigma nothing is too
 * much: the score falls with every overlap, and the candidate waits for its turn once more.
 */
static bool survives(const limits *l, scratch *s, int64_t best, const sld_box *box, int64_t kept)
{
    float before = s->score[best];
    for (int64_t i = kept - 1; i >= s->seen[best]; i--) {
        float overlap = sld_box_overlap(&s->kept[i], box);
        if (l->sigma <= 0) {
            if (overlap > l->iou) {
                return false;
            }
            continue;
        }
        s->score[best] *= expf(-0.5f / l->sigma * overlap * overlap);
        if (l->has_score && s->score[best] <= l->score) {
            return false;
        }
    }
    s->seen[best] = kept;
    if (s->score[best] == before) {
        return true;
    }
    int64_t at = s->count++;
    for (; at > 0 && sld_box_worse(s->score, s->heap[(at - 1) / 2], best); at = (at - 1) / 2) {
        s->heap[at] = s->heap[(at - 1) / 2];
    }
    s->heap[at] = best;
    return false;
}

static void put(const sld_run *run, int64_t row, const int64_t values[3], float score)
{
    const sld_tensor *out = &run->out[0];
    for (int i = 0; i < 3; i++) {
        sld_put_i64(out, row * out->stride[0] + i * out->stride[1], values[i]);
    }
    if (run->out_count > 1 && sld_tensor_present(&run->out[1])) {
        sld_put_f64(&run->out[1], row * run->out[1].stride[0], (double)score);
    }
}

/* One batch and class. Returns how many are kept. */
static int64_t select_boxes(const sld_run *run, const limits *l, scratch *s, int64_t batch,
                            int64_t class, int64_t row)
{
    const sld_nms_params *p = run->params;
    int64_t room = run->out[0].dim[0] - row, kept = 0;
    collect(run, l, s, batch, class);
    while (s->count > 0 && kept < l->per_class && kept < room) {
        int64_t best = sld_box_best(s->score, s->heap, &s->count);
        sld_box box = read_box(&run->in[0], batch, best, p->center_point_box != 0);
        if (survives(l, s, best, &box, kept)) {
            s->kept[kept] = box;
            put(run, row + kept++, (int64_t[]){batch, class, best}, s->score[best]);
        }
    }
    return kept;
}

static size_t nms_workspace(const sld_run *run, int threads)
{
    (void)threads;
    return (size_t)run->in[1].dim[2] * (2 * sizeof(int64_t) + sizeof(sld_box) + sizeof(float));
}

static void set_rows(const sld_run *run, int64_t rows)
{
    for (uint32_t i = 0; i < run->out_count; i++) {
        if (sld_tensor_present(&run->out[i])) {
            run->out[i].dim[0] = rows;
        }
    }
}

static solder_status run_nms(const sld_run *run)
{
    const sld_tensor *scores = &run->in[1];
    limits l = read_limits(run);
    int64_t n = scores->dim[2];
    if (run->in[0].dim[0] != scores->dim[0] || run->in[0].dim[1] != n) {
        return SOLDER_ERROR_DATA;
    }
    if (sld_tensor_count(scores) == 0) { /* n alone may be beyond any workspace */
        set_rows(run, 0);
        return SOLDER_OK;
    }
    int64_t *heap = run->workspace;
    scratch s = {.heap = heap, .seen = heap + n, .kept = (sld_box *)(void *)(heap + 2 * n)};
    s.score = (float *)(void *)(s.kept + n);
    int64_t rows = 0;
    for (int64_t batch = 0; batch < scores->dim[0]; batch++) {
        for (int64_t class = 0; class < scores->dim[1]; class ++) {
            rows += select_boxes(run, &l, &s, batch, class, rows);
        }
    }
    set_rows(run, rows);
    return SOLDER_OK;
}

const sld_kernel sld_nms_ref = {
    .name = "nms_ref", .family = "nms", .workspace = nms_workspace, .run = run_nms};
