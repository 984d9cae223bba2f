#include "base/arena.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

enum { FIRST_BLOCK = 24 * 1024, ALIGN = alignof(max_align_t) };

struct block {
    struct block *next;
    size_t room;
    size_t used;
    alignas(max_align_t) uint8_t at[];
};

struct tori_arena {
    size_t cap;
    size_t used;
    struct block *first; /* the oldest block, kept by reset */
    struct block *last;
};

/* Under AddressSanitizer the gaps between two takes, and what was reset, are out of bounds too. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define GUARDED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define GUARDED
#endif
#ifdef GUARDED
#include <sanitizer/asan_interface.h>
enum { GUARD = ALIGN };
static void hide(const void *at, size_t n)
{
    __asan_poison_memory_region(at, n);
}
static void show(const void *at, size_t n)
{
    __asan_unpoison_memory_region(at, n);
}
#else
enum { GUARD = 0 };
static void hide(const void *at, size_t n)
{
    (void)at, (void)n;
}
static void show(const void *at, size_t n)
{
    (void)at, (void)n;
}
#endif

#ifdef TORI_TEST_BUILD
static atomic_ulong fail_after;

void tori_alloc_fail_at(unsigned long nth)
{
    atomic_store(&fail_after, nth);
}

bool tori_heap_must_fail(void)
{
    unsigned long left = atomic_load(&fail_after);
    if (left == 0)
        return false;
    return atomic_fetch_sub(&fail_after, 1) == 1;
}
#else
bool tori_heap_must_fail(void)
{
    return false;
}
#endif

void *tori_heap_take(size_t n)
{
    return tori_heap_must_fail() ? NULL : calloc(1, n == 0 ? 1 : n);
}

void *tori_heap_grow(void *old, size_t n)
{
    return tori_heap_must_fail() ? NULL : realloc(old, n);
}

void tori_heap_free(void *p)
{
    free(p);
}

static struct block *block_new(size_t room)
{
    struct block *b = tori_heap_take(sizeof(*b) + room);
    if (b == NULL)
        return NULL;
    b->room = room;
    hide(b->at, room);
    return b;
}

struct tori_arena *tori_arena_new(size_t cap)
{
    struct tori_arena *arena = tori_heap_take(sizeof(*arena));
    struct block *first = block_new(FIRST_BLOCK);

    if (arena == NULL || first == NULL) {
        free(arena);
        free(first);
        return NULL;
    }
    *arena = (struct tori_arena){.cap = cap, .first = first, .last = first};
    return arena;
}

static void wipe_block(struct block *b)
{
    show(b->at, b->used);
    tori_wipe(b->at, b->used);
    hide(b->at, b->used);
    b->used = 0;
}

void tori_arena_reset(struct tori_arena *arena)
{
    for (struct block *b = arena->first->next, *next; b != NULL; b = next) {
        next = b->next;
        wipe_block(b);
        free(b);
    }
    wipe_block(arena->first);
    arena->first->next = NULL;
    arena->last = arena->first;
    arena->used = 0;
}

void tori_arena_free(struct tori_arena *arena)
{
    if (arena == NULL)
        return;
    tori_arena_reset(arena);
    free(arena->first);
    free(arena);
}

size_t tori_arena_used(const struct tori_arena *arena)
{
    return arena->used;
}

static bool add_block(struct tori_arena *arena, size_t n)
{
    size_t room = arena->last->room * 2 > n ? arena->last->room * 2 : n;
    struct block *b = block_new(room);
    if (b == NULL)
        return false;
    arena->last->next = b;
    arena->last = b;
    return true;
}

void *tori_arena_take(struct tori_arena *arena, size_t n)
{
    if (n > arena->cap - arena->used || tori_heap_must_fail())
        return NULL;
    size_t asked = n;
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    if (n + GUARD > arena->last->room - arena->last->used && !add_block(arena, n + GUARD))
        return NULL;

    void *p = arena->last->at + arena->last->used;
    show(p, asked);
    arena->last->used += n + GUARD;
    arena->used = arena->used + n > arena->cap ? arena->cap : arena->used + n;
    return p;
}

void *tori_arena_copy(struct tori_arena *arena, const void *from, size_t n)
{
    void *p = tori_arena_take(arena, n);
    if (p != NULL && n > 0)
        memcpy(p, from, n);
    return p;
}
