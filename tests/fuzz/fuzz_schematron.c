/* Target functions: sch_load_bytes, sch_run. The input is a rule set, raw or compiled; what loads
 * is run over a small document. Whatever happens: bounded, and a reason when it fails. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ubl/schematron/schematron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char document[] =
    "<a xmlns='u' xmlns:p='v' x='1' p:y=' 2 '><b id='1'>10.50</b><b id='2'>2024-02-29</b>"
    "<p:c/><b>x<!-- c --><?p i?></b><d xmlns=''>7300010000001</d></a>";

static void run(const struct sch *s)
{
    static const struct xp_limits small = {.operations = 200000,
        .memory = 16 << 20,
        .items = 100000,
        .string_bytes = 1 << 20,
        .depth = 100};
    const struct sch_run_options o = {.trace = true, .max_findings = 100};
    const struct xp_now now = {.sec = 1795348800};
    struct arena *a = arena_new(16 << 20);
    struct sch_result r;
    struct tree *t = NULL;
    struct xp_ctx *c = NULL;
    struct err e = ERR_INIT;

    if (!a || xp_ctx_new(&c, &small, &e) ||
        tree_parse(&t, (struct str){document, sizeof(document) - 1}, NULL, NULL, NULL, &e))
        abort();
    if (sch_run(&r, s, c, t, &now, &o, a, &e) == 0 &&
        (r.stopped ? r.error.code[0] == '\0' || r.n != 0 : r.n > 100))
        abort();
    tree_free(t);
    xp_ctx_free(c);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = ERR_INIT;
    struct sch *s;

    if (size > 65536)
        return 0;
    if (sch_load_bytes(
            &s, (struct str){(const char *)data, size}, "/nonexistent/f.sch", "f", NULL, &e)) {
        if (e.class == ERR_NONE || e.class == ERR_BUG || e.code[0] == '\0')
            abort();
        return 0;
    }
    run(s);
    sch_free(s);
    return 0;
}
