#include <gmime/gmime.h>
#include <string.h>

#include "base/auto.h"
#include "courier/courier_int.h"

TORI_AUTO_DEFINE(GMimeMessage, g_object_unref)
TORI_AUTO_DEFINE(GMimeTextPart, g_object_unref)
TORI_AUTO_DEFINE(GMimeStream, g_object_unref)
TORI_AUTO_DEFINE(GMimeFormatOptions, g_mime_format_options_free)
TORI_AUTO_DEFINE(GDateTime, g_date_time_unref)
TORI_AUTO_DEFINE(GTimeZone, g_time_zone_unref)

static TORI_RESULT zero_ended(struct tori_ctx *cx, struct tori_str s, const char **out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, s.len + 1);

    tori_buf_str(&buf, s);
    tori_buf_byte(&buf, 0);
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = (const char *)buf.at;
    return TORI_OK;
}

/* The time of what happened, where the broker is. */
static void set_date(GMimeMessage *message, tori_time at)
{
    TORI_AUTO(GTimeZone) japan = g_time_zone_new_offset(9 * 3600);
    TORI_AUTO(GDateTime) utc = g_date_time_new_from_unix_utc(at / 1000);
    TORI_AUTO(GDateTime) local = g_date_time_to_timezone(utc, japan);

    g_mime_message_set_date(message, local);
}

static TORI_RESULT set_id(struct tori_ctx *cx, GMimeMessage *message, const struct tori_id *job,
                          const char *domain)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 512);

    tori_buf_hex(&buf, tori_id_bytes(job));
    tori_buf_z(&buf, "@");
    tori_buf_z(&buf, domain);
    tori_buf_byte(&buf, 0);
    TORI_TRY(tori_buf_done(cx, &buf));
    g_mime_message_set_message_id(message, (const char *)buf.at);
    return TORI_OK;
}

static bool is_ascii(struct tori_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.at[i] >= 0x80)
            return false;
    return true;
}

/* Text in base64 has its line ends encoded with it: RFC 2046 §4.1.1 wants CR LF there. */
static TORI_RESULT body_of(struct tori_ctx *cx, struct tori_str text, bool ascii, const char **out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 2 * text.len + 4);

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\n' && !ascii)
            tori_buf_byte(&buf, '\r');
        tori_buf_byte(&buf, (uint8_t)text.at[i]);
    }
    tori_buf_z(&buf, ascii ? "\n" : "\r\n");
    tori_buf_byte(&buf, 0);
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = (const char *)buf.at;
    return TORI_OK;
}

static TORI_RESULT set_body(struct tori_ctx *cx, GMimeMessage *message,
                            const struct tori_parcel *parcel)
{
    TORI_AUTO(GMimeTextPart) part = g_mime_text_part_new();
    bool ascii = is_ascii(parcel->text);
    const char *text;

    TORI_TRY(body_of(cx, parcel->text, ascii, &text));
    g_mime_text_part_set_charset(part, "utf-8");
    g_mime_text_part_set_text(part, text);
    g_mime_part_set_content_encoding(GMIME_PART(part), ascii
                                                           ? GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
                                                           : GMIME_CONTENT_ENCODING_BASE64);
    g_mime_message_set_mime_part(message, GMIME_OBJECT(part));
    return TORI_OK;
}

static TORI_RESULT to_bytes(struct tori_ctx *cx, GMimeMessage *message, struct tori_bytes *out)
{
    TORI_AUTO(GMimeStream) stream = g_mime_stream_mem_new();
    TORI_AUTO(GMimeFormatOptions) options = g_mime_format_options_new();

    g_mime_format_options_set_newline_format(options, GMIME_NEWLINE_FORMAT_DOS);
    if (g_mime_object_write_to_stream(GMIME_OBJECT(message), options, stream) < 0)
        return TORI_FAIL(cx, INTERNAL);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
    return tori_copy(cx, (struct tori_bytes){bytes->data, bytes->len}, out);
}

TORI_RESULT tori_mime_build(struct tori_ctx *cx, const struct tori_courier_config *config,
                            const struct tori_parcel *parcel, struct tori_bytes *out)
{
    TORI_AUTO(GMimeMessage) message = g_mime_message_new(FALSE);
    GMimeObject *head = GMIME_OBJECT(message);
    bool english = parcel->lang == TORI_EN && config->from_name_en != NULL;
    const char *name = english ? config->from_name_en : config->from_name;
    const char *subject, *to;

    TORI_TRY(zero_ended(cx, parcel->subject, &subject));
    TORI_TRY(zero_ended(cx, parcel->to, &to));
    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM, name, config->from_address);
    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO, NULL, to);
    g_mime_message_set_subject(message, subject, "utf-8");
    set_date(message, parcel->at);
    TORI_TRY(set_id(cx, message, &parcel->job, config->id_domain));
    /* RFC 3834 §5: vacation answers stay away. */
    g_mime_object_set_header(head, "Auto-Submitted", "auto-generated", NULL);
    g_mime_object_set_header(head, "Content-Language", parcel->lang == TORI_JA ? "ja" : "en", NULL);
    TORI_TRY(set_body(cx, message, parcel));
    return to_bytes(cx, message, out);
}
