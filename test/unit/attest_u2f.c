/* Statements of U2F security keys: case 55. */
#include "test/unit/attest.h"

static void set_up(struct scene *s)
{
    memset(s->passkey.aaguid, 0, sizeof(s->passkey.aaguid));
    s->passkey.flags = SOFT_UP;
    s->rp.uv_optional = true; /* such keys verify nobody */
    s->leaf.subject = "CN=Mihon U2F 4711";
    s->leaf.without_constraints = true; /* as many of them are */
}

/* 0x00, RP ID hash, client data hash, credential id, 0x04, x, y */
static struct tori_bytes registration_bytes(struct scene *s)
{
    struct tori_buf buf = tori_buf_new(s->cx->arena, 1024);
    struct tori_bytes cose = soft_cose(s->cx, &s->passkey);

    tori_buf_byte(&buf, 0);
    tori_buf_bytes(&buf, s->parts.auth_data.at, 32);
    tori_buf_bytes(&buf, s->parts.client_hash.at, 32);
    tori_buf_bytes(&buf, s->passkey.credential_id, sizeof(s->passkey.credential_id));
    tori_buf_byte(&buf, 4);
    tori_buf_bytes(&buf, cose.at + 10, 32); /* {1: 2, 3: -7, -1: 1, -2: */
    tori_buf_bytes(&buf, cose.at + 45, 32);
    return tori_buf_view(&buf);
}

static void make(struct scene *s)
{
    s->message = registration_bytes(s);
    scene_certify(s);
    s->stmt.x5c_count = 1;
    int64_t alg = EVP_PKEY_get_bits(s->leaf.key) == 384 ? TORI_COSE_ES384 : TORI_COSE_ES256;
    s->stmt.sig = soft_sign_with(s->cx, s->leaf.key, alg, s->message);
}

static const struct attest_kind u2f = {"fido-u2f", TORI_COSE_ES256, set_up, make};
static const struct attest_kind u2f_eddsa = {"fido-u2f", TORI_COSE_EDDSA, set_up, make};

/* The CA stands beside the root here, as the statement may bring one certificate only. */
static struct tori_anchors *anchors_of(struct scene *s)
{
    const struct tori_anchor anchor = {.name = TORI_STR("CA 1"),
                                       .certificate = soft_der(s->cx, s->vendor.ca),
                                       .format = TORI_STR("fido-u2f")};
    struct tori_anchors *anchors;

    assert_ok(s->cx, tori_anchors_new(s->cx, &anchor, 1, &anchors));
    return anchors;
}

static void two_certificates(struct scene *s)
{
    s->stmt.x5c_count = 2;
}
static void no_certificate(struct scene *s)
{
    s->stmt.x5c_count = 0;
}
static void with_alg(struct scene *s)
{
    s->stmt.has_alg = true;
    s->stmt.alg = TORI_COSE_ES256;
}
static void no_sig(struct scene *s)
{
    s->stmt.sig = (struct tori_bytes){0};
}
static void webauthn_bytes(struct scene *s)
{
    s->stmt.sig = soft_sign_with(s->cx, s->leaf_key, TORI_COSE_ES256, s->parts.message);
}
static void own_signature(struct scene *s)
{
    s->stmt.sig = soft_sign(s->cx, &s->passkey, s->message);
}
static void an_aaguid(struct scene *s)
{
    s->passkey.aaguid[15] = 1;
}
static void an_aaguid_as_permitted(struct scene *s)
{
    s->passkey.aaguid[15] = 1;
    s->rules.u2f_any_aaguid = true;
}
static void claims_uv(struct scene *s)
{
    s->passkey.flags |= SOFT_UV;
}
static void claims_be(struct scene *s)
{
    s->passkey.flags |= SOFT_BE;
}
static void uv_is_demanded(struct scene *s)
{
    s->rp.uv_optional = false;
}
static void key_p384(struct scene *s)
{
    EVP_PKEY_free(s->leaf_key);
    s->leaf_key = soft_key_new(TORI_COSE_ES384);
    s->leaf.key = s->leaf_key;
}
static void key_rsa(struct scene *s)
{
    EVP_PKEY *rsa = soft_key_new(TORI_COSE_RS256);
    struct soft_cert spec = s->leaf;

    spec.key = rsa;
    X509 *leaf = soft_cert_new(s->cx, &spec);
    s->stmt.x5c[0] = soft_der(s->cx, leaf);
    s->stmt.sig = soft_sign_with(s->cx, rsa, TORI_COSE_RS256, s->message);
    X509_free(leaf);
    EVP_PKEY_free(rsa);
}

/* Each byte of what the key signed comes from somewhere; another registration's does not fit. */
static void first_byte(struct scene *s)
{
    uint8_t *bytes = tori_arena_copy(s->cx->arena, s->message.at, s->message.len);

    bytes[0] = 1;
    s->stmt.sig = soft_sign_with(s->cx, s->leaf_key, TORI_COSE_ES256,
                                 (struct tori_bytes){bytes, s->message.len});
}

static void run(struct tori_ctx *cx, const struct attest_kind *kind, const struct attest_case *c)
{
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, kind, &s);
    struct tori_anchors *anchors = anchors_of(&s);
    s.rules.anchors = anchors;
    scene_make(kind, c, &s);
    struct tori_result result = scene_register(&s, &record);
    attest_save_case(&s, c->name);
    if (result.err != c->err)
        fail_msg("%s: %s, not %s", c->name, tori_err_name(result.err), tori_err_name(c->err));
    if (!TORI_FAILED(result)) {
        assert_int_equal(record.attestation.type, TORI_ATTESTATION_BASIC);
        assert_text(record.attestation.anchor, "CA 1");
    }
    tori_anchors_free(anchors);
    scene_end(&s);
}

/* WebAuthn L3 §8.6 verification step 1 */    /* WebAuthn L3 §8.6 verification step 2 */
/* WebAuthn L3 §8.6 verification steps 3-5 */ /* WebAuthn L3 §8.6 verification step 6 */
static void case_55_u2f(void **state)
{
    static const struct attest_case cases[] = {
        {"honest", NULL, NULL, TORI_ERR_NONE},
        {"two certificates", NULL, two_certificates, TORI_ERR_ATTESTATION_INVALID},
        {"no certificate", NULL, no_certificate, TORI_ERR_ATTESTATION_INVALID},
        {"alg beside", NULL, with_alg, TORI_ERR_ATTESTATION_INVALID},
        {"no sig", NULL, no_sig, TORI_ERR_ATTESTATION_INVALID},
        {"signed as packed is", NULL, webauthn_bytes, TORI_ERR_ATTESTATION_INVALID},
        {"signed by the credential", NULL, own_signature, TORI_ERR_ATTESTATION_INVALID},
        {"another first byte", NULL, first_byte, TORI_ERR_ATTESTATION_INVALID},
        {"AAGUID not zero", an_aaguid, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"AAGUID not zero, as permitted", an_aaguid_as_permitted, NULL, TORI_ERR_NONE},
        {"claims to have verified the user", claims_uv, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"claims to be synced", claims_be, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"where user verification is demanded", uv_is_demanded, NULL, TORI_ERR_PROOF_UV},
        {"attestation key on P-384", key_p384, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"attestation key of RSA", NULL, key_rsa, TORI_ERR_ATTESTATION_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        run(*state, &u2f, &cases[i]);
}

static void case_55_a_credential_that_is_not_p256(void **state)
{
    static const struct attest_case other = {"EdDSA", NULL, NULL, TORI_ERR_ATTESTATION_INVALID};

    run(*state, &u2f_eddsa, &other);
}

/* All but the four bytes of the counter, which this format does not sign. */
static void every_change_is_noticed(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene s;

    scene_begin(cx, &u2f, &s);
    struct tori_anchors *anchors = anchors_of(&s);
    s.rules.anchors = anchors;
    scene_make(&u2f, NULL, &s);
    struct tori_registration made = soft_register(cx, &s.passkey, &s.ask);
    attest_flip_all(&s, made.response.attestation_object,
                    (struct attest_unsigned){s.parts.auth_data, 33, 4});
    tori_anchors_free(anchors);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(case_55_u2f),
        unit(case_55_a_credential_that_is_not_p256),
        unit(every_change_is_noticed),
    };
    return tori_unit_run("attest_u2f", tests);
}
