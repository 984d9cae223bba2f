/* What Android's keystore says of a key it holds: the extension of its certificate. */
#ifndef TORI_DOMAIN_WEBAUTHN_ATTEST_ANDROID_KEY_H
#define TORI_DOMAIN_WEBAUTHN_ATTEST_ANDROID_KEY_H

#include "codec/der.h"

/* One AuthorizationList, as far as it is used. */
struct tori_android_list {
    bool all_applications;
    bool has_purpose;
    bool signs_only; /* the purposes are SIGN and nothing else */
    bool has_origin;
    int64_t origin;
};

/* KeyDescription */
struct tori_android_key {
    int64_t attestation_level; /* of whoever made the description: 0 software, 1 TEE, 2 StrongBox */
    int64_t key_level;         /* of whoever holds the key */
    struct tori_bytes challenge;
    struct tori_android_list software;
    struct tori_android_list hardware;
};

/* The extension's value, all of it. PROOF_MALFORMED. */
TORI_RESULT tori_android_key_read(struct tori_ctx *cx, struct tori_bytes value,
                                  struct tori_android_key *out);

#endif
