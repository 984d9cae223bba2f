#include "samples.h"

#define S TORI_STR_INIT
#define T(seconds) ((int64_t)(TORI_SAMPLE_NOW_S + (seconds)) * 1000)
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { HOUR = 3600, DAY = 24 * HOUR };

#define FRAME                                                                                      \
    {                                                                                              \
        .firm = S("みほん証券"), .phone = S("0120-000-000")                                        \
    }
#define FRAME_DEMO                                                                                 \
    {                                                                                              \
        .firm = S("みほん証券"), .phone = S("0120-000-000"), .demo = true                          \
    }
#define FRAME_PERSON                                                                               \
    {                                                                                              \
        .firm = S("みほん証券"), .phone = S("0120-000-000"), .person = S("見本 花子")              \
    }
#define FRAME_DESK                                                                                 \
    {                                                                                              \
        .firm = S("みほん証券"), .operators = true, .person = S("受付 一郎")                       \
    }
#define FRAME_DESK_OUT                                                                             \
    {                                                                                              \
        .firm = S("みほん証券"), .operators = true                                                 \
    }

static const struct tori_view_line withdrawal_lines[] = {
    {.label = TORI_T_OPERATION_FIELD_AMOUNT,
     .kind = TORI_LINE_MONEY,
     .text = S("JPY"),
     .number = 1500000},
    {.label = TORI_T_OPERATION_FIELD_PAYOUT_ACCOUNT,
     .kind = TORI_LINE_TEXT,
     .text = S("みほん銀行 本店 普通 ***4567 ミホン ハナコ")},
    {.label = TORI_T_OPERATION_FIELD_MEMO, .kind = TORI_LINE_TEXT, .text = S("車検 <b>&\"'")},
};

static const struct tori_view_line order_lines[] = {
    {.label = TORI_T_OPERATION_FIELD_SIDE,
     .kind = TORI_LINE_WORD,
     .word = TORI_T_OPERATION_WORD_BUY},
    {.label = TORI_T_OPERATION_FIELD_SYMBOL, .kind = TORI_LINE_TEXT, .text = S("0001")},
    {.label = TORI_T_OPERATION_FIELD_QUANTITY, .kind = TORI_LINE_NUMBER, .number = 12000},
    {.label = TORI_T_OPERATION_FIELD_LIMIT_PRICE,
     .kind = TORI_LINE_MONEY,
     .text = S("USD"),
     .number = 1234567},
};

#define VISIT(step_, purpose_)                                                                     \
    .frame = FRAME, .step = step_, .purpose = purpose_, .id = {{1, 2, 3}},                         \
    .channel = S("みほん証券"), .back = S("http://mihon.localhost:8081/"), .expires_at = T(540)

static const struct tori_view_visit login = {VISIT(TORI_VIEW_LOGIN, TORI_VIEW_FOR_LOGIN)};
static const struct tori_view_visit login_demo = {
    .frame = FRAME_DEMO,
    .step = TORI_VIEW_LOGIN,
    .purpose = TORI_VIEW_FOR_LOGIN,
    .id = {{1, 2, 3}},
    .channel = S("みほん証券"),
    .back = S("http://mihon.localhost:8081/"),
    .expires_at = T(540),
};
static const struct tori_view_visit login_centre = {
    .frame = FRAME,
    .step = TORI_VIEW_LOGIN,
    .purpose = TORI_VIEW_FOR_MANAGE,
    .id = {{1, 2, 3}},
    .expires_at = T(540),
};
static const struct tori_view_visit confirm = {
    VISIT(TORI_VIEW_CONFIRM, TORI_VIEW_FOR_CONFIRM),
    .operation = {.title = TORI_T_OPERATION_WITHDRAWAL_TITLE,
                  .warning = TORI_T_OPERATION_WITHDRAWAL_WARNING,
                  .account = S("A-1 総合口座"),
                  .lines = withdrawal_lines,
                  .line_count = COUNT(withdrawal_lines)},
};
static const struct tori_view_visit confirm_order = {
    VISIT(TORI_VIEW_CONFIRM, TORI_VIEW_FOR_CONFIRM),
    .operation = {.title = TORI_T_OPERATION_ORDER_TITLE,
                  .warning = TORI_T_OPERATION_ORDER_WARNING,
                  .account = S("A-2"),
                  .lines = order_lines,
                  .line_count = COUNT(order_lines)},
};
static const struct tori_view_visit enrol = {
    VISIT(TORI_VIEW_CODE, TORI_VIEW_FOR_ENROL),
    .account = S("見本 花子"),
};
static const struct tori_view_visit make = {
    VISIT(TORI_VIEW_MAKE, TORI_VIEW_FOR_MANAGE),
    .account = S("見本 花子"),
    .suggestion = S("自宅の \"予備\" キー"),
};
static const struct tori_view_visit done = {VISIT(TORI_VIEW_DONE, TORI_VIEW_FOR_LOGIN)};
static const struct tori_view_visit expired = {VISIT(TORI_VIEW_EXPIRED, TORI_VIEW_FOR_CONFIRM)};
static const struct tori_view_visit failed = {VISIT(TORI_VIEW_FAILED, TORI_VIEW_FOR_ENROL)};
static const struct tori_view_visit stopped = {VISIT(TORI_VIEW_LOCKED, TORI_VIEW_FOR_LOGIN)};
static const struct tori_view_visit browser = {VISIT(TORI_VIEW_OTHER_BROWSER, TORI_VIEW_FOR_LOGIN)};
static const struct tori_view_visit unknown = {.frame = FRAME, .step = TORI_VIEW_UNKNOWN};
static const struct tori_view_visit script_back = {
    .frame = FRAME,
    .step = TORI_VIEW_DONE,
    .channel = S("<script>alert(1)</script>"),
    .back = S("javascript:alert(1)"),
};

static const struct tori_view_notice notices_ja[] = {
    {.id = {{9, 1}},
     .at = T(-180),
     .title = S("出金を受け付けました"),
     .text = S("1,500,000 円を みほん銀行 本店 普通 ***4567 "
               "へ出金する申込みを、パスキーで確認しました。\n"
               "入口：みほん証券 ウェブ　端末：Chrome、Windows"),
     .disputable = true},
    {.id = {{9, 2}},
     .at = T(-HOUR),
     .title = S("ログインがありました"),
     .text = S("入口：みほん証券 ウェブ　端末：Chrome、Windows"),
     .disputable = true},
    {.id = {{9, 3}},
     .at = T(-2 * DAY),
     .title = S("パスキーが登録されました"),
     .text = S("名前：わたしのパスキー <i>"),
     .disputable = true,
     .disputed = true},
};
static const struct tori_view_notice notices_en[] = {
    {.id = {{9, 1}},
     .at = T(-180),
     .title = S("Withdrawal accepted"),
     .text =
         S("A withdrawal of JPY 1,500,000 to Mihon Bank, head office, ***4567 was confirmed with a "
           "passkey.\nWhere: Mihon Securities, web. Device: Chrome on Windows"),
     .disputable = true},
    {.id = {{9, 2}},
     .at = T(-HOUR),
     .title = S("Log-in"),
     .text = S("Where: Mihon Securities, web. Device: Chrome on Windows"),
     .disputable = true},
    {.id = {{9, 3}},
     .at = T(-2 * DAY),
     .title = S("Passkey registered"),
     .text = S("Name: My passkey <i>"),
     .disputable = true,
     .disputed = true},
};
static const struct tori_view_session sessions[] = {
    {.id = {{7, 1}},
     .channel = S("みほん証券 ウェブ"),
     .device = S("Chrome, Windows"),
     .at = T(-HOUR),
     .current = true},
    {.id = {{7, 2}}, .at = T(-5 * HOUR)},
};
static const struct tori_view_credential credentials[] = {
    {.id = {{5, 1}},
     .label = S("わたしのパスキー"),
     .synced = true,
     .created_at = T(-2 * DAY),
     .last_used_at = T(-180)},
    {.id = {{5, 2}}, .label = S("予備 <key>"), .created_at = T(-DAY)},
};

#define CENTRE(notices_)                                                                           \
    {                                                                                              \
        .frame = FRAME_PERSON, .notices = notices_, .notice_count = COUNT(notices_),               \
        .sessions = sessions, .session_count = COUNT(sessions), .credentials = credentials,        \
        .credential_count = COUNT(credentials)                                                     \
    }

static const struct tori_view_centre centre_ja = CENTRE(notices_ja);
static const struct tori_view_centre centre_en = CENTRE(notices_en);
static const struct tori_view_centre centre_new = {
    .frame = FRAME_PERSON,
    .sessions = sessions,
    .session_count = 1,
    .credentials = credentials,
    .credential_count = 1,
};
static const struct tori_view_centre centre_locked = {
    .frame = FRAME_PERSON,
    .locked = true,
    .locked_at = T(-60),
    .notices = notices_ja,
    .notice_count = 1,
};

static const struct tori_view_start home = {.frame = FRAME, .kind = TORI_VIEW_START_HOME};
static const struct tori_view_start locked_out = {.frame = FRAME, .kind = TORI_VIEW_START_LOCKED};
static const struct tori_view_start desk_login = {.frame = FRAME_DESK_OUT,
                                                  .kind = TORI_VIEW_START_LOGIN};
static const struct tori_view_start desk_enrol = {.frame = FRAME_DESK_OUT,
                                                  .kind = TORI_VIEW_START_ENROL};

#define ACTION(text_)                                                                              \
    {                                                                                              \
        .label = TORI_T_OPERATION_FIELD_ACTION, .text = S(text_)                                   \
    }
#define TARGET(text_)                                                                              \
    {                                                                                              \
        .label = TORI_T_OPERATION_FIELD_TARGET, .text = S(text_)                                   \
    }
#define VALUE(text_)                                                                               \
    {                                                                                              \
        .label = TORI_T_OPERATION_FIELD_VALUE, .text = S(text_)                                    \
    }

static const struct tori_view_line unlock_lines[] = {
    ACTION("customer.unlock"), TARGET("C-000123 / U-1"), VALUE("<em>document</em>")};
static const struct tori_view_line enrol_lines[] = {ACTION("enrol.open"), TARGET("C-000124 / U-1"),
                                                    VALUE("in_person")};
static const struct tori_view_line other_lines[] = {ACTION("made.up"),
                                                    TARGET("cool_off_h.withdrawal"), VALUE("0")};
static const struct tori_view_signature signatures[] = {
    {S("受付 一郎"), T(-HOUR)},
    {S("確認 二子"), T(-HOUR / 2)},
};
static const struct tori_view_approval approvals[] = {
    {.id = {{3, 1}},
     .action = {.title = TORI_T_OPERATION_APPROVAL_SIGN_TITLE,
                .warning = TORI_T_OPERATION_APPROVAL_SIGN_WARNING,
                .lines = enrol_lines,
                .line_count = COUNT(enrol_lines)},
     .asked_by = S("確認 二子"),
     .asked_at = T(-HOUR),
     .expires_at = T(DAY),
     .state = TORI_VIEW_APPROVAL_OPEN,
     .signatures = signatures + 1,
     .signature_count = 1,
     .needed = 2,
     .signable = true},
    {.id = {{3, 2}},
     .action = {.title = TORI_T_OPERATION_APPROVAL_SIGN_TITLE,
                .warning = TORI_T_OPERATION_APPROVAL_SIGN_WARNING,
                .lines = unlock_lines,
                .line_count = COUNT(unlock_lines)},
     .note = S("端末が見つかったとの電話"),
     .asked_by = S("受付 一郎"),
     .asked_at = T(-2 * HOUR),
     .expires_at = T(DAY),
     .state = TORI_VIEW_APPROVAL_DONE,
     .signatures = signatures,
     .signature_count = 2,
     .needed = 2},
    {.id = {{3, 3}},
     .action = {.title = TORI_T_OPERATION_APPROVAL_SIGN_TITLE,
                .warning = TORI_T_OPERATION_APPROVAL_SIGN_WARNING,
                .lines = other_lines,
                .line_count = COUNT(other_lines)},
     .asked_by = S("受付 一郎"),
     .asked_at = T(-2 * DAY),
     .expires_at = T(-DAY),
     .state = TORI_VIEW_APPROVAL_EXPIRED,
     .needed = 2},
};
static const struct tori_view_approvals approval_list = {
    .frame = FRAME_DESK, .approvals = approvals, .approval_count = COUNT(approvals)};
static const struct tori_view_approvals no_approvals = {.frame = FRAME_DESK};
static const struct tori_view_visit approve = {
    .frame = FRAME_DESK,
    .step = TORI_VIEW_CONFIRM,
    .purpose = TORI_VIEW_FOR_CONFIRM,
    .id = {{1, 2, 3}},
    .back = S("/"),
    .operation = {.title = TORI_T_OPERATION_APPROVAL_SIGN_TITLE,
                  .warning = TORI_T_OPERATION_APPROVAL_SIGN_WARNING,
                  .lines = enrol_lines,
                  .line_count = COUNT(enrol_lines)},
    .expires_at = T(540),
};

static const struct tori_view_desk_user users[] = {
    {.id = {{4, 1}},
     .ref = S("U-1"),
     .name = S("見本 花子"),
     .credentials = 2,
     .last_login = T(-HOUR)},
    {.id = {{4, 2}}, .ref = S("U-2"), .name = S("見本 <次郎>"), .window_until = T(DAY)},
};
static const struct tori_view_desk desk = {.frame = FRAME_DESK};
static const struct tori_view_desk desk_customer = {
    .frame = FRAME_DESK,
    .chosen = true,
    .customer = {{2, 1}},
    .ref = S("C-000123"),
    .users = users,
    .user_count = 1,
};
static const struct tori_view_desk desk_locked = {
    .frame = FRAME_DESK,
    .chosen = true,
    .customer = {{2, 2}},
    .ref = S("C-000200"),
    .company = true,
    .locked = true,
    .locked_at = T(-DAY),
    .users = users,
    .user_count = 2,
};

const struct tori_sample tori_samples[] = {
    {.name = "home", .page = tori_page_start, .view = {&home}},
    {.name = "login", .page = tori_page_visit, .view = {&login}},
    {.name = "login-demo", .page = tori_page_visit, .view = {&login_demo}},
    {.name = "login-centre", .page = tori_page_visit, .view = {&login_centre}},
    {.name = "confirm", .page = tori_page_visit, .view = {&confirm}},
    {.name = "confirm-order", .page = tori_page_visit, .view = {&confirm_order}},
    {.name = "enrol", .page = tori_page_visit, .view = {&enrol}},
    {.name = "make", .page = tori_page_visit, .view = {&make}},
    {.name = "over-done", .page = tori_page_visit, .view = {&done}},
    {.name = "over-expired", .page = tori_page_visit, .view = {&expired}},
    {.name = "over-failed", .page = tori_page_visit, .view = {&failed}},
    {.name = "over-locked", .page = tori_page_visit, .view = {&stopped}},
    {.name = "over-browser", .page = tori_page_visit, .view = {&browser}},
    {.name = "over-unknown", .page = tori_page_visit, .view = {&unknown}},
    {.name = "over-script", .page = tori_page_visit, .view = {&script_back}},
    {.name = "centre", .page = tori_page_centre, .view = {&centre_ja, &centre_en}},
    {.name = "centre-new", .page = tori_page_centre, .view = {&centre_new}},
    {.name = "centre-locked", .page = tori_page_centre, .view = {&centre_locked}},
    {.name = "locked", .page = tori_page_start, .view = {&locked_out}},
    {.name = "desk-login", .page = tori_page_start, .view = {&desk_login}},
    {.name = "desk-enrol", .page = tori_page_start, .view = {&desk_enrol}},
    {.name = "desk-approvals", .page = tori_page_approvals, .view = {&approval_list}},
    {.name = "desk-approvals-none", .page = tori_page_approvals, .view = {&no_approvals}},
    {.name = "desk-approve", .page = tori_page_visit, .view = {&approve}},
    {.name = "desk", .page = tori_page_desk, .view = {&desk}},
    {.name = "desk-customer", .page = tori_page_desk, .view = {&desk_customer}},
    {.name = "desk-locked", .page = tori_page_desk, .view = {&desk_locked}},
    {.name = "error-not-found", .err = TORI_ERR_NOT_FOUND},
    {.name = "error-login", .err = TORI_ERR_NO_SESSION},
    {.name = "error-refused", .err = TORI_ERR_CROSS_SITE},
    {.name = "error-ours", .err = TORI_ERR_INTERNAL},
    {.name = "error-later", .err = TORI_ERR_KEYHOLDER_AWAY, .retry_after_s = 2},
};
const size_t tori_sample_count = COUNT(tori_samples);

struct tori_result tori_sample_render(struct tori_ctx *cx, const struct tori_sample *sample,
                                      struct tori_reply *out)
{
    static const struct tori_view_frame frame = FRAME;
    enum tori_lang lang = sample->view[cx->lang] != NULL ? cx->lang : TORI_JA;

    *out = (struct tori_reply){.status = 200, .err = sample->err};
    out->body = tori_buf_new(cx->arena, TORI_REPLY_CAP);
    out->retry_after_s = sample->retry_after_s;
    out->view = sample->view[lang];
    if (sample->page == NULL)
        return tori_page_error(cx, &frame, out);
    return sample->page(cx, NULL, out);
}
