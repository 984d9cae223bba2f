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

/* A Set-Cookie field with Path=/; Secure; HttpOnly; SameSite=Lax. The value is base64url text and
 * dots; an empty one deletes the cookie. */
void tori_cookie_put(struct tori_buf *buf, struct tori_str name,
                     const struct tori_cookie_change *change);

#endif
