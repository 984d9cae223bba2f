#include "domain/webauthn/attest/android_key.h"

enum {
    TAG_PURPOSE = 1,
    TAG_ALL_APPLICATIONS = 600,
    TAG_ORIGIN = 702,
    PURPOSE_SIGN = 2,
    LIST_MAX = 64,
};

static struct tori_result malformed(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("key_description", why));
}

/* SET OF INTEGER */
static struct tori_result read_purpose(struct tori_ctx *cx, struct tori_bytes value,
                                       struct tori_android_list *list)
{
    struct tori_bytes set = {0};
    int64_t purpose = 0;

    TORI_TRY(tori_der_whole(cx, value, TORI_DER_SET, &set));
    list->has_purpose = true;
    list->signs_only = set.len > 0;
    while (set.len > 0) {
        TORI_TRY(tori_der_int(cx, &set, TORI_DER_INTEGER, &purpose));
        list->signs_only = list->signs_only && purpose == PURPOSE_SIGN;
    }
    return TORI_OK;
}

static struct tori_result read_origin(struct tori_ctx *cx, struct tori_bytes value,
                                      struct tori_android_list *list)
{
    TORI_TRY(tori_der_int(cx, &value, TORI_DER_INTEGER, &list->origin));
    list->has_origin = true;
    return value.len == 0 ? TORI_OK : malformed(cx, "origin");
}

static struct tori_result read_field(struct tori_ctx *cx, const struct tori_der *field,
                                     struct tori_android_list *list)
{
    switch (field->tag) {
    case TAG_PURPOSE:
        return read_purpose(cx, field->content, list);
    case TAG_ALL_APPLICATIONS:
        list->all_applications = true;
        return TORI_OK;
    case TAG_ORIGIN:
        return read_origin(cx, field->content, list);
    default:
        return TORI_OK; /* dozens of them, more with each version */
    }
}

/* Fields stand in the order of their tags, so none stands there twice. */
static struct tori_result read_list(struct tori_ctx *cx, struct tori_bytes *rest,
                                    struct tori_android_list *out)
{
    struct tori_bytes fields = {0};
    struct tori_der field;
    uint32_t last = 0;

    TORI_TRY(tori_der_take(cx, rest, TORI_DER_SEQUENCE, &fields));
    for (int i = 0; fields.len > 0; i++) {
        TORI_TRY(tori_der_next(cx, &fields, &field));
        if (field.class != TORI_DER_CONTEXT || field.tag <= last || i == LIST_MAX)
            return malformed(cx, "authorization list");
        last = field.tag;
        TORI_TRY(read_field(cx, &field, out));
    }
    return TORI_OK;
}

struct tori_result tori_android_key_read(struct tori_ctx *cx, struct tori_bytes value,
                                         struct tori_android_key *out)
{
    struct tori_bytes rest = {0}, unique_id = {0};
    struct tori_android_key key = {0};
    int64_t version = 0;

    TORI_TRY(tori_der_whole(cx, value, TORI_DER_SEQUENCE, &rest));
    TORI_TRY(tori_der_int(cx, &rest, TORI_DER_INTEGER, &version));
    TORI_TRY(tori_der_int(cx, &rest, TORI_DER_ENUM, &key.attestation_level));
    TORI_TRY(tori_der_int(cx, &rest, TORI_DER_INTEGER, &version));
    TORI_TRY(tori_der_int(cx, &rest, TORI_DER_ENUM, &key.key_level));
    TORI_TRY(tori_der_take(cx, &rest, TORI_DER_OCTETS, &key.challenge));
    TORI_TRY(tori_der_take(cx, &rest, TORI_DER_OCTETS, &unique_id));
    TORI_TRY(read_list(cx, &rest, &key.software));
    TORI_TRY(read_list(cx, &rest, &key.hardware));
    if (rest.len != 0)
        return malformed(cx, "trailing bytes");
    *out = key;
    return TORI_OK;
}
