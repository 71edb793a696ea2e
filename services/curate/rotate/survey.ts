/** What a rotation would change, and what it leaves as it is: read only. */
import { membersOf, topicExtent, withAdmin } from '#core/kafka/offsets.ts'
import { lineageOf } from './lineage.ts'
import { columnsOf, type RotationDependencies, readVersions } from './rotation.ts'
import { factsOf, numbersOf, storedTables, type TableFacts, withRows } from './tables.ts'
import { unknownPseudonyms } from './unknown.ts'

export interface Survey {
  readonly from: number
  readonly to: number
  readonly phase: 'none' | 'prepared' | 'begun' | 'switching'
  readonly tables: readonly TableFacts[]
  /** Messages of the kept log that are read. */
  readonly messages: number
  /** Processes of `curate` that end by themselves when it begins. */
  readonly workers: number
  /** Projects of which the next extraction has other pseudonyms. */
  readonly projects: readonly string[]
  /** What would stop it. */
  readonly problems: readonly string[]
}

const PROJECT = /^extract\/project-(.+)\.key$/

export async function survey(dependencies: RotationDependencies): Promise<Survey> {
  const { clickhouse, kafka, namespace, feeds, register } = dependencies
  const { inForce, next, open } = await readVersions(dependencies)
  const lineage = lineageOf(feeds.map(({ contract }) => contract))
  const stored = await storedTables(clickhouse)
  const tables: TableFacts[] = []
  for (const table of await withRows(clickhouse, lineage)) {
    const numbers = await numbersOf(clickhouse, table, table.table, columnsOf(stored, table), Date.now())
    tables.push(factsOf(table, numbers))
  }
  const [messages, workers] = await withAdmin(kafka, async (admin) => {
    let read = 0
    for (const { topic } of feeds)
      for (const { low, high } of await topicExtent(admin, topic)) read += Number(high - low)
    return [read, await membersOf(admin, `${namespace}curate`)]
  })
  const names = [...(await register.read()).keys()]
  return {
    from: inForce,
    to: open?.version ?? next,
    phase: open?.phase ?? 'none',
    tables,
    messages,
    workers,
    projects: names.flatMap((name) => PROJECT.exec(name)?.[1] ?? []).toSorted(),
    problems: await unknownPseudonyms(clickhouse, lineage, false),
  }
}
