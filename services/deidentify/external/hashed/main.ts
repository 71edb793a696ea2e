/**
 * What `deidentify` does with a circuit of hashed identifiers, for `chainon link external`: takes the list and the secret into its custody, gives what was found to the steps after it, and destroys both. What is compared
 * is compared by the running service (watch.ts). `open` reads what the project's file declares from stdin, and writes what it holds to stdout; `collect` writes patients by ticket to stdout and subjects by ticket to
 * file descriptor 3. Exits with 0 done, 1 there is no such circuit, 2 usage, 70 a bug, 75 a dependency failed, 78 the file or the configuration is wrong.
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { logLevel, readConfig, secretsDir } from '#core/config/read.ts'
import { openSecretBox, PROVIDER_KEYS } from '#core/custody/key-provider.ts'
import type { Destroyed } from '#core/custody/sealed-folders.ts'
import { ChainonError } from '#core/faults/errors.ts'
import { osActor } from '#core/journal/actions.ts'
import { commandJournal } from '#core/journal/command-journal.ts'
import { entryLost } from '#core/journal/entry-lost.ts'
import { KAFKA_KEYS } from '#core/kafka/client.ts'
import { linesOfStep, readStep } from '#core/linkage/external.ts'
import { DeclaredCircuit, type HeldCircuit } from '#core/linkage/hashed.ts'
import { runStep, writeOut } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { type HashedCommand, readHashedArguments, USAGE } from './arguments.ts'
import { type Circuits, COLLECTED_WITHIN_MS, hasCircuits, hashedCircuits } from './circuits.ts'
import { collectSubjects } from './collect.ts'
import { destroyNoted } from './journal.ts'
import { readMatches } from './matches.ts'
import { testHash } from './number-hash.ts'
import { readHashes } from './read-hashes.ts'
import { readSharedSecret } from './read-secret.ts'
import { statusOf, statusText } from './status.ts'

const USAGE_STATUS = 2
const TICKET_BYTES = 16
const SUBJECTS_FD = 3

const logger = createLogger('deidentify', logLevel(process.env))
await runStep(logger, () => run(readHashedArguments(process.argv.slice(2))))

async function run(command: HashedCommand | undefined): Promise<number> {
  if (!command) {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  const config = readConfig(
    'deidentify',
    [...KAFKA_KEYS, ...PROVIDER_KEYS, 'CHAINON_DATA_DIR', 'CHAINON_SECRETS_DIR', 'CHAINON_LOG_LEVEL'],
    process.env,
  )
  const dataDir = config.CHAINON_DATA_DIR
  if (command.command === 'expire' && !hasCircuits(dataDir)) return 0
  const secrets = secretsDir('deidentify', config)
  const circuits = hashedCircuits(dataDir, secrets, await openSecretBox(config, secrets))
  switch (command.command) {
    case 'open':
      await writeOut(linesOfStep([await hold(circuits, command)], {}))
      return 0
    case 'collect':
      await collect(circuits, command.id)
      return 0
    case 'status': {
      const all = circuits.list().map((circuit) => {
        const { list, box } = circuits.open(circuit)
        return statusOf(circuit, list, readMatches(circuits.folder(circuit.id), circuit, box), Date.now())
      })
      await writeOut(command.json ? `${JSON.stringify(all, null, 2)}\n` : statusText(all))
      return 0
    }
    case 'expire':
    case 'destroy': {
      const journal = commandJournal({ program: 'deidentify', dataDir, secretsDir: secrets, onLost: entryLost }, config)
      try {
        await (command.command === 'destroy' ? destroy(circuits, journal, command) : expire(circuits, journal))
      } finally {
        await journal.close()
      }
      return 0
    }
  }
}

type Noting = Parameters<typeof destroyNoted>[0]

async function destroy(
  circuits: Circuits,
  journal: Noting,
  { id, reason, json }: Extract<HashedCommand, { command: 'destroy' }>,
): Promise<void> {
  const circuit = circuits.circuit(id)
  const destroyed = destroyNoted(journal, circuits, circuit, { reason, actor: osActor(userInfo().username) })
  // After a collection the output is that of the step which has kept the correspondence.
  if (reason === 'collected') process.stderr.write(proofText(id, destroyed))
  else
    await writeOut(json ? `${JSON.stringify({ id, ...destroyed, opens: false }, null, 2)}\n` : proofText(id, destroyed))
}

async function expire(circuits: Circuits, journal: Noting): Promise<void> {
  for (const circuit of circuits.list().filter(({ closes }) => closes + COLLECTED_WITHIN_MS <= Date.now())) {
    const by = { reason: 'expired', actor: osActor(userInfo().username) } as const
    process.stderr.write(proofText(circuit.id, destroyNoted(journal, circuits, circuit, by)))
  }
}

function proofText(id: string, { at, key, sha256 }: Destroyed): string {
  return `Circuit ${id} was destroyed on ${at}: its key (fingerprint ${key}), its list (SHA-256 ${sha256}) with the shared secret, and what was found. The access journal has it: chainon audit list --action link-circuit-destroy, chainon audit verify.\n`
}

async function hold(
  circuits: Circuits,
  { id, file, secretFile }: Extract<HashedCommand, { command: 'open' }>,
): Promise<HeldCircuit> {
  const { lines } = await readStep(process.stdin, DeclaredCircuit)
  const [declared] = lines
  if (!declared) throw new ChainonError('bug', 'nothing is declared')
  const { project, form, closes, least } = declared
  const secret = readSharedSecret(secretFile)
  const subjects = await readHashes(file, form)
  const told = { subjects: subjects.length, test_hash: testHash(form, secret) }
  if (subjects.length < least) return { kind: 'too-few', ...told }
  if (declared.dry_run) return { kind: 'dry-run', ...told }
  const given = { id, project, opened_at: new Date().toISOString(), closes }
  const { key, sha256 } = circuits.hold(given, { form, secret, least, subjects })
  return { kind: 'held', ...told, held: { key, sha256 } }
}

async function collect(circuits: Circuits, id: string): Promise<void> {
  const circuit = circuits.circuit(id)
  const { list, box } = circuits.open(circuit)
  const found = readMatches(circuits.folder(id), circuit, box)
  const ticket = () => randomBytes(TICKET_BYTES).toString('hex')
  const { tickets, matched, facts } = collectSubjects(circuit, list, found, { now: Date.now(), ticket })
  process.stderr.write(`collect: ${list.subjects.length} subjects\n`)
  writeFileSync(SUBJECTS_FD, linesOfStep(tickets, facts))
  await writeOut(linesOfStep(matched, {}))
}
