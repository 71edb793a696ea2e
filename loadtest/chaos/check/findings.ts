/** What the checker can find wrong. Each code is planted in a test, and must be found there. */
export const FINDING_CODES = [
  /** A record that the gateway accepted is not in the identified log. */
  'accepted-not-in-log',
  /** A record is in the identified log more often than it was sent. */
  'log-doubled',
  /** An identified message has no pseudonymised message or marker. */
  'not-pseudonymised',
  /** Two pseudonymised messages of one origin differ, or one has another outcome than the contract's rules give. */
  'wrong-message',
  /** A text was passed on with an identity that is in its record, or left out without a reason, or passed on in spite of one. */
  'text-not-scrubbed',
  /** The first messages of the origins are not in their order. */
  'out-of-order',
  /** A record has no end state. */
  'lost',
  /** An origin is in a table twice, or in two tables. */
  'doubled',
  /** A row differs from the record: version, operation, flags or pseudonyms. */
  'wrong-row',
  /** A row without an origin in the log. */
  'foreign-row',
  /** Readers see another version than the one in force, or a cancelled record. */
  'wrong-version',
  /** A record that a rule rejects is not in the quarantine under that rule. */
  'wrong-quarantine',
  'wrong-rule-count',
  'wrong-link',
] as const
export type FindingCode = (typeof FINDING_CODES)[number]

export interface CheckFinding {
  readonly code: FindingCode
  /** Feed, partition, offset, or rule; never a value. */
  readonly where: string
  readonly detail: string
}

/** Collects findings, each once: a later check finds the same again. */
export class Findings {
  readonly #known = new Set<string>()
  #new: CheckFinding[] = []

  add(code: FindingCode, where: string, detail: string): void {
    const name = `${code} ${where}`
    if (this.#known.has(name)) return
    this.#known.add(name)
    this.#new.push({ code, where, detail })
  }

  /** @returns what was found since the last call */
  take(): readonly CheckFinding[] {
    const found = this.#new
    this.#new = []
    return found
  }
}
