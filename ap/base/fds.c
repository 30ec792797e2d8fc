#include "ap/base/fds.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

size_t fds_allow(size_t want)
{
    struct rlimit r;

    if (getrlimit(RLIMIT_NOFILE, &r))
        return 0;
    if (r.rlim_cur < want && r.rlim_cur < r.rlim_max) {
        struct rlimit more = {want < r.rlim_max ? want : r.rlim_max, r.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            r = more;
    }
    return r.rlim_cur;
}

bool fds_spare(size_t n)
{
    int fd[FDS_SPARE_MAX];
    size_t got = 0;

    n = n < FDS_SPARE_MAX ? n : FDS_SPARE_MAX;
    while (got < n && (fd[got] = eventfd(0, EFD_CLOEXEC)) >= 0)
        got++;
    for (size_t i = 0; i < got; i++)
        (void)close(fd[i]);
    return got == n;
}
