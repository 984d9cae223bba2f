/* Named places where a process of a test build kills itself, as a power cut would:
 * TORI_FAILPOINT=name, or name:n for the nth passage. TORI_FAILPOINT=@FILE: the point whose name is
 * in FILE, once: who dies of it takes the file away. Other places only behave as they rarely do
 * otherwise, when they are named. Release builds hold none of it. */
#ifndef TORI_BASE_FAILPOINT_H
#define TORI_BASE_FAILPOINT_H

#include <stdbool.h>

#ifdef TORI_TEST_BUILD
void tori_failpoint(const char *name);
bool tori_failpoint_named(const char *name);
#else
static inline void tori_failpoint(const char *name)
{
    (void)name;
}
static inline bool tori_failpoint_named(const char *name)
{
    (void)name;
    return false;
}
#endif

#endif
