/* http_egress.c - the egress policy: an SMP or a certificate may name any URL, and must not make us
 * call our own network (SSRF). Names are judged by the address connected to, after resolving, so
 * that a name that resolves to a private address gains nothing. IANA special-purpose registries. */
#include "ap/http/http_egress_priv.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct block4 {
    uint32_t net;
    unsigned bits;
};

static const struct block4 SPECIAL4[] = {{0x00000000, 8}, {0x0A000000, 8}, {0x64400000, 10},
    {0x7F000000, 8}, {0xA9FE0000, 16}, {0xAC100000, 12}, {0xC0000000, 24}, {0xC0000200, 24},
    {0xC0586300, 24}, {0xC0A80000, 16}, {0xC6120000, 15}, {0xC6336400, 24}, {0xCB007100, 24},
    {0xE0000000, 4}, {0xF0000000, 4}};

static bool public4(uint32_t a)
{
    for (size_t i = 0; i < sizeof(SPECIAL4) / sizeof(SPECIAL4[0]); i++)
        if (a >> (32 - SPECIAL4[i].bits) == SPECIAL4[i].net >> (32 - SPECIAL4[i].bits))
            return false;
    return true;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Only 2000::/3 is global unicast; inside it tunnels and documentation are left out, and addresses
 * that carry an IPv4 address are judged by that. */
static bool public6(const uint8_t a[16])
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};

    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return public4(be32(a + 12));
    if ((a[0] & 0xE0) != 0x20)
        return false;
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return public4(be32(a + 2));
    if (be32(a) == 0x20010db8) /* documentation */
        return false;
    if (a[0] == 0x20 && a[1] == 0x01 && a[2] < 0x02) /* 2001::/23: Teredo, benchmarks, ORCHID */
        return false;
    return !(a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10); /* 3fff::/20 documentation */
}

bool http_sockaddr_is_public(const struct sockaddr *sa)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;

    if (sa->sa_family == AF_INET) {
        memcpy(&in, sa, sizeof(in));
        return public4(ntohl(in.sin_addr.s_addr));
    }
    if (sa->sa_family == AF_INET6) {
        memcpy(&in6, sa, sizeof(in6));
        return public6(in6.sin6_addr.s6_addr);
    }
    return false;
}

bool http_address_is_public(const char *ip)
{
    struct in_addr a4;
    struct in6_addr a6;

    if (inet_pton(AF_INET, ip, &a4) == 1)
        return public4(ntohl(a4.s_addr));
    return inet_pton(AF_INET6, ip, &a6) == 1 && public6(a6.s6_addr);
}

static int bad_url(const char *url, const char *why, struct err *e)
{
    return err_set(e, ERR_PEER, "http.url", "RFC 3986", "URL \"%.200s\" %s", url, why);
}

/* What libcurl would still make a URL of, and others another one. */
static bool is_plain_url(const char *url)
{
    const char *host = strstr(url, "://");

    for (const char *p = url; *p; p++)
        if (*p <= ' ' || *p > '~' || *p == '\\')
            return false;
    return host && !strchr("/?#", host[3]);
}

/*= PEPPOL-AS4 4.2 "port 443" */
static int judge(char key[HTTP_KEY], const char *url, const char *scheme, const char *host,
    const char *port, const struct http_egress *g, bool plain_ok, struct err *e)
{
    bool tls = strcmp(scheme, "https") == 0, plain = strcmp(scheme, "http") == 0;

    if (!tls && !plain)
        return bad_url(url, "is neither https: nor http:", e);
    if (!host[0] || strlen(host) > 253)
        return bad_url(url, "has no usable host name", e);
    (void)snprintf(key, HTTP_KEY, "%s://%s:%s", scheme, host, port);
    if (plain && !plain_ok && !g->plain_ok)
        return err_set(e, ERR_PEER, "http.egress", "PEPPOL Transport Security",
            "URL \"%.200s\" is not https:", url);
    if (!g->any_port && strcmp(port, tls ? "443" : "80") != 0)
        return err_set(e, ERR_PEER, "http.egress", "PEPPOL Transport Security",
            "URL \"%.200s\" names another port than %s", url, tls ? "443" : "80");
    return 0;
}

int http_egress_check(
    char key[HTTP_KEY], const char *url, const struct http_egress *g, bool plain_ok, struct err *e)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *user = NULL;
    CURLU *u = curl_url();
    int rc = -1;

    key[0] = '\0';
    if (!u)
        return err_nomem(e);
    if (!is_plain_url(url))
        (void)bad_url(url, "cannot be read", e);
    else if (curl_url_set(u, CURLUPART_URL, url, 0) ||
             curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) ||
             curl_url_get(u, CURLUPART_HOST, &host, 0) ||
             curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT))
        (void)bad_url(url, "cannot be read", e);
    else if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
        (void)bad_url(url, "carries a user name", e);
    else
        rc = judge(key, url, scheme, host, port, g, plain_ok, e);
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(user);
    curl_url_cleanup(u);
    return rc;
}
