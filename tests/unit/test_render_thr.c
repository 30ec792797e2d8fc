/* Pages by several threads at once are the pages of one thread: the compiled stylesheet and the
 * labels are shared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>

#include <cmocka.h>

#include "ap/base/fsx.h"
#include "ap/xml/xml.h"
#include "ubl/render/render.h"

#define THREADS 4
#define PAGES 10

static struct buf doc;

struct worker {
    enum render_lang lang;
    struct buf first;
    unsigned same;
};

static void page(struct buf *out, enum render_lang lang)
{
    struct blob in = blob_str(buf_view(&doc));
    struct err e;

    buf_init(out, 8u << 20);
    if (render_html(out, &in, lang, &e))
        buf_clear(out);
}

static void *work(void *p)
{
    struct worker *w = p;

    page(&w->first, w->lang);
    for (unsigned i = 0; i < PAGES; i++) {
        struct buf next;
        page(&next, w->lang);
        w->same += next.n && str_eq(buf_view(&next), buf_view(&w->first));
        buf_free(&next);
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **unused)
{
    struct worker w[THREADS] = {0};
    pthread_t t[THREADS];
    struct err e;

    (void)unused;
    buf_init(&doc, 1 << 20);
    assert_int_equal(fsx_read_file(&doc, "tests/golden/render/invoice.xml", &e), 0);
    for (int i = 0; i < THREADS; i++) {
        w[i].lang = (enum render_lang)i;
        assert_int_equal(pthread_create(&t[i], NULL, work, &w[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        struct buf alone;
        assert_int_equal(pthread_join(t[i], NULL), 0);
        assert_int_equal(w[i].same, PAGES);
        page(&alone, w[i].lang);
        assert_true(str_eq(buf_view(&alone), buf_view(&w[i].first)));
        buf_free(&alone);
        buf_free(&w[i].first);
    }
    buf_free(&doc);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(threads_do_not_disturb_each_other),
    };

    xml_init();
    return cmocka_run_group_tests(t, NULL, NULL);
}
