/* Checkpoints (C2SP tlog-checkpoint) and the signed notes that carry them (C2SP signed-note), with
 * Ed25519 signatures. Verifier keys are "name+hexid+base64". */
#ifndef TORI_DOMAIN_EVIDENCE_NOTE_H
#define TORI_DOMAIN_EVIDENCE_NOTE_H

#include "base/buf.h"
#include "base/ctx.h"
#include "domain/evidence/merkle.h"

enum {
    TORI_ORIGIN_MAX = 128,
    TORI_NOTE_MAX = 16 * 1024,
    TORI_NOTE_SIGNATURES_MAX = 100,
    TORI_ED25519_KEY = 32,
    TORI_ED25519_SIGNATURE = 64,
};

/* A name fit for a key and an origin: UTF-8, no white space, no control, no plus. */
bool tori_note_name_valid(struct tori_str name);

struct tori_note_key {
    struct tori_str name; /* owned by whoever made the key */
    uint8_t id[4];        /* SHA-256(name || 0x0A || 0x01 || public)[:4] */
    uint8_t public[TORI_ED25519_KEY];
};
struct tori_note_key tori_note_key(struct tori_str name,
                                   const uint8_t public[static TORI_ED25519_KEY]);

void tori_vkey_put(struct tori_buf *buf, const struct tori_note_key *key);
/* A newline at the end is allowed. BAD_FIELD. `out` points into `text`. */
TORI_RESULT tori_vkey_read(struct tori_ctx *cx, struct tori_str text, struct tori_note_key *out);

struct tori_checkpoint {
    struct tori_str origin;
    struct tori_tree_head head;
};

/* The signed text: origin, size, root, each with its newline. */
void tori_checkpoint_put(struct tori_buf *buf, const struct tori_checkpoint *checkpoint);
/* What follows it: an empty line and the signature line. */
void tori_signature_put(struct tori_buf *buf, const struct tori_note_key *key,
                        const uint8_t signature[static TORI_ED25519_SIGNATURE]);

/* Reads a signed checkpoint and verifies the signature of `key`; lines of other keys are ignored.
 * LOG_DIFFERS when the text is not well formed, has no signature of that key, one that does not
 * verify, or another origin than the key's name. `signature` may be NULL. */
struct tori_opened {
    struct tori_checkpoint checkpoint; /* points into the text */
    uint8_t signature[TORI_ED25519_SIGNATURE];
};
TORI_RESULT tori_checkpoint_open(struct tori_ctx *cx, struct tori_str note,
                                 const struct tori_note_key *key, struct tori_opened *out);

bool tori_ed25519_verifies(const uint8_t public[static TORI_ED25519_KEY],
                           const uint8_t signature[static TORI_ED25519_SIGNATURE],
                           struct tori_bytes text);

#endif
