/* What decide works on. All of it belongs to the decider; nothing in it may be kept. */
#ifndef TORI_SERVICE_STATE_H
#define TORI_SERVICE_STATE_H

#include "model/aggregate.h"

struct tori_lobby;

struct tori_state {
    struct tori_aggregate *customer; /* of cx->route; the firm's when that is none */
    struct tori_aggregate *firm;     /* always loaded: channels, operators, policy, approvals */
    struct tori_lobby *lobby;        /* logins that have proved nobody yet */
    int64_t shard;
    int64_t next_seq;  /* of the journal; raised by tori_journal_end */
    tori_err evidence; /* ERR_NONE, or why important operations must be refused (design.md §5) */
};

#endif
