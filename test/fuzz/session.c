/* The Cookie field and the session cookie in it: what is taken is the one cookie of that name, and
 * its parts, written again, are the same text. */
#include "test/fuzz/fuzz.h"

#include "codec/base64url.h"
#include "http/cookie.h"
#include "service/session.h"

static size_t times_named(struct tori_str field, struct tori_str name)
{
    size_t n = 0;

    for (size_t i = 0; i + name.len < field.len; i++)
        n += tori_str_starts((struct tori_str){field.at + i, field.len - i}, name) &&
             field.at[i + name.len] == '=';
    return n;
}

static void check_claim(struct tori_ctx *cx, struct tori_str cookie)
{
    struct tori_session_claim claim;
    struct tori_buf buf = tori_buf_new(cx->arena, 64);

    if (!tori_session_cookie_read(cx, cookie, &claim))
        return;
    tori_buf_b64u(&buf, tori_id_bytes(&claim.id));
    tori_buf_byte(&buf, '.');
    assert(tori_str_starts(cookie, tori_buf_text(&buf)));
    assert(claim.generation >= 0 && claim.generation <= 999999999);
    const char *secret = memrchr(cookie.at, '.', cookie.len);
    assert(secret != NULL && secret > cookie.at + TORI_ID_TEXT);
    struct tori_str tail = {secret + 1, (size_t)(cookie.at + cookie.len - secret) - 1};
    struct tori_hash hash = tori_sha256(tori_str_bytes(tail));
    assert(tori_hash_eq(&hash, &claim.secret_hash));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_str field = {(const char *)data, size}, value;

    check_claim(cx, field);
    for (int which = 0; which < TORI_COOKIE_COUNT; which++) {
        struct tori_str name = tori_cookie_name(TORI_LISTENER_OPERATOR, (enum tori_cookie)which);
        if (!tori_cookie_find(field, name, &value)) {
            assert(times_named(field, name) > 1);
            continue;
        }
        assert(value.at == NULL || times_named(field, name) >= 1);
        assert(value.len == 0 || memchr(value.at, ';', value.len) == NULL);
        if (which == TORI_COOKIE_SESSION && value.at != NULL)
            check_claim(cx, value);
    }
    return 0;
}
