/* sbdh_content.c - what BinaryContent and TextContent hold, decoded as it streams by. */
#include "ap/peppol/sbdh_priv.h"

#include "ap/base/enc.h"

#define B64_PIECE 32768u /* a multiple of 4 */

void sbdh_decoder_init(struct sbdh_decoder *c, enum sbdh_kind kind, struct sink to)
{
    *c = (struct sbdh_decoder){.to = to, .base64 = kind == SBDH_BINARY};
    buf_init(&c->in, B64_PIECE);
    buf_init(&c->plain, B64_PIECE);
}

void sbdh_decoder_free(struct sbdh_decoder *c)
{
    buf_free(&c->in);
    buf_free(&c->plain);
}

static int pass_on(struct sbdh_decoder *c, struct str s, struct err *e)
{
    c->len += s.n;
    return sink_write(&c->to, s.p, s.n, e);
}

static int not_base64(struct err *e, const char *why)
{
    return err_set(
        e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.3", "BinaryContent is not base64: %s", why);
}

static int decode(struct sbdh_decoder *c, struct err *e)
{
    struct err why = ERR_INIT;

    if (c->in.n == 0)
        return 0;
    if (c->closed)
        return not_base64(e, "it goes on behind its padding");
    c->closed = c->in.p[c->in.n - 1] == '=';
    buf_clear(&c->plain);
    if (enc_unb64(&c->plain, buf_view(&c->in), &why))
        return not_base64(e, why.msg);
    buf_clear(&c->in);
    return buf_check(&c->plain, e) ? -1 : pass_on(c, buf_view(&c->plain), e);
}

/*= Envelope 2.0.2 2.3 "BinaryContent and TextContent" */
int sbdh_decoder_feed(struct sbdh_decoder *c, struct str s, struct err *e)
{
    if (!c->base64)
        return pass_on(c, s, e);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t')
            continue;
        buf_putc(&c->in, s.p[i]);
        if (c->in.n == B64_PIECE && decode(c, e))
            return -1;
    }
    return buf_check(&c->in, e);
}

int sbdh_decoder_end(struct sbdh_decoder *c, struct err *e)
{
    if (c->base64 && decode(c, e))
        return -1;
    if (c->len == 0)
        return err_set(e, ERR_INPUT, "sbdh.payload", "Envelope 2.0.2 2.3", "%s is empty",
            c->base64 ? "BinaryContent" : "TextContent");
    return 0;
}
