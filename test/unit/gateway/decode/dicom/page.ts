/** The published page of the format, made from the mapping's own tables. */
import { USUAL_CLASSES, USUAL_MODALITIES } from '../../../../../services/gateway/decode/dicom/burned-in.ts'
import { CHARSET_NAMES } from '../../../../../services/gateway/decode/dicom/charset.ts'
import { IMAGING } from '../../../../../services/gateway/decode/dicom/imaging.ts'

/** @param example elements of a file as text @param record what becomes of it @param unmapped its elements that no mapping reads */
export function page(example: string, record: object, unmapped: readonly string[]): string {
  const rows = Object.entries(IMAGING).map(
    ([name, { from, note = '' }]) => `| \`${name}\` | ${from.join(', ')} | ${note} |`,
  )
  return `# DICOM

Made from the tables of \`services/gateway/decode/dicom/\`; a test compares the two. One file: \`POST /v1/dicom\` with \`application/dicom\`. Several:
\`POST /dicomweb/studies\` and \`/dicomweb/studies/{study}\` (STOW-RS, PS3.18 10.5) with \`multipart/related; type="application/dicom"\`. A folder: \`chainon push --dicom\`.

A file (PS3.10) of any transfer syntax of the standard, with its pixels or cut before them, becomes one record of \`imaging\`. What comes after
(5200,9229) is not looked at: the values of single frames, waveforms, overlays, pixels. It is not kept, unless the operator has configured an object store. What is refused is
named by tag and rule.

## Elements -> \`imaging\`
| field | from | note |
| --- | --- | --- |
${rows.join('\n')}

\`>\`: of the first item of a sequence; (5200,9229) has what all frames of an enhanced object share. A value of a code that the contract does not list, a UID of a
vendor and a number outside its range become null, and are counted as the rule \`guard-<field>\`. An element with a value that cannot be read refuses the file.

**Times** are the first instant of what was written, with its precision, in the zone of (0008,0201), else of \`CHAINON_DEFAULT_TIME_ZONE\`. **Identifiers**: UIDs, the
accession number and the stay are replaced by pseudonyms, each in a domain of its own, so that the instances of a series and a study still belong together.
**Character sets** of (0008,0005): ${CHARSET_NAMES.join(', ')}; without one that of \`CHAINON_DEFAULT_CHARSET\`. A text that switches between sets (ISO 2022) is refused (\`charset\`).

**Versions.** \`record_version\` is the time of receipt: of a file that is sent again, the last one is in force. To withdraw an instance, send its record as JSON to
\`/v1/feeds/imaging/records\` with \`"operation": "cancel"\`.

**Text in the pixels** (\`burned_in_risk\`): \`declared\` where (0028,0301) is YES; \`usual\` for the modalities ${USUAL_MODALITIES.toSorted().join(', ')} and the classes
${USUAL_CLASSES.map((one) => `${one}[.*]`).join(', ')}, whatever the file says; else \`unusual\`. It is for who asks for the pixels at their source, and holds a file back from the object store.

**Pixels** are kept only where an object store is configured (\`CHAINON_OBJECT_DIR\`), and then de-identified ([decision 57](../adr/0057-pixels-in-an-object-store.md)): \`_object\` is the name of the file, \`_object_bytes\` and
\`_object_sha256\` its size and digest, \`_object_state\` what became of it: \`kept\`; \`burned-in\` (its pixels may show text, and \`CHAINON_OBJECT_BURNED_IN\` does not have its modality), \`document\` (encapsulated, or a structured report),
\`no-pixels\`, \`unreadable\`; \`withdrawn\` by a later version; \`missing\` or \`seal-broken\` in the store; null: the file came without pixels, or the record as JSON.

## Not mapped
Everything else. Each element with a value is counted: \`chainon_gateway_unmapped_fields_total\`, by tag in \`path\`; of a vendor as \`private\`, of a group that the standard does not have as \`other\`. Elements
inside a sequence count as the sequence. Media directories (DICOMDIR), and data sets without the head of a file, are refused.

## Example
\`\`\`
${example}
\`\`\`
\`\`\`json
${JSON.stringify({ feed: 'imaging', ...record })}
\`\`\`
Not mapped: ${unmapped.join(', ')}.
`
}
