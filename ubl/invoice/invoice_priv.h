/* invoice_priv.h - what the files of this folder tell each other: terms, nodes, steps, findings. */
#ifndef UBL_INVOICE_INVOICE_PRIV_H
#define UBL_INVOICE_INVOICE_PRIV_H

#include "ubl/atomic/decimal.h"
#include "ubl/invoice/invoice.h"

/* ---- the table ---- */

enum inv_id {
#define TERM(id, group, bt, name, type, need, many, path, credit, text) INV_##id,
#include "ubl/invoice/terms_priv.h"
#undef TERM
    INV_NONE
};
#define INV_TERMS INV_NONE

enum inv_type {
    IT_GROUP,
    IT_TEXT,
    IT_ID,
    IT_CODE,
    IT_DATE,
    IT_AMOUNT, /* of money: at most the currency's decimals */
    IT_PRICE,  /* of money, any decimals */
    IT_QUANTITY,
    IT_PERCENT,
    IT_BINARY
};
enum inv_need {
    INV_OPT,
    INV_REQ,
    INV_AUTO /* filled in when absent */
};

struct inv_term {
    enum inv_id id, group;
    const char *bt, *name;
    enum inv_type type;
    enum inv_need need;
    bool many;
    const char *path, *credit, *text;
    size_t name_n;
};
extern const struct inv_term inv_terms[INV_TERMS];

static inline bool inv_is_number(const struct inv_term *t)
{
    return t->type >= IT_AMOUNT && t->type <= IT_PERCENT;
}
/* The member of a group by its name, or NULL; and the nearest name for a misspelt one, or NULL. */
const struct inv_term *inv_member(enum inv_id group, struct str name);
const struct inv_term *inv_nearest(enum inv_id group, struct str name);
/* Is `id` in the group, at any depth? */
bool inv_below(enum inv_id id, enum inv_id group);
/* Next member of a group after `after` (INV_NONE: the first), or INV_NONE at the end. */
enum inv_id inv_next_member(enum inv_id group, enum inv_id after);

/* ---- the values ---- */

struct inv_node {
    enum inv_id id;
    bool made;     /* by us, not in the input */
    uint32_t line; /* of the input */
    struct str text;
    struct inv_node *parent, *next, *first, *last; /* children in order of the table */
    struct inv_node *recent;                       /* the child added last */
};

struct invoice {
    struct arena *a;
    struct inv_node *root;
    bool credit;
    const char *customization; /* asked for, or NULL */
    struct invoice_finding *findings;
    size_t n_findings, cap_findings, all_findings, faults;
    struct invoice_finding spare; /* takes what is only counted */
    struct inv_node **lines;      /* where each line of the UBL came from; [0] unused */
    size_t n_lines, cap_lines;
    bool nomem;
    int places; /* of amounts; see inv_places */
    struct str scheme, currency, vat_currency;
};

/* A child in its place; NULL when memory is out (v->nomem is set). */
struct inv_node *inv_add(
    struct invoice *v, struct inv_node *in, enum inv_id id, struct str text, uint32_t line);
void inv_remove(struct inv_node *n);
/* First node of a term below `in`, going through the groups between; NULL when absent. */
struct inv_node *inv_find(const struct inv_node *in, enum inv_id id);
/* The same, made when absent. */
struct inv_node *inv_need_node(struct invoice *v, struct inv_node *in, enum inv_id id);
struct str inv_text(const struct inv_node *in, enum inv_id id); /* "" when absent */
struct inv_node *inv_same(const struct inv_node *n);            /* next of the same term */
/* Set or make, marked as ours. */
void inv_fill(struct invoice *v, struct inv_node *in, enum inv_id id, struct str text);

/* "lines[3].price.net" in the arena. `more`: a member below that may not exist, or INV_NONE. */
const char *inv_path(struct invoice *v, const struct inv_node *n, enum inv_id more);

/* A new finding's error, to be set; a spare one when the list is full. Never NULL. */
struct err *inv_finding(
    struct invoice *v, enum invoice_severity severity, const char *path, uint32_t line);
/* The same at a node, or at a member `more` that is absent in it. */
struct err *inv_fault(struct invoice *v, const struct inv_node *n, enum inv_id more);
struct err *inv_warn(struct invoice *v, const struct inv_node *n, enum inv_id more);

/* Trim a leaf's text, unless it is free text, and check it against its type; false after a finding.
 */
bool inv_check_value(struct invoice *v, struct inv_node *n);

/* ---- what is known of specifications and currencies ---- */

struct inv_custom {
    const char *name, *specification, *process, *scheme;
    bool en16931; /* two decimals at most */
};
const struct inv_custom *inv_custom_named(struct str name);
const struct inv_custom *inv_custom_of(struct str specification); /* or NULL */
int inv_minor_unit(struct str currency);                          /* digits; 2 when unknown */
/* Type codes that make a CreditNote; and self-billed documents. */
bool inv_code_is_credit(struct str code);
bool inv_code_is_self_billed(struct str code);
/* May a file of this media type be embedded? PEPPOL-EN16931-CL001. */
bool inv_media_allowed(struct str media);
/* Sets credit, scheme, currencies and places from the terms. */
void inv_settle(struct invoice *v);

/* ---- UBL ---- */

#define INV_CBC "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
#define INV_CAC "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
#define INV_ROOT_NS "urn:oasis:names:specification:ubl:schema:xsd:"

/* One element or attribute that the table's paths touch; siblings in the order of UBL's schema. */
struct inv_step {
    struct str name;          /* "cac:Party", "@schemeID" */
    enum inv_id group, value; /* what it is an instance of; whose text it holds; or INV_NONE */
    struct str fixed;         /* its text, when it is no term: "VAT" or "$scheme" */
    bool constant;            /* nothing of the document is in it or below it */
    struct str when, is;      /* condition: path and value */
    struct inv_step *next, *first;
};
/* The steps of an Invoice or a CreditNote, made once for the process. NULL: memory. Any thread. */
const struct inv_step *inv_plan(bool credit);
/* "$scheme" and its like resolved; another text is itself. */
struct str inv_resolve(const struct invoice *v, struct str text);

/* ---- the parts of invoice_complete ---- */

void inv_defaults(struct invoice *v); /* specification, process, line numbers, zero rates ... */
void inv_required(struct invoice *v); /* mandatory terms, in every group that is there */
int inv_totals(struct invoice *v, struct err *e) MUST_CHECK;
void inv_exemptions(struct invoice *v); /* reason codes of the breakdown */
void inv_sensible(struct invoice *v);   /* dates, ids, identifiers, accounts */

#endif
