/** Cases that take minutes of a machine, beside shorter ones of the same promise: `npm run test:long` runs them, too. */
import type { TestContext } from 'vitest'

export const LONG = process.env.LONG_TESTS === '1'

export function onlyLong({ skip }: TestContext): void {
  if (!LONG) skip('it takes minutes: npm run test:long')
}
