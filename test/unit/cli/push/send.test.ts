/** What is refused by the reader of a file is counted and reported once, beside what the gateway rejects. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { GatewayClient } from '#core/gateway-api/client.ts'
import { type SendOptions, sendFile } from '../../../../services/cli/push/send.ts'
import type { Source } from '../../../../services/cli/push/source.ts'
import type { SourceRecord } from '../../../../services/cli/push/source-record.ts'

const folder = mkdtempSync(join(tmpdir(), 'chainon-send-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function sourceOf(path: string, records: readonly SourceRecord[]): Source {
  writeFileSync(path, '')
  return {
    path,
    format: 'table',
    size: 1,
    modified: 1,
    read: () => 1,
    pathOf: (pointer) => (pointer === '/sex' ? 'column SEXE' : undefined),
    async *records() {
      yield* records
    },
  }
}

/** Accepts what it is sent, but for the first record of each request. */
function gateway(bodies: string[]): GatewayClient {
  const error = { index: 0, pointer: '/sex', rule: 'enum', detail: '' }
  const accept = async ({ body }: { body: string | Buffer }) => {
    bodies.push(body.toString())
    const accepted = body.toString().split('\n').length - 1
    const receipt = { receipt_id: '', feed: '', accepted, rejected: 1, errors: [error] }
    return { kind: 'accepted' as const, receipt }
  }
  return {
    pushRecords: (_feed, batch) => accept(batch),
    pushBundle: accept,
    pushResources: accept,
    pushHl7: accept,
    pushDicom: accept,
    pushPmsi: accept,
    close: () => undefined,
  }
}

test('refused and rejected records, and a run that continues', async () => {
  const refused = [{ pointer: '/birth_date', path: 'column DDN', rule: 'date', detail: '' }]
  const records: SourceRecord[] = [2, 3, 4, 5, 6, 7].map((line) =>
    line % 3 === 1 ? { line, refused } : { line, bytes: Buffer.from(`{"line":${line}}`) },
  )
  const bodies: string[] = []
  const told: string[] = []
  const options: SendOptions = {
    client: gateway(bodies),
    feed: 'patient',
    contract: undefined,
    dataDir: folder,
    target: [],
    batchRecords: 2,
    restart: false,
    report: {
      progress: () => undefined,
      rejected: (_, line, { path, rule }) => void told.push(`${line} ${path} ${rule}`),
      say: () => undefined,
      end: () => undefined,
    },
  }
  const source = sourceOf(join(folder, 'a.csv'), records)
  expect(await sendFile(source, options)).toMatchObject({ accepted: 2, rejected: 4 })
  expect(bodies).toEqual(['{"line":2}\n{"line":3}', '{"line":5}\n{"line":6}'])
  expect(told).toEqual(['2 column SEXE enum', '5 column SEXE enum', '4 column DDN date', '7 column DDN date'])
  expect(await sendFile(source, options)).toMatchObject({ accepted: 2, rejected: 4 })
  expect(bodies).toHaveLength(2)

  const onlyRefused = sourceOf(join(folder, 'b.csv'), [{ line: 2, refused }])
  expect(await sendFile(onlyRefused, options)).toMatchObject({ accepted: 0, rejected: 1 })
  expect(bodies).toHaveLength(2)
})
