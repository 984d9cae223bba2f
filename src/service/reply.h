/* The answer to one command. decide writes it; nobody sees it before its group is durable. */
#ifndef TORI_SERVICE_REPLY_H
#define TORI_SERVICE_REPLY_H

#include "codec/json.h"

enum { TORI_REPLY_CAP = 256 * 1024, TORI_REPLY_HEADERS = 6 };

struct tori_reply_header {
    const char *name; /* a literal */
    struct tori_str value;
};

/* Cookies that an answer may set; the edge gives them name and attributes. */
enum tori_reply_cookie { TORI_REPLY_SESSION, TORI_REPLY_VISIT, TORI_REPLY_COOKIES };
struct tori_cookie_change {
    bool set;
    struct tori_str value; /* empty: the cookie goes */
    int64_t max_age_s;     /* 0: until the browser closes */
};

struct tori_reply {
    int status;
    const char *content_type;                            /* a literal; NULL: application/json */
    struct tori_reply_header header[TORI_REPLY_HEADERS]; /* Location, Set-Cookie, Retry-After … */
    size_t header_count;
    struct tori_cookie_change cookie[TORI_REPLY_COOKIES];
    struct tori_buf body;
    struct tori_json_out json; /* an open object from the first tori_reply_* call on */
    const void *view;          /* for finish: what the page shows (service/view.h) */
    tori_err err;              /* for a problem document; ERR_NONE otherwise */
    int64_t retry_after_s;     /* with 429 and 503 */
};

void tori_reply_begin(struct tori_reply *reply, struct tori_arena *arena);
void tori_reply_status(struct tori_reply *reply, int status);
void tori_reply_header(struct tori_reply *reply, const char *name, struct tori_str value);

/* The writer of the answer's JSON object, which the first use opens. */
struct tori_json_out *tori_reply_json(struct tori_reply *reply);

/* Members of the JSON object of the answer. */
void tori_reply_text(struct tori_reply *reply, const char *name, struct tori_str value);
void tori_reply_word(struct tori_reply *reply, const char *name, const char *literal);
void tori_reply_int(struct tori_reply *reply, const char *name, int64_t value);
void tori_reply_bool(struct tori_reply *reply, const char *name, bool value);
void tori_reply_time(struct tori_reply *reply, const char *name, tori_time value);
void tori_reply_b64u(struct tori_reply *reply, const char *name, struct tori_bytes value);
void tori_reply_id(struct tori_reply *reply, const char *name, const struct tori_id *id);

/* Closes the JSON object, if one is open. */
void tori_reply_end(struct tori_reply *reply);

/* Throws away what was written and answers with RFC 9457 application/problem+json:
 * {type, title, status, detail?, code, request_id}, in the request's language. */
void tori_reply_problem(struct tori_ctx *cx, struct tori_reply *reply, tori_err err);

#endif
