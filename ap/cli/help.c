/* help.c - help, manual pages and completion out of the tables. */
#include "ap/cli/help.h"

#include <ctype.h>
#include <string.h>

#include "ap/config/config.h"

#ifndef AVISO_VERSION
#define AVISO_VERSION "0.1.0"
#endif

void help_version(void)
{
    (void)printf("aviso %s\n", AVISO_VERSION);
}

static void flags(FILE *out, const struct cli_flag *f)
{
    for (; f && f->name; f++) {
        char left[64];
        bool optional = f->arg && f->arg[0] == '[';
        (void)snprintf(left, sizeof(left), "--%s%s%s", f->name, f->arg && !optional ? " " : "",
            f->arg ? f->arg : "");
        (void)fprintf(out, "  %-26s %s\n", left, f->help);
    }
}

void help_command(FILE *out, const struct cli_command *c)
{
    (void)fprintf(out, "%s\n\n", c->summary);
    (void)fprintf(out, "Examples:\n%s\n", c->examples);
    (void)fprintf(out, "Usage: aviso %s %s\n", c->name, c->args);
    if (c->flags && c->flags->name) {
        (void)fputs("\nFlags:\n", out);
        flags(out, c->flags);
    }
    (void)fputs("\nEverywhere:\n", out);
    flags(out, cli_global_flags);
    (void)fputs("\nExit codes: 0 done, 1 the answer is no, 64-78 as in aviso(1).\n", out);
}

static bool in_group(const char *name, const char *group)
{
    size_t n = strlen(group);

    return strncmp(name, group, n) == 0 && name[n] == ' ';
}

bool help_has_group(const char *word)
{
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (in_group(c->name, word))
            return true;
    return false;
}

void help_overview(FILE *out, const char *group)
{
    if (!group)
        (void)fputs(
            "aviso: a guaranteed-delivery channel for e-invoices over Peppol AS4\n\n"
            "Examples:\n"
            "  aviso testnet up                      a whole Peppol network on this machine\n"
            "  aviso validate invoice.xml            the official rules\n"
            "  aviso send invoice.xml --wait         until a signed receipt is held\n"
            "  aviso status INV-1042                 where it is, with proof\n\nCommands:\n",
            out);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (!group || in_group(c->name, group))
            (void)fprintf(out, "  %-22s %s\n", c->name, c->summary);
    (void)fputs("\nMore: aviso COMMAND --help\n", out);
}

int help_no_command(struct cli *c, const char *word)
{
    struct str best = {0}, w = str_z(word);
    size_t least = w.n / 2 + 1; /* further off is no typing error */

    for (const struct cli_command *k = cli_commands; k->name; k++) {
        struct str group = {k->name, strcspn(k->name, " ")};
        size_t d = str_distance(w, group);
        if (d < least) {
            least = d;
            best = group;
        }
    }
    if (!best.n)
        return cli_usage(c, "there is no command \"%s\"", word);
    return cli_usage(
        c, "there is no command \"%s\"; the nearest is \"%.*s\"", word, (int)best.n, best.p);
}

/* ---- sources for man pages and completion ---- */

static void roff(FILE *out, const char *s)
{
    bool start = true;

    for (; *s; s++) {
        if (start && (*s == '.' || *s == '\''))
            (void)fputs("\\&", out);
        if (*s == '\\')
            (void)fputs("\\e", out);
        else
            (void)fputc(*s, out);
        start = *s == '\n';
    }
}

static void man_flags(FILE *out, const struct cli_flag *f)
{
    (void)fputs(".Bl -tag -width Ds\n", out);
    for (; f && f->name; f++) {
        (void)fprintf(out, ".It Fl -%s%s", f->name, f->arg ? " " : "");
        if (f->arg)
            (void)fprintf(out, "Ar %s", f->arg);
        (void)fputc('\n', out);
        roff(out, f->help);
        (void)fputs(".\n", out);
    }
    (void)fputs(".El\n", out);
}

static void man_dashed(FILE *out, const char *name)
{
    for (; *name; name++)
        (void)fputc(*name == ' ' ? '-' : *name, out);
}

static void man_command(const struct cli_command *c)
{
    (void)fputs(".Dd 2026-11-22\n.Dt AVISO-", stdout);
    for (const char *p = c->name; *p; p++)
        (void)fputc(*p == ' ' ? '-' : toupper((unsigned char)*p), stdout);
    (void)fputs(" 1\n.Os\n.Sh NAME\n.Nm aviso-", stdout);
    man_dashed(stdout, c->name);
    (void)printf("\n.Nd %s\n.Sh SYNOPSIS\n.Nm aviso\n.Cm %s\n.Op Ar flags\n", c->summary, c->name);
    if (*c->args)
        (void)printf(".Ar %s\n", c->args);
    (void)fputs(".Sh EXAMPLES\n.Bd -literal\n", stdout);
    roff(stdout, c->examples);
    (void)fputs(".Ed\n.Sh FLAGS\n", stdout);
    man_flags(stdout, c->flags);
    (void)fputs("Flags that stand everywhere:\n", stdout);
    man_flags(stdout, cli_global_flags);
    (void)fputs(".Sh EXIT STATUS\n0 done, 1 the answer is no, 64 to 78 as in\n.Xr aviso 1 ,\n"
                "which also tells what SPAN, ID and the like stand for.\n",
        stdout);
    (void)fputs(".Sh SEE ALSO\n.Xr aviso 1 ,\n.Xr aviso.conf 5 ,\n.Xr aviso-errors 7\n", stdout);
}

/* What the words stand for that flags and arguments are written with. */
static void man_values(void)
{
    static const char *const values[][2] = {
        {"SPAN", "a number and s, m, h or d: 30s, 90m, 24h, 5d; without a letter seconds"},
        {"INSTANT", "date and time, 2026-12-01T10:00:00+01:00; without a zone UTC"},
        {"PARTICIPANT", "an identifier with its scheme, 0208:0403170701"},
        {"PARTNER", "a participant, or the Seat ID of an access point, POP000123"},
        {"ID", "whatever a document carries: invoice number, our id or its first characters (4 or "
               "more), InstanceIdentifier, MessageId of any attempt, SHA-256; of an alarm a12"},
        {"LEVEL",
            "of proof: receipted (the receiving access point signed), handed-over (it passed "
            "it on), confirmed (the receiver's system has it), answered (the buyer responded)"},
        {"STATE", "outbound ACCEPTED, SENDING, WAITING, UNKNOWN, HELD, RECEIPTED, REFUSED, "
                  "EXPIRED_UNSENT, EXPIRED_UNKNOWN, CANCELLED, REJECTED; received RECEIVED, "
                  "VALIDATED, HANDED_OVER, ACKNOWLEDGED, QUARANTINED, RELEASED; in any case"}};

    (void)fputs(".Sh VALUES\n.Bl -tag -width Ds\n", stdout);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        (void)printf(".It Ar %s\n%s.\n", values[i][0], values[i][1]);
    (void)fputs(".El\n", stdout);
}

static void man_overview(void)
{
    static const struct {
        int code;
        const char *text;
    } exits[] = {{0, "did what was asked. send: durably accepted; send --wait: a verified signed "
                     "Receipt is held"},
        {1, "the answer is no: invalid, not registered, late"}, {64, "wrong usage"},
        {65, "the input is not what it should be"}, {66, "the input is missing or unreadable"},
        {69, "a service we need was not reachable, nothing was accepted: try again"},
        {70, "a fault of ours: report it"},
        {74, "writing to the spool failed, nothing was accepted"},
        {75, "accepted but not proven yet: do not send again, ask status"},
        {76, "lookup or ping: the other side broke the protocol"},
        {77, "not permitted, or the key is locked"}, {78, "configuration"}};

    (void)fputs(".Dd 2026-11-22\n.Dt AVISO 1\n.Os\n.Sh NAME\n.Nm aviso\n.Nd guaranteed delivery of "
                "e-invoices over Peppol AS4\n.Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar flags\n"
                ".Sh COMMANDS\n.Bl -tag -width Ds\n",
        stdout);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        (void)printf(".It Cm %s\n%s.\n", c->name, c->summary);
    (void)fputs(".El\n.Sh FLAGS\n", stdout);
    man_flags(stdout, cli_global_flags);
    man_values();
    (void)fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", stdout);
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
        (void)printf(".It %d\n%s.\n", exits[i].code, exits[i].text);
    (void)fputs(".El\nOf several inputs the worst counts, in the order 70, 74, 78, 77, 76, 65, 66, "
                "64, 1, 69, 75, 0.\n.Sh SEE ALSO\n.Xr aviso.conf 5 ,\n.Xr aviso-errors 7\n",
        stdout);
}

static void man_errors(void)
{
    (void)fputs(".Dd 2026-11-22\n.Dt AVISO-ERRORS 7\n.Os\n.Sh NAME\n.Nm aviso-errors\n.Nd names of "
                "failures and what to do\n.Sh DESCRIPTION\nEvery failure says what (one of these "
                "names), where, who, its class (transient, permanent, unknown) and what happens "
                "next.\n.Bl -tag -width Ds\n",
        stdout);
    for (const struct error_name *n = error_names; n->name; n++)
        (void)printf(".It Ic %s\n%s. %s. Exit code %d.\n", n->name, n->meaning, n->todo, n->exit);
    (void)fputs(".El\n", stdout);
}

static void man_conf(void)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    config_print_manual(&b);
    (void)fputs(
        ".Dd 2026-11-22\n.Dt AVISO.CONF 5\n.Os\n.Sh NAME\n.Nm aviso.conf\n.Nd configuration "
        "of aviso\n.Sh DESCRIPTION\nLines of key = value under [sections]. Then "
        "aviso.conf.d/*.conf in name order, then the environment "
        "(AVISO_SECTION_KEY), then --set; later wins. An unknown key is an error.\n"
        ".Sh OPTIONS\n",
        stdout);
    (void)fputs(b.p ? b.p : "", stdout);
    buf_free(&b);
}

static void completion_words(void)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        (void)fputs(c->name, stdout);
        for (const struct cli_flag *f = c->flags; f && f->name; f++)
            (void)printf("\t--%s", f->name);
        for (const struct cli_flag *f = cli_global_flags; f->name; f++)
            (void)printf("\t--%s", f->name);
        (void)fputc('\n', stdout);
    }
}

static void completion_bash(void)
{
    (void)fputs("# bash completion for aviso\n_aviso() {\n  local cur=${COMP_WORDS[COMP_CWORD]} "
                "two=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" words=\n"
                "  case \"$two\" in\n",
        stdout);
    /* two-word commands first: a case takes its first match */
    for (int two = 1; two >= 0; two--)
        for (const struct cli_command *c = cli_commands; c->name; c++) {
            if ((strchr(c->name, ' ') != NULL) != two)
                continue;
            (void)printf("    \"%s\"%s) words=\"", c->name, two ? "" : "\\ *");
            for (const struct cli_flag *f = c->flags; f && f->name; f++)
                (void)printf(" --%s", f->name);
            for (const struct cli_flag *f = cli_global_flags; f->name; f++)
                (void)printf(" --%s", f->name);
            (void)fputs("\" ;;\n", stdout);
        }
    (void)fputs("  esac\n  if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"", stdout);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        (void)printf("%.*s ", (int)strcspn(c->name, " "), c->name);
    (void)fputs(
        "\"; fi\n  if [ \"$COMP_CWORD\" -eq 2 ]; then\n    case ${COMP_WORDS[1]} in\n", stdout);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strchr(c->name, ' '))
            (void)printf("      %.*s) words=\"$words %s\" ;;&\n", (int)strcspn(c->name, " "),
                c->name, strchr(c->name, ' ') + 1);
    (void)fputs("    esac\n  fi\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\n"
                "complete -o filenames -F _aviso aviso\n",
        stdout);
}

static void completion_fish(void)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        const char *space = strchr(c->name, ' ');
        if (space)
            (void)printf("complete -c aviso -n '__fish_seen_subcommand_from %.*s' -a %s -d '%s'\n",
                (int)(space - c->name), c->name, space + 1, c->summary);
        else
            (void)printf(
                "complete -c aviso -n __fish_use_subcommand -a %s -d '%s'\n", c->name, c->summary);
        for (const struct cli_flag *f = c->flags; f && f->name; f++)
            (void)printf("complete -c aviso -n '__fish_seen_subcommand_from %.*s' -l %s\n",
                (int)strcspn(c->name, " "), c->name, f->name);
    }
}

static void completion_zsh(void)
{
    (void)fputs("#compdef aviso\nautoload -U +X bashcompinit && bashcompinit\n", stdout);
    completion_bash();
}

static void example_conf(void)
{
    struct buf b;

    buf_init(&b, 1 << 20);
    config_print_example(&b);
    (void)fputs(b.p ? b.p : "", stdout);
    buf_free(&b);
}

int help_source(struct cli *c)
{
    const char *what = c->nargs ? c->args[0] : "", *which = c->nargs > 1 ? c->args[1] : "";

    if (strcmp(what, "words") == 0)
        completion_words();
    else if (strcmp(what, "errors") == 0)
        man_errors();
    else if (strcmp(what, "conf") == 0)
        man_conf();
    else if (strcmp(what, "example") == 0)
        example_conf();
    else if (strcmp(what, "man") == 0 && !*which)
        man_overview();
    else if (strcmp(what, "completion") == 0 && strcmp(which, "bash") == 0)
        completion_bash();
    else if (strcmp(what, "completion") == 0 && strcmp(which, "fish") == 0)
        completion_fish();
    else if (strcmp(what, "completion") == 0 && strcmp(which, "zsh") == 0)
        completion_zsh();
    else if (strcmp(what, "man") == 0) {
        for (const struct cli_command *k = cli_commands; k->name; k++)
            if (strcmp(k->name, which) == 0) {
                man_command(k);
                return EXIT_OK;
            }
        return cli_usage(c, "no command \"%s\"", which);
    } else {
        return cli_usage(
            c, "expected: words, man [COMMAND], errors, conf, example, completion SHELL");
    }
    return EXIT_OK;
}
