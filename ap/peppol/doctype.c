#include "ap/peppol/doctype.h"

#include <stdio.h>

#include "ap/base/enc.h"

#define PINT "urn:peppol:pint:"

const char *doctype_scheme_text(enum doctype_scheme s)
{
    return s == DOCTYPE_WILDCARD ? DOCTYPE_WILDCARD_SCHEME : DOCTYPE_BUSDOX_SCHEME;
}

/*= PFUOI 4.4.0 POLICY 16 "busdox-docid-qns or peppol-doctype-wildcard" */
enum doctype_scheme doctype_scheme_of(struct str customization)
{
    return str_has_prefix(customization, STR(PINT)) ? DOCTYPE_WILDCARD : DOCTYPE_BUSDOX;
}

static int odd(struct str v, const char *why, struct err *e)
{
    return err_set(e, ERR_INPUT, "id.doctype", "PFUOI POLICY 20",
        "document type identifier \"%.*s\" %s", v.n > 120 ? 120 : (int)v.n, v.p, why);
}

static bool visible_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return true;
}

/* Parts of a customization between `@`, without a closing `*`; 0 when malformed. */
static size_t parts_of(struct str parts[DOCTYPE_MAX_PARTS], struct str cust)
{
    size_t n = 0;

    for (;;) {
        size_t at = str_find(cust, STR("@"));
        struct str one = str_sub(cust, 0, at);
        if (one.n == 0 || n == DOCTYPE_MAX_PARTS || str_find(one, STR("*")) < one.n)
            return 0;
        for (size_t i = 0; i < n; i++)
            if (str_eq(parts[i], one))
                return 0;
        parts[n++] = one;
        if (at == cust.n)
            return n;
        cust = str_sub(cust, at + 1, cust.n);
    }
}

static bool is_wildcard(const struct doctype *d)
{
    return d->scheme == DOCTYPE_WILDCARD && str_has_suffix(doctype_customization(d), STR("*"));
}

static int check_stars(const struct doctype *d, bool registration, struct err *e)
{
    struct str parts[DOCTYPE_MAX_PARTS], v = str_z(d->value), c = doctype_customization(d);

    if (d->scheme == DOCTYPE_BUSDOX)
        return str_find(v, STR("*")) < v.n ? odd(v, "has a * in scheme busdox-docid-qns", e) : 0;
    if (str_has_suffix(c, STR("*"))) {
        if (!registration)
            return odd(v, "ends in *: only a registration may", e);
        c.n--;
    }
    /*= PFUOI 4.4.0 BR-PDW "Part (@ Part)* with an optional * at the end" */
    if (parts_of(parts, c) == 0)
        return odd(v, "has a customization with empty, repeated or starred parts", e);
    return 0;
}

/* Splits as PFUOI 5.1.1 has it: the first "##", then the last "::" on either side of it. */
/*= PFUOI 4.4.0 POLICY 20 "root, customization, version" */
static int split(struct doctype *d, struct err *e)
{
    struct str v = str_z(d->value), left, right;
    size_t sep = str_find(v, STR("##")), colons;

    if (sep == v.n)
        return odd(v, "has no ##", e);
    left = str_sub(v, 0, sep);
    right = str_sub(v, sep + 2, v.n);
    colons = str_rfind(right, STR("::"));
    if (colons == right.n)
        return odd(v, "has no ::version at its end", e);
    if (colons == 0 || colons + 2 == right.n || left.n == 0)
        return odd(v, "has an empty part", e);
    d->sep = (uint16_t)sep;
    d->version = (uint16_t)(sep + 2 + colons);
    colons = str_rfind(left, STR("::"));
    d->local = (uint16_t)(colons == left.n ? sep : colons);
    if (colons != left.n && (colons == 0 || colons + 2 == left.n))
        return odd(v, "has an empty part", e);
    return 0;
}

/*= PFUOI 4.4.0 POLICY 1 "maximum length of 500 characters" */
static int take(struct doctype *out, enum doctype_scheme scheme, struct str value,
    bool registration, struct err *e)
{
    memset(out, 0, sizeof(*out));
    if (value.n >= DOCTYPE_VALUE)
        return odd(value, "is longer than 500 characters", e);
    if (!visible_ascii(value))
        return odd(value, "has white space, control or non-ASCII characters", e);
    out->scheme = scheme;
    memcpy(out->value, value.p, value.n);
    if (split(out, e) || check_stars(out, registration, e)) {
        memset(out, 0, sizeof(*out));
        return -1;
    }
    return 0;
}

int doctype_make(
    struct doctype *out, struct str scheme, struct str value, bool registration, struct err *e)
{
    memset(out, 0, sizeof(*out));
    if (scheme.n == 0 || str_eqz(scheme, DOCTYPE_BUSDOX_SCHEME))
        return take(out, DOCTYPE_BUSDOX, value, registration, e);
    if (str_eqz(scheme, DOCTYPE_WILDCARD_SCHEME))
        return take(out, DOCTYPE_WILDCARD, value, registration, e);
    return err_set(e, ERR_INPUT, "id.doctype", "PFUOI POLICY 16",
        "document type identifier scheme \"%.*s\" is not known", scheme.n > 60 ? 60 : (int)scheme.n,
        scheme.p);
}

/*= PFUOI 4.4.0 5.1.3 "exactly one scheme" */
int doctype_parse(struct doctype *out, struct str text, struct err *e)
{
    struct str busdox = STR(DOCTYPE_BUSDOX_SCHEME "::"), wild = STR(DOCTYPE_WILDCARD_SCHEME "::");

    if (str_has_prefix(text, busdox))
        return take(out, DOCTYPE_BUSDOX, str_sub(text, busdox.n, text.n), false, e);
    if (str_has_prefix(text, wild))
        return take(out, DOCTYPE_WILDCARD, str_sub(text, wild.n, text.n), false, e);
    if (take(out, DOCTYPE_BUSDOX, text, false, e))
        return -1;
    out->scheme = doctype_scheme_of(doctype_customization(out));
    return check_stars(out, false, e);
}

int doctype_build(struct doctype *out, struct str root_ns, struct str root_local,
    struct str customization, struct str version, struct err *e)
{
    struct buf b;
    int rc;

    memset(out, 0, sizeof(*out));
    buf_init(&b, 4 * DOCTYPE_VALUE);
    buf_printf(&b, "%.*s::%.*s##%.*s::%.*s", STR_FMT(root_ns), STR_FMT(root_local),
        STR_FMT(customization), STR_FMT(version));
    rc = buf_ok(&b) ? take(out, doctype_scheme_of(customization), buf_view(&b), false, e)
                    : err_set(e, ERR_INPUT, "id.doctype", "PFUOI POLICY 1",
                          "document type identifier is longer than 500 characters");
    buf_free(&b);
    return rc;
}

/*= PFUOI 4.4.0 POLICY 20 "formats other than XML" */
bool doctype_is_xml(const struct doctype *d)
{
    return d->local < d->sep;
}

struct str doctype_root_ns(const struct doctype *d)
{
    return (struct str){d->value, d->local};
}

struct str doctype_root_local(const struct doctype *d)
{
    if (!doctype_is_xml(d))
        return (struct str){d->value, 0};
    return (struct str){d->value + d->local + 2, (size_t)d->sep - d->local - 2};
}

struct str doctype_customization(const struct doctype *d)
{
    if (!d->value[0])
        return (struct str){d->value, 0};
    return (struct str){d->value + d->sep + 2, (size_t)d->version - d->sep - 2};
}

struct str doctype_version(const struct doctype *d)
{
    return d->value[0] ? str_z(d->value + d->version + 2) : (struct str){d->value, 0};
}

bool doctype_same(const struct doctype *a, const struct doctype *b)
{
    return a->value[0] && a->scheme == b->scheme && strcmp(a->value, b->value) == 0;
}

void doctype_text(struct buf *out, const struct doctype *d)
{
    buf_printf(out, "%s::%s", doctype_scheme_text(d->scheme), d->value);
}

void doctype_path(struct buf *out, const struct doctype *d)
{
    enc_pct(out, str_z(doctype_scheme_text(d->scheme)));
    enc_pct(out, STR("::"));
    enc_pct(out, str_z(d->value));
}

static bool same_but_customization(const struct doctype *a, const struct doctype *b)
{
    return a->scheme == b->scheme && a->sep == b->sep && memcmp(a->value, b->value, a->sep) == 0 &&
           str_eq(doctype_version(a), doctype_version(b));
}

int doctype_match(const struct doctype *registered, const struct doctype *wanted)
{
    struct str r[DOCTYPE_MAX_PARTS], w[DOCTYPE_MAX_PARTS], c;
    size_t nr, nw;

    if (doctype_same(registered, wanted))
        return DOCTYPE_EXACT;
    if (!is_wildcard(registered) || !same_but_customization(registered, wanted))
        return 0;
    c = doctype_customization(registered);
    c.n--;
    nr = parts_of(r, c);
    nw = parts_of(w, doctype_customization(wanted));
    /*= PFUOI 4.4.0 5.1.2 "the Parts of the registration are the first Parts of the document" */
    if (nr == 0 || nr > nw)
        return 0;
    for (size_t i = 0; i < nr; i++)
        if (!str_eq(r[i], w[i]))
            return 0;
    return (int)nr;
}

bool doctype_candidate(struct doctype *out, const struct doctype *wanted, unsigned i)
{
    struct str parts[DOCTYPE_MAX_PARTS], v = str_z(wanted->value), ver;
    size_t n, head;

    if (i == 0) {
        *out = *wanted;
        return wanted->value[0] != '\0';
    }
    if (wanted->scheme != DOCTYPE_WILDCARD)
        return false;
    n = parts_of(parts, doctype_customization(wanted));
    if (i > n)
        return false;
    head = (size_t)(parts[n - i].p + parts[n - i].n - wanted->value);
    ver = str_sub(v, wanted->version, v.n);
    memset(out, 0, sizeof(*out));
    if (head + 1 + ver.n >= sizeof(out->value))
        return false;
    out->scheme = wanted->scheme;
    out->sep = wanted->sep;
    out->local = wanted->local;
    out->version = (uint16_t)(head + 1);
    memcpy(out->value, wanted->value, head);
    out->value[head] = '*';
    memcpy(out->value + head + 1, ver.p, ver.n);
    return true;
}
