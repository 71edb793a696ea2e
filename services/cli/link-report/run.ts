/** `chainon link report`: lets the linker count its index, asks the warehouse for counts, and writes the report. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CLICKHOUSE_KEYS, clickhouseClient, rejectedLogin } from '#core/clickhouse/client.ts'
import { readConfig } from '#core/config/read.ts'
import { loadContracts } from '#core/contract/load.ts'
import { ChainonError, ConfigurationError } from '#core/faults/errors.ts'
import { drawnOf, falseLinks } from '#core/linkage/review/false-links.ts'
import { reviewLog } from '#core/linkage/review/review-log.ts'
import { ReviewQueueSchema } from '#core/linkage/review/review-queue.ts'
import { standings } from '#core/linkage/review/standing.ts'
import { type Survey, SurveySchema } from '#core/linkage/survey.ts'
import { complete } from '#core/schema/complete.ts'
import { VERSION } from '#core/version.ts'
import { resolveEnvironment } from '../environment.ts'
import { actor } from '../journal.ts'
import { reportPage } from './page.ts'
import { linkReport } from './report.ts'
import { readWarehouse, type Scope } from './warehouse.ts'

const PRODUCER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** Where reports are, in the data folder: an extraction takes the latest of the installation from here. */
const FOLDER = 'linkage-reports'

/** @param inspect runs the linker's reading of its index @throws ChainonError when the options are wrong or a dependency failed */
export async function report(
  env: NodeJS.ProcessEnv,
  a: string | undefined,
  b: string | undefined,
  options: { readonly json?: true; readonly sample?: number; readonly dataDir?: string },
  inspect: Inspect,
): Promise<void> {
  const { dataDir, json, sample } = options
  const environment = resolveEnvironment(env, dataDir === undefined ? {} : { dataDir })
  const config = readConfig('link', [...CLICKHOUSE_KEYS, 'CHAINON_FEEDS_DIR', 'CHAINON_DATA_DIR'], environment)
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR).filter(({ linked }) => linked)
  const scope = scopeOf(
    contracts.map(({ feed }) => feed),
    a,
    b,
  )
  const line = [
    'survey',
    ...(scope.kind === 'feeds' ? scope.pair : []),
    ...(sample === undefined ? [] : ['--sample', String(sample)]),
  ]
  const text = await outputOf(inspect, line)
  // It has said why.
  if (text === undefined) return
  const counted = surveyOf(text)
  const clerical = await clericalOf(inspect, config.CHAINON_DATA_DIR, scope, sample)
  if (!clerical) return
  const clickhouse = clickhouseClient('link', config)
  try {
    const warehouse = await readWarehouse(clickhouse, contracts, scope).catch((error: unknown) => {
      throw (
        rejectedLogin(error) ??
        new ChainonError('dependency-unavailable', 'ClickHouse is unreachable, or `chainon up` has not run yet', {
          cause: error,
        })
      )
    })
    const made = { at: new Date().toISOString(), by: actor(), chainon: VERSION }
    const document = linkReport(counted, warehouse, clerical, scope, made)
    if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
    else write(join(config.CHAINON_DATA_DIR, FOLDER), scope, document)
  } finally {
    await clickhouse.close()
  }
}

type Inspect = (line: readonly string[], onOutput: (bytes: Buffer) => void) => Promise<number>

/** @returns undefined when it failed; it has said why */
async function outputOf(inspect: Inspect, line: readonly string[]): Promise<string | undefined> {
  const chunks: Buffer[] = []
  return (await inspect(line, (bytes) => chunks.push(bytes))) === 0 ? Buffer.concat(chunks).toString() : undefined
}

/** @returns the share of false links by the verdicts on a clerical sample, or why there is none; undefined when the linker failed */
async function clericalOf(inspect: Inspect, data: string, { kind }: Scope, sample: number | undefined) {
  const none = { not_available: 'no sample of links was reviewed by people (chainon link review --clerical)' }
  if (kind !== 'installation') return { not_available: 'the clerical sample is of the whole installation' }
  const entries = reviewLog(data).read()
  const drawn = drawnOf(entries)
  if (drawn.size === 0) return none
  const text = await outputOf(inspect, [
    'review',
    ...['--clerical', '0'],
    ...(sample === undefined ? [] : ['--sample', String(sample)]),
  ])
  if (text === undefined) return undefined
  const queue = complete(ReviewQueueSchema, JSON.parse(text))
  if (!queue) throw new ChainonError('bug', 'the clerical sample of the linker has not its form')
  return falseLinks(queue.strata, standings(entries), drawn) ?? none
}

function scopeOf(feeds: readonly string[], a: string | undefined, b: string | undefined): Scope {
  if (a === undefined || b === undefined) {
    if (a === undefined) return { kind: 'installation' }
    throw new ConfigurationError('The arguments are wrong', ['name two feeds or two producers, or none'])
  }
  const isFeed = [a, b].map((one) => feeds.includes(one))
  if (isFeed.every(Boolean)) return { kind: 'feeds', pair: [a, b] }
  if (isFeed.some(Boolean) || a === b || ![a, b].every((one) => PRODUCER.test(one)))
    throw new ConfigurationError('The arguments are wrong', [
      `two linked feeds (${feeds.join(', ')}), or two different producers`,
    ])
  return { kind: 'producers', pair: [a, b] }
}

function surveyOf(text: string): Survey {
  const survey = complete(SurveySchema, JSON.parse(text))
  if (!survey) throw new ChainonError('bug', 'the survey of the linker has not its form')
  return survey
}

/** Mode 0600: it names feeds and producers, and who made it. */
function write(folder: string, scope: Scope, made: ReturnType<typeof linkReport>): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const of = scope.kind === 'installation' ? '' : `-${scope.pair.join('-')}`
  const stem = join(folder, `${made.made.at.replaceAll(/[-:]|\.\d+/g, '')}${of}`)
  for (const [file, text] of [
    [`${stem}.json`, `${JSON.stringify(made, null, 2)}\n`],
    [`${stem}.html`, reportPage(made)],
  ] as const) {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    process.stdout.write(`${file}\n`)
  }
}
