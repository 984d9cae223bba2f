#include "http/limit.h"

#include <pthread.h>
#include <string.h>

#include "base/hash.h"

/* Buckets stand in rows of WAYS: an address goes into the row its keyed hash names, in the place of
 * the one that was not used for longest. Who is pushed out starts full again, so an attacker needs
 * about ROWS * WAYS addresses to free one of his own; with that many he needs no such trick. */
enum { ROWS = 4096, WAYS = 8, MILLI = 1000 };

struct bucket {
    uint64_t key; /* 0: free */
    int64_t used_ms;
    int64_t milli; /* tokens in thousandths */
};

struct waiting {
    struct tori_addr addr;
    int count; /* 0: free */
};

struct tori_limits {
    pthread_mutex_t lock;
    uint8_t seed[16]; /* of the hash: nobody outside can aim at a row */
    struct tori_rate_limit rate[TORI_RATE_COUNT];
    int per_address;
    size_t places; /* a power of two, twice as many as connections at least */
    struct waiting *waiting;
    struct bucket bucket[ROWS][WAYS];
};

struct tori_limits *tori_limits_new(int most, int per_address,
                                    const struct tori_rate_limit rate[static TORI_RATE_COUNT])
{
    struct tori_limits *limits = tori_heap_take(sizeof(*limits));
    struct tori_random random;
    if (limits == NULL)
        return NULL;

    limits->places = 64;
    while (limits->places < (size_t)most * 2)
        limits->places *= 2;
    limits->waiting = tori_heap_take(limits->places * sizeof(*limits->waiting));
    if (limits->waiting == NULL) {
        tori_heap_free(limits);
        return NULL;
    }
    limits->per_address = per_address;
    memcpy(limits->rate, rate, sizeof(limits->rate));
    tori_random_seed(&random);
    tori_random_fill(&random, limits->seed, sizeof(limits->seed));
    pthread_mutex_init(&limits->lock, NULL);
    return limits;
}

void tori_limits_free(struct tori_limits *limits)
{
    if (limits == NULL)
        return;
    pthread_mutex_destroy(&limits->lock);
    tori_heap_free(limits->waiting);
    tori_heap_free(limits);
}

/* FNV-1a over seed, address and class, then a mix (the finaliser of SplitMix64): cheap, and not to
 * be foreseen without the seed for as long as nobody sees which row was hit. */
static uint64_t hash(const struct tori_limits *limits, const struct tori_addr *addr, unsigned class)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < sizeof(limits->seed); i++)
        h = (h ^ limits->seed[i]) * 0x100000001b3u;
    for (size_t i = 0; i < sizeof(addr->at); i++)
        h = (h ^ addr->at[i]) * 0x100000001b3u;
    h ^= class + (addr->local ? 256u : 0u);
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    h ^= h >> 31;
    return h == 0 ? 1 : h;
}

/* Open addressing with linear probing; the table is at most half full. */
static struct waiting *find(struct tori_limits *limits, const struct tori_addr *house)
{
    size_t mask = limits->places - 1;
    size_t i = (size_t)hash(limits, house, 0) & mask;

    while (limits->waiting[i].count > 0 && !tori_addr_eq(&limits->waiting[i].addr, house))
        i = (i + 1) & mask;
    return &limits->waiting[i];
}

bool tori_limits_enter(struct tori_limits *limits, const struct tori_addr *addr)
{
    struct tori_addr house = tori_addr_household(addr);

    pthread_mutex_lock(&limits->lock);
    struct waiting *w = find(limits, &house);
    bool ok = w->count < limits->per_address;
    if (ok) {
        w->addr = house;
        w->count++;
    }
    pthread_mutex_unlock(&limits->lock);
    return ok;
}

/* Closes the gap that a freed place leaves, so that probing still finds what stands behind it. */
static void close_gap(struct tori_limits *limits, size_t gap)
{
    size_t mask = limits->places - 1;

    for (size_t i = (gap + 1) & mask; limits->waiting[i].count > 0; i = (i + 1) & mask) {
        size_t home = (size_t)hash(limits, &limits->waiting[i].addr, 0) & mask;
        if (((i - home) & mask) < ((i - gap) & mask))
            continue;
        limits->waiting[gap] = limits->waiting[i];
        limits->waiting[i].count = 0;
        gap = i;
    }
}

void tori_limits_leave(struct tori_limits *limits, const struct tori_addr *addr)
{
    struct tori_addr house = tori_addr_household(addr);

    pthread_mutex_lock(&limits->lock);
    struct waiting *w = find(limits, &house);
    if (w->count > 0 && --w->count == 0)
        close_gap(limits, (size_t)(w - limits->waiting));
    pthread_mutex_unlock(&limits->lock);
}

static struct bucket *find_bucket(struct tori_limits *limits, uint64_t key)
{
    struct bucket *row = limits->bucket[(key >> 32) % ROWS];
    struct bucket *oldest = &row[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (row[i].key == key)
            return &row[i];
        if (row[i].used_ms < oldest->used_ms)
            oldest = &row[i];
    }
    return oldest;
}

static int64_t take(struct bucket *b, const struct tori_rate_limit *rate, int64_t now_ms)
{
    int64_t full = (int64_t)rate->burst * MILLI;
    int64_t gained = (now_ms - b->used_ms) * rate->per_minute / 60; /* thousandths a millisecond */

    if (gained > 0) {
        b->milli = b->milli + gained > full ? full : b->milli + gained;
        b->used_ms = now_ms;
    }
    if (b->milli >= MILLI) {
        b->milli -= MILLI;
        return 0;
    }
    int64_t per_minute = rate->per_minute > 0 ? rate->per_minute : 1;
    int64_t wait_ms = (MILLI - b->milli) * 60 / per_minute;
    return wait_ms / 1000 + 1;
}

int64_t tori_limits_take(struct tori_limits *limits, const struct tori_addr *addr,
                         enum tori_rate class, int64_t now_ms)
{
    const struct tori_rate_limit *rate = &limits->rate[class];
    if (rate->burst == 0 || addr->local)
        return 0;

    struct tori_addr house = tori_addr_household(addr);
    pthread_mutex_lock(&limits->lock);
    uint64_t key = hash(limits, &house, (unsigned)class + 1);
    struct bucket *b = find_bucket(limits, key);
    if (b->key != key)
        *b = (struct bucket){key, now_ms, (int64_t)rate->burst * MILLI};
    int64_t wait_s = take(b, rate, now_ms);
    pthread_mutex_unlock(&limits->lock);
    return wait_s;
}
