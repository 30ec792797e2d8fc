/* smp_rest.c - PUT and DELETE: who may, what is taken, where it is kept. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ap/base/enc.h"
#include "ap/base/fsx.h"
#include "ap/base/hash.h"
#include "ap/lookup/smp.h"
#include "ap/testnet/smp_priv.h"
#include "ap/xml/xml.h"

static int no(struct http_server_response *out, int status, struct err *e, const char *why)
{
    out->status = status;
    return err_set(e, ERR_PEER, "testnet.refused", "", "%s", why);
}

/* ---- who ---- */

static bool same_secret(struct str a, struct str b)
{
    return a.n == b.n && a.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

/* "NAME TAB SECRET" against what the header says: "NAME:SECRET", or the secret alone. */
static bool is_user(struct str line, struct str given, bool basic)
{
    size_t tab = str_find(line, STR("\t")), colon = str_find(given, STR(":"));
    struct str name = str_sub(line, 0, tab), secret = str_sub(line, tab + 1, line.n);

    if (!basic)
        return same_secret(given, secret);
    return str_eq(str_sub(given, 0, colon), name) &&
           same_secret(str_sub(given, colon + 1, given.n), secret);
}

static bool find_user(char user[REGISTRY_USER], struct str users, struct str given, bool basic)
{
    while (users.n) {
        size_t end = str_find(users, STR("\n"));
        struct str line = str_sub(users, 0, end);
        users = str_sub(users, end + 1, users.n);
        if (!is_user(line, given, basic))
            continue;
        (void)snprintf(user, REGISTRY_USER, "%.*s", (int)str_find(line, STR("\t")), line.p);
        return true;
    }
    return false;
}

static bool authenticate(
    char user[REGISTRY_USER], const struct smp_server *s, const struct http_server_request *rq)
{
    struct str header = str_z(http_server_header(rq, "Authorization"));
    bool basic = str_has_prefix(header, STR("Basic ")), known = false;
    struct str given = str_sub(header, basic ? 6 : 7, header.n);
    char path[4200];
    struct buf users, pair;

    if (!basic && !str_has_prefix(header, STR("Bearer ")))
        return false;
    (void)snprintf(path, sizeof(path), "%s/smp.users", s->dir);
    buf_init(&users, 65536);
    buf_init(&pair, 4096);
    if (fsx_read_file(&users, path, NULL) == 0 && (!basic || enc_unb64(&pair, given, NULL) == 0))
        known = find_user(user, buf_view(&users), basic ? buf_view(&pair) : given, basic);
    buf_wipe(&users);
    buf_wipe(&pair);
    return known;
}

/* ---- what ---- */

/* Does the registry have it, and whose is it? "" is nobody's. */
static int owner_of(const char **owner, bool *known, bool *has_type, const struct smp_server *s,
    const struct question *q, struct arena *a, struct err *e)
{
    struct registry_entry *rows;
    size_t n;

    *owner = "";
    *known = *has_type = false;
    if (registry_read(&rows, &n, s->dir, a, e))
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (!participant_same(&rows[i].participant, &q->participant))
            continue;
        *known = true;
        *owner = rows[i].owner ? rows[i].owner : *owner;
        *has_type = *has_type || doctype_same(&rows[i].doctype, &q->doctype);
    }
    return 0;
}

static int read_body(xmlNode **root, const struct http_server_request *rq, const char *name,
    struct http_server_response *out, struct arena *a, struct err *e)
{
    struct buf text;
    xmlDoc *doc = NULL;
    int rc;

    buf_init(&text, SMP_MAX_BYTES);
    rc = blob_load(&text, &rq->body, e) || xml_parse(&doc, a, text.p, text.n, NULL, e);
    buf_free(&text);
    *root = rc ? NULL : xmlDocGetRootElement(doc);
    if (!*root || !xml_is(*root, SMP_NS, name))
        return no(out, 400, e, "the body is not what is to be PUT here");
    return 0;
}

static int put_group(struct smp_server *s, const struct question *q, const char *user,
    const struct http_server_request *rq, bool known, struct http_server_response *out,
    struct arena *a, struct err *e)
{
    struct doctype *list;
    size_t n, odd;
    struct buf text, line;
    int rc;

    buf_init(&text, SMP_MAX_BYTES);
    rc = blob_load(&text, &rq->body, e);
    if (!rc && smp_read_group(&list, &n, &odd, a, buf_view(&text), &q->participant, e))
        rc = no(out, 400, e, "the body is no ServiceGroup of the participant in the URL");
    buf_free(&text);
    if (rc || known)
        return rc;
    buf_init(&line, 1024);
    buf_printf(&line, "group\t%s\t%s", user, q->participant.value);
    rc = registry_change(s->dir, &q->participant, NULL, line.p, e);
    buf_free(&line);
    return rc;
}

static int check_metadata(xmlNode *root, const struct question *q, struct http_server_response *out,
    struct arena *a, struct err *e)
{
    const xmlNode *at = NULL;
    struct smp_redirect to;
    struct process p;
    int rc = smp_read_redirect(&to, root, a, e);

    if (rc < 0)
        return no(out, 400, e, "neither ServiceInformation nor Redirect");
    if (rc == 0 && smp_check_ids(root, &q->participant, &q->doctype, a, e))
        return no(out, 400, e, "participant or document type are not those in the URL");
    if (rc == 0 && !smp_next_process(&p, &at, root, a))
        return no(out, 400, e, "no process");
    return 0;
}

static int keep(const struct smp_server *s, const char *name, xmlNode *root, struct err *e)
{
    char dir[4200];
    struct buf text;
    int fd, rc = -1;

    (void)snprintf(dir, sizeof(dir), "%s/" SMP_KEPT, s->dir);
    fd = fsx_open_dir(dir, e);
    buf_init(&text, SMP_MAX_BYTES);
    if (fd >= 0 && xml_write_node(&text, root, e) == 0)
        rc = fsx_replace(fd, name, text.p, text.n, 0600, e);
    if (fd >= 0)
        (void)close(fd);
    buf_free(&text);
    return rc;
}

/* The file's name follows from what it is about: PUT again is the same file. */
static int put_metadata(struct smp_server *s, const struct question *q,
    const struct http_server_request *rq, struct http_server_response *out, struct arena *a,
    struct err *e)
{
    uint8_t digest[HASH_LEN];
    char hex[HASH_HEX], name[HASH_HEX + 8];
    struct buf line;
    xmlNode *root;
    int rc;

    if (read_body(&root, rq, "ServiceMetadata", out, a, e) || check_metadata(root, q, out, a, e))
        return -1;
    buf_init(&line, 4096);
    buf_printf(&line, "%s\t", q->participant.value);
    doctype_text(&line, &q->doctype);
    rc = buf_check(&line, e) ? -1 : hash_of(digest, line.p, line.n, e);
    if (!rc) {
        enc_hex(hex, digest, 16);
        (void)snprintf(name, sizeof(name), "%.32s.xml", hex);
        buf_printf(&line, "\t@" SMP_KEPT "/%s", name);
        rc = keep(s, name, root, e) || buf_check(&line, e) ||
             registry_change(s->dir, &q->participant, &q->doctype, line.p, e);
    }
    buf_free(&line);
    return rc ? -1 : 0;
}

static int change(struct smp_server *s, const struct question *q, const char *user,
    const struct http_server_request *rq, struct http_server_response *out, struct arena *a,
    struct err *e)
{
    bool put = strcmp(rq->method, "PUT") == 0, known, has_type;
    const char *owner;

    if (owner_of(&owner, &known, &has_type, s, q, a, e))
        return -1;
    if (*owner && strcmp(owner, user) != 0)
        return no(out, 403, e, "the participant belongs to another user");
    if (!known && !(put && q->group))
        return no(out, 404, e, "no such participant");
    if (put && q->group)
        return put_group(s, q, user, rq, known, out, a, e);
    if (put)
        return put_metadata(s, q, rq, out, a, e);
    if (!q->group && !has_type)
        return no(out, 404, e, "no such document type of the participant");
    return registry_change(s->dir, &q->participant, q->group ? NULL : &q->doctype, NULL, e);
}

int smp_rest(struct smp_server *s, const struct question *q, const struct http_server_request *rq,
    struct http_server_response *out, struct arena *a, struct err *e)
{
    char user[REGISTRY_USER];
    int rc;

    if (strcmp(rq->method, "PUT") != 0 && strcmp(rq->method, "DELETE") != 0) {
        out->allow = "GET, PUT, DELETE";
        return no(out, 405, e, "only GET, PUT and DELETE");
    }
    if (!authenticate(user, s, rq))
        return no(out, 401, e, "user, password or token are not known");
    (void)pthread_mutex_lock(&s->lock);
    rc = change(s, q, user, rq, out, a, e);
    (void)pthread_mutex_unlock(&s->lock);
    return rc;
}
