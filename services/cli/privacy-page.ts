/** The pages of `chainon feeds privacy FEED`, which a data protection officer reads and signs: the hashes name what was read. */

import { LEAKS } from '#core/contract/leak-schema.ts'
import { findLeaks, type Leak } from '#core/contract/leaks.ts'
import { policyOf } from '#core/contract/policy.ts'
import { type PrivacyRow, privacyTable } from '#core/contract/privacy-table.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { VERSION } from '#core/version.ts'

export interface PrivacyPage {
  readonly contract: FeedContract
  readonly rows: readonly PrivacyRow[]
  /** SHA-256 of the contract's file, and of its policy alone, hexadecimal. */
  readonly sha256: string
  readonly policy: string
  /** Columns of this feed that undo a decision, here or in another feed, and columns of others that undo one of this feed. */
  readonly leaks: readonly Leak[]
}

/** @param all contracts that are used together @param sha256 of the contract's file */
export function privacyPage(contract: FeedContract, all: readonly FeedContract[], sha256: string): PrivacyPage {
  const leaks = findLeaks(all).filter(
    ({ feed, undoes }) => feed === contract.feed || undoes.some((one) => one.startsWith(`${contract.feed}.`)),
  )
  return { contract, rows: privacyTable(contract), sha256, policy: policyOf(contract).sha256, leaks }
}

/** @param versions lines on the versions of the policy in the warehouse; none when they were not asked for */
export function privacyText(
  { contract, leaks, policy, rows, sha256 }: PrivacyPage,
  versions: readonly string[],
): string {
  const blocks = rows.map(({ action, class: kind, doc, field, remains, risk }) =>
    [
      `${field}: ${doc}`,
      `  class    ${kind}`,
      `  action   ${action}`,
      `  remains  ${remains}`,
      ...(risk === '' ? [] : [`  risk     ${risk}`]),
      '',
    ].join('\n'),
  )
  const undone =
    leaks.length === 0 ? '' : `\ncolumns that undo a decision\n${leaks.map((one) => `  ${leakLine(one)}\n`).join('')}`
  const policies = [`policy sha256 ${policy}`, ...versions.map((line) => `  ${line}`)].join('\n')
  return `${contract.feed}: ${contract.doc}\ncontract sha256 ${sha256}\n${policies}\n\n${blocks.join('\n')}${undone}`
}

/** @returns what a column undoes, and why that is accepted, on one line */
export function leakLine({ accepted, feed, field, leak, undoes }: Leak): string {
  const state = accepted === undefined ? 'NOT ACCEPTED' : `accepted: ${accepted}`
  return `${feed}.${field} ${LEAKS[leak]} (${leak}); undone: ${undoes.join(', ')}; ${state}`
}

export function privacyMarkdown(
  { contract, leaks, policy, rows, sha256 }: PrivacyPage,
  versions: readonly string[],
): string {
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

Chainon ${VERSION}; contract \`${contract.feed}.avsc\`, SHA-256 \`${sha256}\`; policy, SHA-256 \`${policy}\`. Every value that is kept is also searched for a NIR, a telephone
number, an e-mail address, and for what the same record says of its patient; a value in which one is found is not kept.
${versions.map((line) => `- ${line}\n`).join('')}
| field | class | what happens | what remains | which risk remains |
| --- | --- | --- | --- | --- |
${lines.map((line) => `| ${line} |`).join('\n')}

## Columns that undo a decision
${leaks.length === 0 ? 'None is known.' : leaks.map((one) => `- ${leakLine(one)}`).join('\n')}

| decision | name and function | date | signature |
| --- | --- | --- | --- |
| approved / refused | | | |
`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
