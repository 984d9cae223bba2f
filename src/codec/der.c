#include "codec/der.h"

enum { HIGH_TAG = 0x1f, HIGH_TAG_BYTES = 4, LENGTH_BYTES = 4, INT_BYTES = 8 };

static struct tori_result malformed(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("der", why));
}

static struct tori_result next_byte(struct tori_ctx *cx, struct tori_bytes *rest, uint8_t *out)
{
    if (rest->len == 0)
        return malformed(cx, "cut off");
    *out = rest->at[0];
    *rest = (struct tori_bytes){rest->at + 1, rest->len - 1};
    return TORI_OK;
}

/* X.690 §8.1.2.4: seven bits a byte, the upper one says that more follow */
static struct tori_result read_high_tag(struct tori_ctx *cx, struct tori_bytes *rest, uint32_t *out)
{
    uint32_t tag = 0;
    uint8_t byte = 0;

    for (int i = 0; i < HIGH_TAG_BYTES; i++) {
        TORI_TRY(next_byte(cx, rest, &byte));
        if (i == 0 && (byte & 0x7f) == 0)
            return malformed(cx, "tag with a leading zero");
        tag = tag << 7 | (byte & 0x7f);
        if ((byte & 0x80) != 0)
            continue;
        if (tag < HIGH_TAG)
            return malformed(cx, "tag not in its shortest form");
        *out = tag;
        return TORI_OK;
    }
    return malformed(cx, "tag too large");
}

/* X.690 §10.1 */
static struct tori_result read_length(struct tori_ctx *cx, struct tori_bytes *rest, size_t *out)
{
    size_t length = 0;
    uint8_t byte = 0;

    TORI_TRY(next_byte(cx, rest, &byte));
    if (byte < 0x80) {
        *out = byte;
        return TORI_OK;
    }
    int count = byte & 0x7f;
    if (count == 0 || count > LENGTH_BYTES)
        return malformed(cx, "length");
    for (int i = 0; i < count; i++) {
        TORI_TRY(next_byte(cx, rest, &byte));
        if (i == 0 && byte == 0)
            return malformed(cx, "length with a leading zero");
        length = length << 8 | byte;
    }
    if (length < 0x80)
        return malformed(cx, "length not in its shortest form");
    *out = length;
    return TORI_OK;
}

struct tori_result tori_der_next(struct tori_ctx *cx, struct tori_bytes *rest, struct tori_der *out)
{
    struct tori_bytes left = *rest;
    struct tori_der value = {0};
    uint8_t identifier = 0;
    size_t length = 0;

    TORI_TRY(next_byte(cx, &left, &identifier));
    value.class = identifier & 0xe0;
    value.tag = identifier & HIGH_TAG;
    if (value.tag == HIGH_TAG)
        TORI_TRY(read_high_tag(cx, &left, &value.tag));
    TORI_TRY(read_length(cx, &left, &length));
    if (length > left.len)
        return malformed(cx, "cut off");
    value.content = (struct tori_bytes){left.at, length};
    *rest = (struct tori_bytes){left.at + length, left.len - length};
    *out = value;
    return TORI_OK;
}

struct tori_result tori_der_take(struct tori_ctx *cx, struct tori_bytes *rest, uint8_t identifier,
                                 struct tori_bytes *content)
{
    struct tori_der value;

    TORI_TRY(tori_der_next(cx, rest, &value));
    if (value.class != (identifier & 0xe0) || value.tag != (uint32_t)(identifier & HIGH_TAG))
        return malformed(cx, "another type");
    *content = value.content;
    return TORI_OK;
}

struct tori_result tori_der_whole(struct tori_ctx *cx, struct tori_bytes bytes, uint8_t identifier,
                                  struct tori_bytes *content)
{
    struct tori_bytes found = {0};

    TORI_TRY(tori_der_take(cx, &bytes, identifier, &found));
    if (bytes.len != 0)
        return malformed(cx, "trailing bytes");
    *content = found;
    return TORI_OK;
}

struct tori_result tori_der_int(struct tori_ctx *cx, struct tori_bytes *rest, uint8_t identifier,
                                int64_t *out)
{
    struct tori_bytes number = {0};

    TORI_TRY(tori_der_take(cx, rest, identifier, &number));
    if (number.len == 0 || number.len > INT_BYTES)
        return malformed(cx, "number");
    bool negative = (number.at[0] & 0x80) != 0;
    /* X.690 §8.3.2: the first nine bits are not all the same */
    if (number.len > 1 && number.at[0] == (negative ? 0xff : 0) &&
        ((number.at[1] & 0x80) != 0) == negative)
        return malformed(cx, "number not in its shortest form");
    uint64_t value = negative ? UINT64_MAX : 0;
    for (size_t i = 0; i < number.len; i++)
        value = value << 8 | number.at[i];
    *out = (int64_t)value;
    return TORI_OK;
}
