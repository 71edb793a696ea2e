/**
 * Builds, checks and lists projects. A command, not a server: it exits with 0 done, 1 a finding (a cohort too small,
 * files that differ), 2 usage, 70 a bug, 75 ClickHouse failed, another extraction runs or the run was interrupted, 78 configuration.
 */
import { statSync } from 'node:fs'
import { loadContracts } from '#core/contract/load.ts'
import { ChainonError, exitStatus } from '#core/faults/errors.ts'
import { safeError } from '#core/telemetry/logger.ts'
import { table } from '#core/terminal/table.ts'
import { VERSION } from '#core/version.ts'
import { type Command, readArguments, USAGE } from './arguments.ts'
import { extract, type Outcome } from './build.ts'
import { type ExtractConfig, extractConfig } from './config.ts'
import { listProjects } from './list.ts'
import {
  builtJson,
  builtText,
  smallCellsLeft,
  surveyJson,
  surveyText,
  thousands,
  tooDifferent,
  tooSmall,
} from './output.ts'
import { parseProjectFile, readProjectFile } from './project-file.ts'
import { projectSecret } from './project-secret.ts'
import { verify } from './verify.ts'
import { openWarehouse } from './warehouse.ts'

const USAGE_STATUS = 2
const FINDING_STATUS = 1
const INTERRUPTED_STATUS = 75

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort())

process.exitCode = await run(readArguments(process.argv.slice(2))).catch(failed)

async function run(command: Command | undefined): Promise<number> {
  if (!command) {
    process.stderr.write(USAGE)
    return USAGE_STATUS
  }
  switch (command.command) {
    case 'extract':
      return runExtract(command, extractConfig(process.env))
    case 'verify':
      return runVerify(command.dir, command.json)
    case 'list':
      return runList(extractConfig(process.env), command.json)
  }
}

async function runExtract(command: Command & { command: 'extract' }, config: ExtractConfig): Promise<number> {
  const contracts = loadContracts(config.CHAINON_FEEDS_DIR)
  const text = readProjectFile(command.file)
  const project = parseProjectFile(text, contracts, today())
  const warehouse = openWarehouse(config)
  try {
    const request = { text, project, dryRun: command.dryRun, allowSmall: command.allowSmall }
    const context = {
      warehouse,
      contracts: new Map(contracts.map((contract) => [contract.feed, contract])),
      dataDir: config.CHAINON_DATA_DIR,
      secret: () => projectSecret(config, project.id, warehouse),
      version: VERSION,
      progress: (step: string) => process.stderr.write(`${step}\n`),
      signal: interrupt.signal,
    }
    // The client of Kafka is loaded where it is needed: the other commands are used offline.
    const { journalled } = await import('./journal.ts')
    const outcome = await journalled(config, request, () => extract(context, request))
    return report(outcome, project.id, project.minCohort, command.json)
  } finally {
    await warehouse.close()
  }
}

function report(outcome: Outcome, id: string, minimum: number, json: boolean): number {
  switch (outcome.kind) {
    case 'surveyed':
      print(json ? surveyJson(id, outcome.survey) : surveyText(id, outcome.survey))
      return 0
    case 'built':
      print(json ? builtJson(outcome.directory, outcome.manifest) : builtText(outcome.directory, outcome.manifest))
      return 0
    case 'too-small':
      process.stderr.write(tooSmall(id, minimum))
      return FINDING_STATUS
    case 'small-cells':
      process.stderr.write(smallCellsLeft(id, outcome.decision))
      return FINDING_STATUS
    case 'difference':
      process.stderr.write(tooDifferent(id, outcome.run))
      return FINDING_STATUS
  }
}

async function runVerify(dir: string, json: boolean): Promise<number> {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    process.stderr.write(`chainon: there is no folder ${dir}\n`)
    return USAGE_STATUS
  }
  const checks = await verify(dir)
  const rows = checks.map(({ file, ok, rows: count, problems }) => [
    file,
    ok ? 'ok' : 'DIFFERS',
    count === null ? '-' : thousands(count),
    problems.join('; '),
  ])
  print(json ? checks : table(['file', 'state', 'rows', 'problems'], rows))
  return checks.every(({ ok }) => ok) ? 0 : FINDING_STATUS
}

async function runList(config: ExtractConfig, json: boolean): Promise<number> {
  const warehouse = openWarehouse(config)
  try {
    const projects = await listProjects(config.CHAINON_DATA_DIR, warehouse, today())
    const head = ['project', 'run', 'database', 'persons', 'tables', 'rows', 'keep until', 'title']
    const rows = projects.map((project) => [
      project.id,
      project.run,
      project.database,
      thousands(project.persons),
      thousands(project.tables),
      thousands(project.rows),
      project.retention === 'ended' ? `${project.retention_until} ENDED` : project.retention_until,
      project.title,
    ])
    print(json ? projects : table(head, rows))
    return 0
  } finally {
    await warehouse.close()
  }
}

function print(result: string | object): void {
  process.stdout.write(typeof result === 'string' ? result : `${JSON.stringify(result, null, 2)}\n`)
}

function today(): string {
  return new Date().toISOString().slice(0, 10)
}

function failed(error: unknown): number {
  if (interrupt.signal.aborted) {
    process.stderr.write('chainon: interrupted; the last run is unchanged\n')
    return INTERRUPTED_STATUS
  }
  const text =
    error instanceof ChainonError ? error.message : `an error of Chainon itself ${JSON.stringify(safeError(error))}`
  process.stderr.write(`chainon: ${text}\n`)
  return exitStatus(error)
}
