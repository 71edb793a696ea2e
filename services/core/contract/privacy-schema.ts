/** How the privacy of a field is written: the one source of its types, of what is checked, of the messages, and of the reference. */
import Type from 'typebox'
import { closed } from '../schema/closed.ts'
import type { Written } from '../schema/written.ts'
import { Guard, OnViolation } from './guard-schema.ts'

const PRIVACY_CLASS = Type.Enum(['none', 'direct', 'trait', 'date', 'place', 'text', 'professional'], {
  description: 'What the value is, for the protection of persons. It decides which actions are allowed',
})

/** Name after de-identification. Names that begin with `_` are Chainon's own. */
const StoredName = Type.String({
  pattern: '^[A-Za-z][A-Za-z0-9_]{0,62}$',
  expected: 'letters, digits and _ (63 at most), and begin with a letter',
  description: 'Name of the column after de-identification; the default is the name of the field',
})

/** Languages that the scrubber of texts reads. */
export const TextLanguage = Type.Enum(['fr', 'en'], {
  description: 'Language of the text; no default is assumed, because nothing is scrubbed well without it',
})
export type TextLanguage = Written<typeof TextLanguage>

const fieldName = (description: string) => Type.String({ minLength: 1, expected: 'the name of a field', description })

const CLASS = { class: PRIVACY_CLASS }
const REPLACED = { class: PRIVACY_CLASS, as: Type.Optional(StoredName) }
const GUARDED = { guard: Type.Optional(Guard), on_violation: Type.Optional(OnViolation) }

/** What becomes of a field's value. `ACTIONS` (actions.ts) decides what each action leaves. */
export const Privacy = Type.Union([
  closed(
    { ...CLASS, action: Type.Literal('keep'), ...GUARDED },
    'The value is kept, where the guard accepts it: a string is never kept without one',
  ),
  closed(
    {
      ...REPLACED,
      action: Type.Literal('pseudonymise'),
      domain: Type.Enum(['record', 'patient', 'encounter', 'study', 'series', 'accession', 'rss'], {
        description: 'What the value names: equal values of one domain have equal pseudonyms, of two domains never',
      }),
    },
    'The value is replaced by a keyed pseudonym',
  ),
  closed({ ...CLASS, action: Type.Literal('drop') }, 'Nothing is left'),
  closed({ ...CLASS, action: Type.Literal('tokenise') }, 'Only linkage tokens are left, and no column'),
  closed(
    {
      ...REPLACED,
      action: Type.Literal('truncate'),
      to: Type.Enum(['month', 'quarter', 'year'], { description: 'The period to whose first day the value is cut' }),
    },
    'A date or time is cut to the first day of its month, quarter or year',
  ),
  closed(
    {
      ...REPLACED,
      action: Type.Literal('generalise'),
      to: Type.Enum(['department', 'area', 'age_band', 'birth_year', 'bins'], {
        description:
          'The class: of a place its department or a larger area, of a birth date an age band or a year, of a number an interval',
      }),
      population: Type.Optional(
        Type.Integer({ minimum: 1000, maximum: 10_000_000, description: 'Inhabitants of the smallest area' }),
      ),
      at: Type.Optional(fieldName('The date or time at which the age is taken')),
      edges: Type.Optional(
        Type.Array(Type.Number(), {
          minItems: 1,
          description:
            'Lower ends of the bands or intervals; below the first and from the last on there is one more of each',
        }),
      ),
    },
    'The value is replaced by the class that it is in',
  ),
  closed(
    {
      ...REPLACED,
      action: Type.Literal('round'),
      step: Type.Optional(
        Type.Number({
          exclusiveMinimum: 0,
          expected: 'a number greater than 0',
          description: 'The value is rounded to a multiple of it',
        }),
      ),
      digits: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 15, description: 'The value is rounded to so many significant digits' }),
      ),
      ...GUARDED,
    },
    'A number is rounded, to a multiple of `step` or to `digits`; guarded as a kept one',
  ),
  closed(
    { ...REPLACED, action: Type.Literal('shift'), on_violation: Type.Optional(OnViolation) },
    'A date or time is moved by as many days as every other of the same patient (`shift` of the contract says how far)',
  ),
  /**
   * Without a language nothing is scrubbed well, so none is assumed: a contract of an earlier version, where scrub dropped the text, is
   * refused until its author says that the text is to be passed on.
   */
  closed(
    {
      ...REPLACED,
      action: Type.Literal('scrub'),
      language: TextLanguage,
      language_field: Type.Optional(
        fieldName('The field that names the language of each text (`fr`, `en-GB`); where it is null, `language` holds'),
      ),
      replacement: Type.Enum(['tags', 'surrogates'], {
        description:
          '`tags`: the kind of what stood there, as in `[NAME]`. `surrogates`: another name, town, address or telephone number, the same for this patient in all texts; numbers have a code (`[IPP-KWTBRN]`)',
      }),
      dates: Type.Optional(
        Type.Literal('shift', {
          description:
            "`shift`: dates with day, month and year are moved as those of the patient's fields, instead of a tag",
        }),
      ),
      uncertain: Type.Optional(
        closed(
          {
            above: Type.Number({
              minimum: 0,
              maximum: 100,
              description: 'Doubtful words of a hundred that were let stand, up to which a text is sure enough',
            }),
            action: Type.Enum(['quarantine', 'drop', 'keep'], {
              description: 'What becomes of the record, or of the text; each is counted',
            }),
          },
          'What becomes of a text of which the scrubber is not sure',
        ),
      ),
    },
    'Free text: what is found to identify a person in it is replaced',
  ),
])
export type Privacy = Written<typeof Privacy>
export type PrivacyClass = Privacy['class']
export type PrivacyAction = Privacy['action']
