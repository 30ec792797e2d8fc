#include "ap/base/watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "ap/base/clock.h"

#define CHANGES (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE)

int watch_open(struct watch *out, const char *folder, const char *prefix, struct err *e)
{
    (void)snprintf(out->prefix, sizeof(out->prefix), "%s", prefix);
    out->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (out->fd >= 0 && inotify_add_watch(out->fd, folder, CHANGES) >= 0)
        return 0;
    (void)err_errno(e, "io.watch", "watch", folder);
    watch_close(out);
    return -1;
}

/* Everything that is there is read: many changes wake once. A queue that ran over counts too. */
static bool drain(const struct watch *w)
{
    _Alignas(struct inotify_event) char bytes[4096];
    size_t len = strlen(w->prefix);
    bool hit = false;
    ssize_t n;

    while ((n = read(w->fd, bytes, sizeof(bytes))) > 0)
        for (ssize_t at = 0; at < n;) {
            struct inotify_event ev;
            memcpy(&ev, bytes + at, sizeof(ev));
            hit |= (ev.mask & IN_Q_OVERFLOW) != 0 || !len ||
                   (ev.len && strncmp(bytes + at + sizeof(ev), w->prefix, len) == 0);
            at += (ssize_t)(sizeof(ev) + ev.len);
        }
    return hit;
}

int watch_wait(struct watch *w, int64_t ms, struct err *e)
{
    int64_t until = clock_mono() + ms, left;

    for (;;) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        left = until - clock_mono();
        if (left < 0)
            return 0;
        if (poll(&p, 1, (int)(left < 3600000 ? left + 1 : 3600000)) < 0 && errno != EINTR)
            return err_errno(e, "io.watch", "poll", "");
        if ((p.revents & POLLIN) && drain(w))
            return 1;
    }
}

void watch_close(struct watch *w)
{
    if (w->fd >= 0)
        (void)close(w->fd);
    w->fd = -1;
}
