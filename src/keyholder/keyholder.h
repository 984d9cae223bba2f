/* The process that holds private keys (HACKING.md §7): the log's signing key, the key that wraps
 * data keys, and the frontier of the evidence log. It serves one SOCK_SEQPACKET socket and has no
 * network, no database and no parser for foreign formats. docs/keys-protocol.md lists what it
 * answers. */
#ifndef TORI_KEYHOLDER_KEYHOLDER_H
#define TORI_KEYHOLDER_KEYHOLDER_H

#include <sys/types.h>

#include "base/ctx.h"

struct tori_keyholder_config {
    int socket_fd;          /* listening, or already connected; owned from here on */
    const char *state_dir;  /* exists, belongs to us, mode 0700 */
    struct tori_str origin; /* name of the log and of its key; fixed once the state exists */
    uid_t peer_uid;         /* the user of net: SO_PEERCRED must show it */
};

/* Serves until SIGTERM or SIGINT, or, on a connected socket, until the peer hangs up. The process
 * is made undumpable and its core limit 0. Returns the exit code: 0, or TORI_EXIT_UNFIT when the
 * state cannot be used (the reason is on the log). */
int tori_keyholder_main(const struct tori_keyholder_config *config);

#endif
