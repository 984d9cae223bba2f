/* The commands of delivery, decided on an aggregate in memory. */
#include "unit.h"

#include "base/aead.h"
#include "domain/notify/delivery.h"
#include "service/job/deliver.h"
#include "service/notice.h"

struct scene {
    struct tori_app app;
    struct tori_caller caller;
    struct tori_state state;
    struct tori_changes changes;
    struct tori_reply reply;
    struct tori_id user;
    struct tori_id contact;
    struct tori_deliver deliver;
};

static void next_command(struct tori_ctx *cx, struct scene *scene)
{
    tori_changes_settle(&scene->changes);
    tori_changes_begin(&scene->changes);
    tori_reply_begin(&scene->reply, cx->arena);
}

static struct tori_id fresh_id(struct tori_ctx *cx)
{
    return tori_id_new(&cx->random, cx->now, 1);
}

static void put_people(struct tori_ctx *cx, struct scene *scene)
{
    struct tori_aggregate *agg = scene->state.customer;
    struct tori_customer customer = {
        .customer_id = agg->customer_id, .ref = TORI_STR("C-000123"), .state = TORI_ACTIVE};
    struct tori_user user = {
        .customer_id = agg->customer_id, .id = fresh_id(cx), .state = TORI_ACTIVE};
    struct tori_contact contact = {.customer_id = agg->customer_id,
                                   .id = fresh_id(cx),
                                   .user_id = user.id,
                                   .kind = TORI_CONTACT_MAIL,
                                   .state = TORI_CONTACT_ACTIVE};
    struct tori_column_place place = tori_place_in(agg, &contact.id, "contact.sealed_address");

    assert_ok(cx, tori_column_seal(cx, &place, tori_str_bytes(TORI_STR("hanako@mail.example")),
                                   &contact.sealed_address));
    assert_ok(cx, tori_customer_put(cx, agg, &customer));
    assert_ok(cx, tori_user_put(cx, agg, &user));
    assert_ok(cx, tori_contact_put(cx, agg, &contact));
    scene->user = user.id;
    scene->contact = contact.id;
}

static void open_scene(struct tori_ctx *cx, struct scene *scene)
{
    static const struct tori_id customer = {{0, 1, 9}}, firm;

    memset(scene, 0, sizeof(*scene));
    scene->app.firm_name[TORI_JA] = TORI_STR("みほん証券");
    scene->app.firm_name[TORI_EN] = TORI_STR("Mihon Securities");
    scene->state.customer = tori_aggregate_new(&customer);
    scene->state.firm = tori_aggregate_new(&firm);
    cx->app = &scene->app;
    cx->caller = &scene->caller;
    cx->state = &scene->state;
    cx->changes = &scene->changes;
    scene->deliver.customer = customer;
    tori_changes_begin(&scene->changes);
    put_people(cx, scene);
    next_command(cx, scene);
}

static void close_scene(struct tori_ctx *cx, struct scene *scene)
{
    tori_changes_settle(&scene->changes);
    tori_aggregate_free(scene->state.customer);
    tori_aggregate_free(scene->state.firm);
    cx->state = NULL;
    cx->changes = NULL;
}

static const struct tori_job *job_of(const struct scene *scene)
{
    return tori_job_find(scene->state.customer, &scene->deliver.job);
}

static const struct tori_contact *contact_of(const struct scene *scene)
{
    return tori_contact_find(scene->state.customer, &scene->contact);
}

static void tell(struct tori_ctx *cx, struct scene *scene, const char *template,
                 const struct tori_notify_param *param)
{
    struct tori_tell told = {.agg = scene->state.customer,
                             .user = tori_user_find(scene->state.customer, &scene->user),
                             .template = template,
                             .param = param};
    size_t jobs = tori_job_count(scene->state.customer);

    cx->now++; /* so that the new job is the last */
    assert_ok(cx, tori_notice_tell(cx, &told));
    assert_int_equal(tori_job_count(scene->state.customer), jobs + 1);
    scene->deliver.job = tori_job_at(scene->state.customer, jobs)->id;
    next_command(cx, scene);
}

static void tell_unlocked(struct tori_ctx *cx, struct scene *scene)
{
    const struct tori_notify_param param[] = {tori_notify_time("time", cx->now), TORI_NOTIFY_END};
    tell(cx, scene, "unlocked", param);
}

static void begin(struct tori_ctx *cx, struct scene *scene)
{
    next_command(cx, scene);
    assert_ok(cx, tori_deliver_begin(cx, &scene->deliver, &scene->reply));
}

static void result(struct tori_ctx *cx, struct scene *scene, enum tori_parcel_outcome outcome,
                   enum tori_parcel_step step)
{
    next_command(cx, scene);
    scene->deliver.result = (struct tori_parcel_result){
        .job = scene->deliver.job, .outcome = outcome, .step = step, .reply = 550};
    assert_ok(cx, tori_deliver_result(cx, &scene->deliver, &scene->reply));
}

static void back_off_grows_and_ends(void **state)
{
    static const int64_t seconds[] = {30, 120, 600, 3600, 21600, 21600};
    (void)state;

    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++)
        assert_int_equal(tori_delivery_wait_ms((int64_t)i + 1), seconds[i] * 1000);
    assert_int_equal(tori_delivery_wait_ms(INT64_MAX), 21600 * 1000);
    assert_int_equal(tori_delivery_wait_ms(0), 0);
    assert_int_equal(tori_delivery_next(TORI_DELIVERY_TEMPORARY, 11), TORI_JOB_DUE);
    assert_int_equal(tori_delivery_next(TORI_DELIVERY_TEMPORARY, 12), TORI_JOB_FAILED);
    assert_int_equal(tori_delivery_next(TORI_DELIVERY_DONE, 12), TORI_JOB_DONE);
    assert_int_equal(tori_delivery_next(TORI_DELIVERY_REFUSED, 1), TORI_JOB_FAILED);
}

static void a_mail_goes_out_and_is_done(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene);
    tell_unlocked(cx, &scene);
    begin(cx, &scene);
    assert_non_null(scene.reply.view);
    assert_int_equal(scene.changes.journal_rows, 1);
    assert_int_equal(job_of(&scene)->tries, 1);
    assert_int_equal(job_of(&scene)->due_at, cx->now + TORI_DELIVERY_LEASE_MS);
    result(cx, &scene, TORI_PARCEL_DELIVERED, TORI_PARCEL_AT_MESSAGE);
    assert_int_equal(scene.changes.journal_rows, 1);
    assert_int_equal(job_of(&scene)->state, TORI_JOB_DONE);
    assert_int_equal(contact_of(&scene)->state, TORI_CONTACT_ACTIVE);
    close_scene(cx, &scene);
}

static void repeats_change_nothing(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene);
    tell_unlocked(cx, &scene);
    begin(cx, &scene);
    begin(cx, &scene); /* not due any more */
    assert_null(scene.reply.view);
    assert_int_equal(scene.changes.count, 0);
    result(cx, &scene, TORI_PARCEL_DELIVERED, TORI_PARCEL_AT_MESSAGE);
    result(cx, &scene, TORI_PARCEL_PERMANENT, TORI_PARCEL_AT_RECIPIENT);
    assert_int_equal(scene.changes.count, 0);
    assert_int_equal(job_of(&scene)->state, TORI_JOB_DONE);
    cx->now += TORI_DAY_MS;
    begin(cx, &scene);
    assert_int_equal(scene.changes.count, 0);
    scene.deliver.job.at[17] ^= 1; /* no such job */
    begin(cx, &scene);
    result(cx, &scene, TORI_PARCEL_DELIVERED, TORI_PARCEL_AT_MESSAGE);
    assert_int_equal(scene.changes.count, 0);
    close_scene(cx, &scene);
}

static void twelve_tries_and_no_more(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;
    tori_time started;

    open_scene(cx, &scene);
    tell_unlocked(cx, &scene);
    started = cx->now;
    for (int64_t n = 1; n <= 12; n++) {
        assert_int_equal(job_of(&scene)->state, TORI_JOB_DUE);
        begin(cx, &scene);
        assert_int_equal(job_of(&scene)->tries, n);
        result(cx, &scene, TORI_PARCEL_TEMPORARY, TORI_PARCEL_AT_CONNECT);
        if (n < 12)
            assert_int_equal(job_of(&scene)->due_at, cx->now + tori_delivery_wait_ms(n));
        cx->now = job_of(&scene)->due_at;
    }
    assert_int_equal(job_of(&scene)->state, TORI_JOB_FAILED);
    assert_text(job_of(&scene)->last_error, "connect 550");
    /* A network that is down says nothing about the address. */
    assert_int_equal(contact_of(&scene)->state, TORI_CONTACT_ACTIVE);
    assert_true(cx->now - started > TORI_DAY_MS && cx->now - started < 3 * TORI_DAY_MS);
    close_scene(cx, &scene);
}

static void tries_without_a_result_are_counted_too(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene);
    tell_unlocked(cx, &scene);
    for (int n = 1; n <= 12; n++) {
        begin(cx, &scene);
        assert_non_null(scene.reply.view);
        cx->now += TORI_DELIVERY_LEASE_MS;
    }
    begin(cx, &scene);
    assert_null(scene.reply.view);
    assert_int_equal(job_of(&scene)->state, TORI_JOB_FAILED);
    assert_text(job_of(&scene)->last_error, "no result");
    close_scene(cx, &scene);
}

static size_t failures_told(const struct scene *scene)
{
    size_t n = 0;

    for (size_t i = 0; i < tori_notice_count(scene->state.customer); i++)
        n += tori_str_eq(tori_notice_at(scene->state.customer, i)->template,
                         TORI_STR("delivery_failed"));
    return n;
}

/* NOTIFY-11 */
static void a_refused_address_is_marked_and_told_once(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene);
    for (int i = 0; i < 3; i++) {
        tell_unlocked(cx, &scene);
        begin(cx, &scene);
        result(cx, &scene, TORI_PARCEL_PERMANENT, TORI_PARCEL_AT_RECIPIENT);
        assert_int_equal(job_of(&scene)->state, TORI_JOB_FAILED);
        assert_text(job_of(&scene)->last_error, "recipient 550");
        assert_int_equal(contact_of(&scene)->state, TORI_CONTACT_BOUNCING);
        assert_int_equal(failures_told(&scene), 1);
    }
    tell_unlocked(cx, &scene);
    begin(cx, &scene);
    result(cx, &scene, TORI_PARCEL_DELIVERED, TORI_PARCEL_AT_MESSAGE);
    assert_int_equal(contact_of(&scene)->state, TORI_CONTACT_ACTIVE);
    close_scene(cx, &scene);
}

static void a_refused_message_does_not_mark_the_address(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene);
    tell_unlocked(cx, &scene);
    begin(cx, &scene);
    result(cx, &scene, TORI_PARCEL_PERMANENT, TORI_PARCEL_AT_MESSAGE);
    assert_int_equal(job_of(&scene)->state, TORI_JOB_FAILED);
    assert_int_equal(contact_of(&scene)->state, TORI_CONTACT_ACTIVE);
    assert_int_equal(failures_told(&scene), 1);
    close_scene(cx, &scene);
}

static void a_removed_contact_gets_nothing(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene);
    tell_unlocked(cx, &scene);
    struct tori_contact contact = *contact_of(&scene);
    contact.state = TORI_CONTACT_REMOVED;
    assert_ok(cx, tori_contact_put(cx, scene.state.customer, &contact));
    begin(cx, &scene);
    assert_null(scene.reply.view);
    assert_int_equal(job_of(&scene)->state, TORI_JOB_FAILED);
    assert_text(job_of(&scene)->last_error, "no contact");
    close_scene(cx, &scene);
}

/* ENROL-01: the code lies in the sealed notice until the letter is out, and nowhere after. */
static void a_letter_that_is_out_leaves_no_code_behind(void **state)
{
    struct tori_ctx *cx = *state;
    const struct tori_notify_param param[] = {
        tori_notify_text("name", TORI_STR("見本 花子")),
        tori_notify_code("code", TORI_STR("K7QF-M2XD")),
        tori_notify_time("until", cx->now),
        TORI_NOTIFY_END,
    };
    struct scene scene;

    open_scene(cx, &scene);
    tell(cx, &scene, "enrolment_code", param);
    assert_int_equal(job_of(&scene)->kind, TORI_JOB_LETTER);
    assert_int_equal(tori_notice_count(scene.state.customer), 1);
    begin(cx, &scene);
    assert_non_null(scene.reply.view);
    result(cx, &scene, TORI_PARCEL_TEMPORARY, TORI_PARCEL_AT_SPOOL);
    assert_int_equal(tori_notice_count(scene.state.customer), 1);
    cx->now = job_of(&scene)->due_at;
    begin(cx, &scene);
    result(cx, &scene, TORI_PARCEL_DELIVERED, TORI_PARCEL_AT_SPOOL);
    assert_int_equal(tori_notice_count(scene.state.customer), 0);
    assert_int_equal(job_of(&scene)->state, TORI_JOB_DONE);
    close_scene(cx, &scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(back_off_grows_and_ends),
        unit(a_mail_goes_out_and_is_done),
        unit(repeats_change_nothing),
        unit(twelve_tries_and_no_more),
        unit(tries_without_a_result_are_counted_too),
        unit(a_refused_address_is_marked_and_told_once),
        unit(a_refused_message_does_not_mark_the_address),
        unit(a_removed_contact_gets_nothing),
        unit(a_letter_that_is_out_leaves_no_code_behind),
    };

    tori_aead_init();
    return tori_unit_run("deliver", tests);
}
