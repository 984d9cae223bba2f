#include <stdio.h>

#include "base/file.h"
#include "codec/json.h"
#include "courier/courier_int.h"

TORI_RESULT tori_letter_write(struct tori_ctx *cx, const char *spool,
                              const struct tori_parcel *parcel)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 6 * TORI_PARCEL_MAX);
    struct tori_buf path = tori_buf_new(cx->arena, TORI_PATH_MAX - 8);
    struct tori_json_out out = {.buf = &buf};

    tori_out_open(&out);
    tori_out_hex(&out, "job", tori_id_bytes(&parcel->job));
    tori_out_time(&out, "at", parcel->at);
    tori_out_text(&out, "kind", parcel->form);
    tori_out_text(&out, "customer", parcel->customer);
    tori_out_text(&out, "name", parcel->name);
    tori_out_text(&out, "code", parcel->code);
    tori_out_word(&out, "lang", parcel->lang == TORI_JA ? "ja" : "en");
    tori_out_text(&out, "text", parcel->text);
    tori_out_close(&out);
    tori_buf_z(&buf, "\n");
    TORI_TRY(tori_buf_done(cx, &buf));

    /* A repeat writes the same letter under the same name. */
    tori_buf_z(&path, spool);
    tori_buf_z(&path, "/");
    tori_buf_hex(&path, tori_id_bytes(&parcel->job));
    tori_buf_z(&path, ".json");
    tori_buf_byte(&path, 0);
    TORI_TRY(tori_buf_done(cx, &path));
    return tori_file_write(cx, (const char *)path.at, tori_buf_view(&buf), 0600);
}
