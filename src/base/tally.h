/* How much work was done for requests, in test builds: a test asks the same
 * question twice, with a name that is known and one that is not, and the work must be the same.
 * Release builds hold none of it. */
#ifndef TORI_BASE_TALLY_H
#define TORI_BASE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

enum tori_tally {
    TORI_TALLY_HASH,      /* a hash or HMAC made */
    TORI_TALLY_SIGNATURE, /* a signature verified */
    TORI_TALLY_QUERY,     /* a statement run on a reader's connection */
    TORI_TALLY_ROW,       /* a row change left for the store */
    TORI_TALLIES
};

#ifdef TORI_TEST_BUILD
/* Whether the work of this thread counts from here on; returns what held before. */
bool tori_tally_here(bool counts);
void tori_tally(enum tori_tally what);
uint64_t tori_tally_of(enum tori_tally what);
#else
static inline bool tori_tally_here(bool counts)
{
    return counts;
}
static inline void tori_tally(enum tori_tally what)
{
    (void)what;
}
#endif

#endif
