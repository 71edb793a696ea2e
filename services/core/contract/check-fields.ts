/** Checks the fields of a contract together: each has a stored name of its own, and those with a role have the type for it. */
import type { Place } from '../schema/place.ts'
import { isGuarded } from './actions.ts'
import { checkNeverNull } from './check-guards.ts'
import type { FieldContract } from './types.ts'

/** The names of fields with a role, from the contract's record; undefined where one is wrong, which was reported before. */
export interface Roles {
  readonly version?: string | undefined
  readonly subject?: string | undefined
  readonly event_time?: string | undefined
}

const STORED_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/

export function checkStoredNames(fields: readonly FieldContract[], file: Place): void {
  const names = fields.map((field) => field.as)
  for (const name of names.filter((one, index) => names.indexOf(one) !== index))
    file.say(`two fields are both stored as '${name}'`)
  for (const { name, as } of fields)
    if (as === name && !name.startsWith('_') && !STORED_NAME.test(name))
      file.named(`field '${name}'`).say('its name must be letters, digits and _, and begin with a letter')
}

/** Checks the fields that every feed has, and those that have a role. */
export function checkRoles(roles: Roles, fields: readonly FieldContract[], file: Place): void {
  const byName = new Map(fields.map((field) => [field.name, field]))
  checkIdentifier('key', 'record_id', 'record', byName, file)
  if (roles.subject !== undefined) checkIdentifier('subject', roles.subject, 'patient', byName, file)
  if (roles.version !== undefined) {
    const version = byName.get(roles.version)
    if (version?.kind !== 'long' || version.nullable)
      file.say("'version' must name a field of type long that is never null")
    else checkNeverNull('version', version, file)
  }
  const operation = byName.get('operation')
  if (operation?.kind !== 'enum' || operation.symbols.join() !== 'upsert,cancel')
    file.say("field 'operation' must be an enum of upsert and cancel")
  if (roles.event_time !== undefined) {
    const time = byName.get(roles.event_time)
    if (!time || (time.kind !== 'timestamp' && time.kind !== 'date'))
      file.say("'event_time' must name a date or timestamp field")
    else if (!isGuarded(time))
      file.say(`field '${time.name}' is the event time: its privacy action must be keep or shift`)
    else if (!time.nullable) checkNeverNull('event time', time, file)
  }
}

/** What names another patient of the producer is in a feed of its own: its records have no identity, and nothing of it is kept. */
export function checkSamePatient(fields: readonly FieldContract[], file: Place): void {
  const roles = fields.filter(({ linkage }) => linkage !== undefined)
  const named = roles.find(({ linkage }) => linkage === 'same_patient')
  if (named === undefined) return
  if (roles.length > 1) file.say("a feed with 'same_patient' has no other field with a role in the linkage")
  if (named.kind !== 'string' || named.nullable || named.privacy.action !== 'tokenise')
    file.say(
      `field '${named.name}' names another patient: it must be a string that is never null, with the action tokenise`,
    )
}

function checkIdentifier(
  role: 'key' | 'subject',
  name: string,
  domain: 'record' | 'patient',
  byName: ReadonlyMap<string, FieldContract>,
  file: Place,
): void {
  const field = byName.get(name)
  if (!field) file.say(`'${role}' names the field '${name}', which is missing or wrong`)
  else if (field.nullable || field.kind !== 'string')
    file.say(`field '${name}' is the ${role} and must be a string that is never null`)
  else if (field.privacy.action !== 'pseudonymise' || field.privacy.domain !== domain)
    file.say(`field '${name}' is the ${role}: its privacy must be pseudonymise with domain '${domain}'`)
}
