/**
 * `node loadtest/deid/hostile.ts`: texts that are made to cost much, through the command, in two sizes. For each: seconds of processor time
 * and peak memory, start left out; the ratio of the times (linear: not above the ratio of the sizes); how many times the time of ordinary notes of the
 * same length; and megabytes of memory for a megabyte of text. Adds to loadtest/results/<date>-deid-hostile.txt.
 * Options: --lang fr or en, --only WORD for the shapes with it in their name, --small and --large characters, --out FOLDER.
 */
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../machine.ts'
import { chainon } from './engines.ts'
import { readMarked } from './texts.ts'

const { values: flags } = parseArgs({
  options: {
    lang: { type: 'string' },
    only: { type: 'string', default: '' },
    small: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '10000000' },
    out: { type: 'string', default: join(import.meta.dirname, '../results') },
  },
})
const LANGUAGES = ['fr', 'en'].filter((language) => (flags.lang ?? language) === language)
const SIZES = [Number(flags.small), Number(flags.large)] as const
const MB = 1e6

const SHAPES: Readonly<Record<string, (i: number) => string>> = {
  'titles over titles': () => 'Dr Pr Mme M. Dr Pr Mme ',
  'a long run of capitals': (i) => `${['DUPONT', 'MARTIN', 'URGENCES', 'SERVICE'][i % 4]} `,
  'nested lists': (i) => `${' '.repeat(i % 60)}- Présents : A, B (C (D\n`,
  'combining marks': () => 'e\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308 ',
  'only combining marks': () => '\u0301',
  'NUL between letters': () => 'Du\0pont\0 ',
  'no space in one line': () => 'abcdefghij',
  'figures without end': () => '0123456789',
  'figures and marks': () => '06.12-34/56 ',
  'candidates of names': (i) => `${letters(i)} `,
  'names of the patient with an error': (i) => `Baudr${String.fromCharCode(97 + (i % 26))}llard Le Galic `,
  'letters one by one': (i) => `${String.fromCharCode(65 + (i % 26))} `,
  'letters read as figures': () => 'O6l2OS8B ',
  initials: () => 'J.-B. L. ',
  'at signs': () => 'a@',
  brackets: () => '(((((((((',
  hospitals: () => 'Centre Hospitalier de la ',
  streets: () => '12 bis rue de la rue de ',
  'apostrophes and hyphens': () => "l'-d'-",
  months: () => 'mars mai juin le douze ',
}

/** A word of its own for each number: Aaab, Aaac. */
const letters = (i: number): string => {
  const word = Array.from({ length: 5 }, (_, at) => String.fromCharCode(97 + (Math.floor(i / 26 ** at) % 26))).join('')
  return word.charAt(0).toUpperCase() + word.slice(1)
}

const KNOWN = {
  names: ['Baudrillard', 'Le Gallic', 'Roux', 'Jean-Baptiste'],
  birth_date: '1960-03-12',
  phone: '0612345878',
  address: '12 rue de la Combe',
  city: 'Saint-Étienne',
  ids: ['8112345678', '0123456788'],
}

/** The process says itself at its end what it used. */
const REPORT =
  "data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,JSON.stringify(process.resourceUsage())))"

interface Cost {
  readonly seconds: number
  /** Most that the process had in memory. */
  readonly peak: number
}

const folder = mkdtempSync(join(tmpdir(), 'chainon-hostile-'))
const lines: string[] = []
const say = (line: string) => {
  lines.push(line)
  process.stdout.write(`${line}\n`)
}
try {
  measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
mkdirSync(flags.out, { recursive: true })
appendFileSync(join(flags.out, `${new Date().toISOString().slice(0, 10)}-deid-hostile.txt`), `${lines.join('\n')}\n\n`)

function measure(): void {
  say(`${new Date().toISOString()}  ${machine()}`)
  say(['node loadtest/deid/hostile.ts', ...process.argv.slice(2)].join(' '))
  const [small, large] = SIZES.map((size) => `${size / MB} MB`) as [string, string]
  say(
    `${'text'.padEnd(40)}${`${small} s`.padStart(10)}${`${large} s`.padStart(10)}     ratio  x notes${`${small} peak`.padStart(13)}${`${large} peak`.padStart(13)}  MB/MB`,
  )
  for (const language of LANGUAGES) {
    const start = cost(language, '')
    const notes = notesOf(language)
    const ordinary = row(`${language} ordinary notes`, language, (i) => `${notes[i % notes.length]}\n`, start)
    for (const [name, make] of Object.entries(SHAPES).filter(([name]) => name.includes(flags.only)))
      row(`${language} ${name}`, language, make, start, ordinary)
  }
}

/** @returns seconds for the larger text */
function row(name: string, language: string, make: (i: number) => string, start: Cost, ordinary?: number): number {
  const [small, large] = SIZES.map((size) => cost(language, textOf(make, size))) as [Cost, Cost]
  const seconds = [small.seconds - start.seconds, large.seconds - start.seconds] as const
  const growth = (large.peak - small.peak) / (SIZES[1] - SIZES[0])
  say(
    [
      name.padEnd(40),
      ...seconds.map((one) => one.toFixed(2).padStart(10)),
      (seconds[1] / Math.max(seconds[0], 0.01)).toFixed(1).padStart(10),
      (seconds[1] / (ordinary ?? seconds[1])).toFixed(1).padStart(9),
      ...[small, large].map(({ peak }) => (peak / MB).toFixed(0).padStart(13)),
      growth.toFixed(1).padStart(7),
    ].join(''),
  )
  return seconds[1]
}

function cost(language: string, text: string): Cost {
  const file = join(folder, 'text.jsonl')
  writeFileSync(file, `${JSON.stringify({ id: 1, text, known: KNOWN })}\n`)
  const [program = '', ...args] = chainon().command(language, file)
  const { output, status } = spawnSync(program, ['--import', REPORT, ...args], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const report = output?.[3]
  if (status !== 0 || !report) throw new Error(`the command ended with ${status}`)
  const usage = JSON.parse(String(report)) as NodeJS.ResourceUsage
  return { seconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6, peak: usage.maxRSS * 1024 }
}

function notesOf(language: string): readonly string[] {
  return (readMarked(join(import.meta.dirname, `texts/${language}-notes.txt`)) ?? []).map(({ text }) => text)
}

function textOf(make: (i: number) => string, characters: number): string {
  const parts: string[] = []
  for (let i = 0, length = 0; length < characters; i++) {
    const part = make(i)
    parts.push(part)
    length += part.length
  }
  return parts.join('')
}
