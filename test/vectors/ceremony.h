/* A vector as a ceremony of ours: the relying party it speaks of, its registration, its
 * assertion. */
#ifndef TORI_TEST_CEREMONY_H
#define TORI_TEST_CEREMONY_H

#include "domain/webauthn/webauthn.h"
#include "test/vectors/vectors.h"

/* Whether the vector's `depends_on` has the word. */
bool vectors_depends_on(const json_t *vector, const char *word);

/* The relying party, the anchors and the clock that a vector names; zero is what it does not. */
struct vectors_rules {
    struct tori_rp rp;
    struct tori_attestation_rules rules;
    struct tori_anchors *anchors;
};
/* Sets cx->now. `all` is the whole file, `out` stays where it is until vectors_end. */
void vectors_begin(struct tori_ctx *cx, const json_t *all, const json_t *vector,
                   struct vectors_rules *out);
void vectors_end(struct vectors_rules *rules);

TORI_RESULT vectors_register(struct tori_ctx *cx, const struct tori_rp *rp, const json_t *vector,
                             struct tori_attested *out);
TORI_RESULT vectors_prove(struct tori_ctx *cx, const struct tori_rp *rp, const json_t *vector,
                          struct tori_proved *out);

#endif
