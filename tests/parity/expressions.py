#!/usr/bin/env python3
"""Generated XPath expressions, one a line, escaped as tests/xpath/cases.tsv is.

usage: expressions.py [--seed N] [-n N], or --judge FILE: what test_xpath_cases said about them. An error where the
other side has another error, or a value that it did not need to compute the rest for, is order of evaluation: counted.
Typed on the whole: a generator for each type makes literals, paths into tests/xpath/ctx.xml, operators and functions
with that result; now and then it takes another type, so that errors are met too. Regular expressions, numbers,
dates and picture strings are also made wrong on purpose."""
import argparse, random, re, sys

FN_STR = ['upper-case(%s)', 'lower-case(%s)', 'normalize-space(%s)', 'encode-for-uri(%s)', 'escape-html-uri(%s)', 'iri-to-uri(%s)',
          'normalize-unicode(%s)', 'string(%s)', 'xs:string(%s)', 'xs:token(%s)', 'xs:normalizedString(%s)']
STRINGS = ['', ' ', 'a', 'abc', 'ABC', 'x y', ' x  y ', '\t', 'Straße', 'ı', 'İ', 'ǅ', 'ﬁ', 'é', 'e\u0301', '😀', 'a😀b', '😀😀', '\u00a0', '\u2003',
           '0', '1', '-1', '+1', '01', '1.0', '1.50', '-0', '-0.0', '1e3', '1E-2', '.5', '5.', '.', 'NaN', 'INF', '-INF', '+INF', 'inf',
           'true', 'false', 'TRUE', ' 1 ', ' true ', '1 2', '12345678901234567890', '0.0000001', '1e400', '1e-400', '123456789.123456789',
           '2024-02-29', '2023-02-29', '2024-02-29Z', '2024-12-31+14:00', '2024-12-31-14:00', '2024-12-31+14:01', '-0001-01-01', '0000-01-01',
           '10000-01-01', '02024-01-01', '24:00:00', '23:59:59.999', '23:59:60', '00:00:00Z', '2024-02-29T24:00:00', '2024-02-29T12:30:00.5-05:00', 'P1Y2M',
           'P1D', 'PT1H30M', '-P1Y', 'P1Y2M3DT4H5M6.7S', 'P', 'PT', 'P1S', 'PT0.000S', 'P13M', 'PT36H', '2024', '2024-13', '--02-29', '--02-30',
           '---31', '--12', 'p:x', 'x:y', 'a-b', '-a', 'ab cd', 'YQ==', 'YQ', '0fB7', '0f7', 'en-GB', 'http://x/ y', '%41', '<a>', '&', 'Ａ', '１２',
           '٣', '０', 'À', 'à', '\n', 'a\nb', 'a\r', '#x', 'ÿ', '\uffff'[:0] + '\ufffd', '\U0010ffff'[:0] + '\U0001d7d8']
INTS = ['0', '1', '2', '3', '-1', '5', '7', '10', '12', '97', '100', '-3', '2147483648', '9223372036854775807', '9223372036854775808', '-9223372036854775808',
        '18446744073709551616', '123456789012345678901234567890']
DECS = ['0.0', '0.1', '0.5', '1.5', '2.5', '-2.5', '-0.5', '1.005', '2.345', '19.99', '0.333', '123456789.987654321', '0.00000001', '100.00', '.5', '5.',
        '99999999999999999999.999', '-0.0', '0.10', '3.14159265358979323846264338327950288']
DBLS = ['0e0', '-0e0', '1e0', '1.5e0', '2.5e0', '-2.5e0', '0.1e0', '1e6', '1e7', '123456.789e0', '1e-6', '1e-7', '1e21', '1e22', '1e300', '1e-300', '1.7976931348623157e308',
        '5e-324', "xs:double('NaN')", "xs:double('INF')", "xs:double('-INF')", '9007199254740993e0', '0.3e0', '19.99e0', '1e18', '1e19', '4.35e0']
FLTS = ["xs:float('1.1')", "xs:float('0.1')", "xs:float('NaN')", "xs:float('INF')", "xs:float('16777217')", "xs:float('1e38')", "xs:float('3.4028235e38')", "xs:float('1e-45')", "xs:float('-0')",
        "xs:float('1e7')", "xs:float('123456.7')"]
NODES = ['p:line/p:id', 'p:line[1]/p:qty', 'p:line/p:price', 'p:line[2]/p:name', 'p:empty', 'p:nan', 'p:minus', 'p:yes', 'p:one', 'p:emoji', 'p:head/p:date', 'p:head/p:when',
         '@id', 'p:line/@n', 'p:line[3]/p:name', 'p:note', 'p:none', '.', '/', '..', 'p:line', '*', '//p:tag', '//@unit', 'p:note/text()', 'p:note/node()', '//comment()',
         "//processing-instruction('go')", 'q:line/q:id', '//*:id', 'p:head/p:no', 'p:line[last()]', 'p:line[p:tag][1]', "p:line[@unit = 'KG']/p:qty", '*/*', '//text()[1]', 'p:note/p:b']
AXES = ['child', 'descendant', 'descendant-or-self', 'self', 'parent', 'ancestor', 'ancestor-or-self', 'following', 'preceding', 'following-sibling', 'preceding-sibling', 'attribute']
TESTS = ['*', 'node()', 'text()', 'p:line', 'p:*', '*:id', 'element()', 'element(p:line)', 'comment()', 'processing-instruction()', '@*', 'attribute()', 'p:tag', 'document-node()', 'q:*', 'element(*)']
TYPES = ['xs:string', 'xs:boolean', 'xs:integer', 'xs:decimal', 'xs:double', 'xs:float', 'xs:date', 'xs:time', 'xs:dateTime', 'xs:duration', 'xs:dayTimeDuration', 'xs:yearMonthDuration',
         'xs:gYear', 'xs:gYearMonth', 'xs:gMonth', 'xs:gMonthDay', 'xs:gDay', 'xs:anyURI', 'xs:hexBinary', 'xs:base64Binary', 'xs:untypedAtomic', 'xs:int', 'xs:byte', 'xs:long', 'xs:positiveInteger',
         'xs:nonNegativeInteger', 'xs:unsignedByte', 'xs:negativeInteger', 'xs:short', 'xs:unsignedLong', 'xs:token', 'xs:NCName', 'xs:NMTOKEN', 'xs:language', 'xs:Name', 'xs:QName', 'xs:normalizedString']
NUMERALS = ['1', '01', '0001', '#,##0', '#.##0', '0,0', 'a', 'A', 'i', 'I', 'w', 'W', 'Ww', '1;o', 'w;o', 'Ww;o', '1;', '', '#', '##1', '1#', '0,000;o', '\u0661', 'c', 'q', '1,,0', ',0']
COLL = "'http://www.w3.org/2005/xpath-functions/collation/codepoint'"


class Gen:
    def __init__(self, rng):
        self.r, self.depth, self.vars = rng, 0, []

    def pick(self, *options):
        return self.r.choice(options)

    def lit(self, s):
        return "'" + s.replace("'", "''") + "'"

    def any(self):
        return getattr(self, self.pick('string', 'integer', 'decimal', 'double', 'boolean', 'nodes', 'date', 'time', 'datetime', 'duration', 'atomic', 'seq', 'untyped'))()

    def wrap(self, f):
        """Deeper only so far; now and then another type."""
        if self.depth > 4:
            return None
        if self.r.random() < .02:
            self.depth += 1
            x = self.any()
            self.depth -= 1
            return x
        self.depth += 1
        x = f()
        self.depth -= 1
        return x

    def choose(self, leaves, inner, p=.45):
        if self.depth > 3 or self.r.random() < p:
            return self.leaf(leaves)
        return self.wrap(lambda: self.r.choice(inner)()) or self.leaf(leaves)

    def leaf(self, leaves):
        if self.vars and self.r.random() < .15:
            return '$' + self.r.choice(self.vars)
        x = self.r.choice(leaves)
        return x() if callable(x) else x

    def flow(self, f):
        k = self.r.randrange(6)
        if k == 0:
            return '(if (%s) then %s else %s)' % (self.boolean(), f(), f())
        if k == 1:
            return '(%s)[%s]' % (f(), self.pick('1', 'last()', self.boolean(), self.integer()))
        v = 'v%d' % len(self.vars)
        value = self.any() if k == 2 else self.seq()
        self.vars.append(v)
        body = f()
        self.vars.pop()
        if k == 2:
            return 'let $%s := %s return %s' % (v, value, body)
        return '(for $%s in %s return %s)%s' % (v, value, body, self.pick('', '[1]', '[last()]'))

    # ---- types ----
    def string(self):
        s, i = self.string, self.integer
        return self.choose([lambda: self.lit(self.r.choice(STRINGS))] * 4 + [lambda: 'string(%s)' % self.r.choice(NODES), self.untyped], [
            lambda: self.r.choice(FN_STR) % s(), lambda: 'concat(%s, %s)' % (self.any(), self.any()), lambda: '%s || %s' % (self.atomic(), self.atomic()),
            lambda: 'substring(%s, %s)' % (s(), self.number()), lambda: 'substring(%s, %s, %s)' % (s(), self.number(), self.number()),
            lambda: 'substring-before(%s, %s)' % (s(), s()), lambda: 'substring-after(%s, %s)' % (s(), s()), lambda: 'translate(%s, %s, %s)' % (s(), s(), s()),
            lambda: 'string-join(%s, %s)' % (self.seq(), s()), lambda: 'string-join(%s)' % self.seq(), lambda: 'string(%s)' % self.any(), lambda: 'xs:string(%s)' % self.atomic(),
            lambda: 'codepoints-to-string(%s)' % self.seq(), lambda: 'codepoints-to-string((%s, %s))' % (i(), self.pick('65', '128512', '0', '55296', '9', '1114111', '65534')),
            lambda: 'name(%s)' % self.nodes(), lambda: 'local-name(%s)' % self.nodes(), lambda: 'namespace-uri(%s)' % self.nodes(),
            lambda: 'replace(%s, %s, %s%s)' % (s(), self.regex(), self.lit(self.replacement()), self.flags()),
            lambda: "normalize-unicode(%s, '%s')" % (s(), self.pick('NFC', 'NFD', 'NFKC', 'NFKD', 'nfc ', '', 'X')), lambda: self.flow(s),
            lambda: 'min((%s, %s))' % (s(), s()), lambda: 'format-number(%s, %s)' % (self.number(), self.lit(self.picture())), lambda: 'format-integer(%s, %s)' % (self.integer(), self.lit(self.pick(*NUMERALS))), self.dated, lambda: 'string-join(tokenize(%s, %s%s), %s)' % (s(), self.regex(), self.flags(), self.lit('|'))])

    def dated(self):
        kind, value = self.pick(('date', self.date), ('dateTime', self.datetime), ('time', self.time))
        parts = {'date': 'YMDdWwFECZz', 'dateTime': 'YMDdWwFHhPmsfECZz', 'time': 'HhPmsfCZz'}[kind]
        one = lambda: self.pick('', '', '-', ' ', ':', ']]', '[[') + '[%s%s%s]' % (self.r.choice(parts if self.r.random() < .97 else 'YHQ'), self.pick('', '', '1', '01', '001', 'I', 'N', 'n', 'Nn', 'w', 'Ww', '1o', 'Wwo', 'a', '#1'),
                                            self.pick('', '', '', ',2', ',*-2', ',3-3', ',2-4', ',4', ',*'))
        tail = self.pick('', '', '', ", 'en', (), ()", ", (), 'AD', ()", ", 'sv', 'ISO', ()", ", 'de', 'AH', ()")
        return 'format-%s(%s, %s%s)' % (kind, value(), self.lit(''.join(one() for _ in range(self.r.randrange(1, 5)))), tail)

    def untyped(self):
        return self.pick('data(%s)', 'xs:untypedAtomic(%s)', '%s') % self.pick(self.r.choice(NODES), self.lit(self.r.choice(STRINGS)))

    def integer(self):
        n = self.number
        return self.choose([lambda: self.r.choice(INTS)] * 4 + [lambda: 'xs:integer(%s)' % self.r.choice(NODES), lambda: 'xs:%s(%s)' % (self.pick('int', 'long', 'byte', 'unsignedShort', 'positiveInteger'), self.r.choice(INTS))], [
            lambda: '%s %s %s' % (self.integer(), self.pick('+', '-', '*', 'idiv', 'mod'), self.integer()), lambda: 'count(%s)' % self.seq(), lambda: 'string-length(%s)' % self.string(),
            lambda: '(%s)[1]' % self.seq(), lambda: 'xs:integer(%s)' % self.atomic(), lambda: 'index-of(%s, %s)' % (self.seq(), self.atomic()), lambda: 'string-to-codepoints(%s)[%s]' % (self.string(), self.pick('1', '2', 'last()')),
            lambda: '%s-from-%s(%s)' % (self.pick('year', 'month', 'day'), *self.pick(('date', self.date()), ('dateTime', self.datetime()))),
            lambda: '%s-from-%s(%s)' % (self.pick('hours', 'minutes', 'seconds'), *self.pick(('time', self.time()), ('dateTime', self.datetime()))),
            lambda: '%s-from-duration(%s)' % (self.pick('years', 'months', 'days', 'hours', 'minutes', 'seconds'), self.duration()),
            lambda: 'abs(%s)' % self.integer(), lambda: 'round(%s, %s)' % (self.integer(), self.pick('-1', '-2', '0', '1', '20')), lambda: 'compare(%s, %s)' % (self.string(), self.string()),
            lambda: '%s idiv %s' % (n(), n()), lambda: self.flow(self.integer), lambda: 'sum(%s)' % self.seq(), lambda: '-%s' % self.integer(), lambda: 'position()', lambda: 'last()'])

    def decimal(self):
        d = self.decimal
        return self.choose([lambda: self.r.choice(DECS)] * 4 + [self.integer, lambda: 'xs:decimal(%s)' % self.r.choice(NODES)], [
            lambda: '%s %s %s' % (d(), self.pick('+', '-', '*', 'div', 'mod', 'div', '*'), d()), lambda: '%s(%s)' % (self.pick('round', 'floor', 'ceiling', 'abs', 'round-half-to-even'), d()),
            lambda: '%s(%s, %s)' % (self.pick('round', 'round-half-to-even'), d(), self.pick('2', '1', '0', '-1', '-2', '18', '30', '3')), lambda: 'xs:decimal(%s)' % self.atomic(), lambda: '(%s) * 10 * 10' % d(),
            lambda: 'sum((%s, %s, %s))' % (d(), d(), d()), lambda: 'avg((%s, %s))' % (d(), d()), lambda: '%s((%s, %s))' % (self.pick('min', 'max'), d(), d()), lambda: self.flow(d), lambda: '-(%s)' % d(),
            lambda: '%s div %s' % (self.duration(), self.duration())])

    def double(self):
        d = self.double
        return self.choose([lambda: self.r.choice(DBLS)] * 4 + [lambda: self.r.choice(FLTS), lambda: 'number(%s)' % self.r.choice(NODES), self.decimal], [
            lambda: '%s %s %s' % (d(), self.pick('+', '-', '*', 'div', 'mod', 'idiv'), d()), lambda: '%s(%s)' % (self.pick('round', 'floor', 'ceiling', 'abs', 'round-half-to-even'), d()),
            lambda: '%s(%s, %s)' % (self.pick('round', 'round-half-to-even'), d(), self.pick('2', '1', '0', '-1', '-2', '18', '3', '400')), lambda: 'number(%s)' % self.atomic(), lambda: 'xs:double(%s)' % self.atomic(),
            lambda: 'xs:float(%s)' % self.atomic(), lambda: '%s(%s)' % (self.pick('sum', 'avg', 'min', 'max'), self.seq()), lambda: self.flow(d), lambda: '%s %s %s' % (self.untyped(), self.pick('+', '*', '-', 'div'), self.number())])

    def number(self):
        return self.pick(self.integer, self.integer, self.decimal, self.double)()

    def boolean(self):
        b, c = self.boolean, lambda: self.pick('=', '!=', '<', '<=', '>', '>=')
        v = lambda: self.pick('eq', 'ne', 'lt', 'le', 'gt', 'ge')
        return self.choose(['true()', 'false()', lambda: 'exists(%s)' % self.r.choice(NODES), lambda: self.r.choice(NODES), lambda: '%s = %s' % (self.r.choice(NODES), self.lit(self.r.choice(STRINGS)))], [
            lambda: '%s %s %s' % (self.paren(b()), self.pick('and', 'or'), self.paren(b())), lambda: 'not(%s)' % self.any(), lambda: 'boolean(%s)' % self.any(), lambda: '%s %s %s' % (self.paren(self.any()), c(), self.paren(self.any())),
            lambda: '%s %s %s' % (self.paren(self.number()), self.pick(c, v)(), self.paren(self.number())), lambda: '%s %s %s' % (self.paren(self.string()), self.pick(c, v)(), self.paren(self.string())),
            lambda: '%s %s %s' % (self.paren(self.atomic()), v(), self.paren(self.atomic())), lambda: '%s %s %s' % (self.date(), self.pick(c, v)(), self.date()), lambda: '%s %s %s' % (self.datetime(), v(), self.datetime()),
            lambda: '%s %s %s' % (self.time(), v(), self.time()), lambda: '%s %s %s' % (self.duration(), v(), self.duration()), lambda: '%s %s %s' % (self.paren(self.seq()), c(), self.paren(self.seq())),
            lambda: '%s castable as %s%s' % (self.paren(self.atomic()), self.r.choice(TYPES), self.pick('', '?')), lambda: '%s castable as %s' % (self.lit(self.r.choice(STRINGS)), self.r.choice(TYPES)),
            lambda: '%s instance of %s%s' % (self.paren(self.any()), self.pick(self.r.choice(TYPES), 'item()', 'node()', 'element()', 'attribute()', 'text()', 'document-node()', 'element(p:line)', 'xs:anyAtomicType'), self.pick('', '?', '*', '+')),
            lambda: '%s(%s, %s%s)' % (self.pick('contains', 'starts-with', 'ends-with'), self.string(), self.string(), self.pick('', '', ', ' + COLL)), lambda: 'matches(%s, %s%s)' % (self.string(), self.regex(), self.flags()),
            lambda: 'matches(%s, %s%s)' % (self.lit(self.r.choice(STRINGS)), self.regex(), self.flags()),
            lambda: '%s(%s)' % (self.pick('empty', 'exists'), self.seq()), lambda: self.quantified(), lambda: self.quantified(), lambda: 'deep-equal(%s, %s)' % (self.seq(), self.seq()), lambda: 'codepoint-equal(%s, %s)' % (self.string(), self.string()),
            lambda: '%s %s %s' % (self.paren(self.nodes()), self.pick('is', '<<', '>>'), self.paren(self.nodes())), lambda: 'lang(%s)' % self.lit(self.pick('en', 'de', 'EN-gb', 'e', '')), lambda: self.flow(b), lambda: 'contains(%s, concat(%s, %s, %s))' % (self.lit(' a b c '), "' '", self.string(), "' '")])

    def quantified(self):
        v = 'v%d' % len(self.vars)
        seq = self.seq()
        self.vars.append(v)
        body = self.boolean()
        self.vars.pop()
        return '(%s $%s in %s satisfies %s)' % (self.pick('some', 'every'), v, seq, body)

    def paren(self, x):
        return '(%s)' % x

    def date(self):
        return self.choose([lambda: "xs:date('%s')" % self.r.choice([s for s in STRINGS if '-' in s and s[0] in '02-1']), lambda: "xs:date('%s')" % self.pick('2024-02-29', '2024-01-31Z', '2023-12-31+05:30', '2024-03-01-11:00', '0001-01-01', '-0004-02-29', '9999-12-31', '12024-06-15'),
                            'xs:date(p:head/p:date)', 'xs:date(p:head/p:when)'], [
            lambda: '%s %s %s' % (self.date(), self.pick('+', '-'), self.duration()), lambda: 'xs:date(%s)' % self.datetime(), lambda: 'adjust-date-to-timezone(%s%s)' % (self.date(), self.tz()), lambda: self.flow(self.date), lambda: '%s((%s, %s))' % (self.pick('min', 'max'), self.date(), self.date())], .6)

    def tz(self):
        return self.pick('', ', ()', ", xs:dayTimeDuration('PT%sH')" % self.pick('0', '5', '14', '15'), ", xs:dayTimeDuration('-PT5H30M')", ", xs:dayTimeDuration('PT1.5S')", ', ' + self.duration())

    def time(self):
        return self.choose([lambda: "xs:time('%s')" % self.pick('00:00:00', '24:00:00', '12:34:56.789', '23:59:59Z', '01:02:03+14:00', '12:00:00-05:00', '25:00:00', '12:00', '23:59:59.9999999'), 'xs:time(p:head/p:when)'], [
            lambda: '%s %s %s' % (self.time(), self.pick('+', '-'), self.duration()), lambda: 'xs:time(%s)' % self.datetime(), lambda: 'adjust-time-to-timezone(%s%s)' % (self.time(), self.tz())], .6)

    def datetime(self):
        return self.choose([lambda: "xs:dateTime('%s')" % self.pick('2024-02-29T12:30:00', '2024-02-29T24:00:00', '2023-12-31T23:59:59.999Z', '2024-01-01T00:00:00+14:00', '2024-01-01T00:00:00-14:00', '-0001-12-31T00:00:00', '2024-02-30T00:00:00', '2024-02-29T12:30:00.123456789'),
                            'xs:dateTime(p:head/p:when)'], [
            lambda: '%s %s %s' % (self.datetime(), self.pick('+', '-'), self.duration()), lambda: 'xs:dateTime(%s)' % self.date(), lambda: 'dateTime(%s, %s)' % (self.date(), self.time()), lambda: 'adjust-dateTime-to-timezone(%s%s)' % (self.datetime(), self.tz())], .6)

    def duration(self):
        d = self.duration
        return self.choose([lambda: "xs:dayTimeDuration('%s')" % self.pick('P1D', 'PT1H', '-PT36H', 'PT0S', 'P1DT2H3M4.5S', 'PT0.001S', 'P100000D', 'P1Y'), lambda: "xs:yearMonthDuration('%s')" % self.pick('P1Y', 'P1M', '-P13M', 'P0M', 'P100Y', 'P1D'),
                            lambda: "xs:duration('%s')" % self.pick('P1Y', 'P1D', 'P1Y2M3DT4H5M6.7S', '-P1M', 'PT0S')], [
            lambda: '%s %s %s' % (d(), self.pick('+', '-'), d()), lambda: '%s %s %s' % (d(), self.pick('*', 'div'), self.number()), lambda: '%s - %s' % (self.date(), self.date()), lambda: '%s - %s' % (self.datetime(), self.datetime()), lambda: '%s - %s' % (self.time(), self.time()),
            lambda: 'timezone-from-%s(%s)' % self.pick(('date', self.date()), ('time', self.time()), ('dateTime', self.datetime())), lambda: 'sum((%s, %s)%s)' % (d(), d(), self.pick('', ', ()')), lambda: '%s((%s, %s))' % (self.pick('min', 'max', 'avg'), d(), d())], .6)

    def atomic(self):
        return self.pick(self.string, self.integer, self.decimal, self.double, self.boolean, self.date, self.untyped, self.duration, self.cast)()

    def cast(self):
        t = self.r.choice(TYPES)
        return self.pick('%s(%s)' % (t, self.wrap(self.atomic) or "'1'"), '(%s) cast as %s%s' % (self.wrap(self.atomic) or "'1'", t, self.pick('', '?')), '%s(%s)' % (t, self.lit(self.r.choice(STRINGS))))

    def nodes(self):
        n = self.nodes
        return self.choose([lambda: self.r.choice(NODES)] * 4, [
            lambda: '(%s)/%s::%s' % (n(), self.r.choice(AXES), self.pick(*[t for t in TESTS if t[0] != '@'])), lambda: '%s[%s]' % (self.paren(n()), self.pick(self.boolean, self.integer, lambda: 'position() %s %s' % (self.pick('=', '<', '>'), self.pick('1', '2', 'last()')))()),
            lambda: '(%s) %s (%s)' % (n(), self.pick('|', 'union', 'intersect', 'except'), n()), lambda: '//%s[%s]' % (self.r.choice(TESTS), self.pick('1', 'last()', self.boolean())),
            lambda: '(%s)/%s' % (n(), self.r.choice(TESTS)), lambda: '%s::%s[%s]' % (self.r.choice(AXES), self.pick('*', 'node()', 'p:line'), self.pick('1', '2', 'last()', 'position() = 2')), lambda: 'root(%s)' % n(), lambda: '(%s)/..' % n(), lambda: '(%s)//%s' % (n(), self.r.choice(TESTS)),
            lambda: '%s(%s)' % (self.pick('reverse', 'head', 'tail', 'innermost', 'outermost'), n()), lambda: '*[%s]/%s' % (self.boolean(), self.r.choice(TESTS)), lambda: self.flow(n)])

    def seq(self):
        s = self.seq
        return self.choose(['()', lambda: self.r.choice(NODES), lambda: '(%s, %s)' % (self.atomic(), self.atomic()), lambda: '%s to %s' % (self.pick('1', '0', '-2', '3'), self.pick('3', '5', '1', '0'))], [
            lambda: '(%s, %s)' % (self.any(), self.any()), lambda: '(%s, %s, %s)' % (self.number(), self.number(), self.number()), lambda: '(%s, %s)' % (self.string(), self.string()), lambda: 'distinct-values(%s)' % s(), lambda: 'reverse(%s)' % s(),
            lambda: 'subsequence(%s, %s%s)' % (s(), self.number(), self.pick('', ', ' + self.number())), lambda: 'remove(%s, %s)' % (s(), self.integer()), lambda: 'insert-before(%s, %s, %s)' % (s(), self.integer(), s()), lambda: 'tokenize(%s, %s%s)' % (self.string(), self.regex(), self.flags()),
            lambda: 'tokenize(%s)' % self.string(), lambda: 'string-to-codepoints(%s)' % self.string(), lambda: '(%s)/%s' % (self.nodes(), self.pick('string()', 'name()', 'number()', 'xs:decimal(.)', '(. * 2)', 'position()', 'string-length()', 'last()')), lambda: '(%s) ! (%s)' % (s(), self.any()),
            lambda: 'data(%s)' % s(), lambda: 'index-of(%s, %s)' % (s(), self.atomic()), lambda: '(%s)[%s]' % (s(), self.pick(self.boolean, self.integer)()), lambda: self.flow(s), lambda: '%s to %s' % (self.integer(), self.pick('3', '10')), lambda: '(%s)[. %s %s]' % (s(), self.pick('=', '>', 'eq'), self.atomic()),
            lambda: '%s(%s)' % (self.pick('zero-or-one', 'one-or-more', 'exactly-one', 'unordered', 'head', 'tail'), s())])

    # ---- regular expressions, pictures ----
    def regex(self):
        if self.r.random() < .1:
            return self.string()
        return self.lit(self.branches(0))

    def flags(self):
        return '' if self.r.random() < .6 else ", '%s'" % self.pick('i', 's', 'm', 'x', 'q', 'im', 'sx', 'ix', '', 'xx', 'g', 'smi', 'qi', 'qx')

    def branches(self, d):
        return '|'.join(''.join(self.piece(d) for _ in range(self.r.choice([0, 1, 1, 2, 2, 3, 4]))) for _ in range(self.r.choice([1, 1, 1, 1, 2, 3])))

    def piece(self, d):
        k = self.r.random()
        if k < .1:
            return self.pick('^', '$', '^', '$', '\\b', '^*', '$+')[:2]
        atom = self.atom(d)
        return atom + self.pick('', '', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,}', '{2,1}', '{,2}', '{1}?', '**')

    def atom(self, d):
        k = self.r.random()
        if k < .35:
            return self.pick('a', 'b', 'x', 'A', ' ', '1', '0', '-', 'é', 'ß', '😀', 'S', 'İ', 'ı', 'k', '\u212a', '.', '.', '#', ',', '\n', '}', '{', ']')
        if k < .6:
            return self.pick('\\d', '\\D', '\\s', '\\S', '\\w', '\\W', '\\i', '\\I', '\\c', '\\C', '\\.', '\\-', '\\n', '\\t', '\\\\', '\\^', '\\$', '\\{', '\\/', '\\e', '\\1', '\\2', '\\x41', '\\u0041', '\\p{L}', '\\P{L}', '\\p{Lu}', '\\p{Nd}', '\\p{Sc}', '\\p{IsBasicLatin}', '\\p{IsGreek}', '\\p{IsLatin-1Supplement}', '\\p{Zs}', '\\p{Cn}', '\\p{Xx}',
                             '\\p{Ll}', '\\p{P}', '\\p{IsEmoticons}', '\\p{C}')
        if k < .78 or d > 2:
            return self.klass(d)
        return self.pick('(%s)', '(%s)', '(?:%s)', '(%s', '(?i:%s)', '(?=%s)') % self.branches(d + 1) if self.r.random() < .95 else ')'

    def klass(self, d):
        if self.r.random() < .06:
            return self.pick('[]', '[^]', '[a', '[z-a]', '[a-]', '[-a]', '[a-b-c]', '[--a]', '[a--b]', '[a-\\d]', '[^-a]', '[+--]', '[[]', '[\\]]', '[^^]', '[a^]', '[a&&b]', '[:alpha:]', '[a-z-[aeiou]]', '[\\w-[\\d]]', '[^a-[b]]', '[a-z-[^b]]')
        parts = ''.join(self.pick('a', 'a-z', 'A-Z', '0-9', '\\d', '\\s', '\\w', '\\S', '\\p{L}', '\\P{Lu}', 'x', 'é', '😀', '.', '\\-', '\\[', '\\^', '$', '*', ' ', 'á-ú', 'S', '\\i', '\\c', '\\n', '|', '(', '?', '/', '\\\\', '#', '{', ',') for _ in range(self.r.choice([1, 1, 2, 3])))
        sub = '-' + self.klass(d) if self.r.random() < .08 else ''
        return '[' + self.pick('', '', '^', '') + parts + self.pick('', '', '', '-') + sub + ']'

    def replacement(self):
        return ''.join(self.pick('x', '$1', '$0', '$2', '\\$', '\\\\', '-', '', '$', '\\', '$10', '😀', '[$1]') for _ in range(self.r.choice([0, 1, 1, 2])))

    def picture(self):
        return ''.join(self.pick('0', '#', '0.00', '#,##0.00', '.', ',', '%', '‰', '-', ';', 'x', '##', '00', '#.#', '0,000', 'E', "e0") for _ in range(self.r.choice([1, 1, 2, 3])))

    def top(self):
        self.depth, self.vars = 0, []
        return self.any()


# Where Saxon 13.1 differs from the specification (big integers and floats cut to what its code handles, contains() of a
# document's name, comparisons with an empty filter that answer nothing) and we do not follow.
KNOWN = re.compile(r"subsequence\(|insert-before\(|remove\(|float\(|namespace-uri\(|anyURI|e300|e-300|324|922337|e308|xs:(dayTime|yearMonth)?[dD]uration|local-name\(|contains\(|substring\(|reverse\(remove|normalize-unicode\(|format-integer\(.*[0-9]{19}|\[.[aA],")


def judge(path):
    lines, value, fails, codes, known = open(path, encoding='utf-8', errors='replace').read().split('\n'), 0, 0, 0, 0
    for i, line in enumerate(lines[:-2]):
        if not lines[i + 1].startswith('  want ') or not lines[i + 2].startswith('  got '):
            continue
        want, got = lines[i + 1][7:].split('\t'), lines[i + 2][7:].strip().split('\t')
        if want[0] != got[0]:
            fails += 1
        elif want[0] == 'ERR':
            codes += 1
        elif KNOWN.search(line):
            known += 1
        else:
            value += 1
            print('DIFFERENCE %s\n%s\n%s' % (line, lines[i + 1], lines[i + 2]))
    print('%s; %d other values, %d known oddities of Saxon, %d where only one fails, %d where the error is another' % (lines[-2], value, known, fails, codes))
    return value > 0 or lines[-2].find(' differ') < 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('-n', type=int, default=20000)
    p.add_argument('--judge')
    a = p.parse_args()
    if a.judge:
        return judge(a.judge)
    g, seen = Gen(random.Random(a.seed)), set()
    while len(seen) < a.n:
        x = g.top()
        if len(x) < 600 and x not in seen:
            seen.add(x)
            print(x.replace('\\', '\\\\').replace('\n', '\\n').replace('\r', '\\r').replace('\t', '\\t'))


if __name__ == '__main__':
    sys.exit(main())
