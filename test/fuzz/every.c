/* Every input there is: all byte strings up to a length, and every head of CBOR in every nesting
 * position down to a depth, against a second reading of RFC 8949 that shares nothing with the first
 * but this file's understanding of it.
 *
 *   every BYTES DEPTH [PART PARTS]
 *
 * The CBOR reader (both modes) must give the same verdict and use the same number of bytes; the
 * COSE reader must take no byte behind the end. The input always ends where its memory ends. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/cbor.h"
#include "codec/cose.h"
#include "test/fuzz/fuzz.h"

enum { ROOM = 512, KEY_MAX = 320, KEYS_MAX = 320 };

static uint8_t *room; /* ROOM bytes; inputs stand at its end */
static uint64_t inputs, accepted[2];

/* The second reading first. */

struct key {
    int major;
    size_t len;
    uint8_t at[KEY_MAX];
};

struct look {
    const uint8_t *at;
    size_t len;
    bool strict;
    size_t *values; /* so far, pieces of strings among them */
};

static bool one_more(const struct look *in)
{
    return ++*in->values <= TORI_CBOR_ITEMS;
}

/* The head at `from`: its length, 0 when it is none that a value may begin with. */
static size_t look_head(const struct look *in, size_t from, uint64_t *value)
{
    static const uint64_t least[4] = {24, 256, 65536, 4294967296};
    uint8_t info = from < in->len ? in->at[from] & 31 : 28;
    size_t more = info < 24 ? 0 : (size_t)1 << (info - 24);

    *value = info;
    if (info == 31)
        return 1;
    if (info > 27 || in->len - from - 1 < more)
        return 0;
    if (more > 0)
        *value = 0;
    for (size_t i = 1; i <= more; i++)
        *value = *value * 256 + in->at[from + i];
    return more > 0 && *value < least[info - 24] ? 0 : 1 + more;
}

/* The bytes of a string at `from`, joined; its whole length, or 0. */
static size_t look_string(const struct look *in, size_t from, struct key *out)
{
    uint64_t n;
    size_t head = look_head(in, from, &n);
    int major = from < in->len ? in->at[from] >> 5 : 0;
    size_t at = from + head;

    out->len = 0;
    out->major = major;
    if (head == 0)
        return 0;
    if ((in->at[from] & 31) != 31) {
        if (n > in->len - at)
            return 0;
        out->len = n < KEY_MAX ? (size_t)n : KEY_MAX;
        memcpy(out->at, in->at + at, out->len);
        return head + (size_t)n;
    }
    if (in->strict)
        return 0;
    while (at < in->len && in->at[at] != 0xff) {
        struct key piece;
        if (in->at[at] >> 5 != major || (in->at[at] & 31) == 31)
            return 0;
        size_t used = one_more(in) ? look_string(in, at, &piece) : 0;
        if (used == 0 || out->len + piece.len > KEY_MAX)
            return 0;
        memcpy(out->at + out->len, piece.at, piece.len);
        out->len += piece.len;
        at += used;
    }
    return at < in->len ? at + 1 - from : 0;
}

/* -1, 0, 1 in the order of CTAP2: kind, then length, then bytes. */
static int order(const struct key *a, const struct key *b)
{
    if (a->major != b->major)
        return a->major < b->major ? -1 : 1;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    int bytes = memcmp(a->at, b->at, a->len);
    return bytes < 0 ? -1 : bytes > 0;
}

static size_t look_value(const struct look *in, size_t from, int depth, struct key *out);

/* A list or a map; every second value of a map is a key. */
static size_t look_items(const struct look *in, size_t from, int depth)
{
    static struct key seen[8][KEYS_MAX];
    bool map = in->at[from] >> 5 == 5, open = (in->at[from] & 31) == 31;
    uint64_t count;
    size_t head = look_head(in, from, &count), at = from + head, keys = 0;

    if (head == 0 || depth >= (in->strict ? 4 : 6) || (open && in->strict))
        return 0;
    if (!open && count > in->len)
        return 0;
    for (uint64_t i = 0; open || i < (map ? 2 : 1) * count; i++) {
        struct key key;
        bool is_key = map && i % 2 == 0;
        if (open && at < in->len && in->at[at] == 0xff && (!map || is_key))
            return at + 1 - from;
        key.major = -1;
        size_t used = look_value(in, at, depth + 1, &key);
        if (used == 0)
            return 0;
        at += used;
        if (!is_key)
            continue;
        if (key.major != 0 && key.major != 1 && key.major != 3)
            return 0;
        for (size_t k = 0; k < keys; k++) {
            int by = order(&seen[depth][k], &key);
            if (by == 0 || (by > 0 && in->strict))
                return 0;
        }
        assert(keys < KEYS_MAX);
        seen[depth][keys].major = key.major;
        seen[depth][keys].len = key.len;
        memcpy(seen[depth][keys++].at, key.at, key.len);
    }
    return at - from;
}

/* The length of the value at `from`, 0 when it is to be refused. An integer or a string is also
 * left in *out, as keys are compared. */
static size_t look_value(const struct look *in, size_t from, int depth, struct key *out)
{
    uint64_t n;
    size_t head = look_head(in, from, &n);

    if (!one_more(in) || head == 0)
        return 0;
    uint8_t major = in->at[from] >> 5, info = in->at[from] & 31;
    if (major <= 1) {
        if (info == 31 || n > INT64_MAX)
            return 0;
        out->major = major;
        out->len = head;
        memcpy(out->at, in->at + from, head);
        return head;
    }
    if (major == 2 || major == 3) {
        size_t used = look_string(in, from, out);
        bool text = used > 0 && major == 3;
        return text && !tori_utf8_valid((struct tori_bytes){out->at, out->len}) ? 0 : used;
    }
    if (major <= 5)
        return look_items(in, from, depth);
    return major == 7 && info >= 20 && info <= 22 ? 1 : 0;
}

/* Then both readings of one input. */

static void compare(struct tori_ctx *cx, struct tori_bytes bytes, enum tori_cbor_mode mode)
{
    size_t values = 0;
    const struct look in = {bytes.at, bytes.len, mode == TORI_CBOR_STRICT, &values};
    struct key key;
    struct tori_cbor value;
    size_t used = 0, due = look_value(&in, 0, 0, &key);
    struct tori_result result = tori_cbor_read(cx, bytes, mode, &value, &used);

    if (TORI_FAILED(result))
        used = 0;
    if (used != due) {
        fprintf(stderr, "# %s: used %zu, due %zu:", in.strict ? "strict" : "lenient", used, due);
        for (size_t i = 0; i < bytes.len; i++)
            fprintf(stderr, " %02x", bytes.at[i]);
        fprintf(stderr, "\n");
        abort();
    }
    accepted[mode] += used > 0;
}

static void look_both(struct tori_ctx *cx, struct tori_bytes bytes)
{
    struct tori_verify_key *key;
    size_t used;
    int64_t alg;

    tori_arena_reset(cx->arena);
    compare(cx, bytes, TORI_CBOR_STRICT);
    compare(cx, bytes, TORI_CBOR_LENIENT);
    inputs++;
    if (TORI_FAILED(tori_cose_peek(cx, bytes, &used, &alg)))
        return; /* so does the import, which reads the same first */
    assert(used <= bytes.len);
    if (!TORI_FAILED(tori_verify_key_new(cx, bytes, &key)))
        tori_verify_key_free(key);
}

/* Every short input. */

static void every_length(struct tori_ctx *cx, size_t len, unsigned part, unsigned parts)
{
    uint8_t *at = room + ROOM - len;
    uint64_t end = (uint64_t)1 << (8 * len);

    for (uint64_t n = end / parts * part; n < (part + 1 == parts ? end : end / parts * (part + 1));
         n++) {
        for (size_t i = 0; i < len; i++)
            at[i] = (uint8_t)(n >> (8 * (len - 1 - i)));
        look_both(cx, (struct tori_bytes){at, len});
    }
}

/* Every head in every position. */

struct position {
    const char *before;
    size_t before_len;
    const char *after;
    size_t after_len;
};
#define POSITION(before, after)                                                                    \
    {                                                                                              \
        before, sizeof(before) - 1, after, sizeof(after) - 1                                       \
    }
static const struct position positions[] = {
    POSITION("\x81", ""),       /* the one item of a list */
    POSITION("\x82", "\0"),     /* the first of two */
    POSITION("\x82\0", ""),     /* the second */
    POSITION("\xa1", "\0"),     /* a key */
    POSITION("\xa2\0\0", "\0"), /* a key behind another */
    POSITION("\xa1\0", ""),     /* a value of a map */
    POSITION("\x9f", "\xff"),   /* in a list without a length */
    POSITION("\xbf", "\0\xff"), /* a key in a map without a length */
    POSITION("\xbf\0", "\xff"), /* a value there */
    POSITION("\x5f", "\xff"),   /* a piece of a byte string */
    POSITION("\x7f", "\xff"),   /* a piece of a text */
    POSITION("\xc0", ""),       /* behind a tag */
};
enum { POSITIONS = sizeof(positions) / sizeof(positions[0]) };

struct text {
    uint8_t at[ROOM];
    size_t len;
};

static void add(struct text *text, const void *from, size_t n)
{
    memcpy(text->at + text->len, from, n);
    text->len += n;
}

static void look_at(struct tori_ctx *cx, const struct text *text)
{
    uint8_t *at = room + ROOM - text->len;

    memcpy(at, text->at, text->len);
    look_both(cx, (struct tori_bytes){at, text->len});
}

/* A head, some bytes behind it, and what closes the positions around; also without the last. */
static void tails(struct tori_ctx *cx, const struct text *head, const struct text *close,
                  uint64_t value)
{
    static const uint8_t fill[2] = {0x00, 'a'};
    size_t most = value < 300 ? (size_t)value : 300;
    size_t lengths[] = {0, 1, most - (most > 0), most, most + 1};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (size_t f = 0; f < 2; f++) {
            struct text text;
            text.len = 0;
            add(&text, head->at, head->len);
            memset(text.at + text.len, fill[f], lengths[i]);
            text.len += lengths[i];
            look_at(cx, &text);
            add(&text, close->at, close->len);
            if (close->len > 0)
                look_at(cx, &text);
        }
}

static void one_head(struct tori_ctx *cx, const struct text *before, const struct text *close,
                     uint8_t first, uint64_t value)
{
    struct text head;
    unsigned info = first & 31, more = info < 24 || info > 27 ? 0 : 1u << (info - 24);

    head.len = 0;
    add(&head, before->at, before->len);
    head.at[head.len++] = first;
    for (unsigned i = more; i > 0; i--)
        head.at[head.len++] = (uint8_t)(value >> (8 * (i - 1)));
    tails(cx, &head, close, value);
}

/* All 256 first bytes; one following byte in full, longer arguments at every border. */
static void every_head(struct tori_ctx *cx, const struct text *before, const struct text *close)
{
    static const uint64_t borders[] = {0,
                                       1,
                                       23,
                                       24,
                                       25,
                                       255,
                                       256,
                                       257,
                                       0x7fff,
                                       0x8000,
                                       0xffff,
                                       0x10000,
                                       0x7fffffff,
                                       0x80000000,
                                       0xffffffff,
                                       UINT64_C(0x100000000),
                                       INT64_MAX - 1,
                                       INT64_MAX,
                                       (uint64_t)INT64_MAX + 1,
                                       UINT64_MAX};

    for (unsigned first = 0; first < 256; first++) {
        unsigned info = first & 31;
        if (info < 24 || info > 27)
            one_head(cx, before, close, (uint8_t)first, info);
        for (unsigned value = 0; info == 24 && value < 256; value++)
            one_head(cx, before, close, (uint8_t)first, value);
        for (size_t i = 0; info > 24 && info <= 27 && i < sizeof(borders) / sizeof(borders[0]); i++)
            one_head(cx, before, close, (uint8_t)first, borders[i]);
    }
}

static void every_position(struct tori_ctx *cx, const struct text *before, const struct text *close,
                           int depth)
{
    every_head(cx, before, close);
    for (size_t i = 0; depth > 0 && i < POSITIONS; i++) {
        struct text deeper = *before, closing = {.len = 0};
        add(&deeper, positions[i].before, positions[i].before_len);
        add(&closing, positions[i].after, positions[i].after_len);
        add(&closing, close->at, close->len);
        every_position(cx, &deeper, &closing, depth - 1);
    }
}

int main(int argc, char **argv)
{
    static const struct text none;
    struct tori_ctx *cx = fuzz_begin();
    unsigned part = argc > 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
    unsigned parts = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
    size_t longest = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;

    if (argc < 3 || longest > 4 || parts == 0 || part >= parts) {
        fprintf(stderr, "usage: %s BYTES DEPTH [PART PARTS]\n", argv[0]);
        return 1;
    }
    room = malloc(ROOM);
    assert(room != NULL);
    for (size_t len = 0; len <= longest; len++)
        if (len > 0 || part == 0)
            every_length(cx, len, part, parts);
    uint64_t short_ones = inputs;
    if (part == 0)
        every_position(cx, &none, &none, (int)strtol(argv[2], NULL, 10));
    printf("1..1\nok 1 - every_input\n# %" PRIu64 " inputs of up to %zu bytes, %" PRIu64
           " with every head in every position to depth %s; strict takes %" PRIu64
           ", lenient %" PRIu64 "\n",
           short_ones, longest, inputs - short_ones, argv[2], accepted[0], accepted[1]);
    free(room);
    return 0;
}
