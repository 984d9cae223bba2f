#include "base/failpoint.h"

#ifdef TORI_TEST_BUILD
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long passages;

/* Of all who pass the point only one finds the file still there. */
static bool is_armed(const char *file, const char *name)
{
    char wanted[64];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, wanted, sizeof(wanted));

    if (fd >= 0)
        close(fd);
    return n == (ssize_t)strlen(name) && memcmp(wanted, name, (size_t)n) == 0 && unlink(file) == 0;
}

void tori_failpoint(const char *name)
{
    const char *wanted = getenv("TORI_FAILPOINT");
    size_t n = strlen(name);

    if (wanted != NULL && wanted[0] == '@') {
        if (is_armed(wanted + 1, name))
            (void)raise(SIGKILL);
        return;
    }
    if (wanted == NULL || strncmp(wanted, name, n) != 0 || (wanted[n] != 0 && wanted[n] != ':'))
        return;
    long nth = wanted[n] == ':' ? strtol(wanted + n + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passages, 1) + 1 == nth)
        (void)raise(SIGKILL);
}

bool tori_failpoint_named(const char *name)
{
    const char *wanted = getenv("TORI_FAILPOINT");

    return wanted != NULL && strcmp(wanted, name) == 0;
}
#endif
