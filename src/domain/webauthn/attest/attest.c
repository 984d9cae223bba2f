#include "domain/webauthn/attest/attest.h"

const struct tori_attest_format *tori_attest_find(struct tori_str fmt)
{
    for (size_t i = 0; i < tori_attest_format_count; i++) {
        if (tori_str_eq(tori_attest_formats[i]->fmt, fmt))
            return tori_attest_formats[i];
    }
    return NULL;
}
