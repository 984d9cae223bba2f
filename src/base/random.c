#include "base/random.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"

void tori_random_kernel(void *out, size_t n)
{
    uint8_t *to = out;

    while (n > 0) {
        /* Up to 256 bytes are never interrupted (getrandom(2)). */
        size_t part = n < 256 ? n : 256;
        ssize_t got = getrandom(to, part, 0);
        assert(got == (ssize_t)part);
        to += part;
        n -= part;
    }
}

void tori_random_seed(struct tori_random *random)
{
    tori_random_kernel(random->seed, sizeof(random->seed));
    random->counter = 0;
}

void tori_random_fixed(struct tori_random *random, uint64_t test_seed)
{
    memset(random, 0, sizeof(*random));
    memcpy(random->seed, &test_seed, sizeof(test_seed));
}

/* Block i is SHA-256(seed || i): one way, and nobody outside sees the seed. */
void tori_random_fill(struct tori_random *random, void *out, size_t n)
{
    uint8_t *to = out;

    while (n > 0) {
        struct tori_hash block =
            tori_sha256_parts((const struct tori_bytes[]){TORI_BYTES_OF(random->seed),
                                                          {(const uint8_t *)&random->counter,
                                                           sizeof(random->counter)}},
                              2);
        size_t part = n < sizeof(block.at) ? n : sizeof(block.at);
        memcpy(to, block.at, part);
        tori_wipe(&block, sizeof(block));
        random->counter++;
        to += part;
        n -= part;
    }
}

/* RFC 9562 §5.7: 48 bits of time, version 7, variant 10, the rest random. */
struct tori_id tori_id_new(struct tori_random *random, tori_time now, uint16_t bucket)
{
    struct tori_id id;

    tori_random_fill(random, id.at + 8, sizeof(id.at) - 8);
    id.at[0] = (uint8_t)(bucket >> 8);
    id.at[1] = (uint8_t)bucket;
    for (int i = 0; i < 6; i++)
        id.at[2 + i] = (uint8_t)((uint64_t)now >> (40 - 8 * i));
    id.at[8] = (uint8_t)(0x70 | (id.at[8] & 0x0f));
    id.at[10] = (uint8_t)(0x80 | (id.at[10] & 0x3f));
    return id;
}

uint16_t tori_id_bucket(const struct tori_id *id)
{
    return (uint16_t)(id->at[0] << 8 | id->at[1]);
}

struct tori_user_handle tori_user_handle_new(struct tori_random *random, uint16_t bucket)
{
    struct tori_user_handle handle;

    tori_random_fill(random, handle.at, sizeof(handle.at));
    handle.at[0] = (uint8_t)(bucket >> 8);
    handle.at[1] = (uint8_t)bucket;
    return handle;
}
