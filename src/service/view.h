/* What pages show: plain data that decide leaves in reply->view and a page's finish turns into
 * HTML. No rules in here. Everything lives in the request's arena; ids and times of value zero mean
 * "none", an empty text means "not known". A view begins with its frame. */
#ifndef TORI_SERVICE_VIEW_H
#define TORI_SERVICE_VIEW_H

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

/* What every page has around it. */
struct tori_view_frame {
    struct tori_str firm;   /* the firm's name, as its customers know it */
    struct tori_str phone;  /* of the support desk; empty: none is set */
    bool operators;         /* the operators' host: another head and navigation */
    bool demo;              /* explain the virtual authenticator of the developer tools */
    struct tori_str person; /* who is logged in; empty: nobody */
};

/* One field of what is signed, in the order of its canonical form. */
enum tori_line_kind {
    TORI_LINE_TEXT,
    TORI_LINE_MONEY, /* text = ISO 4217 code, number = minor units */
    TORI_LINE_NUMBER,
    TORI_LINE_TIME, /* number = ms since 1970 */
    TORI_LINE_WORD, /* word = text key of the value ("buy") */
};

struct tori_view_line {
    enum tori_text_key label;
    enum tori_line_kind kind;
    struct tori_str text;
    int64_t number;
    enum tori_text_key word;
};

/* An operation, or the action of an approval, as it is signed. */
struct tori_view_operation {
    enum tori_text_key title;   /* the verb in a heading: "Withdrawal" */
    enum tori_text_key warning; /* one sentence before the button */
    struct tori_str account;    /* empty: names none */
    const struct tori_view_line *lines;
    size_t line_count;
};

/* GET /i/{id}, on both hosts. */
enum tori_view_step {
    TORI_VIEW_LOGIN,   /* one passkey button, conditional UI */
    TORI_VIEW_CONFIRM, /* shows `operation`, asks for its own proof */
    TORI_VIEW_CODE,    /* enrol: asks for the code of the letter, then makes the passkey */
    TORI_VIEW_MAKE,    /* the code is known already, or an existing passkey has agreed: makes the
                          passkey */
    TORI_VIEW_DONE,    /* proved, or collected: nothing left to do here */
    TORI_VIEW_EXPIRED,
    TORI_VIEW_FAILED,
    TORI_VIEW_LOCKED,
    TORI_VIEW_OTHER_BROWSER,
    TORI_VIEW_UNKNOWN,
};

enum tori_view_purpose {
    TORI_VIEW_FOR_LOGIN,
    TORI_VIEW_FOR_CONFIRM,
    TORI_VIEW_FOR_ENROL,
    TORI_VIEW_FOR_MANAGE, /* the security centre, or the console on the operators' host */
};

struct tori_view_visit {
    struct tori_view_frame frame;
    enum tori_view_step step;
    enum tori_view_purpose purpose;
    struct tori_id id;
    struct tori_str channel; /* who sent the browser, by name; empty: this host itself */
    struct tori_str
        back; /* where to go when it is over (origin of the channel, or "/me"); may be empty */
    struct tori_str
        account; /* enrol: whose passkey is made, as the customer knows it (user's name) */
    struct tori_str suggestion; /* of a label for the new passkey; empty: the page has one */
    struct tori_view_operation operation; /* CONFIRM */
    tori_time expires_at;
};

/* GET /me: the security centre. */
struct tori_view_notice {
    struct tori_id id;
    tori_time at;
    struct tori_str title;
    struct tori_str text; /* lines are separated by LF */
    bool disputable;      /* a "this was not me" button belongs beside it */
    bool disputed;        /* it has been pressed */
};

struct tori_view_session {
    struct tori_id id;
    struct tori_str channel;
    struct tori_str device; /* in words: "Chrome, Windows" */
    tori_time at;           /* of the login */
    bool current;
};

struct tori_view_credential {
    struct tori_id id;
    struct tori_str label;
    bool synced; /* backup eligible: lives in the person's cloud account; else in one device */
    tori_time created_at;
    tori_time last_used_at; /* 0: never */
};

struct tori_view_centre {
    struct tori_view_frame frame;
    bool locked;
    tori_time locked_at;
    const struct tori_view_notice *notices; /* newest first */
    size_t notice_count;
    const struct tori_view_session *sessions;
    size_t session_count;
    const struct tori_view_credential *credentials;
    size_t credential_count;
};

/* GET /login and GET /enrol of both hosts, before an interaction exists; GET / of the customer
 * host; GET /locked, where whoever stopped the account ends up, logged out. */
enum tori_view_start_kind {
    TORI_VIEW_START_HOME,
    TORI_VIEW_START_LOGIN,
    TORI_VIEW_START_ENROL,
    TORI_VIEW_START_LOCKED,
};

struct tori_view_start {
    struct tori_view_frame frame;
    enum tori_view_start_kind kind;
};

/* GET / of the operators' host: what waits for signatures, and what was decided of late. */
enum tori_view_approval_state {
    TORI_VIEW_APPROVAL_OPEN,
    TORI_VIEW_APPROVAL_DONE,
    TORI_VIEW_APPROVAL_REJECTED,
    TORI_VIEW_APPROVAL_EXPIRED,
};

struct tori_view_signature {
    struct tori_str person;
    tori_time at;
};

struct tori_view_approval {
    struct tori_id id;
    struct tori_view_operation action; /* title and every field, as it will be signed */
    struct tori_str note;              /* why, in the words of who asked */
    struct tori_str asked_by;
    tori_time asked_at;
    tori_time expires_at;
    enum tori_view_approval_state state;
    const struct tori_view_signature *signatures;
    size_t signature_count;
    size_t needed;
    bool signable; /* by the one who looks */
};

struct tori_view_approvals {
    struct tori_view_frame frame;
    const struct tori_view_approval *approvals; /* open ones first, newest first */
    size_t approval_count;
};

/* GET /desk (nobody chosen) and GET /desk/{customer}. */
struct tori_view_desk_user {
    struct tori_id id;
    struct tori_str ref;
    struct tori_str name;
    int64_t credentials;    /* in use */
    tori_time window_until; /* an enrolment window is open until then; 0: none */
    tori_time last_login;   /* 0: never */
};

struct tori_view_desk {
    struct tori_view_frame frame;
    bool chosen;
    struct tori_id customer;
    struct tori_str ref;
    bool company;
    bool locked;
    tori_time locked_at;
    const struct tori_view_desk_user *users;
    size_t user_count;
};

#endif
