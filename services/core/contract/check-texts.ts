/** Checks the fields whose text is scrubbed: their language is known, and the names of their rules fit. */
import type { Place } from '../schema/place.ts'
import { textRuleId } from './text-rules.ts'
import type { FieldContract } from './types.ts'

/** Reports a language that no field names, a name that is too long, and surrogates in a text that a reader is to look through. */
export function checkTexts(fields: readonly FieldContract[], file: Place): void {
  for (const { name, privacy } of fields) {
    if (privacy.action !== 'scrub') continue
    const place = file.named(`field '${name}'`)
    if (textRuleId(name, 'encoding') === undefined || (privacy.uncertain && !textRuleId(name, 'uncertain')))
      place.say('the name of a field that is scrubbed has at most 50 letters, digits and _')
    // A flag asks a reader to look for what is left, and between surrogates nobody can tell it.
    if (privacy.replacement === 'surrogates' && privacy.uncertain?.action === 'keep')
      place.say("'uncertain' cannot be kept in a text with surrogates: what was missed looks like them")
    if (privacy.language_field === undefined) continue
    const field = fields.find((one) => one.name === privacy.language_field)
    if (!field) place.say(`'language_field' names the field '${privacy.language_field}', which does not exist`)
    else if (field.kind !== 'string' && field.kind !== 'enum') place.say("'language_field' needs a string or an enum")
  }
}
