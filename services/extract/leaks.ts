/** Columns of a project that undo its decisions: the rules of the contracts (`core/contract/leaks.ts`), after the project's own decisions. */
import { survives } from '#core/contract/actions.ts'
import { findLeaks, type Leak } from '#core/contract/leaks.ts'
import { identifierOf } from '#core/contract/potential-identifiers.ts'
import type { FeedContract, FieldContract } from '#core/contract/types.ts'
import type { ContractsByFeed } from './criteria.ts'
import type { ProjectFile } from './project-file.ts'

/**
 * What a contract accepts counts for the warehouse, whose readers know it; a project says by its decisions what must not be known.
 *
 * @returns the leaks, by the names of the contracts' fields
 */
export function leaksOf(project: ProjectFile, contracts: ContractsByFeed): readonly Leak[] {
  const listed = new Map(project.tables.map(({ columns, feed }) => [feed, new Set(columns)]))
  return findLeaks(
    [...contracts.values()].map(
      (contract): FeedContract => ({
        ...contract,
        acceptedLeaks: [],
        fields: contract.fields.flatMap((field) =>
          decided(project, field, listed.get(contract.feed)?.has(field.as) === true),
        ),
      }),
    ),
  )
}

/** @returns the field as the project has it, or would have it; also one that it hides; none that it neither has nor hides */
function decided({ decisions }: ProjectFile, field: FieldContract, isListed: boolean): readonly FieldContract[] {
  const identifier = identifierOf(field)
  const decision = identifier === undefined || identifier === 'uncovered' ? 'keep' : decisions[identifier]
  const hidden: FieldContract = { ...field, privacy: { class: field.privacy.class, action: 'drop' } }
  if (decision === 'drop') return [hidden]
  if (!isListed && (decision === 'keep' || !survives(field))) return decision === 'keep' ? [] : [hidden]
  const isCut = field.privacy.action !== 'generalise' && (field.kind === 'date' || field.kind === 'timestamp')
  if (decision === 'keep' || !isCut) return [field]
  if (decision === 'shift') return [{ ...field, privacy: { class: field.privacy.class, action: 'shift' } }]
  const to = identifier === 'birth_year_month' ? 'year' : 'month'
  return [{ ...field, privacy: { class: field.privacy.class, action: 'truncate', to } }]
}
