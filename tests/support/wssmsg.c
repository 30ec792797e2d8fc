#include "tests/support/wssmsg.h"

#include <stdio.h>
#include <stdlib.h>

#include "ap/xml/xml.h"
#include "tests/support/testpki.h"

#define NEED(x)                                                                                    \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf(stderr, "wssmsg.c:%d: %s: %s %s\n", __LINE__, #x, e.code, e.msg);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

const char *wssmsg_envelope(void)
{
    return "<S12:Envelope xmlns:S12=\"http://www.w3.org/2003/05/soap-envelope\" "
           "xmlns:eb=\"http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/\" "
           "xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/"
           "oasis-200401-wss-wssecurity-utility-1.0.xsd\"><S12:Header>"
           "<eb:Messaging S12:mustUnderstand=\"true\" wsu:Id=\"msg-1\"><eb:UserMessage>"
           "<eb:MessageInfo><eb:Timestamp>2026-11-22T10:00:00.000Z</eb:Timestamp>"
           "<eb:MessageId>0f0e0d0c-1111-4222-8333-444455556666@ap1.example</eb:MessageId>"
           "</eb:MessageInfo><eb:PartyInfo><eb:From>"
           "<eb:PartyId type=\"urn:fdc:peppol.eu:2017:identifiers:ap\">POP000001</eb:PartyId>"
           "<eb:Role>http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/initiator"
           "</eb:Role></eb:From><eb:To>"
           "<eb:PartyId type=\"urn:fdc:peppol.eu:2017:identifiers:ap\">POP000002</eb:PartyId>"
           "<eb:Role>http://docs.oasis-open.org/ebxml-msg/ebms/v3.0/ns/core/200704/responder"
           "</eb:Role></eb:To></eb:PartyInfo><eb:CollaborationInfo>"
           "<eb:AgreementRef>urn:fdc:peppol.eu:2017:agreements:tia:ap_provider</eb:AgreementRef>"
           "<eb:Service type=\"cenbii-procid-ubl\">urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
           "</eb:Service><eb:Action>busdox-docid-qns::urn:oasis:names:specification:ubl:schema:xsd:"
           "Invoice-2::Invoice##urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:"
           "billing:3.0::2.1</eb:Action><eb:ConversationId>c-1</eb:ConversationId>"
           "</eb:CollaborationInfo><eb:MessageProperties>"
           "<eb:Property name=\"originalSender\" type=\"iso6523-actorid-upis\">0088:7300010000001"
           "</eb:Property><eb:Property name=\"finalRecipient\" type=\"iso6523-actorid-upis\">"
           "0088:7300010000002</eb:Property></eb:MessageProperties><eb:PayloadInfo>"
           "<eb:PartInfo href=\"cid:payload@ap1.example\"><eb:PartProperties>"
           "<eb:Property name=\"MimeType\">application/xml</eb:Property>"
           "<eb:Property name=\"CompressionType\">application/gzip</eb:Property>"
           "</eb:PartProperties></eb:PartInfo></eb:PayloadInfo></eb:UserMessage></eb:Messaging>"
           "</S12:Header><S12:Body wsu:Id=\"body-1\"/></S12:Envelope>";
}

struct wss_part wssmsg_part(const char *cid, const char *type, const void *p, size_t n)
{
    return (struct wss_part){str_z(cid), str_z(type), blob_mem(p, n)};
}

void wssmsg_make(struct wssmsg *m, const struct wss_part *parts, size_t n, struct key *k,
    const struct cert *recipient)
{
    struct err e = ERR_INIT;
    struct sink out[WSSMSG_PARTS];

    *m = (struct wssmsg){.a = arena_new(1 << 20), .n = n};
    NEED(m->a && n <= WSSMSG_PARTS);
    buf_init(&m->soap, 1 << 20);
    NEED(!xml_parse(&m->env, m->a, wssmsg_envelope(), strlen(wssmsg_envelope()), NULL, &e));
    for (size_t i = 0; i < n; i++) {
        m->clear[i] = parts[i];
        buf_init(&m->sealed[i], 32 << 20);
        out[i] = sink_buf(&m->sealed[i]);
    }
    NEED(!wss_sign(&m->proof, m->env, m->clear, n, k, m->a, &e));
    NEED(!recipient || !wss_encrypt(m->env, m->clear, out, n, recipient, m->a, &e));
    NEED(!xml_write(&m->soap, m->env, &e));
}

void wssmsg_free(struct wssmsg *m)
{
    cert_unref(m->proof.signer);
    for (size_t i = 0; i < m->n; i++)
        buf_free(&m->sealed[i]);
    buf_free(&m->soap);
    arena_free(m->a);
}

size_t wssmsg_wire(struct wss_part wire[WSSMSG_PARTS], const struct wssmsg *m)
{
    for (size_t i = 0; i < m->n; i++)
        wire[i] = (struct wss_part){
            m->clear[i].cid, STR("application/octet-stream"), blob_str(buf_view(&m->sealed[i]))};
    return m->n;
}

int wssmsg_receive(struct wssgot *g, struct str soap, const struct wss_part *wire, size_t n,
    struct pki *trust, struct key *const *keys, size_t nkeys)
{
    struct wss_part clear[WSSMSG_PARTS];
    struct sink out[WSSMSG_PARTS];

    *g = (struct wssgot){.a = arena_new(1 << 20)};
    for (size_t i = 0; i < WSSMSG_PARTS; i++) {
        buf_init(&g->clear[i], 32 << 20);
        out[i] = sink_buf(&g->clear[i]);
    }
    if (xml_parse(&g->env, g->a, soap.p, soap.n, NULL, &g->e) ||
        wss_verify_header(&g->proof, g->env, trust, TESTPKI_NOW, g->a, &g->e) ||
        (n && wss_decrypt(g->type, out, g->env, wire, n, keys, nkeys, g->a, &g->e)))
        return -1;
    for (size_t i = 0; i < n; i++)
        clear[i] = (struct wss_part){wire[i].cid, g->type[i], blob_str(buf_view(&g->clear[i]))};
    return wss_verify(&g->proof, g->env, clear, n, g->a, &g->e);
}

void wssgot_free(struct wssgot *g)
{
    cert_unref(g->proof.signer);
    for (size_t i = 0; i < WSSMSG_PARTS; i++)
        buf_free(&g->clear[i]);
    arena_free(g->a);
}
