/* The handle inside a certificate; only this room sees it. */
#ifndef TORI_CODEC_X509_INT_H
#define TORI_CODEC_X509_INT_H

#include <openssl/x509.h>

#include "codec/x509.h"

/* False when an extension that RFC 5280 §6 looks at is malformed. */
bool tori_certificate_is_readable(const struct tori_certificate *certificate);
X509 *tori_certificate_x509(const struct tori_certificate *certificate);

#endif
