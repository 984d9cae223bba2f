#include "base/aead.h"

#include <assert.h>
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>
#include <threads.h>

/* Fetched once and never changed afterwards, as in hash.c. */
static EVP_CIPHER *aes256gcm;
/* One context a thread: sealing a row allocates nothing. It is reset after each use, which wipes
 * the key schedule. */
static thread_local EVP_CIPHER_CTX *context;
/* Gives it back when its thread ends. */
static tss_t owner;

static void context_free(void *gone)
{
    EVP_CIPHER_CTX_free(gone);
}

void tori_aead_init(void)
{
    if (aes256gcm != NULL)
        return;
    aes256gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    assert(aes256gcm != NULL);
    int made = tss_create(&owner, context_free);
    assert(made == thrd_success);
}

static void context_take(void)
{
    context = EVP_CIPHER_CTX_new();
    assert(context != NULL);
    int kept = tss_set(owner, context);
    assert(kept == thrd_success);
}

static bool begin(const struct tori_aead *aead, int sealing)
{
    int n;

    assert(aes256gcm != NULL);
    if (context == NULL)
        context_take();
    assert(aead->bound.len <= INT_MAX);
    return EVP_CipherInit_ex2(context, aes256gcm, aead->key->at, aead->nonce, sealing, NULL) == 1 &&
           EVP_CipherUpdate(context, NULL, &n, aead->bound.at, (int)aead->bound.len) == 1;
}

/* GCM is a stream: what goes in comes out, the last step adds nothing. An update of no bytes would
 * be taken for associated data, so it is left out. */
static bool run(struct tori_bytes in, uint8_t *out)
{
    int n;

    if (in.len > INT_MAX)
        return false;
    return in.len == 0 || EVP_CipherUpdate(context, out, &n, in.at, (int)in.len) == 1;
}

bool tori_aead_seal(const struct tori_aead *aead, struct tori_bytes plain, uint8_t *out)
{
    int n;

    bool done =
        begin(aead, 1) && run(plain, out) &&
        EVP_CipherFinal_ex(context, out + plain.len, &n) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TORI_AEAD_TAG, out + plain.len) == 1;
    EVP_CIPHER_CTX_reset(context);
    return done;
}

bool tori_aead_open(const struct tori_aead *aead, struct tori_bytes sealed, uint8_t *out)
{
    uint8_t tag[TORI_AEAD_TAG];
    int n;

    if (sealed.len < sizeof(tag))
        return false;
    struct tori_bytes body = {sealed.at, sealed.len - sizeof(tag)};
    memcpy(tag, sealed.at + body.len, sizeof(tag));
    bool done = begin(aead, 0) && run(body, out) &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) == 1 &&
                EVP_CipherFinal_ex(context, tag, &n) == 1;
    EVP_CIPHER_CTX_reset(context);
    if (!done)
        tori_wipe(out, body.len);
    return done;
}
