#include "http/scan.h"

#include <string.h>

bool tori_is_token(uint8_t c)
{
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
        return true;
    if (c >= '0' && c <= '9')
        return true;
    return c != 0 && strchr("-_!#$%&'*+.^`|~", c) != NULL;
}

/* One byte inside a line. The request line (line 0) has no spaces to speak of here: the join checks
 * its three parts. */
static bool line_byte(struct tori_scan *scan, uint8_t c)
{
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return false;
    if (scan->lines == 0)
        return c > 0x20 || (c == ' ' && scan->column > 0);
    if (scan->named)
        return true;
    if (c == ':') {
        scan->named = true;
        return scan->column > 0;
    }
    return tori_is_token(c); /* so also no folding and no space before the colon */
}

/* The LF after a CR: the line is over. */
static enum tori_scan_state line_end(struct tori_scan *scan)
{
    bool empty = scan->column == 0;

    scan->cr = false;
    if (empty)
        return scan->lines == 0 ? TORI_SCAN_BAD : TORI_SCAN_DONE;
    if (scan->lines > 0 && !scan->named)
        return TORI_SCAN_BAD;
    scan->lines++;
    scan->column = 0;
    scan->named = false;
    return scan->lines > TORI_HEAD_FIELDS + 1 ? TORI_SCAN_LARGE : TORI_SCAN_MORE;
}

static enum tori_scan_state step(struct tori_scan *scan, uint8_t c)
{
    if (scan->cr)
        return c == '\n' ? line_end(scan) : TORI_SCAN_BAD;
    if (c == '\r') {
        scan->cr = true;
        return TORI_SCAN_MORE;
    }
    if (!line_byte(scan, c))
        return TORI_SCAN_BAD;
    scan->column++;
    return TORI_SCAN_MORE;
}

enum tori_scan_state tori_scan_head(struct tori_scan *scan, struct tori_bytes got, size_t *head_len)
{
    size_t end = got.len < TORI_HEAD_CAP ? got.len : TORI_HEAD_CAP;

    while (scan->at < end) {
        enum tori_scan_state state = step(scan, got.at[scan->at++]);
        if (state == TORI_SCAN_MORE)
            continue;
        *head_len = scan->at;
        return state;
    }
    return scan->at >= TORI_HEAD_CAP ? TORI_SCAN_LARGE : TORI_SCAN_MORE;
}

enum chunk_state { SIZE, SIZE_LF, DATA, DATA_CR, DATA_LF, LAST_CR, LAST_LF, END };

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool size_byte(struct tori_chunks *chunks, uint8_t c)
{
    int digit = hex_digit(c);

    if (digit >= 0 && chunks->digits < 8) {
        chunks->left = chunks->left << 4 | (uint64_t)digit;
        chunks->digits++;
        return true;
    }
    chunks->state = SIZE_LF;
    return c == '\r' && chunks->digits > 0;
}

static bool expect(struct tori_chunks *chunks, uint8_t c, uint8_t want, enum chunk_state next)
{
    chunks->state = next;
    return c == want;
}

static bool chunk_byte(struct tori_chunks *chunks, uint8_t c)
{
    switch ((enum chunk_state)chunks->state) {
    case SIZE:
        return size_byte(chunks, c);
    case SIZE_LF:
        return expect(chunks, c, '\n', chunks->left > 0 ? DATA : LAST_CR);
    case DATA_CR:
        return expect(chunks, c, '\r', DATA_LF);
    case DATA_LF:
        chunks->digits = 0;
        return expect(chunks, c, '\n', SIZE);
    case LAST_CR:
        return expect(chunks, c, '\r', LAST_LF);
    case LAST_LF:
        return expect(chunks, c, '\n', END);
    case DATA:
    case END:
        break;
    }
    return false;
}

bool tori_chunks_scan(struct tori_chunks *chunks, struct tori_bytes in, size_t *used,
                      bool *complete)
{
    size_t at = 0;

    while (at < in.len && chunks->state != END) {
        if (chunks->state != DATA) {
            if (!chunk_byte(chunks, in.at[at++]))
                return false;
            continue;
        }
        size_t part = in.len - at < chunks->left ? in.len - at : (size_t)chunks->left;
        at += part;
        chunks->left -= part;
        if (chunks->left == 0)
            chunks->state = DATA_CR;
    }
    *used = at;
    *complete = chunks->state == END;
    return true;
}
