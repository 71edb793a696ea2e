/**
 * The independent checker: it reads both logs, the tables and the senders' journal, and proves for each accepted record exactly one end
 * state, the version in force, the links and the rule counts. It must be called while nothing is in flight. Each call continues
 * where the last one ended; a new checker begins at the start of the log, so that the last check of a run is a full one.
 */
import { administrator } from '../kafka-access.ts'
import type { Journal } from '../load/journal.ts'
import { registryAccess } from '../registry-access.ts'
import { type CheckFinding, Findings } from './findings.ts'
import { LinkReplay } from './links.ts'
import { type LogMessage, type LogReader, logReader, type Values, type Zone } from './log.ts'
import { type Origin, Origins, placeOf } from './origins.ts'
import { type Pseudonyms, pseudonyms } from './pseudonyms.ts'
import { type FeedRules, feedRules } from './rules.ts'
import { seals } from './seals.ts'
import { type OriginRange, readTables, type Tables } from './tables.ts'
import { textsHold } from './texts.ts'

export interface CheckSources {
  readonly kafka: string
  readonly registry: string
  readonly clickhouse: string
  readonly database: string
  readonly data: string
  readonly feedsFolder: string
  readonly feeds: readonly string[]
  readonly journal: Journal
}

export interface CheckResult {
  readonly findings: readonly CheckFinding[]
  /** Messages of the identified log since the last check. */
  readonly origins: number
  /** Pseudonymised messages that were written again after a fault. */
  readonly rewritten: number
}

export interface Checker {
  /** @param again compares every origin that it has read so far with the tables again, not only those since the last check */
  check(again?: boolean): Promise<CheckResult>
  /** A topic was created again: offsets begin at 0, in a new incarnation if it is the identified one. */
  recreated(zone: Zone, feed: string): void
  /** The contract of a feed has a new field, with this rule. */
  ruleAdded(feed: string, rule: string): void
  close(): Promise<void>
}

export function openChecker(sources: CheckSources): Checker {
  return checkerOf({
    ...sources,
    log: logReader(
      administrator(sources.kafka, sources.data),
      registryAccess(sources.registry, sources.data),
      sources.feeds,
      seals(sources.data),
    ),
    tables: readTables(sources.clickhouse, sources.database, sources.data),
    names: pseudonyms(sources.data),
  })
}

/** What a checker reads; a test gives it what it plants. */
export interface CheckInputs extends Pick<CheckSources, 'feedsFolder' | 'feeds' | 'journal'> {
  readonly log: LogReader
  readonly tables: Tables
  readonly names: Pseudonyms
}

export function checkerOf(inputs: CheckInputs): Checker {
  const state = new CheckState(inputs)
  return {
    check: (again = false) => state.check(again),
    recreated: (zone, feed) => state.recreated(zone, feed),
    ruleAdded: (feed, rule) => state.ruleAdded(feed, rule),
    async close() {
      await inputs.log.close()
      await inputs.tables.close()
    },
  }
}

/** A message that is written again after a contract has changed has another schema: a field that only one of them has is empty. */
function isSame(one: Values, other: Values): boolean {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every(
    (name) => JSON.stringify(one[name] ?? null) === JSON.stringify(other[name] ?? null),
  )
}

class CheckState {
  readonly #sources: CheckInputs
  readonly #log: LogReader
  readonly #tables: Tables
  readonly #names: Pseudonyms
  readonly #origins = new Origins()
  readonly #links = new LinkReplay()
  readonly #findings = new Findings()
  readonly #rules = new Map<string, FeedRules>()
  readonly #current = new Map<string, number>()
  /** The ids of a topic's incarnations, in the order in which they appear in the messages. */
  readonly #ids = new Map<string, string[]>()
  /** The last origin of each partition that has a pseudonymised message. */
  readonly #reached = new Map<string, number>()
  /** `feed|rule` of rules that came with a new field since the last check. */
  readonly #added = new Set<string>()
  #unresolved: Origin[] = []

  constructor(inputs: CheckInputs) {
    this.#sources = inputs
    this.#log = inputs.log
    this.#tables = inputs.tables
    this.#names = inputs.names
  }

  recreated(zone: Zone, feed: string): void {
    this.#log.restart(zone, feed)
    if (zone === 'identified') this.#current.set(feed, (this.#current.get(feed) ?? 0) + 1)
  }

  ruleAdded(feed: string, rule: string): void {
    this.#added.add(`${feed}|${rule}`)
  }

  async check(again: boolean): Promise<CheckResult> {
    this.#rules.clear()
    const messages = await this.#log.read()
    const fresh = this.#readIdentified(messages)
    const rewritten = this.#readPseudonymised(messages)
    // What was unresolved last time is compared again: it may have been late, and then it is not lost.
    const compared = again ? this.#origins.forget() : [...this.#unresolved, ...fresh]
    this.#checkJournal()
    for (const origin of compared)
      if (!origin.message) this.#findings.add('not-pseudonymised', placeOf(origin), 'no message of this origin')
    await this.#tables.refresh()
    for (const range of this.#ranges(compared)) {
      await this.#checkRows(range)
      await this.#checkQuarantine(range)
    }
    this.#unresolved = compared.filter((origin) => !this.#hasEndState(origin))
    for (const origin of this.#unresolved)
      this.#findings.add('lost', placeOf(origin), `record ${origin.nonce} of ${origin.producer} has no end state`)
    await this.#checkRepeated()
    await this.#checkVisible(compared)
    await this.#checkRuleCounts()
    this.#added.clear()
    await this.#checkLinks()
    return { findings: this.#findings.take(), origins: fresh.length, rewritten }
  }

  #rulesOf(feed: string): FeedRules {
    const known = this.#rules.get(feed) ?? feedRules(this.#sources.feedsFolder, feed)
    this.#rules.set(feed, known)
    return known
  }

  #readIdentified(messages: readonly LogMessage[]): Origin[] {
    return messages
      .filter(({ zone }) => zone === 'identified')
      .map((message) => this.#origins.add(message, this.#current.get(message.feed) ?? 0, this.#rulesOf(message.feed)))
  }

  #readPseudonymised(messages: readonly LogMessage[]): number {
    let rewritten = 0
    for (const message of messages) {
      if (message.zone !== 'pseudonymised') continue
      const { feed, partition, offset } = message
      const where = `pseudonymised ${feed} ${partition}:${offset}`
      if (message.origin === undefined) {
        this.#findings.add('wrong-message', where, 'no origin in its headers')
        continue
      }
      const incarnation = this.#incarnationOf(message)
      const origin = this.#origins.at(feed, incarnation, partition, message.origin)
      if (!origin) {
        this.#findings.add('wrong-message', where, `its origin ${message.origin} is not in the identified log`)
        continue
      }
      if (origin.message) {
        rewritten++
        if (!isSame(origin.message, message.record))
          this.#findings.add('wrong-message', where, 'it differs from the first message of its origin')
        continue
      }
      origin.message = message.record
      const reached = this.#reached.get(`${feed}/${incarnation}/${partition}`) ?? -1
      if (message.origin !== reached + 1)
        this.#findings.add('out-of-order', where, `origin ${message.origin} follows ${reached}`)
      this.#reached.set(`${feed}/${incarnation}/${partition}`, message.origin)
      this.#checkMessage(origin, message, where)
    }
    return rewritten
  }

  #incarnationOf({ feed, incarnation }: LogMessage): number {
    if (incarnation === undefined) return this.#current.get(feed) ?? 0
    const ids = this.#ids.get(feed) ?? []
    this.#ids.set(feed, ids)
    if (!ids.includes(incarnation)) ids.push(incarnation)
    return ids.indexOf(incarnation)
  }

  #checkMessage(origin: Origin, message: LogMessage, where: string): void {
    const marker = message.name.endsWith('.QuarantineMarker')
    const { rejectedBy } = origin.verdict
    const marked = rejectedBy?.service === 'deidentify'
    if (marker !== marked || (marker && message.record.rule !== rejectedBy?.rule)) {
      this.#findings.add(
        'wrong-message',
        where,
        marker ? 'a marker for another outcome' : 'a record without its marker',
      )
      return
    }
    if (marker) return
    const record = this.#names.first('record', `${origin.producer}\0${origin.feed}\0${origin.recordId}`)
    const patient = this.#names.first('patient', `${origin.producer}\0${origin.subject}`)
    if (message.record.record_id !== record || message.record.patient_id !== patient)
      this.#findings.add('wrong-message', where, 'its pseudonyms are of another record')
    const { linked, scrubbed } = this.#rulesOf(origin.feed)
    if (!textsHold(scrubbed, origin.verdict.texts, message.record))
      this.#findings.add('text-not-scrubbed', where, 'a text is not as its record says')
    if (rejectedBy || !linked) return
    this.#links.add({
      recordId: record,
      patient,
      version: origin.version,
      order: [origin.acceptedAt, origin.offset],
      cancelled: origin.cancelled,
      tokens: message.record._tokens as readonly string[],
    })
  }

  #checkJournal(): void {
    for (const entry of this.#sources.journal.entries.values()) {
      const { length } = this.#origins.copies(entry.nonce)
      const where = `record ${entry.nonce} of ${entry.producer}`
      if (entry.accepted && length === 0)
        this.#findings.add('accepted-not-in-log', where, `${entry.feed}: the gateway answered 202`)
      if (length > entry.attempts)
        this.#findings.add(
          'log-doubled',
          where,
          `${entry.feed}: ${length} times in the log, sent ${entry.attempts} times`,
        )
    }
  }

  /** @returns the ranges of the origins, by feed, incarnation and partition */
  #ranges(origins: readonly Origin[]): readonly OriginRange[] {
    const ranges = new Map<string, { origin: Origin; from: number; to: number }>()
    for (const origin of origins) {
      const key = `${origin.feed}/${origin.incarnation}/${origin.partition}`
      const known = ranges.get(key)
      if (!known) ranges.set(key, { origin, from: origin.offset, to: origin.offset + 1 })
      else {
        known.from = Math.min(known.from, origin.offset)
        known.to = Math.max(known.to, origin.offset + 1)
      }
    }
    return [...ranges.values()].map(({ origin: { feed, incarnation, partition }, from, to }) => ({
      feed,
      incarnation: this.#ids.get(feed)?.[incarnation],
      partition,
      from,
      to,
    }))
  }

  async #checkRows(range: OriginRange): Promise<void> {
    for (const row of await this.#tables.rows(range)) {
      const origin = this.#originAt(range, row.offset)
      const where = `feed_${range.feed} ${row.partition}:${row.offset}`
      if (!origin) {
        this.#findings.add('foreign-row', where, 'its origin is not in the log')
        continue
      }
      origin.row = true
      if (origin.verdict.rejectedBy)
        this.#findings.add('wrong-row', where, `${origin.verdict.rejectedBy.rule} rejects the record`)
      const record = this.#recordName(origin)
      const patient = this.#patientName(this.#names.first('patient', `${origin.producer}\0${origin.subject}`))
      const same =
        row.nonce === origin.nonce &&
        row.version === origin.version &&
        row.deleted === origin.cancelled &&
        row.recordId === record &&
        row.patientId === patient &&
        row.flags.join() === origin.verdict.flags.join()
      if (!same) this.#findings.add('wrong-row', where, 'it differs from the record of its origin')
    }
  }

  async #checkQuarantine(range: OriginRange): Promise<void> {
    for (const row of await this.#tables.quarantine(range)) {
      const origin = this.#originAt(range, row.offset)
      const where = `quarantine ${range.feed} ${row.partition}:${row.offset}`
      if (!origin) {
        this.#findings.add('foreign-row', where, 'its origin is not in the log')
        continue
      }
      origin.quarantined = true
      const expected = origin.verdict.rejectedBy
      if (expected?.rule !== row.rule || expected.service !== row.service)
        this.#findings.add(
          'wrong-quarantine',
          where,
          `by ${row.service}, ${row.rule}; expected ${expected?.service ?? 'no service'}, ${expected?.rule ?? 'no rule'}`,
        )
    }
  }

  #originAt(range: OriginRange, offset: number): Origin | undefined {
    const index = range.incarnation === undefined ? undefined : this.#ids.get(range.feed)?.indexOf(range.incarnation)
    return this.#origins.at(range.feed, index ?? this.#current.get(range.feed) ?? 0, range.partition, offset)
  }

  /** Loaded or superseded, or rejected: one of them. */
  #hasEndState(origin: Origin): boolean {
    if (origin.row && origin.quarantined)
      this.#findings.add('doubled', placeOf(origin), 'it is in the table and in the quarantine')
    if (origin.verdict.rejectedBy) return origin.quarantined
    if (origin.row) return true
    // ClickHouse has merged it away, which is right only when the version in force is there.
    const inForce = this.#origins.inForce(origin)
    return inForce !== undefined && this.#origins.copies(inForce.nonce).some(({ row }) => row)
  }

  async #checkRepeated(): Promise<void> {
    for (const feed of this.#sources.feeds)
      for (const place of await this.#tables.repeated(feed))
        this.#findings.add('doubled', `feed_${feed} ${place}`, 'more than one row')
    for (const place of await this.#tables.repeatedQuarantine())
      this.#findings.add('doubled', `quarantine ${place}`, 'more than one row')
  }

  async #checkVisible(origins: readonly Origin[]): Promise<void> {
    for (const feed of this.#sources.feeds) {
      const touched = new Map(
        origins
          .filter((origin) => origin.feed === feed && !origin.verdict.rejectedBy)
          .map((origin) => [this.#recordName(origin), this.#origins.inForce(origin)]),
      )
      const ids = [...touched.keys()]
      for (let at = 0; at < ids.length; at += 2000) {
        const part = ids.slice(at, at + 2000)
        const seen = await this.#tables.visible(feed, part)
        for (const id of part) {
          const inForce = touched.get(id)
          const expected = inForce?.cancelled ? undefined : inForce?.nonce
          if (inForce && seen.get(id) !== expected)
            this.#findings.add(
              'wrong-version',
              placeOf(inForce),
              `readers see record ${seen.get(id) ?? 'none'} of ${inForce.producer}, expected ${expected ?? 'none'}`,
            )
        }
      }
      const [visible, expected] = [await this.#tables.visibleCount(feed), this.#origins.visible(feed)]
      if (visible !== expected)
        this.#findings.add(
          'wrong-version',
          `${feed}, ${visible - expected}`,
          `readers see ${visible} of ${expected} records`,
        )
    }
  }

  async #checkRuleCounts(): Promise<void> {
    const stored = await this.#tables.ruleCounts()
    for (const key of new Set([...stored.keys(), ...this.#origins.counts.keys()])) {
      const none = { checked: 0, failed: 0, notApplicable: 0 }
      const [have, want] = [stored.get(key) ?? none, this.#origins.counts.get(key) ?? none]
      const [feed, , , rule] = key.split('|')
      // A batch that was loaded before the field came does not count its rule, which is not applicable there; only curate knows which.
      if (this.#added.has(`${feed}|${rule}`)) want.notApplicable = Math.min(want.notApplicable, have.notApplicable)
      const differences = [
        have.checked - want.checked,
        have.failed - want.failed,
        have.notApplicable - want.notApplicable,
      ]
      if (differences.some((difference) => difference !== 0))
        this.#findings.add(
          'wrong-rule-count',
          `${key} ${differences.join()}`,
          'checked, failed, not applicable: too many',
        )
    }
  }

  async #checkLinks(): Promise<void> {
    const stored = await this.#tables.links()
    const expected = this.#links.links((patient) => this.#patientName(patient))
    for (const [patient, want] of expected) {
      const have = stored.get(patient)
      if (have?.person !== want.person || have.method !== want.method)
        this.#findings.add(
          'wrong-link',
          patient,
          `${have?.method ?? 'no link'} to ${have?.person ?? 'nobody'}, expected ${want.method} to ${want.person}`,
        )
    }
    for (const patient of stored.keys())
      if (!expected.has(patient)) this.#findings.add('wrong-link', patient, 'no record of the log names this patient')
    for (const link of await this.#tables.repeatedLinks())
      this.#findings.add('doubled', `person_link ${link}`, 'more than one row')
  }

  #recordName({ producer, feed, recordId }: Origin): string {
    return this.#names.second('record', this.#names.first('record', `${producer}\0${feed}\0${recordId}`))
  }

  readonly #patients = new Map<string, string>()
  #patientName(first: string): string {
    const known = this.#patients.get(first) ?? this.#names.second('patient', first)
    this.#patients.set(first, known)
    return known
  }
}
