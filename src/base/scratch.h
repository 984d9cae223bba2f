/* Memory for the short work of a library that allocates much and keeps nothing, such as a JSON
 * parser: taken from a buffer of this thread, given back as a whole, and wiped then. What does not
 * fit comes from the heap. */
#ifndef TORI_BASE_SCRATCH_H
#define TORI_BASE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Between the two the allocator below uses the buffer. They do not nest. */
void tori_scratch_begin(void);
/* False: something could not be had meanwhile. Libraries do not always say so: jansson 2.14 drops
 * the bytes of a string that it had no room for. */
bool tori_scratch_end(void);

/* The pair to hand to the library: like malloc and free, on any thread, at any time. */
void *tori_scratch_take(size_t n);
void tori_scratch_give(void *at);

#endif
