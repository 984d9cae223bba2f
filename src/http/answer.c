#include "http/answer.h"

static const char *const states[] = {"open",   "step_up",  "allowed", "held", "denied",
                                     "lapsed", "redeemed", "expired", NULL};
static const char *const key_types[] = {"public-key", NULL};
static const char *const required[] = {"required", NULL};
static const char *const attestations[] = {"none", NULL};
static const char *const acrs[] = {"phr", NULL};
static const char *const amrs[] = {"hwk", "swk", "user", "mfa", NULL};
static const char *const factors[] = {"held", "known_or_inherent", NULL};

const struct tori_field tori_answer_next[] = {
    TORI_SAYS(TEXT, "next"),
    TORI_FIELDS_END,
};

const struct tori_field tori_answer_approval[] = {
    TORI_SAYS(ID, "approval_id"),
    TORI_FIELDS_END,
};

static const struct tori_field receipt[] = {
    TORI_SAYS(TEXT, "log"),       TORI_SAYS(INT, "shard"), TORI_SAYS(INT, "seq"),
    TORI_SAYS(TEXT, "leaf_hash"), TORI_FIELDS_END,
};

const struct tori_field tori_answer_operation[] = {
    TORI_SAYS(ID, "operation_id"),
    TORI_SAYS(TEXT, "type"),
    TORI_SAYS_WORD("status", states),
    TORI_SAYS(BOOL, "important"),
    TORI_MAY_SAY(TEXT, "reason"),
    TORI_MAY_SAY(TIME, "valid_until"),
    TORI_SAYS(TIME, "expires_at"),
    TORI_SAYS_SUB(OBJECT, "receipt", receipt),
    TORI_FIELDS_END,
};

const struct tori_field tori_answer_session[] = {
    TORI_SAYS(BOOL, "active"),
    TORI_MAY_SAY(ID, "session_id"),
    TORI_MAY_SAY(TEXT, "customer"),
    TORI_MAY_SAY(TEXT, "user"),
    TORI_MAY_SAY_WORD("acr", acrs),
    TORI_MAY_SAY_SET("amr", amrs),
    TORI_MAY_SAY_SET("factors", factors),
    TORI_MAY_SAY(TIME, "auth_time"),
    TORI_MAY_SAY(TIME, "created_at"),
    TORI_MAY_SAY(TIME, "absolute_until"),
    TORI_FIELDS_END,
};

/* WebAuthn L3 §5.1.9 and §5.1.10: to create a passkey or to ask for one; members that only one of
 * the two has are optional. */
static const struct tori_field descriptor[] = {
    TORI_SAYS_WORD("type", key_types),
    TORI_SAYS(B64U, "id"),
    {.name = "transports", .kind = TORI_FIELD_SET, .open = true, .optional = true},
    TORI_FIELDS_END,
};

static const struct tori_field rp[] = {
    TORI_SAYS(TEXT, "id"),
    TORI_SAYS(TEXT, "name"),
    TORI_FIELDS_END,
};

static const struct tori_field user[] = {
    TORI_SAYS(B64U, "id"),
    TORI_SAYS(TEXT, "name"),
    TORI_SAYS(TEXT, "displayName"),
    TORI_FIELDS_END,
};

static const struct tori_field parameter[] = {
    TORI_SAYS_WORD("type", key_types),
    TORI_SAYS(INT, "alg"),
    TORI_FIELDS_END,
};

static const struct tori_field selection[] = {
    TORI_SAYS_WORD("residentKey", required),
    TORI_SAYS(BOOL, "requireResidentKey"),
    TORI_SAYS_WORD("userVerification", required),
    TORI_FIELDS_END,
};

static const struct tori_field extensions[] = {
    TORI_SAYS(BOOL, "credProps"),
    TORI_FIELDS_END,
};

static const struct tori_field options[] = {
    TORI_SAYS(B64U, "challenge"),
    TORI_SAYS(INT, "timeout"),
    TORI_MAY_SAY(TEXT, "rpId"),
    TORI_MAY_SAY_SUB(LIST, "allowCredentials", descriptor),
    TORI_MAY_SAY_WORD("userVerification", required),
    TORI_MAY_SAY_SUB(OBJECT, "rp", rp),
    TORI_MAY_SAY_SUB(OBJECT, "user", user),
    TORI_MAY_SAY_SUB(LIST, "pubKeyCredParams", parameter),
    TORI_MAY_SAY_SUB(LIST, "excludeCredentials", descriptor),
    TORI_MAY_SAY_SUB(OBJECT, "authenticatorSelection", selection),
    TORI_MAY_SAY_WORD("attestation", attestations),
    TORI_MAY_SAY_SUB(OBJECT, "extensions", extensions),
    TORI_FIELDS_END,
};

const struct tori_field tori_answer_challenge[] = {
    TORI_SAYS_SUB(OBJECT, "publicKey", options),
    TORI_SAYS(TIME, "expires_at"),
    TORI_FIELDS_END,
};
