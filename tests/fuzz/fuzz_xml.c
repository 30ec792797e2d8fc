/* fuzz_xml.c - xml_parse and what is done with a tree. Holds that our exclusive c14n gives the
 * bytes of libxml2's for every element, and that canonical text is a fixed point. */
#include <libxml/c14n.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ap/xml/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct apex {
    xmlNode *n;
};

static int in_apex(void *ctx, xmlNode *node, xmlNode *parent)
{
    const struct apex *a = ctx;

    for (const xmlNode *n = node->type == XML_NAMESPACE_DECL ? parent : node; n; n = n->parent)
        if (n == a->n)
            return node->type != XML_COMMENT_NODE;
    return 0;
}

static void compare(xmlNode *n, char **inclusive)
{
    struct apex a = {n};
    xmlOutputBuffer *o = xmlAllocOutputBuffer(NULL);
    struct buf ours;
    int rc;

    if (!o)
        abort();
    buf_init(&ours, 64 << 20);
    rc = xml_c14n(&ours, n, XML_C14N_EXC, inclusive, NULL);
    if (xmlC14NExecute(n->doc, in_apex, &a, XML_C14N_EXCLUSIVE_1_0, (xmlChar **)inclusive, 0, o) >=
        0) {
        if (!rc && (ours.n != xmlOutputBufferGetSize(o) ||
                       memcmp(ours.p, xmlOutputBufferGetContent(o), ours.n) != 0))
            abort();
    }
    (void)xmlOutputBufferClose(o);
    buf_free(&ours);
}

static void fixed_point(xmlNode *root, struct arena *a)
{
    struct buf one, two;
    xmlDoc *again;

    buf_init(&one, 64 << 20);
    buf_init(&two, 64 << 20);
    if (!xml_c14n(&one, root, XML_C14N_EXC, NULL, NULL) && one.n < 1 << 20 &&
        !xml_parse(&again, a, one.p, one.n, NULL, NULL)) {
        if (xml_c14n(&two, xmlDocGetRootElement(again), XML_C14N_EXC, NULL, NULL) ||
            one.n != two.n || memcmp(one.p, two.p, one.n) != 0)
            abort();
    }
    buf_free(&one);
    buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char a_prefix[] = "a", def[] = "#default", s12[] = "S12";
    char *inclusive[] = {a_prefix, def, s12, NULL};
    struct arena *a = arena_new(16 << 20);
    xmlDoc *d = NULL;
    struct str text;
    struct buf out;
    unsigned left = 16;

    if (!a)
        return 0;
    xml_init();
    if (!xml_parse(&d, a, data, size, NULL, NULL)) {
        xmlNode *root = xmlDocGetRootElement(d);
        (void)!xml_ids_register(d, NULL);
        (void)!xml_text_trim(&text, a, root, NULL);
        fixed_point(root, a);
        compare(root, inclusive);
        for (xmlNode *n = xml_first_element(root); n && left--; n = xml_next_element(n)) {
            compare(n, NULL);
            compare(n, inclusive);
        }
        buf_init(&out, 16 << 20);
        (void)!xml_write(&out, d, NULL);
        buf_free(&out);
    }
    arena_free(a);
    return 0;
}
