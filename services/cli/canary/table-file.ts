/** Canaries in a CSV file: in every column, in a column that no mapping names, and in the names of the files. `chainon push` sends it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FeedContract } from '#core/contract/types.ts'
import { node24 } from '../../../deploy/local/paths.ts'
import type { Inventor } from './invent.ts'
import { canaryRecord } from './records.ts'
import type { Hidden, Planted } from './sowings.ts'

const NAMES = 'names of files and columns'

export interface CanaryFile {
  readonly feed: string
  /** Name of the file, without its ending. */
  readonly name: string
  readonly csv: string
  /** YAML, of which JSON is a part. */
  readonly mapping: string
  readonly hidden: readonly Hidden[]
  readonly planted: Planted
}

export function canaryFile(contract: FeedContract, invent: Inventor): CanaryFile {
  const { canaries, record } = canaryRecord(contract, invent)
  const [name, column, unread] = [invent.word(), invent.word(), invent.word()]
  const names = Object.keys(record)
  const quoted = (values: readonly unknown[]) => values.map((value) => `"${String(value)}"`).join(';')
  return {
    feed: contract.feed,
    name,
    csv: `${quoted([...names, column])}\n${quoted([...names.map((field) => record[field]), unread])}\n`,
    mapping: JSON.stringify({
      feed: contract.feed,
      delimiter: ';',
      time_zone: 'Europe/Paris',
      fields: names.map((field) => ({ field, column: field })),
    }),
    hidden: [
      { channel: 'CSV', canaries: [...canaries, unread] },
      { channel: NAMES, canaries: [name, column] },
    ],
    planted: { feed: contract.feed, recordId: record.record_id, patient: record[contract.subject] },
  }
}

export interface Pushed {
  readonly feed: string
  readonly status: number | null
  /** Without the names of files and columns, which it says to who gave them. */
  readonly output: Buffer
}

/**
 * @param environment of the command
 * @param signal ends the sending
 */
export async function pushFile(
  { csv, feed, hidden, mapping, name }: CanaryFile,
  url: string,
  key: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Pushed> {
  const names = hidden.filter(({ channel }) => channel === NAMES).flatMap(({ canaries }) => canaries)
  const folder = mkdtempSync(join(tmpdir(), 'chainon-canary-'))
  try {
    const [file, columns] = [join(folder, `${name}.csv`), join(folder, 'mapping.yaml')]
    writeFileSync(file, csv, { mode: 0o600 })
    writeFileSync(columns, mapping, { mode: 0o600 })
    const main = fileURLToPath(new URL('../main.ts', import.meta.url))
    const options = ['--mapping', columns, '--url', url, '--no-wait', '--json']
    const child = spawn(node24(), [main, 'push', feed, file, ...options], {
      // The key is no argument, which other users of the machine could read.
      env: { ...environment, CHAINON_API_KEY: key },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    })
    const pieces: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => pieces.push(piece))
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const said = Buffer.concat(pieces).toString('latin1')
    return {
      feed,
      status,
      output: Buffer.from(
        names.reduce((text, one) => text.replaceAll(one, ''), said),
        'latin1',
      ),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
