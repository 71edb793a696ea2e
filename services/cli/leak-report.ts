/** What `chainon feeds check` says of columns that undo a decision, in the contract and between it and the other feeds. */
import { shiftProblems } from '#core/contract/check-shift.ts'
import { needlessAcceptances } from '#core/contract/leaks.ts'
import type { ParseResult } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { leakLine, privacyPage } from './privacy-page.ts'

interface Other {
  /** Name of its file. */
  readonly name: string
  readonly result: ParseResult
}

/** @returns lines, and whether something is open: a leak that is not accepted, an acceptance of none, bounds of a shift that differ */
export function leakReport(
  contract: FeedContract,
  others: readonly Other[],
): { readonly text: string; readonly open: boolean } {
  const invalid = others.flatMap(({ name, result }) =>
    result.ok ? [] : [`    ${name} is not valid, and was left out`],
  )
  const all = [contract, ...others.flatMap(({ result }) => (result.ok ? [result.contract] : []))]
  const { leaks } = privacyPage(contract, all, '')
  const needless = needlessAcceptances(contract, leaks).map((one) => `    ${one} is accepted, and is no leak`)
  const shifts = shiftProblems(all).map((problem) => `    ${problem}`)
  const lines = [...leaks.map((one) => `    ${leakLine(one)}`), ...needless, ...shifts, ...invalid]
  const open = needless.length + shifts.length > 0 || leaks.some(({ accepted }) => accepted === undefined)
  return { text: `  undone decisions\n${lines.length === 0 ? '    none is known\n' : `${lines.join('\n')}\n`}`, open }
}
