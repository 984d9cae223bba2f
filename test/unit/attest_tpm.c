/* Statements of TPMs: case 56. The maker below writes the structures of the TPM library a second
 * time, apart from their readers. */
#include "test/unit/attest.h"

#include "codec/cbor.h"

#define AIK_USAGE "2.23.133.8.3"

/* What goes into pubArea, certInfo and the certificate; zero is an honest TPM. */
struct tpm {
    uint32_t attributes; /* TPMA_OBJECT; 0: fixed to the TPM, made there, signs */
    int name_alg;        /* TPM_ALG_ID; 0: SHA-256 */
    int info_name_alg;   /* in the name of certInfo; 0: as name_alg */
    int curve, symmetric, bits;
    uint32_t magic;
    int type;
    int64_t alg;                                /* of the AIK; 0: RS256 */
    const char *manufacturer, *model, *version; /* ""; left out */
    bool one_rdn;
    const char *behind_pub, *behind_info; /* hex */
    bool other_key;
    bool other_extra;
    bool other_name;
    int64_t extra_alg; /* hashes extraData; 0: as alg */
};

static const struct tpm honest;
static struct tori_bytes nothing;

static void put(struct tori_buf *buf, uint32_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        tori_buf_byte(buf, (uint8_t)(value >> (8 * i)));
}

static void put_sized(struct tori_buf *buf, struct tori_bytes value)
{
    put(buf, (uint32_t)value.len, 2);
    tori_buf_bytes(buf, value.at, value.len);
}

static void put_hex(struct tori_ctx *cx, struct tori_buf *buf, const char *hex)
{
    struct tori_bytes more = hex_bytes(cx, hex != NULL ? hex : "");
    tori_buf_bytes(buf, more.at, more.len);
}

static const struct tpm *tpm_of(const struct scene *s)
{
    return s->more != NULL ? s->more : &honest;
}

/* The parts of a COSE_Key where they stand in the canonical one. */
static struct tori_bytes part_of(struct scene *s, int64_t label)
{
    struct tori_cbor key;

    assert_ok(s->cx, tori_cbor_parse(s->cx, soft_cose(s->cx, &s->passkey), TORI_CBOR_STRICT, &key));
    return tori_cbor_get_int(&key, label)->bytes;
}

static void put_rsa(struct scene *s, struct tori_buf *buf)
{
    const struct tpm *t = tpm_of(s);

    put(buf, t->symmetric != 0 ? (uint32_t)t->symmetric : 0x10, 2);
    put(buf, 0x14, 2); /* RSASSA over SHA-256 */
    put(buf, 0x0b, 2);
    put(buf, t->bits != 0 ? (uint32_t)t->bits : 2048, 2);
    put(buf, 0, 4); /* 65537 */
    put_sized(buf, part_of(s, -1));
}

static void put_ecc(struct scene *s, struct tori_buf *buf)
{
    const struct tpm *t = tpm_of(s);

    put(buf, t->symmetric != 0 ? (uint32_t)t->symmetric : 0x10, 2);
    put(buf, 0x10, 2);
    put(buf, t->curve != 0 ? (uint32_t)t->curve : 3, 2);
    put(buf, 0x10, 2);
    put_sized(buf, t->other_key ? part_of(s, -3) : part_of(s, -2));
    put_sized(buf, part_of(s, -3));
}

static struct tori_bytes pub_area(struct scene *s)
{
    struct tori_buf buf = tori_buf_new(s->cx->arena, 1024);
    const struct tpm *t = tpm_of(s);
    bool rsa = s->passkey.alg == TORI_COSE_RS256;

    put(&buf, rsa ? 0x0001 : 0x0023, 2);
    put(&buf, t->name_alg != 0 ? (uint32_t)t->name_alg : 0x0b, 2);
    put(&buf, t->attributes != 0 ? t->attributes : 0x00060472, 4);
    put_sized(&buf, nothing);
    if (rsa)
        put_rsa(s, &buf);
    else
        put_ecc(s, &buf);
    put_hex(s->cx, &buf, t->behind_pub);
    return tori_buf_view(&buf);
}

static struct tori_bytes digest(struct tori_ctx *cx, const char *name, struct tori_bytes of)
{
    uint8_t bytes[64];
    size_t len = 0;
    struct tori_bytes out;

    assert_int_equal(EVP_Q_digest(NULL, name, NULL, of.at, of.len, bytes, &len), 1);
    assert_ok(cx, tori_copy(cx, (struct tori_bytes){bytes, len}, &out));
    return out;
}

static const char *hash_name(int tpm_alg)
{
    return tpm_alg == 4      ? "SHA1"
           : tpm_alg == 0x0c ? "SHA384"
           : tpm_alg == 0x0d ? "SHA512"
                             : "SHA256";
}

static struct tori_bytes name_of(struct scene *s)
{
    const struct tpm *t = tpm_of(s);
    int alg = t->info_name_alg != 0 ? t->info_name_alg : t->name_alg != 0 ? t->name_alg : 0x0b;
    struct tori_buf buf = tori_buf_new(s->cx->arena, 128);
    struct tori_bytes hash = digest(s->cx, hash_name(alg), s->stmt.pub_area);

    put(&buf, (uint32_t)alg, 2);
    tori_buf_bytes(&buf, hash.at, t->other_name ? hash.len - 1 : hash.len);
    if (t->other_name)
        tori_buf_byte(&buf, 0);
    return tori_buf_view(&buf);
}

static int64_t alg_of(const struct tpm *t)
{
    return t->alg != 0 ? t->alg : TORI_COSE_RS256;
}

static const char *digest_of(int64_t alg)
{
    return alg == TORI_COSE_RS1 ? "SHA1" : alg == TORI_COSE_ES384 ? "SHA384" : "SHA256";
}

static struct tori_bytes cert_info(struct scene *s)
{
    struct tori_buf buf = tori_buf_new(s->cx->arena, 1024);
    const struct tpm *t = tpm_of(s);
    int64_t alg = t->extra_alg != 0 ? t->extra_alg : alg_of(t);

    put(&buf, t->magic != 0 ? t->magic : 0xff544347, 4);
    put(&buf, t->type != 0 ? (uint32_t)t->type : 0x8017, 2);
    put_sized(&buf, hex_bytes(s->cx, "000b0102"));
    put_sized(&buf, digest(s->cx, digest_of(alg),
                           t->other_extra ? s->parts.auth_data : s->parts.message));
    put_hex(s->cx, &buf, "00000000000000010000000200000003 01 1122334455667788");
    put_sized(&buf, name_of(s));
    put_sized(&buf, hex_bytes(s->cx, "000b"));
    put_hex(s->cx, &buf, t->behind_info);
    return tori_buf_view(&buf);
}

/* SEQUENCE { 2.23.133.2.n, UTF8String } */
static struct tori_bytes attribute(struct tori_ctx *cx, int n, const char *value)
{
    const uint8_t id[] = {0x67, 0x81, 5, 2, (uint8_t)n};
    struct tori_bytes type = soft_tlv(cx, 0x06, TORI_BYTES_OF(id), nothing);

    return soft_tlv(cx, 0x30, type, soft_tlv(cx, 0x0c, tori_str_bytes(tori_str_z(value)), nothing));
}

/* GeneralNames with one directoryName. */
static struct tori_bytes alternative_name(struct scene *s)
{
    const struct tpm *t = tpm_of(s);
    const char *const values[] = {t->manufacturer != NULL ? t->manufacturer : "id:494E5443",
                                  t->model != NULL ? t->model : "Mihon TPM",
                                  t->version != NULL ? t->version : "id:0001"};
    struct tori_bytes all = nothing;

    for (int i = 0; i < 3; i++) {
        if (values[i][0] == '\0')
            continue;
        struct tori_bytes each = attribute(s->cx, i + 1, values[i]);
        all = soft_join(s->cx, all, t->one_rdn ? each : soft_tlv(s->cx, 0x31, each, nothing));
    }
    if (t->one_rdn)
        all = soft_tlv(s->cx, 0x31, all, nothing);
    struct tori_bytes name = soft_tlv(s->cx, 0x30, all, nothing);
    return soft_tlv(s->cx, 0x30, soft_tlv(s->cx, 0xa4, name, nothing), nothing);
}

/* An AIK is RSA nearly always; its key pair takes long, so all cases share one. */
static EVP_PKEY *aik_rsa;

static void set_up(struct scene *s)
{
    if (aik_rsa == NULL)
        aik_rsa = soft_key_new(TORI_COSE_RS256);
    s->leaf.key = aik_rsa;
    s->leaf.subject = NULL;
    s->leaf.ext_key_usage = AIK_USAGE;
    s->leaf.extension[0] = (struct soft_extension){.oid = "2.5.29.17", .critical = true};
    s->stmt.ver = "2.0";
    s->stmt.has_alg = true;
}

static void make(struct scene *s)
{
    if (s->leaf.extension[0].oid != NULL && s->leaf.extension[0].value.at == NULL)
        s->leaf.extension[0].value = alternative_name(s);
    scene_certify(s);
    s->stmt.pub_area = pub_area(s);
    s->stmt.cert_info = cert_info(s);
    s->stmt.alg = alg_of(tpm_of(s));
    s->stmt.sig = soft_sign_with(s->cx, s->leaf.key, s->stmt.alg, s->stmt.cert_info);
}

static const struct attest_kind tpm_es256 = {"tpm", TORI_COSE_ES256, set_up, make};
static const struct attest_kind tpm_rs256 = {"tpm", TORI_COSE_RS256, set_up, make};

/* Seeds for the readers; a digit in front says for which of the three. */
static void save_parts(struct scene *s, const char *kind)
{
    static const struct {
        const char *digit, *name;
    } readers[] = {{"0", "public"}, {"1", "attest"}, {"2", "identity"}};
    const struct tori_bytes parts[] = {s->stmt.pub_area, s->stmt.cert_info,
                                       s->leaf.extension[0].value};
    char name[32];

    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s-%s", readers[i].name, kind);
        attest_save("tpm", name,
                    soft_join(s->cx, tori_str_bytes(tori_str_z(readers[i].digit)), parts[i]));
    }
}

static void an_honest_statement_is_trusted(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_attested record;

    for (int i = 0; i < 2; i++) {
        const struct attest_kind *kind = i == 0 ? &tpm_es256 : &tpm_rs256;
        struct scene s;
        scene_begin(cx, kind, &s);
        scene_make(kind, NULL, &s);
        assert_ok(cx, scene_register(&s, &record));
        assert_int_equal(record.attestation.type, TORI_ATTESTATION_ATTCA);
        assert_int_equal(record.attestation.protection, TORI_PROTECTION_TPM);
        assert_true(record.attestation.trusted);
        save_parts(&s, i == 0 ? "ecc" : "rsa");
        scene_end(&s);
    }
}

struct made {
    const char *what;
    struct tpm tpm;
    tori_err err;
};

static tori_err try_tpm(struct tori_ctx *cx, const struct attest_kind *kind, const struct tpm *tpm,
                        struct tori_attested *record)
{
    struct tpm own = *tpm;
    struct scene s;

    scene_begin(cx, kind, &s);
    s.more = &own;
    scene_make(kind, NULL, &s);
    struct tori_result result = scene_register(&s, record);
    scene_end(&s);
    return result.err;
}

#define NO TORI_ERR_ATTESTATION_INVALID
#define YES TORI_ERR_NONE

/* WebAuthn L3 §8.3 verification step 2 */    /* WebAuthn L3 §8.3 verification step 3 */
/* WebAuthn L3 §8.3 verification steps 6-7 */ /* WebAuthn L3 §8.3 verification step 8 */
/* WebAuthn L3 §8.3 verification step 9 */
static void case_56_structures(void **state)
{
    static const struct made cases[] = {
        {"honest", {0}, YES},
        {"all attributes in one RDN", {.one_rdn = true}, YES},
        {"SHA-1, as older TPMs", {.alg = TORI_COSE_RS1, .name_alg = 4}, YES},
        {"name by SHA-384", {.name_alg = 0x0c}, YES},
        {"name by SHA-512", {.name_alg = 0x0d}, YES},
        {"nameAlg that nobody knows", {.name_alg = 0x12}, NO},
        {"name by another hash than nameAlg", {.info_name_alg = 4}, NO},
        {"name of another key", {.other_name = true}, NO},
        {"pubArea of another key", {.other_key = true}, NO},
        {"another curve", {.curve = 4}, NO},
        {"a key that wraps keys", {.symmetric = 6}, NO},
        {"bytes behind pubArea", {.behind_pub = "00"}, NO},
        {"bytes behind certInfo", {.behind_info = "00"}, NO},
        {"magic", {.magic = 0xff544346}, NO},
        {"type: a quote", {.type = 0x8018}, NO},
        {"extraData of less", {.other_extra = true}, NO},
        {"extraData by another hash", {.extra_alg = TORI_COSE_RS1}, NO},
        {"no manufacturer", {.manufacturer = ""}, NO},
        {"no model", {.model = ""}, NO},
        {"no version", {.version = ""}, NO},
        {"a manufacturer that nobody knows", {.manufacturer = "id:00000000"}, NO},
        {"the one of FIDO's own tests", {.manufacturer = "id:FFFFF1D0"}, NO},
        {"a manufacturer without id:", {.manufacturer = "494E5443"}, NO},
        {"a longer manufacturer", {.manufacturer = "id:494E54430"}, NO},
    };
    struct tori_attested record;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tori_err got = try_tpm(*state, &tpm_es256, &cases[i].tpm, &record);
        if (got != cases[i].err)
            fail_msg("%s: %s", cases[i].what, tori_err_name(got));
    }
    const struct tpm short_key = {.bits = 1024};
    assert_int_equal(try_tpm(*state, &tpm_rs256, &short_key, &record), NO);
}

/* AUTH-13 */
static void a_key_that_may_leave_is_not_protected(void **state)
{
    const struct tpm portable = {.attributes = 0x00060460};
    struct tori_attested record;

    assert_int_equal(try_tpm(*state, &tpm_es256, &portable, &record), YES);
    assert_int_equal(record.attestation.protection, TORI_PROTECTION_UNKNOWN);
}

static void ver_1(struct scene *s)
{
    s->stmt.ver = "1.2";
}
static void no_ver(struct scene *s)
{
    s->stmt.ver = NULL;
}
static void no_alg(struct scene *s)
{
    s->stmt.has_alg = false;
}
static void alg_ps256(struct scene *s)
{
    s->stmt.alg = TORI_COSE_PS256;
}
static void no_sig(struct scene *s)
{
    s->stmt.sig = nothing;
}
static void no_x5c(struct scene *s)
{
    s->stmt.x5c_count = 0;
}
static void no_pub_area(struct scene *s)
{
    s->stmt.pub_area = nothing;
}
static void no_cert_info(struct scene *s)
{
    s->stmt.cert_info = nothing;
}
static void more(struct scene *s)
{
    s->stmt.more = true;
}
static void signed_by_another(struct scene *s)
{
    s->stmt.alg = TORI_COSE_ES256;
    s->stmt.sig = soft_sign_with(s->cx, s->leaf_key, TORI_COSE_ES256, s->stmt.cert_info);
}
static void signed_by_the_credential(struct scene *s)
{
    s->stmt.alg = TORI_COSE_ES256;
    s->stmt.sig = soft_sign(s->cx, &s->passkey, s->stmt.cert_info);
}
static void wrong_order(struct scene *s)
{
    struct tori_bytes first = s->stmt.x5c[0];
    s->stmt.x5c[0] = s->stmt.x5c[1];
    s->stmt.x5c[1] = first;
}
static void version_1(struct scene *s)
{
    s->leaf.version = 1;
}
static void a_subject(struct scene *s)
{
    s->leaf.subject = "CN=AIK";
}
static void is_ca(struct scene *s)
{
    s->leaf.ca = true;
}
static void no_usage(struct scene *s)
{
    s->leaf.ext_key_usage = NULL;
}
static void other_usage(struct scene *s)
{
    s->leaf.ext_key_usage = "clientAuth,2.23.133.8.1";
}
static void usage_among_others(struct scene *s)
{
    s->leaf.ext_key_usage = "clientAuth," AIK_USAGE;
}
static void no_name(struct scene *s)
{
    s->leaf.extension[0].oid = NULL;
}
static void name_of_a_host(struct scene *s)
{
    s->leaf.extension[0].value = hex_bytes(s->cx, "3005 8203 613a62");
}
static void broken_name(struct scene *s)
{
    s->leaf.extension[0].value = hex_bytes(s->cx, "300a a408 3006 3104 3002 0500");
}
static void attribute_twice(struct scene *s)
{
    struct tori_bytes one = attribute(s->cx, 1, "id:494E5443");
    struct tori_bytes rdn = soft_tlv(s->cx, 0x31, one, one);
    struct tori_bytes name = soft_tlv(s->cx, 0x30, rdn, nothing);

    s->leaf.extension[0].value =
        soft_tlv(s->cx, 0x30, soft_tlv(s->cx, 0xa4, name, nothing), nothing);
}
static void set_aaguid(struct scene *s, const uint8_t aaguid[16])
{
    s->leaf.extension[1] = (struct soft_extension){
        .oid = "1.3.6.1.4.1.45724.1.1.4",
        .value = soft_tlv(s->cx, 0x04, (struct tori_bytes){aaguid, 16}, nothing)};
}
static void its_aaguid(struct scene *s)
{
    set_aaguid(s, s->passkey.aaguid);
}
static void other_aaguid(struct scene *s)
{
    set_aaguid(s, test_challenge);
}
static void vendor_as_permitted(struct scene *s)
{
    static const struct tori_str permitted[] = {TORI_STR_INIT("FFFFF1D0")};
    static struct tpm tpm = {.manufacturer = "id:FFFFF1D0"};

    s->more = &tpm;
    s->rules.tpm_vendor = permitted;
    s->rules.tpm_vendor_count = 1;
}

/* WebAuthn L3 §8.3 verification step 1 */ /* WebAuthn L3 §8.3 verification step 3 */
/* WebAuthn L3 §8.3 verification step 4 */ /* WebAuthn L3 §8.3 verification step 5 */
static void case_56_statement_and_certificate(void **state)
{
    static const struct attest_case cases[] = {
        {"ver 1.2", NULL, ver_1, NO},
        {"no ver", NULL, no_ver, NO},
        {"no alg", NULL, no_alg, NO},
        {"alg of another padding", NULL, alg_ps256, NO},
        {"no sig", NULL, no_sig, NO},
        {"no x5c", NULL, no_x5c, NO},
        {"no pubArea", NULL, no_pub_area, NO},
        {"no certInfo", NULL, no_cert_info, NO},
        {"one member more", NULL, more, NO},
        {"signed by another key", NULL, signed_by_another, NO},
        {"signed by the credential", NULL, signed_by_the_credential, NO},
        {"certificates in wrong order", NULL, wrong_order, NO},
        {"version 1", version_1, NULL, NO},
        {"a subject", a_subject, NULL, NO},
        {"a CA", is_ca, NULL, NO},
        {"no extended key usage", no_usage, NULL, NO},
        {"another extended key usage", other_usage, NULL, NO},
        {"the right usage among others", usage_among_others, NULL, YES},
        {"no alternative name", no_name, NULL, NO},
        {"alternative name of a host", name_of_a_host, NULL, NO},
        {"alternative name cut off", broken_name, NULL, NO},
        {"manufacturer twice", attribute_twice, NULL, NO},
        {"its AAGUID", its_aaguid, NULL, YES},
        {"another AAGUID", other_aaguid, NULL, NO},
        {"a vendor as permitted", vendor_as_permitted, NULL, YES},
    };
    ATTEST_RUN(*state, &tpm_es256, cases);
}

static void every_change_is_noticed(void **state)
{
    attest_mutate(*state, &tpm_es256);
}

static int give_back(void **state)
{
    EVP_PKEY_free(aik_rsa);
    (void)state;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(an_honest_statement_is_trusted),
        unit(case_56_structures),
        unit(a_key_that_may_leave_is_not_protected),
        unit(case_56_statement_and_certificate),
        unit(every_change_is_noticed),
    };
    return _cmocka_run_group_tests("attest_tpm", tests, sizeof(tests) / sizeof(tests[0]), NULL,
                                   give_back);
}
