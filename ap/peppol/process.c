#include "ap/peppol/process.h"

#include <stdio.h>

static bool printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~') /* char may be signed: bytes above 0x7f fall out too */
            return false;
    return true;
}

/*= PFUOI 4.4.0 POLICY 1 "maximum length of 200 characters" */
int process_make(struct process *out, struct str scheme, struct str value, struct err *e)
{
    memset(out, 0, sizeof(*out));
    if (scheme.n == 0)
        scheme = STR(PROCESS_SCHEME);
    if (scheme.n >= PROCESS_SCHEME_MAX || !printable(scheme))
        return err_set(e, ERR_INPUT, "id.process", "PFUOI POLICY 24",
            "process identifier scheme of %zu bytes is malformed", scheme.n);
    if (value.n == 0 || value.n >= PROCESS_VALUE || !printable(value))
        return err_set(e, ERR_INPUT, "id.process", "PFUOI POLICY 1",
            "process identifier must be 1 to %d visible ASCII characters", PROCESS_VALUE - 1);
    memcpy(out->scheme, scheme.p, scheme.n);
    memcpy(out->value, value.p, value.n);
    return 0;
}

/*= PFUOI 4.4.0 POLICY 24 "a process has a scheme" */
int process_parse(struct process *out, struct str text, struct err *e)
{
    struct str prefix = STR(PROCESS_SCHEME "::");

    if (str_has_prefix(text, prefix))
        text = str_sub(text, prefix.n, text.n);
    return process_make(out, STR(PROCESS_SCHEME), text, e);
}

bool process_same(const struct process *a, const struct process *b)
{
    return a->value[0] && strcmp(a->scheme, b->scheme) == 0 && strcmp(a->value, b->value) == 0;
}

void process_text(struct buf *out, const struct process *p)
{
    buf_printf(out, "%s::%s", p->scheme, p->value);
}
