/* For people: the verdict first, then the findings of each layer, equal ones together with their
 * lines. Colour says nothing that the words do not. */
#include "ubl/report_priv.h"

#define LINES_SHOWN 12
#define WIDTH 100  /* texts are wrapped to it */
#define WINDOW 500 /* findings looked at for equal ones, so that huge reports stay linear */

struct writer {
    struct buf *b;
    const struct ubl_report *r;
    const struct report_style *s;
};

static void paint(struct writer *w, const char *code, const char *text)
{
    if (w->s->color)
        buf_printf(w->b, "\033[%sm%s\033[0m", code, text);
    else
        buf_puts(w->b, text);
}

static const char *color_of(enum ubl_severity s)
{
    return s == UBL_SEV_ERROR ? "1;31" : s == UBL_SEV_WARNING ? "1;33" : "1;34";
}

static void count(struct buf *b, uint32_t n, const char *word)
{
    buf_printf(b, "%u %s%s", n, word, n == 1 ? "" : "s");
}

static void headline(struct writer *w)
{
    const struct ubl_report *r = w->r;
    const char *word = ubl_verdict_word(r->verdict);

    buf_printf(w->b, "%s: ", w->s->file);
    paint(w, r->verdict == UBL_VALID ? "1;32" : "1;31",
        r->verdict == UBL_ERROR ? "no verdict" : word);
    if (r->set[0])
        buf_printf(w->b, " · %s %s", r->set, r->version);
    if (r->verdict != UBL_ERROR || r->n_findings) {
        buf_puts(w->b, " · ");
        count(w->b, r->errors, "error");
        buf_puts(w->b, ", ");
        count(w->b, r->warnings, "warning");
    }
    buf_putc(w->b, '\n');
    if (r->note[0])
        buf_printf(w->b, "  note: %s\n", r->note);
}

/* Words of s between `indent` and WIDTH. */
static void wrap(struct buf *b, struct str s, unsigned indent)
{
    size_t col = 0;

    while (s.n) {
        size_t n = str_find(s, STR(" "));
        struct str word = str_sub(s, 0, n);
        if (col == 0 || col + 1 + n > WIDTH) {
            buf_printf(b, "%s%*s", col ? "\n" : "", (int)indent, "");
            col = indent;
        } else {
            buf_putc(b, ' ');
            col++;
        }
        buf_str(b, word);
        col += n;
        s = str_sub(s, n < s.n ? n + 1 : n, s.n);
    }
    buf_putc(b, '\n');
}

static bool same(const struct ubl_finding *x, const struct ubl_finding *y)
{
    return x->ruleset == y->ruleset && x->severity == y->severity && str_eq(x->id, y->id) &&
           str_eq(x->text, y->text);
}

static void lines(struct writer *w, uint32_t first, uint32_t last)
{
    const struct ubl_finding *f = &w->r->findings[first];
    uint32_t shown = 0, n = 0;

    for (uint32_t i = first; i < last && i < first + WINDOW; i++) {
        const struct ubl_finding *g = &w->r->findings[i];
        if (!same(f, g))
            continue;
        n++;
        if (g->line == 0 || ++shown > LINES_SHOWN)
            continue;
        buf_printf(w->b, "%s%u", shown == 1 ? "line " : ", ", g->line);
    }
    if (n > LINES_SHOWN)
        buf_printf(w->b, " … (%u times)", n);
}

static void shown_location(struct buf *b, struct str s)
{
    if (s.n && s.p[0] == '/')
        report_short_location(b, s);
    else
        buf_str(b, s);
}

/* On one line, white space to be seen: it may be what is wrong. */
static void value(struct buf *b, struct str s)
{
    buf_puts(b, " = \"");
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\n')
            buf_puts(b, "\\n");
        else if (s.p[i] == '\t')
            buf_puts(b, "\\t");
        else if (s.p[i] == '\r')
            buf_puts(b, "\\r");
        else
            buf_putc(b, s.p[i]);
    buf_putc(b, '"');
}

static void place(struct writer *w, const struct ubl_finding *f)
{
    buf_puts(w->b, "      at ");
    shown_location(w->b, f->location);
    if (f->value.n)
        value(w->b, f->value);
    buf_putc(w->b, '\n');
}

static void finding(struct writer *w, uint32_t i, uint32_t last)
{
    const struct ubl_finding *f = &w->r->findings[i];

    buf_puts(w->b, "    ");
    paint(w, color_of(f->severity), ubl_severity_word(f->severity));
    if (f->id.n)
        buf_printf(w->b, " %.*s", STR_FMT(f->id));
    buf_puts(w->b, "  ");
    lines(w, i, last);
    buf_putc(w->b, '\n');
    wrap(w->b, f->text, 6);
    place(w, f);
    for (uint32_t k = 0; k < f->n_notes; k++)
        wrap(w->b, f->notes[k].text, 8);
    if (w->s->verbose && f->test.n) {
        buf_puts(w->b, "      test: ");
        buf_str(w->b, f->test);
        buf_putc(w->b, '\n');
    }
}

/* Equal findings lie near each other but not always side by side: the first one speaks for all. */
static bool said_before(const struct ubl_report *r, const struct ubl_layer *l, uint32_t i)
{
    uint32_t back = i - l->first < WINDOW ? l->first : i - WINDOW + 1;

    for (uint32_t k = back; k < i; k++)
        if (same(&r->findings[k], &r->findings[i]))
            return true;
    return false;
}

static void stopped_where(struct writer *w, const struct ubl_layer *l)
{
    if (!l->stopped_at.n)
        return;
    buf_printf(w->b, "      judging %.*s%s", STR_FMT(l->stopped_id), l->stopped_id.n ? " at " : "");
    shown_location(w->b, l->stopped_at);
    buf_printf(w->b, ", line %u\n", l->stopped_line);
}

static void layer(struct writer *w, const struct ubl_layer *l)
{
    uint32_t last = l->first + l->n;

    if (l->state == UBL_PASSED && l->n == 0 && !w->s->verbose)
        return;
    buf_printf(w->b, "  %s: %s", l->name, ubl_layer_word(l->state));
    if (w->s->verbose)
        buf_printf(w->b, " (%s%s%s)", l->path, l->sha256[0] ? ", sha256 " : "", l->sha256);
    buf_putc(w->b, '\n');
    if (l->state == UBL_STOPPED) {
        buf_printf(w->b, "    %s: ", l->error.code);
        buf_puts(w->b, l->error.msg);
        buf_printf(w->b, "%s%s\n", l->error.where[0] ? "\n      at " : "", l->error.where);
        stopped_where(w, l);
    }
    for (uint32_t i = l->first; i < last; i++)
        if (!said_before(w->r, l, i))
            finding(w, i, last);
}

static void no_verdict(struct writer *w)
{
    const struct err *e = &w->r->error;

    buf_printf(w->b, "  %s: %s\n", e->code, e->msg);
    if (e->class != ERR_INPUT && e->next[0]) /* it lies not with the document */
        buf_printf(w->b, "  next: %s\n", e->next);
}

void report_text(struct buf *out, const struct ubl_report *r, const struct report_style *s)
{
    struct writer w = {out, r, s};

    if (s->quiet && r->verdict == UBL_VALID)
        return;
    headline(&w);
    if (r->verdict == UBL_ERROR && !r->error_layer[0])
        no_verdict(&w);
    for (uint32_t i = 0; i < r->n_layers; i++)
        layer(&w, &r->layers[i]);
    if (s->cut)
        buf_puts(out, "  and more: only the first findings were kept\n");
}
