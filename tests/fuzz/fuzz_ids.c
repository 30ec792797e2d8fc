/* Target: participant_parse, doctype_make, doctype_match, doctype_candidate, process_parse. What is
 * taken must come apart and together again. */
#include <stdint.h>
#include <stdlib.h>

#include "ap/peppol/doctype.h"
#include "ap/peppol/participant.h"
#include "ap/peppol/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_doctype(const struct doctype *d)
{
    struct doctype again, c;
    struct buf b;

    buf_init(&b, 4096);
    doctype_text(&b, d);
    doctype_path(&b, d);
    must(buf_ok(&b));
    buf_free(&b);
    must(doctype_same(d, d));
    if (doctype_is_xml(d) && doctype_scheme_of(doctype_customization(d)) == d->scheme &&
        !strchr(d->value, '*')) {
        must(doctype_build(&again, doctype_root_ns(d), doctype_root_local(d),
                 doctype_customization(d), doctype_version(d), NULL) == 0);
        must(doctype_same(&again, d));
    }
    for (unsigned i = 0; !strchr(d->value, '*') && doctype_candidate(&c, d, i); i++)
        must(doctype_match(&c, d) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    char name[PARTICIPANT_DNS];
    struct participant p, q;
    struct doctype d;
    struct process pr;

    if (participant_parse(&p, s, NULL) == 0) {
        participant_canonical(&q, &p);
        must(participant_same(&p, &q));
        must(participant_dns(name, &p, "z.example", NULL) == 0);
        (void)participant_is_spis(&p);
    }
    if (doctype_parse(&d, s, NULL) == 0)
        check_doctype(&d);
    if (doctype_make(&d, STR(DOCTYPE_WILDCARD_SCHEME), s, true, NULL) == 0)
        check_doctype(&d);
    if (process_parse(&pr, s, NULL) == 0)
        must(process_same(&pr, &pr));
    return 0;
}
