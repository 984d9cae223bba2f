/* The first look at the raw bytes of a request head, before any parser sees them. It knows the line
 * ends, the characters and the shape of field lines, and nothing of their meaning; what it refuses,
 * the parser behind it would have read in more than one way (docs: the strictness table). */
#ifndef TORI_HTTP_SCAN_H
#define TORI_HTTP_SCAN_H

#include "base/bytes.h"

enum { TORI_HEAD_CAP = 16 * 1024, TORI_HEAD_FIELDS = 64 };

enum tori_scan_state {
    TORI_SCAN_MORE,  /* fine so far, the end has not come */
    TORI_SCAN_DONE,  /* CR LF CR LF was met; `head_len` says where the head ends */
    TORI_SCAN_BAD,   /* a byte that has no place here */
    TORI_SCAN_LARGE, /* too many bytes or too many fields */
};

/* Where the scan stands; all zero at the start of a head. */
struct tori_scan {
    size_t at;     /* bytes looked at */
    size_t column; /* of the current line */
    size_t lines;  /* ended so far */
    bool cr;       /* the last byte was CR */
    bool named;    /* the colon of this line has come */
};

/* `got` is the head from its first byte, each time with more of it. A wrong byte is told as soon as
 * it is there, so nobody waits for an end that a bare LF will never bring. */
enum tori_scan_state tori_scan_head(struct tori_scan *scan, struct tori_bytes got,
                                    size_t *head_len);

/* RFC 9110 §5.6.2 token characters. */
bool tori_is_token(uint8_t c);

/* Guards the framing of a chunked body: 1 to 8 hex digits, CR LF, data, CR LF, … 0, CR LF, CR LF.
 * No extensions, no trailers, no spaces. All zero at the start. */
struct tori_chunks {
    int state;
    int digits;
    uint64_t left;
};

/* Looks at `in` and stops after the last byte of the body. False: refused. */
bool tori_chunks_scan(struct tori_chunks *chunks, struct tori_bytes in, size_t *used,
                      bool *complete);

#endif
