/**
 * The partitions of a worker that was killed go on at once: at another worker of its machine, or at the one that is started in its place.
 * A member's session lasts five minutes here, so that its end cannot be the cause.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isBalanced } from '#core/ledger/row.ts'
import { recordOf } from '../helpers/records.ts'
import { type Pipeline, startPipeline } from '../helpers/services.ts'

let line: Pipeline
let sent = 0
beforeAll(async () => {
  line = await startPipeline({ CHAINON_GROUP_SESSION_SECONDS: '300', CHAINON_PARTITIONS: '4' })
})
afterAll(async () => line?.stop())

/** Enough patients that each partition has some. */
async function push(): Promise<void> {
  const ids = Array.from({ length: 40 }, () => `r${sent++}`)
  await line.push(
    'chu',
    'document',
    ids.map((id) => recordOf('document', id, `ipp-${id}`)),
  )
}
const loaded = async () => Number((await line.rows<{ n: string }>('SELECT count() AS n FROM feed_document'))[0]?.n)
const allLoaded = () => expect.poll(loaded, { interval: 50 }).toBe(sent)

describe.each(['curate', 'deidentify'] as const)('after kill -9 of %s', (name) => {
  it('another worker of the machine goes on with its partitions', async () => {
    const second = await line.start(name)
    await push()
    await allLoaded()
    line.services[name].child.kill('SIGKILL')
    line.services[name] = second
    await push()
    await allLoaded()
  })

  it('the worker that is started in its place goes on with its partitions', async () => {
    line.services[name].child.kill('SIGKILL')
    await push()
    line.services[name] = await line.start(name)
    await allLoaded()
    expect(isBalanced(await line.completeLedger())).toBe(true)
  })
})
