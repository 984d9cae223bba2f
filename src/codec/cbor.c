#include "codec/cbor.h"

#include <string.h>

enum {
    MAJOR_UINT,
    MAJOR_NEGATIVE,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_LIST,
    MAJOR_MAP,
    MAJOR_TAG,
    MAJOR_SIMPLE
};
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22, INDEFINITE = 31, BREAK = 0xff };

struct reader {
    struct tori_ctx *cx;
    const uint8_t *at;
    size_t left;
    size_t items;
    enum tori_cbor_mode mode;
};

/* The first bytes of a value (RFC 8949 §3). */
struct head {
    int major;
    int info;
    uint64_t value;
    bool indefinite;
};

/* Values of a list or a map while they are read. */
struct items {
    struct tori_cbor *at;
    size_t count;
    size_t room;
};

static struct tori_result malformed(struct reader *r, const char *why)
{
    return TORI_FAIL(r->cx, PROOF_MALFORMED, tori_word("why", why), tori_u64("left", r->left));
}

static struct tori_result read_bytes(struct reader *r, uint64_t n, struct tori_bytes *out)
{
    if (n > r->left)
        return malformed(r, "cut off");
    *out = (struct tori_bytes){r->at, (size_t)n};
    r->at += n;
    r->left -= (size_t)n;
    return TORI_OK;
}

/* The 1, 2, 4 or 8 bytes that follow an initial byte with info 24 … 27. */
static struct tori_result read_argument(struct reader *r, int info, uint64_t *out)
{
    struct tori_bytes bytes = {0};
    uint64_t value = 0;

    TORI_TRY(read_bytes(r, 1u << (info - 24), &bytes));
    for (size_t i = 0; i < bytes.len; i++)
        value = value << 8 | bytes.at[i];
    uint64_t least = info == 24 ? 24 : (uint64_t)1 << (4 * bytes.len);
    if (value < least)
        return malformed(r, "not the shortest form");
    *out = value;
    return TORI_OK;
}

static struct tori_result read_head(struct reader *r, struct head *out)
{
    struct tori_bytes first = {0};
    struct head head;

    TORI_TRY(read_bytes(r, 1, &first));
    head = (struct head){.major = first.at[0] >> 5, .info = first.at[0] & 31};
    head.value = (uint64_t)head.info;
    head.indefinite = head.info == INDEFINITE;
    if (head.major == MAJOR_TAG)
        return malformed(r, "tag");
    if (head.indefinite && (r->mode == TORI_CBOR_STRICT || head.major < MAJOR_BYTES))
        return malformed(r, "indefinite length");
    if (head.info > 27 && !head.indefinite)
        return malformed(r, "reserved head");
    if (head.info >= 24 && !head.indefinite && head.major != MAJOR_SIMPLE)
        TORI_TRY(read_argument(r, head.info, &head.value));
    *out = head;
    return TORI_OK;
}

static struct tori_result read_number(struct reader *r, const struct head *head,
                                      struct tori_cbor *out)
{
    if (head->value > INT64_MAX)
        return malformed(r, "number too large");
    int64_t number = (int64_t)head->value;
    *out = (struct tori_cbor){.kind = TORI_CBOR_INT,
                              .number = head->major == MAJOR_UINT ? number : -1 - number};
    return TORI_OK;
}

static struct tori_result read_simple(struct reader *r, const struct head *head,
                                      struct tori_cbor *out)
{
    if (head->info == SIMPLE_NULL) {
        *out = (struct tori_cbor){.kind = TORI_CBOR_NULL};
        return TORI_OK;
    }
    if (head->info != SIMPLE_FALSE && head->info != SIMPLE_TRUE)
        return malformed(r, "float or simple value");
    *out = (struct tori_cbor){.kind = TORI_CBOR_BOOL, .number = head->info == SIMPLE_TRUE};
    return TORI_OK;
}

static struct tori_result count_item(struct reader *r)
{
    if (++r->items > TORI_CBOR_ITEMS)
        return TORI_FAIL(r->cx, TOO_LARGE, tori_u64("items", r->items));
    return TORI_OK;
}

static bool at_break(const struct reader *r)
{
    return r->left > 0 && r->at[0] == BREAK;
}

static struct tori_result skip_break(struct reader *r)
{
    struct tori_bytes ignored;
    return read_bytes(r, 1, &ignored);
}

/* A string in pieces, each of a definite length and of the same kind (RFC 8949 §3.2.3). */
static struct tori_result read_pieces(struct reader *r, int major, struct tori_bytes *out)
{
    uint8_t *joined;
    size_t len = 0;

    TORI_TRY(tori_take(r->cx, r->left, &joined));
    while (!at_break(r)) {
        struct head head;
        struct tori_bytes piece = {0};
        TORI_TRY(count_item(r));
        TORI_TRY(read_head(r, &head));
        if (head.major != major || head.indefinite)
            return malformed(r, "piece of a string");
        TORI_TRY(read_bytes(r, head.value, &piece));
        memcpy(joined + len, piece.at, piece.len);
        len += piece.len;
    }
    *out = (struct tori_bytes){joined, len};
    return skip_break(r);
}

static struct tori_result read_string(struct reader *r, const struct head *head,
                                      struct tori_cbor *out)
{
    struct tori_bytes bytes;

    if (head->indefinite)
        TORI_TRY(read_pieces(r, head->major, &bytes));
    else
        TORI_TRY(read_bytes(r, head->value, &bytes));
    if (head->major == MAJOR_BYTES) {
        *out = (struct tori_cbor){.kind = TORI_CBOR_BYTES, .bytes = bytes};
        return TORI_OK;
    }
    if (!tori_utf8_valid(bytes))
        return malformed(r, "text");
    *out = (struct tori_cbor){.kind = TORI_CBOR_TEXT, .text = tori_bytes_str(bytes)};
    return TORI_OK;
}

/* Order of keys in CTAP2 canonical form: by type, then shorter first, then by bytes. For integers
 * "shorter, then by bytes" is the order of their magnitude. */
static int key_rank(const struct tori_cbor *key)
{
    if (key->kind == TORI_CBOR_TEXT)
        return MAJOR_TEXT;
    return key->number < 0 ? MAJOR_NEGATIVE : MAJOR_UINT;
}

static int compare_text(struct tori_str a, struct tori_str b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    for (size_t i = 0; i < a.len; i++) {
        if (a.at[i] != b.at[i])
            return (uint8_t)a.at[i] < (uint8_t)b.at[i] ? -1 : 1;
    }
    return 0;
}

static int compare_keys(const struct tori_cbor *a, const struct tori_cbor *b)
{
    int rank = key_rank(a);

    if (rank != key_rank(b))
        return rank < key_rank(b) ? -1 : 1;
    if (rank == MAJOR_TEXT)
        return compare_text(a->text, b->text);
    if (a->number == b->number)
        return 0;
    return (a->number < b->number) == (rank == MAJOR_UINT) ? -1 : 1;
}

static struct tori_result check_key(struct reader *r, const struct items *items)
{
    const struct tori_cbor *key = &items->at[items->count - 1];

    if (key->kind != TORI_CBOR_INT && key->kind != TORI_CBOR_TEXT)
        return malformed(r, "kind of key");
    for (size_t i = 0; i + 1 < items->count; i += 2) {
        int order = compare_keys(&items->at[i], key);
        if (order == 0)
            return malformed(r, "duplicate key");
        if (order > 0 && r->mode == TORI_CBOR_STRICT)
            return malformed(r, "order of keys");
    }
    return TORI_OK;
}

static struct tori_result make_room(struct reader *r, struct items *items)
{
    struct tori_cbor *bigger;
    size_t room = items->room * 2;

    if (items->count < items->room)
        return TORI_OK;
    TORI_TRY(tori_take(r->cx, room * sizeof(*bigger), &bigger));
    memcpy(bigger, items->at, items->count * sizeof(*bigger));
    items->at = bigger;
    items->room = room;
    return TORI_OK;
}

static struct tori_result read_value(struct reader *r, int depth, struct tori_cbor *out);

/* `most` values, or up to the break; a break between key and value is no value, so it is
 * refused. */
static struct tori_result read_items(struct reader *r, const struct head *head, uint64_t most,
                                     int depth, struct items *items)
{
    size_t step = head->major == MAJOR_MAP ? 2 : 1;

    while (head->indefinite ? !(items->count % step == 0 && at_break(r)) : items->count < most) {
        TORI_TRY(make_room(r, items));
        TORI_TRY(read_value(r, depth + 1, &items->at[items->count++]));
        if (step == 2 && items->count % 2 == 1)
            TORI_TRY(check_key(r, items));
    }
    return head->indefinite ? skip_break(r) : TORI_OK;
}

static struct tori_result read_container(struct reader *r, const struct head *head, int depth,
                                         struct tori_cbor *out)
{
    bool map = head->major == MAJOR_MAP;
    int deepest = r->mode == TORI_CBOR_STRICT ? TORI_CBOR_DEPTH_STRICT : TORI_CBOR_DEPTH_LENIENT;
    struct items items = {.room = 8};

    if (depth >= deepest)
        return TORI_FAIL(r->cx, TOO_DEEP, tori_i64("most", deepest));
    /* Each value takes a byte at least, so a declared length beyond what is left is a lie. */
    if (!head->indefinite && head->value > r->left)
        return malformed(r, "cut off");
    uint64_t most = map ? head->value * 2 : head->value;
    if (!head->indefinite && most > TORI_CBOR_ITEMS)
        return TORI_FAIL(r->cx, TOO_LARGE, tori_u64("items", most));
    if (!head->indefinite && most > items.room)
        items.room = (size_t)most;

    TORI_TRY(tori_take(r->cx, items.room * sizeof(*items.at), &items.at));
    TORI_TRY(read_items(r, head, most, depth, &items));
    *out = (struct tori_cbor){.kind = map ? TORI_CBOR_MAP : TORI_CBOR_LIST,
                              .count = map ? items.count / 2 : items.count,
                              .item = items.at};
    return TORI_OK;
}

static struct tori_result read_value(struct reader *r, int depth, struct tori_cbor *out)
{
    struct head head;

    TORI_TRY(count_item(r));
    TORI_TRY(read_head(r, &head));
    if (head.major <= MAJOR_NEGATIVE)
        return read_number(r, &head, out);
    if (head.major <= MAJOR_TEXT)
        return read_string(r, &head, out);
    if (head.major <= MAJOR_MAP)
        return read_container(r, &head, depth, out);
    return read_simple(r, &head, out);
}

struct tori_result tori_cbor_read(struct tori_ctx *cx, struct tori_bytes bytes,
                                  enum tori_cbor_mode mode, struct tori_cbor *out, size_t *used)
{
    struct reader r = {.cx = cx, .at = bytes.at, .left = bytes.len, .mode = mode};
    struct tori_cbor value;

    TORI_TRY(read_value(&r, 0, &value));
    *out = value;
    *used = bytes.len - r.left;
    return TORI_OK;
}

struct tori_result tori_cbor_parse(struct tori_ctx *cx, struct tori_bytes bytes,
                                   enum tori_cbor_mode mode, struct tori_cbor *out)
{
    struct tori_cbor value;
    size_t used;

    TORI_TRY(tori_cbor_read(cx, bytes, mode, &value, &used));
    if (used != bytes.len)
        return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("why", "trailing bytes"),
                         tori_u64("left", bytes.len - used));
    *out = value;
    return TORI_OK;
}

static const struct tori_cbor *find(const struct tori_cbor *map, const struct tori_cbor *key)
{
    for (size_t i = 0; map->kind == TORI_CBOR_MAP && i < map->count; i++) {
        if (compare_keys(&map->item[2 * i], key) == 0)
            return &map->item[2 * i + 1];
    }
    return NULL;
}

const struct tori_cbor *tori_cbor_get(const struct tori_cbor *map, struct tori_str key)
{
    return find(map, &(struct tori_cbor){.kind = TORI_CBOR_TEXT, .text = key});
}

const struct tori_cbor *tori_cbor_get_int(const struct tori_cbor *map, int64_t key)
{
    return find(map, &(struct tori_cbor){.kind = TORI_CBOR_INT, .number = key});
}
