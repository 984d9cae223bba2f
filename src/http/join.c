#include "http/join.h"

#include <llhttp.h>
#include <string.h>

struct tori_join {
    llhttp_t parser; /* llhttp's `data` points back here */
    llhttp_settings_t settings;
    struct tori_head *head; /* while the head is read; NULL afterwards */
    struct tori_buf *body;  /* while body bytes are read */
    struct tori_chunks chunks;
    bool chunked;
    bool complete; /* llhttp says the message is over */
    bool over;     /* the body is too large */
    uint64_t left; /* of a body with a Content-Length */
    uint64_t wire; /* bytes of a chunked body, with its framing */
};

bool tori_str_eq_case(struct tori_str a, struct tori_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        char x = a.at[i], y = b.at[i];
        if (x >= 'A' && x <= 'Z')
            x = (char)(x | 0x20);
        if (y >= 'A' && y <= 'Z')
            y = (char)(y | 0x20);
        if (x != y)
            return false;
    }
    return true;
}

struct tori_str tori_head_value(const struct tori_head *head, struct tori_str name)
{
    for (size_t i = 0; i < head->count; i++)
        if (tori_str_eq_case(head->field[i].name, name))
            return head->field[i].value;
    return (struct tori_str){NULL, 0};
}

size_t tori_head_count(const struct tori_head *head, struct tori_str name)
{
    size_t n = 0;
    for (size_t i = 0; i < head->count; i++)
        n += tori_str_eq_case(head->field[i].name, name) ? 1 : 0;
    return n;
}

/* llhttp tells a piece at a time; a head is given whole, so the pieces of one part touch. */
static int put(struct tori_str *to, const char *at, size_t n)
{
    if (to->at == NULL)
        to->at = at;
    if (to->at + to->len != at)
        return -1;
    to->len += n;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t n)
{
    struct tori_join *join = parser->data;
    return join->head == NULL ? -1 : put(&join->head->target, at, n);
}

static int on_method(llhttp_t *parser, const char *at, size_t n)
{
    struct tori_join *join = parser->data;
    return join->head == NULL ? -1 : put(&join->head->method, at, n);
}

/* After the head a field can only be a trailer: refused. */
static int on_field(llhttp_t *parser, const char *at, size_t n)
{
    struct tori_join *join = parser->data;
    if (join->head == NULL || join->head->count >= TORI_HEAD_FIELDS)
        return -1;
    return put(&join->head->field[join->head->count].name, at, n);
}

static int on_value(llhttp_t *parser, const char *at, size_t n)
{
    struct tori_join *join = parser->data;
    if (join->head == NULL || join->head->count >= TORI_HEAD_FIELDS)
        return -1;
    return put(&join->head->field[join->head->count].value, at, n);
}

static int on_value_complete(llhttp_t *parser)
{
    struct tori_join *join = parser->data;
    if (join->head == NULL || join->head->count >= TORI_HEAD_FIELDS)
        return -1;
    join->head->count++;
    if (join->head->count < TORI_HEAD_FIELDS)
        memset(&join->head->field[join->head->count], 0, sizeof(join->head->field[0]));
    return 0;
}

static int on_extension(llhttp_t *parser, const char *at, size_t n)
{
    (void)parser, (void)at, (void)n;
    return -1;
}

static int on_body(llhttp_t *parser, const char *at, size_t n)
{
    struct tori_join *join = parser->data;
    if (join->body == NULL)
        return -1;
    tori_buf_bytes(join->body, at, n);
    join->over = join->body->over;
    return join->over ? -1 : 0;
}

static int on_complete(llhttp_t *parser)
{
    struct tori_join *join = parser->data;
    join->complete = true;
    return 0;
}

struct tori_result tori_join_new(struct tori_ctx *cx, struct tori_join **out)
{
    struct tori_join *join;

    TORI_TRY(tori_take(cx, sizeof(*join), &join));
    llhttp_settings_init(&join->settings);
    join->settings.on_url = on_url;
    join->settings.on_method = on_method;
    join->settings.on_header_field = on_field;
    join->settings.on_header_value = on_value;
    join->settings.on_header_value_complete = on_value_complete;
    join->settings.on_chunk_extension_name = on_extension;
    join->settings.on_chunk_extension_value = on_extension;
    join->settings.on_body = on_body;
    join->settings.on_message_complete = on_complete;
    llhttp_init(&join->parser, HTTP_REQUEST, &join->settings);
    join->parser.data = join;
    *out = join;
    return TORI_OK;
}

/* Our own reading of "METHOD /target HTTP/1.1": RFC 9112 §3, with nothing optional. */
static bool read_line(struct tori_str head, struct tori_str *method, struct tori_str *target)
{
    static const struct tori_str version = TORI_STR_INIT(" HTTP/1.1\r\n");
    const char *end = memchr(head.at, '\n', head.len);
    size_t line = end == NULL ? 0 : (size_t)(end - head.at) + 1;
    if (line <= version.len)
        return false;

    struct tori_str tail = {head.at + line - version.len, version.len};
    struct tori_str rest = {head.at, line - version.len};
    const char *space = memchr(rest.at, ' ', rest.len);
    if (!tori_str_eq(tail, version) || space == NULL)
        return false;

    *method = (struct tori_str){rest.at, (size_t)(space - rest.at)};
    *target = (struct tori_str){space + 1, rest.len - method->len - 1};
    return target->len > 0 && target->at[0] == '/';
}

/* RFC 3986 §3.3 and §3.4: what may stand in a path and a query, percent signs only with two
 * digits. */
static bool target_ok(struct tori_str target)
{
    for (size_t i = 0; i < target.len; i++) {
        char c = target.at[i];
        bool plain = tori_is_token((uint8_t)c) || strchr("/?:@()=,;", c) != NULL;
        if (!plain || strchr("#^`|", c) != NULL)
            return false;
        if (c != '%')
            continue;
        for (size_t k = i + 1; k <= i + 2; k++)
            if (k >= target.len || strchr("0123456789abcdefABCDEF", target.at[k]) == NULL)
                return false;
    }
    return true;
}

static bool read_length(struct tori_str text, uint64_t *out)
{
    uint64_t n = 0;

    if (text.len == 0 || text.len > 12)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(text.at[i] - '0');
    }
    *out = n;
    return true;
}

/* RFC 9112 §6.3 with every doubtful case refused: at most one of the two fields, at most once, and
 * Transfer-Encoding is "chunked" and nothing else. */
static struct tori_result read_framing(struct tori_ctx *cx, struct tori_head *head)
{
    size_t lengths = tori_head_count(head, TORI_STR("content-length"));
    size_t codings = tori_head_count(head, TORI_STR("transfer-encoding"));

    if (lengths + codings > 1)
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "framing_twice"));
    if (codings == 1) {
        struct tori_str coding = tori_head_value(head, TORI_STR("transfer-encoding"));
        head->chunked = tori_str_eq(coding, TORI_STR("chunked"));
        if (!head->chunked)
            return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "transfer_encoding"));
    }
    if (lengths == 1 &&
        !read_length(tori_head_value(head, TORI_STR("content-length")), &head->content_length))
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "content_length"));
    if (tori_head_count(head, TORI_STR("upgrade")) > 0 ||
        tori_head_count(head, TORI_STR("trailer")) > 0)
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "upgrade_or_trailer"));
    return TORI_OK;
}

static bool list_has(struct tori_str list, struct tori_str word)
{
    size_t from = 0;

    for (size_t i = 0; i <= list.len; i++) {
        if (i < list.len && list.at[i] != ',' && list.at[i] != ' ' && list.at[i] != '\t')
            continue;
        if (tori_str_eq_case((struct tori_str){list.at + from, i - from}, word))
            return true;
        from = i + 1;
    }
    return false;
}

/* RFC 9112 §9.3. llhttp forgets its flags when a message without body is over, so we look. */
static bool says_close(const struct tori_head *head)
{
    for (size_t i = 0; i < head->count; i++)
        if (tori_str_eq_case(head->field[i].name, TORI_STR("connection")) &&
            list_has(head->field[i].value, TORI_STR("close")))
            return true;
    return false;
}

/* RFC 9110 §5.5: blanks at the end belong to no value. The framing is read before this: there they
 * are refused, because not everybody cuts them off. */
static void cut_blanks(struct tori_head *head)
{
    for (size_t i = 0; i < head->count; i++) {
        struct tori_str *value = &head->field[i].value;
        while (value->len > 0 &&
               (value->at[value->len - 1] == ' ' || value->at[value->len - 1] == '\t'))
            value->len--;
    }
}

/* What llhttp understood must be what we understood. */
static bool agrees(const struct tori_join *join, const struct tori_head *head)
{
    const llhttp_t *p = &join->parser;
    bool empty = !head->chunked && head->content_length == 0;

    return p->http_major == 1 && p->http_minor == 1 && p->upgrade == 0 && join->complete == empty &&
           (empty || head->chunked || p->content_length == head->content_length);
}

struct tori_result tori_join_head(struct tori_ctx *cx, struct tori_join *join,
                                  struct tori_bytes bytes, struct tori_head *out)
{
    struct tori_str method, target;

    out->method = out->target = (struct tori_str){NULL, 0};
    out->count = 0;
    out->content_length = 0;
    out->chunked = false;
    memset(&out->field[0], 0, sizeof(out->field[0]));
    if (!read_line(tori_bytes_str(bytes), &method, &target) || !target_ok(target))
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "request_line"));

    join->head = out;
    llhttp_errno_t err = llhttp_execute(&join->parser, (const char *)bytes.at, bytes.len);
    join->head = NULL;
    if (err != HPE_OK)
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", llhttp_errno_name(err)));
    if (!tori_str_eq(method, out->method) || !tori_str_eq(target, out->target))
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "parsers_differ"));
    TORI_TRY(read_framing(cx, out));
    if (!agrees(join, out))
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "parsers_differ"));

    cut_blanks(out);
    out->keep_alive = !says_close(out);
    join->chunked = out->chunked;
    join->left = out->content_length;
    return TORI_OK;
}

static struct tori_result feed(struct tori_ctx *cx, struct tori_join *join,
                               const struct tori_join_input *input, size_t n)
{
    join->body = input->body;
    llhttp_errno_t err = llhttp_execute(&join->parser, (const char *)input->in.at, n);
    join->body = NULL;
    if (join->over)
        return TORI_FAIL(cx, TOO_LARGE, tori_u64("cap", input->body->cap));
    if (err != HPE_OK)
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", llhttp_errno_name(err)));
    return TORI_OK;
}

struct tori_result tori_join_body(struct tori_ctx *cx, struct tori_join *join,
                                  const struct tori_join_input *input, size_t *used, bool *complete)
{
    size_t n = input->in.len < join->left ? input->in.len : (size_t)join->left;
    bool over = n == join->left;

    if (join->chunked) {
        if (!tori_chunks_scan(&join->chunks, input->in, &n, &over))
            return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "chunk"));
        /* A body in pieces of one byte costs six on the wire; nobody honest is near this. */
        join->wire += n;
        if (join->wire > input->body->cap * 2 + 4096)
            return TORI_FAIL(cx, TOO_LARGE, tori_u64("wire", join->wire));
    }
    TORI_TRY(feed(cx, join, input, n));
    if (join->complete != over)
        return TORI_FAIL(cx, BAD_REQUEST, tori_word("why", "parsers_differ"));
    join->left -= join->chunked ? 0 : n;
    *used = n;
    *complete = over;
    return TORI_OK;
}
