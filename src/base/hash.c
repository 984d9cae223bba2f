#include "base/hash.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>
#include <threads.h>

#include "base/tally.h"

/* Fetched once and never changed afterwards: a foreign constant in all but name. */
static EVP_MD *sha256;
/* One digest context a thread, so that hashing a request allocates nothing. */
static thread_local EVP_MD_CTX *context;
/* Gives it back when its thread ends. */
static tss_t owner;

static void context_free(void *gone)
{
    EVP_MD_CTX_free(gone);
}

void tori_hash_init(void)
{
    if (sha256 != NULL)
        return;
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    assert(sha256 != NULL);
    int made = tss_create(&owner, context_free);
    assert(made == thrd_success);
}

static void context_take(void)
{
    context = EVP_MD_CTX_new();
    assert(context != NULL);
    int kept = tss_set(owner, context);
    assert(kept == thrd_success);
}

struct tori_hash tori_sha256_parts(const struct tori_bytes *part, size_t n)
{
    struct tori_hash out;

    assert(sha256 != NULL);
    tori_tally(TORI_TALLY_HASH);
    if (context == NULL)
        context_take();
    int ok = EVP_DigestInit_ex2(context, sha256, NULL);
    for (size_t i = 0; ok == 1 && i < n; i++)
        ok = EVP_DigestUpdate(context, part[i].at, part[i].len);
    ok = ok == 1 && EVP_DigestFinal_ex(context, out.at, NULL) == 1;
    assert(ok);
    return out;
}

struct tori_hash tori_sha256(struct tori_bytes one)
{
    return tori_sha256_parts(&one, 1);
}

/* RFC 2104 with a 32-byte key, so the key is shorter than the block. */
struct tori_hash tori_hmac_sha256(const struct tori_key32 *key, struct tori_bytes data)
{
    uint8_t pad[64];

    memset(pad, 0x36, sizeof(pad));
    for (size_t i = 0; i < sizeof(key->at); i++)
        pad[i] ^= key->at[i];
    struct tori_hash inner =
        tori_sha256_parts((const struct tori_bytes[]){TORI_BYTES_OF(pad), data}, 2);
    for (size_t i = 0; i < sizeof(pad); i++)
        pad[i] ^= 0x36 ^ 0x5c;
    struct tori_hash outer = tori_sha256_parts(
        (const struct tori_bytes[]){TORI_BYTES_OF(pad), tori_hash_bytes(&inner)}, 2);
    tori_wipe(pad, sizeof(pad));
    return outer;
}
