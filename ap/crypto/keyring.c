#include "ap/crypto/keyring.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/base/fsx.h"

#define SUFFIX ".pem"

static bool is_id(const char *id)
{
    size_t n = strspn(id, "0123456789abcdef");

    return n > 0 && n < CERT_SERIAL && !id[n];
}

void keyring_id(char out[CERT_SERIAL], const char *given)
{
    size_t n = 0;

    for (; *given && n + 1 < CERT_SERIAL; given++)
        if (*given != ':')
            out[n++] = (char)(*given >= 'A' && *given <= 'F' ? *given - 'A' + 'a' : *given);
    out[n] = '\0';
}

static bool has_file(const struct keyring_place *p, const char *id, const char *suffix)
{
    char path[KEYRING_PATH];

    return snprintf(path, sizeof(path), "%s/%s%s", p->dir, id, suffix) < (int)sizeof(path) &&
           access(path, F_OK) == 0;
}

/* "" when the folder does not say. */
static int read_active(char id[CERT_SERIAL], const struct keyring_place *p, struct err *e)
{
    char path[KEYRING_PATH];
    struct buf b;
    struct str s;
    int rc = 0;

    id[0] = '\0';
    (void)snprintf(path, sizeof(path), "%s/active", p->dir);
    if (access(path, F_OK))
        return 0;
    buf_init(&b, 256);
    if ((rc = fsx_read_file(&b, path, e)) == 0) {
        s = str_trim(buf_view(&b));
        if (s.n < CERT_SERIAL)
            (void)snprintf(id, CERT_SERIAL, "%.*s", STR_FMT(s));
        if (!is_id(id))
            rc = err_set(e, ERR_CONFIG, "key.none", "", "%s names no key", path);
    }
    buf_free(&b);
    return rc;
}

/* ---- reading ---- */

static int add(struct keyring *k, const struct keyring_place *p, const char *key_file,
    const char *cert_file, bool configured, struct err *e)
{
    struct keyring_entry *x;
    struct cert *c;

    if (cert_from_pem_file(&c, cert_file, e)) {
        if (e && e->class == ERR_INPUT)
            e->class = ERR_CONFIG;
        return err_wrap(e, "own certificate: ");
    }
    for (size_t i = 0; i < k->n; i++)
        if (cert_same(k->entry[i].cert, c)) { /* in the configuration and in the folder */
            cert_unref(c);
            return 0;
        }
    if (has_file(p, c->serial, ".retired")) {
        cert_unref(c);
        return 0;
    }
    if (k->n == KEYRING_MAX) {
        cert_unref(c);
        return err_set(e, ERR_CONFIG, "key.limit", "", "more than %d keys in use", KEYRING_MAX);
    }
    x = &k->entry[k->n++];
    *x = (struct keyring_entry){.cert = c, .configured = configured};
    (void)snprintf(x->key_file, sizeof(x->key_file), "%s", key_file);
    (void)snprintf(x->cert_file, sizeof(x->cert_file), "%s", cert_file);
    return 0;
}

static int only_certs(const struct dirent *d)
{
    return d->d_name[0] != '.' && str_has_suffix(str_z(d->d_name), STR(SUFFIX));
}

static int add_folder(struct keyring *k, const struct keyring_place *p, struct err *e)
{
    struct dirent **list = NULL;
    int n = scandir(p->dir, &list, only_certs, alphasort), rc = 0;

    for (int i = 0; i < n; i++) {
        char key[KEYRING_PATH], cert[KEYRING_PATH];
        int len = (int)(strlen(list[i]->d_name) - strlen(SUFFIX));
        (void)snprintf(cert, sizeof(cert), "%s/%s", p->dir, list[i]->d_name);
        (void)snprintf(key, sizeof(key), "%s/%.*s.key", p->dir, len, list[i]->d_name);
        if (!rc)
            rc = add(k, p, key, cert, false, e);
        free(list[i]);
    }
    free(list);
    return rc;
}

/* The active one to the front. */
static int choose(struct keyring *k, const char *id, struct err *e)
{
    struct keyring_entry first;
    size_t at = 0;

    while (at < k->n && *id && strcmp(k->entry[at].cert->serial, id) != 0)
        at++;
    if (at >= k->n)
        return *id ? err_set(e, ERR_CONFIG, "key.none", "", "the active key %s is not there", id)
                   : err_set(e, ERR_CONFIG, "key.none", "",
                         "there is no key: ap.cert_file and ap.key_file name the first one");
    first = k->entry[at];
    memmove(&k->entry[1], &k->entry[0], at * sizeof(first));
    first.active = true;
    k->entry[0] = first;
    return 0;
}

int keyring_read(struct keyring *out, const struct keyring_place *p, struct err *e)
{
    char id[CERT_SERIAL];

    *out = (struct keyring){0};
    if (read_active(id, p, e) ||
        (*p->cert_file && add(out, p, p->key_file, p->cert_file, true, e)) ||
        (*p->old_key_file && add(out, p, p->old_key_file, p->old_cert_file, true, e)) ||
        add_folder(out, p, e) || choose(out, id, e)) {
        keyring_free(out);
        return -1;
    }
    return 0;
}

void keyring_free(struct keyring *k)
{
    for (size_t i = 0; i < k->n; i++)
        cert_unref(k->entry[i].cert);
    k->n = 0;
}

/* ---- steps ---- */

struct step {
    int dir, lock;
};

static void end(struct step *s)
{
    if (s->lock >= 0)
        (void)close(s->lock);
    if (s->dir >= 0)
        (void)close(s->dir);
}

/* Written by root just now. What has other names besides was laid here by another: it stays root's.
 */
static bool is_roots(const struct step *s, const char *name)
{
    struct stat st;

    return fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == 0 &&
           ((S_ISREG(st.st_mode) && st.st_nlink == 1) || strcmp(name, ".") == 0);
}

/* What root writes into the folder of a service's user would be closed to the service. */
static int give(const struct step *s, struct err *e)
{
    struct dirent *x;
    struct stat st;
    DIR *d;
    int fd, rc = 0;

    if (geteuid() != 0 || fstatat(s->dir, "..", &st, 0) || st.st_uid == 0)
        return 0;
    if ((fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
        !(d = fdopendir(fd))) {
        if (fd >= 0)
            (void)close(fd);
        return err_errno(e, "io.open", "open", "the folder of the keys");
    }
    while (!rc && (x = readdir(d)))
        if (is_roots(s, x->d_name))
            rc = fchownat(s->dir, x->d_name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
    if (rc)
        rc = err_errno(e, "io.write", "give to the owner of the spool", "the folder of the keys");
    (void)closedir(d);
    return rc;
}

static int finish(struct step *s, int rc, struct err *e)
{
    if (!rc)
        rc = give(s, e);
    end(s);
    return rc;
}

/* A file that a step which was killed has left: half of one, a key whose certificate never came,
 * or what it was about to remove. */
static bool is_left(const struct keyring_place *p, const char *name)
{
    struct str s = str_z(name);
    char id[CERT_SERIAL];
    bool key = str_has_suffix(s, STR(".key"));

    if (name[0] == '.')
        return strstr(name, ".tmp") != NULL;
    if ((!key && !str_has_suffix(s, STR(SUFFIX))) || s.n - 4 >= sizeof(id))
        return false;
    (void)snprintf(id, sizeof(id), "%.*s", (int)(s.n - 4), name);
    return is_id(id) && (has_file(p, id, ".retired") || (key && !has_file(p, id, SUFFIX)));
}

/* The lock is held: nobody is in the middle of a step. */
static int tidy(const struct step *s, const struct keyring_place *p, struct err *e)
{
    struct dirent **list = NULL;
    int n = scandir(p->dir, &list, NULL, alphasort), rc = 0;

    for (int i = 0; i < n; i++) {
        if (!rc && is_left(p, list[i]->d_name))
            rc = fsx_remove(s->dir, list[i]->d_name, e);
        free(list[i]);
    }
    free(list);
    return rc;
}

static int begin(struct step *s, const struct keyring_place *p, struct err *e)
{
    *s = (struct step){-1, -1};
    if (fsx_mkdirs(p->dir, 0700, e) || (s->dir = fsx_open_dir(p->dir, e)) < 0 ||
        (s->lock = fsx_lock(s->dir, "lock", e)) < 0 || tidy(s, p, e)) {
        end(s);
        return -1;
    }
    return 0;
}

static const char *named(char out[CERT_SERIAL + 8], const char *id, const char *suffix)
{
    (void)snprintf(out, CERT_SERIAL + 8, "%s%s", id, suffix);
    return out;
}

static int write_pair(const struct step *s, const struct cert *c, struct str key_pem, struct err *e)
{
    char name[CERT_SERIAL + 8];
    struct buf pem;
    int rc;

    buf_init(&pem, 65536);
    buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n");
    cert_b64(&pem, c);
    buf_puts(&pem, "\n-----END CERTIFICATE-----\n");
    rc = buf_check(&pem, e);
    if (!rc)
        rc = fsx_remove(s->dir, named(name, c->serial, ".retired"), e) ||
             fsx_replace(s->dir, named(name, c->serial, ".key"), key_pem.p, key_pem.n, 0600, e) ||
             fsx_replace(s->dir, named(name, c->serial, SUFFIX), pem.p, pem.n, 0644, e);
    buf_free(&pem);
    return rc ? -1 : 0;
}

int keyring_import(
    const struct keyring_place *p, const struct cert *c, struct str key_pem, struct err *e)
{
    struct keyring k;
    struct step s;
    int rc;

    if (!is_id(c->serial))
        return err_set(e, ERR_INPUT, "cert.malformed", "", "the certificate has no serial number");
    if (begin(&s, p, e))
        return -1;
    rc = keyring_read(&k, p, e);
    if (!rc && k.n == KEYRING_MAX)
        rc = err_set(e, ERR_INPUT, "key.limit", "", "%d keys are in use: retire one", KEYRING_MAX);
    if (!rc)
        rc = write_pair(&s, c, key_pem, e);
    keyring_free(&k);
    return finish(&s, rc, e);
}

static const struct keyring_entry *find(const struct keyring *k, const char *id)
{
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(k->entry[i].cert->serial, id) == 0)
            return &k->entry[i];
    return NULL;
}

static int no_such(const char *id, struct err *e)
{
    (void)err_set(e, ERR_INPUT, "key.none", "", "there is no key %.64s", id);
    return err_next(e, "aviso keys list shows them");
}

int keyring_activate(const struct keyring_place *p, const char *given, struct err *e)
{
    struct keyring k;
    struct step s;
    char id[CERT_SERIAL];
    int rc;

    keyring_id(id, given);
    if (begin(&s, p, e))
        return -1;
    rc = keyring_read(&k, p, e);
    if (!rc)
        rc = find(&k, id) ? fsx_replace(s.dir, "active", id, strlen(id), 0644, e)
                          : no_such(given, e);
    keyring_free(&k);
    return finish(&s, rc, e);
}

static int forget(const struct step *s, const struct keyring_entry *x, struct err *e)
{
    const char *id = x->cert->serial;
    char name[CERT_SERIAL + 8];

    if (fsx_replace(s->dir, named(name, id, ".retired"), "", 0, 0644, e))
        return -1;
    return fsx_remove(s->dir, named(name, id, SUFFIX), e) ||
                   fsx_remove(s->dir, named(name, id, ".key"), e)
               ? -1
               : 0;
}

int keyring_retire(const struct keyring_place *p, const char *given, struct err *e)
{
    const struct keyring_entry *x;
    struct keyring k;
    struct step s;
    char id[CERT_SERIAL];
    int rc;

    keyring_id(id, given);
    if (begin(&s, p, e))
        return -1;
    rc = keyring_read(&k, p, e);
    if (!rc) {
        if (!(x = find(&k, id)))
            rc = no_such(given, e);
        else if (x->active)
            rc = err_set(e, ERR_INPUT, "key.active", "", "%s signs: activate another first", id);
        else
            rc = forget(&s, x, e);
    }
    keyring_free(&k);
    return finish(&s, rc, e);
}
