/* What the house's own endpoints ask of the server that calls them. */
#ifndef TORI_HTTP_HEALTH_H
#define TORI_HTTP_HEALTH_H

#include "http/server.h"

struct tori_health tori_http_health(struct tori_ctx *cx);
/* All counters of this server, then the lines of the hooks. */
void tori_http_metrics(struct tori_ctx *cx, struct tori_buf *out);
/* If-None-Match of this request; empty: none. */
struct tori_str tori_http_if_none_match(struct tori_ctx *cx);

#endif
