/* Randomness of one command: a stream drawn from a 32-byte seed. The seed comes from the kernel, or
 * from a test, which makes the same commands give the same journal. Wiped with its request. */
#ifndef TORI_BASE_RANDOM_H
#define TORI_BASE_RANDOM_H

#include "base/bytes.h"
#include "base/clock.h"

struct tori_random {
    uint8_t seed[32];
    uint64_t counter;
};

/* From the kernel; the process ends when there is none. */
void tori_random_seed(struct tori_random *random);
/* Many bytes at once, straight from the kernel, where a call for each seed is felt. */
void tori_random_kernel(void *out, size_t n);
void tori_random_fixed(struct tori_random *random, uint64_t test_seed);
void tori_random_fill(struct tori_random *random, void *out, size_t n);

/* bucket || UUIDv7 of `now`. */
struct tori_id tori_id_new(struct tori_random *random, tori_time now, uint16_t bucket);
uint16_t tori_id_bucket(const struct tori_id *id);
struct tori_user_handle tori_user_handle_new(struct tori_random *random, uint16_t bucket);

#endif
