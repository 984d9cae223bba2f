/* What every harness shares. A harness is one file NAME.c with LLVMFuzzerTestOneInput(), one word
 * in meson.build, and seeds in corpus/NAME/. It checks more than "does not crash": whatever must
 * hold for every input is asserted. */
#ifndef TORI_TEST_FUZZ_H
#define TORI_TEST_FUZZ_H

#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "base/ctx.h"
#include "base/hash.h"

enum { FUZZ_ARENA = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Asked once after the corpus was replayed: did it hold a seed of every shape there is? A harness
 * over a registry has one, so that a new entry cannot come without its seed. */
__attribute__((weak)) bool fuzz_complete(void);

/* A fresh context; its arena is that of the last input, wiped. */
static inline struct tori_ctx *fuzz_begin(void)
{
    static struct tori_ctx cx;

    if (cx.arena == NULL) {
        tori_hash_init();
        cx.arena = tori_arena_new(FUZZ_ARENA);
        cx.now = 1795150800000;
    }
    assert(cx.arena != NULL);
    tori_arena_reset(cx.arena);
    return &cx;
}

#endif
