#!/usr/bin/env python3
"""Differential test: mutated documents, our verdicts against live Saxon's.

usage: differ.py --aviso PROGRAM --classpath JARS --data FOLDER --work FOLDER [--corpus FOLDER] [--seed N] [-n N]
Documents come from the corpus when it is there, else from tests/golden/validate. Every difference is printed with
the document that shows it, which stays in the work folder."""
import argparse, collections, csv, glob, gzip, json, os, random, subprocess, sys
from xml.dom import minidom

VALUES = ['', ' ', '\n', '0', '-0', '00.10', '1e3', '.5', '5.', '+7', '-12.345', 'NaN', 'INF', '\u0661\u0662', '\uff11\uff12',
          '1 2', '0.005', '123456789012345678901234567890.12', '99999999999999999999', '1,5', '25.0', '100', '0.0', 'true', 'false',
          'TRUE', '1', '2024-02-30', '2024-02-29', ' 2024-01-01 ', '2024-01-01Z', '2024-01-01+14:00', '-0001-01-01', '12:00:00',
          '24:00:00', '2024-01-01T00:00:00', 'x', '\u00e9', '\u00df', '\u0130', '\u00a0', '\u3000', 'A' * 300, '<&>"\'', 'x\ny', '#ADU#x#',
          'SE', 'DK', 'IT', 'NO', 'DE', 'GR', 'NL', 'IS', 'VAT', 'GST', '!VAT', 'S', 'Z', 'E', 'AE', 'K', 'G', 'O', 'L', 'M', '380', '381', '30', '58',
          '49', '59', 'EUR', 'SEK', 'C62', 'IT12345670546', 'SE123456789001', 'NO987654325MVA', '7300010000001', '0088', '0192', '9906',
          '05028422', '5567212047', 'FR28123456789', 'urn:cen.eu:en16931:2017', '\U0001F600', 'a\u0301']


def elements(doc):
    return [n for n in doc.getElementsByTagName('*')]


def texts(doc):
    return [e for e in elements(doc) if e.childNodes and all(c.nodeType in (3, 4) for c in e.childNodes)]


def set_text(e, value):
    while e.firstChild:
        e.removeChild(e.firstChild)
    if value:
        e.appendChild(e.ownerDocument.createTextNode(value))


def mutate(doc, rng):
    root = doc.documentElement
    inner = [e for e in elements(doc) if e is not root]
    leaves = texts(doc)
    if not inner or not leaves:
        return
    kind = rng.randrange(12)
    e, leaf = rng.choice(inner), rng.choice(leaves)
    attrs = [x for x in elements(doc) if any(not a.startswith('xmlns') for a in x.attributes.keys())]
    if kind == 0:
        e.parentNode.removeChild(e)
    elif kind == 1:
        e.parentNode.insertBefore(e.cloneNode(True), e)
    elif kind == 2:
        where = rng.choice(inner)
        if where is not e and not any(x is where for x in e.getElementsByTagName('*')):
            where.parentNode.insertBefore(e.cloneNode(True), where)
    elif kind in (3, 4, 5):
        set_text(leaf, rng.choice(VALUES))
    elif kind == 6:
        leaf.insertBefore(doc.createComment(' c '), leaf.firstChild)
    elif kind == 7:
        set_text(leaf, rng.choice([' ', '\n  ', '\t']) + (leaf.firstChild.data if leaf.firstChild else '') + ' ')
    elif kind == 8 and attrs:
        x = rng.choice(attrs)
        a = rng.choice([k for k in x.attributes.keys() if not k.startswith('xmlns')])
        if rng.random() < .4:
            x.removeAttribute(a)
        else:
            x.setAttribute(a, rng.choice(VALUES))
    elif kind == 9:
        e.setAttribute(rng.choice(['schemeID', 'currencyID', 'unitCode', 'listID', 'x']), rng.choice(VALUES))
    elif kind == 10:
        data = leaf.firstChild.data if leaf.firstChild else ''
        set_text(leaf, '')
        leaf.appendChild(doc.createCDATASection(data[:len(data) // 2].replace(']]>', '')))
        leaf.appendChild(doc.createTextNode(data[len(data) // 2:]))
    else:
        other = rng.choice(leaves)
        set_text(leaf, other.firstChild.data if other.firstChild else '')


def source_pairs(a):
    """(rule file, document) pairs to start from."""
    if a.corpus and os.path.exists(a.corpus + '/rulesets.tsv'):
        inside = {}
        for line in open(a.data + '/manifest.tsv', encoding='utf-8'):
            f = line.rstrip('\n').split('\t')
            if len(f) > 4 and '!' in f[4]:
                inside[f[4].split('!', 1)[1]] = a.data + '/' + f[0]
        where = {r['ruleset']: inside.get(r['path inside the jar']) for r in csv.DictReader(open(a.corpus + '/rulesets.tsv'), delimiter='\t')}
        by_set = collections.defaultdict(list)
        for i, line in enumerate(gzip.open(a.corpus + '/verdicts/dev/summary.tsv.gz', 'rt', encoding='utf-8')):
            f = line.split('\t')
            if i and where.get(f[0]) and not f[1].startswith(('mut-', 'synth-')):
                by_set[where[f[0]]].append(a.corpus + '/dev/' + f[1])
        return {k: sorted(set(v)) for k, v in by_set.items()}
    docs = sorted(glob.glob('tests/golden/validate/*.xml'))
    return {f: docs for f in sorted(glob.glob(a.data + '/rules/openpeppol/2026.5/*-EN16931-UBL.xslt'))}


def make_documents(a, rng):
    pairs, sources, n = [], source_pairs(a), 0
    names = sorted(sources)
    while n < a.n:
        rules = names[n % len(names)]
        doc = rng.choice(sources[rules])
        try:
            d = minidom.parse(doc)
        except Exception:
            sources[rules] = [x for x in sources[rules] if x != doc] or sources[rules]
            continue
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            mutate(d, rng)
        out = '%s/%05d.xml' % (a.work, n)
        with open(out, 'w', encoding='utf-8') as f:
            f.write(d.toxml())
        pairs.append((rules, out))
        n += 1
    return sorted(pairs)


def saxon(a, pairs, name='saxon'):
    plan, out = '%s/%s-plan.tsv' % (a.work, name), '%s/%s.tsv' % (a.work, name)
    with open(plan, 'w', encoding='utf-8') as f:
        f.writelines('%s\t%s\n' % p for p in pairs)
    subprocess.run(['java', '-cp', a.classpath, 'tests/parity/Verdicts.java', plan, out], check=True)
    verdicts, at = {}, None
    for line in open(out, encoding='utf-8', newline='\n'):
        f = line.rstrip('\n').split('\t')
        if f[0] == '=':
            at = verdicts[(f[1], f[2])] = [f[3], f[4], f[5], []]
        else:
            at[3].append(tuple(f[1:]))
    return verdicts


def ours(a, pairs):
    verdicts, by_rules = {}, collections.defaultdict(list)
    for rules, doc in pairs:
        by_rules[rules].append(doc)
    kinds = {'failed-assert': 'FA', 'successful-report': 'SR'}
    for rules, docs in by_rules.items():
        r = subprocess.run([a.aviso, 'validate', '--json', '--no-xsd', '--schematron', rules] + docs, stdout=subprocess.PIPE)
        for line in r.stdout.decode('utf-8').splitlines():
            o = json.loads(line)
            e = o.get('error') or {}
            if o['verdict'] == 'error' and not o['layers'] and e.get('ruleset'):  # the rule file was refused
                verdicts[(rules, o['file'])] = ['REFUSED', e['code'], e['message'], []]
                continue
            found = [(kinds[f['kind']], f['id'], f['flag'], f['role'], f['location'], f['text']) for f in o['findings']]
            stopped = o['verdict'] == 'error'
            verdicts[(rules, o['file'])] = ['ERROR' if stopped else 'OK', e.get('code', ''), e.get('message', ''), found]
    return verdicts


def same(t, m):
    # a malformed document is no rule error: Saxon's parser has no code for it
    return t and m and t[0] == m[0] and (t[0] == 'OK' and t[3] == m[3] or t[0] == 'ERROR' and (t[1] == m[1] or not t[1]))


def show(pair, t, m):
    print('DIFFERENCE', *pair)
    print('  Saxon %s\n  ours  %s' % (t and t[:3], m and m[:3]))
    if t and m:
        for x, y in zip(t[3] + [None] * len(m[3]), m[3] + [None] * len(t[3])):
            if x != y:
                print('  want %s\n  got  %s' % (x, y))
                break


def recorded_warm(a, pairs):
    """The runs of warm-saxon.tsv: a fresh Saxon must say what that file claims."""
    if not a.corpus or not os.path.exists(a.corpus):
        return 0
    where, bad = {r['ruleset']: r['path inside the jar'].rsplit('/', 1)[1] for r in csv.DictReader(open(a.corpus + '/rulesets.tsv'), delimiter='\t')}, 0
    by_name = {os.path.basename(r): r for r, _ in pairs}
    for line in open('tests/parity/warm-saxon.tsv'):
        f = line.rstrip('\n').split('\t')
        if line.startswith('#') or not f[0].startswith('xslt-'):
            continue
        rules = by_name.get(where[f[0]])
        if not rules:  # a small N: that rule file has no turn
            continue
        got = saxon(a, [(rules, a.corpus + '/dev/' + f[1])], 'fresh').popitem()[1]
        if got[1] != f[2]:
            bad += 1
            print('warm-saxon.tsv claims %s for %s, a fresh Saxon says %s' % (f[2], f[1], got[:3]))
    return bad


def main():
    p = argparse.ArgumentParser()
    for name in ('aviso', 'classpath', 'data', 'work'):
        p.add_argument('--' + name, required=True)
    p.add_argument('--corpus')
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('-n', type=int, default=600)
    a = p.parse_args()
    os.makedirs(a.work, exist_ok=True)
    pairs = make_documents(a, random.Random(a.seed))
    theirs, mine = saxon(a, pairs), ours(a, pairs)
    bad, errors, again = recorded_warm(a, pairs), 0, 0
    for k in pairs:
        t, m = theirs.get(k), mine.get(k)
        errors += bool(t and t[0] == 'ERROR')
        if not same(t, m) and m and again < 20:
            # Saxon's learning evaluator makes errors depend on what it ran before: ask a fresh one
            again += 1
            t = saxon(a, [k], 'fresh')[k]
        if same(t, m):
            continue
        bad += 1
        show(k, t, m)
    print('%d runs against Saxon (seed %d; %d of them stop with an error), %d differences' % (len(pairs), a.seed, errors, bad))
    return bad > 0


if __name__ == '__main__':
    sys.exit(main())
