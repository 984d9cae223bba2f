#include <curl/curl.h>
#include <string.h>

#include "base/arena.h"
#include "base/failpoint.h"
#include "courier/courier_int.h"

struct tori_smtp {
    const struct tori_courier *courier;
    CURL *curl;
    struct tori_bytes unsent;
    enum tori_parcel_step step;
    bool leaving; /* QUIT is out; what follows says nothing about the mail */
    unsigned reply;
    unsigned enhanced[3];
};

static size_t give_message(char *out, size_t size, size_t count, void *owner)
{
    struct tori_smtp *smtp = owner;
    size_t n = size * count < smtp->unsent.len ? size * count : smtp->unsent.len;

    memcpy(out, smtp->unsent.at, n);
    smtp->unsent.at += n;
    smtp->unsent.len -= n;
    if (smtp->unsent.len == 0)
        tori_failpoint("courier.mail"); /* curl has all of it, the server has not said yes */
    return n;
}

static int watch(void *owner, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct tori_smtp *smtp = owner;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&smtp->courier->hurry) ? 1 : 0;
}

static void see_command(struct tori_smtp *smtp, struct tori_str line)
{
    static const struct {
        struct tori_str begin;
        enum tori_parcel_step step;
    } commands[] = {
        {TORI_STR_INIT("EHLO "), TORI_PARCEL_AT_GREETING},
        {TORI_STR_INIT("HELO "), TORI_PARCEL_AT_GREETING},
        {TORI_STR_INIT("STARTTLS\r"), TORI_PARCEL_AT_TLS},
        {TORI_STR_INIT("AUTH "), TORI_PARCEL_AT_AUTH},
        {TORI_STR_INIT("MAIL FROM:"), TORI_PARCEL_AT_SENDER},
        {TORI_STR_INIT("RCPT TO:"), TORI_PARCEL_AT_RECIPIENT},
        {TORI_STR_INIT("DATA\r"), TORI_PARCEL_AT_MESSAGE},
    };

    if (tori_str_starts(line, TORI_STR("QUIT\r")))
        smtp->leaving = true;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (tori_str_starts(line, commands[i].begin)) {
            smtp->step = commands[i].step;
            smtp->reply = 0;
        }
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 3463: "5.1.1 " after the reply code. Leaves out[] zero when it is anything else. */
static void read_enhanced(struct tori_str s, unsigned out[3])
{
    unsigned part[3] = {0, 0, 0};
    size_t at = 0;

    for (size_t i = 0; i < 3; i++) {
        size_t from = at;
        while (at < s.len && digit(s.at[at]) && at - from < 3)
            part[i] = part[i] * 10 + (unsigned)(s.at[at++] - '0');
        bool ended = i == 2 ? at == s.len || s.at[at] <= ' ' : at < s.len && s.at[at] == '.';
        if (at == from || !ended)
            return;
        at++;
    }
    if (part[0] == 2 || part[0] == 4 || part[0] == 5)
        memcpy(out, part, sizeof(part));
}

bool tori_smtp_reply(struct tori_str line, unsigned *reply, unsigned enhanced[static 3])
{
    if (line.len < 4 || line.at[0] < '2' || line.at[0] > '5' || !digit(line.at[1]) ||
        !digit(line.at[2]))
        return false;
    *reply = (unsigned)(line.at[0] - '0') * 100 + (unsigned)(line.at[1] - '0') * 10 +
             (unsigned)(line.at[2] - '0');
    enhanced[0] = enhanced[1] = enhanced[2] = 0;
    read_enhanced((struct tori_str){line.at + 4, line.len - 4}, enhanced);
    return true;
}

static void see_reply(struct tori_smtp *smtp, struct tori_str line)
{
    if (!smtp->leaving)
        (void)tori_smtp_reply(line, &smtp->reply, smtp->enhanced);
}

/* Where a conversation stands is not in libcurl's result, but it tells whose fault a refusal is.
 * NOLINTNEXTLINE(readability-non-const-parameter): the type is libcurl's */
static int see(CURL *curl, curl_infotype type, char *data, size_t size, void *owner)
{
    struct tori_smtp *smtp = owner;

    (void)curl;
    if (type == CURLINFO_HEADER_OUT)
        see_command(smtp, (struct tori_str){data, size});
    if (type == CURLINFO_HEADER_IN)
        see_reply(smtp, (struct tori_str){data, size});
    return 0;
}

static bool set_transport(struct tori_smtp *smtp)
{
    const struct tori_courier_config *config = smtp->courier->config;
    bool plain = config->tls == TORI_COURIER_PLAIN;
    CURL *curl = smtp->curl;

    if (config->ca_file != NULL &&
        curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file) != CURLE_OK)
        return false;
    return curl_easy_setopt(curl, CURLOPT_URL, smtp->courier->url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USE_SSL,
                            plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)config->connect_ms) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)config->total_ms) == CURLE_OK;
}

static bool set_callbacks(struct tori_smtp *smtp)
{
    CURL *curl = smtp->curl;

    return curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, see) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_DEBUGDATA, smtp) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, smtp) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_message) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, smtp) == CURLE_OK;
}

static bool set_login(struct tori_smtp *smtp)
{
    const struct tori_courier *courier = smtp->courier;

    return courier->user[0] == '\0' ||
           (curl_easy_setopt(smtp->curl, CURLOPT_USERNAME, courier->user) == CURLE_OK &&
            curl_easy_setopt(smtp->curl, CURLOPT_PASSWORD, courier->password) == CURLE_OK);
}

struct tori_smtp *tori_smtp_new(const struct tori_courier *courier)
{
    struct tori_smtp *smtp = tori_heap_take(sizeof(*smtp));

    if (smtp == NULL)
        return NULL;
    smtp->courier = courier;
    smtp->curl = curl_easy_init();
    if (smtp->curl == NULL || !set_transport(smtp) || !set_callbacks(smtp) || !set_login(smtp)) {
        tori_smtp_free(smtp);
        return NULL;
    }
    return smtp;
}

void tori_smtp_free(struct tori_smtp *smtp)
{
    if (smtp == NULL)
        return;
    curl_easy_cleanup(smtp->curl);
    tori_heap_free(smtp);
}

static CURLcode converse(struct tori_smtp *smtp, struct tori_bytes message)
{
    smtp->unsent = message;
    smtp->step = TORI_PARCEL_AT_CONNECT;
    smtp->leaving = false;
    smtp->reply = 0;
    memset(smtp->enhanced, 0, sizeof(smtp->enhanced));
    if (curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message.len) != CURLE_OK)
        return CURLE_OUT_OF_MEMORY;
    return curl_easy_perform(smtp->curl);
}

/* A kept connection that the server has closed meanwhile is no reason to wait for the next try. */
static bool was_stale(const struct tori_smtp *smtp)
{
    long fresh = 0;

    return curl_easy_getinfo(smtp->curl, CURLINFO_NUM_CONNECTS, &fresh) == CURLE_OK && fresh == 0 &&
           smtp->step <= TORI_PARCEL_AT_SENDER && (smtp->reply == 0 || smtp->reply == 421);
}

static enum tori_parcel_outcome outcome_of(const struct tori_smtp *smtp, CURLcode code)
{
    if (code == CURLE_OK)
        return TORI_PARCEL_DELIVERED;
    /* A 5xx before the recipient was named is about us: our login, our address, our TLS. It is put
     * right by an operator, and says nothing about this customer. */
    if (smtp->reply >= 500 && smtp->step >= TORI_PARCEL_AT_RECIPIENT)
        return TORI_PARCEL_PERMANENT;
    return TORI_PARCEL_TEMPORARY;
}

/* A server without STARTTLS, or with a certificate that is not its own, has answered politely so
 * far. */
static void note_tls(struct tori_smtp *smtp, CURLcode code)
{
    if (code != CURLE_USE_SSL_FAILED && code != CURLE_SSL_CONNECT_ERROR &&
        code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_SSL_CACERT_BADFILE)
        return;
    smtp->step = TORI_PARCEL_AT_TLS;
    smtp->reply = 0;
}

static CURLcode perform(struct tori_smtp *smtp, struct tori_bytes message)
{
    CURLcode code = converse(smtp, message);

    if (code == CURLE_OK || !was_stale(smtp))
        return code;
    if (curl_easy_setopt(smtp->curl, CURLOPT_FRESH_CONNECT, 1L) != CURLE_OK)
        return code;
    code = converse(smtp, message);
    if (curl_easy_setopt(smtp->curl, CURLOPT_FRESH_CONNECT, 0L) != CURLE_OK)
        return CURLE_OUT_OF_MEMORY;
    return code;
}

/* "<address>" for the envelope. */
static bool bracket(char *out, size_t room, struct tori_str address)
{
    if (address.len + 3 > room)
        return false;
    out[0] = '<';
    memcpy(out + 1, address.at, address.len);
    out[address.len + 1] = '>';
    out[address.len + 2] = '\0';
    return true;
}

void tori_smtp_send(struct tori_smtp *smtp, const struct tori_parcel *parcel,
                    struct tori_bytes message, struct tori_parcel_result *out)
{
    const struct tori_courier_config *config = smtp->courier->config;
    struct curl_slist *recipients = NULL;
    char to[300], from[300];

    *out = (struct tori_parcel_result){.job = parcel->job, .outcome = TORI_PARCEL_TEMPORARY};
    if (!bracket(to, sizeof(to), parcel->to) ||
        !bracket(from, sizeof(from), tori_str_z(config->from_address)))
        return;
    recipients = curl_slist_append(NULL, to);
    if (recipients != NULL && curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
        curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, recipients) == CURLE_OK) {
        CURLcode code = perform(smtp, message);
        note_tls(smtp, code);
        out->outcome = outcome_of(smtp, code);
        out->step = smtp->step;
        out->reply = smtp->reply;
        memcpy(out->enhanced, smtp->enhanced, sizeof(out->enhanced));
    }
    curl_slist_free_all(recipients);
}
