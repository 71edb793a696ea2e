/** Texts that are forms: each is filled several times from lists, so that names, numbers and places vary and their halves do not meet. */
import { readFileSync } from 'node:fs'
import { type Random, seeded } from '../chaos/random.ts'
import type { Sample } from './score.ts'
import { parseMarked, textsOf } from './texts.ts'

/** `{last}`, `{last1}` (the same value wherever it stands in a text), `{last^}` in capitals, `{last_}` in small letters, `{~##-AA}`. */
const SLOT = /\{(?:~([^}]+)|([a-z]+)(\d?)([\^_]?))\}/g

type Values = readonly [string, ...string[]]
/** By the name of a slot: the values of each half. */
type Lists = ReadonlyMap<string, readonly [Values, Values]>

export interface Filled {
  /** Texts whose errors may be read while rules are changed: forms 0, 2, 4 ..., with the values at even places. */
  readonly read: readonly Sample[]
  /** Texts that are only ever scored. */
  readonly scored: readonly Sample[]
}

/**
 * @param path forms, written as `readMarked` reads them, with slots @param values lines `name: a|b|c` @param copies of each form
 * @returns the same texts at each call @throws Error with the name of a slot that has no list
 */
export function readFilled(path: string, values: string, copies: number): Filled {
  const lists = readLists(values)
  const halves: [Sample[], Sample[]] = [[], []]
  textsOf(readFileSync(path, 'utf8')).forEach((form, i) => {
    const half = (i % 2) as 0 | 1
    for (let copy = 0; copy < copies; copy++)
      halves[half].push(parseMarked(`${i}-${copy}`, fill(form, lists, half, seeded(`${i} ${copy}`))))
  })
  return { read: halves[0], scored: halves[1] }
}

function fill(form: string, lists: Lists, half: 0 | 1, random: Random): string {
  const bound = new Map<string, string>()
  return form.replace(SLOT, (_, pattern: string | undefined, name: string, index: string, writing: string) => {
    if (pattern !== undefined) return drawn(pattern, random)
    const list = lists.get(name)?.[half]
    if (list === undefined) throw new Error(`no list of values is named ${name}`)
    const value = (index === '' ? undefined : bound.get(name + index)) ?? random.pick(list)
    bound.set(name + index, value)
    if (writing === '^') return value.toUpperCase()
    return writing === '_' ? value.toLowerCase() : value
  })
}

const drawn = (pattern: string, random: Random): string =>
  pattern.replace(/[#Aa]/g, (place) =>
    place === '#' ? String(random.int(0, 9)) : String.fromCharCode((place === 'A' ? 65 : 97) + random.int(0, 25)),
  )

function readLists(path: string): Lists {
  return new Map(
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('# '))
      .map((line) => {
        const values = line
          .slice(line.indexOf(':') + 1)
          .trim()
          .split('|')
        const at = (rest: number) => values.filter((_, i) => i % 2 === rest) as unknown as Values
        return [line.slice(0, line.indexOf(':')), [at(0), at(1)]]
      }),
  )
}
