/* cli.h - what every command shares: its table entry, its parsed flags, its way of speaking.
 *
 * One table (commands.c) is the source of the parser, --help, man pages and shell completion, so
 * none can drift. Data goes to stdout, talk to stderr; nothing is asked without a terminal. Exit
 * codes are those of EXIT_* below and nothing else. One thread. */
#ifndef AP_CLI_CLI_H
#define AP_CLI_CLI_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

#include "ap/base/arena.h"
#include "ap/base/err.h"
#include "ap/base/str.h"
#include "ap/config/config.h"

enum exit_code { /* sysexits where they fit; documented in aviso(1) */
    EXIT_OK = 0,
    EXIT_NO = 1, /* the answer is "no": invalid, not registered, something late */
    EXIT_USAGE = 64,
    EXIT_INPUT = 65,
    EXIT_MISSING = 66,
    EXIT_UNREACHED = 69, /* a service we need was not reachable and nothing was accepted */
    EXIT_BUG = 70,
    EXIT_SPOOL = 74,    /* write or fsync failed; nothing accepted */
    EXIT_UNPROVEN = 75, /* accepted, not proven yet: do not send again */
    EXIT_PROTOCOL = 76,
    EXIT_DENIED = 77,
    EXIT_SETUP = 78
};

struct cli_flag {
    const char *name; /* without -- */
    const char *arg;  /* word for its value in the help, or NULL: no value */
    const char *help;
};

struct cli;
struct cli_command {
    const char *name;             /* "send", "participant add" */
    const char *args;             /* "FILE..."; "": arguments are wrong usage */
    const char *summary;          /* one line */
    const char *examples;         /* lines, shown first */
    const struct cli_flag *flags; /* ends with a NULL name */
    int (*run)(struct cli *c);    /* an exit code */
};
extern const struct cli_command cli_commands[]; /* ends with a NULL name */
extern const struct cli_flag cli_global_flags[];

#define CLI_MAX_ARGS 65536
struct cli {
    const struct cli_command *command;
    char **args; /* what is neither command nor flag */
    size_t nargs;
    struct {
        const char *name, *value;
    } set[64];
    size_t nset;
    bool json, quiet, color;
    int verbose;
    struct config *config; /* loaded on demand by cli_config */
    struct arena *arena;
    int worst; /* exit code of several inputs: see cli_worse */
};

bool cli_has(const struct cli *c, const char *flag);
const char *cli_get(const struct cli *c, const char *flag); /* last one given, or NULL */
/* The i-th value of a repeatable flag, or NULL. */
const char *cli_get_nth(const struct cli *c, const char *flag, size_t i);

/* Configuration by --config and --set. `checked`: also config_check(). */
int cli_config(struct cli *c, bool checked, struct err *e) MUST_CHECK;
/* The same, read anew; the caller frees it. */
int cli_config_load(struct config **out, const struct cli *c, struct err *e) MUST_CHECK;

/* Tell a failure in its five parts (text on stderr, or one JSON line on stdout with --json).
 * `input`: the file or id it is about, or NULL. Returns the exit code that belongs to it. */
int cli_fail(struct cli *c, const char *input, const struct err *e);
/* What to do about it: what the error says, else its name, else its class. */
const char *cli_next_step(const struct err *e);
int cli_nomem(struct cli *c); /* memory.exhausted, as cli_fail */
/* The same object, to be put into another one ("error": {...}). */
struct json_object *cli_error_json(const struct err *e);
int cli_usage(struct cli *c, const char *fmt, ...) PRINTF(2, 3); /* says it, returns EXIT_USAGE */
/* Something that cannot be undone: --yes, else asked on a terminal, else EXIT_USAGE. EXIT_OK: go
 * on; EXIT_NO: the person said no. */
int cli_confirm(struct cli *c, const char *fmt, ...) PRINTF(2, 3);
/* Print one JSON object as a line and free it. */
void cli_json(struct json_object *o);
/* The worse of two codes by the order of interfaces.md: 70 74 78 77 76 65 66 64 1 69 75 0. */
int cli_worse(int a, int b);

/* Error names: one table for exit code, meaning and what to do; the source of aviso-errors(7). */
struct error_name {
    const char *name;
    int exit;
    const char *meaning, *todo;
};
extern const struct error_name error_names[];               /* sorted, ends with a NULL name */
const struct error_name *error_name_find(const char *name); /* or NULL */
int error_exit_code(const struct err *e);

#endif
