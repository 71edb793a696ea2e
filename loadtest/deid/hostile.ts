/**
 * `node loadtest/deid/hostile.ts [fr|en]`: 1 MB and 10 MB of texts that are made to cost much, through the command; prints seconds of
 * processor time, start left out. Linear: the ratio is near 10.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machine } from '../machine.ts'
import { chainon, secondsFor } from './engines.ts'

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

const folder = mkdtempSync(join(tmpdir(), 'chainon-hostile-'))
try {
  measure(process.argv[2] === undefined ? ['fr', 'en'] : [process.argv[2]])
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function measure(languages: readonly string[]): void {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  say(`${new Date().toISOString()}  ${machine()}`)
  say(['node loadtest/deid/hostile.ts', ...process.argv.slice(2)].join(' '))
  say(`${'text'.padEnd(40)}    1 MB s   10 MB s   ratio`)
  for (const language of languages) {
    const start = seconds(language, '')
    for (const [name, make] of Object.entries(SHAPES)) {
      const [small, large] = [1e6, 1e7].map((size) => seconds(language, textOf(make, size)) - start) as [number, number]
      say(
        `${`${language} ${name}`.padEnd(40)}${small.toFixed(2).padStart(10)}${large.toFixed(2).padStart(10)}${(large / small).toFixed(1).padStart(8)}`,
      )
    }
  }
}

function seconds(language: string, text: string): number {
  const file = join(folder, 'text.jsonl')
  writeFileSync(file, `${JSON.stringify({ id: 1, text, known: KNOWN })}\n`)
  return secondsFor(chainon(), language, file)
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
