#!/usr/bin/env python3
"""What Saxon makes of an expression in each place of a raw Schematron schema: refused while compiling, stopped, or findings.

usage: places.py --classpath JARS --work FOLDER [--record] [--add FILE [--places NAME,NAME]]
tests/xpath/places.tsv holds the schema (%s: a pattern's content), the places (%s: the expression) and the answers, and is read by
tests/unit/test_places.c. Here live Saxon is asked again; --record writes its answers, of the expressions of FILE (one a line) too."""
import argparse, collections, os, re, subprocess, sys

TABLE, DOCUMENT = 'tests/xpath/places.tsv', 'tests/xpath/ctx.xml'


def read():
    """The comment lines, the schema, its places, and the cases: (expression, place) -> answer."""
    head, schema, places, cases = [], '', {}, {}
    for line in open(TABLE, encoding='utf-8'):
        f = line.rstrip('\n').split('\t')
        if line.startswith('#'):
            head.append(line)
        elif f[0] == 'schema':
            schema = f[1]
        elif f[0] == 'place':
            places[f[1]] = f[2]
        else:
            cases[(f[0], f[1])] = f[2:]
    return head, schema, places, cases


def escape(s):
    return s.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;').replace('"', '&quot;')


def code_of(message):
    m = re.search(r'\b[A-Z]{4}\d{4}\b', message)
    return m.group(0) if m else '?'


def saxon(a, schema, places, keys):
    os.makedirs(a.work, exist_ok=True)
    with open(a.work + '/plan.tsv', 'w', encoding='utf-8') as plan:
        for i, (expression, place) in enumerate(keys):
            with open('%s/%05d.sch' % (a.work, i), 'w', encoding='utf-8') as f:
                f.write(schema.replace('%s', places[place].replace('%s', escape(expression))))
            plan.write('%s/%05d.sch\t%s\n' % (a.work, i, DOCUMENT))
    subprocess.run(['java', '-cp', a.classpath, 'tests/parity/Verdicts.java', a.work + '/plan.tsv', a.work + '/answers.tsv'], check=True, stderr=subprocess.DEVNULL)
    out = []
    for line in open(a.work + '/answers.tsv', encoding='utf-8'):
        f = line.rstrip('\n').split('\t')
        if f[0] == '+':
            out[-1][1] = str(int(out[-1][1]) + 1)
        else:
            out.append([f[3], {'OK': '0', 'ERROR': f[4], 'REFUSED': code_of(f[4] + ' ' + f[5])}[f[3]]])
    return dict(zip(keys, out))


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    for name in ('classpath', 'work'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--record', action='store_true')
    p.add_argument('--add')
    p.add_argument('--places')
    a = p.parse_args()
    head, schema, places, cases = read()
    keys = list(cases)
    if a.add:
        for line in open(a.add, encoding='utf-8'):
            keys += [(line.rstrip('\n'), x) for x in (a.places.split(',') if a.places else places) if (line.rstrip('\n'), x) not in cases]
    answers = saxon(a, schema, places, keys)
    if a.record:
        with open(TABLE, 'w', encoding='utf-8') as f:
            f.writelines(head + ['schema\t%s\n' % schema] + ['place\t%s\t%s\n' % x for x in places.items()])
            f.writelines('\t'.join((*k, *answers[k])) + '\n' for k in keys)
    bad = [] if a.record else [k for k in keys if cases[k] != answers[k]]
    for k in bad:
        print('DIFFERENCE', *k, 'recorded', *cases[k], 'Saxon', *answers[k])
    print('places: %d answers, %s; %d differ' % (len(keys), ', '.join('%d %s' % (n, s) for s, n in collections.Counter(x[0] for x in answers.values()).most_common()), len(bad)))
    return bool(bad)


if __name__ == '__main__':
    sys.exit(main())
