#include "ap/in/in_crash.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ap/base/enc.h"
#include "ap/base/hash.h"

#define MAGIC 0x31766372u /* of this layout; another file is begun anew */
#define NOTES 32u         /* the oldest makes room */
#define SLOTS_MAX 256u
#define TIMES_MAX 2u
#define FORGET_MS ((int64_t)86400 * 1000)
#define HEAD_BYTES (64u * 1024)
#define STACK_BYTES (32u * 1024) /* of the handler: the message may have used up its own */

struct slot {
    atomic_int used, signal;
    struct in_crash_note note;
};
struct file {
    uint32_t magic;
    struct in_crash_note notes[NOTES]; /* times 0: free */
    struct slot slots[SLOTS_MAX];
};

struct in_crash {
    struct file *file;
    pthread_mutex_t lock; /* taking a slot */
    unsigned nslots;
    size_t told; /* notes given by in_crash_next */
    bool fresh[NOTES];
    char *stacks; /* one for each slot */
};

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static _Thread_local struct slot *mine;
static _Thread_local stack_t before; /* another may have given the thread one */

static void on_crash(int sig)
{
    if (mine)
        atomic_store(&mine->signal, sig);
    (void)raise(sig); /* SA_RESETHAND: now it ends us */
}

static void take_signals(bool yes)
{
    struct sigaction a = {.sa_handler = yes ? on_crash : SIG_DFL,
        .sa_flags = yes ? (int)(SA_RESETHAND | SA_ONSTACK) : 0};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        (void)sigaction(signals[i], &a, NULL);
}

/* ---- opening ---- */

static struct in_crash_note *find(struct in_crash *c, const char *key)
{
    for (size_t i = 0; i < NOTES; i++)
        if (c->file->notes[i].times && strcmp(c->file->notes[i].key, key) == 0)
            return &c->file->notes[i];
    return NULL;
}

static struct in_crash_note *room(struct in_crash *c)
{
    struct in_crash_note *n = &c->file->notes[0];

    for (size_t i = 0; i < NOTES && n->times; i++)
        if (!c->file->notes[i].times || c->file->notes[i].at < n->at)
            n = &c->file->notes[i];
    return n;
}

/* Power may have gone while the last process wrote them. */
static void end_texts(struct in_crash_note *n)
{
    n->key[sizeof(n->key) - 1] = '\0';
    n->remote[sizeof(n->remote) - 1] = '\0';
    n->message_id[sizeof(n->message_id) - 1] = '\0';
}

/* The marks that the last process left become notes. */
static void collect(struct in_crash *c, int64_t now)
{
    for (size_t i = 0; i < NOTES; i++)
        end_texts(&c->file->notes[i]);
    for (size_t i = 0; i < SLOTS_MAX; i++) {
        struct slot *s = &c->file->slots[i];
        struct in_crash_note *n;
        unsigned times;
        end_texts(&s->note);
        n = s->signal ? find(c, s->note.key) : NULL;
        times = n ? n->times : 0;
        if (s->signal) {
            n = n ? n : room(c);
            *n = s->note;
            n->signal = s->signal;
            n->times = times + 1;
            n->at = now;
            c->fresh[n - c->file->notes] = true;
        }
        s->used = s->signal = 0;
    }
}

static int map_file(struct in_crash *c, const char *spool, struct err *e)
{
    char path[4200];
    void *p;
    int fd;

    (void)snprintf(path, sizeof(path), "%s/receiving", spool);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(e, "io.open", "open", path);
    if (posix_fallocate(fd, 0, sizeof(struct file)) || ftruncate(fd, sizeof(struct file))) {
        (void)err_errno(e, "io.write", "make room for", path);
        (void)close(fd);
        return -1;
    }
    p = mmap(NULL, sizeof(struct file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (p == MAP_FAILED)
        return err_errno(e, "io.read", "map", path);
    c->file = p;
    if (c->file->magic != MAGIC)
        memset(c->file, 0, sizeof(*c->file));
    c->file->magic = MAGIC;
    return 0;
}

int in_crash_open(
    struct in_crash **out, const char *spool, unsigned slots, int64_t now, struct err *e)
{
    struct in_crash *c = calloc(1, sizeof(*c));

    *out = NULL;
    if (!c)
        return err_nomem(e);
    c->nslots = slots < SLOTS_MAX ? slots : SLOTS_MAX;
    (void)pthread_mutex_init(&c->lock, NULL);
    if (!(c->stacks = malloc((size_t)c->nslots * STACK_BYTES)))
        (void)err_nomem(e);
    if (!c->stacks || map_file(c, spool, e)) {
        in_crash_close(c);
        return -1;
    }
    collect(c, now);
    take_signals(true);
    *out = c;
    return 0;
}

void in_crash_close(struct in_crash *c)
{
    if (!c)
        return;
    take_signals(false);
    if (c->file)
        (void)munmap(c->file, sizeof(*c->file));
    (void)pthread_mutex_destroy(&c->lock);
    free(c->stacks);
    free(c);
}

int in_crash_next(struct in_crash_note *out, struct in_crash *c)
{
    while (c->told < NOTES)
        if (c->fresh[c->told++]) {
            *out = c->file->notes[c->told - 1];
            return 1;
        }
    return 0;
}

/* ---- one message ---- */

/* As it stands there: for a person who looks for it. */
static void find_message_id(char *out, size_t max, const char *p, size_t n)
{
    static const char tag[] = "MessageId>";
    const char *at = memmem(p, n, tag, sizeof(tag) - 1);
    size_t len = 0;

    for (at = at ? at + sizeof(tag) - 1 : p + n; at < p + n && *at != '<' && len + 1 < max; at++)
        if (*at > ' ' && *at < 0x7f)
            out[len++] = *at;
    out[len] = '\0';
}

/* False when it cannot be read; that is for who works on it to tell. */
static bool describe(struct in_crash_note *n, const struct blob *body, const char *remote)
{
    size_t len = body->len < HEAD_BYTES ? (size_t)body->len : HEAD_BYTES;
    char *head = malloc(len + sizeof(body->len));
    uint8_t digest[HASH_LEN];
    bool ok;

    *n = (struct in_crash_note){.len = body->len};
    ok = head && blob_read(body, 0, head, len, NULL) == 0;
    if (ok) {
        memcpy(head + len, &body->len, sizeof(body->len));
        ok = hash_of(digest, head, len + sizeof(body->len), NULL) == 0;
    }
    if (ok) {
        enc_hex(n->key, digest, (sizeof(n->key) - 1) / 2);
        find_message_id(n->message_id, sizeof(n->message_id), head, len);
        (void)snprintf(n->remote, sizeof(n->remote), "%s", remote);
    }
    free(head);
    return ok;
}

static struct slot *take_slot(struct in_crash *c, const struct in_crash_note *n)
{
    struct slot *s = NULL;

    (void)pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->nslots && !s; i++)
        if (!c->file->slots[i].used) {
            s = &c->file->slots[i];
            s->note = *n;
            s->used = 1;
        }
    (void)pthread_mutex_unlock(&c->lock);
    return s;
}

bool in_crash_enter(struct in_crash *c, const struct blob *body, const char *remote, int64_t now,
    struct in_crash_note *note)
{
    const struct in_crash_note *known;
    stack_t stack = {.ss_size = STACK_BYTES};

    if (!c || !describe(note, body, remote))
        return true;
    known = find(c, note->key); /* notes change at the start only */
    if (known && known->times >= TIMES_MAX && now - known->at < FORGET_MS) {
        *note = *known;
        return false;
    }
    if ((mine = take_slot(c, note))) {
        stack.ss_sp = c->stacks + (size_t)(mine - c->file->slots) * STACK_BYTES;
        (void)sigaltstack(&stack, &before);
    }
    return true;
}

void in_crash_leave(struct in_crash *c)
{
    if (!c || !mine)
        return;
    (void)sigaltstack(&before, NULL);
    atomic_store(&mine->used, 0);
    mine = NULL;
}
