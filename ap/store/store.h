/* store.h - the durable journal: every document, message, attempt, proof and event, in one folder.
 *
 * A spool folder holds `lock`, `aviso.db` (SQLite, WAL, synchronous=FULL) and `payload/` (bytes
 * above STORE_INLINE_MAX, fsynced before the row that names them). A function that returns 0 has
 * committed and fsynced; one that returns -1 has changed nothing, with one exception: class
 * ERR_UNKNOWN (store.commit-unknown) says that the fsync itself failed and only a restart will
 * tell. After that the store takes nothing more (store.broken): the process must exit and recover,
 * fsync is never tried again.
 *
 * Changes of all threads are committed in groups: the first to come writes for all that wait, each
 * change in a savepoint of its own, one fsync for the group. Readers use connections of their own.
 * Every function: any thread. States and who may change them: store_states.h, docs/STATES.md.
 * Tables only: no XML, no network, no policy. Times are ms UTC given by the caller, 0 = none.
 * Strings going in may be NULL (= none) unless said; strings coming out are in the caller's arena
 * and never NULL. Class ERR_BUG on a broken rule of use (store.state, store.message-open, ...). No
 * such row: store.not-found (ERR_INPUT). */
#ifndef AP_STORE_STORE_H
#define AP_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/blob.h"
#include "ap/base/err.h"
#include "ap/base/hash.h"
#include "ap/store/store_states.h"

#define STORE_ID 37                     /* our id: a UUID with NUL */
#define STORE_FIRST '!'                 /* first byte of an urgent queue's name */
#define STORE_DEST 256                  /* longest name of a queue, with NUL */
#define STORE_INLINE_MAX (256u * 1024u) /* bytes kept in the database; above: a file */

struct store;

/* ---- opening ---- */

enum store_mode {
    STORE_READ, /* beside a running writer; changes nothing, takes no lock */
    STORE_WRITE /* takes the lock: one such process, daemon or foreground command */
};
struct store_cfg {
    const char *path; /* the folder; created for STORE_WRITE */
    enum store_mode mode;
    const char *ap_mode; /* "lab" "test" "production": written at creation, must match later; NULL:
                            not checked (STORE_READ) */
    bool allow_volatile; /* take tmpfs, ramfs, overlayfs */
};
/* spool.locked: another process has it. spool.volatile, store.mode, store.schema (made by a newer
 * aviso), store.missing (STORE_READ, nothing there): ERR_CONFIG. store.damaged: SQLite says so, or
 * whole commits stand behind a broken one in its log. */
int store_open(struct store **out, const struct store_cfg *c, struct err *e) MUST_CHECK;
void store_close(struct store *s); /* NULL is fine; no call may be running */
/* True after a failed commit or fsync: stop accepting, become non-ready, exit. */
bool store_is_broken(struct store *s);
int store_tmp_dirfd(const struct store *s); /* for spool_init: same file system; borrowed */
uint64_t store_free_bytes(const struct store *s);

struct store_recovered {
    unsigned long unknown;  /* SENDING -> UNKNOWN: an attempt was cut off */
    unsigned long returned; /* claimed but not sending, in either direction: due again */
    unsigned long orphans;  /* files without a row, older than 24 h: removed */
    unsigned long damaged;  /* files missing or of another length: their documents are HELD */
    uint64_t cut;           /* bytes in the journal of a commit that was cut off: dropped */
    bool moved;             /* the database is a copy (restored backup): all open documents HELD */
};
/* Once after STORE_WRITE open, before any claim. */
int store_recover(
    struct store_recovered *out, struct store *s, int64_t now, struct err *e) MUST_CHECK;

/* Everything readable and consistent: SQLite's own check, every reference, every file (hashes too
 * when `hashes`). `tell` gets one line per finding. Returns 0 when the check ran. For doctor. */
int store_check(struct store *s, bool hashes, void (*tell)(void *ctx, const char *line), void *ctx,
    unsigned long *findings, struct err *e) MUST_CHECK;

/* ---- bytes ---- */

/* Bytes to keep. From a spool on store_tmp_dirfd() no copy is made: its file gets a name. sha256
 * NULL: computed here; given: trusted (it is checked at every later read). */
struct store_bytes {
    struct spool *spool; /* or NULL: blob */
    struct blob blob;
    const uint8_t *sha256;
};
struct store_blob {
    struct blob blob; /* valid until store_blob_close */
    uint8_t sha256[HASH_LEN];
    void *owned;
    int fd;
};
/* The bytes of a reference (int64_t columns named sbd, wire, answer, raw, receipt), hash checked:
 * store.damaged (ERR_CONFIG) when they are not what was stored. */
int store_blob_open(struct store_blob *out, struct store *s, int64_t ref, struct err *e) MUST_CHECK;
void store_blob_close(struct store_blob *b);

/* ---- participants ---- */

struct store_service {
    const char *doctype; /* canonical text, scheme included */
    const char *process; /* "" or NULL: any process */
};
struct store_participant {
    const char *identifier;    /* canonical text: compared byte by byte */
    const char *tenant;        /* whose it is */
    const char *end_user;      /* legal entity: one id for all its identifiers */
    const char *name;          /* of the legal entity, for people */
    const char *country;       /* ISO 3166-1 alpha-2: COUNTRY_C1 and C4 country */
    const char *identified_on; /* date of identification, YYYY-MM-DD */
    const char *route;         /* hand-over route */
    const struct store_service *services;
    size_t nservices; /* at most 256 */
    bool disabled;
    int64_t changed_at;
};
/* Adds, or replaces when it exists and belongs to the same tenant (store.tenant otherwise). */
int store_participant_put(
    struct store *s, const struct store_participant *p, int64_t now, struct err *e) MUST_CHECK;
int store_participant_disable(
    struct store *s, const char *identifier, bool disabled, int64_t now, struct err *e) MUST_CHECK;
/* 1 found, 0 not there, -1. */
int store_participant_get(struct store_participant *out, struct store *s, const char *identifier,
    struct arena *a, struct err *e) MUST_CHECK;
/* In order of identifier, those after `after` (NULL: from the start), at most max. */
int store_participant_list(struct store_participant *out, size_t max, size_t *n, struct store *s,
    const char *after, struct arena *a, struct err *e) MUST_CHECK;

/* What is under way of one participant: sent by it and not settled, received for it and not handed
 * over. */
int store_participant_open(int64_t *sent, int64_t *received, struct store *s,
    const char *identifier, struct err *e) MUST_CHECK;

/* ---- outbound: submission ---- */

struct out_new {
    const char *tenant; /* required */
    const char *key;    /* idempotency key, unique per tenant */
    const char *invoice, *supplier, *issue_date;
    const uint8_t *document_sha256; /* root start tag to end tag; required */
    uint64_t document_len;
    const char *instance; /* SBDH InstanceIdentifier; required, but not for reject */
    const char *sender, *receiver, *doctype, *process; /* canonical text */
    const char *country_c1, *end_user;
    const char *rule_sets; /* that judged it: "peppol-bis3 2025.5" */
    enum proof_level require;
    int64_t now, deliver_by, expire_at;
    const char *dest;       /* queue to wait in: see store_out_claim; required */
    bool refuse_twin;       /* refuse what has a twin: store.twin (ERR_INPUT) */
    struct store_bytes sbd; /* the StandardBusinessDocument, built once */
};
struct out_added {
    int64_t row;
    char id[STORE_ID];
    bool existed;       /* same key, same bytes: this is the earlier document */
    int64_t deliver_by; /* that holds: the earlier document keeps its own */
    int64_t twin;       /* another open or proven document of this tenant with the same supplier,
                           invoice number and date; or the same bytes; 0: none */
    char twin_id[STORE_ID];
    bool twin_same; /* ... with the same bytes */
};
/* Durable as ACCEPTED. Same key with other bytes, sender or receiver: store.key-conflict
 * (ERR_INPUT). */
int store_out_add(
    struct out_added *out, struct store *s, const struct out_new *n, struct err *e) MUST_CHECK;
/* A document refused at submission: number, hash, why; no payload; REJECTED. */
int store_out_reject(struct out_added *out, struct store *s, const struct out_new *n,
    const struct err *why, struct err *e) MUST_CHECK;

/* ---- outbound: sending ---- */

struct out_claim {
    int64_t row, lease;
    char id[STORE_ID];
    enum out_state state;  /* ACCEPTED, WAITING or UNKNOWN */
    unsigned attempts;     /* so far */
    char dest[STORE_DEST]; /* the queue it was taken from */
};
/* Asked for each destination with something due, longest unserved first: how many documents may be
 * taken from it now. 0: none, and *again (0 = leave it) puts the whole destination off until then
 * without touching its documents. May run on another thread that commits; must not call the store.
 */
struct out_gate {
    unsigned (*may)(void *ctx, const char *dest, int64_t *again);
    void *ctx;
};
/* Take up to max due documents for lease_ms. Round robin over destinations, within one by due time.
 * A destination is any text the caller chooses: an AP, a receiver not looked up yet, a lane; those
 * that begin with STORE_FIRST have their turn first, three times of four. gate NULL: one of each.
 * What is not begun or given back when the lease ends is due again. */
int store_out_claim(struct out_claim *out, size_t max, size_t *n, struct store *s, int64_t now,
    int64_t lease_ms, const struct out_gate *gate, struct err *e) MUST_CHECK;
/* When the next document is due (may be past), 0: nothing waits. */
int store_out_next_due(int64_t *out, struct store *s, struct err *e) MUST_CHECK;

/* Not sent this time, no attempt: due again at next_at, in `dest` when given. With a reason an
 * ACCEPTED document becomes WAITING; without one (window full, circuit open) nothing else changes.
 * All functions with a claim: store.lease-lost (ERR_RETRY) when it is no longer ours. */
int store_out_wait(struct store *s, const struct out_claim *c, const struct err *why,
    int64_t next_at, const char *dest, int64_t now, struct err *e) MUST_CHECK;
/* Permanent before anything could be there (not registered): REFUSED. */
int store_out_refuse(struct store *s, const struct out_claim *c, const struct err *why, int64_t now,
    struct err *e) MUST_CHECK;

struct message_new {
    const char *message_id; /* required */
    const char *conversation_id, *content_type;
    const char *expect;            /* as4_expect_write's text; required */
    const char *endpoint;          /* URL */
    const char *seat;              /* CN of the receiving AP's certificate */
    const char *transport_profile; /* full identifier */
    const char *peer_serial, *own_serial;
    const char *lookup;   /* how the endpoint was found, as text for evidence */
    int64_t eb_timestamp; /* as in the message */
    struct store_bytes wire;
};
/* Commit that an attempt begins: SENDING. Only after this may the first byte leave. `composed`: a
 * new message, allowed while no earlier one of this document is open (may have left and has no
 * answer): else store.message-open. NULL: the current message again, same id and bytes. */
int store_attempt_begin(int64_t *attempt, struct store *s, const struct out_claim *c,
    const struct message_new *composed, int64_t lease_ms, int64_t now, struct err *e) MUST_CHECK;

struct proof_new {
    enum proof_kind kind;
    enum proof_level level;
    struct blob raw; /* at most STORE_INLINE_MAX; in store_attempt_end empty = the answer */
    const char *signal_id, *signer, *signer_serial;
    const char *not_revoked_by; /* "crl", "ocsp", "last-good"; NULL: not asked */
    int64_t signal_time, verified_at;
};
/* With the commit that ends an attempt, the claim of another document: one commit less for each. */
struct out_next {
    struct out_claim *claim;
    int64_t lease_ms;
    const struct out_gate *gate; /* as in store_out_claim */
    bool taken;                  /* set: the claim is filled */
};
enum attempt_outcome {
    ATTEMPT_NOT_LEFT,  /* no body byte left us: DNS, connect, TLS */
    ATTEMPT_NOT_TAKEN, /* HTTP 4xx without SOAP: the same bytes may be tried again */
    ATTEMPT_ANSWERED,  /* Receipt or ebMS Error for this MessageId: it is spent */
    ATTEMPT_UNKNOWN    /* a body byte may have left, no valid answer; also the "duplicate" error */
};
struct attempt_result {
    enum attempt_outcome outcome;
    enum out_state to;     /* RECEIPTED, UNKNOWN, WAITING or REFUSED */
    const char *result;    /* one word: receipt error duplicate connect timeout http ... */
    const struct err *why; /* but for RECEIPTED */
    int http_status;       /* 0: none */
    int64_t ms;
    const char *address, *answer_type; /* peer address used; Content-Type */
    struct blob answer;                /* raw, every answer, at most STORE_INLINE_MAX */
    const struct proof_new *proof;     /* required for RECEIPTED */
    int64_t next_at;                   /* for WAITING and UNKNOWN; 0: no more by itself */
    const char *dest;                  /* or NULL: as it was */
    const char *alarm;                 /* kind of alarm to raise about it with `why`; NULL: none */
    struct out_next *next;             /* NULL: none is wanted */
    int64_t now;
};
/* Result, raw answer, proof and new state in one commit. Where an earlier attempt of this message
 * may have arrived and this one was not answered, WAITING and REFUSED become UNKNOWN. When the
 * attempt is no longer the current one (lease ran out, MLS came first), the result is kept and only
 * a proof still changes the state. `ended`: the document's state now; may be NULL. */
int store_attempt_end(enum out_state *ended, struct store *s, int64_t attempt,
    const struct attempt_result *r, struct err *e) MUST_CHECK;

/* A signed proof that came otherwise (MLS, late receipt): level raised (never lowered), RECEIPTED.
 */
int store_out_prove(
    struct store *s, int64_t row, const struct proof_new *p, int64_t now, struct err *e) MUST_CHECK;
/* A signed refusal that came otherwise (MLS RE): REFUSED, the raw bytes kept. */
int store_out_disprove(struct store *s, int64_t row, const struct proof_new *p,
    const struct err *why, int64_t now, struct err *e) MUST_CHECK;

/* ---- outbound: people and clocks ---- */

/* What is held already gets another holder and reason, and is released to what it was. */
int store_out_hold(struct store *s, int64_t row, const char *who, const char *why, int64_t now,
    struct err *e) MUST_CHECK;
/* By whoever works on it: store.lease-lost when the claim is no longer good. */
int store_out_hold_claimed(struct store *s, const struct out_claim *c, const char *who,
    const char *why, int64_t now, struct err *e) MUST_CHECK;
/* Its bytes are not what was stored: HELD, with an alarm of kind damaged. */
int store_out_damaged(
    struct store *s, const struct out_claim *c, int64_t now, struct err *e) MUST_CHECK;
int store_out_release(
    struct store *s, int64_t row, const char *who, int64_t now, struct err *e) MUST_CHECK;
/* Only before a byte has left: else store.left. */
int store_out_cancel(struct store *s, int64_t row, const char *who, const char *why, int64_t now,
    struct err *e) MUST_CHECK;
/* Due now; EXPIRED_UNKNOWN becomes UNKNOWN again, with a new expire_at. */
int store_out_retry(struct store *s, int64_t row, const char *who, int64_t expire_at, int64_t now,
    struct err *e) MUST_CHECK;
/* A person knows that it is not there: UNKNOWN, EXPIRED_UNKNOWN or HELD becomes REFUSED. */
int store_out_resolve(struct store *s, int64_t row, const char *who, const char *why, int64_t now,
    struct err *e) MUST_CHECK;

struct out_swept {
    unsigned long unknown; /* SENDING whose lease ran out -> UNKNOWN */
    unsigned long late;    /* now flagged late */
    unsigned long expired; /* passed expire_at */
    bool more;             /* limit reached: call again */
};
/* Over the journal itself, by index: leases, deadlines, horizons. At most `limit` of each. */
int store_out_sweep(
    struct out_swept *out, struct store *s, int64_t now, unsigned limit, struct err *e) MUST_CHECK;

/* ---- outbound: reading ---- */

struct message_row {
    int64_t row; /* 0: not composed yet */
    const char *message_id, *conversation_id, *content_type, *expect, *endpoint, *seat;
    const char *transport_profile, *peer_serial, *own_serial, *lookup;
    int64_t eb_timestamp, composed_at;
    int64_t wire;
    uint64_t wire_len;
    bool left;     /* a byte of it may have left */
    bool answered; /* spent */
};
struct out_row {
    int64_t row;
    char id[STORE_ID];
    enum out_state state;
    enum proof_level level, require;
    bool late;    /* past deliver_by, not at the required level */
    bool settled; /* required level reached, or ended otherwise: nothing more is owed */
    bool left;    /* a byte of some attempt may have left */
    bool maybe;   /* some attempt's outcome was unknown */
    const char *tenant, *key, *invoice, *supplier, *issue_date;
    uint8_t document_sha256[HASH_LEN];
    uint64_t document_len;
    const char *instance, *sender, *receiver, *doctype, *process, *country_c1, *end_user;
    const char *rule_sets, *dest;
    int64_t accepted_at, state_at, proven_at, deliver_by, expire_at;
    int64_t next_at; /* next act or end of the lease; 0: none by itself */
    bool in_hand;    /* claimed: next_at is the end of the lease */
    unsigned attempts;
    struct err reason; /* why it is where it is; class ERR_NONE: nothing to say */
    const char *held_by, *held_why;
    int64_t sbd;
    uint64_t sbd_len;
    struct message_row message; /* the current one */
};
/* Flagged, or past its deadline and not swept yet. */
bool store_is_late(const struct out_row *r, int64_t now);
int store_out_get(
    struct out_row *out, struct store *s, int64_t row, struct arena *a, struct err *e) MUST_CHECK;

struct attempt_row {
    unsigned n; /* 1, 2, ... within the document */
    int64_t row, message, started_at, ended_at /* 0: cut off or running */, ms;
    const char *message_id, *endpoint, *address, *result;
    int http_status;
    bool left;
    struct err why;
    int64_t answer; /* blob reference or 0 */
    const char *answer_type;
};
/* Oldest first, at most max; *n = how many there are in all. */
int store_attempts(struct attempt_row *out, size_t max, size_t *n, struct store *s, int64_t row,
    struct arena *a, struct err *e) MUST_CHECK;
/* When the first attempt with this message began that may have sent a byte, besides that one; 0:
 * none. */
int store_message_first_left(int64_t *at, struct store *s, int64_t document, int64_t message,
    int64_t besides, struct err *e) MUST_CHECK;

struct proof_row {
    int64_t row, message, raw, signal_time, verified_at;
    enum proof_kind kind;
    enum proof_level level;
    bool refusal; /* MLS RE and its like */
    const char *message_id, *signal_id, *signer, *signer_serial, *not_revoked_by;
};
int store_proofs(struct proof_row *out, size_t max, size_t *n, struct store *s, int64_t row,
    struct arena *a, struct err *e) MUST_CHECK;

/* All of one document in one snapshot, for status: at most STORE_VIEW_MAX attempts (the newest) and
 * proofs are shown, the numbers say how many there are. */
#define STORE_VIEW_MAX 200
struct out_view {
    struct out_row doc;
    const struct attempt_row *attempts; /* oldest first */
    size_t nattempts, attempts_in_all;
    const struct proof_row *proofs;
    size_t nproofs, proofs_in_all;
};
int store_out_view(
    struct out_view *out, struct store *s, int64_t row, struct arena *a, struct err *e) MUST_CHECK;

/* ---- any id, lists, events ---- */

struct store_hit {
    bool inbound;
    int64_t row;
    char id[STORE_ID];
};
/* Everything that carries this id: our id or a prefix of it (4 or more), invoice number,
 * InstanceIdentifier, MessageId (of any attempt), SHA-256 of document or payload in hex. Newest
 * first; *n = number found, at most max. */
int store_find(struct store_hit *out, size_t max, size_t *n, struct store *s, const char *any,
    struct err *e) MUST_CHECK;

struct store_filter {
    const char *tenant, *partner; /* partner: the other participant */
    const char *invoice;
    int out_state, in_state; /* -1: any */
    bool late, open; /* outbound: only late; only unsettled. inbound open: not ACKNOWLEDGED */
    int64_t now;     /* with late: those past their deadline by then, too, that no sweep has seen */
    int64_t since;   /* accepted or received at or after */
    int64_t before;  /* cursor: rows older than this row; 0: from the newest */
};
#define STORE_FILTER_ALL                                                                           \
    {                                                                                              \
        .out_state = -1, .in_state = -1                                                            \
    }
/* Newest first. `before` of the next page: the last row got. `message` is filled in as well. */
int store_out_list(struct out_row *out, size_t max, size_t *n, struct store *s,
    const struct store_filter *f, struct arena *a, struct err *e) MUST_CHECK;

struct store_event {
    int64_t seq, at; /* seq has no gaps */
    bool inbound;
    int64_t row;           /* 0: not about a document */
    const char *id;        /* our id */
    const char *invoice;   /* number of the document, when it is known */
    const char *what;      /* state late level attempt hold ... */
    const char *from, *to; /* states, for "state" */
    const char *detail;    /* reason's code, or free text */
};
int store_events(struct store_event *out, size_t max, size_t *n, struct store *s, int64_t after,
    struct arena *a, struct err *e) MUST_CHECK;
/* The newest of them; 0: there is none. */
int store_last_event(int64_t *seq, struct store *s, struct err *e) MUST_CHECK;
/* An event that is no change of state: alarm raised, canary, lookup change. row 0: of no document.
 */
int store_event_add(struct store *s, bool inbound, int64_t row, const char *what,
    const char *detail, int64_t now, struct err *e) MUST_CHECK;

struct store_counts {
    unsigned long out[OUT_STATES], in[IN_STATES], late;
    unsigned long late_known; /* of the late ones: somebody has acknowledged the alarm */
    int64_t oldest_unproven;  /* accepted_at of the oldest unsettled document; 0: none */
    int64_t last_event;       /* seq */
};
int store_count(struct store_counts *out, struct store *s, struct err *e) MUST_CHECK;
/* Past their deadline, and not flagged yet: where no service runs nobody sweeps. */
int store_count_overdue(unsigned long *out, struct store *s, int64_t now, struct err *e) MUST_CHECK;

/* ---- inbound ---- */

struct in_new {
    const char *message_id;     /* required, as are signed_info, seat, instance, sender, receipt */
    const uint8_t *signed_info; /* digest of canonical SignedInfo */
    const char *seat;           /* CN of the verified signer */
    const char *cert_serial, *own_serial;
    const char *not_revoked_by; /* "crl", "ocsp", "last-good"; NULL: not asked */
    const char *instance, *sender, *receiver, *doctype, *process, *country_c1;
    const char *country_c4, *end_user, *tenant, *route; /* from our participant record */
    const char *transport_profile, *conversation_id;
    const char *mls_to, *mls_type;
    int64_t eb_timestamp, now;
    uint64_t wire_len;
    const uint8_t *document_sha256; /* root start tag to end tag */
    uint64_t document_len;
    struct store_bytes sbd; /* sha256 required: the payload digest of docs/STATES.md */
    struct blob receipt;    /* the signed Receipt that will be sent; at most STORE_INLINE_MAX */
    const char *receipt_id; /* its MessageId */
};
enum in_verdict {
    IN_NEW,        /* stored; answer: the receipt given */
    IN_SAME,       /* same MessageId, same SignedInfo: the receipt in `receipt`, byte for byte */
    IN_RESIGNED,   /* same message signed again: the receipt given (now kept); no hand-over */
    IN_TWIN,       /* other MessageId, known InstanceIdentifier, same payload: the receipt given;
                      no hand-over */
    IN_TWIN_OTHER, /* ... with another payload: stored and handed over, flagged */
    IN_CONFLICT    /* same MessageId, other payload, seat or instance: refuse, log, alarm */
};
struct in_accepted {
    enum in_verdict verdict;
    int64_t row; /* the inbound document */
    char id[STORE_ID];
    struct str receipt; /* IN_SAME: in the arena */
    unsigned flags;     /* IN_FLAG_... */
};
#define IN_FLAG_DUPLICATE 1u /* same document from this sender under other ids: suspected */
#define IN_FLAG_INSTANCE 2u  /* its InstanceIdentifier was used before for another payload */
/* Message, document and receipt bytes in one commit; only after it may the receipt leave. */
int store_in_accept(struct in_accepted *out, struct store *s, const struct in_new *n,
    struct arena *a, struct err *e) MUST_CHECK;

struct in_claim {
    int64_t row, lease;
    char id[STORE_ID];
    enum in_state state;
    int64_t lease_ms;
    bool redelivered; /* a hand-over was begun before this claim */
    bool begun;       /* its hand-over is: committed */
};
/* Documents due for the next step: RECEIVED (to validate), VALIDATED or RELEASED (to hand over).
 * `hand_over`: which of the two; that the hand-over of the first begins is committed here, of the
 * others by store_in_begin or store_in_handed before it does. The lease is each document's own: it
 * runs anew when its turn comes (store_in_begin). route NULL: any. */
int store_in_claim(struct in_claim *out, size_t max, size_t *n, struct store *s, bool hand_over,
    const char *route, int64_t now, int64_t lease_ms, struct err *e) MUST_CHECK;
int store_in_next_due(int64_t *out, struct store *s, struct err *e) MUST_CHECK;
/* Its turn comes: the lease runs from now, and what is to be handed over is begun. Claimed by
 * another meanwhile: store.lease-lost (ERR_RETRY). */
int store_in_begin(struct store *s, struct in_claim *c, int64_t now, struct err *e) MUST_CHECK;
struct in_facts { /* read from the document itself while validating */
    const char *invoice, *supplier, *issue_date, *rule_sets;
    struct blob report;  /* at most STORE_INLINE_MAX */
    const char *verdict; /* "valid" "invalid" "unchecked" */
};
int store_in_validated(struct store *s, const struct in_claim *c, const struct in_facts *f,
    int64_t now, struct err *e) MUST_CHECK;
/* The step failed or has to wait: due again at next_at (0: only by a person or `inbox`). */
int store_in_wait(struct store *s, const struct in_claim *c, const struct err *why, int64_t next_at,
    int64_t now, struct err *e) MUST_CHECK;
/* Handed over on this route ("folder", "inbox", "http ..."). Without claim (row only): the pull
 * queue; a second time is a redelivery. `next` (or NULL) begins in the same commit, if it is still
 * claimed: see its `begun`. */
int store_in_handed(struct store *s, int64_t row, const struct in_claim *c, struct in_claim *next,
    const char *how, int64_t now, struct err *e) MUST_CHECK;
/* Handed over and acknowledged in one commit: the other side said that it has it. */
int store_in_taken(struct store *s, int64_t row, const struct in_claim *c, const char *how,
    int64_t now, struct err *e) MUST_CHECK;
int store_in_ack(
    struct store *s, int64_t row, const char *who, int64_t now, struct err *e) MUST_CHECK;
/* Set aside; `loud`: with an alarm of kind quarantined, which goes when it is released or
 * acknowledged. */
int store_in_quarantine(struct store *s, int64_t row, const struct err *why, bool loud, int64_t now,
    struct err *e) MUST_CHECK;
int store_in_release(
    struct store *s, int64_t row, const char *who, int64_t now, struct err *e) MUST_CHECK;
/* To another hand-over route, due there at once; what is set aside stays so. One document:
 * store.state when it was handed over or is in hand. All that wait on a route (those in hand
 * excepted): *n of them, in commits of some hundred. `from` and `to` differ. */
int store_in_reroute(struct store *s, int64_t row, const char *to, const char *who, int64_t now,
    struct err *e) MUST_CHECK;
int store_in_reroute_all(uint64_t *n, struct store *s, const char *from, const char *to,
    const char *who, int64_t now, struct err *e) MUST_CHECK;

struct in_row {
    int64_t row;
    char id[STORE_ID];
    enum in_state state;
    unsigned flags, handovers /* begun so far */;
    /* of the first message: */
    const char *message_id, *conversation_id, *seat, *cert_serial, *own_serial, *not_revoked_by;
    const char *transport_profile;
    int64_t eb_timestamp, received_at;
    uint64_t wire_len;
    int64_t receipt; /* blob reference */
    const char *receipt_id;
    /* of the document: */
    const char *instance, *sender, *receiver, *doctype, *process, *country_c1, *country_c4;
    const char *end_user, *tenant, *route, *mls_to, *mls_type;
    const char *invoice, *supplier, *issue_date, *rule_sets, *verdict;
    uint8_t payload_sha256[HASH_LEN], document_sha256[HASH_LEN];
    uint64_t document_len, sbd_len;
    int64_t sbd, report /* blob reference or 0 */;
    int64_t state_at, handed_at, acked_at, next_at;
    const char *handed_how, *acked_by;
    struct err reason;
};
int store_in_get(
    struct in_row *out, struct store *s, int64_t row, struct arena *a, struct err *e) MUST_CHECK;
int store_in_list(struct in_row *out, size_t max, size_t *n, struct store *s,
    const struct store_filter *f, struct arena *a, struct err *e) MUST_CHECK;

/* What was refused though its header was there: the newest STORE_ANOMALIES are kept. */
#define STORE_ANOMALIES 10000
struct store_anomaly {
    int64_t row, at;
    const char *message_id, *seat, *address;
    struct err why;
    const char *header; /* at most 64 KiB, cut */
};
int store_anomaly_add(struct store *s, const struct store_anomaly *x, struct err *e) MUST_CHECK;
int store_anomalies(struct store_anomaly *out, size_t max, size_t *n, struct store *s,
    int64_t before, struct arena *a, struct err *e) MUST_CHECK;

/* ---- the service's own ---- */

/* A small text under a name (at most 70 bytes), kept over restarts: when the canary came back. */
int store_mark_set(struct store *s, const char *name, const char *text, struct err *e) MUST_CHECK;
/* 1 there, 0 not (out is ""), -1. */
int store_mark_get(
    char *out, size_t n, struct store *s, const char *name, struct err *e) MUST_CHECK;

/* Before store_recover: documents that were being validated when the last process ended. */
int store_in_suspects(
    int64_t *out, size_t max, size_t *n, struct store *s, struct err *e) MUST_CHECK;

struct in_route {
    const char *name;      /* "" = none: as configured */
    unsigned long waiting; /* validated or released, not handed over yet */
    int64_t oldest;        /* since when the oldest of them waits */
};
/* Routes with something to hand over, at most max, by name. */
int store_in_routes(struct in_route *out, size_t max, size_t *n, struct store *s, struct arena *a,
    struct err *e) MUST_CHECK;

/* So begins the number of a document that the service sends to itself (ap/canary). */
#define STORE_CANARY "CANARY-"

struct in_unjudged { /* received, not validated yet */
    unsigned long waiting;
    int64_t oldest; /* when the first of them was received; 0: none */
    struct err why; /* what keeps one of them; class ERR_NONE: nothing that is known */
};
int store_in_unjudged(struct in_unjudged *out, struct store *s, struct err *e) MUST_CHECK;

#define STORE_SKEW_SAMPLES 21
/* Median of "when we read a Receipt minus when its signer says it was written" over the newest
 * receipts since then: what peers say of our clock. *samples 0: nothing to tell. */
int store_clock_skew(
    int64_t *ms, size_t *samples, struct store *s, int64_t since, struct err *e) MUST_CHECK;

#endif
