/* Secrets: compared in constant time, wiped on every way out; no log field, no JSON writer. */
#ifndef TORI_BASE_SECRET_H
#define TORI_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tori_key32 {
    uint8_t at[32];
};

void tori_wipe(void *p, size_t n);
bool tori_ct_eq(const void *a, const void *b, size_t n);

static inline void tori_key32_wipe(struct tori_key32 *key)
{
    tori_wipe(key, sizeof(*key));
}
/* TORI_SECRET struct tori_key32 key; is wiped at the end of its scope. */
#define TORI_SECRET __attribute__((cleanup(tori_key32_wipe)))

#endif
