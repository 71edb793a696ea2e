/** Reads one contract and reports everything that is wrong with it at once. */
import avsc from 'avsc'
import { firstError, placeOf } from '../json/first-error.ts'
import { complete, completeKeys, items } from '../schema/complete.ts'
import { Place } from '../schema/place.ts'
import { read } from '../schema/read.ts'
import { isObject } from '../schema/variants.ts'
import { checkFacts, checkPrecisions } from './check-facts.ts'
import { checkRoles, checkSamePatient, checkStoredNames } from './check-fields.ts'
import { checkGuardConditions } from './check-guards.ts'
import { checkLeaks } from './check-leaks.ts'
import { checkAges, checkAreas } from './check-privacy.ts'
import { checkRules } from './check-rules.ts'
import { checkShift } from './check-shift.ts'
import { checkTexts } from './check-texts.ts'
import { parseField } from './parse-field.ts'
import { RecordRule } from './rule-schema.ts'
import { Contract } from './schema.ts'
import type { FeedContract } from './types.ts'

export type ParseResult =
  | { readonly ok: true; readonly contract: FeedContract }
  | { readonly ok: false; readonly problems: readonly string[] }

export const FEED_NAME = /^[a-z][a-z0-9_]{0,62}$/

/**
 * @param feed the feed's name, from the file's name
 * @param text the file's content
 * @returns the contract, or every problem, each with its place: `field 'ins': rule 'ins-key': ...`
 */
export function parseContract(feed: string, text: string): ParseResult {
  const problems: string[] = []
  const file = new Place(problems)
  if (!FEED_NAME.test(feed))
    file.say(`the feed's name '${feed}' must be lower case letters, digits and _, from its file's name`)
  const contract = parse(feed, text, file)
  return contract && problems.length === 0 ? { ok: true, contract } : { ok: false, problems }
}

function parse(feed: string, text: string, file: Place): FeedContract | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The engine's own message quotes the file.
    const bytes = Buffer.from(text)
    const { line, column } = placeOf(bytes, firstError(bytes) ?? bytes.length)
    return file.say(`it is not JSON: line ${line}, column ${column}`)
  }
  if (!isObject(json) || json.type !== 'record') return file.say('it must be an Avro record schema')
  const contract = read(Contract, json, file)
  const given = items(contract.partial, 'fields')
  const fields = given.flatMap((item, index) => parseField(item, placeOfField(file, item, index)) ?? [])
  // Where a field's type is wrong, Avro would only report it again.
  if (fields.length === given.length) checkAvro(json, file)
  const recordRules = items(contract.partial, 'rules').flatMap((rule) => complete(RecordRule, rule) ?? [])
  checkStoredNames(fields, file)
  checkRoles(contract.complete ?? completeKeys(Contract, contract.partial), fields, file)
  checkSamePatient(fields, file)
  checkRules(fields, recordRules, file)
  checkGuardConditions(fields, file)
  checkPrecisions(fields, file)
  checkTexts(fields, file)
  checkAges(fields, file)
  checkAreas(fields, file)
  checkFacts(feed, contract.complete?.facts ?? [], fields, file)
  if (contract.complete === undefined) return undefined
  const { objects, shift, accepted_leaks: acceptedLeaks = [] } = contract.complete
  checkShift(shift, fields, file)
  checkLeaks(acceptedLeaks, fields, file)
  const { name, namespace, doc, key, version, subject, event_time: eventTime, facts = [] } = contract.complete
  const linked = fields.some((field) => field.linkage !== undefined)
  return {
    ...{
      feed,
      name,
      namespace,
      doc,
      key,
      version,
      subject,
      eventTime,
      fields,
      recordRules,
      facts,
      linked,
      acceptedLeaks,
    },
    ...(shift && { shift }),
    ...(objects && { objects }),
  }
}

function placeOfField(file: Place, field: unknown, index: number): Place {
  const name = isObject(field) ? field.name : undefined
  return typeof name === 'string' ? file.named(`field '${name}'`) : file.key('fields').item(index)
}

function checkAvro(json: object, file: Place): void {
  try {
    avsc.Type.forSchema(json as avsc.Schema, { registry: {} })
  } catch (error) {
    // avsc quotes the whole schema after its message.
    file.say(`it is not a valid Avro schema: ${(error as Error).message.replace(/:?\s*[[{].*$/s, '')}`)
  }
}
