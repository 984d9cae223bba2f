/* The OpenAPI 3.1 document of a table of endpoints: nothing in it is written by hand twice. */
#ifndef TORI_HTTP_OPENAPI_H
#define TORI_HTTP_OPENAPI_H

#include "http/endpoint.h"

enum { TORI_OPENAPI_CAP = 512 * 1024 };

/* Indented JSON with a last line end, for docs/openapi.json and `torimori openapi`. The buffer's
 * arena needs about three times the document. TOO_LARGE. */
TORI_RESULT tori_openapi_print(struct tori_ctx *cx, const struct tori_endpoint_entry *entry,
                               size_t count, struct tori_buf *out);

/* The JSON schema of a body table, as the members of an open object. */
void tori_openapi_schema(struct tori_json_out *out, const struct tori_field *table, bool open);

#endif
