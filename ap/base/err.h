/* err.h - one error value, carried by the caller, never allocated.
 *
 * Every failure tells five things (docs: aviso-errors(7)): what (code), where (hop and address),
 * who, class, next. `class` alone decides what a caller does; the text is for people. Functions
 * take `struct err *e` last, return 0 or -1, and set *e exactly when they return -1. Any thread; a
 * value belongs to one thread at a time. */
#ifndef AP_BASE_ERR_H
#define AP_BASE_ERR_H

#include <stdarg.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* What the caller may do about it. */
enum err_class {
    ERR_NONE,
    ERR_INPUT,   /* permanent: the bytes or the invoice given to us are wrong; tell the giver */
    ERR_PEER,    /* permanent: the other side refused or cannot take it; keep its answer */
    ERR_RETRY,   /* transient: network, DNS SERVFAIL, 5xx, disk full; we try again */
    ERR_UNKNOWN, /* a body byte may have left and no verifiable answer came: may be delivered */
    ERR_CONFIG,  /* permanent until the operator acts */
    ERR_BUG      /* a broken invariant of ours */
};

struct err {
    enum err_class class;
    char code[48];   /* what: a fixed name, "smp.timeout"; listed in aviso-errors(7) */
    char ebms[16];   /* wire code to answer with, "EBMS:0303", or "" */
    char spec[48];   /* clause, "AS4 5.1.8", "PEPPOL-AS4 4.4", or "" */
    char where[160]; /* hop and address: "SMP https://smp.example/", or "" = here */
    char who[64];    /* "us", a seat id, or "" = us */
    char next[160];  /* what happens or what to do next, or "" = told by class */
    char msg[400];   /* one line, no trailing dot; outermost context first */
    const char *file;
    int line;
};

#define ERR_INIT                                                                                   \
    {                                                                                              \
        0                                                                                          \
    }

/* Set *e (forgetting what it held) and return -1, so that callers write: return err_set(...).
 * `e` may be NULL. */
#define err_set(e, cls, code, spec, ...)                                                           \
    err_minus_one(err_set_at((e), (cls), (code), (spec), __FILE__, __LINE__, __VA_ARGS__))
static inline int err_minus_one(int ignored) /* so that optimizers and analyzers see the -1 */
{
    (void)ignored;
    return -1;
}
int err_set_at(struct err *e, enum err_class cls, const char *code, const char *spec,
    const char *file, int line, const char *fmt, ...) PRINTF(7, 8);

/* Put "while decrypting cid:x: " before the message, keeping everything else. Returns -1. */
#define err_wrap(e, ...) err_minus_one(err_put_before((e), __VA_ARGS__))
int err_put_before(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* Fill in one of the other parts; each returns -1 so that it can end a return chain. */
#define err_ebms(e, code) err_minus_one(err_put_ebms((e), (code)))
#define err_where(e, ...) err_minus_one(err_put_where((e), __VA_ARGS__))
#define err_who(e, who) err_minus_one(err_put_who((e), (who)))
#define err_next(e, ...) err_minus_one(err_put_next((e), __VA_ARGS__))
int err_put_ebms(struct err *e, const char *ebms_code);
int err_put_where(struct err *e, const char *fmt, ...) PRINTF(2, 3);
int err_put_who(struct err *e, const char *who);
int err_put_next(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* "transient" | "permanent" | "unknown": the word shown to people and in JSON. */
const char *err_class_word(enum err_class c);

/* errno as text plus the failed call, class ERR_RETRY for ENOSPC/EDQUOT/EIO/EMFILE/ENOMEM..., else
 * ERR_CONFIG. `code` as in err_set. Returns -1. */
#define err_errno(e, code, call, path) err_minus_one(err_set_errno((e), (code), (call), (path)))
int err_set_errno(struct err *e, const char *code, const char *call, const char *path);
#define err_nomem(e)                                                                               \
    err_set((e), ERR_RETRY, "memory.exhausted", "", "out of memory or over a limit")

#endif
