/** Characters to hide, hidden, and hidden without need: the measure of a scrubber, whatever the kind. */

export interface Mark {
  /** Code points, end exclusive. */
  readonly start: number
  readonly end: number
  readonly kind: string
}

export interface Sample {
  readonly id: string
  readonly text: string
  readonly marks: readonly Mark[]
  readonly known?: unknown
  /** Only the marks are known to be identifiers; what else is found is not wrong. */
  readonly partial?: boolean
}

export interface Score {
  readonly precision: number | undefined
  readonly recall: number
  readonly f1: number | undefined
  /** Share of documents without a character left over. */
  readonly complete: number
  /** By the kind of the mark: characters to hide, and the share that was hidden. */
  readonly byMark: ReadonlyMap<string, { readonly characters: number; readonly recall: number }>
  /** By the kind that the scrubber gave: characters that it hid, and the share that had to be hidden. */
  readonly byKind: ReadonlyMap<string, { readonly characters: number; readonly precision: number }>
}

/** @param found by id of the sample */
export function score(samples: readonly Sample[], found: ReadonlyMap<string, readonly Mark[]>): Score {
  let [hidden, needless, left, complete] = [0, 0, 0, 0]
  const byMark = new Map<string, [hidden: number, all: number]>()
  const byKind = new Map<string, [right: number, all: number]>()
  for (const { id, text, marks } of samples) {
    const length = Array.from(text).length
    const wanted = paint(length, marks)
    const got = paint(length, found.get(id) ?? [])
    let leftHere = 0
    for (let i = 0; i < length; i++) {
      const [want, have] = [wanted[i], got[i]]
      if (want !== undefined) count(byMark, want, have !== undefined)
      if (have !== undefined) count(byKind, have, want !== undefined)
      if (want !== undefined && have !== undefined) hidden++
      else if (have !== undefined) needless++
      else if (want !== undefined) leftHere++
    }
    left += leftHere
    if (leftHere === 0) complete++
  }
  const recall = hidden / Math.max(1, hidden + left)
  const precision = samples.some(({ partial }) => partial) ? undefined : hidden / Math.max(1, hidden + needless)
  return {
    recall,
    precision,
    f1: precision === undefined ? undefined : (2 * precision * recall) / Math.max(1e-9, precision + recall),
    complete: complete / Math.max(1, samples.length),
    byMark: new Map([...byMark].map(([kind, [right, all]]) => [kind, { characters: all, recall: right / all }])),
    byKind: new Map([...byKind].map(([kind, [right, all]]) => [kind, { characters: all, precision: right / all }])),
  }
}

function paint(length: number, marks: readonly Mark[]): (string | undefined)[] {
  const painted: (string | undefined)[] = Array.from({ length })
  for (const { start, end, kind } of marks) painted.fill(kind, start, end)
  return painted
}

function count(by: Map<string, [number, number]>, kind: string, right: boolean): void {
  const [done, all] = by.get(kind) ?? [0, 0]
  by.set(kind, [done + (right ? 1 : 0), all + 1])
}
