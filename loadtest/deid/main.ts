/**
 * `npm run deid:bench`: how much of what identifies persons the scrubber of texts finds, beside Presidio, and documents per second.
 * Writes loadtest/results/<date>-deid.txt. Options: --lang fr or en for one language, --only WORD for the sets with it in their name, --no-peer, --no-layers, --out FOLDER, --shared FOLDER.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../machine.ts'
import { DISTURBANCES, DISTURBED, disturbed } from './disturbed.ts'
import { knownElsewhere } from './elsewhere.ts'
import { chainon, documentsPerSecond, type Engine, presidio, run } from './engines.ts'
import { readFilled } from './filled.ts'
import { type Sample, type Score, score } from './score.ts'
import { numbersOf, simulate } from './simulated.ts'
import { knownOfMarks, readMarked, refilled } from './texts.ts'

const ROOT = join(import.meta.dirname, '../..')
const { values: flags } = parseArgs({
  options: {
    'no-peer': { type: 'boolean', default: false },
    lang: { type: 'string' },
    only: { type: 'string', default: '' },
    'no-layers': { type: 'boolean', default: false },
    out: { type: 'string', default: join(ROOT, 'loadtest/results') },
    shared: { type: 'string', default: join(ROOT, '../shared') },
    records: { type: 'string', default: '12000' },
  },
})
const LAYERS = ['shapes', 'dictionary', 'context', 'shapes,dictionary,context', 'tagger', 'shapes,context,tagger']
const FEW = 100
const MANY = 1_500
const MANY_OF_PEER = 200

interface Corpus {
  readonly name: string
  readonly language: 'fr' | 'en'
  readonly samples: readonly Sample[]
}

const folder = mkdtempSync(join(tmpdir(), 'chainon-deid-'))
const lines: string[] = []
const say = (line = '') => {
  lines.push(line)
  process.stdout.write(`${line}\n`)
}
try {
  measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
mkdirSync(flags.out, { recursive: true })
writeFileSync(join(flags.out, `${new Date().toISOString().slice(0, 10)}-deid.txt`), `${lines.join('\n')}\n`)

function measure(): void {
  say(`${new Date().toISOString()}  ${machine()}`)
  say(['npm run deid:bench', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(' '))
  say()
  say(
    'Characters to hide, whatever the kind, spaces inside a mark included. Full: documents without a character left over.',
  )
  say(
    'Documents per second of processor time, start left out. "known": the traits of the marks are given with the text.',
  )
  const peer = flags['no-peer'] ? 'left out (--no-peer)' : presidio(join(ROOT, '.chainon/peers/presidio'))
  if (typeof peer === 'string') say(`Presidio is not measured: ${peer}`)
  const all = corpora().filter(
    ({ language, name }) => (flags.lang ?? language) === language && name.includes(flags.only),
  )
  for (const corpus of all) measureCorpus(corpus, typeof peer === 'string' ? undefined : peer)
  for (const language of new Set(all.map((one) => one.language))) measureDisturbed(all, language)
}

function corpora(): Corpus[] {
  const { patients, notes } = simulate(join(folder, 'feeds'), Number(flags.records))
  const english = readMarked(join(import.meta.dirname, 'texts/en.txt')) ?? []
  const shared = readMarked(join(flags.shared, 'data/text/fr_templates.txt'))
  if (!shared)
    say(`The shared French templates are not measured: there is no ${flags.shared}/data/text/fr_templates.txt`)
  const french: Corpus[] = shared
    ? [
        { name: 'French templates (eds-pseudo), as they are', language: 'fr', samples: withKnown(shared) },
        {
          name: 'French templates, filled with simulated patients',
          language: 'fr',
          samples: withKnown(refilled(shared, patients)),
        },
      ]
    : []
  return [
    ...french,
    { name: "notes of the simulator: the patient's own traits, only recall", language: 'fr', samples: notes },
    { name: 'English texts of our own', language: 'en', samples: withKnown(english) },
    ...halves('French notes of our own', 'fr', 'texts/fr-notes.txt'),
    ...halves('English notes of our own', 'en', 'texts/en-notes.txt'),
    blind('French notes of other styles, only scored', 'fr', 'texts/fr-blind.txt'),
    blind('English notes of other styles, only scored', 'en', 'texts/en-blind.txt'),
    blind('French notes of more styles, only scored', 'fr', 'texts/fr-styles.txt'),
    blind('English notes of more styles, only scored', 'en', 'texts/en-styles.txt'),
    ...forms('French records, filled', 'fr', 'records', 3),
    ...forms('English records, filled', 'en', 'records', 4),
    ...forms('French charts, filled', 'fr', 'charts', 4),
    ...forms('English charts, filled', 'en', 'charts', 4),
  ]
}

/** Every other text may be read while rules are mended; the others are only ever scored. */
function halves(name: string, language: 'fr' | 'en', file: string): Corpus[] {
  const samples = withKnown(readMarked(join(import.meta.dirname, file)) ?? [])
  return ['read', 'only scored'].map((half, rest) => ({
    name: `${name}, ${half}`,
    language,
    samples: samples.filter((_, i) => i % 2 === rest),
  }))
}

/** The halves share neither a form nor a value. */
function forms(name: string, language: 'fr' | 'en', set: string, copies: number): Corpus[] {
  const { read, scored } = readFilled(
    join(import.meta.dirname, `texts/${language}-${set}.txt`),
    join(import.meta.dirname, `texts/${set}-values.txt`),
    copies,
  )
  return [
    { name: `${name}, read`, language, samples: withKnown(read) },
    { name: `${name}, only scored`, language, samples: withKnown(scored) },
  ]
}

/** Texts whose errors are not read while rules are mended: a check that the rules do not only fit what was read. */
function blind(name: string, language: 'fr' | 'en', file: string): Corpus {
  return { name, language, samples: withKnown(readMarked(join(import.meta.dirname, file)) ?? []) }
}

function withKnown(samples: readonly Sample[]): Sample[] {
  return samples.map((sample) => ({ ...sample, known: knownOfMarks(sample) }))
}

function measureCorpus({ name, language, samples }: Corpus, peer: Engine | undefined): void {
  say()
  say(`== ${name}: ${samples.length} documents`)
  say(`${'engine'.padEnd(42)}    P      R      F1    full   documents/s`)
  const file = join(folder, 'texts.jsonl')
  const own = chainon()
  const ownSpeed = documentsPerSecond(own, language, samples, file, FEW, MANY)
  const all = score(samples, run(own, language, samples, file, false))
  row('chainon', all, ownSpeed)
  if (all.precision === undefined) {
    const numbers = samples.map((sample) => ({ ...sample, known: numbersOf(sample) }))
    row('chainon, only the numbers known', score(samples, run(own, language, numbers, file, true)))
  }
  row('chainon, known', score(samples, run(own, language, samples, file, true)))
  if (all.precision !== undefined) {
    const elsewhere = samples.map((sample) => ({ ...sample, known: knownElsewhere(sample) }))
    row('chainon, known as a registry writes it', score(samples, run(own, language, elsewhere, file, true)))
  }
  if (peer) {
    const speed = documentsPerSecond(peer, language, samples, file, FEW, MANY_OF_PEER)
    row(peer.name, score(samples, run(peer, language, samples, file, false)), speed)
    say(`chainon has ${(ownSpeed / speed).toFixed(1)} times the documents per second of ${peer.name}`)
  }
  for (const layers of flags['no-layers'] ? [] : LAYERS)
    row(`  ${layers} only`, score(samples, run(chainon(layers), language, samples, file, false)))
  say('found, by the kind of the mark (characters):')
  say(
    `  ${[...all.byMark].map(([kind, { recall, characters }]) => `${kind} ${recall.toFixed(3)} (${characters})`).join(', ')}`,
  )
  if (all.precision === undefined) return
  say('right, by the kind that was given (characters):')
  say(
    `  ${[...all.byKind].map(([kind, { precision, characters }]) => `${kind} ${precision.toFixed(3)} (${characters})`).join(', ')}`,
  )
}

/** The traits of the forms that are filled, with errors in the text and right in `known`. */
function measureDisturbed(all: readonly Corpus[], language: 'fr' | 'en'): void {
  for (const half of ['read', 'only scored']) {
    const samples = all
      .filter((one) => one.language === language && one.name.endsWith(`filled, ${half}`))
      .flatMap((one, i) => one.samples.map((sample) => ({ ...sample, id: `${i} ${sample.id}` })))
    say()
    say(`== known traits with errors, ${language}, forms that are filled, ${half}: ${samples.length} documents`)
    say(`${'error in the text'.padEnd(42)}characters  R without     R known   P without     P known`)
    for (const one of DISTURBANCES) {
      const texts = disturbed(samples, one, language)
      if (texts.length === 0) continue
      const file = join(folder, 'texts.jsonl')
      const [without, known] = [false, true].map((withKnown) =>
        score(texts, run(chainon(), language, texts, file, withKnown)),
      ) as [Score, Score]
      const { characters = 0, recall = 0 } = known.byMark.get(DISTURBED) ?? {}
      const figures = [without.byMark.get(DISTURBED)?.recall, recall, without.precision, known.precision]
      say(
        `${one.name.padEnd(42)}${String(characters).padStart(10)}${figures.map((figure) => (figure ?? 0).toFixed(3).padStart(11)).join(' ')}`,
      )
    }
  }
}

function row(name: string, { precision, recall, f1, complete }: Score, speed?: number): void {
  const figure = (value: number | undefined) => (value === undefined ? '     -' : value.toFixed(3).padStart(6))
  say(
    `${name.padEnd(42)}${figure(precision)} ${figure(recall)} ${figure(f1)} ${figure(complete)}   ${speed === undefined ? '' : Math.round(speed).toString().padStart(8)}`.trimEnd(),
  )
}
