/* The join with the HTTP parser (llhttp, Node's): the only file that includes it. The raw scan goes
 * before it, our own narrow reading of the request line and of the framing goes beside it, and
 * where the two differ the request is refused. */
#ifndef TORI_HTTP_JOIN_H
#define TORI_HTTP_JOIN_H

#include "base/buf.h"
#include "base/ctx.h"
#include "http/scan.h"

struct tori_head_field {
    struct tori_str name;
    struct tori_str value;
};

/* A head as the parser read it; views into the bytes given to tori_join_head(). */
struct tori_head {
    struct tori_str method;
    struct tori_str target; /* origin form, ASCII, no fragment */
    size_t count;
    struct tori_head_field field[TORI_HEAD_FIELDS];
    bool keep_alive;
    bool chunked;
    uint64_t content_length; /* 0 with chunked */
};

struct tori_join;

/* In the arena of one request. */
TORI_RESULT tori_join_new(struct tori_ctx *cx, struct tori_join **out);

/* `head` is a whole head as tori_scan_head() delimited it. BAD_REQUEST for anything that is not
 * exactly HTTP/1.1 with a body framed in exactly one way. */
TORI_RESULT tori_join_head(struct tori_ctx *cx, struct tori_join *join, struct tori_bytes head,
                           struct tori_head *out);

struct tori_join_input {
    struct tori_bytes in;
    struct tori_buf *body; /* decoded bytes are appended; its cap is the body's */
};
/* Reads body bytes up to the end of the request, never beyond it. TOO_LARGE, BAD_REQUEST. */
TORI_RESULT tori_join_body(struct tori_ctx *cx, struct tori_join *join,
                           const struct tori_join_input *input, size_t *used, bool *complete);

/* The value of a field by its name, in any case of letters; at == NULL when absent. */
struct tori_str tori_head_value(const struct tori_head *head, struct tori_str name);
/* How many fields have this name. */
size_t tori_head_count(const struct tori_head *head, struct tori_str name);
/* ASCII letters compare in any case. */
bool tori_str_eq_case(struct tori_str a, struct tori_str b);

#endif
