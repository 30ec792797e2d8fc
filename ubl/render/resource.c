/* The stylesheet, its CSS and the labels, from their files into the program; and the table of
 * labels. */
#include <libxml/hash.h>
#include <libxml/parser.h>
#include <pthread.h>
#include <string.h>

#include "ubl/render/render_priv.h"

#define EMBED(name, file)                                                                          \
    __asm__(".pushsection .rodata\n" #name "_begin: .incbin \"ubl/render/" file "\"\n" #name       \
            "_end: .byte 0\n.popsection\n");                                                       \
    extern const char name##_begin[], name##_end[];                                                \
    struct str render_##name(void)                                                                 \
    {                                                                                              \
        return (struct str){name##_begin, (size_t)(name##_end - name##_begin)};                    \
    }

EMBED(page_xsl, "page.xsl")
EMBED(page_css, "page.css")
EMBED(labels_xml, "labels.xml")

static const char *const LANGUAGES[] = {"en", "nl", "fr", "de", "sv"};
#define N_LANGUAGES (sizeof(LANGUAGES) / sizeof(LANGUAGES[0]))

static xmlHashTable *labels[N_LANGUAGES];
static pthread_once_t once = PTHREAD_ONCE_INIT;

bool render_lang_of(enum render_lang *out, const char *tag)
{
    for (size_t i = 0; i < N_LANGUAGES; i++) {
        if (strncasecmp(tag, LANGUAGES[i], 2) == 0 && strchr("-_", tag[2])) {
            *out = (enum render_lang)i;
            return true;
        }
    }
    return false;
}

const char *render_lang_tag(enum render_lang lang)
{
    return LANGUAGES[lang];
}

static void read_labels(void)
{
    struct str s = render_labels_xml();
    xmlDoc *d = xmlReadMemory(s.p, (int)s.n, NULL, NULL, XML_PARSE_NONET);
    xmlNode *root = d ? xmlDocGetRootElement(d) : NULL;

    for (size_t i = 0; i < N_LANGUAGES; i++) {
        labels[i] = xmlHashCreate(512);
        for (xmlNode *n = root ? root->children : NULL; n && labels[i]; n = n->next) {
            xmlChar *id, *text;
            if (n->type != XML_ELEMENT_NODE)
                continue;
            id = xmlGetNoNsProp(n, (const xmlChar *)"id");
            text = xmlGetNoNsProp(n, (const xmlChar *)LANGUAGES[i]);
            if (!id || !text || xmlHashAddEntry(labels[i], id, text))
                xmlFree(text);
            xmlFree(id);
        }
    }
    xmlFreeDoc(d);
}

const char *render_label(enum render_lang lang, const char *id)
{
    (void)pthread_once(&once, read_labels);
    return labels[lang] ? xmlHashLookup(labels[lang], (const xmlChar *)id) : NULL;
}
