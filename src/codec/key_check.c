/* What no public key may be: too small, too large, or one that everybody can sign for. */
#include <openssl/err.h>
#include <string.h>

#include "codec/key_int.h"

enum { EXPONENT_MAX = 8, MODULUS_MIN = 2048, MODULUS_MAX = 4096 };
enum { ED25519_SIZE = 32, ED448_SIZE = 57 };

struct tori_result tori_bad_key(struct tori_ctx *cx, const char *why)
{
    ERR_clear_error();
    return TORI_FAIL(cx, PROOF_KEY, tori_word("why", why));
}

static bool is_odd(struct tori_bytes number)
{
    return number.len > 0 && (number.at[number.len - 1] & 1) == 1;
}

static unsigned remainder_of(struct tori_bytes n, unsigned prime)
{
    unsigned rest = 0;

    for (size_t i = 0; i < n.len; i++)
        rest = (rest << 8 | n.at[i]) % prime;
    return rest;
}

static bool is_power_of_65537(unsigned value, unsigned prime)
{
    unsigned power = 1;

    do {
        if (power == value)
            return true;
        power = power * (65537 % prime) % prime;
    } while (power != 1);
    return false;
}

/* Keys that chips of one maker chose among too few (CVE-2017-15361): modulo small primes they are
 * powers of 65537. Of these primes that is unlikely enough to tell; most keys fail at the first. */
static bool is_of_the_flawed_kind(struct tori_bytes n)
{
    static const unsigned primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157};

    for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++) {
        if (!is_power_of_65537(remainder_of(n, primes[i]), primes[i]))
            return false;
    }
    return true;
}

struct tori_result tori_key_check_rsa(struct tori_ctx *cx, struct tori_bytes n, struct tori_bytes e)
{
    if (n.len == 0 || n.len > MODULUS_MAX / 8 || n.at[0] == 0 || !is_odd(n))
        return tori_bad_key(cx, "modulus");
    size_t bits = n.len * 8;
    for (uint8_t top = n.at[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
        bits--;
    if (bits < MODULUS_MIN)
        return tori_bad_key(cx, "modulus too small");
    if (is_of_the_flawed_kind(n))
        return tori_bad_key(cx, "modulus of a flawed generator");
    if (e.len == 0 || e.len > EXPONENT_MAX || e.at[0] == 0 || !is_odd(e) ||
        (e.len == 1 && e.at[0] < 3))
        return tori_bad_key(cx, "exponent");
    return TORI_OK;
}

/* The y of each, also those written with p or p + 1, without the sign of x. */
static bool is_small_25519(struct tori_bytes point)
{
    static const uint8_t small[][ED25519_SIZE] = {
        {0},
        {1},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t bare[ED25519_SIZE];

    memcpy(bare, point.at, sizeof(bare));
    bare[31] &= 0x7f;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (tori_bytes_eq(TORI_BYTES_OF(bare), TORI_BYTES_OF(small[i])))
            return true;
    }
    return false;
}

/* 0, 1, p - 1, p and p + 1 for p = 2^448 - 2^224 - 1 (RFC 8032 §5.2), the lowest byte first: the
 * cofactor is 4, so these are the y of all points of small order. */
static bool is_small_448(struct tori_bytes point)
{
    static const struct {
        uint8_t first, low, middle, high;
    } small[] = {
        {0, 0, 0, 0},       {1, 0, 0, 0}, {0xfe, 0xff, 0xfe, 0xff}, {0xff, 0xff, 0xfe, 0xff},
        {0, 0, 0xff, 0xff},
    };
    uint8_t y[ED448_SIZE] = {0};

    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        memset(y, small[i].low, 28);
        memset(y + 28, small[i].high, 28);
        y[0] = small[i].first;
        y[28] = small[i].middle;
        if (tori_bytes_eq((struct tori_bytes){y, 56}, (struct tori_bytes){point.at, 56}))
            return true;
    }
    return false;
}

struct tori_result tori_key_check_point(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                        struct tori_bytes point)
{
    if (point.len != algorithm->size)
        return tori_bad_key(cx, "length of a coordinate");
    if (point.len == ED25519_SIZE && is_small_25519(point))
        return tori_bad_key(cx, "small order");
    if (point.len == ED448_SIZE && is_small_448(point))
        return tori_bad_key(cx, "small order");
    return TORI_OK;
}
