/* schema.c - the table told in two other forms: a JSON Schema, and the table of the documentation.
 */
#include <stdio.h>

#include "ubl/invoice/invoice_priv.h"

#define SCHEMA_ID "https://json-schema.org/draft/2020-12/schema"

static void indent(struct buf *b, unsigned deep)
{
    buf_putc(b, '\n');
    while (deep--)
        buf_puts(b, "  ");
}

static void quoted(struct buf *b, const char *z)
{
    buf_putc(b, '"');
    for (; *z; z++) {
        if (*z == '"' || *z == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *z);
    }
    buf_putc(b, '"');
}

static void leaf(struct buf *b, const struct inv_term *t)
{
    switch (t->type) {
    case IT_AMOUNT:
    case IT_PRICE:
    case IT_QUANTITY:
    case IT_PERCENT:
        buf_puts(b, "\"type\": [\"string\", \"number\"], \"pattern\": "
                    "\"^-?([0-9]+(\\\\.[0-9]*)?|\\\\.[0-9]+)$\"");
        return;
    case IT_DATE:
        buf_puts(b, "\"type\": \"string\", \"format\": \"date\"");
        return;
    case IT_CODE:
        buf_puts(b, "\"type\": [\"string\", \"integer\"]");
        return;
    case IT_BINARY:
        buf_puts(b, "\"type\": \"string\", \"contentEncoding\": \"base64\"");
        return;
    case IT_GROUP:
    case IT_TEXT:
    case IT_ID:
        buf_puts(b, "\"type\": \"string\", \"minLength\": 1");
        return;
    }
}

static void required(struct buf *b, enum inv_id group, unsigned deep)
{
    unsigned n = 0;

    for (enum inv_id i = inv_next_member(group, INV_NONE); i != INV_NONE;
         i = inv_next_member(group, i))
        if (inv_terms[i].need == INV_REQ) {
            if (n++ == 0) {
                buf_putc(b, ',');
                indent(b, deep);
                buf_puts(b, "\"required\": [");
            } else {
                buf_puts(b, ", ");
            }
            quoted(b, inv_terms[i].name);
        }
    buf_puts(b, n ? "]" : "");
}

static void object(struct buf *b, enum inv_id group, unsigned deep);

static void member(struct buf *b, const struct inv_term *t, unsigned deep)
{
    char text[400];

    (void)snprintf(text, sizeof(text), "%s%s%s", t->bt, *t->bt ? ": " : "", t->text);
    indent(b, deep);
    quoted(b, t->name);
    buf_puts(b, ": {\"description\": ");
    quoted(b, text);
    buf_puts(b, ", ");
    if (t->many)
        buf_puts(b, t->need == INV_REQ ? "\"type\": \"array\", \"minItems\": 1, \"items\": {"
                                       : "\"type\": \"array\", \"items\": {");
    if (t->type == IT_GROUP)
        object(b, t->id, deep + 1);
    else
        leaf(b, t);
    buf_puts(b, t->many ? "}}" : "}");
}

static void object(struct buf *b, enum inv_id group, unsigned deep)
{
    bool first = true;

    buf_puts(b, "\"type\": \"object\",");
    indent(b, deep);
    buf_puts(b, "\"additionalProperties\": false");
    required(b, group, deep);
    buf_putc(b, ',');
    indent(b, deep);
    buf_puts(b, "\"properties\": {");
    for (enum inv_id i = inv_next_member(group, INV_NONE); i != INV_NONE;
         i = inv_next_member(group, i)) {
        buf_puts(b, first ? "" : ",");
        member(b, &inv_terms[i], deep + 1);
        first = false;
    }
    indent(b, deep);
    buf_puts(b, "}");
}

void invoice_schema(struct buf *out)
{
    buf_puts(out, "{\n  \"$schema\": \"" SCHEMA_ID "\",\n  \"title\": \"aviso invoice\",\n  ");
    object(out, INV_DOC, 1);
    buf_puts(out, "\n}\n");
}

/* ---- the documentation's table ---- */

static void json_path(struct buf *b, enum inv_id id)
{
    if (id == INV_DOC)
        return;
    json_path(b, inv_terms[id].group);
    buf_printf(b, "%s%s%s", inv_terms[id].group == INV_DOC ? "" : ".", inv_terms[id].name,
        inv_terms[id].many ? "[]" : "");
}

/* Without marks and the conditions on currencies and tax schemes, which hold everywhere. */
static void plain_path(struct buf *b, const char *path)
{
    struct str s = str_z(path);

    for (size_t i = 0; i < s.n; i++) {
        size_t close = i + str_find(str_sub(s, i, s.n), STR("]"));
        struct str cond = str_sub(s, i, close + 1 - i);
        if (s.p[i] == '[' && str_find(cond, STR("$")) < cond.n)
            i = close;
        else if (s.p[i] != '*')
            buf_putc(b, s.p[i]);
    }
}

static void ubl_path(struct buf *b, enum inv_id id, bool credit)
{
    const char *p = credit && inv_terms[id].credit ? inv_terms[id].credit : inv_terms[id].path;

    if (id == INV_DOC)
        return;
    ubl_path(b, inv_terms[id].group, credit);
    if (strcmp(p, ".") == 0)
        return;
    buf_printf(b, "/");
    plain_path(b, p);
}

static void row(struct buf *b, const struct inv_term *t)
{
    static const char *const types[] = {"group", "text", "identifier", "code", "date", "amount",
        "price", "quantity", "percentage", "file"};
    static const char *const needs[] = {"no", "yes", "filled in"};

    buf_printf(b, "| %s | `", *t->bt ? t->bt : "–");
    json_path(b, t->id);
    buf_printf(b, "` | %s | %s | ", types[t->type], needs[t->need]);
    if (*t->path) {
        buf_putc(b, '`');
        ubl_path(b, t->id, false);
        buf_putc(b, '`');
    }
    if (t->credit) {
        buf_puts(b, "; credit note: `");
        ubl_path(b, t->id, true);
        buf_putc(b, '`');
    }
    buf_printf(b, " | %s |\n", t->text);
}

void invoice_table(struct buf *out)
{
    buf_puts(out, "| term | JSON | type | mandatory | UBL | what |\n|---|---|---|---|---|---|\n");
    for (unsigned i = INV_DOC + 1; i < INV_TERMS; i++)
        row(out, &inv_terms[i]);
}
