/**
 * Third-level pseudonyms, computed only here: rows stream from ClickHouse through this process back into ClickHouse,
 * and only their identifier columns change.
 *
 * Why a stream and not a mapping table that ClickHouse joins: the secret never leaves this process (a statement would store it in
 * the query log), a table p2 -> p3 never exists on any disk, also not after a crash, and no join needs tens of millions of
 * identifiers in memory. A row is one line of TabSeparated with its identifiers first; the rest of the line is copied byte by
 * byte, so that values do not change, and memory is one batch whatever the length of the table.
 */

import { formatDate, parseCalendarDate } from '#core/contract/calendar.ts'
import type { Shift } from '#core/contract/schema.ts'
import { type Pseudonymiser, pseudonymiser } from '#core/crypto/pseudonym.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { shiftOf } from '#core/policies/shift.ts'
import type { Replaced, ThirdLevelDomain } from './columns.ts'

export interface ProjectPseudonyms {
  /** @returns the project's value for a warehouse value */
  replace(domain: ThirdLevelDomain, value: string): string
  /** @param person of the warehouse @returns days by which all dates of the person are moved in this project */
  shiftDays(person: string): number
}

/**
 * @param secret of this project; the secret of another project makes unrelated values
 * @param shift how far dates are moved; a project without it moves none
 */
export function projectPseudonyms(secret: Buffer, shift?: Shift): ProjectPseudonyms {
  const third: Pseudonymiser = pseudonymiser(3, secret)
  const daysOf = shift && shiftOf(shift, third)
  return {
    shiftDays(person) {
      if (!daysOf) throw new ChainonError('bug', 'the project does not say how far dates are moved')
      return daysOf(person)
    },
    replace(domain, value) {
      const made = third.pseudonym(domain, value)
      // 10 characters are enough for a few dozen sites, and a code must not look like a person.
      return domain === 'site' ? `site_${made.slice(3, 13)}` : made
    },
  }
}

export interface Batch {
  /** Whole lines of TabSeparated. */
  readonly bytes: Buffer
  readonly rows: number
}

const TAB = 9
const NEWLINE = 10
const NULL = '\\N'
/** The form of a warehouse identifier. An error text that a server appends to its rows does not have it. */
const IDENTIFIER = /^[\w-]{4,128}$/
/** A Date32 or DateTime64 as ClickHouse writes it. */
const TIME = /^\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)?$/
/** A whole second-level pseudonym. A third-level one is too short to contain it. */
const SECOND_LEVEL = /p[2n]_[\w-]{43}/
const BATCH_BYTES = 16 * 1024 * 1024

/**
 * @param source TabSeparated rows whose first fields are those of `domains`, in this order, the first of them the person
 * @yields batches of about `batchBytes`
 * @throws ChainonError when the rows are not those of the query or are incomplete, or when a second-level pseudonym would pass
 */
export async function* replaceIdentifiers(
  source: AsyncIterable<Buffer>,
  domains: readonly Replaced[],
  pseudonyms: ProjectPseudonyms,
  batchBytes: number = BATCH_BYTES,
): AsyncGenerator<Batch> {
  let rest: Buffer = Buffer.alloc(0)
  let out = new Out(batchBytes)
  for await (const chunk of source) {
    const data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (let end = data.indexOf(NEWLINE, at); end !== -1; end = data.indexOf(NEWLINE, at)) {
      const { head, tail } = replaceHead(data, at, end, domains, pseudonyms)
      out.line(head, data, tail, end + 1)
      at = end + 1
      if (out.length >= batchBytes) {
        yield out.batch()
        out = new Out(batchBytes)
      }
    }
    rest = data.subarray(at)
  }
  if (rest.length > 0)
    throw new ChainonError('dependency-unavailable', 'the answer of ClickHouse ends in the middle of a row')
  if (out.length > 0) yield out.batch()
}

/** Lines of a batch, written into one buffer. */
class Out {
  length = 0
  #rows = 0
  #bytes: Buffer

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size + 4096)
  }

  /** Adds `head` and the bytes `from`..`to` of `data`. */
  line(head: string, data: Buffer, from: number, to: number): void {
    const needed = this.length + head.length + to - from
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(needed * 2)
      this.#bytes.copy(larger, 0, 0, this.length)
      this.#bytes = larger
    }
    this.length += this.#bytes.write(head, this.length, 'latin1')
    this.length += data.copy(this.#bytes, this.length, from, to)
    this.#rows += 1
  }

  batch(): Batch {
    const bytes = this.#bytes.subarray(0, this.length)
    if (SECOND_LEVEL.test(bytes.toString('latin1')))
      throw new ChainonError('bug', 'a second-level pseudonym is in a column that is not an identifier')
    return { bytes, rows: this.#rows }
  }
}

/** @returns the line's new identifiers, and where its other fields (or its line break) begin */
function replaceHead(
  data: Buffer,
  start: number,
  end: number,
  domains: readonly Replaced[],
  pseudonyms: ProjectPseudonyms,
): { readonly head: string; readonly tail: number } {
  let at = start
  let head = ''
  let person = ''
  for (const [index, domain] of domains.entries()) {
    const tab = data.indexOf(TAB, at)
    const stop = tab === -1 || tab > end ? end : tab
    if (stop === end && index < domains.length - 1) throw foreign()
    const value = data.toString('utf8', at, stop)
    if (index === 0) person = value
    const form = domain === 'shifted' ? TIME : IDENTIFIER
    if (domain !== 'site' && value !== NULL && !form.test(value)) throw foreign()
    head += `${index === 0 ? '' : '\t'}${value === NULL ? NULL : replaced(domain, value, person, pseudonyms)}`
    at = index === domains.length - 1 ? stop : stop + 1
  }
  return { head, tail: at }
}

function replaced(domain: Replaced, value: string, person: string, pseudonyms: ProjectPseudonyms): string {
  if (domain !== 'shifted') return pseudonyms.replace(domain, value)
  const day = parseCalendarDate(value.slice(0, 10))
  if (day === undefined) throw foreign()
  return formatDate(day + pseudonyms.shiftDays(person)) + value.slice(10)
}

function foreign(): ChainonError {
  return new ChainonError('dependency-unavailable', 'the answer of ClickHouse is not the rows of the query')
}
