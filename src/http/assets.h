/* The files of web/, embedded by the build: style sheets, modules, pictures. Each has two names:
 * its own, checked with the server each time, and one with a hash of its content, kept for ever. */
#ifndef TORI_HTTP_ASSETS_H
#define TORI_HTTP_ASSETS_H

#include "base/bytes.h"

struct tori_asset {
    const char *name;   /* "torimori.css" */
    const char *hashed; /* "torimori.0a1b2c3d4e.css" */
    const char *content_type;
    const char *etag; /* strong, with its quotes */
    struct tori_bytes content;
};

/* Generated; sorted by nothing, short. */
extern const struct tori_asset tori_assets[];
extern const size_t tori_asset_count;

/* By either name; NULL: none. */
const struct tori_asset *tori_asset_find(struct tori_str name, bool *by_hash);

/* RFC 9110 §13.1.2: does the list name this tag, or is it "*"? Weak comparison, as If-None-Match
 * has. */
bool tori_etag_listed(struct tori_str list, struct tori_str etag);

#endif
