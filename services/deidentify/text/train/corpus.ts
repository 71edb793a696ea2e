/** Training texts from a grammar: drawn, filled with surrogates, and disturbed as real notes are. */
import { readFileSync } from 'node:fs'
import type { Tag } from '../tagger/labels.ts'
import type { Language } from '../types.ts'
import { type Random, type Slot, typo } from './letters.ts'

export interface Marked {
  readonly text: string
  readonly spans: readonly { readonly start: number; readonly end: number; readonly tag: Tag }[]
}

type Rules = ReadonlyMap<string, readonly string[]>

/** @returns the rules by name; a form with `5*` before it is there five times */
function readGrammar(language: Language): Rules {
  const rules = new Map<string, string[]>()
  let forms: string[] = []
  for (const line of readFileSync(new URL(`grammar/${language}.txt`, import.meta.url), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('# ')) continue
    if (line.startsWith('@') && line.length > 1 && !line.includes(' ')) {
      forms = []
      rules.set(line.slice(1), forms)
      continue
    }
    const [, times = '1', form = line] = /^(\d+)\*(.*)$/.exec(line) ?? []
    for (let i = 0; i < Number(times); i++) forms.push(form.replaceAll('\\n', '\n'))
  }
  return rules
}

/** @returns an endless supply of texts */
export function* corpus(language: Language, slots: Readonly<Record<string, Slot>>, random: Random): Generator<Marked> {
  const rules = readGrammar(language)
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T
  const expand = (form: string, depth = 0): string =>
    form.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (name === 'lines') return lines()
      const forms = rules.get(name)
      if (forms && depth < 8) return expand(pick(forms), depth + 1)
      const slot = slots[name]
      if (!slot) throw new Error(`the grammar names {${name}}, which is neither a rule nor a slot`)
      return slot(random)
    })
  const lines = () => {
    const count = random.below(3) === 0 ? 1 : 1 + random.below(8)
    const between = pick(['\n', '\n', '\n', ' ', ' ', '. ', ', ', '  ', '\n\n', '\n- ', ' - '])
    return Array.from({ length: count }, () => expand(pick(['{line}', '{line}', '{neg}']))).join(between)
  }
  for (;;) yield parseMarks(disturb(expand('{doc}'), random))
}

const MARK = /\[([^[\]]*)\]\((\w+)\)/g

/** Errors of writing, of scanners and of copies between programs. */
function disturb(marked: string, random: Random): string {
  let text = marked
  const one = (in_: number) => random.below(in_) === 0
  if (one(14))
    text = text
      .replace(/[^[\]()]+(?!\w*\))/g, (part) => part.toUpperCase())
      .replace(/\]\((\w+)\)/g, (mark) => mark.toLowerCase())
  else if (one(40)) text = text.replace(MARK, (_, value: string, tag: string) => `[${value.toLowerCase()}](${tag})`)
  if (one(9)) text = text.normalize('NFD').replace(/\p{M}/gu, '')
  if (one(20)) text = text.replaceAll(' ', () => (random.below(6) ? ' ' : '  '))
  if (one(30)) text = text.replaceAll(' ', () => (random.below(12) ? ' ' : '\n'))
  if (one(12)) text = text.replace(/ \[/g, () => (random.below(4) ? ' [' : '['))
  if (one(20)) text = text.replace(/\)\s/g, (gap) => (random.below(4) ? gap : ')'))
  if (one(20)) text = text.replaceAll("'", '’')
  if (one(15)) text = text.replace(/\p{L}{6,}/gu, (word) => (random.below(15) ? word : typo(random, word)))
  if (one(25)) text = text.replaceAll(' : ', ':')
  if (one(40)) text = text.replaceAll(' ', '\u00a0')
  return text
}

/** @param marked text with `[value](tag)` */
function parseMarks(marked: string): Marked {
  const spans: { start: number; end: number; tag: Tag }[] = []
  let text = ''
  let last = 0
  for (const match of marked.matchAll(MARK)) {
    text += marked.slice(last, match.index)
    const value = match[1] as string
    if (value !== '') spans.push({ start: text.length, end: text.length + value.length, tag: match[2] as Tag })
    text += value
    last = match.index + match[0].length
  }
  return { text: text + marked.slice(last), spans }
}
