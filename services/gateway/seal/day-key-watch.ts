/**
 * The public sealing keys that `deidentify` announces. The first authority that is seen is pinned in a file: keys that another one
 * signed are not used, and raise an alarm. Who sets up a gateway may put the file there before. The keys that were read are kept in a file,
 * too: a gateway that starts while a part of Kafka is away goes on with them.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChainonError } from '#core/faults/errors.ts'
import { type Announced, type PublicDayKey, readAnnouncement, sealingTopic } from '#core/sealing/announcements.ts'
import { dayOf, textOfDay } from '#core/sealing/day.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'

export interface DayKeyWatch {
  /**
   * @param day days since 1970-01-01
   * @returns its key; waits some seconds for a first one
   * @throws ChainonError dependency-unavailable when none is announced, or Kafka does not answer
   */
  keyOf(day: number): Promise<PublicDayKey>
  stop(): void
}

export interface DayKeyWatchDependencies {
  readonly read: () => Promise<readonly Announced[]>
  readonly namespace: string
  /** Where the authority is pinned. */
  readonly pinFile: string
  /** Where the announcements of the pinned authority are kept. */
  readonly keptFile: string
  readonly alarms: Alarms
  readonly logger: Logger
  readonly now: () => number
}

const MISSING = 'sealing-key-missing'
const FOREIGN = 'sealing-authority'
/** A request waits so long for a key that is not known yet. */
const WAIT_MS = 5_000
const AGAIN_MS = 200
/** How often the announcements are read again: always, and while the key of today or tomorrow is missing. */
const LOOK_MS = 600_000
const MISSING_LOOK_MS = 2_000

export function watchDayKeys(dependencies: DayKeyWatchDependencies): DayKeyWatch {
  const { read, pinFile, keptFile, alarms, logger, now } = dependencies
  let keys = keptKeys(dependencies.namespace, pinFile, keptFile)
  let looking: Promise<void> | undefined
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    const announced = await read()
    const pinned = pinnedAuthority(pinFile, announced)
    const own = announced.filter(({ authority }) => authority === pinned)
    if (own.length > 0) {
      keys = new Map(own.map((key) => [key.day, key]))
      keep(keptFile, own)
    }
    if (own.length === announced.length) return alarms.clear(FOREIGN)
    alarms.raise({
      id: FOREIGN,
      code: FOREIGN,
      message: `${sealingTopic(dependencies.namespace)} has sealing keys that another authority signed than the one pinned in ${pinFile}; they are not used. Find out who wrote them; if the keys of deidentify were replaced on purpose, write the authority that \`chainon keys days --json\` shows on its host into the file. Without the file the first authority in the topic would be pinned again, and that is the former one.`,
    })
  }

  function lookOnce(): Promise<void> {
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  function schedule(): void {
    if (stopped) return
    const today = dayOf(now())
    const complete = keys.has(today) && keys.has(today + 1)
    if (keys.has(today)) alarms.clear(MISSING)
    timer = setTimeout(
      () => {
        lookOnce()
          .catch((error: unknown) => logger.warn({ event: 'sealing-keys-unread', err: safeError(error) }))
          .finally(schedule)
      },
      complete ? LOOK_MS : MISSING_LOOK_MS,
    )
    timer.unref()
  }

  lookOnce()
    .catch((error: unknown) => logger.warn({ event: 'sealing-keys-unread', err: safeError(error) }))
    .finally(schedule)

  return {
    async keyOf(day) {
      let cause: unknown
      for (const until = now() + WAIT_MS; ; await sleep(AGAIN_MS)) {
        const key = keys.get(day)
        if (key) return key
        if (now() > until) break
        await lookOnce().catch((error: unknown) => {
          cause = error
        })
      }
      const text = textOfDay(day)
      alarms.raise({
        id: MISSING,
        code: MISSING,
        message: `There is no sealing key of ${text}: records are answered 503. deidentify announces the keys of the next days when it runs.`,
      })
      throw new ChainonError('dependency-unavailable', `there is no sealing key of ${text}`, { cause })
    },
    stop() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

/** @returns the keys of the pinned authority that were kept, by day; none when there is no file, or it is damaged */
function keptKeys(namespace: string, pinFile: string, keptFile: string): ReadonlyMap<number, PublicDayKey> {
  if (!existsSync(pinFile) || !existsSync(keptFile)) return new Map()
  const pinned = readFileSync(pinFile, 'utf8').trim()
  const lines = readFileSync(keptFile, 'utf8').split('\n')
  const found = lines.flatMap((value) => readAnnouncement(namespace, { value }) ?? [])
  return new Map(found.filter(({ authority }) => authority === pinned).map((key) => [key.day, key]))
}

function keep(file: string, announced: readonly Announced[]): void {
  const text = announced.map((one) => `${one.text}\n`).join('')
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, file)
}

/** @returns the authority whose keys are used; undefined while none was ever seen */
function pinnedAuthority(file: string, announced: readonly Announced[]): string | undefined {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const first = announced[0]?.authority
  if (first === undefined) return undefined
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, `${first}\n`, { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    // Another gateway on this machine pinned it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(file, 'utf8').trim()
}
