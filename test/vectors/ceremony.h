/* A vector as a ceremony of ours: the relying party it speaks of, its registration, its
 * assertion. */
#ifndef TORI_TEST_CEREMONY_H
#define TORI_TEST_CEREMONY_H

#include "domain/webauthn/webauthn.h"
#include "test/vectors/vectors.h"

/* Whether the vector's `depends_on` has the word. */
bool vectors_depends_on(const json_t *vector, const char *word);

/* With the switches that the vector names. */
struct tori_rp vectors_options(struct tori_ctx *cx, const json_t *vector);

/* Whether its attestation is of a kind that exists here: none, or packed without certificates. */
bool vectors_format_exists(const json_t *vector);

TORI_RESULT vectors_register(struct tori_ctx *cx, const struct tori_rp *rp, const json_t *vector,
                             struct tori_attested *out);
TORI_RESULT vectors_prove(struct tori_ctx *cx, const struct tori_rp *rp, const json_t *vector,
                          struct tori_proved *out);

#endif
