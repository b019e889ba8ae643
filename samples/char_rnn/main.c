/* SPDX-License-Identifier: Apache-2.0 */
/* Text, a character at a time, from a recurrent network: see README.md. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <solder/builder.h>
#include <solder/runtime.h>

enum { MOST_CHARACTERS = 128, CELLS = 96 };

/* What goes round: h and c in, h_next and c_next out; then the two places change their parts. */
typedef struct model {
    solder_context *context;
    char alphabet[MOST_CHARACTERS];
    size_t characters;
    float x[MOST_CHARACTERS]; /* 1 at the character, 0 elsewhere */
    float prob[MOST_CHARACTERS];
    float h[2][CELLS], c[2][CELLS];
    int now; /* which of the two is the state */
} model;

static solder_status step(model *m, size_t character)
{
    int next = 1 - m->now;
    memset(m->x, 0, sizeof m->x);
    m->x[character] = 1;
    solder_status s = solder_context_bind(m->context, "h", m->h[m->now], sizeof m->h[0]);
    s = s ? s : solder_context_bind(m->context, "c", m->c[m->now], sizeof m->c[0]);
    s = s ? s : solder_context_bind(m->context, "h_next", m->h[next], sizeof m->h[0]);
    s = s ? s : solder_context_bind(m->context, "c_next", m->c[next], sizeof m->c[0]);
    s = s ? s : solder_context_run(m->context);
    m->now = next;
    return s;
}

/* Draws by probability; a temperature below 1 prefers the likely ones. The seed fixes the text. */
static size_t draw(const model *m, uint32_t *seed)
{
    const double temperature = 0.4;
    double weight[MOST_CHARACTERS];
    double sum = 0;
    for (size_t i = 0; i < m->characters; i++) {
        weight[i] = pow((double)m->prob[i], 1 / temperature);
        sum += weight[i];
    }
    *seed = *seed * 1664525U + 1013904223U;
    double left = sum * (*seed >> 8) / (1 << 24);
    size_t i = 0;
    while (i + 1 < m->characters && left >= weight[i]) {
        left -= weight[i++];
    }
    return i;
}

static int generate(model *m, const char *prompt, int length, uint32_t seed)
{
    size_t character = 0;
    solder_status s = solder_context_bind(m->context, "x", m->x, m->characters * sizeof(float));
    s = s ? s : solder_context_bind(m->context, "prob", m->prob, m->characters * sizeof(float));
    for (int i = 0; s == SOLDER_OK && i < length; i++) {
        if (*prompt != '\0') {
            const char *found = memchr(m->alphabet, *prompt++, m->characters);
            character = found != NULL ? (size_t)(found - m->alphabet) : 0;
        } else {
            character = draw(m, &seed);
        }
        (void)putchar(m->alphabet[character]);
        s = step(m, character);
    }
    (void)putchar('\n');
    if (s != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_context_message(m->context));
    }
    return s != SOLDER_OK;
}

static int run(model *m, const void *plan, size_t size, const char *prompt, int length,
               uint32_t seed)
{
    solder_runtime_options options = solder_runtime_options_default();
    solder_runtime *runtime;
    solder_engine *engine = NULL;
    int failed = 1;
    options.threads = 1; /* a step is too small to share */
    if (solder_runtime_create(&options, &runtime) != SOLDER_OK) {
        return 1;
    }
    if (solder_engine_load(runtime, plan, size, &engine) != SOLDER_OK ||
        solder_context_create(runtime, engine, &m->context) != SOLDER_OK) {
        fprintf(stderr, "%s\n", solder_runtime_message(runtime));
    } else {
        failed = generate(m, prompt, length, seed);
    }
    solder_context_destroy(m->context);
    solder_engine_destroy(engine);
    solder_runtime_destroy(runtime);
    return failed;
}

int main(int argc, char **argv)
{
    static model m;
    const char *prompt = argc > 1 ? argv[1] : "a plan ";
    int length = argc > 2 ? atoi(argv[2]) : 240;
    uint32_t seed = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1;
    FILE *file = fopen("models/char-rnn/alphabet.txt", "rb");
    solder_builder *builder;
    solder_network *network;
    void *plan;
    size_t size;
    int failed = 1;
    if (file == NULL || solder_builder_create(NULL, &builder) != SOLDER_OK) {
        fprintf(stderr, "models/char-rnn/alphabet.txt: cannot be read\n");
        return 1;
    }
    m.characters = fread(m.alphabet, 1, sizeof m.alphabet, file);
    fclose(file);
    if (m.characters > 0 &&
        solder_import(builder, "models/char-rnn/char-rnn.onnx", NULL, NULL, &network) ==
            SOLDER_OK &&
        solder_build_to_memory(builder, network, NULL, &plan, &size) == SOLDER_OK) {
        failed = run(&m, plan, size, prompt, length, seed);
        solder_plan_free(builder, plan, size);
    } else {
        fprintf(stderr, "%s\n", solder_builder_message(builder));
    }
    solder_builder_destroy(builder);
    return failed;
}
