/* Choosing a format, the JSON form, and what the forms share. */
#include "ubl/report_priv.h"

#include "ap/base/clock.h"

bool report_format_of(enum report_format *out, const char *word)
{
    static const char *const words[] = {"text", "json", "svrl", "html"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i], word) == 0) {
            *out = (enum report_format)i;
            return true;
        }
    return false;
}

const char *report_extension(enum report_format f)
{
    static const char *const extensions[] = {".txt", ".json", ".svrl", ".html"};

    return extensions[f];
}

int report_write(struct buf *out, const struct ubl_report *r, enum report_format f,
    const struct report_style *s, struct err *e)
{
    switch (f) {
    case REPORT_TEXT:
        report_text(out, r, s);
        break;
    case REPORT_JSON:
        report_json(out, r, s);
        break;
    case REPORT_SVRL:
        report_svrl(out, r, s);
        break;
    case REPORT_HTML:
        return report_html(out, r, s, e);
    }
    return buf_check(out, e);
}

void report_instant(struct buf *out, int64_t at)
{
    char text[CLOCK_TEXT];

    clock_utc(text, at * 1000);
    buf_puts(out, text);
}

void report_short_location(struct buf *out, struct str s)
{
    static const struct str ns = {"[namespace-uri()='", 18};

    while (s.n) {
        size_t cut = 0;
        if (str_has_prefix(s, STR("*:")))
            cut = 2;
        else if (str_has_prefix(s, STR("[1]")))
            cut = 3;
        else if (str_has_prefix(s, ns)) {
            cut = str_find(s, STR("']"));
            cut = cut < s.n ? cut + 2 : s.n;
        }
        if (cut == 0) {
            buf_putc(out, *s.p);
            cut = 1;
        }
        s = str_sub(s, cut, s.n);
    }
}

/* ---- JSON ---- */

static void json_str(struct buf *b, struct str s)
{
    size_t n;

    buf_putc(b, '"');
    for (size_t i = 0; i < s.n; i += n ? n : 1) {
        unsigned char c = (unsigned char)s.p[i];
        n = 1;
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (c == '\n')
            buf_puts(b, "\\n");
        else if (c == '\t')
            buf_puts(b, "\\t");
        else if (c < 0x20 || c == 0x7f)
            buf_printf(b, "\\u%04x", c);
        else if ((n = str_utf8(str_sub(s, i, s.n))) == 0) /* in a file's name */
            buf_printf(b, "\\\\x%02x", c);
        else
            buf_add(b, s.p + i, n);
    }
    buf_putc(b, '"');
}

static void member(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, ",\"%s\":", name);
    json_str(b, value);
}

/* `l`: the layer that it stopped, or NULL. */
static void json_error(
    struct buf *b, const struct err *e, const struct ubl_layer *l, const char *layer)
{
    buf_puts(b, "{\"code\":");
    json_str(b, str_z(e->code));
    member(b, "message", str_z(e->msg));
    if (e->where[0])
        member(b, "where", str_z(e->where));
    if (e->next[0])
        member(b, "next", str_z(e->next));
    if (layer[0])
        member(b, "ruleset", str_z(layer));
    if (l && l->stopped_id.n)
        member(b, "id", l->stopped_id);
    if (l && l->stopped_at.n)
        member(b, "location", l->stopped_at);
    if (l && l->stopped_line)
        buf_printf(b, ",\"line\":%u", l->stopped_line);
    buf_putc(b, '}');
}

static void json_finding(struct buf *b, const struct ubl_finding *f)
{
    buf_puts(b, "{\"ruleset\":");
    json_str(b, str_z(f->ruleset));
    member(b, "id", f->id);
    member(b, "flag", f->flag);
    member(b, "role", f->role);
    member(b, "kind", str_z(f->kind));
    member(b, "severity", str_z(ubl_severity_word(f->severity)));
    member(b, "location", f->location);
    buf_printf(b, ",\"line\":%u", f->line);
    member(b, "text", f->text);
    if (f->value.n)
        member(b, "value", f->value);
    if (f->n_notes)
        buf_puts(b, ",\"diagnostics\":[");
    for (uint32_t i = 0; i < f->n_notes; i++) {
        buf_puts(b, i ? ",{\"id\":" : "{\"id\":");
        json_str(b, f->notes[i].id);
        member(b, "text", f->notes[i].text);
        buf_putc(b, '}');
    }
    buf_puts(b, f->n_notes ? "]}" : "}");
}

static void json_layer(struct buf *b, const struct ubl_layer *l)
{
    buf_puts(b, "{\"name\":");
    json_str(b, str_z(l->name));
    member(b, "path", str_z(l->path));
    if (l->sha256[0])
        member(b, "sha256", str_z(l->sha256));
    member(b, "state", str_z(ubl_layer_word(l->state)));
    buf_printf(b, ",\"errors\":%u,\"warnings\":%u", l->errors, l->warnings);
    if (l->state == UBL_STOPPED) {
        buf_puts(b, ",\"error\":");
        json_error(b, &l->error, l, "");
    }
    buf_putc(b, '}');
}

static void json_document(struct buf *b, const struct ubl_report *r)
{
    buf_puts(b, ",\"document\":{\"namespace\":");
    json_str(b, r->root_uri);
    member(b, "root", r->root_local);
    member(b, "id", r->id);
    member(b, "customization", r->customization);
    member(b, "profile", r->profile);
    buf_printf(b, ",\"enveloped\":%s}", r->enveloped ? "true" : "false");
}

static const struct ubl_layer *first_stopped(const struct ubl_report *r)
{
    for (uint32_t i = 0; i < r->n_layers; i++)
        if (r->layers[i].state == UBL_STOPPED)
            return &r->layers[i];
    return NULL;
}

void report_json(struct buf *b, const struct ubl_report *r, const struct report_style *s)
{
    buf_puts(b, "{\"file\":");
    json_str(b, str_z(s->file));
    member(b, "verdict", str_z(ubl_verdict_word(r->verdict)));
    if (r->root_local.n)
        json_document(b, r);
    buf_puts(b, ",\"rules\":{\"set\":");
    json_str(b, str_z(r->set));
    member(b, "version", str_z(r->version));
    buf_puts(b, ",\"at\":\"");
    report_instant(b, r->at);
    buf_puts(b, "\"}");
    if (r->note[0])
        member(b, "note", str_z(r->note));
    buf_puts(b, ",\"layers\":[");
    for (uint32_t i = 0; i < r->n_layers; i++) {
        if (i)
            buf_putc(b, ',');
        json_layer(b, &r->layers[i]);
    }
    buf_printf(b, "],\"errors\":%u,\"warnings\":%u,\"findings\":[", r->errors, r->warnings);
    for (uint32_t i = 0; i < r->n_findings; i++) {
        if (i)
            buf_putc(b, ',');
        json_finding(b, &r->findings[i]);
    }
    buf_puts(b, s->cut ? "],\"cut\":true" : "]");
    if (r->verdict == UBL_ERROR) {
        buf_puts(b, ",\"error\":");
        json_error(b, &r->error, first_stopped(r), r->error_layer);
    }
    buf_puts(b, "}\n");
}
