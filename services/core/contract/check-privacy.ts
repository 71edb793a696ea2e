/** Checks what a field's privacy says: the class allows the action, the action is for its kind of value, and has the parameters that it needs. */
import type { Place } from '../schema/place.ts'
import { ACTIONS, CLASS_ALLOWS, keepsValue } from './actions.ts'
import type { Privacy } from './privacy-schema.ts'
import type { FieldContract, PrivacyClass, ValueKind } from './types.ts'

type Generalise = Extract<Privacy, { action: 'generalise' }>
type Round = Extract<Privacy, { action: 'round' }>

/** Older persons are so few that their age names them: they are one band, and have one year of birth. */
export const TOP_AGE = 90

const PARAMETERS = ['at', 'edges', 'population'] as const

interface Generalisation {
  readonly leaves: string
  readonly classes: readonly PrivacyClass[]
  readonly kinds: readonly ValueKind[]
  readonly needs: readonly (typeof PARAMETERS)[number][]
}

export const GENERALISATIONS: Readonly<Record<Generalise['to'], Generalisation>> = {
  department: { leaves: 'a department', classes: ['place'], kinds: ['string'], needs: [] },
  area: { leaves: 'an area', classes: ['place'], kinds: ['string'], needs: ['population'] },
  age_band: { leaves: 'an age', classes: ['trait'], kinds: ['date'], needs: ['at', 'edges'] },
  birth_year: { leaves: 'a year of birth', classes: ['trait'], kinds: ['date'], needs: ['at'] },
  bins: { leaves: 'an interval', classes: ['none'], kinds: ['integer', 'long', 'double'], needs: ['edges'] },
}

/** @param kind undefined when the field's type is wrong, which was reported before */
export function checkPrivacy(privacy: Privacy, kind: ValueKind | undefined, place: Place): void {
  const allowed = CLASS_ALLOWS[privacy.class]
  if (!allowed.includes(privacy.action))
    return place.say(`privacy class '${privacy.class}' allows ${allowed.join(', ')}, not '${privacy.action}'`)
  if (privacy.action === 'generalise') return checkGeneralise(privacy, kind, place)
  if (kind === undefined) return
  const { kinds } = ACTIONS[privacy.action]
  if (kinds !== 'all' && !kinds.includes(kind)) place.say(`${privacy.action} needs ${oneOfKinds(kinds)}`)
  if (keepsValue({ privacy }) && privacy.class === 'trait' && kind !== 'enum')
    place.say('a trait that is kept must be an enum')
  if (privacy.action === 'round') checkRound(privacy, kind, place.key('privacy'))
}

function oneOfKinds(kinds: readonly ValueKind[]): string {
  return kinds.map((kind) => `${kind === 'integer' ? 'an' : 'a'} ${kind}`).join(' or ')
}

function checkGeneralise(privacy: Generalise, kind: ValueKind | undefined, place: Place): void {
  const { classes, kinds, leaves, needs } = GENERALISATIONS[privacy.to]
  const at = place.key('privacy')
  if (!classes.includes(privacy.class))
    at.say(`${leaves} is of the class ${classes.join(', ')}, not '${privacy.class}'`)
  if (kind !== undefined && !kinds.includes(kind)) place.say(`generalise needs ${oneOfKinds(kinds)} to leave ${leaves}`)
  for (const key of PARAMETERS) {
    const given = privacy[key] !== undefined
    if (given && !needs.includes(key)) at.say(`'${key}' is not for ${leaves}`)
    if (!given && needs.includes(key)) at.say(`lacks '${key}', which ${leaves} needs`)
  }
  // A value of another kind under the same name would be taken for the value itself.
  if (privacy.to !== 'department' && privacy.as === undefined) at.say(`lacks 'as': the name of ${leaves}`)
  if (privacy.edges !== undefined && needs.includes('edges')) checkEdges(privacy.to, privacy.edges, at.key('edges'))
}

function checkEdges(to: Generalise['to'], edges: readonly number[], place: Place): void {
  if (edges.some((edge, index) => index > 0 && edge <= (edges[index - 1] ?? edge)))
    place.say('must increase from one to the next')
  if (to !== 'age_band') return
  if (!edges.every(Number.isInteger)) place.say('must be whole years')
  if (edges[0] !== 0) place.say('must begin with 0')
  if ((edges.at(-1) ?? 0) > TOP_AGE) place.say(`must end with ${TOP_AGE} at most: everyone who is older is one band`)
}

function checkRound({ digits, step }: Round, kind: ValueKind, place: Place): void {
  if ((digits === undefined) === (step === undefined)) place.say("round needs either 'step' or 'digits'")
  if (step !== undefined && kind !== 'double' && !Number.isInteger(step))
    place.say(`'step' of a ${kind} must be a whole number`)
}

/** The populations are those of postcodes: another code of five digits (INSEE) would be taken for one. */
export function checkAreas(fields: readonly FieldContract[], file: Place): void {
  for (const { linkage, name, privacy } of fields)
    if (privacy.action === 'generalise' && privacy.to === 'area' && linkage !== 'postcode' && !POSTCODE.test(name))
      file
        .named(`field '${name}'`)
        .say("an area is made of a postcode: the linkage or the name of the field says 'postcode'")
}

const POSTCODE = /(?:^|_)(?:postcode|postal_code|zip)(?:_|$)/

/** Checks what a policy reads of other fields: the date at which an age is taken. */
export function checkAges(fields: readonly FieldContract[], file: Place): void {
  for (const { name, privacy } of fields) {
    if (privacy.action !== 'generalise' || privacy.at === undefined) continue
    const at = fields.find((one) => one.name === privacy.at)
    const place = file.named(`field '${name}'`)
    if (!at) place.say(`'at' names the field '${privacy.at}', which does not exist`)
    else if (at.name === name || (at.kind !== 'date' && at.kind !== 'timestamp'))
      place.say("'at' needs another date or timestamp")
  }
}
