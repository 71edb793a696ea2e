/**
 * Receipts on their way to ClickHouse: lines are written to a file of `<data>/receipts/` at once, so that they survive the end of the process, and each
 * file goes in with one insert, under its name as the deduplication token. While ClickHouse is away the files wait, up to a bound; what comes
 * then is lost, counted, and an alarm.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, statSync, writeSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { every } from '#core/process/loop.ts'
import type { Alarms } from '#core/telemetry/alarms.ts'
import { type Logger, safeError } from '#core/telemetry/logger.ts'
import type { Metrics } from '#core/telemetry/metrics.ts'

export interface Spool {
  /** Never throws. @param lines of JSONCompactEachRow */
  add(receiptId: string, lines: readonly string[]): void
  /** Brings the receipt to ClickHouse if it waits here. @throws when ClickHouse does not take it */
  bring(receiptId: string): Promise<void>
  /** Tries once more to bring what waits. */
  stop(): Promise<void>
}

export interface SpoolOptions {
  readonly folder: string
  /** @param lines a whole file @param token the same for the same file */
  readonly insert: (lines: Buffer, token: string) => Promise<void>
  /** @returns true for an error of `insert` that these lines will always have */
  readonly isUnreadable: (error: unknown) => boolean
  readonly alarms: Alarms
  readonly metrics: Metrics
  readonly logger: Logger
  /** Bytes of the files that wait. */
  readonly maxBytes: number
}

const TICK_MS = 1_000
/** A file that its writer has not ended for so long is of a process that ended: a running one ends its file each second. */
const ABANDONED_MS = 5_000
const MAX_FILE_BYTES = 4 * 1024 * 1024
const OPEN = '.open'
const READY = '.rows'
const UNREADABLE = '.unreadable'
const AWAY = 'gateway-receipts'
const LOST = 'gateway-receipts-lost'

interface OpenFile {
  readonly name: string
  readonly fd: number
  bytes: number
}

export function openSpool({ folder, insert, isUnreadable, alarms, metrics, logger, maxBytes }: SpoolOptions): Spool {
  const lost = metrics.counter('chainon_gateway_receipts_lost', 'Receipts that were not kept: their records are stored')
  const waitingBytes = metrics.gauge('chainon_gateway_receipt_bytes', 'Bytes of receipts that wait for ClickHouse')
  const writer = randomBytes(6).toString('hex')
  /** File to the receipts in it. */
  const waiting = new Map<string, Set<string>>()
  let sequence = 0
  let open: OpenFile | undefined
  let bytes = 0
  let bringing: Promise<void> | undefined

  /** @param count receipts, or rows of them where that is all that is known */
  function lose(error: unknown, count = 1): void {
    lost(count, {})
    logger.warn({ event: 'receipt-lost', ...(error === undefined ? {} : { err: safeError(error) }) })
    alarms.raise({
      id: LOST,
      code: 'dependency-unavailable',
      message: 'Receipts were not kept: their records are stored, but their senders cannot follow them',
    })
  }

  function fileFor(): OpenFile {
    if (open) return open
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const name = `${writer}-${++sequence}`
    open = { name, fd: openSync(join(folder, `${name}${OPEN}`), 'a', 0o600), bytes: 0 }
    waiting.set(name, new Set())
    return open
  }

  function end(): void {
    if (!open) return
    const { name, fd } = open
    open = undefined
    try {
      closeSync(fd)
      renameSync(join(folder, `${name}${OPEN}`), join(folder, `${name}${READY}`))
    } catch (error) {
      waiting.delete(name)
      lose(error)
    }
  }

  /** @returns names of the files that are complete; one that another process left is ended for it */
  function complete(): readonly string[] {
    const found: string[] = []
    bytes = open?.bytes ?? 0
    for (const file of entries(folder)) {
      const path = join(folder, file)
      const { size, mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: Date.now() }
      if (file.endsWith(READY)) found.push(file.slice(0, -READY.length))
      else if (file.endsWith(OPEN) && file !== `${open?.name}${OPEN}` && Date.now() - mtimeMs > ABANDONED_MS) {
        renameSync(path, join(folder, `${file.slice(0, -OPEN.length)}${READY}`))
        found.push(file.slice(0, -OPEN.length))
      } else continue
      bytes += size
    }
    waitingBytes(bytes, {})
    return found
  }

  async function bringAll(): Promise<void> {
    end()
    for (const name of complete()) {
      const path = join(folder, `${name}${READY}`)
      const lines = wholeLines(await readFile(path))
      try {
        if (lines.length > 0) await insert(lines, name)
        await rm(path, { force: true })
      } catch (error) {
        if (!isUnreadable(error)) throw error
        // Of another version of the table: kept for a person, so that the files after it are not held up.
        renameSync(path, join(folder, `${name}${UNREADABLE}`))
        lose(error, lines.toString().split('\n').length - 1)
      }
      waiting.delete(name)
    }
    complete()
    alarms.clear(AWAY)
  }

  /** One at a time: a file must not be read twice at once. */
  function bringNow(): Promise<void> {
    bringing ??= bringAll().finally(() => {
      bringing = undefined
    })
    return bringing
  }

  const waits = (receiptId: string) => [...waiting.values()].some((receipts) => receipts.has(receiptId))

  async function tick(): Promise<void> {
    try {
      await bringNow()
    } catch (error) {
      logger.debug({ event: 'receipts-not-brought', err: safeError(error) })
      alarms.raise({
        id: AWAY,
        code: 'dependency-unavailable',
        message: 'ClickHouse does not take receipts: they wait on the disk, and senders cannot follow their records',
      })
    }
  }

  const loop = every(TICK_MS, tick, TICK_MS)
  return {
    add(receiptId, lines) {
      if (lines.length === 0) return
      try {
        const text = Buffer.from(lines.join(''))
        if (bytes + text.length > maxBytes) return lose(undefined)
        const file = fileFor()
        writeSync(file.fd, text)
        file.bytes += text.length
        bytes += text.length
        waiting.get(file.name)?.add(receiptId)
        if (file.bytes > MAX_FILE_BYTES) end()
      } catch (error) {
        lose(error)
      }
    },
    async bring(receiptId) {
      // A run that has begun may have passed over the file of this receipt.
      for (let attempt = 0; attempt < 2 && waits(receiptId); attempt++) await bringNow()
    },
    async stop() {
      await loop.stop()
      await tick()
    },
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch {
    return []
  }
}

/** A process that was killed may have left a part of a line. */
function wholeLines(content: Buffer): Buffer {
  return content.subarray(0, content.lastIndexOf('\n') + 1)
}
