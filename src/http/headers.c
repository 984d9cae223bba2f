/* The fixed headers of every answer, in one table; a house test compares real answers with it. */
#include "http/http_int.h"

struct row {
    unsigned answers; /* bit set of enum tori_answer */
    bool only_secure;
    const char *line;
};

enum {
    API = 1u << TORI_ANSWER_API,
    PAGE = 1u << TORI_ANSWER_PAGE,
    PLAIN = 1u << TORI_ANSWER_PLAIN,
};

static const struct row rows[] = {
    {PAGE, false,
     "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
     "img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
     "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"},
    {API | PLAIN, false, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"},
    {API | PAGE | PLAIN, false, "X-Content-Type-Options: nosniff"},
    {API | PAGE | PLAIN, false, "Referrer-Policy: no-referrer"},
    {PAGE, false,
     "Permissions-Policy: publickey-credentials-get=(self), publickey-credentials-create=(self), "
     "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
    {PAGE, false, "Cross-Origin-Opener-Policy: same-origin"},
    {API | PAGE | PLAIN, false, "Cross-Origin-Resource-Policy: same-origin"},
    /* RFC 6797: two years, so that no first request of a returning customer can be taken to
     * http. */
    {API | PAGE | PLAIN, true, "Strict-Transport-Security: max-age=63072000; includeSubDomains"},
};

struct tori_result tori_site_headers(struct tori_ctx *cx, struct tori_site *site)
{
    for (size_t answer = 0; answer < 3; answer++) {
        struct tori_buf buf = tori_buf_new(cx->arena, 2048);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            if ((rows[i].answers & 1u << answer) == 0 || (rows[i].only_secure && !site->secure))
                continue;
            tori_buf_z(&buf, rows[i].line);
            tori_buf_z(&buf, "\r\n");
        }
        TORI_TRY(tori_buf_done(cx, &buf));
        site->headers[answer] = tori_buf_text(&buf);
    }
    return TORI_OK;
}
