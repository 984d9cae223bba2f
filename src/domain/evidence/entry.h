/* What one journal row says, as the log keeps it: canonical JSON made by the decider, ids and times
 * and outcomes in clear, everything else as salted commitments (design.md §5).
 *
 *   {"v":1,"seq":n,"at":"…","customer":"<id>"|null,"kind":"…", fields …, "commit":{"name":"<hex>",
 * …}}
 */
#ifndef TORI_DOMAIN_EVIDENCE_ENTRY_H
#define TORI_DOMAIN_EVIDENCE_ENTRY_H

#include "codec/json.h"
#include "domain/evidence/tile.h"

/* SHA-256(salt || bytes). The salt is kept, sealed, beside the bytes: without it a short text could
 * be guessed from its hash, and with it destroyed nobody can. */
struct tori_commitment {
    uint8_t salt[16];
    struct tori_hash hash;
};
struct tori_commitment tori_commitment_make(struct tori_random *random, struct tori_bytes bytes);
bool tori_commitment_holds(const struct tori_commitment *commitment, struct tori_bytes bytes);

struct tori_entry_head {
    uint64_t seq;
    tori_time at;
    const struct tori_id *customer; /* NULL or none: null */
    const char *kind;               /* a literal: "operation.allowed" */
};

/* Not copied while in use: `out` points at `buf`. */
struct tori_entry {
    struct tori_buf buf;
    struct tori_json_out out; /* fields are written with tori_out_… between begin and commit */
    bool commits;
};

void tori_entry_begin(struct tori_ctx *cx, const struct tori_entry_head *head,
                      struct tori_entry *entry);
/* After the fields; names are literals. */
void tori_entry_commit(struct tori_entry *entry, const char *name,
                       const struct tori_commitment *commitment);
/* The text, in the request's arena; TOO_LARGE above TORI_ENTRY_MAX. */
TORI_RESULT tori_entry_end(struct tori_ctx *cx, struct tori_entry *entry, struct tori_bytes *out);

/* The entry says that it is number `seq`: what makes the journal dense in the eyes of a
 * verifier. */
bool tori_entry_has_seq(struct tori_bytes entry, uint64_t seq);

#endif
