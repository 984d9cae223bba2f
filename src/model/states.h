/* The words that columns of type int hold. Numbers are stored: never reuse or renumber one. Every
 * state below TORI_OVER is live, every other is over. */
#ifndef TORI_MODEL_STATES_H
#define TORI_MODEL_STATES_H

enum { TORI_OVER = 10 };

enum tori_customer_kind { TORI_PERSON = 1, TORI_COMPANY = 2 };

enum tori_active_state {
    TORI_ACTIVE = 1,
    TORI_PENDING = 2, /* waits for its approval */
    TORI_DISABLED = 10,
};

/* What a user may do on an account: bits of role.rights. */
enum tori_right {
    TORI_RIGHT_VIEW = 1,
    TORI_RIGHT_TRADE = 2,
    TORI_RIGHT_WITHDRAW = 4,
    TORI_RIGHT_MANAGE = 8, /* profile and payout account */
};

/* What a channel may ask for: bits of channel.rights. */
enum tori_channel_right {
    TORI_CHANNEL_ASK = 1,     /* interactions, operations, sessions */
    TORI_CHANNEL_RECORDS = 2, /* customers and events */
};

enum tori_contact_kind { TORI_CONTACT_MAIL = 1 };
enum tori_contact_state {
    TORI_CONTACT_ACTIVE = 1,
    TORI_CONTACT_BOUNCING = 2,
    TORI_CONTACT_REMOVED = 10
};

enum tori_credential_state {
    TORI_CREDENTIAL_ACTIVE = 1,
    TORI_CREDENTIAL_SUSPENDED = 2, /* named by "this was not me": waits for the desk */
    TORI_CREDENTIAL_REMOVED = 10,
};

enum tori_proofing_kind {
    TORI_PROOFING_DOCUMENT = 1,
    TORI_PROOFING_IN_PERSON = 2,
    TORI_PROOFING_VIDEO = 3
};
enum tori_proofing_state {
    TORI_PROOFING_REQUESTED = 1,
    TORI_PROOFING_APPROVED = 2,
    TORI_PROOFING_REFUSED = 10
};

enum tori_window_state {
    TORI_WINDOW_OPEN = 1,     /* the code is on its way */
    TORI_WINDOW_UNLOCKED = 2, /* the code was given in the interaction noted in the row */
    TORI_WINDOW_USED = 10,
    TORI_WINDOW_SPENT = 11, /* too many wrong codes */
    TORI_WINDOW_REPLACED = 12,
};

enum tori_binding { TORI_BINDING_NONE = 1 };
enum tori_acr { TORI_ACR_PHR = 1 }; /* phishing-resistant, by a passkey with user verification */
/* RFC 8176 method references: bits of session.amr. */
enum tori_amr { TORI_AMR_HWK = 1, TORI_AMR_SWK = 2, TORI_AMR_USER = 4, TORI_AMR_MFA = 8 };
/* The five kinds of evidence of AUTH-22: bits of session.factors. */
enum tori_factor {
    TORI_FACTOR_HELD = 1,
    TORI_FACTOR_KNOWN_OR_INHERENT = 2, /* PIN or biometric: the authenticator does not say which */
};

enum tori_purpose {
    TORI_PURPOSE_LOGIN = 1,
    TORI_PURPOSE_CONFIRM = 2,
    TORI_PURPOSE_ENROL = 3,
    TORI_PURPOSE_MANAGE = 4,
};

enum tori_interaction_state {
    TORI_VISIT_OPENED = 1,
    TORI_VISIT_BOUND = 2,  /* to the first browser */
    TORI_VISIT_AGREED = 3, /* enrol: the code was right; add: the existing passkey agreed */
    TORI_VISIT_PROVED = 4,
    TORI_VISIT_COLLECTED = 10,
    TORI_VISIT_FAILED = 11,
};

enum tori_operation_state {
    TORI_OP_OPEN = 1,
    TORI_OP_STEP_UP = 2,
    TORI_OP_ALLOWED = 3,
    TORI_OP_HELD = 4,
    TORI_OP_DENIED = 10,
    TORI_OP_REDEEMED = 11,
    TORI_OP_LAPSED = 12,  /* allowed, but not redeemed in time */
    TORI_OP_EXPIRED = 13, /* never proved in time */
};

enum tori_notice_state { TORI_NOTICE_NEW = 1, TORI_NOTICE_DISPUTED = 2 };

enum tori_lock_scope { TORI_LOCK_EVERYTHING = 1 };
enum tori_lock_cause { TORI_LOCK_SELF = 1, TORI_LOCK_NOT_ME = 2, TORI_LOCK_DESK = 3 };
enum tori_lock_state { TORI_LOCK_HOLDS = 1, TORI_LOCK_LIFTED = 10 };

enum tori_job_kind { TORI_JOB_MAIL = 1, TORI_JOB_LETTER = 2 };
enum tori_job_state { TORI_JOB_DUE = 1, TORI_JOB_DONE = 10, TORI_JOB_FAILED = 11 };

enum tori_approval_state {
    TORI_APPROVAL_OPEN = 1,
    TORI_APPROVAL_DONE = 10,
    TORI_APPROVAL_REJECTED = 11,
    TORI_APPROVAL_EXPIRED = 12,
};

#endif
