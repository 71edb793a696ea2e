/** What a run sowed is cancelled, also when it is interrupted or the gateway fails in its middle. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { inventor } from '../../../../services/cli/canary/invent.ts'
import { planOf, sowAll } from '../../../../services/cli/canary/sow.ts'

const FEEDS = 'schemas/feeds'
const contracts = loadContracts(FEEDS)
const RECEIPT = '{"receipt_id":"r1","errors":[]}'

interface Received {
  readonly path: string
  readonly lines: readonly { readonly record_id?: string; readonly operation?: string }[]
}

/** Some requests are no JSON, as they must be. */
function readLine(line: string): Received['lines'] {
  try {
    return [JSON.parse(line) as Received['lines'][number]]
  } catch {
    return []
  }
}

/** A gateway that answers what it is told to, and remembers what was stored. */
async function gateway(answer: (count: number) => number) {
  const received: Received[] = []
  let count = 0
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const status = request.method === 'POST' ? answer(++count) : 404
      if (status === 202) {
        const path = request.url ?? ''
        const body = Buffer.concat(pieces).toString()
        received.push({ path, lines: body.split('\n').flatMap(readLine) })
      }
      response.writeHead(status, { 'content-type': 'application/json' }).end(status === 202 ? RECEIPT : '{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

const plan = () => planOf(contracts, FEEDS, inventor('sow'), 0, undefined)
const cancelled = (received: readonly Received[]) =>
  new Set(
    received.flatMap(({ lines }) =>
      lines.filter(({ operation }) => operation === 'cancel').map((one) => one.record_id),
    ),
  )

describe('what was sown is cancelled', () => {
  test('when it is interrupted', async () => {
    const end = new AbortController()
    const own = plan()
    const sent = own.sowings.slice(0, 3)
    const { received, url } = await gateway((count) => {
      if (count === sent.length) end.abort()
      return 202
    })
    await expect(sowAll(own, contracts, { url, key: 'k' }, {}, 1, () => undefined, end.signal)).rejects.toThrow(/abort/)
    for (const { planted } of sent) for (const { recordId } of planted) expect(cancelled(received)).toContain(recordId)
    expect(received.map(({ path }) => path).filter((path) => path.startsWith('/fhir'))).toEqual([])
  })

  test('when the gateway refuses what it must accept, which is named', async () => {
    const own = plan()
    const { received, url } = await gateway((count) => (count === 1 ? 500 : 202))
    const withoutFiles = { ...own, files: [] }
    const { failures } = await sowAll(
      withoutFiles,
      contracts,
      { url, key: 'k' },
      {},
      1,
      () => undefined,
      AbortSignal.timeout(60_000),
    )
    expect(failures).toContain('JSON (/v1/feeds/death/records): the gateway answered 500')
    // It accepts what it must refuse, and knows no receipt.
    expect(failures.filter((one) => one.startsWith('refused requests')).length).toBeGreaterThan(10)
    expect(failures.filter((one) => /1 receipts: it is not known/.test(one))).toHaveLength(2)
    const planted = own.sowings.flatMap((one) => one.planted.map(({ recordId }) => recordId))
    expect(planted.filter((id) => !cancelled(received).has(String(id)))).toEqual([])
  })
})
