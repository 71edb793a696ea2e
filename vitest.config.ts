/**
 * One project for each kind of test. Those with servers share one stack of real components per run (test/helpers/stack.ts),
 * with random ports and a temporary folder, so that they can run at the same time as `npm start`. The groups run one after the other.
 */
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/helpers/longest-first.ts'

/** Files that run at a time: a machine may have only two cores. Those with servers mostly wait. */
const WORKERS = { servers: 3, none: 2 } as const

interface Kind {
  readonly name: string
  /** Milliseconds for one test, and for a hook. */
  readonly timeout: number
  readonly servers: boolean
  readonly order: number
  /** Files one after the other, and alone: for tests that measure. */
  readonly sequential: boolean
  /** Of its folder; by default all. */
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
}

/** Of a test that hangs, and of nothing else: a slow machine takes many times what a quick one does. */
const HANGS_MS = 600_000

/** Measures: its faults must hit a stack that has the machine to itself. */
const CHAOS = 'test/integrity/chaos.test.ts'

/** Those with the same order run together. */
const KINDS: readonly Kind[] = [
  { name: 'unit', order: 0, timeout: 15_000, servers: false, sequential: false },
  { name: 'guide', order: 0, timeout: 15_000, servers: false, sequential: false },
  { name: 'contract', order: 1, timeout: HANGS_MS, servers: true, sequential: false },
  { name: 'integration', order: 1, timeout: HANGS_MS, servers: true, sequential: false },
  { name: 'integrity', order: 1, timeout: HANGS_MS, servers: true, sequential: false, exclude: [CHAOS] },
  { name: 'e2e', order: 1, timeout: HANGS_MS, servers: true, sequential: false },
  { name: 'chaos', order: 2, timeout: HANGS_MS, servers: true, sequential: true, include: [CHAOS] },
]

export default defineConfig({
  test: {
    maxWorkers: WORKERS.servers,
    passWithNoTests: true,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/helpers/count-reporter.ts'],
    projects: KINDS.map(({ name, order, timeout, servers, sequential, include, exclude = [] }) => ({
      test: {
        name,
        include: [...(include ?? [`test/${name}/**/*.test.ts`])],
        exclude: [...exclude],
        environment: 'node',
        // Tests start services some hundred times; compiled once, a start takes half to two thirds of the processor time.
        env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.chainon/compile-cache') },
        pool: 'forks' as const,
        // Loading the modules again for each file takes longer than most unit tests; what a test changes, it restores.
        isolate: servers,
        testTimeout: timeout,
        hookTimeout: Math.max(timeout, 60_000),
        expect: { poll: { timeout: servers ? HANGS_MS / 5 : 10_000, interval: 50 } },
        maxWorkers: sequential ? 1 : servers ? WORKERS.servers : WORKERS.none,
        globalSetup: servers ? ['./test/helpers/stack.ts'] : [],
        sequence: { groupOrder: order },
      },
    })),
  },
})
