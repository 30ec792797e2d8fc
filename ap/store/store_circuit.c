#include "ap/store/store_circuit.h"

#include <stdio.h>

#include "ap/store/store_priv.h"

static int put(struct db *db, void *arg, struct err *e)
{
    const struct store_circuit *c = arg;

    return db_run(db, e,
        "INSERT OR REPLACE INTO circuit(name,opens,since,until) VALUES(?1,?2,?3,?4)",
        ARGS(A_TEXT(c->name), A_INT(c->opens), A_INT(c->since), A_INT(c->until)));
}

int store_circuit_put(struct store *s, const struct store_circuit *c, struct err *e)
{
    struct store_circuit copy = *c;

    return store_change(s, put, &copy, e);
}

static int drop(struct db *db, void *arg, struct err *e)
{
    const struct store_circuit *c = arg;

    return db_run(db, e, "DELETE FROM circuit WHERE name=?1", ARGS(A_TEXT(c->name)));
}

int store_circuit_drop(struct store *s, const char *name, struct err *e)
{
    struct store_circuit c;

    (void)snprintf(c.name, sizeof(c.name), "%s", name);
    return store_change(s, drop, &c, e);
}

static int forget(struct db *db, void *arg, struct err *e)
{
    (void)arg;
    return db_run(db, e,
        "DELETE FROM circuit WHERE name NOT IN (SELECT ltrim(name,'!~') FROM dest)", NULL, 0);
}

int store_circuits(struct store_circuit *out, size_t max, size_t *n, struct store *s, struct err *e)
{
    struct rows r;

    *n = 0;
    if (store_change(s, forget, NULL, e))
        return -1;
    rows_open(&r, s, e, "SELECT name,opens,since,until FROM circuit ORDER BY name", NULL, 0);
    while (rows_next(&r, e)) {
        struct store_circuit *c = &out[*n];
        if ((*n)++ >= max)
            continue;
        (void)snprintf(c->name, sizeof(c->name), "%s", (const char *)sqlite3_column_text(r.st, 0));
        c->opens = (unsigned)sqlite3_column_int(r.st, 1);
        c->since = sqlite3_column_int64(r.st, 2);
        c->until = sqlite3_column_int64(r.st, 3);
    }
    return rows_end(&r);
}
