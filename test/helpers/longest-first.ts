/**
 * Files that take long start first, so that no worker is left with one at the end while the others have none. A clean checkout has no
 * times of an earlier run, and the size of a file, which is vitest's guess, says little: some short ones wait for servers most of the time.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** By the time that they took, the longest first; a file that is missing here comes after them, in vitest's order. */
const LONG = [
  'integrity/replay',
  'integration/linkage-stream',
  'integrity/truncated',
  'integration/gap',
  'integrity/canary',
  'integration/pipeline',
  'integration/lost-kafka',
  'e2e/console',
  'integrity/link-index',
  'contract/evolution',
  'integration/tls',
  'integrity/recovery',
  'integrity/token-without-rows',
  'integrity/merged-inserts',
  'integration/link-rebuild',
  'integration/replicated',
  'integration/extract',
  'integration/journal',
  'integrity/link-recovery',
  'integrity/takeover',
  'integration/extract-crash',
  'integration/witness',
  'integration/provision',
  'integration/gateway',
]

const path = (name: string): string => `${name}.test.ts`
const renamed = LONG.filter((name) => !existsSync(join(import.meta.dirname, '..', path(name))))
if (renamed.length > 0)
  throw new Error(`test/helpers/longest-first.ts names files that do not exist: ${renamed.join(', ')}`)

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/test/${path(name)}`))
      return at === -1 ? LONG.length : at
    }
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
