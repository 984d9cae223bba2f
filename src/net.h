/* The net role: listens, parses, decides, owns the store. Everything it is made of is put together
 * here, and taken apart in reverse. */
#ifndef TORI_NET_H
#define TORI_NET_H

#include "base/settings.h"

/* `owner` names the supervisor's instance in the lease. Returns the exit code:
 * TORI_EXIT_UNFIT when the settings, an address or the store can never work. SIGHUP has the
 * certificates read again. */
int tori_net_main(struct tori_ctx *cx, const struct tori_settings *settings, const char *owner);

#endif
