/* types.c - type names, derived types, sequence type matching, function conversion rules.
 * XPath 2.0 §2.5, §3.1.5; no schema is imported, so of the derived types only the built-in ones. */
#include "ubl/xpath/xpath_priv.h"

#include <math.h>
#include <stdio.h>

static const struct {
    const char *name;
    enum xp_type type;
} prims[] = {{"untypedAtomic", XP_UNTYPED}, {"string", XP_STRING}, {"anyURI", XP_ANYURI},
    {"boolean", XP_BOOLEAN}, {"integer", XP_INTEGER}, {"decimal", XP_DECIMAL},
    {"double", XP_DOUBLE}, {"float", XP_FLOAT}, {"date", XP_DATE}, {"time", XP_TIME},
    {"dateTime", XP_DATETIME}, {"gYear", XP_GYEAR}, {"gYearMonth", XP_GYEARMONTH},
    {"gMonth", XP_GMONTH}, {"gMonthDay", XP_GMONTHDAY}, {"gDay", XP_GDAY},
    {"duration", XP_DURATION}, {"yearMonthDuration", XP_YEARMONTHDURATION},
    {"dayTimeDuration", XP_DAYTIMEDURATION}, {"QName", XP_QNAME}, {"hexBinary", XP_HEXBINARY},
    {"base64Binary", XP_BASE64BINARY}};

static const struct {
    const char *name;
    uint8_t base; /* derived type it restricts, 0 = the primitive */
} derived[XD_N] = {[XD_NON_POSITIVE] = {"nonPositiveInteger", 0},
    [XD_NEGATIVE] = {"negativeInteger", XD_NON_POSITIVE},
    [XD_LONG] = {"long", 0},
    [XD_INT] = {"int", XD_LONG},
    [XD_SHORT] = {"short", XD_INT},
    [XD_BYTE] = {"byte", XD_SHORT},
    [XD_NON_NEGATIVE] = {"nonNegativeInteger", 0},
    [XD_UNSIGNED_LONG] = {"unsignedLong", XD_NON_NEGATIVE},
    [XD_UNSIGNED_INT] = {"unsignedInt", XD_UNSIGNED_LONG},
    [XD_UNSIGNED_SHORT] = {"unsignedShort", XD_UNSIGNED_INT},
    [XD_UNSIGNED_BYTE] = {"unsignedByte", XD_UNSIGNED_SHORT},
    [XD_POSITIVE] = {"positiveInteger", XD_NON_NEGATIVE},
    [XD_NORMALIZED] = {"normalizedString", 0},
    [XD_TOKEN] = {"token", XD_NORMALIZED},
    [XD_LANGUAGE] = {"language", XD_TOKEN},
    [XD_NMTOKEN] = {"NMTOKEN", XD_TOKEN},
    [XD_NAME] = {"Name", XD_TOKEN},
    [XD_NCNAME] = {"NCName", XD_NAME},
    [XD_ID] = {"ID", XD_NCNAME},
    [XD_IDREF] = {"IDREF", XD_NCNAME},
    [XD_ENTITY] = {"ENTITY", XD_NCNAME}};

bool xtype_by_name(struct str local, enum xp_type *prim, enum xderived *d)
{
    *d = XD_NONE;
    for (size_t i = 0; i < sizeof(prims) / sizeof(prims[0]); i++)
        if (str_eqz(local, prims[i].name)) {
            *prim = prims[i].type;
            return true;
        }
    for (int i = 1; i < XD_N; i++)
        if (str_eqz(local, derived[i].name)) {
            *prim = i < XD_STR_FIRST ? XP_INTEGER : XP_STRING;
            *d = (enum xderived)i;
            return true;
        }
    return false;
}

const char *xtype_name(enum xp_type t)
{
    static const char *const names[] = {"a node", "a text node", "a document node",
        "xs:untypedAtomic", "xs:string", "xs:anyURI", "xs:boolean", "xs:integer", "xs:decimal",
        "xs:double", "xs:float", "xs:date", "xs:time", "xs:dateTime", "xs:gYear", "xs:gYearMonth",
        "xs:gMonth", "xs:gMonthDay", "xs:gDay", "xs:duration", "xs:yearMonthDuration",
        "xs:dayTimeDuration", "xs:QName", "xs:hexBinary", "xs:base64Binary"};

    return names[t];
}

const char *xp_item_type(const struct xp_ctx *c, const struct xp_item *it)
{
    static const char *const kinds[] = {"document-node()", "element()", "attribute()", "text()",
        "comment()", "processing-instruction()"};

    if (it->type == XP_NODE)
        return kinds[c->nd[it->node].kind];
    if (it->type == XP_TEXT_NODE || it->type == XP_DOC_NODE)
        return it->type == XP_TEXT_NODE ? "text()" : "document-node()";
    return xtype_name(it->type);
}

const char *xderived_name(uint32_t d)
{
    return derived[d].name;
}

bool xderived_from(uint32_t have, uint32_t want)
{
    for (; have; have = derived[have].base)
        if (have == want)
            return true;
    return want == 0;
}

/* The primitive type hierarchy of XPath: integer is a decimal, the two durations are durations. */
static bool prim_matches(enum xp_type have, enum xp_type want)
{
    if (have == want)
        return true;
    if (want == XP_DECIMAL)
        return have == XP_INTEGER;
    return want == XP_DURATION && (have == XP_YEARMONTHDURATION || have == XP_DAYTIMEDURATION);
}

bool xitem_matches(const struct xp_ctx *c, const struct stype *t, const struct xp_item *it)
{
    if (t->any)
        return true;
    if (t->empty)
        return false;
    if (t->atomic)
        return !xis_node(it) && (t->any_atomic || (prim_matches(it->type, t->prim) &&
                                                      (it->type != t->prim || !t->derived ||
                                                          xderived_from(it->node, t->derived))));
    if (it->type == XP_NODE)
        return xnode_matches(c, &t->test, it->node);
    if (!xis_node(it) || t->test.how != NT_ANY)
        return false;
    return (t->test.kinds >> (it->type == XP_DOC_NODE ? TREE_DOCUMENT : TREE_TEXT) & 1) != 0;
}

struct str xnode_string(const struct xp_ctx *c, const struct xp_item *it)
{
    return it->type == XP_NODE ? tree_string(c->t, it->node) : it->s;
}

/* Typed value of a node: xs:string for comments and PIs, else xs:untypedAtomic. */
void xatomize(const struct xp_ctx *c, const struct xp_item *it, struct xp_item *out)
{
    if (!xis_node(it)) {
        if (out != it)
            *out = *it;
        return;
    }
    out->s = xnode_string(c, it);
    out->type =
        it->type == XP_NODE && c->nd[it->node].kind >= TREE_COMMENT ? XP_STRING : XP_UNTYPED;
    out->node = 0;
}

static int promote(
    struct xp_ctx *c, const struct stype *st, const struct xp_item *in, struct xp_item *out)
{
    if (st->derived)
        return 0;
    if (st->prim == XP_DOUBLE && xis_num(in)) {
        *out = xdouble(xnum_double(in));
        return 1;
    }
    if (st->prim == XP_FLOAT && in->type <= XP_DECIMAL && xis_num(in)) {
        *out = (struct xp_item){.type = XP_FLOAT, .f = dec_to_float(in->dec)};
        return 1;
    }
    if (st->prim == XP_DECIMAL && xis_num(in)) { /* as XPath 4.0, which Saxon 13 follows here */
        *out = (struct xp_item){.type = XP_DECIMAL};
        return isfinite(xnum_double(in)) && !xdec_shown(c->a, xnum_double(in), &out->dec);
    }
    if (st->prim == XP_STRING && in->type == XP_ANYURI) {
        *out = xstring(in->s);
        return 1;
    }
    if (st->prim == XP_ANYURI && in->type == XP_STRING) { /* XPath 4.0 again */
        *out = (struct xp_item){.type = XP_ANYURI, .s = in->s};
        return 1;
    }
    return 0;
}

int xconvert_item(struct xp_ctx *c, const struct stype *st, const struct xp_item *in,
    struct xp_item *out, const char *what)
{
    struct xp_item it;
    char to[48];
    int r;

    if (!st->atomic) {
        *out = *in;
        if (xitem_matches(c, st, in))
            return 0;
        return xfail(
            c, "XPTY0004", "%s is %s, not of the required type", what, xtype_name(in->type));
    }
    xatomize(c, in, &it);
    *out = it;
    if (xitem_matches(c, st, &it))
        return 0;
    (void)snprintf(to, sizeof(to), "xs:%s",
        st->derived ? derived[st->derived].name : xtype_name(st->prim) + 3);
    if (it.type == XP_UNTYPED && !st->any_atomic && st->prim != XP_QNAME) {
        r = xcast(c, &it, st->prim, st->derived, out);
        return r ? xcast_fail(c, r, &it, to) : 0;
    }
    if (promote(c, st, &it, out))
        return 0;
    return xfail(c, "XPTY0004", "%s is %s, %s is required", what, xtype_name(it.type), to);
}
