/* How long a page takes: an invoice of 2, 1,000 and 10,000 lines; peak memory of the command;
 * beside libxml2's DOM of the document, written out again: the floor for whoever builds a tree and
 * prints one. */
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ap/xml/xml.h"
#include "tests/support/bench.h"
#include "ubl/render/render.h"

static const struct bench_size sizes[] = {
    {"typical (2 lines)", 0, 1.0}, {"1,000 lines", 1000, 2.0}, {"10,000 lines", 10000, 5.0}};

static struct err e;

static void die(const char *what)
{
    (void)fprintf(stderr, "bench_render: %s: %s %s\n", what, e.code, e.msg);
    exit(1);
}

static void floor_dom(void *p)
{
    const struct buf *doc = p;
    xmlDoc *d = xmlReadMemory(doc->p, (int)doc->n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    xmlChar *text = NULL;
    int n = 0;

    if (d)
        xmlDocDumpMemory(d, &text, &n);
    if (!text)
        die("libxml2");
    xmlFree(text);
    xmlFreeDoc(d);
}

static void page(void *p)
{
    const struct buf *doc = p;
    struct blob in = blob_str(buf_view(doc));
    struct buf out;

    buf_init(&out, 1u << 28);
    if (render_html(&out, &in, RENDER_EN, &e))
        die("render");
    buf_free(&out);
}

static double peak_mb(const struct buf *doc)
{
    const char *path = "build/bench/page.xml";
    double mb = -1;
    FILE *f;

    (void)mkdir("build/bench", 0777);
    f = fopen(path, "we");
    if (f && fwrite(doc->p, 1, doc->n, f) == doc->n && fclose(f) == 0)
        mb = bench_peak_mb((const char *const[]){
            "build/release/aviso", "render", path, "-o", "build/bench/page.html", NULL});
    if (mb < 0)
        die("memory");
    return mb;
}

int main(void)
{
    xml_init();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        double dom, ms;
        struct buf doc;
        if (bench_invoice(&doc, sizes[i].lines, &e))
            die("document");
        dom = bench_median(floor_dom, &doc, sizes[i].seconds);
        ms = bench_median(page, &doc, sizes[i].seconds);
        (void)printf("%s, %zu bytes\n", sizes[i].name, doc.n);
        (void)printf("  libxml2 DOM, written again (floor)  %10.3f ms\n", dom);
        (void)printf(
            "  aviso, the page                     %10.3f ms   %.2f x floor\n", ms, ms / dom);
        (void)printf("  aviso, peak memory of a process     %10.1f MB\n", peak_mb(&doc));
        (void)fflush(stdout);
        buf_free(&doc);
    }
    return 0;
}
