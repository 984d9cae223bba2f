/* A body table with a field of every kind, and those of the passkey responses. The first byte
 * chooses. */
#include "test/fuzz/fuzz.h"

#include "domain/webauthn/webauthn.h"

static const char *const words[] = {"a", "bc", NULL};

struct part {
    struct tori_str name;
    int64_t n;
};
static const struct tori_field part_fields[] = {
    TORI_TEXT(struct part, name, 1, 8),
    TORI_INT(struct part, n, -5, 5),
    TORI_FIELDS_END,
};

struct body {
    struct tori_str text;
    struct tori_bytes blob;
    struct tori_id id;
    bool yes;
    tori_time at;
    int word;
    int64_t set;
    struct part part;
    struct tori_list parts;
    const struct tori_json *rest;
    struct tori_registration registration;
    struct tori_assertion assertion;
};

#define MAY_BE(member_, kind_, max_, ...)                                                          \
    {                                                                                              \
        .name = #member_, .kind = kind_, .offset = offsetof(struct body, member_), .max = max_,    \
        .optional = true, ##__VA_ARGS__                                                            \
    }
static const struct tori_field body_fields[] = {
    MAY_BE(text, TORI_FIELD_TEXT, 9),
    MAY_BE(blob, TORI_FIELD_B64U, 5),
    MAY_BE(id, TORI_FIELD_ID, 0),
    MAY_BE(yes, TORI_FIELD_BOOL, 0),
    MAY_BE(at, TORI_FIELD_TIME, 0),
    MAY_BE(word, TORI_FIELD_WORD, 0, .words = words),
    MAY_BE(set, TORI_FIELD_SET, 3, .words = words, .open = true),
    MAY_BE(part, TORI_FIELD_OBJECT, 0, .sub = part_fields, .open = true),
    MAY_BE(parts, TORI_FIELD_LIST, 3, .sub = part_fields, .item_size = sizeof(struct part)),
    MAY_BE(rest, TORI_FIELD_JSON, 3),
    TORI_FIELDS_END,
};
static const struct tori_field registration_body[] = {
    TORI_REGISTRATION(struct body, registration),
    TORI_FIELDS_END,
};
static const struct tori_field assertion_body[] = {
    TORI_ASSERTION(struct body, assertion),
    TORI_FIELDS_END,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tori_field *const tables[] = {body_fields, registration_body,
                                                      assertion_body};
    struct tori_ctx *cx = fuzz_begin();
    struct body body = {0};
    struct tori_json json;

    if (size == 0 ||
        TORI_FAILED(tori_json_parse(cx, (struct tori_bytes){data + 1, size - 1}, &json)))
        return 0;
    if (TORI_FAILED(tori_fields_read(cx, tables[data[0] % 3], &json, &body)))
        return 0;
    assert(body.text.len <= 9 && body.blob.len <= 5 && body.parts.count <= 3);
    assert(body.word >= 0 && body.word <= 1 && body.set >= 0 && body.set <= 3);
    assert(body.part.n >= -5 && body.part.n <= 5);
    assert(data[0] % 3 != 1 || body.registration.raw_id.len > 0);
    assert(data[0] % 3 != 2 || body.assertion.response.signature.len > 0);
    return 0;
}
