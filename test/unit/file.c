/* The one way to write a file, and sealing at its lowest level. */
#include "test/unit/unit.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/aead.h"
#include "base/file.h"

struct place {
    char folder[64];
    char path[128];
};

static struct place place_new(const char *name)
{
    struct place p = {.folder = "/tmp/torimori-file-XXXXXX"};

    assert_non_null(mkdtemp(p.folder));
    snprintf(p.path, sizeof(p.path), "%s/%s", p.folder, name);
    return p;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void place_end(const struct place *p)
{
    assert_int_equal(nftw(p->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void a_file_is_written_whole(void **state)
{
    struct tori_ctx *cx = *state;
    struct place p = place_new("note");
    struct tori_bytes back;
    struct stat st;

    assert_fails(tori_file_read(cx, p.path, 100, &back), TORI_ERR_NOT_FOUND);
    assert_ok(cx, tori_file_write(cx, p.path, tori_str_bytes(TORI_STR("one")), 0600));
    assert_ok(cx, tori_file_write(cx, p.path, tori_str_bytes(TORI_STR("second")), 0600));
    assert_ok(cx, tori_file_read(cx, p.path, 6, &back));
    assert_text(tori_bytes_str(back), "second");
    assert_fails(tori_file_read(cx, p.path, 5, &back), TORI_ERR_TOO_LARGE);
    assert_int_equal(stat(p.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(p.path);
    assert_int_equal(rmdir(p.folder), 0); /* nothing was left beside it */
}

static void folders_are_made_on_the_way(void **state)
{
    struct tori_ctx *cx = *state;
    struct place p = place_new("a/b/c");

    assert_fails(tori_file_write(cx, p.path, tori_str_bytes(TORI_STR("x")), 0600),
                 TORI_ERR_FILE_FAILED);
    assert_ok(cx, tori_file_folders(cx, p.path, 0700));
    assert_ok(cx, tori_file_folders(cx, p.path, 0700));
    assert_ok(cx, tori_file_write(cx, p.path, tori_str_bytes(TORI_STR("x")), 0600));
    place_end(&p);
}

/* What settling is good for only a loss of power shows: test/durability. */
static void only_folders_are_settled(void **state)
{
    struct tori_ctx *cx = *state;
    struct place p = place_new("file");

    assert_ok(cx, tori_file_settle(cx, p.folder));
    assert_ok(cx, tori_file_settle(cx, p.path)); /* not there */
    assert_ok(cx, tori_file_write(cx, p.path, tori_str_bytes(TORI_STR("x")), 0600));
    assert_fails(tori_file_settle(cx, p.path), TORI_ERR_FILE_FAILED);
    place_end(&p);
}

static void write_and_die(struct tori_ctx *cx, const char *path, const char *at)
{
    pid_t child = fork();

    if (child == 0) {
        setenv("TORI_FAILPOINT", at, 1);
        struct tori_result r = tori_file_write(cx, path, tori_str_bytes(TORI_STR("new")), 0600);
        _exit(r.err == TORI_ERR_NONE ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void a_cut_leaves_the_old_or_the_new(void **state)
{
    struct tori_ctx *cx = *state;
    struct place p = place_new("note");
    struct tori_bytes back;

    assert_ok(cx, tori_file_write(cx, p.path, tori_str_bytes(TORI_STR("old")), 0600));
    write_and_die(cx, p.path, "file.synced");
    assert_ok(cx, tori_file_read(cx, p.path, 9, &back));
    assert_text(tori_bytes_str(back), "old");
    write_and_die(cx, p.path, "file.renamed");
    assert_ok(cx, tori_file_read(cx, p.path, 9, &back));
    assert_text(tori_bytes_str(back), "new");
    assert_ok(cx, tori_file_write(cx, p.path, tori_str_bytes(TORI_STR("last")), 0600));
    place_end(&p);
}

static void assert_holds(struct tori_ctx *cx, const char *path, const char *want)
{
    struct tori_bytes back;

    assert_ok(cx, tori_file_read(cx, path, 100, &back));
    assert_text(tori_bytes_str(back), want);
}

static void put_text(struct tori_ctx *cx, struct tori_file_batch *batch, const char *path,
                     const char *text)
{
    assert_ok(cx, tori_file_batch_put(cx, batch, path, tori_str_bytes(tori_str_z(text))));
}

static void a_batch_changes_no_name_before_its_commit(void **state)
{
    struct tori_ctx *cx = *state;
    struct place a = place_new("a"), b = place_new("b");
    struct tori_file_batch *batch;

    assert_ok(cx, tori_file_write(cx, a.path, tori_str_bytes(TORI_STR("old")), 0600));
    assert_ok(cx, tori_file_batch_new(cx, &batch));
    put_text(cx, batch, a.path, "new a");
    put_text(cx, batch, b.path, "new b");
    assert_holds(cx, a.path, "old");
    assert_int_equal(access(b.path, F_OK), -1);
    assert_ok(cx, tori_file_batch_commit(cx, batch));
    assert_holds(cx, a.path, "new a");
    assert_holds(cx, b.path, "new b");
    put_text(cx, batch, a.path, "given up");
    tori_file_batch_free(batch);
    assert_holds(cx, a.path, "new a");
    place_end(&a);
    place_end(&b);
}

static void a_full_batch_commits_itself(void **state)
{
    struct tori_ctx *cx = *state;
    struct place p = place_new("0");
    struct tori_file_batch *batch;
    char path[128];

    assert_ok(cx, tori_file_batch_new(cx, &batch));
    for (int i = 0; i < 150; i++) {
        snprintf(path, sizeof(path), "%s/%d", p.folder, i);
        put_text(cx, batch, path, path);
    }
    assert_ok(cx, tori_file_batch_commit(cx, batch));
    for (int i = 0; i < 150; i++) {
        snprintf(path, sizeof(path), "%s/%d", p.folder, i);
        assert_holds(cx, path, path);
        unlink(path);
    }
    assert_int_equal(rmdir(p.folder), 0);
    assert_fails(tori_file_batch_put(cx, batch, path, TORI_BYTES_OF(path)), TORI_ERR_FILE_FAILED);
    tori_file_batch_free(batch);
}

static void a_cut_batch_leaves_whole_files(void **state)
{
    struct tori_ctx *cx = *state;
    struct place a = place_new("a");
    struct tori_file_batch *batch;
    int status;

    assert_ok(cx, tori_file_write(cx, a.path, tori_str_bytes(TORI_STR("old")), 0600));
    assert_ok(cx, tori_file_batch_new(cx, &batch));
    pid_t child = fork();
    if (child == 0) {
        setenv("TORI_FAILPOINT", "file.synced", 1);
        put_text(cx, batch, a.path, "new");
        struct tori_result r = tori_file_batch_commit(cx, batch);
        _exit(r.err == TORI_ERR_NONE ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_holds(cx, a.path, "old");
    put_text(cx, batch, a.path, "newer");
    assert_ok(cx, tori_file_batch_commit(cx, batch));
    assert_holds(cx, a.path, "newer");
    tori_file_batch_free(batch);
    place_end(&a);
}

/* The Galois/Counter Mode of Operation (McGrew, Viega), test case 14. */
static void gcm_is_the_published_one(void **state)
{
    static const uint8_t want[32] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e,
                                     0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
                                     0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0,
                                     0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};
    static const struct tori_key32 key;
    static const uint8_t zero[16];
    struct tori_aead aead = {.key = &key, .nonce = zero};
    uint8_t sealed[32], plain[16];

    (void)state;
    tori_aead_init();
    assert_true(tori_aead_seal(&aead, TORI_BYTES_OF(zero), sealed));
    assert_memory_equal(sealed, want, sizeof(want));
    assert_true(tori_aead_open(&aead, TORI_BYTES_OF(sealed), plain));
    assert_memory_equal(plain, zero, sizeof(plain));
    for (size_t i = 0; i < sizeof(sealed); i++) {
        sealed[i] ^= 1;
        assert_false(tori_aead_open(&aead, TORI_BYTES_OF(sealed), plain));
        sealed[i] ^= 1;
    }
    aead.bound = tori_str_bytes(TORI_STR("elsewhere"));
    assert_false(tori_aead_open(&aead, TORI_BYTES_OF(sealed), plain));
    assert_false(tori_aead_open(&aead, (struct tori_bytes){sealed, 15}, plain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(a_file_is_written_whole),         unit(folders_are_made_on_the_way),
        unit(a_cut_leaves_the_old_or_the_new), unit(a_batch_changes_no_name_before_its_commit),
        unit(a_full_batch_commits_itself),     unit(a_cut_batch_leaves_whole_files),
        unit(only_folders_are_settled),        unit(gcm_is_the_published_one),
    };
    return tori_unit_run("unit/file", tests);
}
