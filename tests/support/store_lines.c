#include "tests/support/store_lines.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "ap/store/store_priv.h"
#include "ap/store/store_alarm.h"
#include "ap/store/store_partner.h"
#include "tests/support/store_kit.h"

struct shared *sh;

/* ---- words ---- */

static char big[STORE_INLINE_MAX + 1]; /* goes into a file */

struct word {
    const char *name;
    int (*fn)(struct store *s, struct err *e);
};

static int add_with(struct store *s, struct blob sbd, struct err *e)
{
    struct out_new n = kit_out(1, sh->now);
    struct out_added a;

    n.key = "key-1";
    n.sbd.blob = sbd;
    if (store_out_add(&a, s, &n, e))
        return -1;
    sh->row = a.row;
    return 0;
}

static int w_add(struct store *s, struct err *e)
{
    return add_with(s, blob_mem("<Invoice/>", 10), e);
}

static int w_addbig(struct store *s, struct err *e)
{
    return add_with(s, blob_mem(big, sizeof(big)), e);
}

static int w_reject(struct store *s, struct err *e)
{
    struct out_new n = kit_out(1, sh->now);
    struct err why = kit_why(ERR_INPUT, "validate.rules");
    struct out_added a;

    if (store_out_reject(&a, s, &n, &why, e))
        return -1;
    sh->row = a.row;
    return 0;
}

static int w_claim(struct store *s, struct err *e)
{
    size_t n;

    if (store_out_claim(&sh->claim, 1, &n, s, sh->now, KIT_LEASE, NULL, e))
        return -1;
    return n == 1 ? 0 : err_set(e, ERR_BUG, "test.claim", "", "nothing was due");
}

static int w_wait(struct store *s, struct err *e)
{
    struct err why = kit_why(ERR_RETRY, "smp.timeout");

    return store_out_wait(s, &sh->claim, &why, sh->now, NULL, sh->now, e);
}

static int w_refuse(struct store *s, struct err *e)
{
    struct err why = kit_why(ERR_PEER, "participant.not-registered");

    return store_out_refuse(s, &sh->claim, &why, sh->now, e);
}

static int begin_with(struct store *s, const struct message_new *m, struct err *e)
{
    if (store_attempt_begin(&sh->attempt, s, &sh->claim, m, KIT_LEASE, sh->now, e))
        return -1;
    if (!sh->first)
        sh->first = sh->attempt;
    return 0;
}

static int w_begin(struct store *s, struct err *e)
{
    struct message_new m = kit_message(++sh->message, "wire");

    return begin_with(s, &m, e);
}

static int w_beginbig(struct store *s, struct err *e)
{
    struct message_new m = kit_message(++sh->message, "wire");

    m.wire.blob = blob_mem(big, sizeof(big));
    return begin_with(s, &m, e);
}

static int w_again(struct store *s, struct err *e)
{
    return begin_with(s, NULL, e);
}

static int end_with(
    struct store *s, int64_t attempt, enum attempt_outcome o, enum out_state to, struct err *e)
{
    struct err why = kit_why(ERR_RETRY, "test.why");
    struct proof_new p = kit_proof(PROOF_RECEIPTED);
    bool ok = to == OUT_RECEIPTED;
    struct attempt_result r = {.outcome = o,
        .to = to,
        .result = "test",
        .why = ok ? NULL : &why,
        .proof = ok ? &p : NULL,
        .answer = blob_mem("answer", 6),
        .next_at = sh->now,
        .now = sh->now};

    return store_attempt_end(NULL, s, attempt, &r, e);
}

static int w_receipt(struct store *s, struct err *e)
{
    return end_with(s, sh->attempt, ATTEMPT_ANSWERED, OUT_RECEIPTED, e);
}

static int w_latereceipt(struct store *s, struct err *e)
{
    return end_with(s, sh->first, ATTEMPT_ANSWERED, OUT_RECEIPTED, e);
}

static int w_unknown(struct store *s, struct err *e)
{
    return end_with(s, sh->attempt, ATTEMPT_UNKNOWN, OUT_UNKNOWN, e);
}

static int w_error(struct store *s, struct err *e)
{
    return end_with(s, sh->attempt, ATTEMPT_ANSWERED, OUT_WAITING, e);
}

static int w_refused(struct store *s, struct err *e)
{
    return end_with(s, sh->attempt, ATTEMPT_ANSWERED, OUT_REFUSED, e);
}

static int w_unsent(struct store *s, struct err *e)
{
    return end_with(s, sh->attempt, ATTEMPT_NOT_LEFT, OUT_WAITING, e);
}

static int w_lease(struct store *s, struct err *e) /* the lease runs out */
{
    struct out_swept sw;

    sh->now += KIT_LEASE;
    return store_out_sweep(&sw, s, sh->now, 0, e);
}

static int w_expire(struct store *s, struct err *e)
{
    struct out_swept sw;

    sh->now += 6 * 86400000LL;
    return store_out_sweep(&sw, s, sh->now, 0, e);
}

static int w_hold(struct store *s, struct err *e)
{
    return store_out_hold(s, sh->row, "ann", "test", sh->now, e);
}

static int w_release(struct store *s, struct err *e)
{
    return store_out_release(s, sh->row, "ann", sh->now, e);
}

static int w_cancel(struct store *s, struct err *e)
{
    return store_out_cancel(s, sh->row, "ann", "test", sh->now, e);
}

static int w_retry(struct store *s, struct err *e)
{
    return store_out_retry(s, sh->row, "ann", sh->now + 86400000, sh->now, e);
}

static int w_resolve(struct store *s, struct err *e)
{
    return store_out_resolve(s, sh->row, "ann", "asked by phone", sh->now, e);
}

static int w_prove(struct store *s, struct err *e)
{
    struct proof_new p = kit_proof(PROOF_CONFIRMED);

    return store_out_prove(s, sh->row, &p, sh->now, e);
}

static int w_disprove(struct store *s, struct err *e)
{
    struct proof_new p = kit_proof(PROOF_HANDED_OVER);
    struct err why = kit_why(ERR_PEER, "mls.rejected");

    return store_out_disprove(s, sh->row, &p, &why, sh->now, e);
}

static int w_moved(struct store *s, struct err *e) /* as a restored backup looks */
{
    return db_exec(&s->writer, "UPDATE meta SET value='1:2.3' WHERE name='place'", e);
}

static int w_recover(struct store *s, struct err *e)
{
    struct store_recovered r;

    return store_recover(&r, s, sh->now, e);
}

static int accept_with(struct store *s, struct in_new *n, struct err *e)
{
    struct arena *a = arena_new(1 << 20);
    struct in_accepted out;
    int rc = a ? store_in_accept(&out, s, n, a, e) : err_nomem(e);

    arena_free(a);
    if (!rc)
        sh->row = out.row;
    return rc;
}

static int w_accept(struct store *s, struct err *e)
{
    struct in_new n = kit_in(1, sh->now);

    return accept_with(s, &n, e);
}

static int w_acceptbig(struct store *s, struct err *e)
{
    struct in_new n = kit_in(1, sh->now);
    uint8_t sha[HASH_LEN];

    if (hash_of(sha, big, sizeof(big), e))
        return -1;
    n.sbd = (struct store_bytes){.blob = blob_mem(big, sizeof(big)), .sha256 = sha};
    return accept_with(s, &n, e);
}

static int w_resigned(struct store *s, struct err *e)
{
    static const uint8_t other[HASH_LEN] = {9};
    struct in_new n = kit_in(1, sh->now);

    n.signed_info = other;
    return accept_with(s, &n, e);
}

static int w_twin(struct store *s, struct err *e)
{
    struct in_new n = kit_in(1, sh->now);

    n.message_id = "twin@peer";
    return accept_with(s, &n, e);
}

static int in_claim_with(struct store *s, bool hand_over, struct err *e)
{
    size_t n;

    if (store_in_claim(&sh->in_claim, 1, &n, s, hand_over, NULL, sh->now, KIT_LEASE, e))
        return -1;
    return n == 1 ? 0 : err_set(e, ERR_BUG, "test.claim", "", "nothing was due");
}

static int w_inclaim(struct store *s, struct err *e)
{
    return in_claim_with(s, false, e);
}

static int w_handclaim(struct store *s, struct err *e)
{
    return in_claim_with(s, true, e);
}

static int w_validated(struct store *s, struct err *e)
{
    const struct in_facts f = {.invoice = "C1-77", .verdict = "valid", .report = blob_mem("{}", 2)};

    return store_in_validated(s, &sh->in_claim, &f, sh->now, e);
}

static int w_handed(struct store *s, struct err *e)
{
    return store_in_handed(s, sh->row, &sh->in_claim, NULL, "folder", sh->now, e);
}

static int w_ack(struct store *s, struct err *e)
{
    return store_in_ack(s, sh->row, "erp", sh->now, e);
}

static int w_taken(struct store *s, struct err *e)
{
    return store_in_taken(s, sh->row, &sh->in_claim, "push erp", sh->now, e);
}

static int w_quarantine(struct store *s, struct err *e)
{
    struct err why = kit_why(ERR_INPUT, "validate.rules");

    return store_in_quarantine(s, sh->row, &why, true, sh->now, e);
}

static int w_inrelease(struct store *s, struct err *e)
{
    return store_in_release(s, sh->row, "ann", sh->now, e);
}

static int w_alarm(struct store *s, struct err *e)
{
    struct err why = kit_why(ERR_RETRY, "test.why");
    const struct alarm_new x = {.kind = "late", .row = sh->row, .why = &why, .now = sh->now};

    return store_alarm_raise(s, &x, e);
}

static int w_told(struct store *s, struct err *e)
{
    return store_alarm_told(s, "log", 1000, sh->now, e);
}

static int w_partnerhold(struct store *s, struct err *e)
{
    return store_partner_hold(s, "POP000002", "ann", "holiday", sh->now, e);
}

static int w_partnerrelease(struct store *s, struct err *e)
{
    unsigned long n;

    return store_partner_release(&n, s, "POP000002", "ann", sh->now, e);
}

/* Enough work for a checkpoint of the WAL: its points lie on everybody's way, sooner or later. */
static int w_many(struct store *s, struct err *e)
{
    for (unsigned i = 0; i < 45; i++) {
        struct out_new n = kit_out(100 + i, sh->now);
        struct out_added a;
        n.sbd.blob = blob_mem(big, STORE_INLINE_MAX);
        n.dest = "elsewhere";
        if (store_out_add(&a, s, &n, e) && strcmp(e->code, "store.instance") != 0)
            return -1;
    }
    return 0;
}

static const struct word words[] = {{"add", w_add}, {"addbig", w_addbig}, {"reject", w_reject},
    {"claim", w_claim}, {"wait", w_wait}, {"refuse", w_refuse}, {"begin", w_begin},
    {"beginbig", w_beginbig}, {"again", w_again}, {"receipt", w_receipt},
    {"latereceipt", w_latereceipt}, {"unknown", w_unknown}, {"error", w_error},
    {"refused", w_refused}, {"unsent", w_unsent}, {"lease", w_lease}, {"expire", w_expire},
    {"hold", w_hold}, {"release", w_release}, {"cancel", w_cancel}, {"retry", w_retry},
    {"resolve", w_resolve}, {"prove", w_prove}, {"disprove", w_disprove}, {"moved", w_moved},
    {"recover", w_recover}, {"accept", w_accept}, {"acceptbig", w_acceptbig},
    {"resigned", w_resigned}, {"twin", w_twin}, {"inclaim", w_inclaim}, {"handclaim", w_handclaim},
    {"validated", w_validated}, {"handed", w_handed}, {"taken", w_taken}, {"ack", w_ack},
    {"quarantine", w_quarantine}, {"inrelease", w_inrelease}, {"many", w_many}, {"alarm", w_alarm},
    {"told", w_told}, {"partnerhold", w_partnerhold}, {"partnerrelease", w_partnerrelease}};

static int say(struct store *s, const char *name, size_t n, struct err *e)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i].name) == n && memcmp(words[i].name, name, n) == 0)
            return words[i].fn(s, e);
    return err_set(e, ERR_BUG, "test.word", "", "no word %.*s", (int)n, name);
}

static int say_all(struct store *s, const char *script, struct err *e)
{
    for (; *script; script += strspn(script, " ")) {
        size_t n = strcspn(script, " ");
        if (say(s, script, n, e))
            return err_wrap(e, "%.*s: ", (int)n, script);
        script += n;
    }
    return 0;
}

/* ---- lines ---- */

#define OUT(from, to, by, prepare, act)                                                            \
    {                                                                                              \
        false, (int)(from), (int)(to), by, prepare, act                                            \
    }
#define IN(from, to, by, prepare, act)                                                             \
    {                                                                                              \
        true, (int)(from), (int)(to), by, prepare, act                                             \
    }
/* Shorthands for what brings a document there. */
#define UNKNOWN_ "add claim begin unknown"
#define CUT_OFF_ "add claim begin lease" /* attempt without end: a late result may come */
#define MAYBE_                                                                                     \
    "add claim begin unknown claim again error" /* WAITING, an earlier one may be there */

const struct line store_lines[] = {
    OUT(STEP_START, OUT_ACCEPTED, "out_add", "", "addbig"),
    OUT(STEP_START, OUT_REJECTED, "out_reject", "", "reject"),
    OUT(OUT_ACCEPTED, OUT_SENDING, "attempt_begin", "add claim", "beginbig"),
    OUT(OUT_ACCEPTED, OUT_WAITING, "out_wait", "add claim", "wait"),
    OUT(OUT_ACCEPTED, OUT_REFUSED, "out_refuse", "add claim", "refuse"),
    OUT(OUT_ACCEPTED, OUT_HELD, "out_hold", "add", "hold"),
    OUT(OUT_ACCEPTED, OUT_HELD, "recover", "add moved", "recover"),
    OUT(OUT_ACCEPTED, OUT_CANCELLED, "out_cancel", "add", "cancel"),
    OUT(OUT_ACCEPTED, OUT_EXPIRED_UNSENT, "out_sweep", "add", "expire"),
    OUT(OUT_WAITING, OUT_SENDING, "attempt_begin", "add claim beginbig unsent claim", "begin"),
    OUT(OUT_WAITING, OUT_REFUSED, "out_refuse", "add claim wait claim", "refuse"),
    OUT(OUT_WAITING, OUT_REFUSED, "out_disprove", MAYBE_, "disprove"),
    OUT(OUT_WAITING, OUT_REFUSED, "out_sweep", "add claim begin error", "expire"),
    OUT(OUT_WAITING, OUT_HELD, "out_hold", "add claim wait", "hold"),
    OUT(OUT_WAITING, OUT_HELD, "recover", "add claim wait moved", "recover"),
    OUT(OUT_WAITING, OUT_CANCELLED, "out_cancel", "add claim wait", "cancel"),
    OUT(OUT_WAITING, OUT_RECEIPTED, "out_prove", MAYBE_, "prove"),
    OUT(OUT_WAITING, OUT_RECEIPTED, "attempt_end", CUT_OFF_ " claim again error", "latereceipt"),
    OUT(OUT_WAITING, OUT_EXPIRED_UNSENT, "out_sweep", "add claim wait", "expire"),
    OUT(OUT_WAITING, OUT_EXPIRED_UNKNOWN, "out_sweep", MAYBE_, "expire"),
    OUT(OUT_SENDING, OUT_RECEIPTED, "attempt_end", "add claim begin", "receipt"),
    OUT(OUT_SENDING, OUT_RECEIPTED, "out_prove", UNKNOWN_ " claim again", "prove"),
    OUT(OUT_SENDING, OUT_UNKNOWN, "attempt_end", "add claim begin", "unknown"),
    OUT(OUT_SENDING, OUT_UNKNOWN, "out_sweep", "add claim begin", "lease"),
    OUT(OUT_SENDING, OUT_UNKNOWN, "recover", "add claim begin", "recover"),
    OUT(OUT_SENDING, OUT_WAITING, "attempt_end", "add claim begin", "error"),
    OUT(OUT_SENDING, OUT_REFUSED, "attempt_end", "add claim begin", "refused"),
    OUT(OUT_SENDING, OUT_REFUSED, "out_disprove", UNKNOWN_ " claim again", "disprove"),
    OUT(OUT_UNKNOWN, OUT_SENDING, "attempt_begin", UNKNOWN_ " claim", "again"),
    OUT(OUT_UNKNOWN, OUT_HELD, "out_hold", UNKNOWN_, "hold"),
    OUT(OUT_UNKNOWN, OUT_HELD, "recover", UNKNOWN_ " moved", "recover"),
    OUT(OUT_UNKNOWN, OUT_RECEIPTED, "out_prove", UNKNOWN_, "prove"),
    OUT(OUT_UNKNOWN, OUT_RECEIPTED, "attempt_end", CUT_OFF_, "latereceipt"),
    OUT(OUT_UNKNOWN, OUT_REFUSED, "out_disprove", UNKNOWN_, "disprove"),
    OUT(OUT_UNKNOWN, OUT_REFUSED, "out_resolve", UNKNOWN_, "resolve"),
    OUT(OUT_UNKNOWN, OUT_EXPIRED_UNKNOWN, "out_sweep", UNKNOWN_, "expire"),
    OUT(OUT_HELD, OUT_ACCEPTED, "out_release", "add hold", "release"),
    OUT(OUT_HELD, OUT_WAITING, "out_release", "add claim wait hold", "release"),
    OUT(OUT_HELD, OUT_UNKNOWN, "out_release", UNKNOWN_ " hold", "release"),
    OUT(OUT_HELD, OUT_CANCELLED, "out_cancel", "add hold", "cancel"),
    OUT(OUT_HELD, OUT_RECEIPTED, "out_prove", UNKNOWN_ " hold", "prove"),
    OUT(OUT_HELD, OUT_RECEIPTED, "attempt_end", CUT_OFF_ " hold", "latereceipt"),
    OUT(OUT_HELD, OUT_REFUSED, "out_disprove", UNKNOWN_ " hold", "disprove"),
    OUT(OUT_HELD, OUT_REFUSED, "out_resolve", UNKNOWN_ " hold", "resolve"),
    OUT(OUT_HELD, OUT_REFUSED, "out_sweep", "add claim begin error hold", "expire"),
    OUT(OUT_HELD, OUT_EXPIRED_UNSENT, "out_sweep", "add hold", "expire"),
    OUT(OUT_HELD, OUT_EXPIRED_UNKNOWN, "out_sweep", UNKNOWN_ " hold", "expire"),
    OUT(OUT_RECEIPTED, OUT_REFUSED, "out_disprove", "add claim begin receipt", "disprove"),
    OUT(OUT_REFUSED, OUT_RECEIPTED, "out_prove", "add claim begin refused", "prove"),
    OUT(OUT_REFUSED, OUT_RECEIPTED, "attempt_end", CUT_OFF_ " resolve", "latereceipt"),
    OUT(OUT_EXPIRED_UNKNOWN, OUT_RECEIPTED, "out_prove", UNKNOWN_ " expire", "prove"),
    OUT(OUT_EXPIRED_UNKNOWN, OUT_RECEIPTED, "attempt_end", CUT_OFF_ " expire", "latereceipt"),
    OUT(OUT_EXPIRED_UNKNOWN, OUT_REFUSED, "out_disprove", UNKNOWN_ " expire", "disprove"),
    OUT(OUT_EXPIRED_UNKNOWN, OUT_REFUSED, "out_resolve", UNKNOWN_ " expire", "resolve"),
    OUT(OUT_EXPIRED_UNKNOWN, OUT_UNKNOWN, "out_retry", UNKNOWN_ " expire", "retry"),
    IN(STEP_START, IN_RECEIVED, "in_accept", "", "acceptbig"),
    IN(IN_RECEIVED, IN_VALIDATED, "in_validated", "accept inclaim", "validated"),
    IN(IN_RECEIVED, IN_QUARANTINED, "in_quarantine", "accept", "quarantine"),
    IN(IN_VALIDATED, IN_HANDED_OVER, "in_handed", "accept inclaim validated handclaim", "handed"),
    IN(IN_VALIDATED, IN_ACKNOWLEDGED, "in_taken", "accept inclaim validated handclaim", "taken"),
    IN(IN_VALIDATED, IN_QUARANTINED, "in_quarantine", "accept inclaim validated", "quarantine"),
    IN(IN_QUARANTINED, IN_RELEASED, "in_release", "accept quarantine", "inrelease"),
    IN(IN_QUARANTINED, IN_ACKNOWLEDGED, "in_ack", "accept quarantine", "ack"),
    IN(IN_RELEASED, IN_HANDED_OVER, "in_handed", "accept quarantine inrelease handclaim", "handed"),
    IN(IN_RELEASED, IN_ACKNOWLEDGED, "in_taken", "accept quarantine inrelease handclaim", "taken"),
    IN(IN_RELEASED, IN_QUARANTINED, "in_quarantine", "accept quarantine inrelease", "quarantine"),
    IN(IN_HANDED_OVER, IN_ACKNOWLEDGED, "in_ack", "accept inclaim validated handclaim handed",
        "ack"),
    /* steps that leave the state as it is */
    OUT(OUT_ACCEPTED, OUT_ACCEPTED, "out_claim", "add", "claim"),
    OUT(OUT_ACCEPTED, OUT_ACCEPTED, "checkpoint", "add", "many"),
    OUT(OUT_ACCEPTED, OUT_ACCEPTED, "alarm_raise", "add", "alarm"),
    OUT(OUT_ACCEPTED, OUT_ACCEPTED, "alarm_told", "add alarm", "told"),
    OUT(OUT_ACCEPTED, OUT_ACCEPTED, "partner_release", "add partnerhold", "partnerrelease"),
    IN(IN_RECEIVED, IN_RECEIVED, "in_claim", "accept", "inclaim"),
    IN(IN_RECEIVED, IN_RECEIVED, "in_accept_again", "accept", "accept"),
    IN(IN_RECEIVED, IN_RECEIVED, "in_accept_resigned", "accept", "resigned"),
    IN(IN_RECEIVED, IN_RECEIVED, "in_accept_twin", "accept", "twin"),
};
const size_t store_lines_n = sizeof(store_lines) / sizeof(store_lines[0]);

/* ---- children ---- */

static int child_open(struct store **s, bool recover, struct err *e)
{
    struct store_recovered r;

    if (kit_open(s, sh->dir, STORE_WRITE, e))
        return -1;
    return recover ? store_recover(&r, *s, sh->now, e) : 0;
}

void child_prepare(const struct line *l)
{
    struct store *s = NULL;
    struct err e = ERR_INIT;

    if (child_open(&s, true, &e) || say_all(s, l->prepare, &e)) {
        (void)fprintf(stderr, "prepare: %s %s\n", e.code, e.msg);
        _exit(1);
    }
    store_close(s);
    _exit(0);
}

void child_act(const struct line *l)
{
    struct store *s = NULL;
    struct err e = ERR_INIT;

    sh->rc = 1;
    if (child_open(&s, false, &e)) {
        sh->rc = -1; /* refused at the door: nothing done */
    } else {
        int rc = say(s, l->act, strlen(l->act), &e);
        sh->rc = rc;
    }
    sh->class = e.class;
    (void)snprintf(sh->code, sizeof(sh->code), "%s", e.code);
    store_close(s);
    _exit(0);
}

static int find_row(struct store *s, bool inbound, struct err *e)
{
    struct db *db = reader_take(s, e);
    int64_t n = 0, row = 0;
    int rc;

    if (!db)
        return -1;
    /* of the line's own document; "many" adds others elsewhere */
    rc = inbound ? db_int(&n, db, e, "SELECT count(*) FROM inbound", NULL, 0)
                 : db_int(&n, db, e, "SELECT count(*) FROM document WHERE dest IS NOT 'elsewhere'",
                       NULL, 0);
    if (rc >= 0)
        rc = inbound ? db_int(&row, db, e, "SELECT max(n) FROM inbound", NULL, 0)
                     : db_int(&row, db, e,
                           "SELECT max(n) FROM document WHERE dest IS NOT 'elsewhere'", NULL, 0);
    reader_give(s, db);
    sh->documents = (unsigned long)n;
    sh->row = row;
    return rc < 0 ? -1 : 0;
}

static int look(struct store *s, bool inbound, struct err *e)
{
    struct arena *a = arena_new(1 << 20);
    struct out_row o;
    struct in_row i;
    int rc = a ? find_row(s, inbound, e) : err_nomem(e);

    sh->state = STEP_START;
    if (!rc && sh->row && inbound && (rc = store_in_get(&i, s, sh->row, a, e)) == 0)
        sh->state = (int)i.state;
    if (!rc && sh->row && !inbound && (rc = store_out_get(&o, s, sh->row, a, e)) == 0)
        sh->state = (int)o.state;
    arena_free(a);
    return rc;
}

static void tell(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "store_check: %s\n", line);
}

void child_look(const struct line *l)
{
    struct store *s = NULL;
    struct err e = ERR_INIT;

    if (child_open(&s, true, &e) || look(s, l->inbound, &e) ||
        store_check(s, true, tell, NULL, &sh->findings, &e)) {
        (void)fprintf(stderr, "look: %s %s\n", e.code, e.msg);
        _exit(1);
    }
    store_close(s);
    _exit(0);
}

/* Submission and receiving are simply done again, as the submitter and the peer would. */
void child_redo(const struct line *l)
{
    struct store *s = NULL;
    struct err e = ERR_INIT;

    if (child_open(&s, true, &e) || say(s, l->act, strlen(l->act), &e) || look(s, l->inbound, &e) ||
        store_check(s, true, tell, NULL, &sh->findings, &e)) {
        (void)fprintf(stderr, "redo: %s %s\n", e.code, e.msg);
        _exit(1);
    }
    store_close(s);
    _exit(0);
}

int in_child(void (*fn)(const struct line *), const struct line *l, void (*arm)(const void *),
    const void *arm_arg)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (arm)
            arm(arm_arg);
        fn(l);
    }
    assert_true(pid > 0);
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- one run ---- */

void line_fresh(void)
{
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    memset(sh, 0, sizeof(*sh));
    sh->now = KIT_T0;
    (void)snprintf(sh->dir, sizeof(sh->dir), "%s/aviso-fault-XXXXXX", tmp);
    assert_non_null(mkdtemp(sh->dir));
}

/* As a restart shows it. */
static int restarted(const struct line *l, int state)
{
    return !l->inbound && state == (int)OUT_SENDING ? (int)OUT_UNKNOWN : state;
}

static bool recovers_itself(const struct line *l)
{
    return strcmp(l->act, "recover") == 0;
}

void line_judge(const struct line *l, const char *fault)
{
    int from = restarted(l, l->from), to = restarted(l, l->to);
    bool either = sh->rc == 1 || (sh->rc == -1 && sh->class == ERR_UNKNOWN);

    if (recovers_itself(l)) /* the look recovered as well */
        from = to;
    assert_int_equal(in_child(child_look, l, NULL, NULL), 0);
    if (sh->findings)
        fail_msg("%s: %lu findings", fault, sh->findings);
    if (sh->rc == 0 && sh->state != to)
        fail_msg("%s: told as done, but the state is %d, not %d", fault, sh->state, to);
    if (sh->rc == -1 && !either && sh->state != from)
        fail_msg("%s: told as failed (%s), but the state is %d, not %d", fault, sh->code, sh->state,
            from);
    if (sh->state != from && sh->state != to)
        fail_msg("%s: state %d, neither %d nor %d", fault, sh->state, from, to);
    if (sh->documents > 1)
        fail_msg("%s: %lu documents", fault, sh->documents);
}

static bool can_be_redone(const struct line *l)
{
    return l->from == STEP_START && strcmp(l->act, "reject") != 0;
}

void line_redo(const struct line *l, const char *fault)
{
    if (!can_be_redone(l))
        return;
    assert_int_equal(in_child(child_redo, l, NULL, NULL), 0);
    if (sh->findings || sh->state != l->to || sh->documents != 1)
        fail_msg("%s: done again: state %d, %lu documents, %lu findings", fault, sh->state,
            sh->documents, sh->findings);
}

void line_prepare(const struct line *l)
{
    if (*l->prepare)
        assert_int_equal(in_child(child_prepare, l, NULL, NULL), 0);
}

const char *line_name(const struct line *l)
{
    char *name = malloc(128);
    const char *from, *to;

    if (!name)
        abort();
    from = l->from == STEP_START ? "START"
           : l->inbound          ? in_state_word((enum in_state)l->from)
                                 : out_state_word((enum out_state)l->from);
    to = l->inbound ? in_state_word((enum in_state)l->to) : out_state_word((enum out_state)l->to);
    (void)snprintf(name, 128, "%s_to_%s_by_%s", from, to, l->by);
    return name;
}

bool lines_init(void)
{
    sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return sh != MAP_FAILED;
}
