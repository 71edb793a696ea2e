/** `--out DIR`: `<producer>/<feed>.ndjson` files, existing files are overwritten. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { linesByProducer, type Sink } from './sink.ts'

export function folderSink(dir: string): Sink {
  const files = new Map<string, number>()
  let written = 0
  return {
    async write(batch) {
      for (const [producer, feeds] of linesByProducer(batch)) {
        for (const [feed, lines] of feeds) {
          const path = join(dir, producer, `${feed}.ndjson`)
          let file = files.get(path)
          if (file === undefined) {
            mkdirSync(join(dir, producer), { recursive: true })
            files.set(path, (file = openSync(path, 'w')))
          }
          writeSync(file, `${lines.join('\n')}\n`)
        }
      }
      written += batch.length
    },
    async finish() {
      for (const file of files.values()) closeSync(file)
      files.clear()
    },
    totals: () => ({ accepted: written, rejected: 0, rejected_by_rule: {} }),
  }
}
