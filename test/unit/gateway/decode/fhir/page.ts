/** The published page of the format, made from the mapping's own tables and from the forms by which records are compared with resources. */
import { OF_EVERY_TYPE, OF_TYPE } from '../../../../../services/gateway/decode/fhir/elements.ts'
import { PATHS_OF_TYPE } from '../../../../../services/gateway/decode/fhir/map.ts'
import { UNREAD_OF } from '../../../../../services/gateway/decode/fhir/unread.ts'
import { FORMS } from '../../../../fhir/forms.ts'

/** @param example a resource in, and the records out */
export function page(example: object, records: readonly object[]): string {
  return `# FHIR R4

Made from the tables of \`services/gateway/decode/fhir/\`; a test compares the two. Over HTTP: \`POST /fhir/R4\` (a Bundle, or NDJSON of resources), \`POST\`, \`PUT\` and
\`DELETE /fhir/R4/{type}\`; from files: \`chainon push --fhir\`, from a bulk export: \`chainon bulk\`. What is refused is named by the element (FHIRPath with the index of the entry), the rule and what is allowed.

\`npm run fhir:examples\` compares each value of each record with the resource that it is from, by these tables, on HL7's own examples.

${[...PATHS_OF_TYPE].flatMap(([type, byFeed]) => Object.entries(byFeed).map(([feed, fields]) => mapping(type, feed, fields))).join('\n')}
A concept has a text beside its codings: it is kept where a field says so, and of the code of an Observation and of a DocumentReference it is not. Of several codings one is kept,
with its system; of several names, addresses, telephones and identifiers the one that the field is for.

## Not mapped
Elements with a value that no field has are counted by their place (\`chainon_gateway_unmapped_fields_total\`): of every resource
${listed(OF_EVERY_TYPE.unread)}; and of

${Object.entries(OF_TYPE)
  .map(
    ([type, { unread }]) =>
      `- ${type}: ${listed(unread)}${UNREAD_OF[type] ? '; and what another element is read instead of' : ''}`,
  )
  .join('\n')}

A name that is no element of R4 is counted as \`other\`. Resources of other types are refused (\`unmapped-resource\`), and so is a value that has no column
(\`unsupported-value\`), a \`modifierExtension\` (\`unsupported-modifier\`) and a subject that is not known (\`unresolved-reference\`): one that neither the body has nor an identifier names. The id
of a resource that is contained in another one is no identifier, a national number is no IPP, and what is on another server is not the resource with the same id here.

## Example
\`\`\`json
${JSON.stringify(example, undefined, 2)}
\`\`\`
becomes
\`\`\`json
${JSON.stringify(records, undefined, 2)}
\`\`\`
`
}

function mapping(type: string, feed: string, fields: Readonly<Record<string, string | readonly string[]>>): string {
  const rows = Object.entries(fields).map(([field, paths]) => {
    const form = FORMS[`${feed}.${field}`] ?? FORMS[field]
    return `| \`${field}\` | ${[paths]
      .flat()
      .map((path) => `\`${path}\``)
      .join(', ')} | ${form?.says.replaceAll('|', '&#124;') ?? ''} |`
  })
  return `## ${type} -> \`${feed}\`\n| field | from, the first that is there or all of a text | in which form |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

function listed(paths: readonly string[]): string {
  return paths.map((path) => `\`${path}\``).join(', ')
}
