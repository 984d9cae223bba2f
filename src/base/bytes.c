#include "base/bytes.h"

#include <string.h>

struct tori_str tori_str_z(const char *zero_terminated)
{
    return (struct tori_str){zero_terminated, strlen(zero_terminated)};
}

bool tori_str_eq(struct tori_str a, struct tori_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool tori_bytes_eq(struct tori_bytes a, struct tori_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool tori_str_starts(struct tori_str s, struct tori_str prefix)
{
    return s.len >= prefix.len && tori_str_eq((struct tori_str){s.at, prefix.len}, prefix);
}

struct tori_bytes tori_str_bytes(struct tori_str s)
{
    return (struct tori_bytes){(const uint8_t *)s.at, s.len};
}

struct tori_str tori_bytes_str(struct tori_bytes b)
{
    return (struct tori_str){(const char *)b.at, b.len};
}

bool tori_hash_eq(const struct tori_hash *a, const struct tori_hash *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

bool tori_hash_is_zero(const struct tori_hash *h)
{
    static const struct tori_hash zero;
    return tori_hash_eq(h, &zero);
}

/* Ids differ in their random tails, so these are looked at first, and without a call. */
bool tori_id_eq(const struct tori_id *a, const struct tori_id *b)
{
    uint64_t tail_a, tail_b;

    memcpy(&tail_a, a->at + sizeof(a->at) - 8, 8);
    memcpy(&tail_b, b->at + sizeof(b->at) - 8, 8);
    return tail_a == tail_b && memcmp(a, b, sizeof(*a)) == 0;
}

int tori_id_order(const struct tori_id *a, const struct tori_id *b)
{
    return memcmp(a, b, sizeof(*a));
}

bool tori_id_is_none(const struct tori_id *id)
{
    static const struct tori_id none;
    return tori_id_eq(id, &none);
}

struct tori_bytes tori_id_bytes(const struct tori_id *id)
{
    return (struct tori_bytes){id->at, sizeof(id->at)};
}

struct tori_bytes tori_hash_bytes(const struct tori_hash *h)
{
    return (struct tori_bytes){h->at, sizeof(h->at)};
}

/* How many bytes the sequence at p takes, 0 when it is not UTF-8 or is NUL. */
static size_t utf8_step(const uint8_t *p, size_t left)
{
    if (p[0] < 0x80)
        return p[0] != 0;

    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    /* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
        return 0;
    if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

bool tori_utf8_valid(struct tori_bytes b)
{
    for (size_t i = 0; i < b.len;) {
        size_t step = utf8_step(b.at + i, b.len - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}
