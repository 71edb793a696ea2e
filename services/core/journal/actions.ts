/**
 * What the access journal says, as one closed schema: actions, and the facts of each. Every text has a form in which neither a name of a person,
 * nor an identifier of a record or a patient, nor a free text can stand: what is not in the table cannot be journalled.
 */
import Type, { type TProperties } from 'typebox'
import type { Written } from '../schema/written.ts'

/** Users of ClickHouse, and first words of statements: a closed list, so that neither a text that was typed can stand in the journal. */
const CLICKHOUSE_USER = '(?:admin|auditor|console|curate|extract|gateway|operator|provision|reader|rotate)'
const STATEMENT =
  '(?:select|with|insert|create|alter|drop|rename|exchange|optimize|truncate|delete|exists|show|describe|explain|system|check|use|set|other)'

/** Who: a user of the machine, an API key, the console's account, a program, a user of ClickHouse; `unknown` for a login that failed. */
const Actor = Type.String({
  pattern: `^(?:unknown|(?:os|key|console|service):[A-Za-z0-9._@-]{1,64}|clickhouse:${CLICKHOUSE_USER})$`,
})
/** `begun` stands before an action that needs its entry first; `done` or `failed` follows it. */
const Outcome = Type.Enum(['begun', 'done', 'failed', 'refused'])
const Count = Type.Integer({ minimum: 0 })
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' })
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' })
const Hour = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:00Z$' })
const KeyId = Type.String({ pattern: '^[a-z0-9]{12}$' })
const Scope = Type.String({ pattern: '^(?:write:(?:\\*|[a-z0-9_]{1,64})|read:own)$' })
/** An address, or the network of an IPv6 address. */
const Sender = Type.String({ pattern: '^[0-9A-Fa-f.:/]{1,64}$' })

/** `<service>/<file>` of a secret. */
const SECRET = '^secret:[a-z]{1,32}/[a-z0-9-]{1,80}\\.key$'
/** The keys of pseudonyms of which the versions are rotated. */
const PSEUDONYM_KEY = '^secret:(?:curate/pseudonym-level2|deidentify/pseudonym-level1)\\.key$'
const LINKAGE_KEY = '^secret:(?:curate/linkage-tokens|linkage/transport|linker/linkage-index)\\.key$'
/** A correspondence of a project's cohort, or the circuit that it comes of. */
const EXTERNAL_LINK = '^external-link:[0-9a-f]{16}$'
const KeyFingerprint = Type.String({ pattern: '^[0-9a-f]{16}$' })
const Day = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d$' })
const GAP = '[a-z0-9_]{1,64}:[A-Za-z0-9_-]{0,64}:\\d{1,6}:\\d{1,20}-\\d{1,20}'

const FORMS = [
  form('login', '^console$', {}),
  form('logout', '^console$', {}),
  form('login-failed', `^(?:console|gateway|clickhouse(?::${CLICKHOUSE_USER})?)$`, {
    reason: Name,
    failures: Count,
    sender: Type.Optional(Sender),
  }),
  form('key-create', '^key:[a-z0-9]{12}$', { producer: Name, scopes: Type.Array(Scope) }),
  form('key-rotate', '^key:[a-z0-9]{12}$', { producer: Name, replaced_by: KeyId }),
  form('key-revoke', '^key:[a-z0-9]{12}$', {}),
  form('key-use', '^(?:feed:[a-z0-9_]{1,64}|own-key)$', { producer: Name, hour: Hour, requests: Count }),
  form('query', `^(?:(?:console|cli):[a-z/-]{1,64}|clickhouse:${STATEMENT})$`, {
    hour: Hour,
    requests: Count,
    /** ClickHouse's `normalizedQueryHash` of a statement: its values are not in it. */
    fingerprint: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
    /** Tables that exist. */
    tables: Type.Optional(Type.Array(Name, { maxItems: 16 })),
  }),
  form('extraction', '^project:[a-z0-9_-]{1,64}$', {
    tables: Type.Array(Type.Object({ feed: Name, rows: Type.Optional(Count) }, { additionalProperties: false })),
    file_sha256: Hash,
    /** Counts only, and those rounded. */
    dry_run: Type.Optional(Type.Boolean()),
    run: Type.Optional(Type.String({ pattern: '^[0-9A-Za-z_-]{1,64}$' })),
    persons: Type.Optional(Count),
  }),
  form('key-backup', SECRET, { shares: Count, needed: Count }),
  form('key-restore', SECRET, {}),
  form('pseudonym-prepare', PSEUDONYM_KEY, {}),
  form('pseudonym-rotate', PSEUDONYM_KEY, {}),
  form('pseudonym-abandon', PSEUDONYM_KEY, {}),
  form('pseudonym-retire', PSEUDONYM_KEY, {}),
  form('linkage-key-prepare', LINKAGE_KEY, {}),
  form('linkage-key-rotate', LINKAGE_KEY, {}),
  form('linkage-key-abandon', LINKAGE_KEY, {}),
  form('linkage-key-retire', LINKAGE_KEY, {}),
  form('routing-key-rotate', '^secret:gateway/routing\\.key$', {}),
  form('gap-accept', `^gap:${GAP}$`, { records: Count }),
  form('link-decide', '^decision:[0-9a-f]{16}$', { decision: Name, reason: Name }),
  form('link-restore', '^linkage-index$', { dry_run: Type.Boolean() }),
  form('link-external', EXTERNAL_LINK, {
    project: Name,
    circuit: Name,
    dry_run: Type.Optional(Type.Boolean()),
    subjects: Type.Optional(Count),
    linked: Type.Optional(Count),
    correspondence_sha256: Type.Optional(Hash),
    key: Type.Optional(KeyFingerprint),
    expires: Type.Optional(Day),
  }),
  form('link-external-open', EXTERNAL_LINK, { project: Name }),
  /** `done`: the key with this fingerprint is gone, and what it had sealed. */
  form('link-external-destroy', EXTERNAL_LINK, {
    project: Name,
    reason: Name,
    key: KeyFingerprint,
    correspondence_sha256: Hash,
  }),
  form('link-circuit-open', EXTERNAL_LINK, {
    project: Name,
    dry_run: Type.Boolean(),
    /** Last day on which numbers are compared. */
    open_until: Day,
    subjects: Type.Optional(Count),
    list_sha256: Type.Optional(Hash),
    key: Type.Optional(KeyFingerprint),
  }),
  /** `done`: the key with this fingerprint is gone, and with it the list, the shared secret and what was found. */
  form('link-circuit-destroy', EXTERNAL_LINK, { project: Name, reason: Name, key: KeyFingerprint, list_sha256: Hash }),
  form('finding-close', `^finding:[a-z-]{1,64}:${GAP}$`, {}),
  form('day-shred', '^day:\\d{4}-\\d\\d-\\d\\d$', { key: Type.String({ pattern: '^[0-9a-f]{16}$' }) }),
  form('contract-change', '^feed:[a-z0-9_]{1,64}$', { sha256: Hash, before: Type.Optional(Hash) }),
  form('provision', '^installation$', { topics_created: Count, settings_reset: Count, migrations_run: Count }),
  /** Invented identities were sown and searched for; which, and where, the report says. */
  form('canary', '^installation$', {
    canaries: Count,
    producer: Type.Optional(Name),
    hits: Type.Optional(Count),
    unread: Type.Optional(Count),
    failures: Type.Optional(Count),
    report_sha256: Type.Optional(Hash),
  }),
  /** The heads of all chains before a place of the topic: it binds them together (verify.ts). */
  form('anchor', '^journal$', { offset: Count, heads: Hash }),
  /** Entries that were not kept, because the spool was full or could not be written. */
  form('lost', '^journal$', { entries: Count }),
] as const

export const JournalEvent = Type.Union([...FORMS])
export type JournalEvent = Written<typeof JournalEvent>
export type Action = JournalEvent['action']

/** In the order of the table, for the help text of `chainon audit list`. */
export const ACTIONS: readonly Action[] = FORMS.map(({ properties }) => properties.action.const)

function form<const A extends string, P extends TProperties>(action: A, object: string, facts: P) {
  return Type.Object(
    {
      actor: Actor,
      action: Type.Literal(action),
      object: Type.String({ pattern: object }),
      outcome: Outcome,
      facts: Type.Object(facts, { additionalProperties: false }),
    },
    { additionalProperties: false },
  )
}

/** @returns the actor of a user of this machine; characters that a name of an account does not have are left out */
export function osActor(user: string): string {
  return `os:${user.replaceAll(/[^A-Za-z0-9._@-]/g, '').slice(0, 64) || 'unnamed'}`
}

/** @param ms milliseconds since 1970 @returns the hour, for instance `2026-01-31T08:00Z` */
export function hourOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 13)}:00Z`
}
