/** What an operator sees of a worker's state: the alarms of its partitions and dependencies, and the answer of `/health`. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AlarmCode } from '../faults/codes.ts'
import { ChainonError, exitStatus } from '../faults/errors.ts'
import type { Health } from '../telemetry/admin-server.ts'
import type { Alarms } from '../telemetry/alarms.ts'
import { type Logger, safeError } from '../telemetry/logger.ts'
import type { ConsumerEvents, PartitionConsumer } from './consumer.ts'
import type { WorkerName } from './events.ts'
import type { StoppedPartition } from './stopped-partitions.ts'

/** What a worker cannot start without. */
export type Dependency = 'Kafka' | 'the schema registry' | 'Redis' | 'ClickHouse' | 'curate' | 'the key provider'
export type Reach = <T>(dependency: Dependency, call: () => Promise<T>) => Promise<T>

export interface WorkerState {
  readonly events: ConsumerEvents
  /** Calls until the dependency answers: a start waits in place, and says for what. @throws any error that is not of a dependency */
  readonly reach: Reach
  /**
   * Waits in place while another process does this worker's work; `/health` says `standby` meanwhile.
   * @param take @returns whether it is this worker's turn
   * @param onStandby is told when the waiting begins, and when it ends
   */
  readonly waitForTurn: (take: () => Promise<boolean>, onStandby: (isWaiting: boolean) => void) => Promise<void>
  health(consumer: PartitionConsumer | undefined): Health
  /** Ends the waiting. */
  close(): void
}

export interface WorkerStateOptions {
  readonly service: WorkerName
  readonly alarms: Alarms
  readonly logger: Logger
  readonly feedOf: (topic: string) => string
  readonly slowBatchSeconds: number
}

const EXIT_DEPENDENCY = 75
const BUDGET_MS = 10_000
const FIRST_WAIT_MS = 200
const LONGEST_WAIT_MS = 5_000
const TURN_EVERY_MS = 500

export function createWorkerState(options: WorkerStateOptions): WorkerState {
  const { service, alarms, logger, feedOf } = options
  const unreachable = new Set<Dependency>()
  const closed = new AbortController()
  let standby = false
  const stoppedId = (topic: string, partition: number) => `stopped:${feedOf(topic)}:${partition}`
  const slowId = (topic: string, partition: number) => `slow-batch:${feedOf(topic)}:${partition}`

  function down(
    dependency: Dependency,
    message = `${dependency} does not answer ${service}, which tries again until it does.`,
  ): void {
    unreachable.add(dependency)
    alarms.raise({ id: `unreachable:${dependency}`, code: 'dependency-unavailable', message })
  }
  function up(dependency: Dependency): void {
    unreachable.delete(dependency)
    alarms.clear(`unreachable:${dependency}`)
  }
  function clearOf(topic: string, partition: number): void {
    const feed = feedOf(topic)
    for (const alarm of alarms.active())
      if (alarm.feed === feed && alarm.partition === partition) alarms.clear(alarm.id)
  }

  return {
    events: {
      partitionStopped(stopped, error) {
        const { topic, partition, code, tries } = stopped
        logger.error(
          { event: 'partition-stopped', topic, partition, code, tries, err: safeError(error) },
          problemOf(error),
        )
        alarms.raise({
          id: stoppedId(topic, partition),
          code: alarmCodeOf(stopped),
          feed: feedOf(topic),
          partition,
          message:
            `${service} stopped this partition (${code}); nothing was committed. It is tried again by itself. ${problemOf(error)}`.trim(),
        })
      },
      partitionMoved(topic, partition) {
        logger.info({ event: 'partition-moves', topic, partition })
        clearOf(topic, partition)
      },
      partitionLost: clearOf,
      batchSlow: (topic, partition) =>
        alarms.raise({
          id: slowId(topic, partition),
          code: 'slow-batch',
          feed: feedOf(topic),
          partition,
          message: `A batch of ${service} takes longer than ${options.slowBatchSeconds} s.`,
        }),
      batchEnded: (topic, partition) => alarms.clear(slowId(topic, partition)),
      kafkaUnreachable: (error) =>
        down(
          'Kafka',
          `${service} is not heard by its consumer group (${reasonOf(error)}), and tries again until it is.`,
        ),
      kafkaReached: () => up('Kafka'),
    },
    async reach(dependency, call) {
      for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
        // A call that gets no answer at all fails late.
        const budget = setTimeout(() => down(dependency), BUDGET_MS)
        try {
          const answer = await call()
          up(dependency)
          return answer
        } catch (error) {
          if (exitStatus(error) !== EXIT_DEPENDENCY || closed.signal.aborted) throw error
          if (!unreachable.has(dependency))
            logger.warn({ event: 'waiting-for-dependency', dependency, err: safeError(error) })
          down(dependency, ownReason(error))
          await sleep(wait, undefined, { signal: closed.signal })
        } finally {
          clearTimeout(budget)
        }
      }
    },
    async waitForTurn(take, onStandby) {
      while (!(await take())) {
        if (!standby) {
          logger.info({ event: 'standby' }, `another ${service} works: this one waits, and takes over when it ends`)
          standby = true
          onStandby(true)
        }
        await sleep(TURN_EVERY_MS, undefined, { signal: closed.signal })
      }
      if (standby) onStandby(false)
      standby = false
    },
    health(consumer) {
      const stopped = (consumer?.stopped() ?? []).map(({ topic, partition, code }) => ({
        feed: feedOf(topic),
        partition,
        code,
      }))
      const facts = {
        ...(stopped.length > 0 ? { stopped } : {}),
        ...(unreachable.size > 0 ? { unreachable: [...unreachable] } : {}),
      }
      if (standby && unreachable.size === 0) return { status: 'standby' }
      if (!consumer?.joined()) return { status: 'starting', ...facts }
      return { status: stopped.length > 0 || unreachable.size > 0 ? 'degraded' : 'ok', ...facts }
    },
    close: () => closed.abort(),
  }
}

function alarmCodeOf({ code }: StoppedPartition): AlarmCode {
  if (code === 'bug' || code === 'configuration') return code
  return code === 'gap' ? 'gap' : 'dependency-unavailable'
}

/** @returns why a start waits, when it is not that a dependency does not answer */
function ownReason(error: unknown): string | undefined {
  return error instanceof ChainonError && error.code !== 'dependency-unavailable' ? error.message : undefined
}

/** The name that the protocol or the client has for an error; its message only where it is Chainon's own. */
function reasonOf(error: unknown): string {
  if (error instanceof ChainonError) return error.message
  const { type, name } = error as { readonly type?: unknown; readonly name?: unknown }
  return String(type ?? name)
}

/** Only Chainon's own messages: another may quote a value. */
function problemOf(error: unknown): string {
  return error instanceof ChainonError ? error.message : ''
}
