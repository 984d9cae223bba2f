/* Signed notes, checkpoints and verifier keys. The other side of these formats is checked by
 * test/go/verify.go, which is not ours to bend. */
#include "test/unit/unit.h"

#include "base/buf.h"
#include "domain/evidence/note.h"

#include <openssl/evp.h>

/* The example of the signed-note specification's reference library: its public key and note. */
static const char peter_key[] =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char peter_note[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n";

struct signer {
    EVP_PKEY *key;
    struct tori_note_key public;
};

static struct signer signer_new(const char *name, uint8_t fill)
{
    struct signer s;
    uint8_t seed[32], public[32];
    size_t n = sizeof(public);

    memset(seed, fill, sizeof(seed));
    s.key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    assert_int_equal(EVP_PKEY_get_raw_public_key(s.key, public, &n), 1);
    s.public = tori_note_key(tori_str_z(name), public);
    return s;
}

static void sign(struct tori_buf *note, struct tori_str text, const struct signer *s)
{
    uint8_t signature[64];
    size_t n = sizeof(signature);
    EVP_MD_CTX *md = EVP_MD_CTX_new();

    assert_int_equal(EVP_DigestSignInit(md, NULL, NULL, NULL, s->key), 1);
    assert_int_equal(EVP_DigestSign(md, signature, &n, (const uint8_t *)text.at, text.len), 1);
    EVP_MD_CTX_free(md);
    tori_signature_put(note, &s->public, signature);
}

static struct tori_str signed_note(struct tori_ctx *cx, const char *text, const struct signer *s)
{
    struct tori_buf note = tori_buf_new(cx->arena, TORI_NOTE_MAX);

    tori_buf_z(&note, text);
    sign(&note, tori_str_z(text), s);
    return tori_buf_text(&note);
}

static const char root_text[] = "njQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=";

static void vkeys_read_what_they_write(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_note_key key;
    struct tori_buf buf = tori_buf_new(cx->arena, 500);

    assert_ok(cx, tori_vkey_read(cx, tori_str_z(peter_key), &key));
    assert_text(key.name, "PeterNeumann");
    tori_vkey_put(&buf, &key);
    assert_text(tori_buf_text(&buf), peter_key);
}

static void other_vkeys_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n\n",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    struct tori_ctx *cx = *state;
    struct tori_note_key key;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(tori_vkey_read(cx, tori_str_z(bad[i]), &key), TORI_ERR_BAD_FIELD);
}

/* The published note verifies (it is no checkpoint, which is found out only after the
 * signature). */
static void a_published_signature_verifies(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_note_key key;
    struct tori_opened opened;

    assert_ok(cx, tori_vkey_read(cx, tori_str_z(peter_key), &key));
    assert_fails(tori_checkpoint_open(cx, tori_str_z(peter_note), &key, &opened),
                 TORI_ERR_LOG_DIFFERS);
    assert_string_equal(cx->failure.fields[0].text.at, "size");
    struct tori_buf bent = tori_buf_new(cx->arena, 1000);
    tori_buf_z(&bent, peter_note);
    bent.at[3] ^= 1;
    assert_fails(tori_checkpoint_open(cx, tori_buf_text(&bent), &key, &opened),
                 TORI_ERR_LOG_DIFFERS);
    assert_string_equal(cx->failure.fields[0].text.at, "signature");
}

static void a_checkpoint_opens(void **state)
{
    struct tori_ctx *cx = *state;
    struct signer log = signer_new("log.example", 1), other = signer_new("witness.example", 2);
    struct tori_checkpoint checkpoint = {.origin = TORI_STR("log.example"), .head = {.size = 42}};
    struct tori_buf note = tori_buf_new(cx->arena, 1000);
    struct tori_opened opened;

    memset(checkpoint.head.root.at, 7, 32);
    tori_checkpoint_put(&note, &checkpoint);
    assert_text(tori_buf_text(&note),
                "log.example\n42\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n");
    sign(&note, tori_buf_text(&note), &log);
    assert_ok(cx, tori_checkpoint_open(cx, tori_buf_text(&note), &log.public, &opened));
    assert_int_equal(opened.checkpoint.head.size, 42);
    assert_true(tori_hash_eq(&opened.checkpoint.head.root, &checkpoint.head.root));
    assert_fails(tori_checkpoint_open(cx, tori_buf_text(&note), &other.public, &opened),
                 TORI_ERR_LOG_DIFFERS);
    EVP_PKEY_free(log.key);
    EVP_PKEY_free(other.key);
}

/* C2SP signed-note: signatures of unknown keys are ignored. */
static void witnesses_may_stand_beside(void **state)
{
    struct tori_ctx *cx = *state;
    struct signer log = signer_new("log.example", 1), other = signer_new("witness.example", 2);
    char text[200];
    struct tori_opened opened;
    struct tori_buf note = tori_buf_new(cx->arena, 2000), line = tori_buf_new(cx->arena, 2000);

    snprintf(text, sizeof(text), "log.example\n1\n%s\nextension\n", root_text);
    tori_buf_z(&note, text);
    sign(&note, tori_str_z(text), &other);
    sign(&line, tori_str_z(text), &log);
    tori_buf_bytes(&note, line.at + 1, line.len - 1); /* without the empty line before it */
    assert_ok(cx, tori_checkpoint_open(cx, tori_buf_text(&note), &log.public, &opened));
    assert_ok(cx, tori_checkpoint_open(cx, tori_buf_text(&note), &log.public, &opened));
    assert_int_equal(opened.checkpoint.head.size, 1);
    EVP_PKEY_free(log.key);
    EVP_PKEY_free(other.key);
}

static void malformed_checkpoints_are_refused(void **state)
{
    static const char *const bad[] = {
        "log.example\n01\n%s\n",
        "log.example\n-1\n%s\n",
        "log.example\n\n%s\n",
        "log.example\n1 \n%s\n",
        "log.example\n18446744073709551616\n%s\n",
        "other.example\n1\n%s\n",
        "log.example\n1\nAA%s\n",
        "log.example\n1\n",
        "log.example\n1\n%s\n\nx\n",
        "log.example\r\n1\n%s\n",
        "log.example\n1\nx%s\n",
    };
    struct tori_ctx *cx = *state;
    struct signer log = signer_new("log.example", 1);
    struct tori_opened opened;
    char text[200];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct tori_buf buf = tori_buf_new(cx->arena, sizeof(text));
        const char *hole = strstr(bad[i], "%s");
        tori_buf_bytes(&buf, bad[i], hole == NULL ? strlen(bad[i]) : (size_t)(hole - bad[i]));
        if (hole != NULL) {
            tori_buf_z(&buf, root_text);
            tori_buf_z(&buf, hole + 2);
        }
        tori_buf_byte(&buf, 0);
        assert_fails(tori_checkpoint_open(cx, signed_note(cx, (const char *)buf.at, &log),
                                          &log.public, &opened),
                     TORI_ERR_LOG_DIFFERS);
    }
    EVP_PKEY_free(log.key);
}

/* Any one byte changed, taken away or added: never another checkpoint. */
static void every_byte_of_a_note_counts(void **state)
{
    struct tori_ctx *cx = *state;
    struct signer log = signer_new("log.example", 1);
    char text[200];
    struct tori_opened opened;

    snprintf(text, sizeof(text), "log.example\n1\n%s\n", root_text);
    struct tori_str note = signed_note(cx, text, &log);
    char *bent = tori_arena_copy(cx->arena, note.at, note.len);
    assert_ok(cx,
              tori_checkpoint_open(cx, (struct tori_str){bent, note.len}, &log.public, &opened));
    for (size_t i = 0; i < note.len; i++) {
        bent[i] ^= 1;
        assert_fails(
            tori_checkpoint_open(cx, (struct tori_str){bent, note.len}, &log.public, &opened),
            TORI_ERR_LOG_DIFFERS);
        bent[i] ^= 1;
        assert_fails(tori_checkpoint_open(cx, (struct tori_str){bent, i}, &log.public, &opened),
                     TORI_ERR_LOG_DIFFERS);
    }
    EVP_PKEY_free(log.key);
}

static void names_are_plain(void **state)
{
    (void)state;
    assert_true(tori_note_name_valid(TORI_STR("torimori.example/log/0")));
    assert_true(tori_note_name_valid(TORI_STR("取守")));
    assert_false(tori_note_name_valid(TORI_STR("")));
    assert_false(tori_note_name_valid(TORI_STR("a b")));
    assert_false(tori_note_name_valid(TORI_STR("a+b")));
    assert_false(tori_note_name_valid(TORI_STR("a\nb")));
    assert_false(tori_note_name_valid(TORI_STR("a\xe3\x80\x80"
                                               "b")));
    assert_false(tori_note_name_valid(TORI_STR("a\xe2\x80\x83"
                                               "b")));
    assert_false(tori_note_name_valid(TORI_STR("\xff")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(vkeys_read_what_they_write),     unit(other_vkeys_are_refused),
        unit(a_published_signature_verifies), unit(a_checkpoint_opens),
        unit(witnesses_may_stand_beside),     unit(malformed_checkpoints_are_refused),
        unit(every_byte_of_a_note_counts),    unit(names_are_plain),
    };
    return tori_unit_run("unit/note", tests);
}
