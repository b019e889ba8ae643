/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NonMaxSuppression: per batch and class the best scores first, each kept unless it overlaps a
 * kept one by more than the threshold. Overlaps in float, as the boxes are.
 */
#include "kernels/detection/detection.h"

/* Thresholds with inputs and attributes merged. */
typedef struct limits {
    int64_t per_class;
    float iou, score;
    bool has_score;
} limits;

typedef struct box {
    float y0, x0, y1, x1; /* y0 <= y1, x0 <= x1 */
} box;

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

static box read_box(const sld_tensor *boxes, int64_t batch, int64_t index, bool center)
{
    float v[4];
    for (int i = 0; i < 4; i++) {
        v[i] = element(boxes, batch, index, i);
    }
    if (center) { /* x, y of the centre, width, height */
        return (box){v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
    }
    return (box){v[0] < v[2] ? v[0] : v[2], v[1] < v[3] ? v[1] : v[3], v[0] < v[2] ? v[2] : v[0],
                 v[1] < v[3] ? v[3] : v[1]};
}

static bool overlap(const box *a, const box *b, float threshold)
{
    float height = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0);
    float width = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
    float area_a = (a->y1 - a->y0) * (a->x1 - a->x0);
    float area_b = (b->y1 - b->y0) * (b->x1 - b->x0);
    if (height <= 0 || width <= 0 || area_a <= 0 || area_b <= 0) {
        return false;
    }
    float both = height * width;
    return both / (area_a + area_b - both) > threshold;
}

/* Is candidate a worse than b? Of equal scores the higher index is. */
static bool worse(const float *score, int64_t a, int64_t b)
{
    return score[a] < score[b] || (score[a] == score[b] && a > b);
}

/* Sinks heap[at] in a heap whose root is the best. */
static void sink(const float *score, int64_t *heap, int64_t count, int64_t at)
{
    int64_t value = heap[at];
    for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && worse(score, heap[child], heap[child + 1])) {
            child++;
        }
        if (!worse(score, value, heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/* scores, the heap of candidates, the boxes kept */
typedef struct scratch {
    float *score;
    int64_t *heap;
    box *kept;
} scratch;

/* One batch and class; the boxes' indices are left in heap order. Returns how many are kept. */
static int64_t select_boxes(const sld_run *run, const limits *l, const scratch *s, int64_t batch,
                            int64_t class, int64_t room, int64_t row)
{
    const sld_nms_params *p = run->params;
    const sld_tensor *out = &run->out[0];
    int64_t n = run->in[1].dim[2];
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        s->score[i] = element(&run->in[1], batch, class, i);
        bool passes = l->has_score ? s->score[i] > l->score : s->score[i] == s->score[i];
        if (passes) {
            s->heap[count++] = i;
        }
    }
    for (int64_t i = count / 2 - 1; i >= 0; i--) {
        sink(s->score, s->heap, count, i);
    }
    int64_t kept = 0;
    while (count > 0 && kept < l->per_class && kept < room) {
        int64_t best = s->heap[0];
        s->heap[0] = s->heap[--count];
        if (count > 0) {
            sink(s->score, s->heap, count, 0);
        }
        box b = read_box(&run->in[0], batch, best, p->center_point_box != 0);
        bool suppressed = false;
        for (int64_t i = 0; i < kept && !suppressed; i++) {
            suppressed = overlap(&s->kept[i], &b, l->iou);
        }
        if (!suppressed) {
            const int64_t values[3] = {batch, class, best};
            s->kept[kept++] = b;
            for (int i = 0; i < 3; i++) {
                sld_put_i64(out, row * out->stride[0] + i * out->stride[1], values[i]);
            }
            row++;
        }
    }
    return kept;
}

static size_t nms_workspace(const sld_run *run, int threads)
{
    (void)threads;
    return (size_t)run->in[1].dim[2] * (sizeof(int64_t) + sizeof(box) + sizeof(float));
}

static solder_status run_nms(const sld_run *run)
{
    const sld_tensor *scores = &run->in[1];
    sld_tensor *out = &run->out[0];
    limits l = read_limits(run);
    int64_t n = scores->dim[2];
    if (run->in[0].dim[0] != scores->dim[0] || run->in[0].dim[1] != n) {
        return SOLDER_ERROR_DATA;
    }
    if (sld_tensor_count(scores) == 0) { /* n alone may be beyond any workspace */
        out->dim[0] = 0;
        return SOLDER_OK;
    }
    int64_t *heap = run->workspace;
    scratch s = {.heap = heap, .kept = (box *)(void *)(heap + n)};
    s.score = (float *)(void *)(s.kept + n);
    int64_t rows = 0;
    for (int64_t batch = 0; n > 0 && batch < scores->dim[0]; batch++) {
        for (int64_t class = 0; class < scores->dim[1]; class ++) {
            rows += select_boxes(run, &l, &s, batch, class, out->dim[0] - rows, rows);
        }
    }
    out->dim[0] = rows;
    return SOLDER_OK;
}

const sld_kernel sld_nms_ref = {
    .name = "nms_ref", .family = "nms", .workspace = nms_workspace, .run = run_nms};
