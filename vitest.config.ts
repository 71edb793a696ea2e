/**
 * One project for each kind of test. Those with servers share one stack of real components per run (test/helpers/stack.ts),
 * with random ports and a temporary folder, so that they can run at the same time as `npm start`. The groups run one after the other.
 */
import { defineConfig } from 'vitest/config'

/** Integration and unit files run two at a time: a machine may have only two cores. */
const WORKERS = 2

interface Kind {
  readonly name: string
  /** Milliseconds for one test, and for a hook. */
  readonly timeout: number
  readonly servers: boolean
  /** Files one after the other: for tests that kill processes, measure, or drive a browser. */
  readonly sequential: boolean
  /** Of its folder; by default all. */
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
}

/** Invariants under failures of servers of their own, or of one namespace: two at a time, because they mostly wait. */
const DELIVERY = [
  'incarnation',
  'link-index',
  'link-recovery',
  'merged-inserts',
  'partial-acceptance',
  'replay',
  'token-without-rows',
  'truncated',
].map((name) => `test/integrity/${name}.test.ts`)

const KINDS: readonly Kind[] = [
  { name: 'unit', timeout: 15_000, servers: false, sequential: false },
  { name: 'guide', timeout: 15_000, servers: false, sequential: false },
  { name: 'contract', timeout: 60_000, servers: true, sequential: false },
  { name: 'integration', timeout: 60_000, servers: true, sequential: false },
  { name: 'e2e', timeout: 180_000, servers: true, sequential: true },
  { name: 'delivery', timeout: 600_000, servers: true, sequential: false, include: DELIVERY },
  { name: 'integrity', timeout: 600_000, servers: true, sequential: true, exclude: DELIVERY },
]

export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    passWithNoTests: true,
    reporters: ['default', './test/helpers/count-reporter.ts'],
    projects: KINDS.map(({ name, timeout, servers, sequential, include, exclude = [] }, order) => ({
      test: {
        name,
        include: [...(include ?? [`test/${name}/**/*.test.ts`])],
        exclude: [...exclude],
        environment: 'node',
        pool: 'forks' as const,
        testTimeout: timeout,
        hookTimeout: Math.max(timeout, 60_000),
        // The default of one second is short on a machine that does other work at the same time.
        expect: { poll: { timeout: 10_000, interval: 50 } },
        maxWorkers: sequential ? 1 : WORKERS,
        globalSetup: servers ? ['./test/helpers/stack.ts'] : [],
        sequence: { groupOrder: order },
      },
    })),
  },
})
