/* aviso keys list|import|activate|retire: one key takes over from another without a lost message.
 */
#include <string.h>
#include <unistd.h>

#include "ap/base/clock.h"
#include "ap/base/fsx.h"
#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/cli/service.h"
#include "ap/crypto/keyring.h"
#include "ap/daemon/node.h"
#include "ap/pki/pki.h"

#define FILE_MAX (64u << 10)

struct keys {
    char dir[KEYRING_PATH];
    struct keyring_place place;
};

static int open_place(struct keys *k, struct cli *c, struct err *e)
{
    if (cli_config(c, false, e))
        return -1;
    if (c->config->mode == MODE_UNSET)
        return err_set(e, ERR_CONFIG, "config.mode", "", "ap.mode is not set");
    k->place = setup_key_place(k->dir, c->config);
    return 0;
}

static const char *state_of(const struct keyring_entry *x)
{
    return x->active ? "signs" : "decrypts";
}

static void print_entry(struct cli *c, const struct keyring_entry *x)
{
    char until[CLOCK_TEXT];

    clock_utc(until, x->cert->not_after);
    if (c->json) {
        struct json_object *o = json_object_new_object();
        json_add_given(o, "serial", x->cert->serial);
        json_add_given(o, "seat", x->cert->cn);
        json_add_given(o, "state", state_of(x));
        json_add_given(o, "not_after", until);
        json_add_bool(o, "configured", x->configured);
        json_add_given(o, "certificate", x->cert_file);
        cli_json(o);
        return;
    }
    (void)printf("%-9s %s  %s  until %.10s  %s\n", state_of(x), x->cert->serial, x->cert->cn, until,
        x->cert_file);
}

int cmd_keys_list(struct cli *c)
{
    struct keyring ring;
    struct err e = ERR_INIT;
    struct keys k;

    if (open_place(&k, c, &e) || keyring_read(&ring, &k.place, &e))
        return cli_fail(c, NULL, &e);
    for (size_t i = 0; i < ring.n; i++)
        print_entry(c, &ring.entry[i]);
    keyring_free(&ring);
    return EXIT_OK;
}

/* First line, without its end; from a file or standard input, never from the command line, where
 * every user of the machine would see it. */
static int read_password(struct buf *out, const char *path, struct err *e)
{
    size_t end;
    int rc = fsx_read_file(out, strcmp(path, "-") == 0 ? "/dev/stdin" : path, e);

    if (rc)
        return err_wrap(e, "--password-file: ");
    end = strcspn(out->p ? out->p : "", "\r\n");
    if (out->p)
        out->p[end] = '\0';
    return 0;
}

struct parcel {
    struct buf file, key, password, key_pem;
    struct cert *cert;
};

static int unpack(struct parcel *p, struct cli *c, struct err *e)
{
    const char *key = cli_get(c, "key"), *pass = cli_get(c, "password-file");

    if (fsx_read_file(&p->file, c->args[0], e) || (key && fsx_read_file(&p->key, key, e)) ||
        (pass && read_password(&p->password, pass, e)))
        return -1;
    return keyring_parse(&p->cert, &p->key_pem, buf_view(&p->file), buf_view(&p->key),
        pass && p->password.p ? p->password.p : NULL, e);
}

/* The same certificate: what it does here already, else NULL. */
static const char *state_here(const struct keyring *ring, const struct cert *c)
{
    for (size_t i = 0; i < ring->n; i++)
        if (cert_same(ring->entry[i].cert, c))
            return state_of(&ring->entry[i]);
    return NULL;
}

/* Peers hold our PartyId to be the CN of the signer: another seat is another access point. */
static int check_fits(
    const char **here, struct cli *c, const struct keys *k, const struct cert *fresh, struct err *e)
{
    char data[4096], anchors[4200];
    struct keyring ring;
    struct pki *pki;
    int rc;

    node_data_dir(data, sizeof(data), c->config);
    (void)snprintf(
        anchors, sizeof(anchors), "%s/trust/%s", data, config_mode_word(c->config->mode));
    if (pki_open(&pki, *c->config->anchor_dir ? c->config->anchor_dir : anchors, e))
        return -1;
    rc = pki_check(pki, fresh, PKI_AP, clock_now(), e);
    pki_close(pki);
    if (rc && e->class == ERR_PEER)
        e->class = ERR_INPUT;
    if (rc || keyring_read(&ring, &k->place, e))
        return -1;
    if (strcmp(ring.entry[0].cert->cn, fresh->cn) != 0)
        rc = err_set(e, ERR_INPUT, "key.seat", "PEPPOL-PKI 2",
            "the certificate is for the seat %s, ours is %s", fresh->cn, ring.entry[0].cert->cn);
    *here = state_here(&ring, fresh);
    keyring_free(&ring);
    return rc;
}

/* The step is on disk; whoever runs takes it up now. */
static int take_up(struct cli *c, const char *done, const char *next)
{
    struct json_object *answer = NULL;
    struct err e = ERR_INIT;
    int asked = service_reload(&answer, c, true, &e);

    (void)json_object_put(answer);
    if (asked < 0) {
        (void)err_wrap(&e, "on disk, but the service goes on with the keys it has: ");
        return cli_fail(c, c->args[0], &e);
    }
    if (c->json)
        return cmd_keys_list(c);
    if (!c->quiet)
        (void)printf("%s\nnext: %s\n",
            asked ? done : "no service runs here: the next start takes it up", next);
    return EXIT_OK;
}

int cmd_keys_import(struct cli *c)
{
    struct parcel p = {0};
    struct err e = ERR_INIT;
    struct keys k;
    const char *here = NULL;
    int code = EXIT_OK;

    if (c->nargs != 1)
        return cli_usage(c, "expected one FILE");
    buf_init(&p.file, FILE_MAX);
    buf_init(&p.key, FILE_MAX);
    buf_init(&p.password, 4096);
    buf_init(&p.key_pem, FILE_MAX);
    if (open_place(&k, c, &e) || unpack(&p, c, &e) || check_fits(&here, c, &k, p.cert, &e) ||
        keyring_import(&k.place, p.cert, buf_view(&p.key_pem), &e)) {
        code = cli_fail(c, c->args[0], &e);
    } else {
        bool signs = here && strcmp(here, "signs") == 0;
        if (!c->json && !c->quiet)
            (void)printf("%s %s (%s)%s%s\n", here ? "known" : "imported", p.cert->serial,
                p.cert->cn, here ? ": it was here, and " : "", here ? here : "");
        code = take_up(c, "the service decrypts with it now",
            signs ? "nothing: it is the key that signs"
                  : "aviso participant publish --all; wait a day; then aviso keys activate");
    }
    cert_unref(p.cert);
    buf_wipe(&p.file);
    buf_wipe(&p.key);
    buf_wipe(&p.password);
    buf_wipe(&p.key_pem);
    return code;
}

static int one_step(struct cli *c, const char *done, const char *next,
    int (*step)(const struct keyring_place *p, const char *id, struct err *e))
{
    struct err e = ERR_INIT;
    struct keys k;

    if (c->nargs != 1)
        return cli_usage(c, "expected one SERIAL");
    if (open_place(&k, c, &e) || step(&k.place, c->args[0], &e))
        return cli_fail(c, c->args[0], &e);
    return take_up(c, done, next);
}

int cmd_keys_activate(struct cli *c)
{
    return one_step(c, "the service signs with this key now",
        "when no message for the old one can be on its way: aviso keys retire", keyring_activate);
}

int cmd_keys_retire(struct cli *c)
{
    return one_step(c, "the service has forgotten the key",
        "take it out of ap.key_file and ap.old_key_file, when one of them names it",
        keyring_retire);
}
