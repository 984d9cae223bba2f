#include "base/secret.h"

#include <openssl/crypto.h>

void tori_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

bool tori_ct_eq(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
