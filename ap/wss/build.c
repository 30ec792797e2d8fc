/* build.c - pieces of a Security header, as a tree. */
#include <stdio.h>

#include "ap/base/rnd.h"
#include "ap/wss/wss_priv.h"
#include "ap/xml/xml.h"

xmlNode *wss_el(struct wss_make *m, xmlNode *parent, xmlNs *ns, const char *local)
{
    xmlNode *n = parent && ns && !m->bad ? xml_add(parent, ns, local) : NULL;

    if (!n)
        m->bad = true;
    return n;
}

xmlNode *wss_el_text(
    struct wss_make *m, xmlNode *parent, xmlNs *ns, const char *local, struct str text)
{
    xmlNode *n = parent && ns && !m->bad ? xml_add_text(parent, ns, local, text) : NULL;

    if (!n)
        m->bad = true;
    return n;
}

void wss_set(struct wss_make *m, xmlNode *n, xmlNs *ns, const char *local, const char *value)
{
    if (m->bad || !n || !value || xml_set(n, ns, local, value))
        m->bad = true;
}

xmlNode *wss_alg(struct wss_make *m, xmlNode *parent, xmlNs *ns, const char *local, const char *uri)
{
    xmlNode *n = wss_el(m, parent, ns, local);

    wss_set(m, n, NULL, "Algorithm", uri);
    return n;
}

void wss_bst(struct wss_make *m, xmlNode *parent, const struct cert *c, const char *id)
{
    struct buf text;
    xmlNode *n;

    buf_init(&text, 64 * 1024);
    cert_b64(&text, c);
    if (!buf_ok(&text))
        m->bad = true;
    n = wss_el_text(m, parent, m->wsse, "BinarySecurityToken", buf_view(&text));
    wss_set(m, n, NULL, "EncodingType", WSS_BASE64);
    wss_set(m, n, NULL, "ValueType", WSS_X509V3);
    wss_set(m, n, m->wsu, "Id", id);
    buf_free(&text);
}

xmlNode *wss_key_info(struct wss_make *m, xmlNode *parent, const char *id, const char *value_type)
{
    xmlNode *str =
        wss_el(m, wss_el(m, parent, m->ds, "KeyInfo"), m->wsse, "SecurityTokenReference");
    xmlNode *ref = wss_el(m, str, m->wsse, "Reference");
    char uri[64];

    (void)snprintf(uri, sizeof(uri), "#%s", id);
    wss_set(m, ref, NULL, "URI", uri);
    if (value_type)
        wss_set(m, ref, NULL, "ValueType", value_type);
    return str;
}

void wss_new_id(char out[48], const char *prefix)
{
    char uuid[RND_UUID];

    rnd_uuid(uuid);
    (void)snprintf(out, 48, "%s-%s", prefix, uuid);
}

char *wss_cid_uri(struct arena *a, struct str cid)
{
    static const char plain[] = "-._~@!$&'()*+,;=:";
    char *out = arena_alloc(a, 4 + 3 * cid.n + 1), *p = out;

    if (!out)
        return NULL;
    memcpy(p, "cid:", 4);
    p += 4;
    for (size_t i = 0; i < cid.n; i++) {
        unsigned char c = (unsigned char)cid.p[i];
        bool alnum = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        if (alnum || (c && strchr(plain, c)))
            *p++ = (char)c;
        else
            p += snprintf(p, 4, "%%%02X", c);
    }
    return out;
}
