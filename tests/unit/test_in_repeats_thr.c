/* The way in with real messages: every row of docs/STATES.md, "Inbound repeats", with what the peer
 * gets and how often C4 gets it (reliability R5-R8, Q4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/hash.h"
#include "ap/in/in.h"
#include "ap/peppol/document.h"
#include "ap/peppol/sbdh.h"
#include "tests/support/as4msg.h"
#include "tests/support/store_kit.h"
#include "tests/support/testpki.h"

static struct kit k;
static struct deliver_routes routes;
static struct in_env env;

/* ---- messages ---- */

struct made {
    char type[256];
    struct buf body;
};
struct letter { /* zero values: the usual */
    const char *id, *instance, *number, *signer;
    int64_t later; /* ms: another eb:Timestamp makes another SignedInfo */
};

static void invoice(struct buf *out, const char *number)
{
    struct str text;
    struct buf file;
    struct err e = ERR_INIT;
    size_t at;

    buf_init(&file, 1 << 20);
    if (fsx_read_file(&file, "ubl/examples/invoice.xml", &e))
        fail_msg("%s", e.msg);
    text = buf_view(&file);
    at = str_find(text, STR("INV-1042"));
    buf_str(out, str_sub(text, 0, at));
    buf_puts(out, number);
    buf_str(out, str_sub(text, at + 8, text.n));
    buf_free(&file);
}

static void envelope(
    struct spool *sbd, struct document *d, const struct buf *xml, const char *instance)
{
    const struct blob payload = blob_mem(xml->p, xml->n);
    struct sbdh h = {.created = TESTPKI_NOW, .country_c1 = "BE"};
    struct spool recoded;
    struct sink to = spool_sink(sbd);
    struct err e = ERR_INIT;

    spool_init(&recoded, -1, 1 << 20, 1 << 20);
    if (document_read(d, &recoded, &payload, NULL, k.a, &e))
        fail_msg("%s: %s", e.code, e.msg);
    h.sender = d->sender;
    h.receiver = d->receiver;
    h.doctype = d->doctype;
    h.process = d->process;
    h.instance_id = str_z(instance);
    if (sbdh_write(&to, &h, d, &e))
        fail_msg("%s: %s", e.code, e.msg);
    spool_free(&recoded);
}

/* Composed anew each time: another session key; the same content has the same SignedInfo. */
static struct made make(const struct letter *l)
{
    struct as4_message m = {.timestamp = TESTPKI_NOW + l->later,
        .message_id = str_z(l->id ? l->id : "one@ap1.example"),
        .conversation_id = STR("c"),
        .payload_type = STR("application/xml"),
        .compress = true};
    struct cert *to = testpki_cert("ap2");
    struct made out = {.type = ""};
    struct spool sbd, wire;
    struct as4_sent sent;
    struct document d;
    struct buf xml;
    struct blob bytes;
    struct err e = ERR_INIT;

    buf_init(&xml, 1 << 20);
    spool_init(&sbd, -1, 1 << 20, 4 << 20);
    spool_init(&wire, -1, 1 << 20, 4 << 20);
    invoice(&xml, l->number ? l->number : "REP-1");
    envelope(&sbd, &d, &xml, l->instance ? l->instance : "instance-1");
    m.document_scheme = str_z(doctype_scheme_text(d.doctype.scheme));
    m.document_id = str_z(d.doctype.value);
    m.process_scheme = str_z(d.process.scheme);
    m.process_id = str_z(d.process.value);
    m.sender = str_z(d.sender.value);
    m.receiver = str_z(d.receiver.value);
    m.payload = spool_blob(&sbd);
    m.recipient = to;
    if (as4_compose(&sent, &wire, &m, as4msg_key(l->signer ? l->signer : "ap1"), k.a, &e))
        fail_msg("%s: %s", e.code, e.msg);
    (void)snprintf(out.type, sizeof(out.type), "%s", sent.content_type);
    buf_init(&out.body, 4 << 20);
    bytes = spool_blob(&wire);
    assert_int_equal(blob_load(&out.body, &bytes, &e), 0);
    spool_free(&sbd);
    spool_free(&wire);
    buf_free(&xml);
    cert_unref(to);
    return out;
}

/* ---- answers ---- */

struct got {
    int status;
    struct buf body;
};

static struct got receive(const struct made *m)
{
    const struct blob body = blob_mem(m->body.p, m->body.n);
    struct in_answer a = {.status = 0};
    struct got out;

    buf_init(&a.body, 1 << 20);
    in_receive(&a, &env, str_z(m->type), &body, "192.0.2.1");
    out.status = a.status;
    out.body = a.body;
    return out;
}

static bool is_receipt(const struct got *g)
{
    return g->status == 200 && g->body.p && strstr(g->body.p, ":Receipt") &&
           !strstr(g->body.p, "errorCode");
}

static bool same_bytes(const struct got *a, const struct got *b)
{
    return str_eq(buf_view(&a->body), buf_view(&b->body));
}

static struct got receive_letter(const struct letter *l)
{
    struct made m = make(l);
    struct got g = receive(&m);

    buf_free(&m.body);
    return g;
}

/* ---- what C4 gets ---- */

static size_t list(struct in_row *rows, size_t max)
{
    struct store_filter f = STORE_FILTER_ALL;
    struct err e = ERR_INIT;
    size_t n = 0;

    if (store_in_list(rows, max, &n, k.s, &f, k.a, &e))
        fail_msg("%s: %s", e.code, e.msg);
    return n;
}

static void work(void)
{
    struct in_lane lane;
    struct err e = ERR_INIT;

    while (in_work(&env, &e) > 0)
        ;
    in_lane_init(&lane, deliver_find(&routes, "folder"));
    while (in_lane_work(&env, &lane, &e) > 0)
        ;
    in_lane_done(&lane);
}

static void handed_over(size_t documents)
{
    struct in_row rows[32];

    work();
    assert_int_equal(list(rows, 32), documents);
    for (size_t i = 0; i < documents; i++) {
        assert_int_equal(rows[i].state, IN_HANDED_OVER);
        assert_int_equal(rows[i].handovers, 1);
    }
}

static int start(void **state)
{
    const struct store_participant buyer = {.identifier = "iso6523-actorid-upis::0208:0403170701",
        .tenant = "t",
        .end_user = "e",
        .country = "BE"};
    struct err e = ERR_INIT;
    char c4[128];

    (void)state;
    as4msg_setup();
    kit_start(&k);
    (void)snprintf(c4, sizeof(c4), "%s/c4", k.dir);
    if (mkdir(c4, 0700) || deliver_open(&routes, NULL, c4, NULL, &e) ||
        store_participant_put(k.s, &buyer, clock_now(), &e))
        fail_msg("%s: %s", e.code, e.msg);
    env = (struct in_env){.store = k.s,
        .rx = *as4msg_receiver(),
        .key = as4msg_key("ap2"),
        .routes = &routes,
        .route = "folder",
        .retry_ms = 1};
    env.rx.tmp_dirfd = store_tmp_dirfd(k.s);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_int_equal(kit_findings(k.s), 0);
    deliver_close(&routes);
    kit_stop(&k);
    return 0;
}

/* ---- R5 ---- */

static void r5_never_seen_receipt_and_one_hand_over(void **state)
{
    struct got g = receive_letter(&(struct letter){0});

    (void)state;
    assert_true(is_receipt(&g));
    handed_over(1);
    buf_free(&g.body);
}

/*= AS4 3.2 "a duplicate is answered and not delivered" */
static void r5_same_signed_info_the_first_receipt_byte_for_byte(void **state)
{
    struct made m = make(&(struct letter){0});
    struct got first = receive(&m), second = receive(&m), third;

    (void)state;
    work();
    third = receive(&m); /* also long after the hand-over */
    assert_true(is_receipt(&first) && same_bytes(&first, &second) && same_bytes(&first, &third));
    handed_over(1);
    buf_free(&m.body);
    buf_free(&first.body);
    buf_free(&second.body);
    buf_free(&third.body);
}

static void r5_resigned_a_fresh_receipt_and_no_hand_over(void **state)
{
    struct got first = receive_letter(&(struct letter){0}),
               second = receive_letter(&(struct letter){.later = 1000});

    (void)state;
    assert_true(is_receipt(&first) && is_receipt(&second) && !same_bytes(&first, &second));
    handed_over(1);
    buf_free(&first.body);
    buf_free(&second.body);
}

static void refused_as_conflict(const struct letter *l)
{
    struct got first = receive_letter(&(struct letter){0}), second = receive_letter(l);
    struct store_anomaly x[4];
    struct err e = ERR_INIT;
    size_t n = 0;

    assert_true(is_receipt(&first));
    assert_true(second.status == 200 && strstr(second.body.p, "errorCode=\"EBMS:0004\""));
    assert_int_equal(store_anomalies(x, 4, &n, k.s, 0, k.a, &e), 0);
    assert_int_equal(n, 1);
    assert_string_equal(x[0].message_id, "one@ap1.example");
    handed_over(1);
    buf_free(&first.body);
    buf_free(&second.body);
}

static void r5_other_payload_under_the_same_id_is_refused_and_kept(void **state)
{
    (void)state;
    refused_as_conflict(&(struct letter){.number = "REP-2"});
}

static void r5_other_instance_under_the_same_id_is_refused_and_kept(void **state)
{
    (void)state;
    refused_as_conflict(&(struct letter){.instance = "instance-2"});
}

static void r5_known_instance_with_the_same_payload_receipt_and_no_hand_over(void **state)
{
    struct got first = receive_letter(&(struct letter){0}),
               second = receive_letter(&(struct letter){.id = "two@ap1.example"});

    (void)state;
    assert_true(is_receipt(&first) && is_receipt(&second) && !same_bytes(&first, &second));
    handed_over(1);
    buf_free(&first.body);
    buf_free(&second.body);
}

static void sidecar_says(const struct in_row *r, const char *what)
{
    struct in_document d;
    struct err e = ERR_INIT;
    struct buf side;

    buf_init(&side, 1 << 16);
    assert_int_equal(in_open(&d, k.s, r, k.a, &e), 0);
    assert_int_equal(in_sidecar(&side, r, &d, false, &e), 0);
    assert_non_null(strstr(side.p, what));
    in_close(&d);
    buf_free(&side);
}

static void r5_known_instance_with_another_payload_is_handed_over_flagged(void **state)
{
    struct got first = receive_letter(&(struct letter){0}),
               second =
                   receive_letter(&(struct letter){.id = "two@ap1.example", .number = "REP-2"});
    struct in_row rows[4];

    (void)state;
    assert_true(is_receipt(&first) && is_receipt(&second));
    handed_over(2);
    assert_int_equal(list(rows, 4), 2);
    assert_int_equal(rows[0].flags & IN_FLAG_INSTANCE, IN_FLAG_INSTANCE);
    assert_int_equal(rows[1].flags, 0);
    sidecar_says(&rows[0], "\"instance_reused\":true");
    sidecar_says(&rows[1], "\"instance_reused\":false");
    buf_free(&first.body);
    buf_free(&second.body);
}

static void r5_all_ids_new_is_handed_over_as_suspected_duplicate(void **state)
{
    struct got first = receive_letter(&(struct letter){0}),
               second = receive_letter(
                   &(struct letter){.id = "two@ap1.example", .instance = "instance-2"});
    struct in_row rows[4];

    (void)state;
    assert_true(is_receipt(&first) && is_receipt(&second));
    handed_over(2);
    assert_int_equal(list(rows, 4), 2);
    sidecar_says(&rows[0], "\"suspected_duplicate\":true");
    sidecar_says(&rows[1], "\"suspected_duplicate\":false");
    sidecar_says(&rows[1], "\"media_type\":\"application/xml\"");
    buf_free(&first.body);
    buf_free(&second.body);
}

/* ---- R6, R7, R8, Q4 ---- */

#define COPIES 200
#define THREADS 10

struct crowd {
    const struct made *m; /* one for all, or one each */
    bool each;
    struct got got[COPIES];
    size_t next;
    pthread_mutex_t lock;
};

static void *join_crowd(void *arg)
{
    struct crowd *c = arg;

    for (;;) {
        size_t i;
        (void)pthread_mutex_lock(&c->lock);
        i = c->next++;
        (void)pthread_mutex_unlock(&c->lock);
        if (i >= COPIES)
            return NULL;
        c->got[i] = receive(&c->m[c->each ? i : 0]);
    }
}

static void crowd(struct crowd *c)
{
    pthread_t t[THREADS];

    (void)pthread_mutex_init(&c->lock, NULL);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, join_crowd, c), 0);
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(t[i], NULL);
    (void)pthread_mutex_destroy(&c->lock);
}

static void r6_two_hundred_copies_at_once_are_one_hand_over(void **state)
{
    static struct crowd c;
    struct made m = make(&(struct letter){0});
    size_t receipts = 0;

    (void)state;
    memset(&c, 0, sizeof(c));
    c.m = &m;
    crowd(&c);
    for (size_t i = 0; i < COPIES; i++) {
        assert_true(is_receipt(&c.got[i]) || c.got[i].status == 503);
        receipts += is_receipt(&c.got[i]);
        if (i && is_receipt(&c.got[i]) && is_receipt(&c.got[0]))
            assert_true(same_bytes(&c.got[i], &c.got[0]));
        if (i)
            buf_free(&c.got[i].body);
    }
    assert_true(receipts > 0);
    buf_free(&c.got[0].body);
    buf_free(&m.body);
    handed_over(1);
}

static void q4_many_different_ones_at_once_keep_their_hashes(void **state)
{
    static struct crowd c;
    static struct made m[COPIES];
    static char id[COPIES][64], instance[COPIES][64], number[COPIES][64];
    struct store_filter f = STORE_FILTER_ALL;
    struct in_row *rows = arena_alloc(k.a, COPIES * sizeof(*rows));
    struct err e = ERR_INIT;
    size_t n = 0;

    (void)state;
    memset(&c, 0, sizeof(c));
    for (size_t i = 0; i < COPIES; i++) {
        (void)snprintf(id[i], sizeof(id[i]), "%zu@ap1.example", i);
        (void)snprintf(instance[i], sizeof(instance[i]), "instance-%zu", i);
        (void)snprintf(number[i], sizeof(number[i]), "MANY-%zu", i);
        m[i] = make(&(struct letter){.id = id[i], .instance = instance[i], .number = number[i]});
    }
    c.m = m;
    c.each = true;
    crowd(&c);
    work();
    assert_int_equal(store_in_list(rows, COPIES, &n, k.s, &f, k.a, &e), 0);
    assert_int_equal(n, COPIES);
    for (size_t i = 0; i < COPIES; i++) {
        struct buf want, have;
        struct sink to;
        uint8_t hash[HASH_LEN];
        struct in_row *r = &rows[COPIES - 1];
        struct in_document d;
        assert_true(is_receipt(&c.got[i]));
        for (size_t j = 0; j < n; j++)
            if (strcmp(rows[j].invoice, number[i]) == 0)
                r = &rows[j];
        assert_string_equal(r->message_id, id[i]);
        buf_init(&want, 1 << 20);
        buf_init(&have, 1 << 20);
        to = sink_buf(&have);
        invoice(&want, number[i]);
        assert_int_equal(in_open(&d, k.s, r, k.a, &e), 0);
        assert_int_equal(in_extract(&to, &d, false, &e), 0);
        in_close(&d);
        assert_int_equal(hash_of(hash, have.p, have.n, &e), 0);
        assert_memory_equal(hash, r->document_sha256, HASH_LEN);
        assert_non_null(strstr(want.p, number[i]));
        assert_true(have.n <= want.n && str_find(buf_view(&want), buf_view(&have)) < want.n);
        buf_free(&want);
        buf_free(&have);
        buf_free(&m[i].body);
        buf_free(&c.got[i].body);
    }
}

/* A hand-over that fails has not spent the id: the repeat gets its receipt, the document comes
 * later. */
static void r7_a_repeat_after_a_failed_hand_over(void **state)
{
    struct made m = make(&(struct letter){0});
    struct got first, second;
    struct deliver_routes broken;
    struct in_lane lane;
    struct in_row rows[4];
    struct err e = ERR_INIT;
    char folder[128];

    (void)state;
    (void)snprintf(folder, sizeof(folder), "%s/drop", k.dir);
    assert_int_equal(deliver_open(&broken, NULL, folder, NULL, &e), 0);
    env.routes = &broken;
    env.route = "folder";
    first = receive(&m);
    in_lane_init(&lane, deliver_find(&broken, "folder"));
    assert_int_equal(in_work(&env, &e), 1);
    assert_int_equal(in_lane_work(&env, &lane, &e), 1); /* the folder is not there */
    second = receive(&m);
    assert_true(is_receipt(&first) && same_bytes(&first, &second));
    assert_int_equal(list(rows, 4), 1);
    assert_int_equal(rows[0].state, IN_VALIDATED);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int i = 0; i < 500 && rows[0].state != IN_HANDED_OVER; i++) {
        clock_sleep(10);
        assert_true(in_lane_work(&env, &lane, &e) >= 0);
        assert_int_equal(list(rows, 4), 1);
    }
    assert_int_equal(rows[0].state, IN_HANDED_OVER);
    in_lane_done(&lane);
    deliver_close(&broken);
    buf_free(&m.body);
    buf_free(&first.body);
    buf_free(&second.body);
}

static void r8_a_replay_after_a_restart_is_caught_by_both_ids(void **state)
{
    struct made m = make(&(struct letter){0});
    struct got first = receive(&m), again, other;
    struct store_recovered r;

    (void)state;
    work();
    kit_reopen(&k, &r);
    env.store = k.s;
    env.rx.tmp_dirfd = store_tmp_dirfd(k.s);
    again = receive(&m);
    other = receive_letter(&(struct letter){.id = "replayed@ap1.example"});
    assert_true(same_bytes(&first, &again) && is_receipt(&other));
    handed_over(1);
    buf_free(&m.body);
    buf_free(&first.body);
    buf_free(&again.body);
    buf_free(&other.body);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(r5_never_seen_receipt_and_one_hand_over),
        TEST(r5_same_signed_info_the_first_receipt_byte_for_byte),
        TEST(r5_resigned_a_fresh_receipt_and_no_hand_over),
        TEST(r5_other_payload_under_the_same_id_is_refused_and_kept),
        TEST(r5_other_instance_under_the_same_id_is_refused_and_kept),
        TEST(r5_known_instance_with_the_same_payload_receipt_and_no_hand_over),
        TEST(r5_known_instance_with_another_payload_is_handed_over_flagged),
        TEST(r5_all_ids_new_is_handed_over_as_suspected_duplicate),
        TEST(r6_two_hundred_copies_at_once_are_one_hand_over),
        TEST(q4_many_different_ones_at_once_keep_their_hashes),
        TEST(r7_a_repeat_after_a_failed_hand_over),
        TEST(r8_a_replay_after_a_restart_is_caught_by_both_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
