/* No attestation: an empty statement, nothing to verify (WebAuthn L3 §8.7). */
#include "domain/webauthn/attest/attest.h"

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    /* WebAuthn L3 §8.7: the statement is an empty map */
    if (input->statement->kind != TORI_CBOR_MAP || input->statement->count != 0)
        return tori_attest_invalid(cx, input, "statement not empty");
    out->type = TORI_ATTESTATION_NONE;
    return TORI_OK;
}

const struct tori_attest_format tori_attest_none = {.fmt = TORI_STR_INIT("none"), .verify = verify};
