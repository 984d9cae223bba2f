/* SafetyNet, which nobody serves any more: case 59. */
#include "test/unit/attest.h"

struct said {
    const char *nonce; /* NULL: the right one */
    const char *match; /* "true", "false", "\"true\""; NULL: true */
    int64_t at_ms;     /* from now */
    bool without_at;
    const char *header; /* instead of alg */
    const char *behind; /* the signature */
    bool signed_by_passkey;
    bool without_x5c;
};

static const struct said honest;

static void set_up(struct scene *s)
{
    s->rules.safetynet = true;
    s->leaf.subject = "CN=attest.android.com";
    s->stmt.ver = "252037029";
}

static struct tori_str payload(struct scene *s, const struct said *said)
{
    struct tori_buf buf = tori_buf_new(s->cx->arena, 1024);
    struct tori_hash nonce = tori_sha256(s->parts.message);

    tori_buf_z(&buf, "{\"nonce\":\"");
    if (said->nonce != NULL)
        tori_buf_z(&buf, said->nonce);
    else
        tori_buf_b64(&buf, TORI_BYTES_OF(nonce.at));
    if (!said->without_at)
        tori_buf_printf(&buf, "\",\"timestampMs\":%lld,\"x\":\"",
                        (long long)(s->cx->now + said->at_ms));
    tori_buf_printf(&buf, "\",\"ctsProfileMatch\":%s}", said->match != NULL ? said->match : "true");
    return tori_buf_text(&buf);
}

static struct tori_str header(struct scene *s, const struct said *said)
{
    struct tori_buf buf = tori_buf_new(s->cx->arena, 16 * 1024);

    tori_buf_printf(&buf, "{%s", said->header != NULL ? said->header : "\"alg\":\"ES256\"");
    if (!said->without_x5c) {
        tori_buf_z(&buf, ",\"x5c\":[\"");
        tori_buf_b64(&buf, s->stmt.x5c[0]);
        tori_buf_z(&buf, "\",\"");
        tori_buf_b64(&buf, s->stmt.x5c[1]);
        tori_buf_z(&buf, "\"]");
    }
    tori_buf_z(&buf, "}");
    return tori_buf_text(&buf);
}

/* r and s side by side, from the DER that OpenSSL writes. */
static struct tori_bytes raw_of(struct tori_ctx *cx, struct tori_bytes der)
{
    uint8_t raw[64] = {0};
    struct tori_bytes out;
    const uint8_t *at = der.at + 2;

    for (int i = 0; i < 2; i++) {
        size_t len = at[1];
        const uint8_t *value = at + 2;
        size_t skip = len > 32 ? len - 32 : 0;
        memcpy(raw + 32 * i + (len < 32 ? 32 - len : 0), value + skip, len - skip);
        at = value + len;
    }
    assert_ok(cx, tori_copy(cx, TORI_BYTES_OF(raw), &out));
    return out;
}

static void make(struct scene *s)
{
    const struct said *said = s->more != NULL ? s->more : &honest;
    struct tori_buf buf = tori_buf_new(s->cx->arena, 32 * 1024);

    scene_certify(s);
    tori_buf_b64u(&buf, tori_str_bytes(header(s, said)));
    tori_buf_byte(&buf, '.');
    tori_buf_b64u(&buf, tori_str_bytes(payload(s, said)));
    struct tori_bytes der =
        soft_sign_with(s->cx, said->signed_by_passkey ? s->passkey.key : s->leaf_key,
                       TORI_COSE_ES256, tori_buf_view(&buf));
    tori_buf_byte(&buf, '.');
    tori_buf_b64u(&buf, raw_of(s->cx, der));
    tori_buf_z(&buf, said->behind != NULL ? said->behind : "");
    s->stmt.x5c_count = 0;
    s->stmt.response = tori_buf_view(&buf);
}

static const struct attest_kind safetynet = {"android-safetynet", TORI_COSE_ES256, set_up, make};

static void not_permitted(struct scene *s)
{
    s->rules.safetynet = false;
}
static void no_ver(struct scene *s)
{
    s->stmt.ver = NULL;
}
static void empty_ver(struct scene *s)
{
    s->stmt.ver = "";
}
static void no_response(struct scene *s)
{
    s->stmt.response = (struct tori_bytes){0};
}
static void empty_response(struct scene *s)
{
    s->stmt.response.len = 0;
}
static void one_more(struct scene *s)
{
    s->stmt.more = true;
}
static void other_host(struct scene *s)
{
    s->leaf.subject = "CN=attest.android.com.example";
}
static void nobody(struct scene *s)
{
    s->rules.anchors = NULL;
}

/* WebAuthn L3 §8.5 verification step 1 */ /* WebAuthn L3 §8.5 verification step 4 */
static void case_59_statement(void **state)
{
    static const struct attest_case cases[] = {
        {"honest", NULL, NULL, TORI_ERR_NONE},
        {"not permitted", not_permitted, NULL, TORI_ERR_ATTESTATION_FORMAT},
        {"no ver", NULL, no_ver, TORI_ERR_ATTESTATION_INVALID},
        {"ver empty", NULL, empty_ver, TORI_ERR_ATTESTATION_INVALID},
        {"no response", NULL, no_response, TORI_ERR_ATTESTATION_INVALID},
        {"response empty", NULL, empty_response, TORI_ERR_ATTESTATION_INVALID},
        {"one member more", NULL, one_more, TORI_ERR_ATTESTATION_INVALID},
        {"certificate of another host", other_host, NULL, TORI_ERR_ATTESTATION_INVALID},
        {"nobody is believed", nobody, NULL, TORI_ERR_ATTESTATION_UNTRUSTED},
    };
    ATTEST_RUN(*state, &safetynet, cases);
}

static tori_err try_said(struct tori_ctx *cx, const struct said *said, bool lenient)
{
    struct said own = *said;
    struct tori_attested record;
    struct scene s;

    scene_begin(cx, &safetynet, &s);
    s.more = &own;
    s.rules.safetynet_no_cts = lenient;
    s.rules.safetynet_any_age = lenient;
    scene_make(&safetynet, NULL, &s);
    struct tori_result result = scene_register(&s, &record);
    scene_end(&s);
    return result.err;
}

#define NO TORI_ERR_ATTESTATION_INVALID
#define OK TORI_ERR_NONE

/* WebAuthn L3 §8.5 verification step 2 */ /* WebAuthn L3 §8.5 verification step 3 */
static void case_59_response(void **state)
{
    static const struct {
        const char *what;
        struct said said;
        tori_err strict, lenient;
    } cases[] = {
        {"honest", {0}, OK, OK},
        {"another nonce", {.nonce = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}, NO, NO},
        {"no profile match", {.match = "false"}, NO, OK},
        {"a match in words", {.match = "\"true\""}, NO, NO},
        {"a moment ago", {.at_ms = -59 * 1000}, OK, OK},
        {"older than a minute", {.at_ms = -61 * 1000}, NO, OK},
        {"in the future", {.at_ms = 1000}, NO, NO},
        {"without time", {.without_at = true}, NO, NO},
        {"signed by the passkey", {.signed_by_passkey = true}, NO, NO},
        {"no certificates", {.without_x5c = true}, NO, NO},
        {"alg none", {.header = "\"alg\":\"none\""}, NO, NO},
        {"alg HS256", {.header = "\"alg\":\"HS256\""}, NO, NO},
        {"alg RS256", {.header = "\"alg\":\"RS256\""}, NO, NO},
        {"no alg", {.header = "\"typ\":\"JWT\""}, NO, NO},
        {"alg twice", {.header = "\"alg\":\"ES256\",\"alg\":\"ES256\""}, NO, NO},
        {"crit", {.header = "\"alg\":\"ES256\",\"crit\":[\"b64\"]"}, NO, NO},
        {"a fourth part", {.behind = ".AA"}, NO, NO},
        {"padding", {.behind = "=="}, NO, NO},
        {"a longer signature", {.behind = "AA"}, NO, NO},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tori_err strict = try_said(*state, &cases[i].said, false);
        tori_err lenient = try_said(*state, &cases[i].said, true);
        if (strict != cases[i].strict || lenient != cases[i].lenient)
            fail_msg("%s: %s, %s", cases[i].what, tori_err_name(strict), tori_err_name(lenient));
    }
}

/* All but the nine digits of ver: what they say is reserved for a future that never came. */
static void every_change_is_noticed(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene s;

    scene_begin(cx, &safetynet, &s);
    scene_make(&safetynet, NULL, &s);
    struct tori_registration made = soft_register(cx, &s.passkey, &s.ask);
    attest_save("jws", "es256", s.stmt.response);
    struct tori_bytes object = made.response.attestation_object;
    size_t ver = 0;
    while (ver + 9 < object.len &&
           !tori_bytes_eq((struct tori_bytes){object.at + ver, 9},
                          (struct tori_bytes){(const uint8_t *)s.stmt.ver, 9}))
        ver++;
    attest_flip_all(&s, object, (struct attest_unsigned){object, ver, 9});
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(case_59_statement),
        unit(case_59_response),
        unit(every_change_is_noticed),
    };
    return tori_unit_run("attest_safetynet", tests);
}
