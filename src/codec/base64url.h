/* base64url without padding (RFC 4648 §5), strict: no padding, no other alphabet, no white space,
 * no non-zero spare bits. Ids on the wire are base64url of their 18 bytes: 24 characters. */
#ifndef TORI_CODEC_BASE64URL_H
#define TORI_CODEC_BASE64URL_H

#include "base/ctx.h"

enum { TORI_ID_TEXT = 24 };

TORI_RESULT tori_b64u_decode(struct tori_ctx *cx, struct tori_str text, struct tori_bytes *out);
/* Exactly n bytes, or BAD_FIELD. */
TORI_RESULT tori_b64u_decode_exact(struct tori_ctx *cx, struct tori_str text, void *out, size_t n);
TORI_RESULT tori_id_parse(struct tori_ctx *cx, struct tori_str text, struct tori_id *out);
/* RFC 4648 §4 with padding, as PEM, tiles and notes use it. */
TORI_RESULT tori_b64_decode(struct tori_ctx *cx, struct tori_str text, struct tori_bytes *out);

#endif
