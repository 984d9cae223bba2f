#include "domain/notify/notify_int.h"

enum { MESSAGE_MAX = 16 * 1024 };

const struct tori_template *tori_template_find(struct tori_str name)
{
    for (size_t i = 0; i < tori_template_count; i++)
        if (tori_str_eq(tori_str_z(tori_templates[i].name), name))
            return &tori_templates[i];
    return NULL;
}

static const struct tori_text_arg *find_arg(const struct tori_text_arg *args, struct tori_str name)
{
    for (; args->name != NULL; args++)
        if (tori_str_eq(tori_str_z(args->name), name))
            return args;
    return NULL;
}

static size_t find_byte(struct tori_str text, size_t from, char byte)
{
    while (from < text.len && text.at[from] != byte)
        from++;
    return from;
}

/* Fills one line. False when a parameter of it is absent: then nothing of the line is to be
 * seen. */
static bool put_line(struct tori_buf *buf, struct tori_str line, const struct tori_text_arg *args)
{
    struct tori_buf before = *buf;

    for (size_t at = 0; at < line.len;) {
        size_t open = find_byte(line, at, '{');
        tori_buf_str(buf, (struct tori_str){line.at + at, open - at});
        if (open == line.len)
            break;
        size_t close = find_byte(line, open, '}');
        const struct tori_text_arg *arg =
            find_arg(args, (struct tori_str){line.at + open + 1, close - open - 1});
        if (arg == NULL) {
            buf->len = before.len;
            return false;
        }
        tori_buf_str(buf, arg->value);
        at = close + 1;
    }
    return true;
}

static TORI_RESULT fill(struct tori_ctx *cx, struct tori_str text, const struct tori_text_arg *args,
                        struct tori_str *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, MESSAGE_MAX);

    for (size_t at = 0; at <= text.len;) {
        size_t end = find_byte(text, at, '\n');
        if (put_line(&buf, (struct tori_str){text.at + at, end - at}, args) && end < text.len)
            tori_buf_z(&buf, "\n");
        at = end + 1;
    }
    while (buf.len > 0 && buf.at[buf.len - 1] == '\n')
        buf.len--;
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_text(&buf);
    return TORI_OK;
}

TORI_RESULT tori_notify_render(struct tori_ctx *cx, struct tori_str template_name,
                               enum tori_lang lang, const struct tori_text_arg *args,
                               struct tori_message *out)
{
    const struct tori_template *template = tori_template_find(template_name);
    struct tori_message message;

    if (template == NULL)
        return TORI_FAIL(cx, NOT_FOUND, tori_text("template", template_name));
    TORI_TRY(fill(cx, template->subject[lang], args, &message.subject));
    TORI_TRY(fill(cx, template->body[lang], args, &message.body));
    *out = message;
    return TORI_OK;
}

TORI_RESULT tori_notify_message(struct tori_ctx *cx, struct tori_str template_name,
                                const struct tori_notify_reader *reader, struct tori_bytes json,
                                struct tori_message *out)
{
    const struct tori_text_arg *args;

    TORI_TRY(tori_notify_params_read(cx, template_name, reader, json, &args));
    return tori_notify_render(cx, template_name, reader->lang, args, out);
}

TORI_RESULT tori_notify_mail(struct tori_ctx *cx, const struct tori_notify_reader *reader,
                             const struct tori_message *message, struct tori_message *out)
{
    const struct tori_text_arg args[] = {{"firm", reader->firm},
                                         {"subject", message->subject},
                                         {"body", message->body},
                                         {NULL, {NULL, 0}}};
    struct tori_message mail;

    TORI_TRY(fill(cx, tori_mail_subject[reader->lang], args, &mail.subject));
    TORI_TRY(fill(cx, tori_mail_body[reader->lang], args, &mail.body));
    *out = mail;
    return TORI_OK;
}
