/* The Merkle tree, its tiles and its proofs: against published values, against the recursion of the
 * RFC written down naively, and against each other. */
#include "test/unit/unit.h"

#include "domain/evidence/builder.h"
#include "domain/evidence/entry.h"
#include "domain/evidence/proof.h"

enum { SIZES = 300 };

/* Leaves of a test log: entry i is its number in words. */
static struct tori_bytes entry_of(uint64_t i, char room[static 32])
{
    int n = snprintf(room, 32, "entry %llu", (unsigned long long)i);
    return (struct tori_bytes){(const uint8_t *)room, (size_t)n};
}

static struct tori_hash leaf_of(uint64_t i)
{
    char room[32];
    return tori_leaf_hash(entry_of(i, room));
}

/* RFC 6962 §2.1, word for word. */
static struct tori_hash naive_root(uint64_t from, uint64_t n)
{
    uint64_t k = 1;

    if (n == 0)
        return tori_sha256((struct tori_bytes){NULL, 0});
    if (n == 1)
        return leaf_of(from);
    while (k * 2 < n)
        k *= 2;
    struct tori_hash left = naive_root(from, k), right = naive_root(from + k, n - k);
    return tori_node_hash(&left, &right);
}

/* RFC 6962 §2.1.1, word for word. */
static void naive_path(uint64_t m, uint64_t from, uint64_t n, struct tori_proof *out)
{
    uint64_t k = 1;

    if (n == 1)
        return;
    while (k * 2 < n)
        k *= 2;
    if (m < k) {
        naive_path(m, from, k, out);
        out->node[out->count++] = naive_root(from + k, n - k);
        return;
    }
    naive_path(m - k, from + k, n - k, out);
    out->node[out->count++] = naive_root(from, k);
}

/* RFC 6962 §2.1.2, word for word. */
static void naive_subproof(uint64_t m, struct tori_hash (*mth)(uint64_t, uint64_t), uint64_t from,
                           uint64_t n, bool b, struct tori_proof *out)
{
    uint64_t k = 1;

    if (m == n) {
        if (!b)
            out->node[out->count++] = mth(from, n);
        return;
    }
    while (k * 2 < n)
        k *= 2;
    if (m <= k) {
        naive_subproof(m, mth, from, k, b, out);
        out->node[out->count++] = mth(from + k, n - k);
        return;
    }
    naive_subproof(m - k, mth, from + k, n - k, false, out);
    out->node[out->count++] = mth(from, k);
}

/* Tiles kept in memory: the newest content of each name. */
enum { SHELF = 64 };
struct shelf {
    size_t count;
    struct kept {
        struct tori_tile tile;
        struct tori_bytes content;
    } kept[SHELF];
};

static bool same_tile(const struct tori_tile *a, const struct tori_tile *b)
{
    return a->entries == b->entries && a->level == b->level && a->index == b->index &&
           a->width == b->width;
}

static struct tori_result shelf_put(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                                    struct tori_bytes content)
{
    struct shelf *shelf = owner;

    assert_true(shelf->count < SHELF);
    struct kept *kept = &shelf->kept[shelf->count++];
    kept->tile = *tile;
    return tori_copy(cx, content, &kept->content);
}

static struct tori_result shelf_read(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                                     struct tori_bytes *out)
{
    struct shelf *shelf = owner;

    for (size_t i = shelf->count; i > 0; i--)
        if (same_tile(&shelf->kept[i - 1].tile, tile)) {
            *out = shelf->kept[i - 1].content;
            return TORI_OK;
        }
    return TORI_FAIL(cx, NOT_FOUND);
}

static struct tori_tree build(struct tori_ctx *cx, uint64_t size, struct shelf *shelf)
{
    struct tori_builder *builder;
    char room[32];

    shelf->count = 0;
    assert_ok(cx, tori_builder_new(cx, shelf_put, shelf, &builder));
    for (uint64_t i = 0; i < size; i++) {
        struct tori_hash leaf = leaf_of(i);
        assert_ok(cx, tori_builder_append(cx, builder, entry_of(i, room), &leaf));
    }
    assert_ok(cx, tori_builder_flush(cx, builder));
    struct tori_tree_head head = tori_builder_head(builder);
    struct tori_hash want = naive_root(0, size);
    assert_int_equal(head.size, size);
    assert_true(tori_hash_eq(&head.root, &want));
    tori_builder_free(builder);
    return (struct tori_tree){size, shelf_read, shelf};
}

/* The tree of the reference implementation of RFC 6962 (certificate-transparency,
 * merkletree/merkle_tree_test): eight leaves and the roots over the first n of them. */
static void roots_are_the_published_ones(void **state)
{
    static const struct tori_bytes leaf[8] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\x00", 1},
        {(const uint8_t *)"\x10", 1},
        {(const uint8_t *)"\x20\x21", 2},
        {(const uint8_t *)"\x30\x31", 2},
        {(const uint8_t *)"\x40\x41\x42\x43", 4},
        {(const uint8_t *)"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
        {(const uint8_t *)"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
    };
    static const char *const root[9] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct tori_ctx *cx = *state;
    struct tori_frontier frontier = {.size = 0};

    for (size_t n = 0; n <= 8; n++) {
        struct tori_hash got = tori_frontier_root(&frontier);
        struct tori_buf hex = tori_buf_new(cx->arena, 64);
        tori_buf_hex(&hex, tori_hash_bytes(&got));
        assert_text(tori_buf_text(&hex), root[n]);
        if (n == 8)
            return;
        struct tori_hash h = tori_leaf_hash(leaf[n]);
        tori_frontier_append(&frontier, &h);
    }
}

/* RFC 6962 §2.1.3: the example of seven leaves. */
static void the_example_of_the_rfc_holds(void **state)
{
    struct tori_ctx *cx = *state;
    static struct shelf shelf;
    struct tori_tree tree = build(cx, 7, &shelf);
    struct tori_hash b = leaf_of(1), c = leaf_of(2), d = leaf_of(3), f = leaf_of(5), j = leaf_of(6);
    struct tori_hash g = naive_root(0, 2), h = naive_root(2, 2), i = naive_root(4, 2),
                     k = naive_root(0, 4), l = naive_root(4, 3);
    struct tori_proof proof;

    const struct {
        uint64_t index;
        size_t n;
        struct tori_hash node[3];
    } paths[] = {{0, 3, {b, h, l}}, {3, 3, {c, g, l}}, {4, 3, {f, j, k}}, {6, 2, {i, k}}};
    for (size_t p = 0; p < 4; p++) {
        assert_ok(cx, tori_prove_inclusion(cx, &tree, paths[p].index, &proof));
        assert_int_equal(proof.count, paths[p].n);
        for (size_t n = 0; n < proof.count; n++)
            assert_true(tori_hash_eq(&proof.node[n], &paths[p].node[n]));
    }
    const struct {
        uint64_t older;
        size_t n;
        struct tori_hash node[4];
    } proofs[] = {{3, 4, {c, d, g, l}}, {4, 1, {l}}, {6, 3, {i, j, k}}};
    for (size_t p = 0; p < 3; p++) {
        assert_ok(cx, tori_prove_consistency(cx, &tree, proofs[p].older, &proof));
        assert_int_equal(proof.count, proofs[p].n);
        for (size_t n = 0; n < proof.count; n++)
            assert_true(tori_hash_eq(&proof.node[n], &proofs[p].node[n]));
    }
}

static void the_frontier_agrees_with_the_recursion(void **state)
{
    struct tori_frontier frontier = {.size = 0};

    (void)state;
    for (uint64_t n = 0; n <= SIZES; n++) {
        struct tori_hash got = tori_frontier_root(&frontier), want = naive_root(0, n);
        assert_true(tori_hash_eq(&got, &want));
        struct tori_hash leaf = leaf_of(n);
        tori_frontier_append(&frontier, &leaf);
    }
}

static void same_proof(const struct tori_proof *got, const struct tori_proof *want)
{
    assert_int_equal(got->count, want->count);
    for (size_t i = 0; i < got->count; i++)
        assert_true(tori_hash_eq(&got->node[i], &want->node[i]));
}

static void check_inclusion(struct tori_ctx *cx, const struct tori_tree *tree, uint64_t index)
{
    struct tori_proof proof, want = {.count = 0};
    struct tori_tree_head head = {tree->size, naive_root(0, tree->size)};
    struct tori_hash leaf = leaf_of(index);

    assert_ok(cx, tori_prove_inclusion(cx, tree, index, &proof));
    naive_path(index, 0, tree->size, &want);
    same_proof(&proof, &want);
    assert_true(tori_inclusion_holds(&head, index, &leaf, &proof));
    assert_false(tori_inclusion_holds(&head, index + 1, &leaf, &proof));
    assert_false(index > 0 && tori_inclusion_holds(&head, index - 1, &leaf, &proof));
    for (size_t i = 0; i < proof.count; i++) {
        proof.node[i].at[7] ^= 1;
        assert_false(tori_inclusion_holds(&head, index, &leaf, &proof));
        proof.node[i].at[7] ^= 1;
    }
    proof.count++;
    assert_false(tori_inclusion_holds(&head, index, &leaf, &proof));
    proof.count--;
    leaf.at[0] ^= 1;
    assert_false(tori_inclusion_holds(&head, index, &leaf, &proof));
}

static void check_consistency(struct tori_ctx *cx, const struct tori_tree *tree, uint64_t older)
{
    struct tori_proof proof, want = {.count = 0};
    struct tori_tree_head from = {older, naive_root(0, older)},
                          to = {tree->size, naive_root(0, tree->size)};

    assert_ok(cx, tori_prove_consistency(cx, tree, older, &proof));
    naive_subproof(older, naive_root, 0, tree->size, true, &want);
    same_proof(&proof, &want);
    assert_true(tori_consistency_holds(&from, &to, &proof));
    for (size_t i = 0; i < proof.count; i++) {
        proof.node[i].at[0] ^= 0x80;
        assert_false(tori_consistency_holds(&from, &to, &proof));
        proof.node[i].at[0] ^= 0x80;
    }
    proof.count++;
    assert_false(tori_consistency_holds(&from, &to, &proof));
    proof.count--;
    from.root.at[31] ^= 1;
    assert_false(tori_consistency_holds(&from, &to, &proof));
}

/* Every pair of sizes around the joints; elsewhere the first, the last and one between. */
static void proofs_agree_with_the_recursion(void **state)
{
    struct tori_ctx *cx = *state;
    static struct shelf shelf;

    for (uint64_t n = 1; n <= SIZES; n += n == 17 ? 14 : n == 33 ? 94 : n == 130 ? 125 : 1) {
        struct tori_tree tree = build(cx, n, &shelf);
        uint64_t step = n <= 17 ? 1 : n / 3;
        for (uint64_t i = 0; i < n; i += step) {
            check_inclusion(cx, &tree, i);
            check_consistency(cx, &tree, n - i);
        }
        check_inclusion(cx, &tree, n - 1);
        check_consistency(cx, &tree, 1);
        tori_arena_reset(cx->arena);
    }
}

static void proofs_beyond_the_tree_are_refused(void **state)
{
    struct tori_ctx *cx = *state;
    static struct shelf shelf;
    struct tori_tree tree = build(cx, 5, &shelf);
    struct tori_proof proof;

    assert_fails(tori_prove_inclusion(cx, &tree, 5, &proof), TORI_ERR_NOT_SEALED_YET);
    assert_fails(tori_prove_consistency(cx, &tree, 6, &proof), TORI_ERR_NOT_FOUND);
    assert_fails(tori_prove_consistency(cx, &tree, 0, &proof), TORI_ERR_NOT_FOUND);
    shelf.kept[shelf.count - 1].content.len -= 32;
    assert_fails(tori_prove_inclusion(cx, &tree, 0, &proof), TORI_ERR_LOG_DIFFERS);
}

/* Stopped anywhere and loaded again, the builder makes the same tiles. */
static void a_builder_goes_on_where_tiles_end(void **state)
{
    struct tori_ctx *cx = *state;
    static struct shelf shelf, more;
    static const uint64_t stops[] = {0, 1, 255, 256, 257, 300, 511, 512, 513};
    char room[32];

    for (size_t s = 0; s < sizeof(stops) / sizeof(stops[0]); s++) {
        struct tori_tree tree = build(cx, stops[s], &shelf);
        struct tori_builder *builder;
        more.count = 0;
        assert_ok(cx, tori_builder_new(cx, shelf_put, &more, &builder));
        assert_ok(cx, tori_builder_load(cx, builder, &tree));
        for (uint64_t i = stops[s]; i < 520; i++) {
            struct tori_hash leaf = leaf_of(i);
            assert_ok(cx, tori_builder_append(cx, builder, entry_of(i, room), &leaf));
        }
        assert_ok(cx, tori_builder_flush(cx, builder));
        tori_builder_free(builder);
        build(cx, 520, &shelf);
        for (size_t i = 0; i < more.count; i++) {
            struct tori_bytes want;
            assert_ok(cx, shelf_read(cx, &shelf, &more.kept[i].tile, &want));
            assert_true(tori_bytes_eq(want, more.kept[i].content));
        }
        tori_arena_reset(cx->arena);
    }
}

static void a_damaged_edge_is_not_loaded(void **state)
{
    struct tori_ctx *cx = *state;
    static struct shelf shelf;
    struct tori_tree tree = build(cx, 3, &shelf);
    struct tori_builder *builder;

    assert_true(shelf.kept[0].tile.entries);
    uint8_t *bundle =
        tori_arena_copy(cx->arena, shelf.kept[0].content.at, shelf.kept[0].content.len);
    shelf.kept[0].content.at = bundle;
    assert_ok(cx, tori_builder_new(cx, shelf_put, &shelf, &builder));
    assert_ok(cx, tori_builder_load(cx, builder, &tree));
    bundle[5] ^= 1;
    assert_fails(tori_builder_load(cx, builder, &tree), TORI_ERR_LOG_DIFFERS);
    bundle[5] ^= 1;
    bundle[1] ^= 1; /* a length */
    assert_fails(tori_builder_load(cx, builder, &tree), TORI_ERR_LOG_DIFFERS);
    tori_builder_free(builder);
}

static void an_entry_has_a_longest_length(void **state)
{
    struct tori_ctx *cx = *state;
    static struct shelf shelf;
    static uint8_t big[TORI_ENTRY_MAX + 1];
    struct tori_builder *builder;
    struct tori_bytes entry = {big, sizeof(big)};
    struct tori_hash leaf = tori_leaf_hash(entry);

    shelf.count = 0;
    assert_ok(cx, tori_builder_new(cx, shelf_put, &shelf, &builder));
    assert_fails(tori_builder_append(cx, builder, entry, &leaf), TORI_ERR_TOO_LARGE);
    entry.len--;
    assert_ok(cx, tori_builder_append(cx, builder, entry, &leaf));
    tori_builder_free(builder);
}

static void tiles_have_one_name(void **state)
{
    struct tori_ctx *cx = *state;
    static const struct {
        struct tori_tile tile;
        const char *path;
    } rows[] = {
        {{false, 0, 0, 256}, "tile/0/000"},
        {{false, 1, 999, 256}, "tile/1/999"},
        {{false, 0, 1000, 256}, "tile/0/x001/000"},
        {{true, 0, 1234067, 256}, "tile/entries/x001/x234/067"},
        {{true, 0, 67, 3}, "tile/entries/067.p/3"},
        {{false, 7, 5, 255}, "tile/7/005.p/255"},
        {{false, 0, 1000000, 17}, "tile/0/x001/x000/000.p/17"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tori_buf buf = tori_buf_new(cx->arena, 100);
        struct tori_tile tile;
        tori_tile_path(&buf, &rows[i].tile);
        assert_text(tori_buf_text(&buf), rows[i].path);
        assert_true(tori_tile_parse(tori_buf_text(&buf), &tile));
        assert_true(same_tile(&tile, &rows[i].tile));
    }
}

static void other_names_are_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/8/000",
        "tile/0/000.p/0",
        "tile/0/x000/000",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/001/000",
        "/tile/0/000",
        "tile/entries/0/000",
        "tile/0/000/",
        "tile/0/../000",
        "tile/0/000 ",
        "tile/-1/000",
        "tile/0/x001/x234/067.p/1/",
        "tile/entries/x999/x999/x999/x999/x999/x999/999",
    };
    struct tori_tile tile;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (tori_tile_parse(tori_str_z(bad[i]), &tile))
            fail_msg("\"%s\" was taken for a tile", bad[i]);
}

static void entries_are_canonical(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_id nobody = {{0}}, customer = tori_id_new(&cx->random, cx->now, 5);
    struct tori_entry entry;
    struct tori_bytes text;
    struct tori_entry_head head = {7, cx->now, &nobody, "policy.changed"};

    tori_entry_begin(cx, &head, &entry);
    assert_ok(cx, tori_entry_end(cx, &entry, &text));
    assert_text(tori_bytes_str(text), "{\"v\":1,\"seq\":7,\"at\":\"2026-11-20T05:00:00.000Z\","
                                      "\"customer\":null,\"kind\":\"policy.changed\"}");
    assert_true(tori_entry_has_seq(text, 7));
    assert_false(tori_entry_has_seq(text, 8));
    assert_false(tori_entry_has_seq(text, 70));

    struct tori_commitment commitment = {.salt = {0}};
    head.customer = &customer;
    tori_entry_begin(cx, &head, &entry);
    tori_out_int(&entry.out, "n", 1);
    tori_entry_commit(&entry, "a", &commitment);
    tori_entry_commit(&entry, "b", &commitment);
    assert_ok(cx, tori_entry_end(cx, &entry, &text));
    struct tori_json json;
    assert_ok(cx, tori_json_parse(cx, text, &json));
    const struct tori_json *commit = tori_json_get(&json, TORI_STR("commit"));
    assert_non_null(commit);
    assert_int_equal(commit->count, 2);
    assert_int_equal(commit->member[1].value.text.len, 64);
    assert_int_equal(tori_json_get(&json, TORI_STR("customer"))->text.len, 24);
}

static void commitments_bind_and_hide(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_bytes yes = tori_str_bytes(TORI_STR("yes")), no = tori_str_bytes(TORI_STR("no"));
    struct tori_commitment a = tori_commitment_make(&cx->random, yes),
                           b = tori_commitment_make(&cx->random, yes);

    assert_true(tori_commitment_holds(&a, yes));
    assert_false(tori_commitment_holds(&a, no));
    assert_false(tori_hash_eq(&a.hash, &b.hash));
    b.hash = a.hash;
    assert_false(tori_commitment_holds(&b, yes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(roots_are_the_published_ones),
        unit(the_example_of_the_rfc_holds),
        unit(the_frontier_agrees_with_the_recursion),
        unit(proofs_agree_with_the_recursion),
        unit(proofs_beyond_the_tree_are_refused),
        unit(a_builder_goes_on_where_tiles_end),
        unit(a_damaged_edge_is_not_loaded),
        unit(an_entry_has_a_longest_length),
        unit(tiles_have_one_name),
        unit(other_names_are_refused),
        unit(entries_are_canonical),
        unit(commitments_bind_and_hide),
    };
    return tori_unit_run("unit/evidence", tests);
}
