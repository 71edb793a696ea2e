import { type TextReason, textRules } from '#core/contract/text-rules.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import type { GiveWay, LongStep } from '#core/pipeline/step.ts'
import { fail, pass } from '#core/pipeline/verdict.ts'
import { type Resources, scanParts } from '../text/engine.ts'
import type { Known } from '../text/known/known.ts'
import { recordTraits } from '../text/known/record-traits.ts'
import { languageOf } from '../text/language.ts'
import { type ReadText, readText } from '../text/readable.ts'
import { replaceSpans } from '../text/replace.ts'
import { shiftDate } from '../text/shift-dates.ts'
import type { PatientKey } from '../text/surrogates/patient-keys.ts'
import { surrogatesOf } from '../text/surrogates/surrogates.ts'
import type { Kind, Language, Span } from '../text/types.ts'
import { uncertaintyOf } from '../text/uncertainty.ts'
import type { GuardedRecord } from './guard-values.ts'

/** Spans that were replaced, by field and kind: counts only. */
export interface Replaced {
  readonly field: string
  readonly kind: Kind
  readonly spans: number
}

/** A text that is not passed on. */
export interface UnreadText {
  readonly field: string
  readonly reason: TextReason
}

/** What was done with the texts of a record: names and counts. */
export interface TextReport {
  readonly replaced: readonly Replaced[]
  readonly unread: readonly UnreadText[]
}

export interface ScrubbedRecord extends GuardedRecord {
  /** The scrubbed texts by field; null for one that is not passed on. A field without a text is not in it. */
  readonly texts: ReadonlyMap<string, string | null>
  readonly report: TextReport
}

const NO_TEXTS: ReadonlyMap<string, string | null> = new Map()
export const NO_REPORT: TextReport = { replaced: [], unread: [] }

/**
 * Replaces what identifies a person in each text that the contract passes on; the identifiers of the record itself are looked for in all their
 * forms. A text that cannot be read is left out, and its rule fails. One that is less certain than the contract allows goes to quarantine with
 * its record, is left out, or is passed on with a flag, as the contract says.
 *
 * @param resources of a language; called once for each language that the contract names
 * @param patient what a contract needs that shifts dates or writes surrogates: by how many days, and under which key
 */
export function scrubTexts(
  contract: FeedContract,
  resources: (language: Language) => Resources,
  patient: {
    readonly shiftDays?: ((record: Readonly<Record<string, unknown>>, producer: string) => number) | undefined
    readonly key?: PatientKey
  } = {},
): LongStep<GuardedRecord, ScrubbedRecord, 'rule-rejected'> {
  const rules = textRules(contract)
  const fields = contract.fields.flatMap((field) => {
    if (field.privacy.action !== 'scrub') return []
    const { uncertain } = field.privacy
    const ruleOf = new Map(rules.filter((one) => one.field === field).map(({ id, reason }) => [reason, id]))
    return [
      {
        field,
        language: languageOf(field.privacy),
        ruleOf,
        uncertain,
        isShifted: field.privacy.dates === 'shift',
        hasSurrogates: field.privacy.replacement === 'surrogates',
      },
    ]
  })
  if (!patient.key && fields.some(({ hasSurrogates }) => hasSurrogates))
    throw new Error(`the texts of ${contract.feed} have surrogates, and nothing says under which key`)
  if (!patient.shiftDays && fields.some(({ isShifted }) => isShifted))
    throw new Error(`the texts of ${contract.feed} have shifted dates, and nothing says by how much`)
  const loaded = new Map(
    fields.flatMap(({ language }) => language.possible.map((one) => [one, resources(one)] as const)),
  )
  const readTraits = recordTraits(contract)

  return {
    name: 'scrubTexts',
    runLong: (guarded, giveWay) => {
      const present = fields.filter(({ field }) => typeof guarded.record[field.name] === 'string')
      if (present.length === 0) return pass({ ...guarded, texts: NO_TEXTS, report: NO_REPORT })
      return scrubAll(guarded, present, giveWay)
    },
  }

  async function scrubAll(guarded: GuardedRecord, present: typeof fields, giveWay: GiveWay) {
    const { record } = guarded
    const known = readTraits(record)
    const texts = new Map<string, string | null>()
    const outcomes = [...guarded.outcomes]
    const replaced: Replaced[] = []
    const unread: UnreadText[] = []
    for (const { field, hasSurrogates, isShifted, language, ruleOf, uncertain } of present) {
      const given = String(record[field.name])
      const chosen = language.read(record)
      const read: ReadText = chosen === undefined ? { ok: false, reason: 'language' } : readText(given)
      if (chosen === undefined || !read.ok) {
        const reason = read.ok ? 'language' : read.reason
        texts.set(field.name, null)
        unread.push({ field: field.name, reason })
        outcomes.push(`${ruleOf.get(reason)}=failed`)
        continue
      }
      const { text } = read
      const { spans, uncertainty } = await scanned(text, chosen, known, giveWay)
      const rule = ruleOf.get('uncertain')
      if (uncertain && rule !== undefined && uncertainty > uncertain.above) {
        if (uncertain.action === 'quarantine')
          return fail('rule-rejected', guarded.provenance, [{ pointer: `/${field.name}`, rule }])
        outcomes.push(`${rule}=failed`)
        if (uncertain.action === 'drop') {
          texts.set(field.name, null)
          unread.push({ field: field.name, reason: 'uncertain' })
          continue
        }
      }
      const { producer } = guarded.provenance
      const days = isShifted ? patient.shiftDays?.(record, producer) : undefined
      const key = hasSurrogates ? patient.key?.(record, producer) : undefined
      const surrogate = key && surrogatesOf(key, chosen, known)
      const instead = (span: Span, written: string) =>
        span.kind === 'date' && days !== undefined ? shiftDate(written, days, chosen) : surrogate?.(span, written)
      texts.set(field.name, replaceSpans(text, spans, instead))
      replaced.push(...countsOf(field, spans))
    }
    return pass({ ...guarded, outcomes, texts, report: { replaced, unread } })
  }

  async function scanned(text: string, language: Language, known: Known | undefined, giveWay: GiveWay) {
    const found = loaded.get(language)
    if (!found) throw new Error(`the resources of ${language} were not loaded`)
    const spans: Span[] = []
    let [words, doubtful] = [0, 0]
    for (const part of scanParts(text, found, { language, ...(known ? { known } : {}) })) {
      for (const span of part.spans) spans.push(span)
      words += part.doubts.words
      doubtful += part.doubts.doubtful
      const turn = giveWay(part.characters)
      if (turn) await turn
    }
    return { spans, uncertainty: uncertaintyOf({ words, doubtful }) }
  }
}

function countsOf({ name }: FieldContract, spans: readonly Span[]): Replaced[] {
  const counts = new Map<Kind, number>()
  for (const { kind } of spans) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => ({ field: name, kind, spans: count }))
}
