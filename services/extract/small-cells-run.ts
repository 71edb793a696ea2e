/** A decision on small cells across the runs of a project: what earlier runs decided, and what the finished tables show. */
import { join } from 'node:path'
import { ChainonError } from '#core/faults/errors.ts'
import { builtSources } from './cells.ts'
import { type Difference, differenceOf } from './difference.ts'
import { runsOf } from './folders.ts'
import { type Manifest, readManifest } from './manifest.ts'
import type { SmallCellsPolicy } from './project-schema.ts'
import { type Measured, measureCells, type SmallCellsDecision, type Space } from './small-cells-decision.ts'
import type { Workspace } from './workspace.ts'

export interface SmallCellsFound {
  readonly after: Measured
  readonly difference: Difference | undefined
  /** The run before and this one together have a small cell, and the project does not accept that. */
  readonly isRefused: boolean
}

/**
 * @returns how many steps the runs of the project with the same policy took at most. A column that one run leaves out must not be in the next: both
 *   have the same pseudonyms
 */
export function earlierSteps(projectDir: string, policy: SmallCellsPolicy): number {
  const taken = runsOf(projectDir).map((run) => {
    const read = readManifest(join(projectDir, run))
    const decided = 'manifest' in read ? read.manifest.small_cells : undefined
    return decided && essence(decided.policy) === essence(policy) ? decided.steps.length : 0
  })
  return Math.max(0, ...taken)
}

/** What the steps depend on; not the order of the keys. */
function essence({ k, known = [], steps = [], suppress_up_to: share = 0 }: SmallCellsPolicy): string {
  return JSON.stringify([k, known, steps.map(({ coarsen, drop }) => [coarsen, drop]), share])
}

/**
 * @param before the run of the project's database, if there is one
 * @throws ChainonError dependency-unavailable when a small cell is left: records were loaded after it was decided
 */
export async function foundIn(
  space: Space,
  { plans, policy }: SmallCellsDecision,
  { building, project }: Workspace,
  projectDir: string,
  before: string | undefined,
): Promise<SmallCellsFound> {
  const after = await measureCells(space, builtSources(plans, building, policy.known), policy.k)
  if (after.persons > 0)
    throw new ChainonError(
      'dependency-unavailable',
      'the finished tables have small cells, because records were loaded during the build; run it again',
    )
  const earlier = before === undefined ? undefined : { run: before, directory: join(projectDir, before) }
  const difference = earlier && (await differenceOf(space, plans, { before: project, building }, earlier, policy))
  return {
    after,
    difference,
    isRefused: policy.difference !== 'tell' && difference !== undefined && difference.persons > 0,
  }
}

export function manifestOfDecision(
  { before, persons, policy, steps, suppressedPersons }: SmallCellsDecision,
  { after, difference }: SmallCellsFound,
): NonNullable<Manifest['small_cells']> {
  return {
    policy,
    persons,
    before,
    steps: steps.map(({ because, persons: left, step: { coarsen, drop } }) => ({
      step: coarsen === undefined ? { drop: drop ?? '' } : { coarsen },
      because,
      persons: left,
    })),
    suppressed_persons: suppressedPersons,
    after,
    ...(difference && { difference }),
  }
}
