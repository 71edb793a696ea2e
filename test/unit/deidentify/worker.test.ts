/** The order of writes of a batch with files: what a message says is there before it, and what is removed is needed by nobody. */
import { expect, test } from 'vitest'
import { identifiedSchema, pseudonymisedSchema } from '#core/contract/avro-schemas.ts'
import { MARKER_SCHEMA } from '#core/contract/marker.ts'
import { ChainonError } from '#core/faults/errors.ts'
import type { ObjectStore } from '#core/objects/store.ts'
import { fileKeeper } from '../../../services/deidentify/objects/file-keeper.ts'
import { incomingFiles } from '../../../services/deidentify/objects/incoming-files.ts'
import { deidentifyPipeline } from '../../../services/deidentify/pipeline.ts'
import { formatPosition } from '../../../services/deidentify/position.ts'
import { markQuarantined } from '../../../services/deidentify/steps/mark-quarantined.ts'
import { deidentifyWorker } from '../../../services/deidentify/worker.ts'
import { decoderOf, encoderOf } from '../../guide/avro.ts'
import { dicomFile, slice } from '../../helpers/dicom-file.ts'
import { sealTokens } from '../../helpers/sealed-tokens.ts'
import { chain, IMAGING, LEVEL1, opener, TOPIC } from './objects/chain.ts'

const TOPIC_ID = 'topic-id-of-22-letters'
const { '(0008,1030)': _study, '(0008,103E)': _series, '(0018,1030)': _protocol, ...plain } = slice()

/** @param fail the operation that fails, as it is in the order */
async function handled(fail?: RegExp) {
  const { send, last, store, names } = await chain()
  await send(dicomFile(plain))
  const order: string[] = []
  const step = (name: string) => {
    order.push(name.replace(/\/.*\//, '/../').replace(/\d{19}-\d{19}|[0-9a-f]{64}|[0-9a-f-]{36}/g, '*'))
    if (fail?.test(name)) throw new ChainonError('dependency-unavailable', `${name} fails`)
  }
  const logged: ObjectStore = {
    ...store,
    put: async (name, chunks) => {
      step(`put ${name}`)
      await store.put(name, chunks)
    },
    remove: async (name) => {
      step(`remove ${name}`)
      await store.remove(name)
    },
  }
  const quiet = { warn: () => undefined, error: () => undefined } as never
  const decoder = decoderOf(identifiedSchema(IMAGING))
  const worker = deidentifyWorker({
    producer: { send: async ({ topic }) => step(`send ${topic}`) },
    topicIds: {
      of: async () => ({ id: TOPIC_ID }),
      endOfEpoch: async () => undefined,
      close: async () => undefined,
    } as never,
    opener,
    output: { last: async () => undefined },
    incoming: incomingFiles({
      store: logged,
      retentionMs: 0,
      metrics: { counter: () => () => undefined },
      alarms: { raise: () => undefined, clear: () => undefined },
      logger: quiet,
    }),
    mark: markQuarantined(encoderOf(MARKER_SCHEMA)),
    events: new Proxy({}, { get: () => () => undefined }) as never,
    suspects: { enter: () => true, leave: () => undefined },
    logger: quiet,
    assertInForce: async () => undefined,
  })
  const pipeline = deidentifyPipeline({
    contract: IMAGING,
    decoder,
    encoder: encoderOf(pseudonymisedSchema(IMAGING)),
    pseudonymiser: LEVEL1,
    tokenSecret: Buffer.alloc(32, 2),
    sealTokens,
    files: fileKeeper({ store: logged, contract: IMAGING, pseudonymiser: LEVEL1, allowed: [] }),
    textResources: () => ({}) as never,
  })
  const metadata = formatPosition({ incarnation: TOPIC_ID, next: 0n, leaderEpoch: -1 })
  const batch = {
    topic: TOPIC,
    partition: 0,
    messages: [{ ...last(), batchContext: { partitionLeaderEpoch: 0 } }],
    epoch: 1,
    committed: async () => ({ offset: 0n, metadata }),
    assertOwned: () => undefined,
    commit: async () => step('commit'),
    advance: () => undefined,
  }
  const feed = { feed: 'imaging', outputTopic: 'pseudonymised', linkageTopic: undefined, decoder, pipeline }
  const failure = await worker(feed, batch as never).then(
    () => undefined,
    (error: Error) => error.message,
  )
  return { failure, order, left: names().map((name) => name.split('/')[0]) }
}

test('the clean file, then whose it is, then the message that names it, then the commit, then the sealed file goes', async () => {
  expect(await handled()).toEqual({
    failure: undefined,
    order: ['put deidentified/../*.dcm', 'put records/../*.*', 'send pseudonymised', 'commit', 'remove incoming/../*'],
    left: ['deidentified'],
  })
})

test.each([
  [/^put/, ['incoming']],
  [/^put records/, ['deidentified', 'incoming']],
  [/^send/, ['deidentified', 'incoming']],
  [/^commit/, ['deidentified', 'incoming']],
  [/^remove/, ['deidentified', 'incoming']],
])('when %s fails the sealed file is still there for the next attempt, or for the next round', async (fail, left) => {
  const { failure, left: found } = await handled(fail)
  // A sealed file that is not removed stops nothing.
  expect([failure === undefined, found]).toEqual([fail.source === '^remove', left])
})
