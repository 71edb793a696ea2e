/** A topic in memory that is written anew: killed at each send, before and after the broker has it, and with strangers who write in between. */

import type { IHeaders } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import { pseudonymiser } from '#core/crypto/pseudonym.ts'
import { pseudonymWrap } from '#core/crypto/pseudonym-wrap.ts'
import { tokenWrap } from '#core/crypto/token-wrap.ts'
import { firstPublication, nextPublication, type PublishedKey, publishedVersions } from '#core/custody/token-chain.ts'
import { originOf, rewrittenOf } from '#core/kafka/headers.ts'
import { keyIdOf, publicKeyOf } from '#core/sealing/hpke.ts'
import { sealedUnder, tokenOpener, tokenSealer } from '#core/sealing/tokens.ts'
import { type LogForm, pseudonymisedForm } from '../../../../services/provision/rotate/log-form.ts'
import { type RewriteDependencies, rewriteTopic } from '../../../../services/provision/rotate/rewrite.ts'
import { tokenChange } from '../../../../services/provision/rotate/token-change.ts'
import { jsonRegistry, recordOfJson } from '../../../helpers/json-rewriter.ts'

const TOPIC = 'pseudonymised.patient'
const patient = loadContracts('schemas/feeds').find(({ feed }) => feed === 'patient') ?? expect.unreachable()
const level1 = pseudonymiser(1, Buffer.alloc(32, 1))
const keys = new Map([2, 3].map((version) => [version, Buffer.alloc(32, version)]))
const two = pseudonymWrap(2, keys)
const three = pseudonymWrap(3, keys)

interface Stored {
  readonly value: Buffer
  readonly headers: IHeaders
}

/** One topic of two partitions; `dies` is asked at each send, and a process ends by an exception. */
function broker() {
  const logs: (Stored | undefined)[][] = [[], []]
  const lows = [0, 0]
  const settings = new Map<string, string>()
  let curated = (partition: number) => logs[partition]?.length ?? 0
  const message = (partition: number, offset: number) => {
    const stored = logs[partition]?.[offset] as Stored
    return { key: null, ...stored, offset: String(offset), timestamp: '0', attributes: 0, size: 0 }
  }
  const kafka = {
    consumer() {
      const next = [0, 0]
      return {
        events: { CRASH: 'crash' },
        on: () => undefined,
        connect: async () => undefined,
        disconnect: async () => undefined,
        subscribe: async () => undefined,
        pause: () => undefined,
        seek: ({ partition, offset }: { partition: number; offset: string }) => (next[partition] = Number(offset)),
        async run({ eachBatch }: { eachBatch: (payload: object) => Promise<void> }) {
          await Promise.resolve()
          for (const partition of [0, 1]) {
            for (;;) {
              const from = Math.max(next[partition] ?? 0, lows[partition] ?? 0)
              const messages = (logs[partition] ?? []).slice(from, from + 3).map((_, n) => message(partition, from + n))
              if (messages.length === 0) break
              next[partition] = from + messages.length
              const batch = { topic: TOPIC, partition, messages, firstOffset: () => String(from) }
              await eachBatch({ batch, heartbeat: async () => undefined, resolveOffset: () => undefined })
            }
          }
        },
      }
    },
  }
  const admin = {
    fetchTopicOffsets: async () =>
      logs.map((log, partition) => ({ partition, low: String(lows[partition]), high: String(log.length) })),
    fetchOffsets: async () => [
      { topic: TOPIC, partitions: [0, 1].map((partition) => ({ partition, offset: String(curated(partition)) })) },
    ],
    describeConfigs: async () => ({
      resources: [
        {
          resourceName: TOPIC,
          configEntries: [...settings].map(([configName, configValue]) => ({
            configName,
            configValue,
            configSource: 1,
          })),
        },
      ],
    }),
    async alterConfigs({ resources }: { resources: { configEntries: { name: string; value: string }[] }[] }) {
      settings.clear()
      for (const { name, value } of resources[0]?.configEntries ?? []) settings.set(name, value)
    },
    async deleteTopicRecords({ partitions }: { partitions: { partition: number; offset: string }[] }) {
      for (const { partition, offset } of partitions) {
        lows[partition] = Number(offset)
        logs[partition]?.fill(undefined, 0, Number(offset))
      }
    },
  }
  const append = (partition: number, value: object, headers: IHeaders) =>
    logs[partition]?.push({ value: Buffer.from(JSON.stringify(value)), headers })
  return {
    kafka,
    admin,
    settings,
    append,
    lows,
    curate: (of: typeof curated) => (curated = of),
    messages: (partition: number) =>
      (logs[partition] ?? []).flatMap((stored, offset) => (stored ? [message(partition, offset)] : [])),
    reader: {
      first: async (_: string, partition: number) =>
        (logs[partition]?.length ?? 0) > (lows[partition] ?? 0) ? message(partition, lows[partition] ?? 0) : undefined,
      last: async (_: string, partition: number) =>
        (logs[partition]?.length ?? 0) > (lows[partition] ?? 0)
          ? message(partition, (logs[partition]?.length ?? 0) - 1)
          : undefined,
    },
    store: (sent: readonly { partition?: number; value: Buffer | string | null; headers?: IHeaders }[]) => {
      for (const { partition = 0, value, headers = {} } of sent)
        logs[partition]?.push({
          value: value as Buffer,
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [name, Buffer.from(text as Buffer)]),
          ),
        })
    },
  }
}

const incarnation = 'AAAAAAAAAAAAAAAAAAAAAA'
const recordOf = (partition: number, origin: number) => ({
  record_id: level1.pseudonym('record', `${partition}:${origin}`),
  patient_id: level1.pseudonym('patient', `${origin % 2}`),
})
const seeds = [Buffer.alloc(32, 8), Buffer.alloc(32, 9)] as const
const first = await firstPublication(seeds[0])
const published = publishedVersions('', [...first, await nextPublication('', 2, seeds[1], seeds[0])])
const held = new Map(seeds.map((seed, n) => [n + 1, seed]))
const tokensUnder = (version: number) => tokenChange(tokenWrap(version, keys), published, held)
const sealFormer = await tokenSealer(await publicKeyOf(seeds[0]))
const tokensOf = (partition: number, origin: number) => [`t1_nir_${partition}`, `t1_traits_${origin}`]
const sealedRecordOf = (partition: number, origin: number) => {
  const record = recordOf(partition, origin)
  const place = { feed: 'patient', recordId: record.record_id }
  return { ...record, _sealed_tokens: sealFormer(tokensOf(partition, origin), place) }
}
const headersOf = (origin: number) => ({ 'chainon-origin': String(origin), 'chainon-incarnation': incarnation })
const COUNT = 8

function written() {
  const one = broker()
  for (const partition of [0, 1])
    for (let origin = 0; origin < COUNT; origin++)
      one.append(partition, sealedRecordOf(partition, origin), headersOf(origin))
  return one
}

const form: LogForm = pseudonymisedForm(jsonRegistry, '', patient, TOPIC)

const tokens = { 2: await tokensUnder(2), 3: await tokensUnder(3) }
const dependenciesOf = (one: ReturnType<typeof broker>, wrap = two, send?: RewriteDependencies['producer']['send']) =>
  ({
    kafka: one.kafka,
    admin: one.admin,
    reader: one.reader,
    producer: { send: send ?? (async ({ messages }: { messages: never }) => one.store(messages)) },
    namespace: '',
    wrap,
    tokens: tokens[wrap.version as 2 | 3],
    sleep: async () => undefined,
    onStep: () => undefined,
  }) as unknown as RewriteDependencies

/** Who has neither the former key of tokens nor another version of the wrap. */
const openers = {
  2: await tokenOpener([seeds[1]], { wrap: tokenWrap(2, new Map([[2, Buffer.alloc(32, 2)]])) }),
  3: await tokenOpener([seeds[1]], { wrap: tokenWrap(3, new Map([[3, Buffer.alloc(32, 3)]])) }),
}

/** Each origin once, in order, under the keys in force, and the first says that it is the first. */
async function expectWhole(one: ReturnType<typeof broker>, wrap = two, count = COUNT): Promise<void> {
  for (const partition of [0, 1]) {
    const messages = one.messages(partition)
    expect(messages.map(({ headers }) => Number(originOf(headers)?.offset))).toEqual(
      Array.from({ length: count }, (_, n) => n),
    )
    for (const [origin, { value, headers }] of messages.entries()) {
      const { record_id, patient_id } = recordOf(partition, origin)
      const { _sealed_tokens: sealed, ...record } = recordOfJson(value) ?? {}
      expect(record).toEqual({ record_id: wrap.wrap(record_id), patient_id: wrap.wrap(patient_id) })
      expect(sealedUnder(sealed)).toEqual({
        keyId: keyIdOf((published[1] as PublishedKey).publicKey),
        wrap: wrap.version,
      })
      const opener = openers[wrap.version as 2 | 3]
      await opener.prepare([sealed])
      expect(opener.open(sealed, { feed: 'patient', recordId: record_id })).toEqual(tokensOf(partition, origin))
      expect(rewrittenOf(headers)).toMatchObject({ version: wrap.version, first: origin === 0 })
    }
  }
  expect([...one.settings]).toEqual([])
}

describe('rewriteTopic', () => {
  it('writes each message once more, and leaves no other; a second time changes nothing', async () => {
    const one = written()
    expect(await rewriteTopic(dependenciesOf(one), form)).toEqual({
      topic: TOPIC,
      messages: 2 * COUNT,
      tokens: 2 * COUNT,
      closed: 0,
    })
    await expectWhole(one)
    expect(one.lows).toEqual([COUNT, COUNT])
    expect(await rewriteTopic(dependenciesOf(one), form)).toEqual({ topic: TOPIC, messages: 0, tokens: 0, closed: 0 })
    await expectWhole(one)
    await rewriteTopic(dependenciesOf(one, three), form)
    await expectWhole(one, three)
  })

  it.each([true, false])('goes on after it was killed at each send; the broker had it: %s', async (had) => {
    for (let at = 0; at < 2 * COUNT; at++) {
      const one = written()
      let sends = 0
      const dying = async ({ messages }: { messages: readonly { partition?: number; value: Buffer }[] }) => {
        // One message a send, so that it ends between any two.
        for (const message of messages) {
          if (sends++ === at && !had) throw new Error('killed')
          one.store([message])
          if (sends - 1 === at) throw new Error('killed')
        }
      }
      await expect(rewriteTopic(dependenciesOf(one, two, dying as never), form)).rejects.toThrow('killed')
      expect(one.lows).toEqual([0, 0])
      await rewriteTopic(dependenciesOf(one), form)
      await expectWhole(one)
    }
  })

  it('keeps what a stranger writes in between, and each origin once', async () => {
    const one = written()
    let late = false
    const send = async ({ messages }: { messages: never }) => {
      one.store(messages)
      if (late) return
      late = true
      // A process that was suspended: it repeats what is there, and adds one.
      for (const partition of [0, 1])
        for (const origin of [COUNT - 1, COUNT])
          one.append(partition, sealedRecordOf(partition, origin), headersOf(origin))
    }
    await rewriteTopic(dependenciesOf(one, two, send as never), form)
    await expectWhole(one, two, COUNT + 1)
  })

  it('deletes nothing that is damaged on its way, and gives up', async () => {
    const one = written()
    const send = async ({ messages }: { messages: { value: Buffer }[] }) =>
      one.store(messages.map((message) => ({ ...message, value: Buffer.from('{"record_id":"x"}') })))
    await expect(rewriteTopic(dependenciesOf(one, two, send as never), form)).rejects.toMatchObject({
      code: 'key-rotation-refused',
    })
    expect(one.lows).toEqual([0, 0])
    expect(
      one
        .messages(0)
        .slice(0, COUNT)
        .map(({ value }) => recordOfJson(value)),
    ).toEqual(Array.from({ length: COUNT }, (_, origin) => expect.objectContaining(recordOf(0, origin))))
  })

  it('seals tokens again where another key of tokens came into force after it was killed', async () => {
    const one = written()
    const onlyFirst = publishedVersions('', first)
    const before = { ...dependenciesOf(one), tokens: await tokenChange(tokenWrap(2, keys), onlyFirst, held) }
    let sends = 0
    const send = async ({ messages }: { messages: never[] }) => {
      one.store(messages.slice(0, 1))
      if (sends++ > 0) throw new Error('killed')
      one.store(messages.slice(1))
    }
    await expect(rewriteTopic({ ...before, producer: { send } } as never, form)).rejects.toThrow('killed')
    await rewriteTopic(dependenciesOf(one), form)
    await expectWhole(one)
  })

  it('writes nothing when a key of tokens is not here', async () => {
    const one = written()
    const lacking = await tokenChange(tokenWrap(2, keys), published, new Map([[2, seeds[1]]]))
    await expect(rewriteTopic({ ...dependenciesOf(one), tokens: lacking }, form)).rejects.toMatchObject({
      code: 'key-rotation-refused',
    })
    expect([0, 1].map((partition) => one.messages(partition).length)).toEqual([COUNT, COUNT])
  })

  it('does not delete before curate has read it', async () => {
    const one = written()
    let asked = 0
    one.curate(() => (asked++ < 4 ? COUNT - 1 : COUNT))
    const dependencies = dependenciesOf(one)
    const admin = {
      ...one.admin,
      deleteTopicRecords(given: Parameters<typeof one.admin.deleteTopicRecords>[0]) {
        expect(asked).toBeGreaterThan(4)
        return one.admin.deleteTopicRecords(given)
      },
    }
    await rewriteTopic({ ...dependencies, admin } as unknown as RewriteDependencies, form)
    await expectWhole(one)
  })
})
