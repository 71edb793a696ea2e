/** Reads one contract and says everything that is wrong with it at once. */
import avsc from 'avsc'
import { checkRules } from './check-rules.ts'
import { checkField, type FieldProblem, isObject } from './parse-field.ts'
import type { FeedContract, FieldContract, RecordRule } from './types.ts'

export type ParseResult =
  | { readonly ok: true; readonly contract: FeedContract }
  | { readonly ok: false; readonly problems: readonly string[] }

const HEAD = ['type', 'name', 'namespace', 'doc', 'key', 'version', 'subject', 'event_time', 'rules', 'fields']
const STORED_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/
const FEED_NAME = /^[a-z][a-z0-9_]{0,62}$/

/**
 * @param feed the feed's name, from the file's name
 * @param text the file's content
 * @returns the contract, or every problem, each naming its field
 */
export function parseContract(feed: string, text: string): ParseResult {
  const problems: string[] = []
  if (!FEED_NAME.test(feed))
    problems.push(`the feed's name '${feed}' must be lower case letters, digits and _, from its file's name`)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { ok: false, problems: [...problems, `it is not JSON: ${(error as Error).message}`] }
  }
  if (!isObject(json) || json.type !== 'record')
    return { ok: false, problems: [...problems, 'it must be an Avro record schema'] }
  for (const attribute of Object.keys(json)) {
    if (!HEAD.includes(attribute)) problems.push(`unknown attribute '${attribute}' of the record`)
  }
  for (const attribute of ['name', 'namespace', 'doc', 'subject', 'event_time', 'version']) {
    if (typeof json[attribute] !== 'string') problems.push(`the record lacks '${attribute}' (a string)`)
  }
  if (!Array.isArray(json.fields) || json.fields.length === 0)
    return { ok: false, problems: [...problems, "the record has no 'fields'"] }

  const fields: FieldContract[] = []
  for (const [index, raw] of json.fields.entries()) {
    const checked: FieldContract | FieldProblem[] = checkField(raw, index)
    if (Array.isArray(checked)) problems.push(...checked)
    else fields.push(checked)
  }
  try {
    avsc.Type.forSchema(json as unknown as avsc.Schema, { registry: {} })
  } catch (error) {
    // avsc quotes the whole schema behind its message.
    problems.push(`it is not a valid Avro schema: ${(error as Error).message.replace(/:?\s*[[{].*$/s, '')}`)
  }
  problems.push(...checkHead(json, fields))
  const recordRules = checkRecordRules(json.rules, fields, problems)
  problems.push(...checkRules(fields, recordRules))
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    contract: {
      feed,
      name: json.name as string,
      namespace: json.namespace as string,
      doc: json.doc as string,
      key: json.key as string[],
      version: json.version as string,
      subject: json.subject as string,
      eventTime: json.event_time as string,
      fields,
      recordRules,
      linked: fields.some((field) => field.linkage !== undefined),
    },
  }
}

function checkHead(json: Record<string, unknown>, fields: readonly FieldContract[]): string[] {
  const problems: string[] = []
  const byName = new Map(fields.map((field) => [field.name, field]))
  const duplicates = (names: readonly string[]) => names.filter((name, index) => names.indexOf(name) !== index)
  for (const name of duplicates(fields.map((field) => field.as)))
    problems.push(`two fields are both stored as '${name}'`)
  for (const { name, as } of fields)
    if (!STORED_NAME.test(as))
      problems.push(`field '${name}': 'as' must be letters, digits and _, and begin with a letter`)
  if (!Array.isArray(json.key) || json.key.length !== 1 || json.key[0] !== 'record_id')
    problems.push('\'key\' must be ["record_id"]')
  const roles = [
    ['record_id', 'key', 'record'],
    [json.subject, 'subject', 'patient'],
  ] as const
  for (const [name, role, domain] of roles) {
    const field = typeof name === 'string' ? byName.get(name) : undefined
    if (!field) problems.push(`'${role}' names the field '${String(name)}', which is missing or wrong`)
    else if (field.nullable || field.kind !== 'string')
      problems.push(`field '${field.name}' is the ${role} and must be a string that is never null`)
    else if (field.privacy.action !== 'pseudonymise' || field.privacy.domain !== domain)
      problems.push(`field '${field.name}' is the ${role}: its privacy must be pseudonymise with domain '${domain}'`)
  }
  const version = byName.get(String(json.version))
  if (version?.kind !== 'long' || version.nullable)
    problems.push(`'version' must name a field of type long that is never null`)
  const operation = byName.get('operation')
  if (operation?.kind !== 'enum' || operation.symbols.join() !== 'upsert,cancel')
    problems.push("field 'operation' must be an enum of upsert and cancel")
  const time = byName.get(String(json.event_time))
  if (!time || (time.kind !== 'timestamp' && time.kind !== 'date'))
    problems.push("'event_time' must name a date or timestamp field")
  else if (time.privacy.action !== 'keep')
    problems.push(`field '${time.name}' is the event time: its privacy action must be keep`)
  return problems
}

function checkRecordRules(raw: unknown, fields: readonly FieldContract[], problems: string[]): RecordRule[] {
  if (raw === undefined) return []
  if (!Array.isArray(raw)) {
    problems.push("the record's 'rules' must be an array")
    return []
  }
  const kinds = new Map(fields.map((field) => [field.name, field]))
  const rules: RecordRule[] = []
  for (const rule of raw) {
    if (!isObject(rule) || typeof rule.id !== 'string' || (rule.severity !== 'reject' && rule.severity !== 'flag')) {
      problems.push("a rule of the record lacks 'id' or 'severity' (reject or flag)")
      continue
    }
    const named =
      rule.check === 'compare'
        ? [rule.left, rule.right]
        : rule.check === 'required-with'
          ? [rule.field, rule.with]
          : undefined
    if (!named) problems.push(`rule '${rule.id}': unknown check; a record's rule is compare or required-with`)
    if (rule.check === 'compare' && !['>=', '>', '=='].includes(String(rule.operator)))
      problems.push(`rule '${rule.id}': operator must be >=, > or ==`)
    for (const name of named ?? []) {
      const field = kinds.get(String(name))
      if (!field) problems.push(`rule '${rule.id}' names the field '${String(name)}', which does not exist`)
      else if (field.privacy.action !== 'keep')
        problems.push(`rule '${rule.id}' compares '${field.name}', which does not survive de-identification`)
    }
    rules.push(rule as unknown as RecordRule)
  }
  return rules
}
