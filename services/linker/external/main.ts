/**
 * The second step of `chainon link external`: sealed encodings (stdin) are compared with the records of the running index, and `curate` is told (stdout) which patients they may be.
 * It writes nothing to the index. Exits with 0 done, 2 usage, 70 a bug, 75 a dependency failed, 78 configuration.
 */
import { logLevel, readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { encodingSecrets } from '#core/custody/encoding-versions.ts'
import { readFingerprints } from '#core/custody/kafka-register.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { linkageFolder } from '#core/custody/wrap-keys.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { recordEncoder } from '#core/linkage/encode.ts'
import { type EncodingWraps, encodingWraps } from '#core/linkage/encoding-wrap.ts'
import {
  CIRCUIT_ID,
  linesOfStep,
  type MatchedSubject,
  readStep,
  SealedSubject,
  sealedPlace,
} from '#core/linkage/external.ts'
import { formOf, installationTraits } from '#core/linkage/feed-traits.ts'
import { unpackMessage } from '#core/linkage/message.ts'
import { linkageOpener } from '#core/linkage/seal.ts'
import { sharedTransportSecrets } from '#core/linkage/shared-secret.ts'
import { runStep, writeOut } from '#core/process/step-main.ts'
import { redisClient } from '#core/redis/client.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { INSPECT_KEYS, openForReading } from '../inspect/open-index.ts'
import { matchSubjects, type Subject } from './match.ts'

const USAGE_STATUS = 2
const AT_ONCE = 500
const NO_SECRET = Buffer.alloc(32)

const logger = createLogger('linker', logLevel(process.env))
await runStep(logger, run)

async function run(): Promise<number> {
  const [flag, id = '', ...rest] = process.argv.slice(2)
  if (flag !== '--run' || !new RegExp(CIRCUIT_ID).test(id) || rest.length > 0) {
    process.stderr.write('usage: external/main.ts --run HEX\n')
    return USAGE_STATUS
  }
  const config = readConfig(
    'linker',
    [...INSPECT_KEYS, ...KAFKA_KEYS, 'CHAINON_LINKAGE_SECRETS_DIR', 'CHAINON_LOG_LEVEL'],
    process.env,
  )
  const namespace = config.CHAINON_NAMESPACE
  const { lines } = await readStep(process.stdin, SealedSubject)
  const known = await readFingerprints(kafkaClient('linker', config, logger), namespace)
  const secrets = await sharedTransportSecrets(config, { read: async () => known })
  const folder = linkageFolder(config)
  const encoder = recordEncoder(installationTraits(loadContracts(config.CHAINON_FEEDS_DIR)), NO_SECRET)
  const wraps = encodingWraps(
    encoder.layout,
    await encodingSecrets({ folder, box: await openSecretBox(config, folder) }, known),
  )
  const opener = linkageOpener(secrets, sealedPlace(namespace, id))
  const subjects = openSubjects(lines, { opener, encoder, wraps })
  const redis = redisClient(config, logger, { giveUpAfterMs: 10_000 })
  try {
    const index = await openForReading(redis, config)
    if (index.version !== wraps.version)
      throw new ChainonError(
        'key-rotation',
        'the linkage index is moving to other keys: run it again when `chainon keys rotate-encodings` has ended',
      )
    const matched: MatchedSubject[] = []
    for (let from = 0; from < subjects.length; from += AT_ONCE) {
      matched.push(...(await matchSubjects({ index, keys: index.keys }, subjects.slice(from, from + AT_ONCE))))
      process.stderr.write(`match: ${matched.length} of ${subjects.length} subjects\n`)
    }
    await writeOut(linesOfStep(matched, { model: index.model.version, records: await index.reader.size() }))
    return 0
  } finally {
    redis.disconnect()
  }
}

interface Opening {
  readonly opener: ReturnType<typeof linkageOpener>
  readonly encoder: Pick<ReturnType<typeof recordEncoder>, 'layout' | 'kinds'>
  readonly wraps: Pick<EncodingWraps, 'has' | 'lift'>
}

/** @throws ChainonError seal-broken: somebody else wrote it, or it is of another run */
function openSubjects(lines: readonly SealedSubject[], { opener, encoder, wraps }: Opening): readonly Subject[] {
  const form = { form: formOf(encoder), filterWords: encoder.layout.words, tokenWords: 2 * encoder.kinds.length }
  return lines.map(({ ticket, sealed }) => {
    const plain = opener.open(Buffer.from(sealed, 'base64'), ticket)
    if (!plain) throw new ChainonError('seal-broken', 'a subject was not sealed by deidentify for this run')
    const read = unpackMessage(plain, form)
    if (!read.ok || !read.message.encoded)
      throw new ChainonError(
        'configuration',
        'subjects are encoded for other traits than the linker compares: both need the same contracts',
      )
    const { encoded, encoding = 1 } = read.message
    if (!wraps.has(encoding))
      throw new ChainonError('key-rotation', 'subjects are encoded under another version of the key: run it again')
    return { ticket, encoded: wraps.lift(encoded, encoding) }
  })
}
