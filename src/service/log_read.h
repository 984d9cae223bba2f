/* The published log for channels: checkpoint, tiles, verifier key, and the proof of one row. Read
 * from the folder, on a worker; nothing in it needs the decider. */
#ifndef TORI_SERVICE_LOG_READ_H
#define TORI_SERVICE_LOG_READ_H

#include "service/app.h"

struct tori_log_ask {
    struct tori_bytes content; /* noted by prepare */
};

/* GET /checkpoint; GET /v1/log/vkey; GET /tile/…; GET /v1/receipts/{seq} */
struct tori_result tori_log_checkpoint(struct tori_ctx *cx, void *in);
struct tori_result tori_log_vkey(struct tori_ctx *cx, void *in);
struct tori_result tori_log_tile(struct tori_ctx *cx, void *in);
struct tori_result tori_log_receipt(struct tori_ctx *cx, void *in);
/* The finish of all four: text, or bytes for tiles. */
struct tori_result tori_log_finish_text(struct tori_ctx *cx, const void *in,
                                        struct tori_reply *out);
struct tori_result tori_log_finish_tile(struct tori_ctx *cx, const void *in,
                                        struct tori_reply *out);

#endif
