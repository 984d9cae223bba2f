/* One request in, one answer out. */
#ifndef TORI_KEYHOLDER_ANSWER_INT_H
#define TORI_KEYHOLDER_ANSWER_INT_H

#include "vault_int.h"

struct tori_keyholder {
    struct tori_ctx cx; /* its arena is wiped after every request */
    struct tori_vault *vault;
    struct tori_keys_counts counts;
    int64_t second; /* steady; the second that `asked` counts in */
    unsigned asked[TORI_KEYS_KINDS];
    unsigned refused; /* in this second */
};

struct tori_answer {
    uint8_t at[TORI_KEYS_ANSWER_MAX];
    size_t len;
};

/* False: the request is not one of ours, byte for byte, and the connection must end. */
bool tori_keyholder_answer(struct tori_keyholder *holder, struct tori_bytes request,
                           struct tori_answer *answer);

#endif
