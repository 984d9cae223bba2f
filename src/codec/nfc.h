/* Text that people sign: Unicode normal form NFC and no control characters (category Cc), so that
 * what looks the same is the same. */
#ifndef TORI_CODEC_NFC_H
#define TORI_CODEC_NFC_H

#include "base/bytes.h"

/* `text` is valid UTF-8. */
bool tori_nfc_plain(struct tori_str text);

#endif
