/* SPDX-License-Identifier: Apache-2.0 */
#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double percentile(const double *sorted, size_t count, double p)
{
    double at = p * (double)(count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (at - (double)below);
}

void cli_latency_of(double *samples, size_t count, cli_latency *latency)
{
    *latency = (cli_latency){0};
    if (count == 0) {
        return;
    }
    qsort(samples, count, sizeof *samples, compare_doubles);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += samples[i];
    }
    latency->min = samples[0];
    latency->max = samples[count - 1];
    latency->mean = sum / (double)count;
    latency->median = percentile(samples, count, 0.50);
    latency->p90 = percentile(samples, count, 0.90);
    latency->p95 = percentile(samples, count, 0.95);
    latency->p99 = percentile(samples, count, 0.99);
}

static size_t count_of(const cli_tensor *tensor)
{
    return tensor->size / solder_dtype_size(tensor->dtype);
}

void cli_summary_of(const cli_tensor *tensor, cli_summary *summary)
{
    *summary = (cli_summary){NAN, NAN, NAN, count_of(tensor), 0};
    double sum = 0;
    size_t seen = 0;
    for (size_t i = 0; i < summary->count; i++) {
        double value = cli_element(tensor->dtype, tensor->data, i);
        if (isnan(value)) {
            summary->nans++;
            continue;
        }
        summary->min = seen == 0 || value < summary->min ? value : summary->min;
        summary->max = seen == 0 || value > summary->max ? value : summary->max;
        sum += value;
        seen++;
    }
    if (seen > 0) {
        summary->mean = sum / (double)seen;
    }
}

double cli_rms_of(const cli_tensor *tensor)
{
    double squares = 0;
    size_t count = count_of(tensor);
    for (size_t i = 0; i < count; i++) {
        double value = cli_element(tensor->dtype, tensor->data, i);
        squares += isfinite(value) ? value * value : 0;
    }
    return count > 0 ? sqrt(squares / (double)count) : 0;
}

void cli_difference_of(const cli_tensor *got, const cli_tensor *wanted, double atol, double rtol,
                       cli_difference *difference)
{
    *difference = (cli_difference){.count = count_of(got)};
    double worst = -1;
    double squares = 0;
    for (size_t i = 0; i < difference->count; i++) {
        double a = cli_element(got->dtype, got->data, i);
        double b = cli_element(wanted->dtype, wanted->data, i);
        bool same = a == b || (isnan(a) && isnan(b));
        double apart = same ? 0 : isfinite(a) && isfinite(b) ? fabs(a - b) : INFINITY;
        double bound = isfinite(b) ? atol + rtol * fabs(b) : 0;
        double excess = apart == 0 ? 0 : bound > 0 ? apart / bound : INFINITY;
        if (excess > worst) {
            worst = excess;
            difference->where = i;
            difference->got = a;
            difference->wanted = b;
        }
        difference->beyond += apart > bound;
        difference->max_abs = fmax(difference->max_abs, apart);
        if (apart > 0) {
            difference->max_rel = fmax(difference->max_rel, b != 0 ? apart / fabs(b) : INFINITY);
        }
        squares += apart * apart;
    }
    if (difference->count > 0) {
        difference->rms = sqrt(squares / (double)difference->count);
    }
}

void cli_top(const cli_tensor *tensor, size_t first, size_t count, size_t k, size_t *best)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        double value = cli_element(tensor->dtype, tensor->data, first + i);
        size_t at = kept < k ? kept++ : k;
        /* Insertion from the end; the first of equal values stays in front. */
        for (; at > 0; at--) {
            double other = cli_element(tensor->dtype, tensor->data, first + best[at - 1]);
            if (isnan(value) || (!isnan(other) && other >= value)) {
                break;
            }
            if (at < k) {
                best[at] = best[at - 1];
            }
        }
        if (at < k) {
            best[at] = i;
        }
    }
}

double cli_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
