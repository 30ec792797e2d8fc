/* url.c - the one judgement on URLs that others name. The egress policy of the HTTP client judges
 * again, by the address connected to. */
#include "ap/lookup/url_priv.h"

#include <string.h>

#include "ap/base/str.h"

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
}

/* Behind a host name, an IPv4 address, or an IPv6 address in brackets; NULL: there is none. */
static const char *host_end(const char *host)
{
    const char *p = host;

    if (*host == '[') {
        p += 1 + strspn(host + 1, "0123456789abcdefABCDEF:.");
        return *p == ']' && p - host > 2 ? p + 1 : NULL;
    }
    while (host_char(*p))
        p++;
    return p == host || *host == '.' || *host == '-' ? NULL : p;
}

static bool url_chars(struct str u)
{
    for (size_t i = 0; i < u.n; i++)
        if (u.p[i] <= ' ' || u.p[i] > '~' || strchr("\\\"<>^`{|}", u.p[i]))
            return false;
    return true;
}

static const char *port_fault(struct str port, bool plain_ok)
{
    unsigned long long n;

    if (!str_to_u64(port, 65535, &n) || n == 0)
        return "has a malformed port";
    return n != 443 && !plain_ok ? "names another port than 443" : NULL;
}

const char *url_fault(const char *url, bool plain_ok, bool query_ok)
{
    struct str u = str_z(url);
    const char *host, *p, *fault;

    if (!url_chars(u))
        return "has characters that no URL has";
    if (str_ieq(str_sub(u, 0, 8), STR("https://")))
        host = url + 8;
    else if (!str_ieq(str_sub(u, 0, 7), STR("http://")))
        return "is not https:";
    else if (!plain_ok) /*= SMP 1.4.0 5 "https on port 443" since 2026-02-01 */
        return "is http:, not https:";
    else
        host = url + 7;
    if (!(p = host_end(host)))
        return "has no host name";
    if (*p == ':') {
        size_t n = strcspn(p + 1, "/?#");
        if ((fault = port_fault((struct str){p + 1, n}, plain_ok)) != NULL)
            return fault;
        p += n + 1;
    }
    if (*p && !strchr("/?#", *p))
        return "has something behind its host name that is no path";
    if (strchr(p, '#') || (!query_ok && strchr(p, '?')))
        return "has a query or fragment";
    return NULL;
}
