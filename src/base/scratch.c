#include "base/scratch.h"

#include <stdalign.h>
#include <stdint.h>
#include <threads.h>

#include "base/arena.h"
#include "base/secret.h"

enum { ROOM = 32 * 1024, ALIGN = alignof(max_align_t) };

static thread_local alignas(ALIGN) uint8_t buffer[ROOM];
static thread_local size_t used;
static thread_local bool open;
static thread_local bool failed;

void tori_scratch_begin(void)
{
    open = true;
    failed = false;
}

bool tori_scratch_end(void)
{
    tori_wipe(buffer, used);
    used = 0;
    open = false;
    return !failed;
}

static void *from_heap(size_t n)
{
    void *at = tori_heap_take(n);

    failed = failed || at == NULL;
    return at;
}

void *tori_scratch_take(size_t n)
{
    if (!open || n > ROOM - used)
        return from_heap(n);
    if (tori_heap_must_fail()) {
        failed = true;
        return NULL;
    }
    void *at = buffer + used;
    /* ROOM is a multiple of ALIGN, so rounding up never passes it. */
    used += (n + ALIGN - 1) / ALIGN * ALIGN;
    return at;
}

void tori_scratch_give(void *at)
{
    bool ours = (uintptr_t)at >= (uintptr_t)buffer && (uintptr_t)at < (uintptr_t)buffer + ROOM;
    if (!ours)
        tori_heap_free(at);
}
