/** Checks how dates are shifted: the contract says how far where a date is shifted, and every feed says the same. */
import type { Place } from '../schema/place.ts'
import type { Shift } from './schema.ts'
import type { FeedContract, FieldContract } from './types.ts'

/** Reports a shift without its bounds, and bounds without a shift. */
export function checkShift(shift: Shift | undefined, fields: readonly FieldContract[], file: Place): void {
  const [first] = fields.filter(isShifted)
  if (first && shift === undefined)
    file.say(`field '${first.name}' is shifted: the contract needs 'shift' with 'within', a number of days`)
  const text = fields.find(isShiftedText)
  // A text also says on which weekday its dates are.
  if (text && shift && shift.weekday === undefined)
    file.say(`field '${text.name}' is a text with shifted dates: 'shift' needs "weekday": "keep"`)
  if (!first && shift !== undefined) file.say("'shift' is there, and no field is shifted")
}

function isShifted(field: FieldContract): boolean {
  return field.privacy.action === 'shift' || isShiftedText(field)
}

function isShiftedText({ privacy }: FieldContract): boolean {
  return privacy.action === 'scrub' && privacy.dates === 'shift'
}

/** @returns what is wrong with the shifts of several feeds; a patient's dates shift alike only under the same bounds */
export function shiftProblems(contracts: readonly FeedContract[]): readonly string[] {
  const [first, ...others] = contracts.filter(({ shift }) => shift !== undefined)
  return others
    .filter(({ shift }) => shift?.within !== first?.shift?.within || shift?.weekday !== first?.shift?.weekday)
    .map(({ feed }) => `${feed}: 'shift' differs from that of ${first?.feed}: every feed needs the same`)
}
