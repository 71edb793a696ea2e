/** The expected rows of the warehouse, counted from the sent files without code of Chainon: for each feed, records not cancelled. */
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface Expected {
  /** Lines of the files. */
  readonly sent: number
  /** Records whose last version is not a cancel. */
  readonly current: ReadonlyMap<string, number>
}

export async function expectedOf(folder: string): Promise<Expected> {
  let sent = 0
  const last = new Map<string, Map<string, { version: number; cancelled: boolean }>>()
  for (const producer of readdirSync(folder)) {
    for (const file of readdirSync(join(folder, producer))) {
      const feed = file.replace('.ndjson', '')
      const records = last.get(feed) ?? new Map<string, { version: number; cancelled: boolean }>()
      last.set(feed, records)
      for await (const line of createInterface({ input: createReadStream(join(folder, producer, file)) })) {
        sent++
        // Three values of a line are enough; parsing a million whole lines would last as long as the test.
        const id = `${producer} ${/"record_id":"([^"]+)"/.exec(line)?.[1]}`
        const version = Number(/"record_version":(\d+)/.exec(line)?.[1] ?? 0)
        const known = records.get(id)
        if (!known || version >= known.version)
          records.set(id, { version, cancelled: line.includes('"operation":"cancel"') })
      }
    }
  }
  return {
    sent,
    current: new Map(
      [...last].map(([feed, records]) => [feed, [...records.values()].filter(({ cancelled }) => !cancelled).length]),
    ),
  }
}
