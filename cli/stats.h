/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers about numbers: latencies, and what a tensor holds. */
#ifndef SOLDER_CLI_STATS_H
#define SOLDER_CLI_STATS_H

#include "tensor.h"

typedef struct cli_latency {
    double min, mean, median, p90, p95, p99, max;
} cli_latency;

/* Sorts samples. Percentiles are interpolated linearly between the two nearest samples. */
void cli_latency_of(double *samples, size_t count, cli_latency *latency);

typedef struct cli_summary {
    double min, max, mean;
    size_t count, nans;
} cli_summary;
/* NaN is counted and left out of the rest. */
void cli_summary_of(const cli_tensor *tensor, cli_summary *summary);

/* Root of the mean square of the finite elements. */
double cli_rms_of(const cli_tensor *tensor);

typedef struct cli_difference {
    double max_abs, max_rel, rms;
    size_t where;         /* flat index of the worst element, relative to its bound */
    double got, wanted;   /* there */
    size_t count, beyond; /* elements, and those outside atol + rtol * |wanted| */
} cli_difference;
/* Same count on both sides. NaN agrees with NaN only, an infinity with itself only. */
void cli_difference_of(const cli_tensor *got, const cli_tensor *wanted, double atol, double rtol,
                       cli_difference *difference);

/* Indices of the k largest values among count elements from first, best first; NaN last. */
void cli_top(const cli_tensor *tensor, size_t first, size_t count, size_t k, size_t *best);

/* Seconds of a clock that only goes forward. */
double cli_now(void);

#endif
