/* Target: render_html. Whatever is taken becomes a page whose markup is ours alone. */
#include <libxml/HTMLparser.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ap/xml/xml.h"
#include "ubl/render/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const xmlNode *n)
{
    for (; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (strcmp((const char *)n->name, "script") == 0 || strcmp((const char *)n->name, "a") == 0)
            abort();
        for (const xmlAttr *a = n->properties; a; a = a->next)
            if (strncmp((const char *)a->name, "on", 2) == 0 ||
                strcmp((const char *)a->name, "href") == 0 ||
                strcmp((const char *)a->name, "src") == 0)
                abort();
        check(n->children);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct blob in = blob_mem(data, size);
    struct err e = ERR_INIT;
    struct buf page;
    htmlDocPtr d;

    xml_init();
    buf_init(&page, 64u << 20);
    if (render_html(&page, &in, (enum render_lang)(size % 5), &e) == 0) {
        d = htmlReadMemory(page.p, (int)page.n, NULL, "UTF-8",
            HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING);
        if (!d)
            abort();
        check(xmlDocGetRootElement(d));
        xmlFreeDoc(d);
    } else if (e.class == ERR_BUG) {
        abort();
    }
    buf_free(&page);
    return 0;
}
