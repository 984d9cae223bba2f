/* The courier alone, for tests that speak to it over its socket:
 *   run LISTEN_FD HOST PORT tls|starttls|plain CA|- LOGIN|- SPOOL PARALLEL TOTAL_MS */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "courier/courier.h"

static const char *given(const char *text)
{
    return strcmp(text, "-") == 0 ? NULL : text;
}

int main(int argc, char **argv)
{
    if (argc != 10)
        return 64;
    tori_hash_init();
    struct tori_log *log = tori_log_new("courier", TORI_INFO, 2);
    const struct tori_courier_config config = {
        .log = log,
        .listen_fd = (int)strtol(argv[1], NULL, 10),
        .peer_uid = getuid(),
        .smtp_host = argv[2],
        .smtp_port = (int)strtol(argv[3], NULL, 10),
        .tls = strcmp(argv[4], "plain") == 0 ? TORI_COURIER_PLAIN
               : strcmp(argv[4], "tls") == 0 ? TORI_COURIER_TLS
                                             : TORI_COURIER_STARTTLS,
        .ca_file = given(argv[5]),
        .login_file = given(argv[6]),
        .from_address = "notice@mihon-sec.example",
        .from_name = "みほん証券",
        .from_name_en = "Mihon Securities",
        .id_domain = "notice.mihon-sec.example",
        .spool = argv[7],
        .connect_ms = (int)strtol(argv[9], NULL, 10) / 2,
        .total_ms = (int)strtol(argv[9], NULL, 10),
        .parallel = (int)strtol(argv[8], NULL, 10),
    };
    int status = tori_courier_main(&config);
    tori_log_free(log);
    return status;
}
