/* Target functions: ubl_validate with rules given by the caller, report_write in all formats. The
 * input is a document. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/report.h"
#include "ubl/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules_text[] =
    "<schema xmlns='http://purl.oclc.org/dsdl/schematron' queryBinding='xslt2'>"
    "<let name='all' value='//*'/><pattern id='p'><rule context='@*'><report id='A' test='true()'>"
    "<name/>=<value-of select='.'/></report></rule><rule context='*[not(*)]'>"
    "<assert id='E' flag='fatal' test='normalize-space(.)' diagnostics='d'>empty</assert>"
    "<assert id='N' flag='warning' test='. castable as xs:decimal or . castable as "
    "xs:date'/></rule>"
    "<rule context='*'><assert id='S' test='count(*) = count(distinct-values(*/name()))'/>"
    "<assert id='D' test='sum(*[. castable as xs:decimal]/xs:decimal(.)) &gt;= "
    "0'/></rule></pattern>"
    "<diagnostics><diagnostic id='d'><value-of select='count($all)'/></diagnostic></diagnostics>"
    "</schema>";

static void write_all(const struct ubl_report *r)
{
    const struct report_style s = {.file = "f", .color = true, .verbose = true};

    for (int f = REPORT_TEXT; f <= REPORT_HTML; f++) {
        struct err e = ERR_INIT;
        struct buf b;
        buf_init(&b, 8 << 20);
        if (report_write(&b, r, (enum report_format)f, &s, &e) == 0 && b.n == 0)
            abort();
        buf_free(&b);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sch *rules;
    static struct ubl_worker *w;
    struct arena *a = arena_new(32 << 20);
    struct err e = ERR_INIT;
    struct ubl_options o = {
        .at = 1795348800, .n_extra = 1, .no_xsd = true, .trace = true, .max_findings = 1000};
    struct ubl_report r;

    if (size > 65536 || !a) {
        arena_free(a);
        return 0;
    }
    if (!rules && (sch_load_bytes(&rules, (struct str){rules_text, sizeof(rules_text) - 1}, "r.sch",
                       "r", NULL, &e) ||
                      ubl_worker_new(&w, &e)))
        abort();
    o.extra = (const struct sch *const *)&rules;
    if (ubl_validate(&r, NULL, w, (struct str){(const char *)data, size}, &o, a, &e) == 0) {
        if (r.verdict == UBL_ERROR && r.error.code[0] == '\0')
            abort();
        write_all(&r);
    } else if (e.class == ERR_BUG) {
        abort();
    }
    arena_free(a);
    return 0;
}
