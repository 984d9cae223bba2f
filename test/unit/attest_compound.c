/* Several statements in one: case 60. */
#include "test/unit/attest.h"

/* A member to be written: its format, its statement as CBOR. */
struct member {
    const char *format;
    struct tori_bytes statement;
};
enum { MOST = 10 };
struct members {
    struct member at[MOST];
    size_t count;
    bool without_fmt, one_more;
};

static struct tori_bytes compound_cbor(struct tori_ctx *cx, const struct members *members)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);

    soft_cbor_head(&buf, 4, members->count);
    for (size_t i = 0; i < members->count; i++) {
        bool bare = members->without_fmt && i == 0;
        soft_cbor_head(&buf, 5, (uint64_t)(2 - bare + members->one_more));
        if (!bare) {
            soft_cbor_text(&buf, "fmt");
            soft_cbor_text(&buf, members->at[i].format);
        }
        if (members->one_more) {
            soft_cbor_text(&buf, "more");
            soft_cbor_int(&buf, 1);
        }
        soft_cbor_text(&buf, "attStmt");
        tori_buf_bytes(&buf, members->at[i].statement.at, members->at[i].statement.len);
    }
    return tori_buf_view(&buf);
}

static struct tori_bytes packed_full(struct scene *s, bool good)
{
    struct soft_stmt stmt = {.has_alg = true, .alg = TORI_COSE_ES256};
    struct tori_bytes over = good ? s->parts.message : s->parts.auth_data;

    scene_certify(s);
    memcpy(stmt.x5c, s->stmt.x5c, sizeof(stmt.x5c));
    stmt.x5c_count = 2;
    stmt.sig = soft_sign_with(s->cx, s->leaf_key, TORI_COSE_ES256, over);
    return soft_stmt_cbor(s->cx, &stmt);
}

static struct tori_bytes packed_self(struct scene *s)
{
    return soft_stmt_cbor(
        s->cx, &(struct soft_stmt){.has_alg = true,
                                   .alg = s->passkey.alg,
                                   .sig = soft_sign(s->cx, &s->passkey, s->parts.message)});
}

/* As Apple makes it, by the CA of the same vendor. */
static struct tori_bytes apple(struct scene *s)
{
    struct tori_hash nonce = tori_sha256(s->parts.message);
    struct tori_bytes octets =
        soft_tlv(s->cx, 0x04, TORI_BYTES_OF(nonce.at), (struct tori_bytes){0});
    struct tori_bytes tagged = soft_tlv(s->cx, 0xa1, octets, (struct tori_bytes){0});
    struct soft_cert spec = s->leaf;
    struct soft_stmt stmt = {.x5c_count = 2};

    spec.key = s->passkey.key;
    spec.extension[0] =
        (struct soft_extension){.oid = "1.2.840.113635.100.8.2",
                                .value = soft_tlv(s->cx, 0x30, tagged, (struct tori_bytes){0})};
    X509 *leaf = soft_cert_new(s->cx, &spec);
    stmt.x5c[0] = soft_der(s->cx, leaf);
    stmt.x5c[1] = soft_der(s->cx, s->vendor.ca);
    X509_free(leaf);
    return soft_stmt_cbor(s->cx, &stmt);
}

static void set_up(struct scene *s)
{
    (void)s;
}

static void make(struct scene *s)
{
    struct members *members = s->more;

    if (members == NULL) {
        members = tori_arena_take(s->cx->arena, sizeof(*members));
        *members = (struct members){.count = 2,
                                    .at = {{"packed", packed_full(s, true)}, {"apple", apple(s)}}};
    }
    s->more = members;
}

static const struct attest_kind compound = {"compound", TORI_COSE_ES256, set_up, make};

static void write(struct scene *s)
{
    s->ask.statement = compound_cbor(s->cx, s->more);
}

static struct members *members_of(struct scene *s)
{
    return s->more;
}

static void honest(struct scene *s)
{
    write(s);
}
static void one_member(struct scene *s)
{
    members_of(s)->count = 1;
    write(s);
}
static void no_member(struct scene *s)
{
    members_of(s)->count = 0;
    write(s);
}
static void too_many(struct scene *s)
{
    struct members *m = members_of(s);
    struct tori_bytes one = m->at[0].statement;

    s->rules.compound_repeats = true;
    for (m->count = 0; m->count < 9; m->count++)
        m->at[m->count] = (struct member){"packed", one};
    write(s);
}
/* With certificates inside it is deeper than the reader goes. */
static void nested_deep(struct scene *s)
{
    struct members *m = members_of(s);

    m->at[1] = (struct member){"compound", compound_cbor(s->cx, m)};
    write(s);
}
static void nested(struct scene *s)
{
    const struct members inner = {
        .count = 2, .at = {{"packed", packed_self(s)}, {"none", hex_bytes(s->cx, "a0")}}};

    members_of(s)->at[1] = (struct member){"compound", compound_cbor(s->cx, &inner)};
    write(s);
}
static void nested_and_one_is_enough(struct scene *s)
{
    s->rules.compound_any = true;
    nested(s);
}
static void twice(struct scene *s)
{
    members_of(s)->at[1] = members_of(s)->at[0];
    write(s);
}
static void twice_as_permitted(struct scene *s)
{
    s->rules.compound_repeats = true;
    twice(s);
}
static void unknown_format(struct scene *s)
{
    members_of(s)->at[1].format = "apples";
    write(s);
}
static void unknown_but_one_is_enough(struct scene *s)
{
    s->rules.compound_any = true;
    unknown_format(s);
}
static void one_bad(struct scene *s)
{
    members_of(s)->at[0].statement = packed_full(s, false);
    write(s);
}
static void one_bad_but_one_is_enough(struct scene *s)
{
    s->rules.compound_any = true;
    one_bad(s);
}
static void both_bad(struct scene *s)
{
    s->rules.compound_any = true;
    one_bad(s);
    members_of(s)->at[1].statement = packed_self(s);
    write(s);
}
static void without_fmt(struct scene *s)
{
    members_of(s)->without_fmt = true;
    write(s);
}
static void one_more(struct scene *s)
{
    members_of(s)->one_more = true;
    write(s);
}
static void a_map(struct scene *s)
{
    s->ask.statement = hex_bytes(s->cx, "a0");
}
static void of_numbers(struct scene *s)
{
    s->ask.statement = hex_bytes(s->cx, "820102");
}
static void with_none(struct scene *s)
{
    members_of(s)->at[1] = (struct member){"none", hex_bytes(s->cx, "a0")};
    write(s);
}
static void untrusted_member(struct scene *s)
{
    s->rules.anchors = NULL;
    write(s);
}

/* WebAuthn L3 §8.9 verification step 1 */ /* WebAuthn L3 §8.9 verification step 2 */
static void case_60_compound(void **state)
{
    static const struct attest_case cases[] = {
        {"honest", NULL, honest, TORI_ERR_NONE},
        {"one member", NULL, one_member, TORI_ERR_ATTESTATION_INVALID},
        {"no member", NULL, no_member, TORI_ERR_ATTESTATION_INVALID},
        {"nine members", NULL, too_many, TORI_ERR_ATTESTATION_INVALID},
        {"nested", NULL, nested, TORI_ERR_ATTESTATION_INVALID},
        {"nested, with certificates", NULL, nested_deep, TORI_ERR_TOO_DEEP},
        {"nested, one is enough", NULL, nested_and_one_is_enough, TORI_ERR_ATTESTATION_INVALID},
        {"a format twice", NULL, twice, TORI_ERR_ATTESTATION_INVALID},
        {"a format twice, as permitted", NULL, twice_as_permitted, TORI_ERR_NONE},
        {"unknown format", NULL, unknown_format, TORI_ERR_ATTESTATION_FORMAT},
        {"unknown format, one is enough", NULL, unknown_but_one_is_enough, TORI_ERR_NONE},
        {"one bad", NULL, one_bad, TORI_ERR_ATTESTATION_INVALID},
        {"one bad, one is enough", NULL, one_bad_but_one_is_enough, TORI_ERR_NONE},
        {"both bad, one is enough", NULL, both_bad, TORI_ERR_ATTESTATION_INVALID},
        {"a member without fmt", NULL, without_fmt, TORI_ERR_ATTESTATION_INVALID},
        {"a member with one more", NULL, one_more, TORI_ERR_ATTESTATION_INVALID},
        {"a map", NULL, a_map, TORI_ERR_ATTESTATION_INVALID},
        {"a list of numbers", NULL, of_numbers, TORI_ERR_ATTESTATION_INVALID},
        {"with none beside", NULL, with_none, TORI_ERR_NONE},
        {"nobody is believed", NULL, untrusted_member, TORI_ERR_ATTESTATION_UNTRUSTED},
    };
    ATTEST_RUN(*state, &compound, cases);
}

static void expect_facts(struct tori_ctx *cx, void (*change)(struct scene *),
                         enum tori_attestation type)
{
    const struct attest_case after = {"facts", NULL, change, TORI_ERR_NONE};
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &compound, &s);
    scene_make(&compound, &after, &s);
    assert_ok(cx, scene_register(&s, &record));
    assert_text(record.format, "compound");
    assert_int_equal(record.attestation.type, type);
    assert_true(record.attestation.trusted);
    scene_end(&s);
}

static void the_best_member_is_what_it_counts_for(void **state)
{
    expect_facts(*state, honest, TORI_ATTESTATION_ANONCA);
    expect_facts(*state, with_none, TORI_ATTESTATION_BASIC);
    expect_facts(*state, one_bad_but_one_is_enough, TORI_ATTESTATION_ANONCA);
}

static void every_change_is_noticed(void **state)
{
    static const struct attest_case after = {"honest", NULL, honest, TORI_ERR_NONE};
    struct tori_ctx *cx = *state;
    struct scene s;

    scene_begin(cx, &compound, &s);
    scene_make(&compound, &after, &s);
    struct tori_registration made = soft_register(cx, &s.passkey, &s.ask);
    attest_flip_all(&s, made.response.attestation_object,
                    (struct attest_unsigned){s.parts.auth_data, 0, 0});
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(case_60_compound),
        unit(the_best_member_is_what_it_counts_for),
        unit(every_change_is_noticed),
    };
    return tori_unit_run("attest_compound", tests);
}
