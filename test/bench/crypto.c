/* crypto: each line of standard input, a number of turns, is answered by the CPU time of one ES256
 * verification, one SHA-256 and one sealing, in microseconds. This is OpenSSL at its best: keys and
 * contexts kept, algorithms fetched once. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIGNED = 69, HASHED = 160, SEALED = 160 };

static EVP_MD *sha256;
static EVP_PKEY_CTX *verifier;
static EVP_CIPHER_CTX *sealer;
static uint8_t digest[32], signature[80], text[SEALED], sealed[SEALED];
static size_t signature_len = sizeof(signature);

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "crypto: %s failed (line %d)\n", #what, __LINE__);                     \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static void prepare(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    must(key != NULL && (sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) != NULL);
    must(EVP_Digest(text, SIGNED, digest, NULL, sha256, NULL) == 1);
    EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(signer != NULL && EVP_PKEY_sign_init(signer) == 1);
    must(EVP_PKEY_sign(signer, signature, &signature_len, digest, sizeof(digest)) == 1);
    EVP_PKEY_CTX_free(signer);
    verifier = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    must(verifier != NULL && EVP_PKEY_verify_init(verifier) == 1);
    sealer = EVP_CIPHER_CTX_new();
    must(sealer != NULL);
    EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    must(aes != NULL && EVP_EncryptInit_ex2(sealer, aes, text, text, NULL) == 1);
}

static void verify_one(void)
{
    must(EVP_PKEY_verify(verifier, signature, signature_len, digest, sizeof(digest)) == 1);
}

static void hash_one(void)
{
    must(EVP_Digest(text, HASHED, sealed, NULL, sha256, NULL) == 1);
}

/* Every customer has a key of his own, so each sealing sets one. */
static void seal_one(void)
{
    uint8_t tag[16];
    int n;

    must(EVP_EncryptInit_ex2(sealer, NULL, text, text, NULL) == 1);
    must(EVP_EncryptUpdate(sealer, sealed, &n, text, SEALED) == 1);
    must(EVP_EncryptFinal_ex(sealer, sealed + n, &n) == 1);
    must(EVP_CIPHER_CTX_ctrl(sealer, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag) == 1);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double each(void (*one)(void), long turns)
{
    double from = cpu_us();

    for (long i = 0; i < turns; i++)
        one();
    return (cpu_us() - from) / (double)turns;
}

int main(void)
{
    char words[64];

    setvbuf(stdout, NULL, _IOLBF, 0);
    prepare();
    while (fgets(words, sizeof(words), stdin) != NULL) {
        long turns = strtol(words, NULL, 10);
        must(turns > 0);
        printf("%.4f %.4f %.4f\n", each(verify_one, turns), each(hash_one, turns * 10),
               each(seal_one, turns * 10));
    }
    return 0;
}
