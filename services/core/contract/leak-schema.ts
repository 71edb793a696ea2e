/** How a contract says what a column tells beside its own meaning, and which leaks it accepts: types, checks and messages. */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'

/** Ways in which a column undoes the decision on another one; `leaks.ts` finds them. */
export const LEAKS = {
  'tells-birth': 'says of a stay or an act that it is of a newborn, so that its date is the date of birth',
  'tells-mother':
    'says when a birth or a delivery was, so that a newborn and the mother of the same hour are found together',
  'tells-death': 'says of an act that it ended with the death, so that its date is the date of death',
  'age-beside-date': 'is an age beside its date: over several records it says the day of birth',
  'finer-column': 'says the same as another column, and finer',
  'finer-place': 'is a place smaller than a department, beside a department',
  'unshifted-date': 'is a true date beside shifted ones of the same patient: a pair of one event says by how much',
  'version-is-time': 'may be a time, which is nearly the true one of the shifted dates',
  'unrounded-twin': 'is an exact number beside a rounded one of the same name',
} as const
export type LeakRule = keyof typeof LEAKS
const LEAK_RULES = Object.keys(LEAKS) as readonly LeakRule[]

const name = (description: string) => Type.String({ minLength: 1, expected: 'the name of a field', description })
const words = (description: string) => Type.String({ minLength: 1, expected: 'text that is not empty', description })

/** Where the field has such a value, the date `at` is that of the birth or of the death of the patient, or of a child that she gave birth to. */
export const Tells = closed({
  event: Type.Enum(['birth', 'delivery', 'death'], { description: 'What the values say of the date `at`' }),
  when: Type.Optional(words('Which values say it, for people; without it every value does')),
  at: name('The date or time that is then that of the birth, of the delivery or of the death'),
})
export type Tells = Written<typeof Tells>

export const AcceptedLeak = closed({
  leak: Type.Enum([...LEAK_RULES], { description: 'Which of the ways' }),
  field: name('The field that tells'),
  reason: words('Why it is accepted, for the data protection officer'),
})
export type AcceptedLeak = Written<typeof AcceptedLeak>
