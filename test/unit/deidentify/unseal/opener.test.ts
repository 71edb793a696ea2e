import type { KafkaMessage } from 'kafkajs'
import { expect, test } from 'vitest'
import { SEALED_SCHEMA } from '#core/sealing/envelope.ts'
import { publicKeyOf } from '#core/sealing/hpke.ts'
import { createOpener } from '../../../../services/deidentify/unseal/opener.ts'
import { createSealer } from '../../../../services/gateway/seal/sealer.ts'
import { decoderOf, encoderOf } from '../../../guide/avro.ts'
import { testDayKey } from '../../../helpers/sealed.ts'

const TOPIC = 'identified.patient'
const NOW = Date.UTC(2026, 5, 1, 12)
const SEED = Buffer.alloc(32, 5)
const sealer = createSealer({ keyOf: testDayKey }, encoderOf(SEALED_SCHEMA), () => NOW)

const message = (value: Buffer | null, key = 'k'): KafkaMessage =>
  ({ key: Buffer.from(key), value, offset: '0', timestamp: '0', attributes: 0, headers: {} }) as KafkaMessage
const sealed = async (text: string) => (await sealer.dataKey('a')).seal(Buffer.from(text), { topic: TOPIC, key: 'k' })

/** @param state what of the key is left */
async function opener(state: 'live' | 'shredded' | 'lost') {
  const day = await testDayKey(0)
  const entry = { day: '2026-06-01', id: day.id, at: '', who: '', why: '' }
  return createOpener(decoderOf(SEALED_SCHEMA), {
    live: async () => (state === 'live' ? [{ ...day, seed: SEED }] : []),
    shredded: () => (state === 'shredded' ? [entry] : []),
  })
}

test('records of a live key are opened, in order; what is not sealed, changed or moved is a fault of that record alone', async () => {
  const good = await sealed('one')
  const changed = Buffer.from(await sealed('two'))
  const at = changed.length - 3
  changed[at] = (changed[at] ?? 0) ^ 1
  const messages = [
    message(good),
    message(Buffer.from('{"name":"x"}')),
    message(null),
    message(changed),
    message(good, 'other'),
  ]
  expect(await (await opener('live')).open(TOPIC, messages)).toEqual([
    { ok: true, value: Buffer.from('one') },
    { ok: false, fault: 'undecodable' },
    { ok: false, fault: 'undecodable' },
    { ok: false, fault: 'seal-broken' },
    { ok: false, fault: 'seal-broken' },
  ])
  expect(await (await opener('live')).open('identified.death', [message(good)])).toEqual([
    { ok: false, fault: 'seal-broken' },
  ])
})

test('a shredded key is a fault of the record; a key that was never here stops the partition', async () => {
  const messages = [message(await sealed('one'))]
  expect(await (await opener('shredded')).open(TOPIC, messages)).toEqual([{ ok: false, fault: 'key-shredded' }])
  await expect((await opener('lost')).open(TOPIC, messages)).rejects.toMatchObject({ code: 'sealing-key-unknown' })
})

test('a data key wrapped for somebody else under the name of the live key does not open', async () => {
  const foreign = await publicKeyOf(Buffer.alloc(32, 8))
  const { id } = await testDayKey(0)
  const liar = createSealer(
    { keyOf: async (day) => ({ day, id, publicKey: foreign }) },
    encoderOf(SEALED_SCHEMA),
    () => NOW,
  )
  const value = (await liar.dataKey('a')).seal(Buffer.from('one'), { topic: TOPIC, key: 'k' })
  expect(await (await opener('live')).open(TOPIC, [message(value)])).toEqual([{ ok: false, fault: 'seal-broken' }])
})
