#include "domain/evidence/note.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/auto.h"
#include "codec/base64url.h"

TORI_AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free)
TORI_AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)

enum { TYPE_ED25519 = 0x01, KEY_ID = 4 };

/* C2SP signed-note "Format": an em dash and a space begin each signature line. */
static const struct tori_str dash = TORI_STR_INIT("\xe2\x80\x94 ");

/* Spaces beyond ASCII are refused by refusing the few blocks that hold them. */
static bool is_wide_space(const char *at, size_t left)
{
    static const char *const spaces[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
                                         "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                         "\xe2\x81\x9f", "\xe3\x80\x80"};

    for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
        if (strlen(spaces[i]) <= left && strncmp(at, spaces[i], strlen(spaces[i])) == 0)
            return true;
    /* U+2000 … U+200A */
    return left >= 3 && strncmp(at, "\xe2\x80", 2) == 0 && (uint8_t)at[2] >= 0x80 &&
           (uint8_t)at[2] <= 0x8a;
}

bool tori_note_name_valid(struct tori_str name)
{
    if (name.len == 0 || name.len > TORI_ORIGIN_MAX || !tori_utf8_valid(tori_str_bytes(name)))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = (uint8_t)name.at[i];
        if (c <= 0x20 || c == 0x7f || c == '+' || is_wide_space(name.at + i, name.len - i))
            return false;
    }
    return true;
}

/* C2SP signed-note "Signatures": the key id of an Ed25519 key. */
struct tori_note_key tori_note_key(struct tori_str name,
                                   const uint8_t public[static TORI_ED25519_KEY])
{
    struct tori_note_key key = {.name = name};
    static const uint8_t middle[2] = {0x0a, TYPE_ED25519};

    struct tori_hash hash = tori_sha256_parts(
        (const struct tori_bytes[]){
            tori_str_bytes(name), TORI_BYTES_OF(middle), {public, TORI_ED25519_KEY}},
        3);
    memcpy(key.id, hash.at, sizeof(key.id));
    memcpy(key.public, public, sizeof(key.public));
    return key;
}

void tori_vkey_put(struct tori_buf *buf, const struct tori_note_key *key)
{
    uint8_t typed[1 + TORI_ED25519_KEY] = {TYPE_ED25519};

    memcpy(typed + 1, key->public, sizeof(key->public));
    tori_buf_str(buf, key->name);
    tori_buf_byte(buf, '+');
    tori_buf_hex(buf, TORI_BYTES_OF(key->id));
    tori_buf_byte(buf, '+');
    tori_buf_b64(buf, TORI_BYTES_OF(typed));
}

static struct tori_str until(struct tori_str *rest, char end)
{
    const char *found = rest->len == 0 ? NULL : memchr(rest->at, end, rest->len);
    size_t n = found == NULL ? rest->len : (size_t)(found - rest->at);
    struct tori_str word = {rest->at, n};

    n += found != NULL;
    rest->at += n;
    rest->len -= n;
    return word;
}

static bool hex_is(struct tori_str hex, const uint8_t id[static KEY_ID])
{
    static const char digit[] = "0123456789abcdef";

    if (hex.len != (size_t)2 * KEY_ID)
        return false;
    for (size_t i = 0; i < KEY_ID; i++)
        if (hex.at[2 * i] != digit[id[i] >> 4] || hex.at[2 * i + 1] != digit[id[i] & 15])
            return false;
    return true;
}

struct tori_result tori_vkey_read(struct tori_ctx *cx, struct tori_str text,
                                  struct tori_note_key *out)
{
    struct tori_bytes typed;

    if (text.len > 0 && text.at[text.len - 1] == '\n')
        text.len--;
    struct tori_str name = until(&text, '+'), id = until(&text, '+');
    if (!tori_note_name_valid(name))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("vkey", "name"));
    TORI_TRY(tori_b64_decode(cx, text, &typed));
    if (typed.len != 1 + TORI_ED25519_KEY || typed.at[0] != TYPE_ED25519)
        return TORI_FAIL(cx, BAD_FIELD, tori_word("vkey", "key"));
    struct tori_note_key key = tori_note_key(name, typed.at + 1);
    if (!hex_is(id, key.id))
        return TORI_FAIL(cx, BAD_FIELD, tori_word("vkey", "id"));
    *out = key;
    return TORI_OK;
}

void tori_checkpoint_put(struct tori_buf *buf, const struct tori_checkpoint *checkpoint)
{
    tori_buf_str(buf, checkpoint->origin);
    tori_buf_printf(buf, "\n%llu\n", (unsigned long long)checkpoint->head.size);
    tori_buf_b64(buf, tori_hash_bytes(&checkpoint->head.root));
    tori_buf_byte(buf, '\n');
}

void tori_signature_put(struct tori_buf *buf, const struct tori_note_key *key,
                        const uint8_t signature[static TORI_ED25519_SIGNATURE])
{
    uint8_t signed_by[KEY_ID + TORI_ED25519_SIGNATURE];

    memcpy(signed_by, key->id, sizeof(key->id));
    memcpy(signed_by + KEY_ID, signature, TORI_ED25519_SIGNATURE);
    tori_buf_byte(buf, '\n');
    tori_buf_str(buf, dash);
    tori_buf_str(buf, key->name);
    tori_buf_byte(buf, ' ');
    tori_buf_b64(buf, TORI_BYTES_OF(signed_by));
    tori_buf_byte(buf, '\n');
}

bool tori_ed25519_verifies(const uint8_t public[static TORI_ED25519_KEY],
                           const uint8_t signature[static TORI_ED25519_SIGNATURE],
                           struct tori_bytes text)
{
    TORI_AUTO(EVP_PKEY) key =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public, TORI_ED25519_KEY);
    TORI_AUTO(EVP_MD_CTX) verify = EVP_MD_CTX_new();

    return key != NULL && verify != NULL &&
           EVP_DigestVerifyInit_ex(verify, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
           EVP_DigestVerify(verify, signature, TORI_ED25519_SIGNATURE, text.at, text.len) == 1;
}

#define DIFFERS(cx, why) TORI_FAIL(cx, LOG_DIFFERS, tori_word("note", why))

/* C2SP signed-note "Format": UTF-8, no control but newline; the last empty line ends the text. */
static struct tori_result take_apart(struct tori_ctx *cx, struct tori_str note,
                                     struct tori_str *text, struct tori_str *signatures)
{
    if (note.len > TORI_NOTE_MAX || !tori_utf8_valid(tori_str_bytes(note)))
        return DIFFERS(cx, "text");
    for (size_t i = 0; i < note.len; i++)
        if (((uint8_t)note.at[i] < 0x20 && note.at[i] != '\n') || note.at[i] == 0x7f)
            return DIFFERS(cx, "control");
    if (note.len < 4 || note.at[note.len - 1] != '\n')
        return DIFFERS(cx, "end");
    for (size_t i = note.len - 2; i > 0; i--) {
        if (note.at[i] != '\n' || note.at[i - 1] != '\n')
            continue;
        *text = (struct tori_str){note.at, i};
        *signatures = (struct tori_str){note.at + i + 1, note.len - i - 1};
        return TORI_OK;
    }
    return DIFFERS(cx, "no signatures");
}

struct signature_line {
    struct tori_str name;
    struct tori_bytes signed_by; /* key id, then the signature */
};

static struct tori_result line_read(struct tori_ctx *cx, struct tori_str line,
                                    struct signature_line *out)
{
    if (!tori_str_starts(line, dash))
        return DIFFERS(cx, "dash");
    line.at += dash.len;
    line.len -= dash.len;
    out->name = until(&line, ' ');
    if (!tori_note_name_valid(out->name))
        return DIFFERS(cx, "name");
    if (TORI_FAILED(tori_b64_decode(cx, line, &out->signed_by)) || out->signed_by.len <= KEY_ID)
        return DIFFERS(cx, "base64");
    return TORI_OK;
}

static bool is_by(const struct signature_line *line, const struct tori_note_key *key)
{
    return tori_str_eq(line->name, key->name) &&
           tori_bytes_eq((struct tori_bytes){line->signed_by.at, KEY_ID}, TORI_BYTES_OF(key->id));
}

/* Every line must be well formed; one of them must be by `key`, and each that is must verify. */
static struct tori_result verify(struct tori_ctx *cx, struct tori_str text,
                                 struct tori_str signatures, const struct tori_note_key *key,
                                 uint8_t signature[static TORI_ED25519_SIGNATURE])
{
    struct signature_line line;
    bool found = false;

    for (size_t n = 0; signatures.len > 0; n++) {
        if (n == TORI_NOTE_SIGNATURES_MAX)
            return DIFFERS(cx, "too many signatures");
        TORI_TRY(line_read(cx, until(&signatures, '\n'), &line));
        if (!is_by(&line, key))
            continue;
        if (line.signed_by.len != KEY_ID + TORI_ED25519_SIGNATURE ||
            !tori_ed25519_verifies(key->public, line.signed_by.at + KEY_ID, tori_str_bytes(text)))
            return DIFFERS(cx, "signature");
        memcpy(signature, line.signed_by.at + KEY_ID, TORI_ED25519_SIGNATURE);
        found = true;
    }
    return found ? TORI_OK : DIFFERS(cx, "not by this key");
}

/* Decimal without leading zeros. */
static bool size_read(struct tori_str text, uint64_t *out)
{
    uint64_t n = 0;

    if (text.len == 0 || text.len > 20 || (text.len > 1 && text.at[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint64_t digit = (uint64_t)(uint8_t)text.at[i] - '0';
        if (digit > 9 || n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

/* C2SP tlog-checkpoint "Note text": three lines, then extension lines that are not ours to
 * judge. */
static struct tori_result checkpoint_read(struct tori_ctx *cx, struct tori_str text,
                                          struct tori_checkpoint *out)
{
    struct tori_bytes root;

    out->origin = until(&text, '\n');
    if (!size_read(until(&text, '\n'), &out->head.size))
        return DIFFERS(cx, "size");
    if (TORI_FAILED(tori_b64_decode(cx, until(&text, '\n'), &root)) ||
        root.len != sizeof(out->head.root))
        return DIFFERS(cx, "root");
    memcpy(out->head.root.at, root.at, root.len);
    while (text.len > 0)
        if (until(&text, '\n').len == 0)
            return DIFFERS(cx, "empty extension");
    return TORI_OK;
}

struct tori_result tori_checkpoint_open(struct tori_ctx *cx, struct tori_str note,
                                        const struct tori_note_key *key, struct tori_opened *out)
{
    struct tori_str text, signatures;
    struct tori_opened opened;

    TORI_TRY(take_apart(cx, note, &text, &signatures));
    TORI_TRY(verify(cx, text, signatures, key, opened.signature));
    TORI_TRY(checkpoint_read(cx, text, &opened.checkpoint));
    if (!tori_str_eq(opened.checkpoint.origin, key->name))
        return DIFFERS(cx, "origin");
    *out = opened;
    return TORI_OK;
}
