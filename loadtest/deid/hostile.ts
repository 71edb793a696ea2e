/**
 * `node loadtest/deid/hostile.ts [--lang fr]`: 1 MB and 10 MB of texts that are made to cost much, each in a process of its own; prints seconds of
 * processor time and greatest memory. Linear: the ratio is near 10.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { scanParts } from '../../services/deidentify/text/engine.ts'
import { knownOf } from '../../services/deidentify/text/known/known.ts'
import { loadResources } from '../../services/deidentify/text/resources.ts'
import { LANGUAGES, type Language } from '../../services/deidentify/text/types.ts'
import { machine } from '../machine.ts'

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

const [shape, language, size] = process.argv.slice(2)
if (shape !== undefined && size !== undefined) scanOne(shape, language as Language, Number(size))
else measure(shape === '--lang' ? [language as Language] : LANGUAGES)

/** In a process of its own. */
function scanOne(name: string, chosen: Language, characters: number): void {
  const make = SHAPES[name]
  if (!make) throw new Error('there is no such shape')
  const parts: string[] = []
  for (let i = 0, length = 0; length < characters; i++) {
    const part = make(i)
    parts.push(part)
    length += part.length
  }
  const text = parts.join('')
  const resources = loadResources(chosen)
  const known = knownOf(KNOWN)
  const before = process.cpuUsage()
  let spans = 0
  for (const part of scanParts(text, resources, { language: chosen, known })) spans += part.spans.length
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(
    JSON.stringify({ seconds: (user + system) / 1e6, megabytes: process.resourceUsage().maxRSS / 1024, spans }),
  )
}

function measure(languages: readonly Language[]): void {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  say(`${new Date().toISOString()}  ${machine()}`)
  say(['node loadtest/deid/hostile.ts', ...process.argv.slice(2)].join(' '))
  say(`${'text'.padEnd(40)}    1 MB s   10 MB s   ratio   memory MB 1 and 10`)
  for (const chosen of languages)
    for (const name of Object.keys(SHAPES)) {
      const [small, large] = [1e6, 1e7].map(
        (characters) =>
          JSON.parse(
            execFileSync(process.execPath, [fileURLToPath(import.meta.url), name, chosen, String(characters)], {
              encoding: 'utf8',
            }),
          ) as { seconds: number; megabytes: number },
      ) as [{ seconds: number; megabytes: number }, { seconds: number; megabytes: number }]
      say(
        `${`${chosen} ${name}`.padEnd(40)}${small.seconds.toFixed(2).padStart(10)}${large.seconds.toFixed(2).padStart(10)}${(large.seconds / small.seconds).toFixed(1).padStart(8)}${small.megabytes.toFixed(0).padStart(12)}${large.megabytes.toFixed(0).padStart(6)}`,
      )
    }
}
