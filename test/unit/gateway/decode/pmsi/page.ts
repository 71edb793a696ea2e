/** The published page of the format, made from the mapping's own tables. */

import { ACT_UNMAPPED, type Columns, UNMAPPED } from '#core/pmsi/layout.ts'
import { DIAGNOSIS, PROCEDURE } from '../../../../../services/gateway/decode/pmsi/coded.ts'
import { PATIENT } from '../../../../../services/gateway/decode/pmsi/identity.ts'
import type { FieldMap } from '../../../../../services/gateway/decode/pmsi/record-map.ts'
import { PMSI_STAY } from '../../../../../services/gateway/decode/pmsi/stay.ts'

type Fields = Readonly<Record<string, Pick<FieldMap<never>, 'from' | 'note'>>>

const columnsOf = (columns: readonly Columns[]) =>
  columns.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')

const table = (title: string, { fields }: { readonly fields: Fields }) => `### ${title}
| field | columns | note |
| --- | --- | --- |
${Object.entries(fields)
  .map(([name, { from, note = '' }]) => `| \`${name}\` | ${columnsOf(from)} | ${note} |`)
  .join('\n')}
`

export const MAPS = [PATIENT, PMSI_STAY, DIAGNOSIS, PROCEDURE] as const

/** @param example lines @param records what becomes of them @param unmapped their places that no mapping reads */
export function page(example: readonly string[], records: readonly object[], unmapped: readonly string[]): string {
  return `# PMSI

Made from the tables of \`services/gateway/decode/pmsi/\`; a test compares the two. Over HTTP: \`POST /v1/pmsi\` with \`text/plain\`. Files:
\`chainon push --pmsi FILES\`. Columns count characters from 1, both ends included, by the layouts of ATIH for 2026.

| line | version | length |
| --- | --- | --- |
| VID-HOSP | \`V015\` in columns 49-52 | 468, and 50 for each of the zones that columns 467-468 count |
| grouped RSS: a RUM | \`123\` in columns 10-12, \`023\` in 25-27 | 205, and 8 for each DAS (134-135) and each DAD (136-137), 32 for each act (138-140) |

Another version is refused (\`unsupported-format\`), and so is another length (\`line-length\`). RSS that are not grouped have no GHM and are not read. HOSP-PMSI is not needed: the RSS has both of its numbers.
Not read either: the layouts of other years, RSA, ANO, FICHCOMP (drugs and devices), SMR, HAD and psychiatry. A file of fixed width of these can be sent to a feed by a mapping with \`positions\` ([csv.md](csv.md)).
A line is read as UTF-8 if it is that, else as ISO 8859-1. Lines end with LF or CR LF; empty ones do not count.

**Whose stay it is** only VID-HOSP says: the line of the same number of the stay (NDA), anywhere in the same request. An RSS without it is refused (\`unresolved-stay\`), and so is one of another birth date or sex
(\`identity-mismatch\`). A line of VID-HOSP without an RSS is a patient all the same. \`push\` finds the lines of VID-HOSP for each RSS, in whichever file they are.
**An RSS is taken as a whole**: where one of its lines cannot be read or has a RUM twice, the others are refused, too (\`incomplete-rss\`).

An error names the line by its index, from 0, and the columns: \`RSS columns 93-100\`; never what is written there.

## Lines -> records
${table('VID-HOSP -> `patient`', PATIENT)}
The number of the insured (1-15) is not read: it may be of a parent or a spouse.

${table('RSS -> `pmsi_stay`', PMSI_STAY)}
One record for each RUM. Stays are counted by \`unit_rank = 1\`; \`rss_id\` is the same for all RUMs of a stay. A code or a number that the contract does not list becomes null, and is counted as the rule
\`guard-<field>\`; diagnoses of another form refuse the record.

${table('RSS -> `diagnosis`', DIAGNOSIS)}
${table('RSS -> `procedure`, columns of the zone of an act', PROCEDURE)}
**Versions.** \`record_version\` is the time of receipt, the same for all records of a request: of lines that are sent again the last ones are in force. A diagnosis or an act that a corrected RUM no longer has stays,
under its number: it is one whose \`record_version\` is lower than that of the \`pmsi_stay\` of its stay. To withdraw a record, send it as JSON with \`"operation": "cancel"\`.

## Not mapped
Each place with a value is counted: \`chainon_gateway_unmapped_fields_total\`, by columns in \`path\`. Zeros are no value.
- VID-HOSP ${columnsOf(UNMAPPED['VID-HOSP'])} (of the zones from 469 only the first is looked at)
- RSS ${columnsOf(UNMAPPED.RSS)}
- acts: ${columnsOf(ACT_UNMAPPED)}

## Example
\`\`\`
${example.join('\n')}
\`\`\`
\`\`\`json
${records.map((record) => JSON.stringify(record)).join('\n')}
\`\`\`
Not mapped: ${unmapped.join(', ')}.
`
}
