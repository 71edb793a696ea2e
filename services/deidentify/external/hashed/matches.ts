/**
 * What a process of `deidentify` has found for a circuit: `matches-<random>.sealed`, a file of its own for each process, so that processes and hosts need no agreement. A line is sealed for its file and its place in
 * it: of another circuit, moved, or from the middle of a file that lacks one, it does not open. The end of a file is the end of what was written: a line that was cut off there is of a process that was killed.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import Type from 'typebox'
import type { SecretBox } from '#core/crypto/secret-box.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { closed } from '#core/schema/closed.ts'
import { complete } from '#core/schema/complete.ts'
import type { Written } from '#core/schema/written.ts'
import { type Circuit, placeOf } from './circuits.ts'

const Count = Type.Integer({ minimum: 0 })
const Found = closed({
  /** Milliseconds since 1970. */
  at: Type.Integer(),
  /** Records since the line before. */
  compared: Count,
  /** Of them those with a number that counts. */
  numbered: Count,
  /** Index of the subject in the list, first-level pseudonym of the patient. The same may be there again. */
  matches: Type.Array(Type.Tuple([Count, Type.String({ pattern: '^p1_[\\w-]{43}$' })])),
})
export type Found = Written<typeof Found>

export interface MatchFile {
  /** Returns when it is on the disk. @throws the error of the file system; nothing more is written to this file then */
  append(found: Found): Promise<void>
  close(): Promise<void>
}

const NAME = /^matches-[0-9a-f]{16}\.sealed$/
const NAME_BYTES = 8

/** @param folder of the circuit, which must be there: one that is destroyed is not made again */
export async function createMatchFile(folder: string, circuit: Circuit, box: SecretBox): Promise<MatchFile> {
  const name = `matches-${randomBytes(NAME_BYTES).toString('hex')}.sealed`
  const file: FileHandle = await open(join(folder, name), 'ax', 0o600)
  let lines = 0
  return {
    async append(found) {
      await file.appendFile(`${box.seal(linePlace(circuit, name, lines), JSON.stringify(found))}\n`)
      await file.datasync()
      lines++
    },
    close: () => file.close(),
  }
}

export interface AllFound {
  /** Of each subject that was found, by its index, the patients. */
  readonly patients: ReadonlyMap<number, ReadonlySet<string>>
  readonly compared: number
  readonly numbered: number
  /** Processes that have compared. */
  readonly files: number
  /** First and last line, milliseconds since 1970; undefined when no process has compared. */
  readonly since: number | undefined
  readonly until: number | undefined
}

/**
 * @param folder of the circuit: files that were copied from other hosts are read like those of this one
 * @throws ConfigurationError that names a file which was changed, or is of another circuit
 */
export function readMatches(folder: string, circuit: Circuit, box: SecretBox): AllFound {
  const patients = new Map<number, Set<string>>()
  const names = readdirSync(folder).filter((name) => NAME.test(name))
  const lines = names.flatMap((name) => linesOf(folder, name, circuit, box))
  for (const [subject, patient] of lines.flatMap(({ matches }) => matches)) {
    const own = patients.get(subject) ?? new Set()
    patients.set(subject, own.add(patient))
  }
  const times = lines.map(({ at }) => at)
  const sum = (of: (found: Found) => number) => lines.reduce((total, found) => total + of(found), 0)
  return {
    patients,
    compared: sum(({ compared }) => compared),
    numbered: sum(({ numbered }) => numbered),
    files: names.length,
    since: times.length > 0 ? times.reduce((one, other) => Math.min(one, other)) : undefined,
    until: times.length > 0 ? times.reduce((one, other) => Math.max(one, other)) : undefined,
  }
}

function linesOf(folder: string, name: string, circuit: Circuit, box: SecretBox): readonly Found[] {
  const whole = readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1)
  return whole.map((line, index) => {
    const found = opened(line, linePlace(circuit, name, index), box)
    if (!found)
      throw new ConfigurationError(`The matches of the circuit ${circuit.id} are not taken`, [
        `${name}, line ${index + 1}: it was changed, or is of another circuit; without this file its matches are missing`,
      ])
    return found
  })
}

function opened(line: string, place: string, box: SecretBox): Found | undefined {
  // A box takes a text that is not sealed as it is.
  if (box.isStale(line)) return undefined
  try {
    return complete(Found, JSON.parse(box.open(place, line)))
  } catch {
    return undefined
  }
}

function linePlace(circuit: Circuit, name: string, line: number): string {
  return placeOf(circuit, `${name} ${line}`)
}
