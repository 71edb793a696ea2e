/**
 * The first step of `chainon link external`: reads the identities of a cohort, and gives the linker sealed encodings (stdout) and `extract` the subjects by ticket (file descriptor 3).
 * Nothing is written to a disk. Exits with 0 done, 2 usage, 70 a bug, 75 a dependency failed, 78 the file or the configuration is wrong.
 */
import { randomBytes } from 'node:crypto'
import { statSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { logLevel, readConfig, secretsDir } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { encodingSecrets } from '#core/custody/encoding-versions.ts'
import { readFingerprints } from '#core/custody/kafka-register.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import { type KeyRegister, registeredSecret } from '#core/custody/registered-secret.ts'
import { linkageFolder } from '#core/custody/wrap-keys.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { KAFKA_KEYS, kafkaClient } from '#core/kafka/client.ts'
import { CIRCUIT_ID, linesOfStep, sealedPlace } from '#core/linkage/external.ts'
import { linkageSeal } from '#core/linkage/seal.ts'
import { ownTransportSecret } from '#core/linkage/shared-secret.ts'
import { runStep, writeOut } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { encodeSubjects } from './encode-subjects.ts'
import { readSubjects } from './read-subjects.ts'

const USAGE_STATUS = 2
const USAGE = 'usage: external/main.ts FILE --run HEX --feed FEED [--mapping FILE]\n'
const ENCODING_KEY = 'deidentify/linkage-encoding.key'
const TICKET_BYTES = 16
/** The pipe of subjects by ticket. */
const SUBJECTS_FD = 3

interface Given {
  readonly file: string
  readonly run: string
  readonly feed: string
  readonly mapping: string | undefined
}

const logger = createLogger('deidentify', logLevel(process.env))
await runStep(logger, run)

async function run(): Promise<number> {
  const given = readArguments()
  if (!given) {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  const config = readConfig(
    'deidentify',
    [
      ...KAFKA_KEYS,
      ...PROVIDER_KEYS,
      'CHAINON_FEEDS_DIR',
      'CHAINON_DATA_DIR',
      'CHAINON_SECRETS_DIR',
      'CHAINON_LINKAGE_SECRETS_DIR',
      'CHAINON_LOG_LEVEL',
    ],
    process.env,
  )
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const contract = contracts.find(({ feed, linked }) => linked && feed === given.feed)
  if (!contract) throw new ConfigurationError('The option is wrong', ['--feed must be a feed that is linked'])
  if (!statSync(given.file, { throwIfNoEntry: false })?.isFile())
    throw new ConfigurationError('The file of the cohort is not taken', ['it is not there, or is no file'])
  const subjects = await readSubjects(given.file, contract, given.mapping)
  const known = await readFingerprints(kafkaClient('deidentify', config, logger), config.CHAINON_NAMESPACE)
  if (!known.has(ENCODING_KEY))
    throw new ChainonError('dependency-unavailable', `deidentify has not made the key ${ENCODING_KEY} yet`)
  // A command makes no key: it would be another one than that of the records in the index.
  const register: KeyRegister = {
    read: async () => known,
    register: () => Promise.reject(new ChainonError('dependency-unavailable', 'deidentify has not made its keys yet')),
  }
  const folder = secretsDir('deidentify', config)
  const secret = await registeredSecret(folder, ENCODING_KEY, register, await openSecretBox(config, folder))
  const shared = linkageFolder(config)
  const wraps = await encodingSecrets({ folder: shared, box: await openSecretBox(config, shared) }, known)
  const transport = await ownTransportSecret(config, register)
  const seal = linkageSeal(transport.secret, sealedPlace(config.CHAINON_NAMESPACE, given.run), transport.version)
  const ticket = () => randomBytes(TICKET_BYTES).toString('hex')
  const { sealed, tickets, facts } = encodeSubjects(subjects, { contracts, contract, secret, wraps, seal, ticket })
  process.stderr.write(`encode: ${subjects.length} subjects\n`)
  writeFileSync(SUBJECTS_FD, linesOfStep(tickets, facts))
  await writeOut(linesOfStep(sealed, {}))
  return 0
}

function readArguments(): Given | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        ...{ run: { type: 'string' }, feed: { type: 'string' }, mapping: { type: 'string' } },
      },
    })
    const [file, ...rest] = positionals
    const { run: id = '', feed = '', mapping } = values
    if (file === undefined || rest.length > 0 || !new RegExp(CIRCUIT_ID).test(id)) return undefined
    return { file, run: id, feed, mapping }
  } catch {
    return undefined
  }
}
