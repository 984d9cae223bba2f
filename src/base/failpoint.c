#include "base/failpoint.h"

#ifdef TORI_TEST_BUILD
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long passages;

void tori_failpoint(const char *name)
{
    const char *wanted = getenv("TORI_FAILPOINT");
    size_t n = strlen(name);

    if (wanted == NULL || strncmp(wanted, name, n) != 0 || (wanted[n] != 0 && wanted[n] != ':'))
        return;
    long nth = wanted[n] == ':' ? strtol(wanted + n + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passages, 1) + 1 == nth)
        (void)raise(SIGKILL);
}
#endif
