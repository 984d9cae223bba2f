/* Runs a harness over its corpus where there is no libFuzzer: each seed as it is, cut off at every
 * length, and in a few hundred random variants that are the same in every run. With --plain: each
 * seed as it is, to measure what the corpus itself reaches. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "test/fuzz/fuzz.h"

enum { SEED_MAX = 64 * 1024, VARIANTS = 300, CUTS = 512 };

static unsigned long inputs;
static bool plain;

/* A copy of exactly this size, so that a sanitizer sees the first byte too many. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);

    assert(exact != NULL);
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    inputs++;
}

static size_t below(struct tori_random *random, size_t n)
{
    uint32_t value;

    tori_random_fill(random, &value, sizeof(value));
    return value % n;
}

/* Up to four bytes changed, or a piece copied over another. */
static void run_variant(struct tori_random *random, const uint8_t *seed, size_t size)
{
    static uint8_t variant[SEED_MAX];

    memcpy(variant, seed, size);
    for (size_t i = below(random, 4) + 1; i > 0; i--)
        variant[below(random, size)] = (uint8_t)below(random, 256);
    if (below(random, 4) == 0) {
        size_t from = below(random, size), to = below(random, size);
        size_t longest = size - (from > to ? from : to);
        memmove(variant + to, variant + from, below(random, longest) + 1);
    }
    run(variant, size);
}

static void run_seed(const uint8_t *seed, size_t size)
{
    struct tori_random random;

    tori_random_fixed(&random, size);
    run(seed, size);
    if (plain)
        return;
    for (size_t cut = 0; cut < size && cut < CUTS; cut++)
        run(seed, cut);
    for (int i = 0; i < VARIANTS && size > 0; i++)
        run_variant(&random, seed, size);
}

static bool run_file(const char *folder, const char *name)
{
    static uint8_t seed[SEED_MAX];
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    size_t size = fread(seed, 1, sizeof(seed), file);
    fclose(file);
    run_seed(seed, size);
    return true;
}

int main(int argc, char **argv)
{
    unsigned long seeds = 0;
    plain = argc == 3 && strcmp(argv[1], "--plain") == 0;
    const char *corpus = argc == 2 || plain ? argv[argc - 1] : NULL;
    DIR *folder = corpus == NULL ? NULL : opendir(corpus);

    if (folder == NULL) {
        fprintf(stderr, "usage: %s [--plain] CORPUS\n", argv[0]);
        return 1;
    }
    tori_hash_init();
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (!run_file(corpus, entry->d_name))
            return 1;
        seeds++;
    }
    closedir(folder);
    bool good = seeds > 0 && (fuzz_complete == NULL || fuzz_complete());
    printf("1..1\n%s 1 - corpus\n# %lu seeds, %lu inputs\n", good ? "ok" : "not ok", seeds, inputs);
    return good ? 0 : 1;
}
