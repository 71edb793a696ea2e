/**
 * The last step of `chainon link external`: decides which subjects are which persons, and keeps the correspondence; lists, opens and destroys correspondences. In the direct circuit it reads subjects by ticket from
 * file descriptor 3 and their patients from stdin, and says `ready` to who launched it when the access journal has its entry: nothing is compared before. Exits with 0 done, 1 a finding (too few), 2 usage, 70 a bug, 75 a
 * dependency failed or it was interrupted, 78 configuration.
 */
import { createReadStream, statSync } from 'node:fs'
import { secretsDir } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { ChainonError, ConfigurationError, describeUnreachable, exitStatus } from '#core/faults/errors.ts'
import type { CommandJournal } from '#core/journal/command-journal.ts'
import { NamedSubject, readStep, TicketedSubject } from '#core/linkage/external.ts'
import { safeError } from '#core/telemetry/logger.ts'
import { VERSION } from '#core/version.ts'
import { type ExtractConfig, extractConfig } from '../config.ts'
import { type ProjectFile, parseProjectFile, readProjectFile } from '../project-file.ts'
import { projectSecret } from '../project-secret.ts'
import { openWarehouse } from '../warehouse.ts'
import { type ExternalCommand, type LinkCommand, readExternalArguments, USAGE } from './arguments.ts'
import type { ExternalLinkagePlan } from './criteria.ts'
import { assertOpenedFor, declareCircuit, planOf } from './declare.ts'
import { destroyExpired, destroyNoted, linkEnded, linkEvent, openEvent, openJournal, who } from './journal.ts'
import { type Cohort, linkCohort } from './link-cohort.ts'
import { listText, outcomeJson, outcomeText, tooFew } from './output.ts'
import { readCriteria } from './read-criteria.ts'
import { type Correspondences, correspondences } from './store.ts'

const USAGE_STATUS = 2
const FINDING_STATUS = 1
const INTERRUPTED_STATUS = 75
const SUBJECTS_FD = 3
const DAY_MS = 86_400_000

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())

process.exitCode = await run(readExternalArguments(process.argv.slice(2))).catch(failed)
if (process.connected) process.disconnect()

async function run(command: ExternalCommand | undefined): Promise<number> {
  if (!command) {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  const config = extractConfig(process.env)
  const secrets = secretsDir('extract', config)
  const store = correspondences(config.CHAINON_DATA_DIR, secrets, await openSecretBox(config, secrets))
  const journal = openJournal(config)
  try {
    store.sweep()
    // Whoever asks for an expired one is told so, and it is gone.
    const expired = destroyExpired(journal, store)
    for (const id of expired) process.stderr.write(`correspondence ${id} has expired: it is destroyed\n`)
    switch (command.command) {
      case 'link':
        return await link(command, config, store, journal)
      case 'declare': {
        const { status, text } = await declareCircuit(command, config, journal)
        ;(status === 0 ? process.stdout : process.stderr).write(text)
        return status
      }
      case 'list':
        print(command.json ? store.list() : listText(store.list()))
        return 0
      case 'expire':
        print(command.json ? { destroyed: expired } : `${expired.length} destroyed\n`)
        return 0
      case 'open': {
        const circuit = store.circuit(command.id)
        print(await journal.guard(openEvent(circuit), async () => store.open(command.id, Date.now())))
        return 0
      }
      case 'destroy': {
        const { id } = store.circuit(command.id)
        const destroyed = destroyNoted(journal, store, store.circuit(id), 'asked')
        const proof = { id, ...destroyed, opens: false }
        print(
          command.json
            ? proof
            : `Correspondence ${id} was destroyed on ${destroyed.at}: its key (fingerprint ${destroyed.key}) and its file (SHA-256 ${destroyed.sha256}). The access journal has it: chainon audit list --action link-external-destroy, chainon audit verify.\n`,
        )
        return 0
      }
    }
  } finally {
    await journal.close()
  }
}

async function link(
  command: LinkCommand,
  config: ExtractConfig,
  store: Correspondences,
  journal: CommandJournal,
): Promise<number> {
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const now = new Date()
  const project = parseProjectFile(readProjectFile(command.project), contracts, now.toISOString().slice(0, 10))
  const plan = planOf(project, command.circuit)
  if (command.circuit === 'hashed' && store.list().some(({ id }) => id === command.id))
    throw new ConfigurationError('The circuit is not collected', [
      `it was already: \`chainon link external --abandon ${command.id}\` destroys what deidentify still has of it`,
    ])
  const expires = Math.min(
    now.getTime() + command.days * DAY_MS,
    Date.parse(`${project.retentionUntil}T00:00:00Z`) + DAY_MS,
  )
  const warehouse = openWarehouse(config)
  try {
    const context = {
      ...{ warehouse, store, dataDir: config.CHAINON_DATA_DIR, signal: interrupt.signal },
      contracts: new Map(contracts.map((contract) => [contract.feed, contract])),
      secret: () => projectSecret(config, project.id, warehouse),
      progress: (step: string) => process.stderr.write(`${step}\n`),
    }
    const made = { at: now.toISOString(), by: who(), chainon: VERSION }
    const begun = linkEvent({ id: command.id, project, dryRun: command.dryRun }, command.circuit)
    const outcome = await journal.guard(
      begun,
      async () => {
        const cohort = await cohortOf(command, plan, project)
        return linkCohort(context, { id: command.id, project, cohort, dryRun: command.dryRun, expires, made })
      },
      (ended) => linkEnded(begun, ended),
    )
    if (outcome.kind === 'too-few') {
      process.stderr.write(tooFew(project.minCohort, command.circuit))
      return FINDING_STATUS
    }
    const folder = outcome.circuit && store.folder(outcome.circuit.id)
    print(command.json ? outcomeJson(outcome, folder) : outcomeText(outcome, folder))
    return 0
  } finally {
    await warehouse.close()
  }
}

async function cohortOf(
  { file, circuit, threshold }: LinkCommand,
  plan: ExternalLinkagePlan,
  project: ProjectFile,
): Promise<Cohort> {
  if (circuit === 'indirect') {
    if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile())
      throw new ConfigurationError('The file of the cohort is not taken', ['it is not there, or is no file'])
    const read = await readCriteria(file, plan.criteria)
    if (read.criteria.length < plan.atLeast)
      throw new ConfigurationError('The file of the cohort is not taken', [
        `it has ${read.criteria.length} of the criteria, and the project file wants at least ${plan.atLeast} (at_least)`,
      ])
    return { kind: 'indirect', file: read, atLeast: plan.atLeast }
  }
  process.send?.('ready')
  const { lines: tickets, facts } = await readStep(createReadStream('', { fd: SUBJECTS_FD }), TicketedSubject)
  if (circuit === 'hashed') {
    assertOpenedFor(project, facts)
    return { kind: 'hashed', tickets, facts, matches: () => readStep(process.stdin, NamedSubject) }
  }
  return { kind: 'direct', tickets, facts, matches: () => readStep(process.stdin, NamedSubject), threshold }
}

function print(result: string | object): void {
  process.stdout.write(typeof result === 'string' ? result : `${JSON.stringify(result, null, 2)}\n`)
}

function failed(error: unknown): number {
  if (interrupt.signal.aborted) {
    process.stderr.write('chainon: interrupted; no correspondence was kept\n')
    return INTERRUPTED_STATUS
  }
  const text =
    error instanceof ChainonError
      ? error.message
      : (describeUnreachable(error) ?? `an error of Chainon itself ${JSON.stringify(safeError(error))}`)
  process.stderr.write(`chainon: ${text}\n`)
  return exitStatus(error)
}
