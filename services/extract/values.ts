/** Values of a project's file, as schemas: texts and dates. */
import Type, { type TString } from 'typebox'
import { parseCalendarDate } from '#core/contract/calendar.ts'

/** @returns a text of at most so many UTF-16 code units, without control characters except line ends */
export function text(maxLength = 200): TString {
  const short = Type.Refine(
    Type.String({ expected: 'text (put quotes around a code that looks like a number)', missing: 'text' }),
    (value) => value.trim() !== '' && value.length <= maxLength,
    () => `must have 1 to ${maxLength} characters`,
  )
  return Type.Refine(
    short,
    (value) => !/\p{Cc}/u.test(value.replaceAll('\n', ' ')) && value.isWellFormed(),
    () => 'must not contain control characters',
  )
}

const DATE = 'a date of the calendar, YYYY-MM-DD'

export const CalendarDate = Type.Refine(
  Type.String({ expected: DATE }),
  (value) => parseCalendarDate(value) !== undefined,
  () => `must be ${DATE}`,
)
