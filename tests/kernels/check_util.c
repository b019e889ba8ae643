/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers, tensors and shape files for the check program. */
#include <dirent.h>
#include <stdlib.h>

#include "kernels/check.h"

uint64_t check_next(check_random *r)
{
    uint64_t z = (r->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int64_t check_int(check_random *r, int64_t low, int64_t high)
{
    return low + (int64_t)(check_next(r) % (uint64_t)(high - low + 1));
}

double check_real(check_random *r, double low, double high)
{
    return low + (high - low) * (double)(check_next(r) >> 11) * 0x1p-53;
}

bool check_chance(check_random *r, double probability)
{
    return check_real(r, 0.0, 1.0) < probability;
}

void check_tensor(sld_tensor *t, solder_dtype dtype, int rank, const int64_t *dims)
{
    *t = sld_tensor_make(NULL, dtype, rank, dims);
}

void check_random_epilogue(check_random *r, sld_epilogue *e)
{
    memset(e, 0, sizeof *e);
    if (check_chance(r, 0.3)) {
        return;
    }
    e->act = check_chance(r, 0.5) ? SLD_ACT_RELU : (int32_t)check_int(r, 0, SLD_ACT_COUNT - 1);
    if (e->act == SLD_ACT_THRESHOLD || e->act == SLD_ACT_THRESHOLDED_RELU) {
        e->act = SLD_ACT_RELU; /* steps: any rounding may fall on the other side */
    }
    e->alpha = (float)check_real(r, 0.1, 0.9);
    e->beta = (float)check_real(r, 1.0, 2.0);
}

void check_dims_text(const sld_tensor *t, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < t->rank && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i > 0 ? "x" : "",
                                 (long long)t->dim[i]);
    }
}

static void read_shapes(const char *path, const check_family *family, bool small,
                        void (*visit)(void *, const char *, check_case *), void *user)
{
    char line[256];
    FILE *file = fopen(path, "r");
    size_t length = strlen(family->family);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, family->family, length) != 0 || line[length] != ' ') {
            continue;
        }
        char *label = strchr(line, '#');
        if (label != NULL) {
            *label++ = '\0';
        }
        check_case c;
        if (!family->shape(line + length + 1, small, &c)) {
            (void)fprintf(stderr, "%s: malformed line '%s'\n", path, line);
            exit(2);
        }
        visit(user, label != NULL ? label + strspn(label, " ") : "", &c);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

void check_each_shape(const check_family *family, bool small,
                      void (*visit)(void *, const char *, check_case *), void *user)
{
    struct dirent **names;
    int count =
        family->shape != NULL ? scandir(SOURCE_DIR "/bench/shapes", &names, NULL, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        if (strstr(names[i]->d_name, ".txt") != NULL) {
            char path[1024];
            (void)snprintf(path, sizeof path, SOURCE_DIR "/bench/shapes/%s", names[i]->d_name);
            read_shapes(path, family, small, visit, user);
        }
        free(names[i]);
    }
    if (count > 0) {
        free(names);
    }
}

void check_channels_last(sld_tensor *t)
{
    int64_t stride = t->dim[1];
    t->stride[1] = 1;
    for (int i = t->rank - 1; i >= 0; i--) {
        if (i != 1) {
            t->stride[i] = stride;
            stride *= t->dim[i];
        }
    }
}
