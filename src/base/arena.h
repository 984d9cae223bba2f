/* Memory of one request: taken in pieces, given back at once. Past its cap every allocation
 * fails, the request is too large; at the end all of it is wiped. One thread holds it at a time. */
#ifndef TORI_BASE_ARENA_H
#define TORI_BASE_ARENA_H

#include <stddef.h>

#include "base/bytes.h"

struct tori_arena;

/* NULL when memory is out. The caller owns the arena. */
struct tori_arena *tori_arena_new(size_t cap);
void tori_arena_free(struct tori_arena *arena);

/* Wipes what was used and starts again; keeps the first block. */
void tori_arena_reset(struct tori_arena *arena);

size_t tori_arena_used(const struct tori_arena *arena);

/* Zeroed and aligned for any object; NULL past the cap. n == 0 gives a valid pointer. */
void *tori_arena_take(struct tori_arena *arena, size_t n);
void *tori_arena_copy(struct tori_arena *arena, const void *from, size_t n);

/* Memory that outlives a request (see "ours, for longer" in HACKING.md §3). Zeroed; NULL when
 * out. */
void *tori_heap_take(size_t n);
/* Counts as an allocation, and says whether a test wants it to fail. */
bool tori_heap_must_fail(void);
void *tori_heap_grow(void *old, size_t n);
void tori_heap_free(void *p);

/* In a test build the nth allocation of either kind from now on fails; 0 switches that off. */
void tori_alloc_fail_at(unsigned long nth);

#endif
