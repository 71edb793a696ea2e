/**
 * What happens to the day keys while deidentify runs: keys of the next days are made and announced, and those whose records are older than the
 * retention are shredded, so that the retention holds even where Kafka keeps a segment for longer.
 */
import type { Journal } from '#core/journal/journal.ts'
import type { OrderedProducer } from '#core/kafka/producer.ts'
import { announce } from '#core/sealing/announcements.ts'
import { dayOf, endOf, textOfDay } from '#core/sealing/day.ts'
import type { DayKeys } from '#core/sealing/day-keys.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'

export interface DayKeyRoundsDependencies {
  readonly dayKeys: DayKeys
  readonly producer: Pick<OrderedProducer, 'send'>
  readonly namespace: string
  /** How long a record stays readable after the end of its day, in milliseconds. */
  readonly retentionMs: number
  /** A key was shredded, here or by `chainon keys shred`. */
  readonly onShredded: () => void
  readonly journal: Pick<Journal, 'note'>
  readonly alarms: Alarms
  readonly logger: Logger
  readonly now?: () => number
}

export interface DayKeyRounds {
  /** The first round. @throws ChainonError dependency-unavailable when Kafka does not acknowledge */
  start(): Promise<void>
  stop(): void
}

const ROUND_MS = 60_000
const ALARM = 'sealing-keys-not-announced'

export function dayKeyRounds(dependencies: DayKeyRoundsDependencies): DayKeyRounds {
  const {
    dayKeys,
    producer,
    namespace,
    retentionMs,
    onShredded,
    journal,
    alarms,
    logger,
    now = Date.now,
  } = dependencies
  let announced: readonly string[] = []
  let shredded = dayKeys.shredded().length
  let timer: NodeJS.Timeout | undefined

  async function round(): Promise<void> {
    dayKeys.advance(dayOf(now()))
    for (const { day, id } of await dayKeys.live()) {
      if (endOf(day) + retentionMs > now()) continue
      await dayKeys.shred(day, { who: 'deidentify', why: 'the retention has ended', at: new Date(now()).toISOString() })
      journal.note({
        actor: 'service:deidentify',
        action: 'day-shred',
        object: `day:${textOfDay(day)}`,
        outcome: 'done',
        facts: { key: id },
      })
      logger.info({ event: 'sealing-key-shredded', day: textOfDay(day), key: id })
    }
    const count = dayKeys.shredded().length
    if (count !== shredded) onShredded()
    shredded = count
    // Gateways seal for today and for the days that come; a day that is over needs no announcement.
    const wanted = (await dayKeys.live()).filter(({ day }) => day >= dayOf(now()) - 1)
    const ids = wanted.map(({ id }) => id)
    if (ids.join() !== announced.join()) await announce(producer, namespace, wanted, dayKeys.authority)
    announced = ids
    // Also where nothing was new: an earlier round may have failed before it came so far.
    alarms.clear(ALARM)
  }

  return {
    async start() {
      await round()
      timer = setInterval(() => {
        round().catch((error: unknown) => {
          logger.error({ event: ALARM, err: safeError(error) })
          alarms.raise({
            id: ALARM,
            code: 'sealing-key-missing',
            message: `The sealing keys of the next days cannot be made or announced (event ${ALARM} in the log). Gateways go on with those that they know.`,
          })
        })
      }, ROUND_MS)
      timer.unref()
    },
    stop() {
      clearInterval(timer)
    },
  }
}
