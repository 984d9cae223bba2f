/* Writes the seeds of the codec and passkey harnesses: seeds FOLDER. Keys are made anew each time,
 * so run it only when a seed should change. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "test/fuzz/fuzz.h"
#include "test/unit/authenticator.h"

static const char *folder;

static void save(const char *name, const char *seed, struct tori_bytes bytes)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    mkdir(path, 0777);
    snprintf(path, sizeof(path), "%s/%s/%s", folder, name, seed);
    FILE *file = fopen(path, "wb");
    assert(file != NULL);
    assert(fwrite(bytes.at, 1, bytes.len, file) == bytes.len);
    fclose(file);
}

static void save_text(const char *name, const char *seed, const char *text)
{
    save(name, seed, tori_str_bytes(tori_str_z(text)));
}

/* A body of the fields harness: the byte that chooses the table, then {"member": json}. */
static void save_body(struct tori_ctx *cx, char choice, const char *member, struct tori_str json)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);

    tori_buf_byte(&buf, (uint8_t)choice);
    tori_buf_printf(&buf, "{\"%s\":", member);
    tori_buf_str(&buf, json);
    tori_buf_byte(&buf, '}');
    save("fields", member, tori_buf_view(&buf));
}

static void save_texts(void)
{
    save_text("json", "object",
              "{\"a\":[1,-2,true,null,\"\\u53d6\\n\"],\"b\":{\"c\":{}},\"d\":9223372036854775807}");
    save_text("json", "list", " [ [[[[[[[]]]]]]] , \"\\ud83d\\udd12\" ] ");
    save_text("json", "text", "\"取守 \\\"torimori\\\"\"");
    save_text("base64url", "id", "_wAAAAAAAAAAAAAAAAAAAAAA");
    save_text("base64url", "short", "AQ");
    save_text("base64url", "padded", "YWJjZA==");
    save_text(
        "fields", "all",
        "0{\"text\":\"取守\",\"blob\":\"AQI\",\"id\":\"_wAAAAAAAAAAAAAAAAAAAAAA\",\"yes\":true,"
        "\"at\":\"2026-11-20T05:00:00Z\",\"word\":\"bc\",\"set\":[\"a\",\"x\"],"
        "\"part\":{\"name\":\"n\",\"n\":5,\"x\":1},\"parts\":[{\"name\":\"n\",\"n\":-5}],"
        "\"rest\":{\"x\":[]}}");
}

static void save_cbor(void)
{
    save("cbor", "map",
         tori_str_bytes(TORI_STR("\xa3\x01\x83\x18\xff\x42\x01\x02\xf6\x20\xf5\x61"
                                 "a\x3b\x7f\xff\xff\xff\xff\xff\xff\xff")));
    save("cbor", "indefinite",
         tori_str_bytes(TORI_STR("\xbf\x61\x62\x9f\x01\xff\x61\x61\x5f\x41\x01\xff\xff")));
    save("cbor", "deep", tori_str_bytes(TORI_STR("\x81\x81\x81\x81\x81\x81\xf4")));
}

static void save_passkey(struct tori_ctx *cx, int64_t alg, const char *seed)
{
    static const uint8_t challenge[] = {1, 2, 3};
    struct soft_ask ask = {.origin = "https://auth.mihon.example",
                           .rp_id = "auth.mihon.example",
                           .challenge = TORI_BYTES_OF(challenge)};
    struct soft_passkey passkey;

    soft_passkey_new(cx, alg, &passkey);
    /* As in the harness of the attestation object, so that a self attestation verifies there. */
    ask.more_client_data = "";
    struct tori_assertion get = soft_assert(cx, &passkey, &ask);
    ask.fmt = alg == TORI_COSE_ES256 ? "none" : "packed";
    struct tori_registration made = soft_register(cx, &passkey, &ask);
    save("cose", seed, soft_cose(cx, &passkey));
    save("cbor", seed, soft_cose(cx, &passkey));
    save("attestation_object", seed, made.response.attestation_object);
    if (alg != TORI_COSE_ES256)
        return;
    save("client_data", "create", made.response.client_data);
    save("client_data", "get", get.response.client_data);
    save_body(cx, '1', "registration", soft_registration_json(cx, &made));
    save_body(cx, '2', "assertion", soft_assertion_json(cx, &get));
    save("authenticator_data", "get", get.response.authenticator_data);
    ask.extensions = tori_str_bytes(TORI_STR("\xa1\x61"
                                             "a"
                                             "\xf5"));
    save("authenticator_data", "extension",
         soft_assert(cx, &passkey, &ask).response.authenticator_data);
    /* behind {"fmt": "none", "attStmt": {}, "authData": and the two bytes of its own head */
    struct tori_bytes object = made.response.attestation_object;
    save("authenticator_data", "create", (struct tori_bytes){object.at + 30, object.len - 30});
    soft_passkey_free(&passkey);
}

static void save_key(struct tori_ctx *cx, int64_t alg, const char *seed)
{
    struct soft_passkey passkey;

    soft_passkey_new(cx, alg, &passkey);
    save("cose", seed, soft_cose(cx, &passkey));
    soft_passkey_free(&passkey);
}

int main(int argc, char **argv)
{
    struct tori_ctx *cx = fuzz_begin();

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 1;
    }
    folder = argv[1];
    save_texts();
    save_cbor();
    save_text("client_data", "framed",
              "\xef\xbb\xbf{\"type\":\"webauthn.get\",\"challenge\":\"AQID\",\"origin\":\"https://"
              "a.example\","
              "\"crossOrigin\":true,\"topOrigin\":\"https://"
              "b.example\",\"tokenBinding\":{\"status\":\"x\"}}");
    save_passkey(cx, TORI_COSE_ES256, "es256");
    save_passkey(cx, TORI_COSE_EDDSA, "eddsa");
    save_passkey(cx, TORI_COSE_RS256, "rs256");
    save_key(cx, TORI_COSE_ES384, "es384");
    save_key(cx, TORI_COSE_ES512, "es512");
    save_key(cx, TORI_COSE_ESP256, "esp256");
    save_key(cx, TORI_COSE_ES256K, "es256k");
    save_key(cx, TORI_COSE_ED25519, "ed25519");
    save_key(cx, TORI_COSE_ED448, "ed448");
    save_key(cx, TORI_COSE_PS256, "ps256");
    return 0;
}
