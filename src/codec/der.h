/* DER (ITU-T X.690), piece by piece: what stands in certificate extensions. Definite lengths in
 * their shortest form, numbers and tags too. A value is a view on its bytes; nothing is built, so
 * nothing nests deeper than the caller asks. */
#ifndef TORI_CODEC_DER_H
#define TORI_CODEC_DER_H

#include "base/ctx.h"

/* The class and the constructed bit of an identifier, and universal tags as they stand there. */
enum { TORI_DER_CONTEXT = 0xa0 /* constructed, as EXPLICIT tags are */ };
enum {
    TORI_DER_INTEGER = 0x02,
    TORI_DER_OCTETS = 0x04,
    TORI_DER_OID = 0x06,
    TORI_DER_ENUM = 0x0a,
    TORI_DER_SEQUENCE = 0x30,
    TORI_DER_SET = 0x31,
};

struct tori_der {
    uint8_t class; /* the three upper bits of the identifier */
    uint32_t tag;  /* the number below them; high tag numbers too */
    struct tori_bytes content;
};

/* The value at the beginning of *rest, which then begins behind it. PROOF_MALFORMED. */
TORI_RESULT tori_der_next(struct tori_ctx *cx, struct tori_bytes *rest, struct tori_der *out);
/* The same, when it must be of this identifier. */
TORI_RESULT tori_der_take(struct tori_ctx *cx, struct tori_bytes *rest, uint8_t identifier,
                          struct tori_bytes *content);
/* The same for all of `bytes`: nothing follows. */
TORI_RESULT tori_der_whole(struct tori_ctx *cx, struct tori_bytes bytes, uint8_t identifier,
                           struct tori_bytes *content);
/* INTEGER or ENUMERATED that fits. */
TORI_RESULT tori_der_int(struct tori_ctx *cx, struct tori_bytes *rest, uint8_t identifier,
                         int64_t *out);

#endif
