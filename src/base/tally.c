#include "base/tally.h"

#ifdef TORI_TEST_BUILD
#include <stdatomic.h>

static _Atomic uint64_t done[TORI_TALLIES];
static _Thread_local bool counted;

bool tori_tally_here(bool counts)
{
    bool before = counted;

    counted = counts;
    return before;
}

void tori_tally(enum tori_tally what)
{
    if (counted)
        atomic_fetch_add(&done[what], 1);
}

uint64_t tori_tally_of(enum tori_tally what)
{
    return atomic_load(&done[what]);
}
#endif
