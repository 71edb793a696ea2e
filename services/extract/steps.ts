/** The steps that a project names against small cells: which column each loses or makes coarser. Pure. */
import { survivingFields } from '#core/contract/avro-schemas.ts'
import { type Decisions, identifierOf } from '#core/contract/potential-identifiers.ts'
import type { Place } from '#core/schema/place.ts'
import { coarserLevels } from './coarser.ts'
import type { Lost } from './columns.ts'
import type { ContractsByFeed } from './criteria.ts'
import type { SmallCellsPolicy } from './project-schema.ts'

export type Step = NonNullable<SmallCellsPolicy['steps']>[number]

/** @returns `feed.column` of the step */
export const columnOf = ({ coarsen, drop }: Step): string => coarsen ?? drop ?? ''

/** @returns what the steps take from the columns of a feed */
export function lostBy(steps: readonly Step[], feed: string): Lost {
  const without = new Set<string>()
  const coarser = new Map<string, number>()
  for (const step of steps) {
    const [of, column = ''] = columnOf(step).split('.')
    if (of !== feed) continue
    if (step.drop !== undefined) without.add(column)
    else coarser.set(column, (coarser.get(column) ?? 0) + 1)
  }
  return { without, coarser }
}

/** Reports columns that the project has not, and steps that nothing is left to do for. */
export function checkSteps(
  policy: SmallCellsPolicy,
  tables: readonly { readonly feed: string; readonly columns: readonly string[] }[],
  decisions: Decisions,
  contracts: ContractsByFeed,
  place: Place,
): void {
  const has = (name: string) => {
    const [feed, column = ''] = name.split('.')
    return column !== 'person_id' && tables.some((table) => table.feed === feed && table.columns.includes(column))
  }
  const lacking = (name: string, at: Place) => {
    if (has(name)) return false
    at.say('must be a column that a table of the project lists, feed.column')
    return true
  }
  for (const [index, name] of (policy.known ?? []).entries()) lacking(name, place.key('known').item(index))
  const done: Step[] = []
  for (const [index, step] of (policy.steps ?? []).entries()) {
    const name = columnOf(step)
    const at = place
      .key('steps')
      .item(index)
      .key(step.drop === undefined ? 'coarsen' : 'drop')
    if (lacking(name, at)) continue
    const [feed = '', column = ''] = name.split('.')
    const before = lostBy(done, feed)
    if (before.without.has(column)) at.say('is left out by a step before it')
    else if (step.coarsen !== undefined) {
      const left = levelsLeft(column, decisions, contracts.get(feed)) - (before.coarser.get(column) ?? 0)
      if (left <= 0) at.say('cannot be made coarser: drop it')
    }
    done.push(step)
  }
}

function levelsLeft(column: string, decisions: Decisions, contract: ReturnType<ContractsByFeed['get']>): number {
  const field = contract && survivingFields(contract).find(({ as }) => as === column)
  const identifier = field && identifierOf(field)
  if (!field || !identifier || identifier === 'uncovered') return 0
  const decision = decisions[identifier]
  return decision === 'keep' || decision === 'truncate' ? coarserLevels(field, identifier, decision).length : 0
}
