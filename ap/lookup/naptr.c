/* naptr.c - one U-NAPTR record: RDATA, the regexp field, the URL in it (RFC 3403, 3402, 4848). */
#include <stdio.h>
#include <string.h>

#include "ap/lookup/sml.h"
#include "ap/lookup/url_priv.h"

static int malformed(struct err *e, const char *why)
{
    return err_set(e, ERR_RETRY, "sml.malformed", "SML 1.3.0 2.1.1", "NAPTR record: %s", why);
}

struct cursor {
    const uint8_t *p;
    size_t n;
};

/* A character-string without NUL into z (256 bytes). */
static int text(struct cursor *c, char *z, struct err *e)
{
    size_t n;

    if (c->n == 0 || c->p[0] + 1u > c->n)
        return malformed(e, "ends early");
    n = c->p[0];
    if (memchr(c->p + 1, '\0', n))
        return malformed(e, "a NUL in a text");
    memcpy(z, c->p + 1, n);
    z[n] = '\0';
    c->p += n + 1;
    c->n -= n + 1;
    return 0;
}

/* An uncompressed domain name that fills the rest. */
static int name(struct cursor *c, bool *is_root, struct err *e)
{
    *is_root = c->n == 1 && c->p[0] == 0;
    while (c->n && c->p[0]) {
        if (c->p[0] > 63 || c->p[0] + 1u > c->n)
            return malformed(e, "malformed replacement");
        c->n -= c->p[0] + 1u;
        c->p += c->p[0] + 1u;
    }
    return c->n == 1 ? 0 : malformed(e, "malformed replacement");
}

int naptr_parse(struct naptr *out, const void *rdata, size_t n, struct err *e)
{
    struct cursor c = {rdata, n};
    bool is_root;

    memset(out, 0, sizeof(*out));
    if (n < 4)
        return malformed(e, "ends early");
    out->order = (uint16_t)(c.p[0] << 8 | c.p[1]);
    out->preference = (uint16_t)(c.p[2] << 8 | c.p[3]);
    c.p += 4;
    c.n -= 4;
    if (text(&c, out->flags, e) || text(&c, out->services, e) || text(&c, out->regexp, e) ||
        name(&c, &is_root, e))
        return -1;
    out->has_replacement = !is_root;
    return 0;
}

/*= SML 1.3.0 2.1.1 "flag U and service Meta:SMP" */
bool naptr_is_smp(const struct naptr *n)
{
    return str_ieq(str_z(n->flags), STR("U")) && str_ieq(str_z(n->services), STR("Meta:SMP"));
}

/* The next part up to an unescaped delimiter; escaped delimiters are kept with their backslash. */
static bool part(const char **p, char delim, struct str *out)
{
    const char *from = *p;

    while (**p && **p != delim) {
        if (**p == '\\' && (*p)[1])
            (*p)++;
        (*p)++;
    }
    if (**p != delim)
        return false;
    *out = (struct str){from, (size_t)(*p - from)};
    (*p)++;
    return true;
}

static bool matches_everything(struct str ere)
{
    static const char *const forms[] = {
        ".*", "^.*$", "^.*", ".*$", "(.*)", "^(.*)$", ".+", "^.+$", "^(.+)$", NULL};

    for (size_t i = 0; forms[i]; i++)
        if (str_eqz(ere, forms[i]))
            return true;
    return false;
}

static int unescape(char out[SML_URL], struct str repl, struct err *e)
{
    size_t n = 0;

    for (size_t i = 0; i < repl.n && n + 1 < SML_URL; i++) {
        if (repl.p[i] == '\\') {
            i++;
            if (i == repl.n || (repl.p[i] >= '0' && repl.p[i] <= '9'))
                return malformed(e, "a back-reference, which the SML does not use");
        }
        out[n++] = repl.p[i];
    }
    out[n] = '\0';
    return 0;
}

/*= SML 1.3.0 2.1.1 "the expression gives the URL" */
int naptr_url(char out[SML_URL], const struct naptr *n, struct err *e)
{
    const char *p = n->regexp;
    struct str ere, repl;
    char delim = *p;

    out[0] = '\0';
    if (n->has_replacement)
        return malformed(e, "a replacement beside a regexp");
    if (!delim || (delim >= '0' && delim <= '9') || strchr("\\iI \t", delim) || (delim & 0x80) != 0)
        return malformed(e, "a regexp without usable delimiter");
    p++;
    if (!part(&p, delim, &ere) || !part(&p, delim, &repl))
        return malformed(e, "a regexp without its three delimiters");
    if (*p && strcmp(p, "i") != 0 && strcmp(p, "I") != 0)
        return malformed(e, "a regexp with unknown flags");
    if (!matches_everything(ere))
        return malformed(e, "a regexp that does not match everything");
    return unescape(out, repl, e);
}

int sml_url_check(char *url, bool plain_ok, struct err *e)
{
    const char *fault = url_fault(url, plain_ok, false);
    size_t n = strlen(url);

    if (fault)
        return err_set(
            e, ERR_PEER, "sml.url", "SML 1.3.0 2.1.1", "the SMP's URL \"%.150s\" %s", url, fault);
    if (url[n - 1] == '/')
        url[n - 1] = '\0';
    return 0;
}
