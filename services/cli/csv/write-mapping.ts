/** A proposed mapping as a file that a person reads. */
import { stringify } from 'yaml'
import type { FeedContract } from '#core/contract/types.ts'
import type { Proposal } from './propose.ts'

/** @returns YAML with what is open as comments; names of fields and columns only, beside the values that the mapping translates */
export function mappingText({ mapping, missing, unmapped, notes }: Proposal, contract: FeedContract): string {
  const open = [
    ...missing.map(
      (name) =>
        `required, and without a column: ${name} (${contract.fields.find((field) => field.name === name)?.doc ?? ''})`,
    ),
    ...notes,
    ...(unmapped.length > 0
      ? [`columns without a field (list under 'ignore' those that you leave out on purpose): ${unmapped.join(', ')}`]
      : []),
  ]
  const comments = [
    `Columns of a table, and the fields of ${mapping.feed} that they become. Proposed by \`chainon map\`; keys: docs/formats/csv.md`,
    ...open.map((line) => `TODO ${line}`),
  ]
  // A header may contain a line end, which would end the comment.
  return `${comments.map((line) => `# ${line.replaceAll(/[\r\n]+/g, ' ')}`).join('\n')}\n${stringify(mapping, { lineWidth: 0 })}`
}
