/** What is left of a field, as far as leaks are concerned: how fine it is, and which of the potential identifiers it belongs to. */
import { isReadable } from './actions.ts'
import { identifierOf, type PotentialIdentifier } from './potential-identifiers.ts'
import type { FeedContract, FieldContract } from './types.ts'

export interface LeakColumn {
  readonly contract: FeedContract
  readonly field: FieldContract
  /** `feed.field`, by the names of the contracts. */
  readonly id: string
  readonly identifier: PotentialIdentifier | undefined
  /** Whether anything of it can be read. */
  readonly readable: boolean
  readonly shifted: boolean
  /** Days between two values that can be told apart; 1 also for a time, infinite where nothing is left. */
  readonly grain: number
}

const YEAR = 366
const GRAINS = { day: 1, month: 31, quarter: 92, year: YEAR } as const

export function leakColumns(contracts: readonly FeedContract[]): readonly LeakColumn[] {
  return contracts.flatMap((contract) =>
    contract.fields.map((field) => {
      const identifier = identifierOf(field)
      return {
        contract,
        field,
        id: `${contract.feed}.${field.name}`,
        identifier: identifier === 'uncovered' ? undefined : identifier,
        readable: isReadable(field),
        shifted: field.privacy.action === 'shift',
        grain: grainOf(field),
      }
    }),
  )
}

function grainOf(field: FieldContract): number {
  const { privacy } = field
  if (!isReadable(field)) return Number.POSITIVE_INFINITY
  if (privacy.action === 'truncate') return GRAINS[privacy.to]
  if (privacy.action !== 'generalise') return GRAINS.day
  const { edges = [] } = privacy
  const widths = edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0))
  return privacy.to === 'age_band' ? Math.min(...widths, 90) * YEAR : YEAR
}

export function isTime({ kind }: FieldContract): boolean {
  return kind === 'date' || kind === 'timestamp'
}

export function isNumber({ kind }: FieldContract): boolean {
  return kind === 'integer' || kind === 'long' || kind === 'double'
}
