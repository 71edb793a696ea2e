/** A one-off linkage of a project's cohort from start to end. Read `linkCohort` from top to bottom: it is the order of the steps. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Facts, NamedSubject, TicketedSubject } from '#core/linkage/external.ts'
import type { ContractsByFeed } from '../criteria.ts'
import { lockProject, projectsDir } from '../folders.ts'
import { assertSameKey, keyOfTables } from '../key-in-force.ts'
import type { ProjectFile } from '../project-file.ts'
import { projectPseudonyms } from '../pseudonyms.ts'
import type { Warehouse } from '../warehouse.ts'
import { createDatabase, dropDatabase, recover, workspaceOf } from '../workspace.ts'
import type { Criterion } from './criteria.ts'
import { decideDirect, decideHashed } from './decide.ts'
import { personsOfCandidates } from './direct.ts'
import { linkIndirectly } from './indirect.ts'
import { pageOf } from './page.ts'
import type { CriteriaFile } from './read-criteria.ts'
import { completenessOf, type ExternalReport, type Reported, reportOf } from './report.ts'
import type { Circuit, Correspondences } from './store.ts'

export type Cohort =
  | {
      readonly kind: 'direct'
      readonly tickets: readonly TicketedSubject[]
      /** Of the step that has encoded. */
      readonly facts: Facts
      /** Waits for the linker. */
      readonly matches: () => Promise<{ readonly lines: readonly NamedSubject[]; readonly facts: Facts }>
      readonly threshold: number
    }
  | {
      readonly kind: 'hashed'
      readonly tickets: readonly TicketedSubject[]
      /** Of `deidentify`: the window of the circuit. */
      readonly facts: Facts
      readonly matches: () => Promise<{ readonly lines: readonly NamedSubject[] }>
    }
  | { readonly kind: 'indirect'; readonly file: CriteriaFile; readonly atLeast: number }

export interface LinkRequest {
  /** CIRCUIT_ID */
  readonly id: string
  readonly project: ProjectFile
  readonly cohort: Cohort
  readonly dryRun: boolean
  /** Milliseconds since 1970. */
  readonly expires: number
  readonly made: ExternalReport['made']
}

export interface LinkContext {
  readonly warehouse: Warehouse
  readonly contracts: ContractsByFeed
  readonly dataDir: string
  readonly store: Correspondences
  readonly secret: () => Promise<Buffer>
  readonly progress: (step: string) => void
  readonly signal: AbortSignal
}

export interface LinkOutcome {
  /** `too-few`: of the file, or of the links. Nothing is kept of them, and nothing more is told. */
  readonly kind: 'kept' | 'dry-run' | 'too-few'
  readonly subjects: number
  readonly linked: number
  readonly report?: ExternalReport
  readonly circuit?: Circuit
}

/** @throws ChainonError when ClickHouse fails, or the project is extracted or linked already; nothing is kept then */
export async function linkCohort(context: LinkContext, request: LinkRequest): Promise<LinkOutcome> {
  const { warehouse, store } = context
  const { project, cohort } = request
  const subjects = cohort.kind === 'indirect' ? cohort.file.subjects.length : cohort.tickets.length
  if (subjects < project.minCohort) return { kind: 'too-few', subjects, linked: 0 }
  const lock = lockProject(join(projectsDir(context.dataDir), project.id))
  const { work } = workspaceOf(project.id, Date.now())
  try {
    await recover(warehouse, project.id)
    const keyAtStart = await keyOfTables(warehouse.keys)
    await createDatabase(warehouse, work, request.id)
    const { subjectOf, ...found } = await compare(context, request, work)
    await assertSameKey(warehouse.keys, keyAtStart)
    context.signal.throwIfAborted()
    const linked = found.decided.linked.length
    if (linked < project.minCohort && !request.dryRun) return { kind: 'too-few', subjects, linked }
    const expires = request.dryRun ? null : new Date(request.expires).toISOString()
    const report = reportOf({
      ...{ id: request.id, project: project.id, circuit: cohort.kind, made: request.made, expires, subjects },
      ...found,
    })
    if (request.dryRun) return { kind: 'dry-run', subjects, linked, report }
    const pseudonyms = projectPseudonyms(await context.secret())
    const rows = found.decided.linked.map(({ ticket, person }) => ({
      subject: subjectOf(ticket),
      person: pseudonyms.replace('person', person),
    }))
    const circuit = store.keep(
      { id: request.id, project: project.id, circuit: cohort.kind, made_at: request.made.at, expires: request.expires },
      rows,
      new Map([
        ['report.json', `${JSON.stringify(report, null, 2)}\n`],
        ['report.html', pageOf(report)],
      ]),
    )
    return { kind: 'kept', subjects, linked, report, circuit }
  } finally {
    await Promise.allSettled([dropDatabase(warehouse, work)])
    lock.release()
  }
}

interface Compared
  extends Pick<Reported, 'comparedWith' | 'completeness' | 'decided' | 'steps' | 'threshold' | 'window'> {
  readonly subjectOf: (ticket: string) => string
}

async function compare(context: LinkContext, { cohort, project }: LinkRequest, work: string): Promise<Compared> {
  if (cohort.kind === 'direct') {
    const { lines, facts } = await cohort.matches()
    const subjects = await personsOfCandidates(context.warehouse, work, project.persons, lines)
    return {
      comparedWith: { what: 'records that the linker knows', count: Number(facts.records ?? 0) },
      completeness: completenessOf(cohort.facts),
      decided: decideDirect(subjects, cohort.threshold),
      threshold: cohort.threshold,
      subjectOf: subjectsOf(cohort.tickets),
    }
  }
  if (cohort.kind === 'hashed') {
    const { lines } = await cohort.matches()
    const subjects = await personsOfCandidates(context.warehouse, work, project.persons, lines)
    return {
      comparedWith: {
        what: 'records that passed while the circuit was open',
        count: Number(cohort.facts.compared ?? 0),
      },
      completeness: [],
      decided: decideHashed(subjects),
      window: cohort.facts,
      subjectOf: subjectsOf(cohort.tickets),
    }
  }
  const { criteria, subjects } = cohort.file
  const tickets = subjects.map((one) => ({ ticket: randomBytes(16).toString('hex'), ...one }))
  const atLeast = Math.min(cohort.atLeast, criteria.length)
  const { steps, persons, ...decided } = await linkIndirectly(
    { ...context, persons: project.persons, work },
    criteria,
    tickets,
    atLeast,
  )
  const present = (at: number) => subjects.filter(({ values }) => (values[at]?.length ?? 0) > 0).length
  return {
    comparedWith: { what: 'persons of the warehouse with a record in a compared feed', count: persons },
    completeness: criteria.map(({ name }: Criterion, at) => ({ name, present: present(at) })),
    decided,
    steps,
    subjectOf: subjectsOf(tickets),
  }
}

function subjectsOf(tickets: readonly TicketedSubject[]): (ticket: string) => string {
  const known = new Map(tickets.map(({ ticket, subject }) => [ticket, subject]))
  return (ticket) => {
    const subject = known.get(ticket)
    if (subject === undefined) throw new RangeError('a ticket of another run')
    return subject
  }
}
