/* aviso render: an invoice or credit note as a page for people, HTML or PDF. */
#include <string.h>
#include <strings.h>

#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/cli/file.h"
#include "ubl/render/render.h"

#define INPUT_MAX ((size_t)512 << 20)
#define PAGE_MAX ((size_t)512 << 20)
#define PDF_SECONDS 120

static bool is_pdf(const char *path)
{
    size_t n = path ? strlen(path) : 0;

    return n > 4 && strcasecmp(path + n - 4, ".pdf") == 0;
}

static int render(
    struct buf *page, const char *path, enum render_lang lang, bool pdf, struct err *e)
{
    struct buf in, html;
    struct blob doc;
    int rc;

    buf_init(&in, INPUT_MAX);
    buf_init(&html, PAGE_MAX);
    rc = file_load(&in, path, e);
    if (!rc) {
        doc = blob_str(buf_view(&in));
        rc = render_html(pdf ? &html : page, &doc, lang, e);
    }
    buf_free(&in);
    if (!rc && pdf)
        rc = render_pdf(page, buf_view(&html), PDF_SECONDS, e);
    buf_free(&html);
    return rc;
}

static void say(const char *input, const char *output, size_t bytes)
{
    struct json_object *o = json_object_new_object();

    json_add_given(o, "input", input);
    json_add_bool(o, "ok", 1);
    json_add_given(o, "output", output);
    json_add_int(o, "bytes", (int64_t)bytes);
    cli_json(o);
}

int cmd_render(struct cli *c)
{
    const char *tag = cli_get(c, "lang"), *output = cli_get(c, "output");
    enum render_lang lang = RENDER_EN;
    struct err e = ERR_INIT;
    struct buf page;
    int code = EXIT_OK;

    if (c->nargs != 1)
        return cli_usage(c, "expected one file, or - for standard input");
    if (output && strcmp(output, "-") == 0)
        output = NULL;
    if (c->json && !output)
        return cli_usage(c, "--json needs -o FILE: the page itself goes to standard output");
    if (tag && !render_lang_of(&lang, tag))
        return cli_usage(c, "--lang is one of " RENDER_LANGUAGES ", not %s", tag);
    buf_init(&page, PAGE_MAX);
    if (render(&page, c->args[0], lang, is_pdf(output), &e) ||
        file_put(output, buf_view(&page), &e))
        code = cli_fail(c, c->args[0], &e);
    else if (c->json)
        say(c->args[0], output, page.n);
    buf_free(&page);
    return code;
}
