/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CombinedNonMaxSuppression: a heap of candidates per class, and of what every class keeps the best
 * in a second heap whose root is the worst.
 */
#include "kernels/detection/boxes.h"
#include "kernels/detection/detection.h"

typedef struct found {
    float score;
    int32_t class;
    int64_t box;
} found;

typedef struct scratch {
    int64_t *heap;
    sld_box *kept;
    float *score;
    found *best; /* a heap of at most `room`, its root the worst */
    int64_t count, room;
} scratch;

/* Of equal scores the lower class and the lower box are better. */
static bool before(const found *a, const found *b)
{
    return a->score > b->score ||
           (a->score == b->score &&
            (a->class < b->class || (a->class == b->class && a->box < b->box)));
}

static void sink_worst(found *heap, int64_t count, int64_t at, found value)
{
    for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && before(&heap[child], &heap[child + 1])) {
            child++;
        }
        if (!before(&value, &heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

static void add_found(scratch *s, found value)
{
    if (s->count == s->room) {
        if (s->room > 0 && before(&value, &s->best[0])) {
            sink_worst(s->best, s->count, 0, value);
        }
        return;
    }
    int64_t at = s->count++;
    for (; at > 0 && before(&s->best[(at - 1) / 2], &value); at = (at - 1) / 2) {
        s->best[at] = s->best[(at - 1) / 2];
    }
    s->best[at] = value;
}

static void read_corners(const sld_run *run, int64_t image, const found *f, float v[4])
{
    const sld_tensor *t = &run->in[0];
    int64_t set = t->dim[2] == 1 ? 0 : f->class;
    int64_t at = image * t->stride[0] + f->box * t->stride[1] + set * t->stride[2];
    for (int i = 0; i < 4; i++) {
        v[i] = ((const float *)t->data)[at + i * t->stride[3]];
    }
}

static void select_class(const sld_run *run, scratch *s, int64_t image, int32_t class)
{
    const sld_combined_nms_params *p = run->params;
    const sld_tensor *scores = &run->in[1];
    int64_t n = scores->dim[1], count = 0, kept = 0;
    const float *from =
        (const float *)scores->data + image * scores->stride[0] + class * scores->stride[2];
    for (int64_t i = 0; i < n; i++) {
        s->score[i] = from[i * scores->stride[1]];
        if (s->score[i] > p->score_threshold) {
            s->heap[count++] = i;
        }
    }
    sld_box_heap(s->score, s->heap, count);
    while (count > 0 && kept < p->max_per_class) {
        int64_t at = sld_box_best(s->score, s->heap, &count);
        const found f = {s->score[at], class, at};
        float v[4];
        read_corners(run, image, &f, v);
        sld_box box = sld_box_make(v);
        int64_t i = kept - 1;
        while (i >= 0 && !(sld_box_overlap(&s->kept[i], &box) > p->iou_threshold)) {
            i--;
        }
        if (i < 0) {
            s->kept[kept++] = box;
            add_found(s, f);
        }
    }
}

static float clipped(float v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* Row `row` of an image; NULL fills with zeros. */
static void put_row(const sld_run *run, int64_t image, int64_t row, const found *f)
{
    const sld_combined_nms_params *p = run->params;
    float v[4] = {0, 0, 0, 0};
    if (f != NULL) {
        read_corners(run, image, f, v);
    }
    for (uint32_t o = 0; o < 3; o++) {
        const sld_tensor *y = &run->out[o];
        if (!sld_tensor_present(y)) {
            continue;
        }
        int64_t to = image * y->stride[0] + row * y->stride[1];
        for (int i = 0; o == 0 && i < 4; i++) {
            float value = p->clip_boxes != 0 ? clipped(v[i]) : v[i];
            ((float *)y->data)[to + i * y->stride[2]] = value;
        }
        if (o > 0) {
            ((float *)y->data)[to] = f == NULL ? 0 : o == 1 ? f->score : (float)f->class;
        }
    }
}

/* The worst found leaves the heap first and takes the last row. */
static void put_image(const sld_run *run, scratch *s, int64_t image)
{
    int64_t found_count = s->count;
    for (int64_t row = s->room - 1; row >= found_count; row--) {
        put_row(run, image, row, NULL);
    }
    while (s->count > 0) {
        found worst = s->best[0];
        s->count--;
        if (s->count > 0) {
            sink_worst(s->best, s->count, 0, s->best[s->count]);
        }
        put_row(run, image, s->count, &worst);
    }
    if (sld_tensor_present(&run->out[3])) {
        sld_put_i64(&run->out[3], image * run->out[3].stride[0], found_count);
    }
}

static size_t combined_nms_workspace(const sld_run *run, int threads)
{
    (void)threads;
    size_t boxes = (size_t)run->in[1].dim[1], room = (size_t)run->out[0].dim[1];
    return room * sizeof(found) + boxes * (sizeof(int64_t) + sizeof(sld_box) + sizeof(float));
}

static solder_status run_combined_nms(const sld_run *run)
{
    const sld_tensor *scores = &run->in[1];
    int64_t n = scores->dim[1];
    scratch s = {.room = run->out[0].dim[1], .best = run->workspace};
    s.heap = (int64_t *)(void *)(s.best + s.room);
    s.kept = (sld_box *)(void *)(s.heap + n);
    s.score = (float *)(void *)(s.kept + n);
    for (int64_t image = 0; image < scores->dim[0]; image++) {
        for (int32_t class = 0; n > 0 && class < scores->dim[2]; class ++) {
            select_class(run, &s, image, class);
        }
        put_image(run, &s, image);
    }
    return SOLDER_OK;
}

const sld_kernel sld_combined_nms_ref = {.name = "combined_nms_ref",
                                         .family = "combined_nms",
                                         .workspace = combined_nms_workspace,
                                         .run = run_combined_nms};
