/** Contracts in files that a command names. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { FEED_NAME, parseContract } from '#core/contract/parse.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'

/** @throws ConfigurationError when the file cannot be read */
export function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError('The contract cannot be read', [`${file}: ${errorCode(error)}`])
  }
}

/** @param feed the name of the feed; by default that of the file @throws ConfigurationError with every problem of the contract */
export function validContract(file: string, feed = basename(file, '.avsc')): FeedContract {
  const result = parseContract(feed, contents(file))
  if (!result.ok)
    throw new ConfigurationError(
      'The contract is wrong',
      result.problems.map((problem) => `${file}: ${problem}`),
    )
  return result.contract
}

/** @returns the feed that several files are versions of: the first of their names that a feed may have */
export function feedOf(files: readonly string[]): string {
  return files.map((file) => basename(file, '.avsc')).find((name) => FEED_NAME.test(name)) ?? 'feed'
}

/** @throws ConfigurationError when there is no such feed */
export function contractOf(contracts: readonly FeedContract[], feed: string, folder: string): FeedContract {
  const contract = contracts.find((one) => one.feed === feed)
  if (contract) return contract
  throw new ConfigurationError('There is no such feed', [
    `the feeds of ${folder} are ${contracts.map((one) => one.feed).join(', ')}`,
  ])
}
