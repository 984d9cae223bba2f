/* Statements of Apple devices: case 58. */
#include "test/unit/attest.h"

#define NONCE_OID "1.2.840.113635.100.8.2"

static struct tori_bytes nonce_extension(struct tori_ctx *cx, struct tori_bytes nonce)
{
    const struct tori_bytes nothing = {0};
    struct tori_bytes octets = soft_tlv(cx, 0x04, nonce, nothing);

    return soft_tlv(cx, 0x30, soft_tlv(cx, 0xa1, octets, nothing), nothing);
}

static void set_up(struct scene *s)
{
    s->leaf.key = s->passkey.key;
    s->leaf.subject = "C=JP/O=Mihon Devices/CN=0123456789abcdef";
}

static void make(struct scene *s)
{
    struct tori_hash nonce = tori_sha256(s->parts.message);

    if (s->leaf.extension[0].oid == NULL)
        s->leaf.extension[0] = (struct soft_extension){
            .oid = NONCE_OID,
            .value = nonce_extension(s->cx, TORI_BYTES_OF(nonce.at)),
        };
    scene_certify(s);
}

static const struct attest_kind apple = {"apple", TORI_COSE_ES256, set_up, make};

static void an_honest_statement_is_trusted(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &apple, &s);
    scene_make(&apple, NULL, &s);
    assert_ok(cx, scene_register(&s, &record));
    assert_int_equal(record.attestation.type, TORI_ATTESTATION_ANONCA);
    assert_true(record.attestation.trusted);
    assert_int_equal(tori_attestation_worth(&record.attestation), TORI_ATTESTATION_ANONCA);
    scene_end(&s);
}

static void set_extension(struct scene *s, const char *oid, struct tori_bytes value)
{
    s->leaf.extension[0] = (struct soft_extension){.oid = oid, .value = value};
}
static void no_nonce(struct scene *s)
{
    set_extension(s, "1.2.840.113635.100.8.3",
                  nonce_extension(s->cx, TORI_BYTES_OF(test_challenge)));
}
static void other_nonce(struct scene *s)
{
    set_extension(s, NONCE_OID, nonce_extension(s->cx, TORI_BYTES_OF(test_challenge)));
}
static void nonce_of_less(struct scene *s)
{
    struct soft_parts parts = soft_parts_of(s->cx, &s->passkey, &s->ask);
    struct tori_hash nonce = tori_sha256(parts.auth_data);

    set_extension(s, NONCE_OID, nonce_extension(s->cx, TORI_BYTES_OF(nonce.at)));
}

/* The right nonce, differently wrapped. */
static struct tori_bytes right_nonce(struct scene *s)
{
    struct soft_parts parts = soft_parts_of(s->cx, &s->passkey, &s->ask);
    struct tori_hash nonce = tori_sha256(parts.message);
    struct tori_bytes out;

    assert_ok(s->cx, tori_copy(s->cx, TORI_BYTES_OF(nonce.at), &out));
    return out;
}
static void bare_nonce(struct scene *s)
{
    set_extension(s, NONCE_OID, right_nonce(s));
}
static void untagged_nonce(struct scene *s)
{
    const struct tori_bytes nothing = {0};
    struct tori_bytes octets = soft_tlv(s->cx, 0x04, right_nonce(s), nothing);

    set_extension(s, NONCE_OID, soft_tlv(s->cx, 0x30, octets, nothing));
}
static void nonce_and_more(struct scene *s)
{
    struct tori_bytes right = nonce_extension(s->cx, right_nonce(s));

    set_extension(s, NONCE_OID, soft_join(s->cx, right, TORI_BYTES_OF("\5")));
}
static void other_key(struct scene *s)
{
    s->leaf.key = s->leaf_key;
}
static void with_alg(struct scene *s)
{
    s->stmt.has_alg = true;
    s->stmt.alg = TORI_COSE_ES256;
}
static void with_sig(struct scene *s)
{
    s->stmt.sig = TORI_BYTES_OF(test_challenge);
}
static void no_x5c(struct scene *s)
{
    s->stmt.x5c_count = 0;
}
static void alg_without_x5c(struct scene *s)
{
    no_x5c(s);
    with_alg(s);
}
static void three_members(struct scene *s)
{
    with_alg(s);
    with_sig(s);
}
static void nobody(struct scene *s)
{
    s->rules.anchors = NULL;
}

/* WebAuthn L3 §8.8 verification step 1 */ /* WebAuthn L3 §8.8 verification steps 2-3 */
/* WebAuthn L3 §8.8 verification step 4 */ /* WebAuthn L3 §8.8 verification step 5 */
static void case_58_apple(void **state)
{
    static const struct attest_case cases[] = {
        {"honest", NULL, NULL, TORI_ERR_NONE},
        {"alg beside, as first devices", NULL, with_alg, TORI_ERR_NONE},
        {"no nonce", no_nonce, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"another nonce", other_nonce, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"nonce of the authenticator data alone", nonce_of_less, NULL,
         TORI_ERR_ATTESTATION_INVALID},
        {"nonce not wrapped", bare_nonce, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"nonce without its tag", untagged_nonce, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"bytes behind the nonce", nonce_and_more, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"certificate of another key", other_key, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"another member", NULL, with_sig, TORI_ERR_ATTESTATION_INVALID},
        {"no x5c", NULL, no_x5c, TORI_ERR_ATTESTATION_INVALID},
        {"alg without x5c", NULL, alg_without_x5c, TORI_ERR_ATTESTATION_INVALID},
        {"three members", NULL, three_members, TORI_ERR_ATTESTATION_INVALID},
        {"nobody is believed", nobody, NULL, TORI_ERR_ATTESTATION_UNTRUSTED},
    };
    ATTEST_RUN(*state, &apple, cases);
}

static void every_change_is_noticed(void **state)
{
    attest_mutate(*state, &apple);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(an_honest_statement_is_trusted),
        unit(case_58_apple),
        unit(every_change_is_noticed),
    };
    return tori_unit_run("attest_apple", tests);
}
