/** The report of a linkage, of what the linker and the warehouse counted. No count below 11 is in it. */
import { MASKED, type Shown, SMALL, shownCells, shownCount, shownPart, shownShare } from '#core/linkage/mask.ts'
import type { FalseLinks } from '#core/linkage/review/false-links.ts'
import type { Survey } from '#core/linkage/survey.ts'
import { recapture } from './estimates.ts'
import { type ReportItem, reportItems } from './items.ts'
import type { Rate, Scope, WarehouseCounts } from './warehouse.ts'

export interface Made {
  /** ISO 8601. */
  readonly at: string
  readonly by: string
  readonly chainon: string
}

interface Missing {
  readonly not_available: string
}

interface ShownRate {
  readonly value: string
  readonly patients: Shown
  readonly linked_share: Shown | null
}

export interface LinkReport {
  readonly format: 'chainon-linkage-report/1'
  readonly made: Made
  readonly scope: Scope
  /** What the figures of the index are of: it knows feeds, and no producer. */
  readonly index_scope: string
  readonly method: Readonly<Record<string, string>>
  readonly versions: Readonly<Record<string, string>>
  readonly records: { readonly known: Shown; readonly cancelled: Shown; readonly feeds: readonly object[] }
  readonly completeness: readonly { readonly feed: string; readonly trait: string; readonly share: Shown | null }[]
  readonly persons: {
    readonly count: Shown
    readonly of_both: Shown | null
    readonly by_patients: readonly { readonly patients: string; readonly persons: Shown }[]
  }
  readonly sources:
    | {
        readonly patients: Shown
        readonly persons: Shown
        readonly of_both: Shown | null
        readonly rows: readonly ShownRate[]
      }
    | Missing
  readonly rates:
    | { readonly subgroups: readonly { readonly name: string; readonly rows: readonly ShownRate[] | Missing }[] }
    | Missing
  readonly methods_of_links: { readonly in_force: readonly object[]; readonly by_model: readonly object[] } | Missing
  /** Of the patients whom the exact links and the model have both: their pairs that are of one person. */
  readonly agreement:
    | {
        readonly patients: Shown
        readonly pairs: { readonly both: Shown; readonly exact_alone: Shown; readonly model_alone: Shown }
      }
    | Missing
  readonly sample: Readonly<Record<string, Shown>>
  readonly passes: {
    readonly links: Shown
    readonly unknown: Shown
    readonly rows: readonly {
      readonly pass: string
      readonly links: Shown
      readonly share: Shown | null
      readonly found_by_it_alone: Shown
    }[]
  }
  readonly weights: readonly {
    readonly from: number
    readonly to: number
    readonly pairs: Shown
    readonly expected_matches: Shown
  }[]
  readonly thresholds: readonly {
    readonly probability: number
    readonly weight: number
    readonly links: Shown
    readonly expected_precision: Shown | null
    /** Of the pairs of one person that were compared. */
    readonly expected_recall: Shown | null
    readonly in_force: boolean
  }[]
  readonly review: Shown
  readonly missed: { readonly recapture: object | Missing; readonly silver: object | Missing }
  readonly false_links: {
    readonly expected: Shown
    readonly expected_share: Shown | null
    readonly silver: object | Missing
    readonly clerical: object | Missing
  }
  readonly small_cells: { readonly below: number; readonly rule: string }
  readonly limitations: readonly string[]
  readonly items: readonly ReportItem[]
}

const IN_FORCE = 0.9
const LEAST_SILVER = 100

/** @param warehouse undefined where it was not asked */
export function linkReport(
  survey: Survey,
  warehouse: WarehouseCounts | Missing,
  clerical: FalseLinks | Missing,
  scope: Scope,
  made: Made,
): LinkReport {
  const matches = survey.weights.reduce((sum, one) => sum + one.expected_matches, 0)
  const link = survey.thresholds.find(({ probability }) => probability === IN_FORCE)
  const wrong = Math.max(0, (link?.links ?? 0) - (link?.expected_matches ?? 0))
  const facts = {
    sources: sourcesOf(warehouse),
    rates: ratesOf(warehouse),
    missed: { recapture: recaptureOf(survey), silver: silverRecall(survey) },
    false_links: {
      expected: shownCount(wrong),
      expected_share: shownShare(wrong, link?.links ?? 0),
      silver: silverFalse(survey),
      clerical: 'not_available' in clerical ? clerical : clericalOf(clerical),
    },
  }
  return {
    format: 'chainon-linkage-report/1',
    made,
    scope,
    index_scope: survey.feeds ? `records of ${survey.feeds.join(' and ')}` : 'all records of the index',
    method: methodOf(survey),
    versions: versionsOf(survey),
    ...recordsOf(survey),
    ...facts,
    methods_of_links:
      'not_available' in warehouse
        ? warehouse
        : { in_force: byMethod(warehouse.inForce), by_model: byMethod(warehouse.scored) },
    agreement: 'not_available' in warehouse ? warehouse : agreementOf(warehouse),
    sample: Object.fromEntries(Object.entries(survey.sample).map(([name, count]) => [name, shownCount(count)])),
    passes: passesOf(survey),
    weights: weightsOf(survey),
    thresholds: survey.thresholds.map(({ probability, weight, links, expected_matches: expected }) => ({
      probability,
      weight: Math.round(weight * 100) / 100,
      links: shownPart(links, link?.links ?? 0),
      expected_precision: shownShare(expected, links),
      expected_recall: shownShare(expected, matches),
      in_force: probability === IN_FORCE,
    })),
    review: shownCount(survey.review),
    small_cells: {
      below: SMALL,
      rule: `counts from 1 to ${SMALL - 1} are masked, with one more where one alone would be the difference to a total; a share is rounded so that its last digit is ten or more of the whole; the clerical sample is shown as it is: it was drawn from all links, and is of no group of patients`,
    },
    limitations: limitationsOf(survey, scope),
    items: reportItems(facts),
  }
}

function methodOf({ index, passes }: Survey): Readonly<Record<string, string>> {
  return {
    level: 'person',
    identifiers: index.traits.join(', '),
    preparation:
      'each trait in a normal form (accents, particles, compound names, dates in four formats, words for an unknown name left out), then a keyed Bloom filter and keyed blocking tokens; nobody who compares sees a value',
    blocking: `records that share a token are compared: ${passes.of_links.map(({ name }) => name).join(', ')}; at most ${index.budget} comparisons a record, the rarest tokens first; a token is used by at most ${index.hub} records, which the producers share, and skipped for the others`,
    model:
      'Fellegi-Sunter as a mixture of classes (what is truly the same between two records), agreement levels on the Dice coefficient, learnt without the truth',
    frequencies: index.frequencies
      ? 'equal values count by how frequent they are'
      : 'values were not counted yet, as the index is small: an equal rare name counts as an equal frequent one',
    decision: `a pair above a probability of ${IN_FORCE} is a link, one above .1 is to be reviewed; persons are groups of records whose average weight is not below -2`,
  }
}

function versionsOf({ index }: Survey): Readonly<Record<string, string>> {
  const { name, encoding, model, model_sha256 } = index
  return { index: name, encoding, model, model_sha256, records_waiting: index.marked + index.untold > 0 ? 'yes' : 'no' }
}

function recordsOf({ records, persons }: Survey): Pick<LinkReport, 'records' | 'completeness' | 'persons'> {
  const sizes = Object.entries(persons.by_patients)
  const cells = shownCells(sizes.map(([, count]) => count))
  return {
    records: {
      known: shownCount(records.known),
      cancelled: shownCount(records.cancelled),
      feeds: records.by_feed.map(({ feed, records: count, patients, linked, newborns, without_value }) => ({
        feed,
        records: shownCount(count),
        patients: shownCount(patients),
        linked_share: shownShare(linked, count),
        newborns_without_a_name: shownCount(newborns),
        without_any_trait: shownCount(without_value),
      })),
    },
    completeness: records.by_feed.flatMap(({ feed, records: count, traits }) =>
      Object.entries(traits).map(([trait, present]) => ({ feed, trait, share: shownShare(present, count) })),
    ),
    persons: {
      count: shownCount(persons.count),
      of_both: persons.of_both === null ? null : shownCount(persons.of_both),
      by_patients: sizes.map(([patients], at) => ({ patients, persons: cells[at] as Shown })),
    },
  }
}

function passesOf({ passes }: Survey): LinkReport['passes'] {
  return {
    links: shownCount(passes.found),
    unknown: shownCount(passes.unknown),
    rows: passes.of_links
      .toSorted((one, other) => other.links - one.links)
      .map(({ name, links, only }) => ({
        pass: name,
        links: shownPart(links, passes.found),
        share: shownShare(links, passes.found),
        found_by_it_alone: shownCount(only),
      })),
  }
}

function weightsOf({ weights }: Survey): LinkReport['weights'] {
  const pairs = shownCells(weights.map((one) => one.pairs))
  const matches = shownCells(weights.map((one) => one.expected_matches))
  return weights.map(({ from, to }, at) => ({
    from,
    to,
    pairs: pairs[at] as Shown,
    expected_matches: matches[at] as Shown,
  }))
}

function recaptureOf({ passes }: Survey): LinkReport['missed']['recapture'] {
  const { names, others, both, found } = passes
  if (both < SMALL)
    return { not_available: 'passes of names alone and passes without a name have too few links in common' }
  const estimate = recapture(names, others, both, found)
  if (!estimate) return { not_available: 'passes of names alone and passes without a name have no link in common' }
  return {
    by_names_alone: shownPart(names, found),
    without_a_name: shownPart(others, found),
    by_both: [names, others, found].some((whole) => shownPart(both, whole) === MASKED) ? MASKED : shownCount(both),
    missed: shownCount(estimate.missed),
    missed_share: shownShare(estimate.missed, estimate.all),
    interval_95: estimate.interval.map(shownCount),
    assumes:
      'that what one pass misses does not depend on what the other misses; records of which little is written are missed by both, so that it says too few',
  }
}

function silverRecall({ silver }: Survey): LinkReport['missed']['silver'] {
  if (!silver) return { not_available: 'records have no national number' }
  if (silver.agreeing < LEAST_SILVER)
    return { not_available: `fewer than ${LEAST_SILVER} pairs agree on a national number` }
  return {
    pairs_that_agree_on_the_number: shownCount(silver.agreeing),
    found_by_other_tokens: shownShare(silver.found_otherwise, silver.agreeing),
    linked_without_the_number: shownShare(silver.linked_without, silver.agreeing),
    assumes:
      'that records with a number are written as well as those without one, and that a number is of one person: that of a mother may stand at her newborn',
  }
}

function silverFalse({ silver }: Survey): LinkReport['false_links']['silver'] {
  if (!silver) return { not_available: 'records have no national number' }
  const linked = silver.linked_without + silver.differing_linked_without
  if (linked < LEAST_SILVER)
    return { not_available: `fewer than ${LEAST_SILVER} links are between records with numbers` }
  return {
    links_without_the_number: shownCount(linked),
    of_two_numbers: shownShare(silver.differing_linked_without, linked),
    of_two_numbers_linked_with_them: shownShare(silver.differing_linked, linked),
    assumes:
      'that two numbers are two people: a number of which more than a digit is wrong, or a provisional one, counts as a false link',
  }
}

/** Not masked as counts of patients are: it is of a sample that was drawn, and of no group of patients. */
function clericalOf({ bands, all }: FalseLinks): LinkReport['false_links']['clerical'] {
  const text = (share: number, [from, to]: readonly [number, number]) =>
    `${percent(share)} % (95 %: ${percent(from)} to ${percent(to)} %)`
  return {
    false_links: all ? text(all.share, all.interval) : 'unknown: of a band with links none is judged',
    judged: bands.reduce((sum, { judged }) => sum + judged, 0),
    ...Object.fromEntries(
      bands.map(({ from, to, links, judged, open, share, interval }) => [
        `probability ${from} to ${to}`,
        `${shownCount(links)} links, ${judged} judged, ${open} open: ${share === null ? 'unknown' : text(share, interval)}`,
      ]),
    ),
    assumes:
      'that reviewers, who have agreement levels and no value, recognise a false link, and that drawn links without a verdict are like the others of their band',
  }
}

const percent = (share: number): string => (100 * share).toFixed(1)

function sourcesOf(warehouse: WarehouseCounts | Missing): LinkReport['sources'] {
  if ('not_available' in warehouse) return warehouse
  return {
    patients: shownCount(warehouse.patients),
    persons: shownCount(warehouse.persons),
    of_both: warehouse.ofBoth === null ? null : shownCount(warehouse.ofBoth),
    rows: rowsOf(warehouse.sources),
  }
}

function ratesOf(warehouse: WarehouseCounts | Missing): LinkReport['rates'] {
  if ('not_available' in warehouse) return warehouse
  return {
    subgroups: [...warehouse.subgroups].map(([name, rates]) => ({
      name,
      rows: rates ? rowsOf(rates) : { not_available: 'no column of the warehouse has it' },
    })),
  }
}

function rowsOf(rates: readonly Rate[]): readonly ShownRate[] {
  const patients = shownCells(rates.map((one) => one.patients))
  return rates.map(({ value, patients: count, linked }, at) => ({
    value,
    patients: patients[at] as Shown,
    linked_share: shownShare(linked, count),
  }))
}

function agreementOf({ agreement }: WarehouseCounts): LinkReport['agreement'] {
  const cells = shownCells([agreement.both, agreement.exactAlone, agreement.modelAlone])
  const [both, exact, model] = cells as [Shown, Shown, Shown]
  return { patients: shownCount(agreement.patients), pairs: { both, exact_alone: exact, model_alone: model } }
}

function byMethod(rows: WarehouseCounts['scored']): readonly object[] {
  const cells = shownCells(rows.map(({ patients }) => patients))
  return rows.map(({ method }, at) => ({ method, patients: cells[at] }))
}

function limitationsOf({ sample, index }: Survey, scope: Scope): readonly string[] {
  return [
    'Readers have both: persons by the model (person_current), which this report is about, and by exact tokens (person_link_current; methods_of_links: in_force). A project has those that it declares.',
    'Expected precision and recall are what the model says of itself: where its classes do not fit the population, both are wrong in the same way. Recall is of the pairs that were compared; what blocking misses is in `missed`.',
    ...(sample.records < sample.of
      ? [`Pairs were counted on ${sample.records} of ${sample.of} records, and multiplied.`]
      : []),
    ...(sample.over_budget > 0
      ? [
          'Of some records not all candidates were compared, because others share their tokens: their persons may depend on the order of arrival.',
        ]
      : []),
    ...(index.frequencies
      ? []
      : [
          'The index was small when it was read, and its values were not counted: namesakes of a frequent name are linked more often than the model says.',
        ]),
    ...(scope.kind === 'producers'
      ? [
          'The index does not know which producer a record is of: its figures are of all records; patients, persons and rates are of the two producers.',
        ]
      : []),
  ]
}
