/* Packed statements with certificates: case 54, and the chains of every format: cases 51 … 53. */
#include "test/unit/attest.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#define AAGUID_OID "1.3.6.1.4.1.45724.1.1.4"
#define SUBJECT(c, o, ou, cn) "C=" c "/O=" o "/OU=" ou "/CN=" cn

static void set_up(struct scene *s)
{
    s->leaf.extension[0] = (struct soft_extension){
        .oid = AAGUID_OID,
        .value = soft_tlv(s->cx, 0x04, TORI_BYTES_OF(s->passkey.aaguid), (struct tori_bytes){0}),
    };
    s->stmt.has_alg = true;
    s->stmt.alg = TORI_COSE_ES256;
}

static void make(struct scene *s)
{
    s->message = s->parts.message;
    scene_certify(s);
    s->stmt.sig = soft_sign_with(s->cx, s->leaf_key, s->stmt.alg, s->message);
}

static const struct attest_kind packed = {"packed", TORI_COSE_ES256, set_up, make};

/* AUTH-13 */
static void an_honest_statement_is_trusted(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &packed, &s);
    s.rp.least = TORI_ATTESTATION_BASIC;
    scene_make(&packed, NULL, &s);
    assert_ok(cx, scene_register(&s, &record));
    assert_int_equal(record.attestation.type, TORI_ATTESTATION_BASIC);
    assert_true(record.attestation.trusted && record.attestation.has_certificate);
    assert_int_equal(tori_attestation_worth(&record.attestation), TORI_ATTESTATION_BASIC);
    assert_text(record.attestation.anchor, "Mihon Devices Root");
    assert_text(record.attestation.certificate.subject,
                "CN=Model 1,OU=Authenticator Attestation,O=Mihon Devices,C=JP");
    assert_text(record.attestation.certificate.issuer, "CN=CA 1,O=Mihon Devices,C=JP");
    assert_true(
        tori_bytes_eq(record.attestation.certificate.serial, TORI_BYTES_OF(((uint8_t[]){7}))));
    assert_int_equal(record.attestation.certificate.not_before, cx->now - 365 * TORI_DAY_MS);
    assert_int_equal(record.attestation.certificate.not_after, cx->now + 365 * TORI_DAY_MS);
    struct tori_hash leaf = tori_sha256(s.stmt.x5c[0]);
    assert_true(tori_hash_eq(&record.attestation.certificate.fingerprint, &leaf));
    scene_end(&s);
}

static void sign_with_passkey(struct scene *s)
{
    s->stmt.sig = soft_sign(s->cx, &s->passkey, s->message);
}
static void no_sig(struct scene *s)
{
    s->stmt.sig = (struct tori_bytes){0};
}
static void cut_sig(struct scene *s)
{
    s->stmt.sig.len--;
}
static void empty_sig(struct scene *s)
{
    s->stmt.sig.len = 0;
}
static void no_alg(struct scene *s)
{
    s->stmt.has_alg = false;
}
static void alg_es384(struct scene *s)
{
    s->stmt.alg = TORI_COSE_ES384;
}
static void alg_rs256(struct scene *s)
{
    s->stmt.alg = TORI_COSE_RS256;
}
static void alg_rs1(struct scene *s)
{
    s->stmt.alg = TORI_COSE_RS1;
}
static void alg_unknown(struct scene *s)
{
    s->stmt.alg = -999;
}
static void empty_x5c(struct scene *s)
{
    s->stmt.x5c_count = 0;
    s->stmt.x5c_empty = true;
}
static void no_x5c(struct scene *s)
{
    s->stmt.x5c_count = 0;
}
static void one_member_more(struct scene *s)
{
    s->stmt.more = true;
}
static void other_message(struct scene *s)
{
    s->stmt.sig =
        soft_sign_with(s->cx, s->leaf_key, TORI_COSE_ES256, (struct tori_bytes){s->message.at, 40});
}

/* Attestation keys of other algorithms than the credential's. */
static void leaf_of(struct scene *s, int64_t alg)
{
    EVP_PKEY_free(s->leaf_key);
    s->leaf_key = soft_key_new(alg);
    s->leaf.key = s->leaf_key;
    s->stmt.alg = alg;
}
static void leaf_es384(struct scene *s)
{
    leaf_of(s, TORI_COSE_ES384);
}
static void leaf_es512(struct scene *s)
{
    leaf_of(s, TORI_COSE_ES512);
}
static void leaf_eddsa(struct scene *s)
{
    leaf_of(s, TORI_COSE_EDDSA);
}
static void leaf_ed448(struct scene *s)
{
    leaf_of(s, TORI_COSE_ED448);
}
static void leaf_ps256(struct scene *s)
{
    leaf_of(s, TORI_COSE_PS256);
}
static void leaf_rs1(struct scene *s)
{
    leaf_of(s, TORI_COSE_RS1);
}

static void attestation_keys_of_every_kind(void **state)
{
    static const struct attest_case cases[] = {
        {"ES384", leaf_es384, NULL, TORI_ERR_NONE},
        {"ES512", leaf_es512, NULL, TORI_ERR_NONE},
        {"EdDSA", leaf_eddsa, NULL, TORI_ERR_NONE},
        {"Ed448", leaf_ed448, NULL, TORI_ERR_NONE},
        {"PS256", leaf_ps256, NULL, TORI_ERR_NONE},
        {"RS1, of TPMs only", leaf_rs1, NULL, TORI_ERR_ATTESTATION_INVALID},
    };
    ATTEST_RUN(*state, &packed, cases);
}

/* WebAuthn L3 §8.2 verification step 1 */ /* WebAuthn L3 §8.2 verification step 2 */
static void case_54_statement(void **state)
{
    static const struct attest_case cases[] = {
        {"honest", NULL, NULL, TORI_ERR_NONE},
        {"signed by the credential's key", NULL, sign_with_passkey, TORI_ERR_ATTESTATION_INVALID},
        {"signed over less", NULL, other_message, TORI_ERR_ATTESTATION_INVALID},
        {"without sig", NULL, no_sig, TORI_ERR_ATTESTATION_INVALID},
        {"sig cut off", NULL, cut_sig, TORI_ERR_ATTESTATION_INVALID},
        {"sig empty", NULL, empty_sig, TORI_ERR_ATTESTATION_INVALID},
        {"without alg", NULL, no_alg, TORI_ERR_ATTESTATION_INVALID},
        {"alg of another curve", NULL, alg_es384, TORI_ERR_ATTESTATION_INVALID},
        {"alg of another kind", NULL, alg_rs256, TORI_ERR_ATTESTATION_INVALID},
        {"alg with SHA-1", NULL, alg_rs1, TORI_ERR_ATTESTATION_INVALID},
        {"alg unknown", NULL, alg_unknown, TORI_ERR_ATTESTATION_INVALID},
        {"x5c empty", NULL, empty_x5c, TORI_ERR_ATTESTATION_INVALID},
        {"a full statement without x5c", NULL, no_x5c, TORI_ERR_ATTESTATION_INVALID},
        {"one member more", NULL, one_member_more, TORI_ERR_ATTESTATION_INVALID},
    };
    ATTEST_RUN(*state, &packed, cases);
}

static void version_1(struct scene *s)
{
    s->leaf.version = 1;
}
static void no_country(struct scene *s)
{
    s->leaf.subject = "O=Mihon Devices/OU=Authenticator Attestation/CN=Model 1";
}
static void no_organization(struct scene *s)
{
    s->leaf.subject = "C=JP/OU=Authenticator Attestation/CN=Model 1";
}
static void no_unit(struct scene *s)
{
    s->leaf.subject = "C=JP/O=Mihon Devices/CN=Model 1";
}
static void other_unit(struct scene *s)
{
    s->leaf.subject = SUBJECT("JP", "Mihon Devices", "Authenticator attestation", "Model 1");
}
static void two_units(struct scene *s)
{
    s->leaf.subject =
        "C=JP/O=Mihon Devices/OU=Authenticator Attestation/OU=Authenticator Attestation/CN=Model 1";
}
static void no_common_name(struct scene *s)
{
    s->leaf.subject = "C=JP/O=Mihon Devices/OU=Authenticator Attestation";
}
static void is_ca(struct scene *s)
{
    s->leaf.ca = true;
}
static void no_constraints(struct scene *s)
{
    s->leaf.without_constraints = true;
}
static void critical_aaguid(struct scene *s)
{
    s->leaf.extension[0].critical = true;
}
static void no_aaguid(struct scene *s)
{
    s->leaf.extension[0].oid = NULL;
}
static void other_aaguid(struct scene *s)
{
    static const uint8_t other[16] = {1, 2, 3};
    s->leaf.extension[0].value =
        soft_tlv(s->cx, 0x04, TORI_BYTES_OF(other), (struct tori_bytes){0});
}
static void bare_aaguid(struct scene *s)
{
    s->leaf.extension[0].value = TORI_BYTES_OF(s->passkey.aaguid);
}
static void long_aaguid(struct scene *s)
{
    struct tori_bytes one = s->leaf.extension[0].value;
    s->leaf.extension[0].value = soft_join(s->cx, one, (struct tori_bytes){one.at, 1});
}
static void aaguid_twice(struct scene *s)
{
    s->leaf.extension[1] = s->leaf.extension[0];
}

/* WebAuthn L3 §8.2 verification step 2 */
static void case_54_certificate(void **state)
{
    static const struct attest_case cases[] = {
        {"version 1", version_1, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"no country", no_country, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"no organization", no_organization, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"no unit", no_unit, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"unit in other letters", other_unit, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"two units", two_units, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"no common name", no_common_name, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"a CA", is_ca, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"no constraints, so no CA", no_constraints, NULL, TORI_ERR_NONE},
        {"AAGUID critical", critical_aaguid, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"no AAGUID", no_aaguid, NULL, TORI_ERR_NONE},
        {"another AAGUID", other_aaguid, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"AAGUID not wrapped twice", bare_aaguid, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"AAGUID with more behind", long_aaguid, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"AAGUID twice", aaguid_twice, NULL, TORI_ERR_CERTIFICATE_INVALID},
    };
    ATTEST_RUN(*state, &packed, cases);
}

/* Another root with its chain: made by somebody who is not believed. */
static void forge(struct scene *s, const char *name, bool with_root)
{
    struct soft_vendor other;

    soft_vendor_named(s->cx, name, &other);
    struct soft_cert spec = s->leaf;
    spec.signer = other.ca_key;
    spec.issuer = other.ca;
    X509 *leaf = soft_cert_new(s->cx, &spec);
    s->stmt.x5c[0] = soft_der(s->cx, leaf);
    s->stmt.x5c[1] = soft_der(s->cx, other.ca);
    s->stmt.x5c[2] = soft_der(s->cx, other.root);
    s->stmt.x5c_count = with_root ? 3 : 2;
    X509_free(leaf);
    soft_vendor_free(&other);
}
static void forged_with_root(struct scene *s)
{
    forge(s, "Nise Devices", true);
}
static void forged_under_the_true_name(struct scene *s)
{
    forge(s, "Mihon Devices", true);
}
static void forged_without_root(struct scene *s)
{
    forge(s, "Nise Devices", false);
}
static void self_signed_leaf(struct scene *s)
{
    s->leaf.signer = NULL;
    s->leaf.issuer = NULL;
}
static void only_the_leaf(struct scene *s)
{
    s->stmt.x5c_count = 1;
}
static void root_included(struct scene *s)
{
    s->stmt.x5c[s->stmt.x5c_count++] = soft_der(s->cx, s->vendor.root);
}

static void case_51_a_root_inside_x5c_is_not_believed(void **state)
{
    static const struct attest_case cases[] = {
        {"forged, with its root", NULL, forged_with_root, TORI_ERR_ATTESTATION_UNTRUSTED},
        {"forged, with a root of the true name", NULL, forged_under_the_true_name,
         TORI_ERR_CERTIFICATE_INVALID},
        {"forged, without its root", NULL, forged_without_root, TORI_ERR_ATTESTATION_UNTRUSTED},
        {"a leaf that issued itself", self_signed_leaf, only_the_leaf,
         TORI_ERR_ATTESTATION_UNTRUSTED},
        {"the true root included, as phones do", NULL, root_included, TORI_ERR_NONE},
    };
    ATTEST_RUN(*state, &packed, cases);
}

static void wrong_order(struct scene *s)
{
    struct tori_bytes ca = s->stmt.x5c[1];
    root_included(s);
    s->stmt.x5c[1] = s->stmt.x5c[2];
    s->stmt.x5c[2] = ca;
}
static void leaf_last(struct scene *s)
{
    struct tori_bytes leaf = s->stmt.x5c[0];
    s->stmt.x5c[0] = s->stmt.x5c[1];
    s->stmt.x5c[1] = leaf;
}
static void leaf_twice(struct scene *s)
{
    s->stmt.x5c[2] = s->stmt.x5c[1];
    s->stmt.x5c[1] = s->stmt.x5c[0];
    s->stmt.x5c_count = 3;
}
static void expired(struct scene *s)
{
    s->leaf.until_ms = -TORI_SECOND_MS;
}
static void not_yet_valid(struct scene *s)
{
    s->leaf.from_ms = TORI_MINUTE_MS;
}
static void weak_signature(struct scene *s)
{
    s->leaf.sha1 = true;
}
static void critical_unknown(struct scene *s)
{
    s->leaf.extension[1] = (struct soft_extension){
        .oid = "1.3.6.1.4.1.99999.1", .critical = true, .value = TORI_BYTES_OF("\5")};
}
/* An authority key identifier with a constructed tag where a primitive one is due. */
static void malformed_identifier(struct scene *s)
{
    s->leaf.extension[1] =
        (struct soft_extension){.oid = "2.5.29.35", .value = hex_bytes(s->cx, "3006a004517f22c8")};
}
static void malformed_but_sound_is_enough(struct scene *s)
{
    s->rules.untrusted = true;
    malformed_identifier(s);
}
static void too_many(struct scene *s)
{
    while (s->stmt.x5c_count < TORI_CHAIN_MAX + 1)
        root_included(s);
}
static void trailing(struct scene *s)
{
    s->stmt.x5c[0] = soft_join(s->cx, s->stmt.x5c[0], (struct tori_bytes){s->stmt.x5c[0].at, 1});
}
static void no_certificate(struct scene *s)
{
    s->stmt.x5c[0] = TORI_BYTES_OF("not a certificate");
}

/* The CA between, made anew with one fault, and the leaf below it. */
static void new_ca(struct scene *s, const struct soft_cert *fault)
{
    struct soft_cert spec = *fault, leaf = s->leaf;

    spec.key = s->vendor.ca_key;
    if (spec.signer == NULL) {
        spec.signer = s->vendor.root_key;
        spec.issuer = s->vendor.root;
    }
    spec.subject = "C=JP/O=Mihon Devices/CN=CA 1";
    X509 *ca = soft_cert_new(s->cx, &spec);
    leaf.issuer = ca;
    X509 *made = soft_cert_new(s->cx, &leaf);
    s->stmt.x5c[0] = soft_der(s->cx, made);
    s->stmt.x5c[1] = soft_der(s->cx, ca);
    X509_free(made);
    X509_free(ca);
}
static void ca_honest(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.ca = true});
}
static void ca_is_none(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.ca = false});
}
static void ca_says_nothing(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.without_constraints = true, .key_usage = "keyCertSign"});
}
static void ca_of_version_1(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.version = 1});
}
static void ca_may_not_sign(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.ca = true, .key_usage = "critical,digitalSignature"});
}
static void ca_expired(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.ca = true, .until_ms = -TORI_SECOND_MS});
}
static void ca_not_yet_valid(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.ca = true, .from_ms = TORI_MINUTE_MS});
}
static void ca_with_sha1(struct scene *s)
{
    new_ca(s, &(struct soft_cert){.ca = true, .sha1 = true});
}
/* A certificate signed by another CA of the same name: names fit, the signature does not. */
static void ca_of_another(struct scene *s)
{
    struct soft_vendor other;

    soft_vendor_new(s->cx, &other);
    new_ca(s, &(struct soft_cert){.ca = true, .signer = other.root_key, .issuer = s->vendor.root});
    soft_vendor_free(&other);
}

/* The CA of the vendor lets no further CA stand below it. */
static void one_ca_too_many(struct scene *s)
{
    EVP_PKEY *key = soft_key_new(TORI_COSE_ES256);
    struct soft_cert leaf = s->leaf;
    X509 *below = soft_cert_new(s->cx, &(struct soft_cert){.key = key,
                                                           .signer = s->vendor.ca_key,
                                                           .issuer = s->vendor.ca,
                                                           .subject = "CN=CA 2",
                                                           .ca = true});

    leaf.signer = key;
    leaf.issuer = below;
    X509 *made = soft_cert_new(s->cx, &leaf);
    s->stmt.x5c[0] = soft_der(s->cx, made);
    s->stmt.x5c[1] = soft_der(s->cx, below);
    s->stmt.x5c[2] = soft_der(s->cx, s->vendor.ca);
    s->stmt.x5c_count = 3;
    X509_free(made);
    X509_free(below);
    EVP_PKEY_free(key);
}

static void case_52_broken_chains(void **state)
{
    static const struct attest_case cases[] = {
        {"honest CA made anew", NULL, ca_honest, TORI_ERR_NONE},
        {"root before CA", NULL, wrong_order, TORI_ERR_CERTIFICATE_INVALID},
        {"leaf last", NULL, leaf_last, TORI_ERR_ATTESTATION_INVALID},
        {"leaf twice", NULL, leaf_twice, TORI_ERR_CERTIFICATE_INVALID},
        {"leaf expired", expired, NULL, TORI_ERR_CERTIFICATE_INVALID},
        {"leaf not yet valid", not_yet_valid, NULL, TORI_ERR_CERTIFICATE_INVALID},
        {"leaf signed over SHA-1", weak_signature, NULL, TORI_ERR_CERTIFICATE_INVALID},
        {"unknown critical extension", critical_unknown, NULL, TORI_ERR_CERTIFICATE_INVALID},
        {"malformed extension", malformed_identifier, NULL, TORI_ERR_ATTESTATION_UNTRUSTED},
        {"the same, as no more than self", malformed_but_sound_is_enough, NULL, TORI_ERR_NONE},
        {"too many certificates", NULL, too_many, TORI_ERR_ATTESTATION_INVALID},
        {"bytes behind a certificate", NULL, trailing, TORI_ERR_CERTIFICATE_INVALID},
        {"no certificate", NULL, no_certificate, TORI_ERR_CERTIFICATE_INVALID},
        {"leaf alone, its CA unknown", NULL, only_the_leaf, TORI_ERR_ATTESTATION_UNTRUSTED},
        {"issuer says it is no CA", NULL, ca_is_none, TORI_ERR_CERTIFICATE_INVALID},
        {"issuer does not say it is a CA", NULL, ca_says_nothing, TORI_ERR_CERTIFICATE_INVALID},
        {"issuer of version 1", NULL, ca_of_version_1, TORI_ERR_CERTIFICATE_INVALID},
        {"issuer may not sign", NULL, ca_may_not_sign, TORI_ERR_CERTIFICATE_INVALID},
        {"issuer expired", NULL, ca_expired, TORI_ERR_CERTIFICATE_INVALID},
        {"issuer not yet valid", NULL, ca_not_yet_valid, TORI_ERR_CERTIFICATE_INVALID},
        {"issuer signed over SHA-1", NULL, ca_with_sha1, TORI_ERR_CERTIFICATE_INVALID},
        {"issuer signed by another", NULL, ca_of_another, TORI_ERR_CERTIFICATE_INVALID},
        {"one CA below too many", NULL, one_ca_too_many, TORI_ERR_CERTIFICATE_INVALID},
    };
    ATTEST_RUN(*state, &packed, cases);
}

static void no_anchors(struct scene *s)
{
    s->rules.anchors = NULL;
}
static void sound_is_enough(struct scene *s)
{
    s->rules.anchors = NULL;
    s->rules.untrusted = true;
}
static void but_basic_is_demanded(struct scene *s)
{
    sound_is_enough(s);
    s->rp.least = TORI_ATTESTATION_BASIC;
}
static void self_is_demanded(struct scene *s)
{
    sound_is_enough(s);
    s->rp.least = TORI_ATTESTATION_SELF;
}
static void sound_is_enough_but_expired(struct scene *s)
{
    sound_is_enough(s);
    expired(s);
}

/* AUTH-13 */
static void case_49_an_unknown_vendor_is_worth_no_more_than_self(void **state)
{
    static const struct attest_case cases[] = {
        {"nobody is believed", no_anchors, NULL, TORI_ERR_ATTESTATION_UNTRUSTED},
        {"sound is enough", sound_is_enough, NULL, TORI_ERR_NONE},
        {"sound is enough, with a forged root", sound_is_enough, forged_with_root, TORI_ERR_NONE},
        {"self is demanded", self_is_demanded, NULL, TORI_ERR_NONE},
        {"basic is demanded", but_basic_is_demanded, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"not even sound", sound_is_enough_but_expired, NULL, TORI_ERR_CERTIFICATE_INVALID},
        {"broken inside", sound_is_enough, ca_of_another, TORI_ERR_NONE},
        {"issuer is no CA", sound_is_enough, ca_is_none, TORI_ERR_CERTIFICATE_INVALID},
    };
    ATTEST_RUN(*state, &packed, cases);
}

/* One anchor for the case, with what it is for. */
static struct tori_result with_anchor(struct scene *s, const struct tori_anchor *anchor,
                                      struct tori_attested *out)
{
    struct tori_anchors *anchors;

    TORI_TRY(tori_anchors_new(s->cx, anchor, 1, &anchors));
    s->rules.anchors = anchors;
    struct tori_result result = scene_register(s, out);
    tori_anchors_free(anchors);
    return result;
}

/* The certificate that an anchor is made of may be any of the chain: its leaf too, as metadata of
 * single models has it. */
static void an_anchor_speaks_only_for_what_it_was_given_for(void **state)
{
    static const uint8_t other[20] = {9};
    struct tori_ctx *cx = *state;
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &packed, &s);
    scene_make(&packed, NULL, &s);
    assert_ok(cx, scene_register(&s, &record));
    uint8_t key_id[20];
    memcpy(key_id, record.attestation.certificate.key_id, sizeof(key_id));
    struct tori_bytes root = soft_der(cx, s.vendor.root);
    const struct {
        struct tori_anchor anchor;
        tori_err err;
    } cases[] = {
        {{.name = TORI_STR("root"), .certificate = root}, TORI_ERR_NONE},
        {{.name = TORI_STR("CA"), .certificate = s.stmt.x5c[1]}, TORI_ERR_NONE},
        {{.name = TORI_STR("leaf"), .certificate = s.stmt.x5c[0]}, TORI_ERR_NONE},
        {{.certificate = root, .format = TORI_STR("packed")}, TORI_ERR_NONE},
        {{.certificate = root, .format = TORI_STR("tpm")}, TORI_ERR_ATTESTATION_UNTRUSTED},
        {{.certificate = root, .aaguid = s.passkey.aaguid}, TORI_ERR_NONE},
        {{.certificate = root, .aaguid = other}, TORI_ERR_ATTESTATION_UNTRUSTED},
        {{.certificate = root, .key_id = key_id}, TORI_ERR_NONE},
        {{.certificate = root, .key_id = other}, TORI_ERR_ATTESTATION_UNTRUSTED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tori_result result = with_anchor(&s, &cases[i].anchor, &record);
        if (result.err != cases[i].err)
            fail_msg("anchor %zu: %s", i, tori_err_name(result.err));
    }
    scene_end(&s);
}

static void an_anchor_is_of_good_form(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_anchors *anchors;
    struct soft_cert spec = {.key = soft_key_new(TORI_COSE_ES256), .ca = true, .serial = -1};
    X509 *negative = soft_cert_new(cx, &spec);
    const struct tori_anchor bad[] = {
        {.name = TORI_STR("negative"), .certificate = soft_der(cx, negative)},
        {.name = TORI_STR("no certificate"), .certificate = TORI_BYTES_OF("x")},
        {.name = TORI_STR("nothing"), .certificate = {0}},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(tori_anchors_new(cx, &bad[i], 1, &anchors), TORI_ERR_CERTIFICATE_INVALID);
    spec = (struct soft_cert){.key = spec.key, .ca = true};
    spec.extension[0] =
        (struct soft_extension){.oid = "2.5.29.35", .value = hex_bytes(cx, "3006a004517f22c8")};
    X509 *malformed = soft_cert_new(cx, &spec);
    const struct tori_anchor third = {.name = TORI_STR("malformed"),
                                      .certificate = soft_der(cx, malformed)};
    assert_fails(tori_anchors_new(cx, &third, 1, &anchors), TORI_ERR_CERTIFICATE_INVALID);
    X509_free(malformed);
    assert_ok(cx, tori_anchors_new(cx, NULL, 0, &anchors));
    tori_anchors_free(anchors);
    tori_anchors_free(NULL);
    X509_free(negative);
    EVP_PKEY_free(spec.key);
}

/* The system's own store would be asked here if anybody ever asked it. */
static void case_53_the_store_of_the_system_is_not_asked(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_attested record;
    struct scene s;
    char path[] = "/tmp/torimori-anchor-XXXXXX";
    int fd = mkstemp(path);

    scene_begin(cx, &packed, &s);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, s.vendor.root), 1);
    fclose(file);
    setenv("SSL_CERT_FILE", path, 1);
    s.rules.anchors = NULL;
    scene_make(&packed, NULL, &s);
    assert_fails(scene_register(&s, &record), TORI_ERR_ATTESTATION_UNTRUSTED);
    unsetenv("SSL_CERT_FILE");
    unlink(path);
    scene_end(&s);
}

static void every_change_is_noticed(void **state)
{
    attest_mutate(*state, &packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(an_honest_statement_is_trusted),
        unit(attestation_keys_of_every_kind),
        unit(case_54_statement),
        unit(case_54_certificate),
        unit(case_51_a_root_inside_x5c_is_not_believed),
        unit(case_52_broken_chains),
        unit(case_49_an_unknown_vendor_is_worth_no_more_than_self),
        unit(an_anchor_speaks_only_for_what_it_was_given_for),
        unit(an_anchor_is_of_good_form),
        unit(case_53_the_store_of_the_system_is_not_asked),
        unit(every_change_is_noticed),
    };
    return tori_unit_run("attest_packed", tests);
}
