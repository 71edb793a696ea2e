/** Checks what a contract says of leaks: the fields exist. Whether there is a leak depends on the other contracts, too (`leaks.ts`). */
import type { Place } from '../schema/place.ts'
import type { AcceptedLeak } from './leak-schema.ts'
import type { FieldContract } from './types.ts'

export function checkLeaks(accepted: readonly AcceptedLeak[], fields: readonly FieldContract[], file: Place): void {
  const byName = new Map(fields.map((field) => [field.name, field]))
  for (const { field } of accepted)
    if (!byName.has(field)) file.say(`'accepted_leaks' names the field '${field}', which does not exist`)
  for (const { name, tells = [] } of fields)
    for (const { at } of tells) {
      const date = byName.get(at)
      const place = file.named(`field '${name}'`)
      if (!date) place.say(`'tells' names the field '${at}', which does not exist`)
      else if (date.kind !== 'date' && date.kind !== 'timestamp')
        place.say(`'tells' needs a date or timestamp: '${at}'`)
    }
}
