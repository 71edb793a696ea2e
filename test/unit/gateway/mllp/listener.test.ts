/** A listener on a real socket, before the real decoders and pipelines: acknowledged only when stored, and no message stops the next one. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createKey, revokeKey } from '#core/keys/admin.ts'
import type { Limits } from '../../../../services/gateway/app.ts'
import { Framer, frame } from '../../../../services/gateway/mllp/framer.ts'
import { adt, msh, oru, PV1 } from '../decode/hl7/messages.ts'
import { harness } from '../harness.ts'

const OBX = 'OBX|1|NM|718-7^Hb^LN||13.5|g/dL|||||F'

async function listener(limits: Partial<Limits> = {}, scopes?: readonly string[]) {
  const senders = [{ application: 'GAM', facility: 'CHU-X' }]
  let apiKey = ''
  const gateway = await harness(limits, (key) => [
    {
      name: 'adt',
      host: '127.0.0.1',
      port: 0,
      get apiKey() {
        return apiKey || key
      },
      senders,
      tls: undefined,
    },
  ])
  if (scopes) apiKey = createKey(gateway.folder, 'chu-test', '', { scopes }).key
  await gateway.app.ready()
  onTestFinished(() => gateway.close())
  const port = gateway.state.listeners()[0]?.port ?? 0
  return { ...gateway, open: () => sender(port) }
}

async function sender(port: number) {
  const socket: Socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  onTestFinished(() => void socket.destroy())
  const framer = new Framer(1_000_000)
  const answers: string[] = []
  socket.on('data', (piece) => {
    for (const one of framer.push(piece as Buffer))
      if (one.kind === 'message') answers.push(one.bytes.toString('latin1'))
  })
  /** @returns the codes and the message ids of the next answers */
  const next = async (count: number) => {
    while (answers.length < count) await sleep(2)
    return answers.splice(0, count).map((one) => /MSA\|(\w*)\|([^\r|]*)/.exec(one)?.slice(1).join(' '))
  }
  return {
    socket,
    answers,
    next,
    send: (...messages: readonly string[]) =>
      socket.write(Buffer.concat(messages.map((one) => frame(Buffer.from(one))))),
  }
}

const named = (message: string, id: string) => message.replace('|MSG1|', `|${id}|`)

test('a message is stored and acknowledged; sent again it is acknowledged again, and stored once', async () => {
  const { open, written, decoded } = await listener()
  const { send, next } = await open()
  send(adt('A01', PV1))
  expect(await next(1)).toEqual(['AA MSG1'])
  expect((await decoded()).map(({ record }) => [record._producer, record.record_id])).toEqual([
    ['chu-test', '8000123'],
    ['chu-test', 'stay/NDA77'],
  ])
  send(adt('A01', PV1))
  expect(await next(1)).toEqual(['AA MSG1'])
  expect(written.length).toBe(2)
})

test('nothing is acknowledged before Kafka has it', async () => {
  const { open, state, written } = await listener()
  const { send, next, answers } = await open()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.acknowledgement = promise
  send(adt('A31'))
  while (state.waiting === 0) await sleep(1)
  expect([answers, written.length]).toEqual([[], 0])
  resolve()
  expect(await next(1)).toEqual(['AA MSG1'])
  expect(written.length).toBe(1)
})

test('messages that follow one another on a connection are answered in their order, whatever is wrong with one of them', async () => {
  const { open, metrics } = await listener()
  const { socket, send, next } = await open()
  send(
    named(adt('A31'), '1'),
    'no message at all',
    named(oru(OBX.replace('||13.5|', '||<5|')), '3'),
    named(oru(OBX.replace(/F$/, 'P')), '4'),
    named(msh('SIU^S12'), '5'),
    named(adt('A31'), '6').replace('|GAM|', '|OTHER|'),
    `${named(adt('A31'), '7')}\r${'NTE|1||'.padEnd(100_001)}`,
  )
  socket.write('stray\u000bcut off')
  send(named(adt('A28'), '8'))
  expect(await next(8)).toEqual(['AA 1', 'AR ', 'AE 3', 'AA 4', 'AR 5', 'AR 6', 'AR 7', 'AA 8'])
  const text = await metrics.scrape()
  expect(text).toMatch(/chainon_gateway_mllp_messages_total\{[^}]*acknowledgement="AE"[^}]*\} 1/)
  for (const kind of ['too-large', 'truncated', 'stray'])
    expect(text).toMatch(new RegExp(`chainon_gateway_mllp_framing_total\\{[^}]*kind="${kind}"`))
})

test('a field that no mapping reads is counted by its place; places without end are counted together', async () => {
  const { open, metrics } = await listener()
  const { send, next } = await open()
  send(`${adt('A31')}\rZFA|x`)
  expect(await next(1)).toEqual(['AA MSG1'])
  const fields = Array.from({ length: 499 }, (_, at) => `${at + 1}`)
  send(named(`${adt('A31')}\rZFP|${fields.join('|')}\rZFA|x\rZFV|y`, '2'))
  expect(await next(1)).toEqual(['AA 2'])
  const count = (path: string) =>
    new RegExp(`chainon_gateway_unmapped_fields_total\\{[^}]*path="${path}"[^}]*\\} (\\d+)`)
  const text = await metrics.scrape()
  expect(['ZFA-1', 'ZFP-499', 'other'].map((path) => count(path).exec(text)?.[1])).toEqual(['2', '1', '1'])
})

test('an error says the place and the rule, and never the value', async () => {
  const { open } = await listener()
  const { send, answers, next } = await open()
  send(oru(OBX, 'OBX|2|NM|2160-0^Creat^LN||SECRET-VALUE||||||F'))
  while (answers.length === 0) await sleep(2)
  expect(answers[0]).toContain('\rERR||OBX^2^5^1|102^Data type error^HL70357|E||||type: The value has the wrong type.')
  expect(answers[0]).toContain("Allowed: a number, with '.' before its decimals.")
  expect(answers[0]).not.toContain('SECRET')
  expect(await next(1)).toEqual(['AE MSG1'])
})

test('while Kafka is away a message is rejected, and accepted when it comes again', async () => {
  const { open, state } = await listener()
  const { send, next } = await open()
  state.down = true
  send(adt('A31'))
  expect(await next(1)).toEqual(['AR MSG1'])
  state.down = false
  send(adt('A31'))
  expect(await next(1)).toEqual(['AA MSG1'])
})

test('a key that was revoked, or has not the scope, stores nothing', async () => {
  const scoped = await listener({}, ['write:patient'])
  const { send, next } = await scoped.open()
  send(named(adt('A31'), '1'), named(adt('A01', PV1), '2'))
  expect(await next(2)).toEqual(['AA 1', 'AR 2'])
  const { open, folder, key, written } = await listener()
  revokeKey(folder, key.split('_')[1] ?? '')
  const other = await open()
  other.send(adt('A31'))
  expect(await other.next(1)).toEqual(['AR MSG1'])
  expect(written).toEqual([])
})

test('without room for its bytes a message is rejected, and the connection goes on', async () => {
  const { open } = await listener({ maxInFlightBytes: 3_000 })
  const { send, next } = await open()
  send(`${named(adt('A31'), '1')}\r${'NTE|1||'.padEnd(9_000)}`)
  expect(await next(1)).toEqual(['AR 1'])
  send(named(adt('A31'), '2'))
  expect(await next(1)).toEqual(['AA 2'])
})

test('a stop stores and acknowledges what was received, ends the connections, and accepts none', async () => {
  const { open, state, app, written } = await listener()
  const busy = await open()
  const idle = await open()
  const { promise, resolve } = Promise.withResolvers<void>()
  state.acknowledgement = promise
  busy.send(adt('A31'))
  while (state.waiting === 0) await sleep(1)
  const [health] = state.listeners()
  expect(health?.connections).toBe(2)
  const ended = Promise.all([once(busy.socket, 'end'), once(idle.socket, 'end')])
  const closed = app.close()
  resolve()
  await Promise.all([ended, closed])
  expect([await busy.next(1), written.length]).toEqual([['AA MSG1'], 1])
  await expect(sender(health?.port ?? 0)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a frame that stops coming ends its connection, and so does one that comes in drops without end', async () => {
  for (const [pace, reason] of [
    [{ totalMs: 60_000, windowMs: 100, minBytesPerSecond: 100 }, 'slow-rate'],
    [{ totalMs: 300, windowMs: 100, minBytesPerSecond: 10 }, 'slow-total'],
  ] as const) {
    const { open, metrics, state } = await listener({ pace })
    const { socket } = await open()
    socket.write('\u000bMSH|')
    const drip = setInterval(() => socket.write('x'), reason === 'slow-total' ? 10 : 60_000)
    await once(socket, 'close')
    clearInterval(drip)
    const scraped = await metrics.scrape()
    expect(scraped).toMatch(new RegExp(`chainon_gateway_refused_total\\{[^}]*reason="${reason}"[^}]*\\} 1\n`))
    expect(scraped).toMatch(/inflight_bytes\S* 0\n/)
    expect(state.listeners()[0]?.connections).toBe(0)
  }
})

test('the connections of a producer to its listeners count among its own, with its requests', async () => {
  const { open, post, metrics } = await listener({ producerConnections: 2 })
  const first = await open()
  const second = await open()
  const third = await open()
  await once(third.socket, 'close')
  expect(await metrics.scrape()).toMatch(/refused_total\{[^}]*reason="producer-connections"[^}]*\} 1\n/)
  expect((await post('observation', 'application/json', '{}')).statusCode).toBe(429)
  first.send(adt('A31'))
  expect(await first.next(1)).toEqual(['AA MSG1'])
  second.socket.destroy()
  await expect.poll(async () => (await post('observation', 'application/json', '{}')).statusCode).toBe(422)
})
