/* No attestation: an empty statement, nothing to verify (WebAuthn L3 §8.7). */
#include "domain/webauthn/attest/attest.h"

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 enum tori_attestation *out)
{
    /* WebAuthn L3 §8.7: the statement is an empty map */
    if (input->statement->kind != TORI_CBOR_MAP || input->statement->count != 0)
        return TORI_FAIL(cx, ATTESTATION_INVALID, tori_word("why", "statement not empty"));
    *out = TORI_ATTESTATION_NONE;
    return TORI_OK;
}

const struct tori_attest_format tori_attest_none = {.fmt = TORI_STR_INIT("none"), .verify = verify};
