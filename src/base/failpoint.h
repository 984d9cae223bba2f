/* Named places where a process of a test build kills itself, as a power cut would:
 * TORI_FAILPOINT=name, or name:n for the nth passage. TORI_FAILPOINT=@FILE: the point whose name is
 * in FILE, once: who dies of it takes the file away. Release builds hold none of it. */
#ifndef TORI_BASE_FAILPOINT_H
#define TORI_BASE_FAILPOINT_H

#ifdef TORI_TEST_BUILD
void tori_failpoint(const char *name);
#else
static inline void tori_failpoint(const char *name)
{
    (void)name;
}
#endif

#endif
