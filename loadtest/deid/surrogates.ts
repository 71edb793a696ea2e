/**
 * `node loadtest/deid/surrogates.ts`: what surrogates leave, through the command. Texts are replaced twice as in production, and read again by the
 * scrubber: how much of the surrogates it takes for identifiers, whether every character beside them is as before, and how many
 * identifiers that were missed stand among how many surrogates. Writes loadtest/results/<date>-deid-surrogates.txt. Option: --out FOLDER.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../machine.ts'
import { chainon, run } from './engines.ts'
import { readFilled } from './filled.ts'
import type { Mark, Sample } from './score.ts'
import { knownOfMarks, readMarked } from './texts.ts'

const { values: flags } = parseArgs({
  options: { out: { type: 'string', default: join(import.meta.dirname, '../results') } },
})
const folder = mkdtempSync(join(tmpdir(), 'chainon-surrogates-'))
const file = join(folder, 'texts.jsonl')
const lines: string[] = []
const say = (line = '') => {
  lines.push(line)
  process.stdout.write(`${line}\n`)
}

/** Surrogates with nothing but a few characters between them, as a name and a given name. */
interface Row {
  readonly start: number
  readonly end: number
  readonly kinds: readonly string[]
}
/** What stands between two surrogates so that where each of them ends can be told. */
const SHORTEST_BETWEEN = 4

try {
  measure()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
mkdirSync(flags.out, { recursive: true })
writeFileSync(join(flags.out, `${new Date().toISOString().slice(0, 10)}-deid-surrogates.txt`), `${lines.join('\n')}\n`)

function measure(): void {
  say(`${new Date().toISOString()}  ${machine()}`)
  say('node loadtest/deid/surrogates.ts')
  say()
  say('found again: characters of surrogates that the scrubber takes for identifiers when it reads the replaced text')
  say('elsewhere: characters that it takes for identifiers there and did not before, of 1,000 beside surrogates')
  say('changed: documents in which a character beside the surrogates is not as before')
  say('missed: identifiers (marks) of which a letter or figure is left, and their share among these and the surrogates')
  for (const language of ['fr', 'en'] as const)
    for (const withKnown of [false, true]) measureLanguage(language, setOf(language), withKnown)
}

function setOf(language: 'fr' | 'en'): readonly Sample[] {
  const at = (name: string) => join(import.meta.dirname, `texts/${name}.txt`)
  const notes = ['notes', 'blind', 'styles'].flatMap((name) => readMarked(at(`${language}-${name}`)) ?? [])
  const filled = ['records', 'charts'].flatMap((set) => {
    const { read, scored } = readFilled(at(`${language}-${set}`), at(`${set}-values`), 2)
    return [...read, ...scored]
  })
  return [...notes, ...filled].map((sample, i) => ({ ...sample, id: String(i), known: knownOfMarks(sample) }))
}

function measureLanguage(language: 'fr' | 'en', samples: readonly Sample[], withKnown: boolean): void {
  const before = run(chainon(), language, samples, file, withKnown)
  const replaced = replacedTexts(language, samples, withKnown)
  const texts = samples.map(({ id }) => ({ id, text: replaced.get(id) ?? '', marks: [] }))
  const after = run(chainon(), language, texts, file, false)
  const again = new Map<string, { all: number; found: number }>()
  let [changed, elsewhere, beside, missed, marks, surrogates] = [0, 0, 0, 0, 0, 0]
  for (const sample of samples) {
    const spans = before.get(sample.id) ?? []
    surrogates += spans.length
    marks += sample.marks.length
    missed += sample.marks.filter((mark) => isLeft(sample, mark, spans)).length
    const points = Array.from(replaced.get(sample.id) ?? '')
    const rows = rowsOf(Array.from(sample.text), spans, points)
    if (rows === undefined) {
      changed++
      continue
    }
    const isFound = covered(points.length, after.get(sample.id) ?? [])
    const isSurrogate = new Uint8Array(points.length)
    for (const { start, end, kinds } of rows) {
      isSurrogate.fill(1, start, end)
      const kind = new Set(kinds).size === 1 ? (kinds[0] as string) : 'several'
      const sum = again.get(kind) ?? { all: 0, found: 0 }
      for (let i = start; i < end; i++)
        if (/[\p{L}\d]/u.test(points[i] as string)) {
          sum.all++
          sum.found += isFound[i] as number
        }
      again.set(kind, sum)
    }
    for (let i = 0; i < points.length; i++)
      if (isSurrogate[i] === 0) {
        beside++
        elsewhere += isFound[i] as number
      }
  }
  const all = [...again.values()].reduce((sum, one) => ({ all: sum.all + one.all, found: sum.found + one.found }))
  say()
  say(
    `== ${language}, ${withKnown ? 'with' : 'without'} known traits: ${samples.length} documents, ${surrogates} surrogates or tags`,
  )
  say(
    `found again ${(all.found / all.all).toFixed(3)} of ${all.all} characters, elsewhere ${((1000 * elsewhere) / beside).toFixed(2)}, changed ${changed}`,
  )
  say(`missed ${missed} of ${marks} identifiers: ${(missed / (missed + surrogates)).toFixed(3)} of what looks like one`)
  const kinds = [...again].sort((a, b) => b[1].all - a[1].all)
  say(
    `found again by kind: ${kinds.map(([kind, one]) => `${kind} ${(one.found / one.all).toFixed(2)} (${one.all})`).join(', ')}`,
  )
}

function replacedTexts(language: string, samples: readonly Sample[], withKnown: boolean): ReadonlyMap<string, string> {
  writeFileSync(
    file,
    samples.map(({ id, text, known }) => `${JSON.stringify({ id, text, ...(withKnown ? { known } : {}) })}\n`).join(''),
  )
  const [program = '', ...args] = chainon().command(language, file)
  const { stdout } = spawnSync(program, [...args, '--replace', '--surrogates'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  return new Map(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const { id, text } = JSON.parse(line) as { id: string; text: string }
        return [id, text]
      }),
  )
}

/** @returns where the surrogates stand in the replaced text; undefined where what stands between them is not as in the text */
function rowsOf(
  text: readonly string[],
  spans: readonly Mark[],
  replaced: readonly string[],
): readonly Row[] | undefined {
  const groups: { start: number; end: number; kinds: string[] }[] = []
  for (const { start, end, kind } of spans) {
    const last = groups.at(-1)
    if (last && start - last.end < SHORTEST_BETWEEN) {
      last.end = end
      last.kinds.push(kind)
    } else groups.push({ start, end, kinds: [kind] })
  }
  const whole = replaced.join('')
  const rows: Row[] = []
  let at = 0
  let from = 0
  for (const [i, { start, end, kinds }] of groups.entries()) {
    const before = text.slice(from, start).join('')
    if (!whole.startsWith(before, at)) return undefined
    const begin = at + before.length
    const next = text.slice(end, groups[i + 1]?.start ?? text.length).join('')
    const isLast = i === groups.length - 1
    const stop = isLast ? whole.length - next.length : whole.indexOf(next, begin)
    if (stop < begin) return undefined
    rows.push({ start: pointsIn(whole, begin), end: pointsIn(whole, stop), kinds })
    at = stop
    from = end
  }
  return whole.slice(at) === text.slice(from).join('') ? rows : undefined
}

function pointsIn(text: string, units: number): number {
  return Array.from(text.slice(0, units)).length
}

function covered(length: number, spans: readonly Mark[]): Uint8Array {
  const out = new Uint8Array(length)
  for (const { start, end } of spans) out.fill(1, start, end)
  return out
}

function isLeft({ text }: Sample, { start, end }: Mark, spans: readonly Mark[]): boolean {
  const points = Array.from(text)
  const isCovered = covered(points.length, spans)
  for (let i = start; i < end; i++) if (isCovered[i] === 0 && /[\p{L}\d]/u.test(points[i] as string)) return true
  return false
}
