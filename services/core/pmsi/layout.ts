/**
 * Where the lines of the PMSI have their values: VID-HOSP V015 and the grouped RSS 123 (RUM 023), by the layouts of ATIH for 2026. Places count
 * characters from 1, both ends included. An RSS has zones after its fixed part, as many as it says.
 */

export type Columns = readonly [from: number, to: number]
export type LineKind = 'VID-HOSP' | 'RSS'

export const VID_HOSP = {
  birth: [20, 27],
  sex: [28, 28],
  nda: [29, 48],
  version: [49, 52],
  nir: [62, 76],
  ipp: [354, 373],
  ins: [374, 388],
  /** Number of zones of 50 characters that follow. */
  services: [467, 468],
} as const satisfies Record<string, Columns>

export const RSS = {
  groupingVersion: [1, 2],
  ghm: [3, 8],
  version: [10, 12],
  groupingCode: [13, 15],
  finess: [16, 24],
  rumVersion: [25, 27],
  rss: [28, 47],
  nda: [48, 67],
  rum: [68, 77],
  birth: [78, 85],
  sex: [86, 86],
  unit: [87, 90],
  bed: [91, 92],
  entry: [93, 100],
  entryMode: [101, 101],
  from: [102, 102],
  exit: [103, 110],
  exitMode: [111, 111],
  to: [112, 112],
  residence: [113, 117],
  weight: [118, 121],
  weeks: [122, 123],
  sessions: [132, 133],
  /** Numbers of the zones that follow. */
  associated: [134, 135],
  documentary: [136, 137],
  acts: [138, 140],
  principal: [141, 148],
  related: [149, 156],
  igs2: [157, 159],
  recovery: [179, 179],
  unscheduled: [184, 184],
  emergency: [185, 185],
} as const satisfies Record<string, Columns>

/** Within the zone of an act. */
export const ACT = {
  date: [1, 8],
  code: [9, 15],
  extension: [16, 18],
  phase: [19, 19],
  activity: [20, 20],
  quantity: [28, 29],
} as const satisfies Record<string, Columns>

/** Of a line of HOSP-PMSI: numbers of RSS and NDA, both of which the RSS has. */
const HOSP_PMSI_CHARACTERS = 40

export const FIXED: Readonly<Record<LineKind, number>> = { 'VID-HOSP': 468, RSS: 205 }
export const SERVICE_CHARACTERS = 50
export const DIAGNOSIS_CHARACTERS = 8
export const ACT_CHARACTERS = 32

/** What is looked at and belongs to no field, and what no mapping reads; fillers are neither. */
export const UNMAPPED: Readonly<Record<LineKind, readonly Columns[]>> = {
  // The insured may be another person than the patient: that number is nobody's here.
  'VID-HOSP': columns(
    '1-15 16-17 18-19 53-61 77-77 78-78 79-80 81-82 83-83 84-84 85-85 86-89 90-99 100-109 110-119 120-123 124-133 134-138 139-139 140-159 160-160 161-161 162-169 170-179 180-180 181-189 190-190 191-193 194-196 197-200 231-231 232-240 241-250 251-251 252-259 260-267 268-270 271-273 274-274 275-282 283-290 291-298 299-299 300-307 308-315 316-323 324-331 332-339 340-347 348-348 349-349 350-350 351-353 389-389 390-395 396-396 397-421 422-436 437-437 438-438 439-452 453-466 469-518',
  ),
  RSS: columns(
    '124-131 160-160 161-161 162-162 163-177 178-178 180-180 181-181 182-182 183-183 190-192 193-193 194-195 196-196 197-197 198-198 199-200 201-201 202-205',
  ),
}
export const ACT_UNMAPPED: readonly Columns[] = columns('21-21 22-25 26-26 27-27 30-30 31-32')

/** @returns the value of columns without its padding, empty for none */
export function textAt(line: { readonly text: string }, [from, to]: Columns): string {
  return line.text.slice(from - 1, to).trim()
}

/** @returns what the line is by the places of the versions of its format, whichever they are; undefined for none */
export function kindOf(text: string): LineKind | undefined {
  const line = { text }
  if (/^V\d{3}$/.test(textAt(line, VID_HOSP.version)) && text.length >= FIXED['VID-HOSP'] / 2) return 'VID-HOSP'
  return /^\d{3}$/.test(textAt(line, RSS.version)) && text.length > HOSP_PMSI_CHARACTERS ? 'RSS' : undefined
}

function columns(text: string): readonly Columns[] {
  return text.split(' ').map((pair) => {
    const [from = '', to = ''] = pair.split('-')
    return [Number(from), Number(to)]
  })
}
