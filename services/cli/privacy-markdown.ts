/** The page of `chainon feeds privacy FEED --markdown`. */
import type { PrivacyRow } from '#core/contract/privacy-table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { VERSION } from '#core/version.ts'

/** @param hash SHA-256 of the contract's file, hexadecimal */
export function privacyMarkdown(contract: FeedContract, rows: readonly PrivacyRow[], hash: string): string {
  const kept = rows.filter(({ remains }) => remains !== 'nothing')
  const lines = rows.map((row) =>
    [
      `\`${row.field}\`<br>${row.doc}`,
      row.class,
      row.action,
      row.remains,
      row.remains === 'nothing' ? 'none' : row.risk || 'none known',
    ]
      .map(cell)
      .join(' | '),
  )
  return `# What becomes of the fields of \`${contract.feed}\`

${contract.doc}. Of ${rows.length} fields, ${rows.length - kept.length} leave nothing in the pseudonymised zone.

Chainon ${VERSION}; contract \`${contract.feed}.avsc\`, SHA-256 \`${hash}\`. Every value that is kept is also searched for a NIR, a telephone
number, an e-mail address, and for what the same record says of its patient; a value in which one is found is not kept.

| field | class | what happens | what remains | which risk remains |
| --- | --- | --- | --- | --- |
${lines.map((line) => `| ${line} |`).join('\n')}

| decision | name and function | date | signature |
| --- | --- | --- | --- |
| approved / refused | | | |
`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
