/* aviso as4 dump: what is in a captured AS4 message or answer, without believing any of it.
 *
 * Takes a raw HTTP message (request or response, chunked or not), a bare MIME body
 * (--content-type), or a bare SOAP document. Nothing is verified unless --anchors is given, nothing
 * decrypted. Up to 200 MB. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap/as4/as4.h"
#include "ap/base/clock.h"
#include "ap/base/enc.h"
#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/mime/mime.h"
#include "ap/wss/wss.h"
#include "ap/xml/xml.h"

#define HEAD_MAX (64u * 1024)
#define SOAP_MAX (4u << 20)
#define SOAP_NS "http://www.w3.org/2003/05/soap-envelope"
#define DS_NS "http://www.w3.org/2000/09/xmldsig#"

struct dump {
    struct cli *c;
    struct arena *a;
    struct json_object *o;
    const char *content_type;
    struct blob body;
    struct buf dechunked, soap;
    struct mime_msg mime;
    xmlDoc *doc;
};

static void add(struct json_object *o, const char *key, struct str v)
{
    if (v.n)
        (void)json_object_object_add(o, key, json_object_new_string_len(v.p, (int)v.n));
}

/* ---- from file to SOAP ---- */

static struct str header_value(struct str head, const char *name)
{
    size_t n = strlen(name);

    for (struct str rest = head; rest.n;) {
        size_t end = str_find(rest, STR("\n"));
        struct str line = str_sub(rest, 0, end);
        if (line.n > n && line.p[n] == ':' && strncasecmp(line.p, name, n) == 0)
            return str_trim(str_sub(line, n + 1, line.n));
        rest = str_sub(rest, end + 1, rest.n);
    }
    return STR("");
}

static int dechunk(struct dump *d, struct err *e)
{
    struct buf all;
    struct str rest;
    int rc;

    buf_init(&all, 220u << 20);
    if ((rc = blob_load(&all, &d->body, e)))
        return rc;
    for (rest = buf_view(&all); rest.n;) {
        size_t end = str_find(rest, STR("\n"));
        size_t n = strtoul(rest.p, NULL, 16);
        rest = str_sub(rest, end + 1, rest.n);
        if (!n)
            break;
        buf_str(&d->dechunked, str_sub(rest, 0, n));
        rest = str_sub(rest, n, rest.n);
        rest = str_sub(rest, str_find(rest, STR("\n")) + 1, rest.n);
    }
    buf_free(&all);
    d->body = blob_mem(d->dechunked.p, d->dechunked.n);
    return buf_check(&d->dechunked, e);
}

static int split_http(struct dump *d, struct err *e)
{
    size_t n = d->body.len < HEAD_MAX ? (size_t)d->body.len : HEAD_MAX, end;
    char *p = arena_alloc(d->a, n + 1);
    struct str head, type;

    if (!p)
        return err_nomem(e);
    if (blob_read(&d->body, 0, p, n, e))
        return -1;
    head = (struct str){p, n};
    if (!str_has_prefix(head, STR("POST ")) && !str_has_prefix(head, STR("HTTP/")))
        return 0;
    end = str_find(head, STR("\r\n\r\n"));
    if (end == n)
        return err_set(e, ERR_INPUT, "as4.capture", "", "an HTTP head without end");
    head = str_sub(head, 0, end + 2);
    add(d->o, "http", str_trim(str_sub(head, 0, str_find(head, STR("\r\n")))));
    type = header_value(head, "Content-Type");
    if (!d->content_type && !(d->content_type = arena_dup(d->a, type)))
        return err_nomem(e);
    d->body = blob_sub(d->body, end + 4, d->body.len);
    return str_ieq(header_value(head, "Transfer-Encoding"), STR("chunked")) ? dechunk(d, e) : 0;
}

static int find_soap(struct dump *d, struct err *e)
{
    struct sink to = sink_buf(&d->soap);

    if (!d->content_type || strncasecmp(d->content_type, "multipart/", 10) != 0)
        return blob_load(&d->soap, &d->body, e);
    if (mime_read(&d->mime, d->a, &d->body, str_z(d->content_type), e))
        return -1;
    return mime_part_decode(&to, &d->mime.parts[d->mime.root], e);
}

/* ---- what is in it ---- */

static void add_parts(struct dump *d)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < d->mime.n; i++) {
        struct json_object *o = json_object_new_object();
        add(o, "content_id", d->mime.parts[i].content_id);
        add(o, "type", d->mime.parts[i].content_type);
        json_add_int(o, "bytes", (int64_t)d->mime.parts[i].body.len);
        (void)json_object_array_add(list, o);
    }
    (void)json_object_object_add(d->o, "parts", list);
}

static void add_user_message(struct dump *d, const struct ebms_user_message *m)
{
    struct json_object *o = json_object_new_object();

    add(o, "message_id", m->message_id);
    add(o, "timestamp", m->timestamp_text);
    add(o, "conversation_id", m->conversation_id);
    add(o, "from", m->from);
    add(o, "to", m->to);
    add(o, "agreement", m->agreement_ref);
    add(o, "service_type", m->service_type);
    add(o, "service", m->service);
    add(o, "action", m->action);
    add(o, "original_sender", m->original_sender);
    add(o, "final_recipient", m->final_recipient);
    for (size_t i = 0; i < m->nparts; i++) {
        add(o, "href", m->parts[i].href);
        add(o, "mime_type", m->parts[i].mime_type);
        add(o, "compression", m->parts[i].compression_type);
    }
    (void)json_object_object_add(d->o, "user_message", o);
}

static void add_signal(struct dump *d, const struct ebms_signal *s)
{
    struct json_object *o = json_object_new_object();

    add(o, "message_id", s->message_id);
    add(o, "ref_to_message_id", s->ref_to_message_id);
    json_add_bool(o, "receipt", s->receipt != NULL);
    for (size_t i = 0; i < s->nerrors; i++) {
        add(o, "error", str_z(s->errors[i].code));
        add(o, "description", str_z(s->errors[i].description));
        add(o, "detail", str_z(s->errors[i].detail));
    }
    (void)json_object_object_add(d->o, "signal", o);
}

static void add_header(struct dump *d)
{
    xmlNode *header = xml_child(xmlDocGetRootElement(d->doc), SOAP_NS, "Header");
    xmlNode *messaging = xml_child(header, EBMS_NS, "Messaging");
    struct ebms_user_message um;
    struct ebms_signal s;
    struct err e = ERR_INIT;

    if (!messaging) {
        add(d->o, "odd", STR("no eb:Messaging in the SOAP header"));
        return;
    }
    if (xml_child(messaging, EBMS_NS, "SignalMessage")) {
        if (ebms_signal_read(&s, d->a, messaging, &e) == 0)
            add_signal(d, &s);
    } else if (ebms_user_message_read(&um, d->a, messaging, &e) == 0) {
        add_user_message(d, &um);
    }
    if (e.class != ERR_NONE)
        add(d->o, "odd", str_z(arena_dup(d->a, str_z(e.msg))));
}

static void add_security(struct dump *d)
{
    struct json_object *list = json_object_new_array();
    xmlNode *root = xmlDocGetRootElement(d->doc), *n = root;

    while (n) { /* every ds:Reference and token, in document order */
        xmlNode *down = xml_first_element(n);
        if (xml_is(n, DS_NS, "Reference")) {
            xmlChar *uri = xmlGetNoNsProp(n, BAD_CAST "URI");
            if (uri)
                (void)json_object_array_add(list, json_object_new_string((const char *)uri));
            xmlFree(uri);
        } else if (xmlStrEqual(n->name, BAD_CAST "BinarySecurityToken")) {
            struct str text;
            struct cert *c;
            if (xml_text(&text, d->a, n, NULL) == 0 && cert_from_text(&c, text, NULL) == 0) {
                add(d->o,
                    json_object_object_get_ex(d->o, "certificate", NULL) ? "certificate_2"
                                                                         : "certificate",
                    str_z(arena_dup(d->a, str_z(c->cn))));
                cert_unref(c);
            }
        }
        while (!down && n && n != root) {
            down = xml_next_element(n);
            n = n->parent;
        }
        n = down;
    }
    (void)json_object_object_add(d->o, "references", list);
}

static void verify(struct dump *d, const char *anchors)
{
    struct wss_proof proof = {0};
    struct err e = ERR_INIT;
    struct pki *trust;

    if (wss_init(&e) || pki_open(&trust, anchors, &e)) {
        add(d->o, "signature", str_z(arena_dup(d->a, str_z(e.msg))));
        return;
    }
    if (wss_verify_header(&proof, d->doc, trust, clock_now(), d->a, &e) == 0) {
        add(d->o, "signature", STR("header and body verified"));
        add(d->o, "signer", str_z(arena_dup(d->a, str_z(proof.signer->cn))));
        cert_unref(proof.signer);
    } else {
        add(d->o, "signature", str_z(arena_dup(d->a, str_z(e.msg))));
    }
    pki_close(trust);
}

static void print(struct dump *d)
{
    if (d->c->json) {
        cli_json(d->o);
        return;
    }
    (void)puts(json_object_to_json_string_ext(
        d->o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(d->o);
}

static int read_all(struct dump *d, struct err *e)
{
    if (split_http(d, e) || find_soap(d, e) ||
        xml_parse(&d->doc, d->a, d->soap.p, d->soap.n, NULL, e))
        return -1;
    add_parts(d);
    add_header(d);
    add_security(d);
    if (cli_get(d->c, "anchors"))
        verify(d, cli_get(d->c, "anchors"));
    return 0;
}

static int dump_one(struct cli *c, const char *file)
{
    struct dump d = {.c = c,
        .a = arena_new(64u << 20),
        .o = json_object_new_object(),
        .content_type = cli_get(c, "content-type")};
    int fd = open(file, O_RDONLY | O_CLOEXEC), code = EXIT_OK;
    struct err e = ERR_INIT;
    struct stat st;

    buf_init(&d.dechunked, 220u << 20);
    buf_init(&d.soap, SOAP_MAX);
    if (fd < 0 || fstat(fd, &st)) {
        (void)err_errno(&e, "io.missing", "open", file);
        e.class = ERR_INPUT;
        code = cli_fail(c, file, &e);
        (void)json_object_put(d.o);
    } else {
        d.body = blob_fd(fd, 0, (uint64_t)st.st_size);
        json_add_given(d.o, "file", file);
        if (read_all(&d, &e)) {
            code = cli_fail(c, file, &e);
            (void)json_object_put(d.o);
        } else {
            print(&d);
        }
    }
    if (fd >= 0)
        (void)close(fd);
    buf_free(&d.dechunked);
    buf_free(&d.soap);
    arena_free(d.a);
    return code;
}

int cmd_as4_dump(struct cli *c)
{
    int code = EXIT_OK;

    if (!c->nargs)
        return cli_usage(c, "expected one or more captured messages");
    for (size_t i = 0; i < c->nargs; i++)
        code = cli_worse(code, dump_one(c, c->args[i]));
    return code;
}
