/* JSON Web Signatures in compact form (RFC 7515 §7.1), strict: three parts of strict base64url, a
 * header without `crit` and `b64`, one of the algorithms that a caller names. Keys never come from
 * the header; x5c is handed out for the caller to judge. */
#ifndef TORI_CODEC_JWS_H
#define TORI_CODEC_JWS_H

#include "codec/cose.h"
#include "codec/json.h"

struct tori_jws {
    int64_t alg; /* the COSE number of the header's alg */
    struct tori_json header;
    struct tori_bytes payload;
    struct tori_bytes signed_bytes; /* the first two parts, with the dot */
    struct tori_bytes signature;    /* as COSE algorithms have it: ECDSA in DER */
};

/* PROOF_MALFORMED; PROOF_ALGORITHM: alg is none that can be verified here. */
TORI_RESULT tori_jws_read(struct tori_ctx *cx, struct tori_str compact, struct tori_jws *out);

/* r and s side by side, `coordinate` bytes each (RFC 7518 §3.4), as DER. PROOF_SIGNATURE. */
TORI_RESULT tori_jws_ecdsa(struct tori_ctx *cx, struct tori_bytes raw, size_t coordinate,
                           struct tori_bytes *out);

/* x5c of the header, decoded, the first in front; at most TORI_CHAIN_MAX. PROOF_MALFORMED. */
TORI_RESULT tori_jws_x5c(struct tori_ctx *cx, const struct tori_jws *jws,
                         struct tori_bytes *certificate, size_t *count);

#endif
