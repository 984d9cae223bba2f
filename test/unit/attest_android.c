/* Statements of Android's keystore: case 57. */
#include "test/unit/attest.h"

#define DESCRIPTION_OID "1.3.6.1.4.1.11129.2.1.17"

enum { SOFTWARE, TEE, STRONGBOX };

/* KeyDescription, with what an honest phone would say in zero. */
struct description {
    int attestation_level, key_level; /* 0: TEE; n: n - 1 */
    struct tori_bytes challenge;      /* NULL: the right one */
    const char *software;             /* the authorization lists as hex; NULL: as usual */
    const char *hardware;
    const char *behind; /* the last list */
};

/* creationDateTime, attestationApplicationId */
#define SOFTWARE_USUAL "bf853d0802060197f92b9ef8bf854506040473657466"
/* purpose SIGN, algorithm EC, keySize 256, origin GENERATED, osVersion */
#define PURPOSE "a105310302 0102"
#define HARDWARE_USUAL PURPOSE "a203020103a30402020100" ORIGIN "bf85410502030249f0"
#define ORIGIN "bf853e03020100"
#define ALL_APPLICATIONS "bf8458020500"

static struct tori_bytes list_of(struct tori_ctx *cx, const char *hex, const char *usual)
{
    return soft_tlv(cx, 0x30, hex_bytes(cx, hex != NULL ? hex : usual), (struct tori_bytes){0});
}

static struct tori_bytes level_of(struct tori_ctx *cx, int level)
{
    const uint8_t bytes[] = {0x0a, 1, (uint8_t)(level == 0 ? TEE : level - 1)};
    struct tori_bytes out;

    assert_ok(cx, tori_copy(cx, TORI_BYTES_OF(bytes), &out));
    return out;
}

static struct tori_bytes describe(struct scene *s)
{
    static const struct description honest = {0};
    const struct description *d = s->more != NULL ? s->more : &honest;
    struct tori_ctx *cx = s->cx;
    struct tori_buf buf = tori_buf_new(cx->arena, 8192);
    struct tori_bytes challenge =
        d->challenge.at != NULL ? d->challenge : TORI_BYTES_OF(s->parts.client_hash.at);
    const struct tori_bytes parts[] = {
        hex_bytes(cx, "0202012c"),
        level_of(cx, d->attestation_level),
        hex_bytes(cx, "0202012c"),
        level_of(cx, d->key_level),
        soft_tlv(cx, 0x04, challenge, (struct tori_bytes){0}),
        hex_bytes(cx, "0400"),
        list_of(cx, d->software, SOFTWARE_USUAL),
        list_of(cx, d->hardware, HARDWARE_USUAL),
        hex_bytes(cx, d->behind != NULL ? d->behind : ""),
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        tori_buf_bytes(&buf, parts[i].at, parts[i].len);
    return soft_tlv(cx, 0x30, tori_buf_view(&buf), (struct tori_bytes){0});
}

static void set_up(struct scene *s)
{
    s->leaf.key = s->passkey.key;
    s->leaf.subject = "CN=Android Keystore Key";
    s->leaf.without_constraints = true;
    s->leaf.extension[0].oid = DESCRIPTION_OID;
    s->stmt.has_alg = true;
    s->stmt.alg = TORI_COSE_ES256;
}

static void make(struct scene *s)
{
    if (s->leaf.extension[0].value.at == NULL)
        s->leaf.extension[0].value = describe(s);
    s->message = s->parts.message;
    scene_certify(s);
    s->stmt.sig = soft_sign_with(s->cx, s->leaf.key, TORI_COSE_ES256, s->message);
}

static const struct attest_kind android = {"android-key", TORI_COSE_ES256, set_up, make};

static void expect_protection(struct tori_ctx *cx, struct description *d,
                              enum tori_protection protection)
{
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &android, &s);
    s.more = d;
    s.rules.android_software = true;
    scene_make(&android, NULL, &s);
    assert_ok(cx, scene_register(&s, &record));
    assert_int_equal(record.attestation.type, TORI_ATTESTATION_BASIC);
    assert_int_equal(record.attestation.protection, protection);
    attest_save("android_key", protection == TORI_PROTECTION_TEE ? "tee" : "other",
                s.leaf.extension[0].value);
    s.rules.anchors = NULL;
    s.rules.untrusted = true;
    assert_ok(cx, scene_register(&s, &record));
    assert_int_equal(record.attestation.protection, TORI_PROTECTION_UNKNOWN);
    scene_end(&s);
}

/* AUTH-13 */
static void the_statement_says_what_holds_the_key(void **state)
{
    struct description tee = {0}, strongbox = {STRONGBOX + 1, STRONGBOX + 1, {0}, NULL, NULL, NULL},
                       mixed = {STRONGBOX + 1, TEE + 1, {0}, NULL, NULL, NULL},
                       software = {SOFTWARE + 1, SOFTWARE + 1, {0}, NULL, NULL, NULL};

    expect_protection(*state, &tee, TORI_PROTECTION_TEE);
    expect_protection(*state, &strongbox, TORI_PROTECTION_STRONGBOX);
    expect_protection(*state, &mixed, TORI_PROTECTION_TEE);
    expect_protection(*state, &software, TORI_PROTECTION_SOFTWARE);
}

static void no_sig(struct scene *s)
{
    s->stmt.sig = (struct tori_bytes){0};
}
static void signed_by_another(struct scene *s)
{
    s->stmt.sig = soft_sign_with(s->cx, s->leaf_key, TORI_COSE_ES256, s->message);
}
static void signed_over_less(struct scene *s)
{
    s->stmt.sig = soft_sign(s->cx, &s->passkey, s->parts.auth_data);
}
static void no_alg(struct scene *s)
{
    s->stmt.has_alg = false;
}
static void other_alg(struct scene *s)
{
    s->stmt.alg = TORI_COSE_ESP256; /* the same signature under another number */
}
static void no_x5c(struct scene *s)
{
    s->stmt.x5c_count = 0;
}
static void more(struct scene *s)
{
    s->stmt.more = true;
}
static void other_key(struct scene *s)
{
    s->leaf.key = s->leaf_key;
}
static void no_description(struct scene *s)
{
    s->leaf.extension[0].oid = "1.3.6.1.4.1.11129.2.1.18";
}
static void cut_description(struct scene *s)
{
    s->leaf.extension[0].value = TORI_BYTES_OF("\x30\x03\x02\x01");
}

/* WebAuthn L3 §8.4 verification step 1 */ /* WebAuthn L3 §8.4 verification step 2 */
/* WebAuthn L3 §8.4 verification step 3 */
static void case_57_statement(void **state)
{
    static const struct attest_case cases[] = {
        {"honest", NULL, NULL, TORI_ERR_NONE},
        {"no sig", NULL, no_sig, TORI_ERR_ATTESTATION_INVALID},
        {"signed by another key", NULL, signed_by_another, TORI_ERR_ATTESTATION_INVALID},
        {"signed over less", NULL, signed_over_less, TORI_ERR_ATTESTATION_INVALID},
        {"no alg", NULL, no_alg, TORI_ERR_ATTESTATION_INVALID},
        {"another alg", NULL, other_alg, TORI_ERR_ATTESTATION_INVALID},
        {"no x5c", NULL, no_x5c, TORI_ERR_ATTESTATION_INVALID},
        {"one member more", NULL, more, TORI_ERR_ATTESTATION_INVALID},
        {"certificate of another key", other_key, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"no description", no_description, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"description cut off", cut_description, NULL, TORI_ERR_ATTESTATION_INVALID},
    };
    ATTEST_RUN(*state, &android, cases);
}

struct said {
    const char *what;
    struct description description;
    tori_err strict; /* by the product's rules */
    tori_err soft;   /* where what software says counts, too */
    tori_err unlisted;
};

static tori_err try_description(struct tori_ctx *cx, const struct said *said,
                                const struct tori_attestation_rules *rules)
{
    struct description description = said->description;
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &android, &s);
    s.more = &description;
    s.rules = *rules;
    s.rules.anchors = s.vendor.anchors;
    scene_make(&android, NULL, &s);
    struct tori_result result = scene_register(&s, &record);
    attest_save_case(&s, said->what);
    attest_save_named("android_key", said->what, s.leaf.extension[0].value);
    scene_end(&s);
    return result.err;
}

#define NO TORI_ERR_ATTESTATION_INVALID
#define OK TORI_ERR_NONE

/* WebAuthn L3 §8.4 verification step 4 */ /* WebAuthn L3 §8.4 verification step 5 */
static void case_57_what_the_keystore_says(void **state)
{
    const struct tori_attestation_rules strict = {.untrusted = false},
                                        soft = {.android_software = true},
                                        unlisted = {.android_unlisted = true};
    const struct said cases[] = {
        {"honest", {0}, OK, OK, OK},
        {"another challenge", {.challenge = {test_challenge, 32}}, NO, NO, NO},
        {"challenge cut off", {.challenge = {test_challenge, 16}}, NO, NO, NO},
        {"all applications, by hardware",
         {.hardware = HARDWARE_USUAL ALL_APPLICATIONS},
         NO,
         NO,
         NO},
        {"all applications, by software", {.software = ALL_APPLICATIONS}, NO, NO, NO},
        {"imported", {.hardware = PURPOSE "bf853e03020102"}, NO, NO, NO},
        {"imported, says software", {.software = "bf853e03020102"}, NO, NO, NO},
        {"no origin", {.hardware = PURPOSE}, NO, NO, OK},
        {"origin said by software alone", {.software = ORIGIN, .hardware = PURPOSE}, NO, OK, OK},
        {"no purpose", {.hardware = ORIGIN}, NO, NO, OK},
        {"purpose said by software alone", {.software = PURPOSE, .hardware = ORIGIN}, NO, OK, OK},
        {"purpose encrypt", {.hardware = "a1053103020100" ORIGIN}, NO, NO, NO},
        {"purposes sign and verify", {.hardware = "a1083106020102020103" ORIGIN}, NO, NO, NO},
        {"purpose to attest", {.hardware = "a1053103020107" ORIGIN}, NO, NO, NO},
        {"purposes none", {.hardware = "a1023100" ORIGIN}, NO, NO, NO},
        {"both lists empty", {.software = "", .hardware = ""}, NO, NO, OK},
        {"described by software", {.attestation_level = SOFTWARE + 1}, NO, OK, NO},
        {"held by software", {.key_level = SOFTWARE + 1}, NO, OK, NO},
        {"a level that nobody knows", {.attestation_level = 4, .key_level = 4}, NO, NO, NO},
        {"origin twice", {.hardware = PURPOSE ORIGIN ORIGIN}, NO, NO, NO},
        {"tags out of order", {.hardware = ORIGIN PURPOSE}, NO, NO, NO},
        {"origin as text", {.hardware = PURPOSE "bf853e030c0100"}, NO, NO, NO},
        {"origin with more behind", {.hardware = PURPOSE "bf853e06020100020100"}, NO, NO, NO},
        {"a field that is no tagged one", {.hardware = PURPOSE ORIGIN "020100"}, NO, NO, NO},
        {"a third list", {.behind = "3000"}, NO, NO, NO},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct said *c = &cases[i];
        const tori_err got[] = {try_description(*state, c, &strict),
                                try_description(*state, c, &soft),
                                try_description(*state, c, &unlisted)};
        if (got[0] != c->strict || got[1] != c->soft || got[2] != c->unlisted)
            fail_msg("%s: %s, %s, %s", c->what, tori_err_name(got[0]), tori_err_name(got[1]),
                     tori_err_name(got[2]));
    }
}

/* The holder of an honest key, whose certificate is no CA, plays at being one; and one who has got
 * a CA writes a description of his own below that of the phone. */
static void case_57_a_description_in_two_places(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &android, &s);
    s.parts = soft_parts_of(cx, &s.passkey, &s.ask);
    const struct soft_extension description = {.oid = DESCRIPTION_OID, .value = describe(&s)};
    struct soft_cert middle = {.key = s.leaf_key,
                               .signer = s.vendor.root_key,
                               .issuer = s.vendor.root,
                               .subject = "CN=Middle",
                               .ca = true,
                               .extension = {description}};
    X509 *ca = soft_cert_new(cx, &middle);
    s.leaf.signer = s.leaf_key;
    s.leaf.issuer = ca;
    scene_make(&android, NULL, &s);
    s.stmt.x5c[1] = soft_der(cx, ca);
    s.ask.statement = soft_stmt_cbor(cx, &s.stmt);
    assert_fails(scene_register(&s, &record), TORI_ERR_ATTESTATION_INVALID);

    middle.extension[0].oid = NULL; /* the same without it is a chain like any other */
    X509 *plain = soft_cert_new(cx, &middle);
    s.stmt.x5c[1] = soft_der(cx, plain);
    s.ask.statement = soft_stmt_cbor(cx, &s.stmt);
    assert_ok(cx, scene_register(&s, &record));
    X509_free(plain);
    X509_free(ca);
    scene_end(&s);
}

static void every_change_is_noticed(void **state)
{
    attest_mutate(*state, &android);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(the_statement_says_what_holds_the_key),
        unit(case_57_statement),
        unit(case_57_what_the_keystore_says),
        unit(case_57_a_description_in_two_places),
        unit(every_change_is_noticed),
    };
    return tori_unit_run("attest_android", tests);
}
