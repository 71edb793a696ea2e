/** Loads every contract of a folder; one invalid contract stops the service, and the error names every problem. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ConfigurationError } from '../faults/errors.ts'
import { shiftProblems } from './check-shift.ts'
import { parseContract } from './parse.ts'
import type { FeedContract } from './types.ts'

/** @throws ConfigurationError listing every problem of every contract */
export function loadContracts(dir: string): readonly FeedContract[] {
  const problems: string[] = []
  const contracts: FeedContract[] = []
  let files: string[]
  try {
    files = readdirSync(dir)
      .filter((file) => file.endsWith('.avsc'))
      .toSorted()
  } catch {
    throw new ConfigurationError('The contracts cannot be read', [
      `the folder ${dir} is missing or unreadable (CHAINON_FEEDS_DIR)`,
    ])
  }
  if (files.length === 0) problems.push(`the folder ${dir} contains no .avsc file (CHAINON_FEEDS_DIR)`)
  for (const file of files) {
    const result = parseContract(basename(file, '.avsc'), readFileSync(join(dir, file), 'utf8'))
    if (result.ok) contracts.push(result.contract)
    else problems.push(...result.problems.map((problem) => `${file}: ${problem}`))
  }
  problems.push(...shiftProblems(contracts))
  if (problems.length > 0) throw new ConfigurationError('The contracts are wrong', problems)
  return contracts
}
