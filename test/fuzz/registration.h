/* A registration whose statement is the input: the page and the challenge are right. */
#ifndef TORI_TEST_FUZZ_REGISTRATION_H
#define TORI_TEST_FUZZ_REGISTRATION_H

#include "domain/webauthn/webauthn_int.h"

static inline struct tori_result fuzz_register(struct tori_ctx *cx,
                                               const struct tori_expected *expected,
                                               struct tori_str client, struct tori_bytes statement,
                                               struct tori_attested *record)
{
    struct tori_attestation_object object;

    TORI_TRY(tori_attestation_object_read(cx, statement, &object));
    const struct tori_registration registration = {
        .id = object.data.credential_id,
        .raw_id = object.data.credential_id,
        .type = TORI_STR("public-key"),
        .response = {.client_data = tori_str_bytes(client), .attestation_object = statement},
    };
    return tori_webauthn_register(cx, expected, &registration, record);
}

#endif
