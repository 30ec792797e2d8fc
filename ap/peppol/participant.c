#include "ap/peppol/participant.h"

#include <stdio.h>

#include "ap/base/enc.h"
#include "ap/base/hash.h"

#define CODE_LEN 4
#define ID_MAX 130 /*= PFUOI 4.4.0 POLICY 1 "maximum length of 130 characters" */
#define SPIS_CODE "0242"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    char l = lower(c);

    return is_digit(c) || (l >= 'a' && l <= 'z');
}

static bool id_char(char c)
{
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static int odd_value(struct str v, const char *why, struct err *e)
{
    return err_set(e, ERR_INPUT, "id.participant", "PFUOI POLICY 1",
        "participant identifier \"%.*s\" %s", v.n > 60 ? 60 : (int)v.n, v.p, why);
}

static int take_value(struct participant *out, struct str v, struct err *e)
{
    size_t i = 0;

    while (i < v.n && i < CODE_LEN && is_digit(v.p[i]))
        i++;
    if (i < CODE_LEN || v.n == CODE_LEN || v.p[CODE_LEN] != ':')
        return odd_value(v, "does not start with four digits and a colon", e);
    if (v.n == CODE_LEN + 1)
        return odd_value(v, "has nothing behind the colon", e);
    if (v.n > CODE_LEN + 1 + ID_MAX)
        return odd_value(v, "has more than 130 characters behind the colon", e);
    for (i = CODE_LEN + 1; i < v.n; i++)
        if (!id_char(v.p[i]))
            return odd_value(v, "has a character other than A-Z a-z 0-9 - . _ ~", e);
    memcpy(out->value, v.p, v.n);
    out->value[v.n] = '\0';
    return 0;
}

int participant_parse(struct participant *out, struct str text, struct err *e)
{
    struct str prefix = STR(PARTICIPANT_SCHEME "::");

    memset(out, 0, sizeof(*out));
    if (str_has_prefix(text, prefix))
        text = str_sub(text, prefix.n, text.n);
    else if (str_find(text, STR("::")) < text.n)
        return odd_value(text, "has a scheme other than " PARTICIPANT_SCHEME, e);
    return take_value(out, text, e);
}

/*= PFUOI 4.4.0 POLICY 5 "iso6523-actorid-upis only" */
int participant_make(struct participant *out, struct str scheme, struct str value, struct err *e)
{
    memset(out, 0, sizeof(*out));
    /*= PFUOI 4.4.0 POLICY 2 "scheme ... case sensitive" */
    if (!str_eqz(scheme, PARTICIPANT_SCHEME))
        return err_set(e, ERR_INPUT, "id.participant", "PFUOI POLICY 5",
            "participant identifier scheme \"%.*s\" is not " PARTICIPANT_SCHEME,
            scheme.n > 60 ? 60 : (int)scheme.n, scheme.p);
    return take_value(out, value, e);
}

/*= PFUOI 4.4.0 POLICY 9 "EndpointID's schemeID is the code" */
int participant_from_endpoint(
    struct participant *out, struct str code, struct str value, struct err *e)
{
    char v[PARTICIPANT_VALUE];
    int n;

    memset(out, 0, sizeof(*out));
    if (code.n != CODE_LEN)
        return err_set(e, ERR_INPUT, "id.participant", "PFUOI POLICY 9",
            "EndpointID schemeID \"%.*s\" is not a 4-digit code", code.n > 60 ? 60 : (int)code.n,
            code.p);
    if (value.n > ID_MAX)
        return odd_value(value, "is longer than 130 characters", e);
    n = snprintf(v, sizeof(v), "%.*s:%.*s", STR_FMT(code), STR_FMT(value));
    return take_value(out, (struct str){v, (size_t)n}, e);
}

/*= PFUOI 4.4.0 POLICY 2 "values are case insensitive" */
bool participant_same(const struct participant *a, const struct participant *b)
{
    return a->value[0] && str_ieq(str_z(a->value), str_z(b->value));
}

struct str participant_code(const struct participant *p)
{
    return str_sub(str_z(p->value), 0, CODE_LEN);
}

struct str participant_id(const struct participant *p)
{
    struct str v = str_z(p->value);

    return str_sub(v, CODE_LEN + 1, v.n);
}

void participant_canonical(struct participant *out, const struct participant *p)
{
    for (size_t i = 0; i < sizeof(out->value); i++)
        out->value[i] = lower(p->value[i]);
}

void participant_text(struct buf *out, const struct participant *p)
{
    buf_puts(out, PARTICIPANT_SCHEME "::");
    buf_puts(out, p->value);
}

void participant_path(struct buf *out, const struct participant *p)
{
    struct participant low;

    /* SMPs compare case-insensitively by rule but not all do: the canonical form is the safe one */
    participant_canonical(&low, p);
    enc_pct(out, STR(PARTICIPANT_SCHEME "::"));
    enc_pct(out, str_z(low.value));
}

int participant_dns(
    char out[PARTICIPANT_DNS], const struct participant *p, const char *zone, struct err *e)
{
    struct participant low;
    uint8_t digest[HASH_LEN];
    struct str z = str_z(zone);
    struct buf label;
    int n, rc;

    while (z.n && z.p[z.n - 1] == '.')
        z.n--;
    participant_canonical(&low, p);
    /*= SML 1.3.0 3.2.4 "BASE32 of the SHA-256 of the lower-case participant identifier" */
    if (hash_of(digest, low.value, strlen(low.value), e))
        return -1;
    buf_init(&label, 64);
    enc_b32(&label, digest, sizeof(digest));
    rc = buf_check(&label, e);
    n = rc ? 0
           : snprintf(out, PARTICIPANT_DNS, "%s." PARTICIPANT_SCHEME ".%.*s.", label.p, STR_FMT(z));
    buf_free(&label);
    if (rc)
        return -1;
    if (n < 0 || n >= PARTICIPANT_DNS)
        return err_set(e, ERR_CONFIG, "id.zone", "RFC 1035 2.3.4", "DNS zone is too long");
    return 0;
}

/* -[0-9A-Z_]{3,12}(.[0-9A-Z-._~]{3,24})? , letters in either case */
static bool spis_suffix(struct str s)
{
    size_t n = 1, m;

    if (s.n == 0 || s.p[0] != '-')
        return false;
    while (n < s.n && (is_alnum(s.p[n]) || s.p[n] == '_'))
        n++;
    if (n - 1 < 3 || n - 1 > 12)
        return false;
    if (n == s.n)
        return true;
    if (s.p[n] != '.')
        return false;
    m = s.n - n - 1;
    return m >= 3 && m <= 24; /* characters: id_char, checked when parsed */
}

/*= SPIS 1.0.0 2 "0242 and the seat's six digits" */
bool participant_is_spis(const struct participant *p)
{
    struct str id = participant_id(p);

    if (!str_eqz(participant_code(p), SPIS_CODE) || id.n < 6)
        return false;
    for (size_t i = 0; i < 6; i++)
        if (!is_digit(id.p[i]))
            return false;
    return id.n == 6 || spis_suffix(str_sub(id, 6, id.n));
}

static bool seat_ok(const char *seat)
{
    size_t i = 1;

    if (!seat || seat[0] != 'P')
        return false;
    for (; i < 3; i++)
        if (seat[i] < 'A' || seat[i] > 'Z')
            return false;
    for (; i < 9; i++)
        if (!is_digit(seat[i]))
            return false;
    return seat[9] == '\0';
}

bool participant_spis_of_seat(const struct participant *p, const char *seat_id)
{
    return seat_ok(seat_id) && participant_is_spis(p) &&
           memcmp(participant_id(p).p, seat_id + 3, 6) == 0;
}

int participant_spis_from_seat(struct participant *out, const char *seat_id, struct err *e)
{
    memset(out, 0, sizeof(*out));
    if (!seat_ok(seat_id))
        return err_set(e, ERR_INPUT, "id.seat", "SPIS 1.0", "\"%.60s\" is not a Seat ID", seat_id);
    (void)snprintf(out->value, sizeof(out->value), SPIS_CODE ":%s", seat_id + 3);
    return 0;
}
