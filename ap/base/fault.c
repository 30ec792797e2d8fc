#include "ap/base/fault.h"

#ifdef FAULT_POINTS

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SEEN 256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen {
    const char *name;
    unsigned hits;
} seen[MAX_SEEN];

static unsigned count(const char *name)
{
    unsigned hits = 0;

    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < MAX_SEEN; i++) {
        if (seen[i].name && strcmp(seen[i].name, name) != 0)
            continue;
        if (!seen[i].name) {
            const char *list = getenv("AVISO_FAULT_LIST");
            int fd = list ? open(list, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
            seen[i].name = name;
            if (fd >= 0) {
                (void)dprintf(fd, "%s\n", name);
                (void)close(fd);
            }
        }
        hits = ++seen[i].hits;
        break;
    }
    (void)pthread_mutex_unlock(&lock);
    return hits;
}

static int act(const char *action, size_t n)
{
    static const struct {
        const char *name;
        int no;
    } errnos[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
        {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}};

    if (n == 4 && memcmp(action, "kill", 4) == 0)
        (void)raise(SIGKILL);
    if (n == 5 && memcmp(action, "abort", 5) == 0)
        abort();
    if (n == 4 && memcmp(action, "exit", 4) == 0)
        _exit(70);
    if (n > 5 && memcmp(action, "delay", 5) == 0) {
        long ms = strtol(action + 5, NULL, 10);
        struct timespec t = {ms / 1000, (ms % 1000) * 1000000};
        (void)nanosleep(&t, NULL);
        return 0;
    }
    for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
        if (strlen(errnos[i].name) == n && memcmp(errnos[i].name, action, n) == 0) {
            errno = errnos[i].no;
            return -1;
        }
    return 0;
}

int fault_hit(const char *name)
{
    const char *arm = getenv("AVISO_FAULT_ARM");
    unsigned hits = arm && access(arm, F_OK) ? 0 : count(name);
    const char *spec = getenv("AVISO_FAULT");
    size_t len = strlen(name);

    for (; spec && *spec; spec += *spec == ',') {
        const char *end = spec + strcspn(spec, ","), *action = spec + len + 1, *at;
        unsigned long from = 1;
        bool once = false;
        if ((size_t)(end - spec) > len && memcmp(spec, name, len) == 0 && spec[len] == '=') {
            at = memchr(action, '@', (size_t)(end - action));
            if (at) {
                from = strtoul(at + 1, NULL, 10);
                once = end[-1] == '!';
            }
            if (hits && (hits == from || (hits > from && !once)))
                return act(action, (size_t)((at ? at : end) - action));
        }
        spec = end;
    }
    return 0;
}

#else
typedef int fault_points_are_off; /* ISO C wants a declaration */
#endif
