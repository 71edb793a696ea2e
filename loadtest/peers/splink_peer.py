"""Splink on a folder of `chainon link evaluate`, on clear values: blocking and comparisons of its tutorials, trained by EM without the
truth, term frequencies on. Prints one JSON object. python splink_peer.py DIR [fields.json [SPILL]]; needs splink 5.0.0 and duckdb.
SPILL is a folder for what does not fit in memory: of a million records 200 million pairs are compared, which took more than 19 GB."""
import json, logging, os, sys, time
from collections import Counter
import duckdb, pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

folder, fields_file = sys.argv[1], (sys.argv[2:] or [os.path.join(sys.argv[1], 'fields.json')])[0]
fields = json.load(open(fields_file)); traits = fields['traits']
FORMAT = {'YYYYMMDD': '%Y%m%d', 'YYYY-MM-DD': '%Y-%m-%d', 'DD/MM/YYYY': '%d/%m/%Y', 'MM/DD/YYYY': '%m/%d/%Y'}


def table(name):
    raw = pd.read_csv(os.path.join(folder, name), dtype=str, skipinitialspace=True).apply(lambda c: c.str.strip().str.lower())
    out = pd.DataFrame({'unique_id': pd.read_csv(os.path.join(folder, name), dtype=str)[fields['id']].str.strip()})
    for trait, column in traits.items():
        out[trait] = raw[column].replace({'': None})
    if 'given_name' in out: out['given_name'] = out['given_name'].str.split().str[0]
    if 'birth_date' in out:
        date = pd.to_datetime(out['birth_date'], format=FORMAT[fields['formats']['birth_date']], errors='coerce')
        out['birth_date'] = date.dt.strftime('%Y-%m-%d')
    return out.astype(object).where(out.notna(), None)


sources = [table('a.csv')] + ([table('b.csv')] if os.path.exists(os.path.join(folder, 'b.csv')) else [])
T = [t for t in sources[0].columns if t != 'unique_id']
has = lambda *names: all(n in T for n in names)
comparisons = []
for t in T:
    tf = lambda c: c.configure(term_frequency_adjustments=True)
    if t in ('given_name', 'family_name', 'birth_name', 'middle_name'): comparisons.append(tf(cl.NameComparison(t)))
    elif t == 'birth_date': comparisons.append(cl.DateOfBirthComparison(t, input_is_string=True, datetime_thresholds=[1, 1, 10], datetime_metrics=['month', 'year', 'year']))
    elif t == 'postcode': comparisons.append(tf(cl.LevenshteinAtThresholds(t, [1, 2])))
    elif t in ('street', 'unit', 'city', 'birth_place'): comparisons.append(tf(cl.JaroWinklerAtThresholds(t, [0.9, 0.8])))
    elif t == 'email': comparisons.append(cl.EmailComparison(t))
    elif t in ('phone', 'national_id'): comparisons.append(cl.DamerauLevenshteinAtThresholds(t, [1, 2]))
    else: comparisons.append(tf(cl.ExactMatch(t)))
RULES = [('given_name', 'family_name'), ('family_name', 'birth_date'), ('given_name', 'birth_date'), ('birth_name', 'birth_date'),
         ('birth_name', 'given_name'), ('postcode', 'birth_date'), ('postcode', 'family_name'), ('postcode', 'given_name'),
         ('street', 'street_number'), ('street', 'family_name'), ('street', 'given_name'), ('birth_date', 'city'), ('phone', 'given_name'),
         ('national_id',), ('email',)]
rules = [block_on(*r) for r in RULES if has(*r)]
if has('given_name', 'family_name'): rules.append(block_on('substr(given_name, 1, 3)', 'substr(family_name, 1, 3)'))
if has('given_name', 'street_number'): rules.append(block_on('given_name', 'street_number'))
if has('family_name', 'street_number'): rules.append(block_on('family_name', 'street_number'))
if has('birth_date', 'street_number'): rules.append(block_on('birth_date', 'street_number'))
started = time.time()
link_type = 'dedupe_only' if len(sources) == 1 else 'link_only'
settings = SettingsCreator(link_type=link_type, comparisons=comparisons, blocking_rules_to_generate_predictions=rules,
                           retain_intermediate_calculation_columns=False, retain_matching_columns=False)
spill = (sys.argv[3:] or [None])[0]
connection = duckdb.connect(os.path.join(spill, f'splink-{os.getpid()}.duckdb') if spill else ':memory:')
if spill: connection.execute(f"SET memory_limit = '10GB'; SET temp_directory = '{spill}'; SET preserve_insertion_order = false")
api = DuckDBAPI(connection=connection)
tables = [api.register(s, dataset_display_name=n) for s, n in zip(sources, 'ab')]
linker = Linker(tables if len(tables) > 1 else tables[0], settings, log_level=logging.ERROR)
sure = [block_on(*r) for r in [('national_id',), ('given_name', 'family_name', 'birth_date'), ('given_name', 'family_name', 'postcode'), ('family_name', 'street', 'given_name')] if has(*r)]
try: linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
except Exception as error: print(error, file=sys.stderr)
linker.training.estimate_u_using_random_sampling(max_pairs=2e6)
for r in [('given_name', 'family_name'), ('birth_date',), ('postcode', 'family_name')]:
    if not has(*r): continue
    try: linker.training.estimate_parameters_using_expectation_maximisation(block_on(*r))
    except Exception as error: print(str(error)[:200], file=sys.stderr)
predictions = linker.inference.predict(threshold_match_probability=0.01)
seconds = time.time() - started
two = len(sources) > 1
frame = predictions.as_duckdbpyrelation().df() if hasattr(predictions, 'as_duckdbpyrelation') else predictions.as_pandas_dataframe()
name = lambda side: (frame[f'source_dataset_{side}'].astype(str) + ':' if two else '') + frame[f'unique_id_{side}'].astype(str)
frame = pd.DataFrame({'l': name('l'), 'r': name('r'), 'w': frame['match_weight'], 'p': frame['match_probability']})

ids = [(f'{n}:' if two else '') + i for s, n in zip(sources, 'ab') for i in s['unique_id']]
parent = {i: i for i in ids}
def find(parent, x):
    while parent[x] != x: parent[x] = parent[parent[x]]; x = parent[x]
    return x
links = pd.read_csv(os.path.join(folder, 'links.csv'), dtype=str, header=None).iloc[:, :2].values.tolist()
for l, r in links:
    a, b = (f'a:{l}', f'b:{r}') if two else (l, r)
    if a in parent and b in parent: parent[find(parent, a)] = find(parent, b)
entity = {i: find(parent, i) for i in ids}


def within(key):
    if not two: return sum(n * (n - 1) // 2 for n in Counter(map(key, ids)).values())
    a, b = (Counter(key(i) for i in ids if i.startswith(s)) for s in ('a:', 'b:'))
    return sum(n * b[k] for k, n in a.items())
truth = within(lambda i: entity[i])
def quality(right, said):
    p, r = right / said if said else 1, right / truth if truth else 1
    return {'precision': round(p, 4), 'recall': round(r, 4), 'f1': round(2 * right / (said + truth), 4) if said + truth else 1}
frame['y'] = frame['l'].map(entity) == frame['r'].map(entity)
ordered = frame.sort_values('w', ascending=False); cumulative = ordered['y'].cumsum().values
best = max(((2 * c / (n + 1 + truth), n) for n, c in enumerate(cumulative)), default=(0, 0))
def clusters(threshold):
    group = {i: i for i in ids}
    for l, r in frame.loc[frame['p'] > threshold, ['l', 'r']].values: group[find(group, l)] = find(group, r)
    root = {i: find(group, i) for i in ids}
    return quality(within(lambda i: (root[i], entity[i])), within(lambda i: root[i]))
likely = frame[frame['p'] > .9]
grouped = {str(t): clusters(t) for t in (.5, .9, .95, .99, .999)}
print(json.dumps({'tool': 'splink', 'version': __import__('splink').__version__, 'duckdb': duckdb.__version__, 'records': len(ids), 'true_pairs': truth,
                  'pairs_compared': len(frame), 'pairs': {**quality(int(likely['y'].sum()), len(likely)), 'best_f1': round(best[0], 4)},
                  'clusters': {'at_0_9': grouped['0.9'], 'best': max(grouped.values(), key=lambda q: q['f1'])},
                  'said_above_0_9': round(float(likely['p'].mean()), 4) if len(likely) else None, 'seconds': round(seconds, 1), 'records_per_second': round(len(ids) / seconds)}))
