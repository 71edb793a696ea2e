/** A circuit of hashed identifiers, as the project's file declares it: `deidentify` is told, and takes the list into its custody. */
import { closeSync, writeFileSync } from 'node:fs'
import { loadContracts } from '#core/contract/load.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import type { CommandJournal } from '#core/journal/command-journal.ts'
import { type Facts, linesOfStep, readStep } from '#core/linkage/external.ts'
import { type DeclaredCircuit, HeldCircuit } from '#core/linkage/hashed.ts'
import type { ExtractConfig } from '../config.ts'
import { type ProjectFile, parseProjectFile, readProjectFile } from '../project-file.ts'
import type { Circuit } from '../project-schema.ts'
import type { DeclareCommand } from './arguments.ts'
import type { ExternalLinkagePlan, HashedPlan } from './criteria.ts'
import { declareEnded, declareEvent } from './journal.ts'
import { heldText, tooFew } from './output.ts'

const FINDING_STATUS = 1
const DAY_MS = 86_400_000
const MOST_DAYS = 366
/** The pipe of what is declared. */
const DECLARED_FD = 3

/** @throws ConfigurationError when the reviewed file does not allow it */
export function planOf({ externalLinkage: plan }: ProjectFile, circuit: Circuit): ExternalLinkagePlan {
  if (!plan?.circuits.includes(circuit))
    throw new ConfigurationError('The cohort is not linked', [
      `the project file does not declare it: external_linkage, circuits: [${circuit}] (services/extract/README.md)`,
    ])
  return plan
}

/**
 * @param now milliseconds since 1970
 * @returns when nothing is compared any more, milliseconds since 1970: the end of the last day, UTC
 * @throws ConfigurationError when the day is past, far, or after the project's retention
 */
export function closesAt({ openUntil }: Pick<HashedPlan, 'openUntil'>, retentionUntil: string, now: number): number {
  const closes = Date.parse(`${openUntil}T00:00:00Z`) + DAY_MS
  const problem =
    closes <= now
      ? 'is past'
      : closes > now + MOST_DAYS * DAY_MS
        ? `is more than ${MOST_DAYS} days away`
        : openUntil > retentionUntil
          ? 'is after retention_until'
          : undefined
  if (problem)
    throw new ConfigurationError('The circuit is not opened', [`external_linkage, hashed, open_until: ${problem}`])
  return closes
}

/** @param facts of `deidentify` about the circuit @throws ConfigurationError when it was opened for another project, or to be told from another number of subjects on */
export function assertOpenedFor({ id, minCohort }: Pick<ProjectFile, 'id' | 'minCohort'>, facts: Facts): void {
  const problems = [
    ...(facts.project === id ? [] : ['it was opened for another project']),
    // With one threshold after another somebody would count what is not told.
    ...(facts.least === minCohort ? [] : ['it was opened with another min_cohort']),
  ]
  if (problems.length > 0) throw new ConfigurationError('The circuit is not collected', problems)
}

/** Writes what is declared to file descriptor 3, says `ready` to who launched it, and reads from stdin what `deidentify` holds then. */
export async function declareCircuit(
  command: DeclareCommand,
  config: ExtractConfig,
  journal: Pick<CommandJournal, 'guard'>,
): Promise<{ readonly status: number; readonly text: string }> {
  const { id, dryRun } = command
  const now = new Date()
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const project = parseProjectFile(readProjectFile(command.project), contracts, now.toISOString().slice(0, 10))
  const { hashed } = planOf(project, 'hashed')
  if (!hashed) throw new ChainonError('bug', 'a circuit is declared without its form')
  const declared: DeclaredCircuit = {
    ...{ project: project.id, form: hashed.form, least: project.minCohort, dry_run: dryRun },
    closes: closesAt(hashed, project.retentionUntil, now.getTime()),
  }
  const begun = declareEvent(id, project.id, hashed.openUntil, dryRun)
  const held = await journal.guard(
    begun,
    async () => {
      writeFileSync(DECLARED_FD, linesOfStep([declared], {}))
      closeSync(DECLARED_FD)
      process.send?.('ready')
      const { lines } = await readStep(process.stdin, HeldCircuit)
      const [one] = lines
      if (!one) throw new ChainonError('bug', 'deidentify does not say what it holds')
      return one
    },
    (ended) => declareEnded(begun, ended),
  )
  if (held.kind === 'too-few') return { status: FINDING_STATUS, text: tooFew(project.minCohort, 'hashed') }
  if (!command.json) return { status: 0, text: heldText(id, held, hashed) }
  return { status: 0, text: `${JSON.stringify({ id, open_until: hashed.openUntil, ...held }, null, 2)}\n` }
}
