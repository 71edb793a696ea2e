/**
 * What a report of a linkage should say, and whether this one says it: RECORD (E. Benchimol, PLoS Med 12, 2015; numbers of its items) and GUILD (R. Gilbert, J. Public
 * Health 40, 2018; its four steps, in our words). What the program cannot know is declared, with the reason.
 */

export interface ReportItem {
  readonly item: string
  readonly what: string
  readonly state: 'present' | 'not available'
  /** Part of the report, or why it is not there. */
  readonly where: string
}

/** A part that is there, or why it is not. */
type Part = object | { readonly not_available: string }

/** The parts of which it depends on the installation whether they are there. */
interface Facts {
  readonly sources: Part
  readonly rates: Part
  readonly missed: { readonly recapture: Part; readonly silver: Part }
  readonly false_links: { readonly clerical: Part }
}

export function reportItems({ rates, missed, false_links, sources }: Facts): readonly ReportItem[] {
  const present = (item: string, what: string, where: string): ReportItem => ({ item, what, state: 'present', where })
  const absent = (item: string, what: string, where: string): ReportItem => ({
    item,
    what,
    state: 'not available',
    where,
  })
  const either = (item: string, what: string, where: string, value: Part) =>
    'not_available' in value ? absent(item, what, value.not_available) : present(item, what, where)
  return [
    either('GUILD 1', 'populations of the sources', 'sources, records', sources),
    absent(
      'GUILD 1',
      'geographic coverage, and who is missing from the sources',
      'the warehouse has what producers sent, not whom they serve: ask each producer',
    ),
    present('GUILD 1', 'identifiers and how complete they are', 'completeness'),
    present('GUILD 1', 'how identifiers were processed before the linkage', 'method'),
    present('GUILD 2', 'method, blocking, model, threshold', 'method, passes, thresholds'),
    present('GUILD 2', 'links by pass, and the distribution of weights', 'passes, weights'),
    either('GUILD 2', 'missed matches', 'missed', missed.recapture),
    either('GUILD 2', 'missed matches, against a silver standard', 'missed', missed.silver),
    present('GUILD 2', 'false links, as the model expects them', 'false_links'),
    either('GUILD 2', 'false links, by clerical review', 'false_links', false_links.clerical),
    present('GUILD 2', 'who linked, when, and with which versions', 'made, versions'),
    present('GUILD 2', 'disclosure control', 'small_cells; encodings alone were compared'),
    either('GUILD 3', 'linkage rates of subgroups, in which errors would bias results', 'rates', rates),
    absent(
      'GUILD 3',
      'how the analysis takes linkage errors into account',
      'it is of the study; the probability of each link is in the warehouse',
    ),
    absent('GUILD 4', 'who may be reached about the linkage', 'an installation has no setting for it'),
    absent('RECORD 1.3', 'linkage stated in the title or abstract', 'it is of the publication'),
    present('RECORD 6.3', 'numbers of individuals at each stage of the linkage', 'records, persons, sources'),
    absent('RECORD 12.1', 'access of the investigators to the databases', 'in the manifest of the extraction'),
    present('RECORD 12.2', 'cleaning of the data that are linked', 'method'),
    present('RECORD 12.3', 'level of linkage, methods, evaluation of its quality', 'method, missed, false_links'),
    absent('RECORD 13.1', 'selection of the study population after the linkage', 'in the manifest of the extraction'),
    present('RECORD 19.1', 'limitations of the linkage', 'limitations'),
    absent('RECORD 22.1', 'access to protocol, raw data and programs', 'it is of the publication'),
  ]
}
