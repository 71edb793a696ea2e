/** The result of a load test, and its table. */
import { table } from '#core/terminal/table.ts'
import type { Floors } from './floors.ts'
import type { Freshness } from './freshness.ts'
import type { MemoryReport } from './memory.ts'

export interface Result {
  readonly command: string
  readonly date: string
  readonly machine: string
  readonly records: number
  readonly rejected_by_gateway: number
  readonly floors: Floors
  readonly stages: readonly {
    readonly stage: string
    readonly alone_per_second: number
    /** Up to this stage, with all stages at once. */
    readonly together_per_second: number
    readonly floor: 'produce' | 'consume' | 'insert'
  }[]
  readonly end_to_end_seconds: number
  /** At a steady rate below the capacity of the machine. */
  readonly steady: Freshness & { readonly records_per_second: number }
  readonly ledger: {
    readonly accepted: number
    readonly loaded: number
    readonly quarantined: number
    readonly rejected: number
    readonly in_flight: number
    readonly balanced: boolean
  }
  readonly tables: readonly {
    readonly feed: string
    readonly expected: number
    readonly rows: number
    readonly records: number
  }[]
  readonly processes: readonly MemoryReport[]
}

const n = (value: number) => value.toLocaleString('en')

export function render(result: Result): string {
  const { floors, ledger, steady } = result
  const floorOf = {
    produce: floors.produce_per_second,
    consume: floors.consume_per_second,
    insert: floors.insert_per_second,
  }
  const stages = result.stages.map((stage) => {
    const floor = floorOf[stage.floor]
    return [
      stage.stage,
      n(stage.alone_per_second),
      n(stage.together_per_second),
      `${n(floor)} (${stage.floor})`,
      (stage.alone_per_second / floor).toFixed(2),
    ]
  })
  return [
    `${result.date}  ${result.machine}`,
    result.command,
    '',
    `floors, records/s: produce ${n(floors.produce_per_second)}, consume ${n(floors.consume_per_second)}, insert ${n(floors.insert_per_second)}`,
    '',
    table(['stage', 'alone/s', 'together/s', 'floor/s', 'alone/floor'], stages),
    `end to end: ${n(result.records)} records in ${result.end_to_end_seconds} s`,
    `freshness at a steady ${n(steady.records_per_second)} records/s, from the gateway's receipt to queryable: p50 ${steady.p50_seconds} s, p95 ${steady.p95_seconds} s, p99 ${steady.p99_seconds} s (${n(steady.samples)} samples)`,
    `ledger: accepted ${n(ledger.accepted)} = loaded ${n(ledger.loaded)} + quarantined ${n(ledger.quarantined)} + rejected ${n(ledger.rejected)} + in flight ${n(ledger.in_flight)}: ${ledger.balanced ? 'balanced' : 'NOT balanced'}`,
    '',
    table(
      ['feed', 'expected', 'count()', 'uniqExact', ''],
      result.tables.map((one) => [
        one.feed,
        n(one.expected),
        n(one.rows),
        n(one.records),
        one.rows === one.expected && one.records === one.expected ? 'equal' : 'DIFFERENT',
      ]),
    ),
    table(
      ['process', 'peak MB', '2nd quarter MB', 'last quarter MB', 'CPU s'],
      result.processes.map((one) => [
        one.name,
        n(one.peak_mb),
        n(one.second_quarter_mb),
        n(one.last_quarter_mb),
        n(one.cpu_seconds),
      ]),
    ),
  ].join('\n')
}
