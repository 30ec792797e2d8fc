/* store_schema.c - the tables. One text per version of the schema, run in order and once:
 * PRAGMA user_version counts them. Never edit a text that was released: add the next.
 *
 * Words in columns are those of docs/STATES.md. Times are ms UTC. `why` is an error's eight parts,
 * one a line (store_why.c). References to blob are not foreign keys (deleting one would search
 * every table); store_check looks after them. */
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

#define QUEUED "state IN ('ACCEPTED','WAITING','UNKNOWN')"

static const char version_1[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"

    /* Bytes: here up to 256 KiB, else in payload/`file`. */
    "CREATE TABLE blob("
    " n INTEGER PRIMARY KEY, sha256 BLOB NOT NULL CHECK(length(sha256)=32),"
    " len INTEGER NOT NULL CHECK(len>=0), file TEXT, bytes BLOB,"
    " CHECK((file IS NULL)<>(bytes IS NULL))) STRICT;"
    "CREATE UNIQUE INDEX blob_file ON blob(file) WHERE file IS NOT NULL;"

    "CREATE TABLE participant("
    " identifier TEXT PRIMARY KEY, tenant TEXT NOT NULL, end_user TEXT NOT NULL, name TEXT,"
    " country TEXT NOT NULL, identified_on TEXT, route TEXT, disabled INTEGER NOT NULL,"
    " changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE service("
    " participant TEXT NOT NULL REFERENCES participant(identifier) ON DELETE CASCADE,"
    " doctype TEXT NOT NULL, process TEXT NOT NULL,"
    " PRIMARY KEY(participant,doctype,process)) STRICT, WITHOUT ROWID;"

    /* Outbound. `has_left`: a body byte of some attempt may have left. `maybe`: some outcome was
     * unknown. `settled`: nothing more is owed. next_at: due, or the end of the lease. */
    "CREATE TABLE document("
    " n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, key TEXT,"
    " invoice TEXT, supplier TEXT, issue_date TEXT,"
    " document_sha256 BLOB NOT NULL CHECK(length(document_sha256)=32),"
    " document_len INTEGER NOT NULL, instance TEXT UNIQUE, sender TEXT, receiver TEXT,"
    " doctype TEXT, process TEXT, country_c1 TEXT, end_user TEXT, rule_sets TEXT,"
    " state TEXT NOT NULL, level INTEGER NOT NULL, require INTEGER NOT NULL,"
    " late INTEGER NOT NULL, settled INTEGER NOT NULL, has_left INTEGER NOT NULL,"
    " maybe INTEGER NOT NULL, accepted_at INTEGER NOT NULL, state_at INTEGER NOT NULL,"
    " proven_at INTEGER, deliver_by INTEGER, expire_at INTEGER, next_at INTEGER, lease INTEGER,"
    " dest TEXT, attempts INTEGER NOT NULL, message INTEGER, attempt INTEGER,"
    " held_from TEXT, held_by TEXT, held_why TEXT, why TEXT, sbd INTEGER) STRICT;"
    "CREATE UNIQUE INDEX document_key ON document(tenant,key) WHERE key IS NOT NULL;"
    "CREATE INDEX document_invoice ON document(invoice) WHERE invoice IS NOT NULL;"
    "CREATE INDEX document_sha ON document(document_sha256);"
    "CREATE INDEX document_state ON document(state);"
    "CREATE INDEX document_receiver ON document(receiver);"
    "CREATE INDEX document_tenant ON document(tenant);"
    "CREATE INDEX document_accepted ON document(accepted_at);"
    "CREATE INDEX document_queue ON document(dest,next_at) WHERE " QUEUED
    " AND next_at IS NOT NULL;"
    "CREATE INDEX document_lease ON document(next_at) WHERE lease IS NOT NULL;"
    "CREATE INDEX document_open ON document(settled) WHERE settled=0;"
    "CREATE INDEX document_due ON document(deliver_by) WHERE settled=0 AND late=0;"
    "CREATE INDEX document_late ON document(late) WHERE late=1;"
    "CREATE INDEX document_expire ON document(expire_at)"
    " WHERE state IN ('ACCEPTED','WAITING','UNKNOWN','HELD');"

    /* Head of each destination's queue: claims never search documents of one that is not ready. */
    "CREATE TABLE dest("
    " name TEXT PRIMARY KEY, head INTEGER NOT NULL, served INTEGER NOT NULL DEFAULT 0,"
    " blocked INTEGER NOT NULL DEFAULT 0,"
    " ready INTEGER GENERATED ALWAYS AS (max(head,served,blocked)) VIRTUAL) STRICT;"
    "CREATE INDEX dest_ready ON dest(ready,name);"

    "CREATE TABLE message("
    " n INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document(n),"
    " message_id TEXT NOT NULL UNIQUE, conversation_id TEXT, content_type TEXT,"
    " expect TEXT NOT NULL, endpoint TEXT, seat TEXT, transport_profile TEXT, peer_serial TEXT,"
    " own_serial TEXT, lookup TEXT, eb_timestamp INTEGER, composed_at INTEGER NOT NULL,"
    " wire INTEGER NOT NULL, has_left INTEGER NOT NULL, maybe INTEGER NOT NULL,"
    " answered INTEGER NOT NULL) STRICT;"
    "CREATE INDEX message_document ON message(document);"
    "CREATE TABLE attempt("
    " n INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document(n),"
    " message INTEGER NOT NULL REFERENCES message(n), seq INTEGER NOT NULL,"
    " message_id TEXT NOT NULL, endpoint TEXT, started_at INTEGER NOT NULL, ended_at INTEGER,"
    " ms INTEGER, has_left INTEGER NOT NULL, result TEXT, http_status INTEGER, address TEXT, why "
    "TEXT,"
    " answer INTEGER, answer_type TEXT, UNIQUE(document,seq)) STRICT;"
    "CREATE TABLE proof("
    " n INTEGER PRIMARY KEY, document INTEGER NOT NULL REFERENCES document(n), message INTEGER,"
    " attempt INTEGER, kind TEXT NOT NULL, level INTEGER NOT NULL, refusal INTEGER NOT NULL,"
    " raw INTEGER NOT NULL, signal_id TEXT, signer TEXT, signer_serial TEXT, signal_time INTEGER,"
    " verified_at INTEGER) STRICT;"
    "CREATE INDEX proof_document ON proof(document);"

    /* Inbound: one row a document, one in_message a MessageId, one in_receipt a re-signed copy.
     * Every index that an arriving message touches is a page more in its commit: those below that
     * are not needed to judge or find it are partial, and not touched. */
    "CREATE TABLE inbound("
    " n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT, end_user TEXT, route TEXT,"
    " sender TEXT NOT NULL, receiver TEXT, doctype TEXT, process TEXT, country_c1 TEXT,"
    " country_c4 TEXT, instance TEXT NOT NULL, mls_to TEXT, mls_type TEXT, invoice TEXT,"
    " supplier TEXT, issue_date TEXT, rule_sets TEXT, verdict TEXT, report INTEGER,"
    " payload_sha256 BLOB NOT NULL CHECK(length(payload_sha256)=32), document_sha256 BLOB,"
    " document_len INTEGER, sbd INTEGER NOT NULL, state TEXT NOT NULL, flags INTEGER NOT NULL,"
    " received_at INTEGER NOT NULL, state_at INTEGER NOT NULL, handed_at INTEGER, handed_how TEXT,"
    " acked_at INTEGER, acked_by TEXT, next_at INTEGER, lease INTEGER,"
    " handovers INTEGER NOT NULL, why TEXT) STRICT;"
    "CREATE INDEX inbound_instance ON inbound(instance);"
    "CREATE INDEX inbound_document ON inbound(document_sha256);"
    "CREATE INDEX inbound_invoice ON inbound(invoice) WHERE invoice IS NOT NULL;"
    "CREATE INDEX inbound_sender ON inbound(sender);"
    "CREATE INDEX inbound_open ON inbound(state) WHERE acked_at IS NULL;"
    "CREATE INDEX inbound_received ON inbound(received_at);"
    "CREATE INDEX inbound_next ON inbound(state,next_at) WHERE next_at IS NOT NULL;"
    "CREATE INDEX inbound_queue ON inbound(state,route,next_at) WHERE " IN_QUEUED ";"
    "CREATE INDEX inbound_lease ON inbound(lease) WHERE lease IS NOT NULL;"
    "CREATE TABLE in_message("
    " n INTEGER PRIMARY KEY, inbound INTEGER NOT NULL REFERENCES inbound(n),"
    " message_id TEXT NOT NULL UNIQUE,"
    " signed_info BLOB NOT NULL CHECK(length(signed_info)=32), seat TEXT NOT NULL,"
    " cert_serial TEXT, own_serial TEXT, transport_profile TEXT, conversation_id TEXT,"
    " eb_timestamp INTEGER, received_at INTEGER NOT NULL, wire_len INTEGER NOT NULL,"
    " receipt INTEGER NOT NULL, receipt_id TEXT) STRICT;"
    "CREATE INDEX in_message_inbound ON in_message(inbound);"
    "CREATE TABLE in_receipt("
    " message INTEGER NOT NULL REFERENCES in_message(n), signed_info BLOB NOT NULL,"
    " receipt INTEGER NOT NULL, receipt_id TEXT, made_at INTEGER NOT NULL,"
    " PRIMARY KEY(message,signed_info)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE anomaly("
    " n INTEGER PRIMARY KEY, at INTEGER NOT NULL, message_id TEXT, seat TEXT, address TEXT,"
    " why TEXT, header TEXT) STRICT;"

    /* seq has no gaps: given inside the transaction, and the newest row is never deleted. */
    "CREATE TABLE event("
    " seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, inbound INTEGER NOT NULL, doc INTEGER,"
    " what TEXT NOT NULL, from_state TEXT, to_state TEXT, detail TEXT) STRICT;"
    "CREATE INDEX event_doc ON event(doc) WHERE doc IS NOT NULL;";

static const char version_2[] = "ALTER TABLE in_message ADD COLUMN not_revoked_by TEXT;";

/* Alarms, what each channel told of them, and what is agreed with a partner. */
static const char version_3[] =
    "CREATE TABLE alarm("
    " n INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, inbound INTEGER NOT NULL,"
    " doc INTEGER, why TEXT, raised_at INTEGER NOT NULL, last_at INTEGER NOT NULL,"
    " times INTEGER NOT NULL, acked_at INTEGER, acked_by TEXT, cleared_at INTEGER) STRICT;"
    "CREATE UNIQUE INDEX alarm_open ON alarm(kind,subject) WHERE cleared_at IS NULL;"
    "CREATE INDEX alarm_loud ON alarm(n) WHERE cleared_at IS NULL AND acked_at IS NULL;"
    "CREATE INDEX alarm_doc ON alarm(doc) WHERE doc IS NOT NULL;"
    "CREATE TABLE alarm_told("
    " alarm INTEGER NOT NULL REFERENCES alarm(n), channel TEXT NOT NULL, told_at INTEGER NOT NULL,"
    " times INTEGER NOT NULL, PRIMARY KEY(alarm,channel)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE channel("
    " name TEXT PRIMARY KEY, ok_at INTEGER, failed_at INTEGER, failures INTEGER NOT NULL,"
    " next_at INTEGER, why TEXT) STRICT, WITHOUT ROWID;"
    "CREATE TABLE partner("
    " name TEXT PRIMARY KEY, unknown INTEGER NOT NULL, require INTEGER NOT NULL, wait_ms INTEGER,"
    " window INTEGER NOT NULL, held_at INTEGER, held_by TEXT, held_why TEXT,"
    " changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

/* Waits for proof, see store_pace.h: at most 40 rows an access point. */
static const char version_4[] =
    "CREATE TABLE pace("
    " seat TEXT NOT NULL, doc INTEGER NOT NULL REFERENCES document(n), began INTEGER NOT NULL,"
    " proven INTEGER, PRIMARY KEY(seat,doc)) STRICT, WITHOUT ROWID;";

static const char version_5[] =
    "CREATE TABLE circuit(name TEXT PRIMARY KEY, opens INTEGER NOT NULL, since INTEGER NOT NULL,"
    " until INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

static const char version_6[] = "ALTER TABLE proof ADD COLUMN not_revoked_by TEXT;";

static const char *const versions[] = {
    version_1, version_2, version_3, version_4, version_5, version_6};
#define VERSION ((int64_t)(sizeof(versions) / sizeof(versions[0])))

static int version_of(int64_t *out, struct db *db, struct err *e)
{
    *out = 0;
    return db_int(out, db, e, "PRAGMA user_version", NULL, 0) < 0 ? -1 : 0;
}

static int too_new(struct err *e, int64_t have)
{
    (void)err_set(e, ERR_CONFIG, "store.schema", "",
        "the spool is of schema %lld, this program knows up to %lld", (long long)have,
        (long long)VERSION);
    return err_next(e, "use the version of aviso that wrote it, or a newer one");
}

int meta_get(char *out, size_t n, struct db *db, const char *name, struct err *e)
{
    sqlite3_stmt *st = db_query(db, e, "SELECT value FROM meta WHERE name=?1", ARGS(A_TEXT(name)));
    int rc = st ? db_step(db, st, e) : -1;

    if (rc == 1) {
        (void)snprintf(out, n, "%s", (const char *)sqlite3_column_text(st, 0));
        db_done(st);
    }
    return rc;
}

int meta_set(struct db *db, const char *name, const char *value, struct err *e)
{
    return db_run(db, e, "INSERT OR REPLACE INTO meta(name,value) VALUES(?1,?2)",
        ARGS(A_TEXT(name), A_TEXT(value)));
}

int schema_migrate(struct db *db, int64_t from, int64_t to, struct err *e)
{
    char pragma[64];

    for (int64_t v = from; v < to; v++)
        if (db_exec(db, versions[v], e))
            return err_wrap(e, "schema %lld: ", (long long)v + 1);
    (void)snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%lld", (long long)to);
    return db_exec(db, pragma, e);
}

int schema_make(struct db *db, const char *ap_mode, struct err *e)
{
    int64_t have;
    char mode[32];
    int rc;

    if (db_exec(
            db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0", e))
        return -1;
    if (db_exec(db, "BEGIN IMMEDIATE", e))
        return -1;
    rc = version_of(&have, db, e);
    if (!rc && have > VERSION)
        rc = too_new(e, have);
    if (!rc && have < VERSION)
        rc = schema_migrate(db, have, VERSION, e);
    if (!rc && ap_mode && (rc = meta_get(mode, sizeof(mode), db, "mode", e)) >= 0)
        rc = rc == 1 ? 0 : meta_set(db, "mode", ap_mode, e);
    if (!rc)
        rc = db_exec(db, "COMMIT", e);
    if (rc && !sqlite3_get_autocommit(db->h))
        (void)sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
    return rc ? -1 : schema_check(db, ap_mode, e);
}

int schema_check(struct db *db, const char *ap_mode, struct err *e)
{
    int64_t have;
    char mode[32] = "";

    if (version_of(&have, db, e))
        return -1;
    if (have > VERSION)
        return too_new(e, have);
    if (have < VERSION) {
        (void)err_set(e, ERR_CONFIG, "store.schema", "",
            "the spool is of schema %lld, not %lld yet", (long long)have, (long long)VERSION);
        return err_next(e, "start aviso serve (or send) once: it brings the spool up to date");
    }
    if (!ap_mode)
        return 0;
    if (meta_get(mode, sizeof(mode), db, "mode", e) < 0)
        return -1;
    if (strcmp(mode, ap_mode) != 0) {
        (void)err_set(e, ERR_CONFIG, "store.mode", "", "the spool is of mode %s, not %s",
            mode[0] ? mode : "(none)", ap_mode);
        return err_next(e, "give every mode a spool of its own");
    }
    return 0;
}
