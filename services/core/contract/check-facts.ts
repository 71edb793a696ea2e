/** Checks what a contract says of its facts, and of the precision of its dates: fields that exist and survive, and symbols that they have. */
import type { Place } from '../schema/place.ts'
import { keepsValue } from './actions.ts'
import { PRECISIONS } from './precision.ts'
import type { Fact, FieldContract } from './types.ts'

/** Suffix of the view of all records; it in a feed's own name would make two views of one name. */
export const ALL_SUFFIX = '_all'

export function checkFacts(feed: string, facts: readonly Fact[], fields: readonly FieldContract[], file: Place): void {
  if (feed.endsWith(ALL_SUFFIX))
    file.say(`a feed's name must not end with ${ALL_SUFFIX}: so does the view of all records`)
  for (const { field: name, values } of facts) {
    const field = fields.find((one) => one.name === name)
    if (!field) file.say(`'facts' names the field '${name}', which does not exist`)
    else if (!keepsValue(field)) file.say(`'facts' reads '${name}', which does not survive de-identification`)
    else if (field.kind !== 'enum' && field.kind !== 'boolean')
      file.say(`'facts' reads '${name}': it needs an enum or a boolean`)
    else {
      const symbols = field.kind === 'enum' ? field.symbols : ['true', 'false']
      for (const value of values)
        if (!symbols.includes(value)) file.say(`'facts': '${value}' is not a symbol of '${name}'`)
    }
  }
}

export function checkPrecisions(fields: readonly FieldContract[], file: Place): void {
  for (const { name, kind, precision } of fields) {
    if (precision === undefined) continue
    const place = file.named(`field '${name}'`)
    if (kind !== 'date' && kind !== 'timestamp') place.say("'precision' is for dates and timestamps")
    const field = fields.find((one) => one.name === precision)
    if (!field) place.say(`'precision' names the field '${precision}', which does not exist`)
    else if (field.kind !== 'enum' || !field.nullable || field.symbols.some((symbol) => !PRECISIONS.has(symbol)))
      place.say(`its precision '${precision}' must be an enum of ${[...PRECISIONS.keys()].join(', ')} that may be null`)
    else if (!keepsValue(field)) place.say(`its precision '${precision}' does not survive de-identification`)
  }
}
