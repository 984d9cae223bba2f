/* The cookies of the two listeners that browsers visit. All have the __Host- prefix: no other host,
 * and no page without https, can set or read them; on *.localhost browsers allow them over http
 * too. */
#ifndef TORI_HTTP_COOKIE_H
#define TORI_HTTP_COOKIE_H

#include "http/endpoint.h"

enum tori_cookie { TORI_COOKIE_SESSION, TORI_COOKIE_VISIT, TORI_COOKIE_LANG, TORI_COOKIE_COUNT };

/* Empty for a listener without cookies. */
struct tori_str tori_cookie_name(enum tori_listener listener, enum tori_cookie cookie);

/* The value of this cookie in a Cookie field. False when it stands there twice: whoever did that
 * wants two readers to disagree. Absent: true, and *out is empty. */
bool tori_cookie_find(struct tori_str field, struct tori_str name, struct tori_str *out);

/* Adds Set-Cookie with Path=/; Secure; HttpOnly; SameSite=Lax. `max_age_s` 0 deletes it; below 0 it
 * lives as long as the browser. `value` is base64url text and dots. */
TORI_RESULT tori_cookie_set(struct tori_ctx *cx, struct tori_reply *reply, enum tori_cookie cookie,
                            struct tori_str value, int64_t max_age_s);

#endif
