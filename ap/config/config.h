/* config.h - every option of the product in one table: file, environment, flag, default, in that
 * room.
 *
 * Read from FILE, then FILE.d/<name>.conf in name order, then environment AVISO_SECTION_KEY, then
 * flags; later wins. An unknown key or a bad value is an error with file, line and the nearest
 * name. The same table prints `config show --origin` and the manual page's option list. Immutable
 * after loading: any thread may share it; a reload makes a new one. */
#ifndef AP_CONFIG_CONFIG_H
#define AP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "ap/base/arena.h"
#include "ap/base/buf.h"
#include "ap/base/err.h"

enum config_mode { MODE_UNSET, MODE_LAB, MODE_TEST, MODE_PRODUCTION };
enum config_revocation { REVOCATION_HARD, REVOCATION_SOFT, REVOCATION_OFF };
enum config_plain { PLAIN_NO, PLAIN_LOOPBACK, PLAIN_PROXY };

struct config {   /* strings live in the config's arena; "" = not set */
    int64_t mode; /* enum config_mode */
    const char *key_file, *cert_file, *old_key_file, *old_cert_file;
    const char *data_dir, *anchor_dir;
    const char *listen, *path, *public_url, *tls_cert_file, *tls_key_file;
    int64_t plain; /* enum config_plain */
    const char *spool;
    int64_t allow_volatile_spool, spool_min_free;
    const char *sml_zone, *resolver, *resolver2, *dnssec_anchor_file, *connect_to, *tls_ca_file;
    int64_t lookup_timeout, lookup_cache, last_known_good;
    const char *smp_url, *smp_user, *smp_secret_file, *smp_ca_file, *smp_description, *smp_contact;
    int64_t smp_timeout, smp_check_every;
    int64_t revocation; /* enum config_revocation */
    int64_t revocation_grace, revocation_refresh;
    int64_t deliver_by, retry_first, retry_max, connect_timeout, answer_timeout, unknown_resend;
    const char *drop_folder, *routes_file, *route;
    const char *canary_from, *canary_to, *heartbeat_url;
    int64_t canary_ping; /* bool */
    int64_t canary_every, canary_silence, heartbeat_every;
    int64_t retry_horizon, retry_window, retry_after_max;
    int64_t validate; /* bool: sending refuses invalid documents */
    int64_t refuse_twin;
    int64_t max_payload, max_inflated, max_ratio, max_connections, heavy, senders, validate_max;
    int64_t body_rate, request_deadline, drain;
    int64_t log_json, log_level;
    const char *alarm_command, *alarm_webhook, *alarm_webhook_secret_file;
    const char *alarm_mail_to, *alarm_mail_from, *alarm_sendmail;
    int64_t alarm_repeat, alarm_pause, alarm_timeout, alarm_circuit_after, alarm_slow_after;
    int64_t alarm_smp_after;

    unsigned refs; /* atomic */
    struct arena *arena;
    const char **origin; /* parallel to the option table */
};

/* Flags are "section.key=value". `path` NULL: $AVISO_CONFIG, else ./aviso.conf when it exists, else
 * /etc/aviso/aviso.conf when it exists, else none. config.* (ERR_CONFIG). */
int config_load(struct config **out, const char *path, const char *const *flags, size_t nflags,
    struct err *e) MUST_CHECK;
struct config *config_ref(struct config *c);
void config_free(struct config *c); /* the last one; NULL is fine */

/* What a running access point needs beyond syntax: mode set, files there, lab-only options only in
 * lab, key and certificate readable. One error names the first thing to mend. */
int config_check(const struct config *c, struct err *e) MUST_CHECK;

/* "key = value" lines by section; with origin: "  # from FILE:12". */
void config_print(struct buf *out, const struct config *c, bool origin);
/* What a running service has built itself on (its spool, its addresses, its resolvers) keeps the
 * value of `running`, whose strings `fresh` then borrows. The options that were to change and need
 * a restart are named in `changed`, with blanks between. */
void config_keep(struct buf *changed, struct config *fresh, const struct config *running);
const char *config_mode_word(int64_t mode); /* "lab" "test" "production" "unset" */
/* A whole configuration file that says what is the default anyway: every option with its meaning.
 */
void config_print_example(struct buf *out);
/* The option list as mdoc items for aviso.conf(5). */
void config_print_manual(struct buf *out);

#endif
