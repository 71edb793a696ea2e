/** `chainon feeds`: lists the contracts, and checks one. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Command } from 'commander'
import type { FeedContract } from '#core/contract/types.ts'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { table } from '#core/terminal/table.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const feeds = program
    .command('feeds')
    .helpGroup(GROUPS.develop)
    .summary('list the feeds; check a contract')
    .description(
      'Lists the contracts of CHAINON_FEEDS_DIR (default: schemas/feeds). Exits with 78 when one is invalid.',
    )
    .option('--json', 'an array of objects')
    .addHelpText(
      'after',
      examples([
        ['chainon feeds', 'the feeds, their fields, keys and rules'],
        ['chainon feeds check schemas/feeds/imaging.avsc', 'its problems, or the topics and the table that it defines'],
      ]),
    )
    .action(async (options: { json?: true }) => {
      const { loadContracts } = await import('#core/contract/load.ts')
      const rows = loadContracts(resolveEnvironment(env).CHAINON_FEEDS_DIR ?? '').map(summary)
      if (options.json) {
        process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
        return
      }
      const cells = rows.map((row) => [
        row.feed,
        String(row.fields),
        row.key.join(','),
        row.subject,
        row.event_time,
        Object.entries(row.privacy)
          .map(([action, count]) => `${action} ${count}`)
          .join(', '),
        String(row.rules),
        row.linked ? 'yes' : 'no',
      ])
      process.stdout.write(
        table(['feed', 'fields', 'key', 'subject', 'event time', 'privacy', 'rules', 'linked'], cells),
      )
    })
  feeds
    .command('check')
    .argument('<file>', 'a contract, <feed>.avsc')
    .summary('list all problems of a contract, or the topics and the table that it defines')
    .action(async (file: string) => {
      const { parseContract } = await import('#core/contract/parse.ts')
      const result = parseContract(basename(file, '.avsc'), contents(file))
      if (result.ok) {
        process.stdout.write(await derived(result.contract, resolveEnvironment(env).CHAINON_NAMESPACE ?? ''))
        return
      }
      process.stdout.write(
        `${file}: ${result.problems.length} problem${result.problems.length === 1 ? '' : 's'}\n${result.problems.map((problem) => `  - ${problem}\n`).join('')}`,
      )
      process.exitCode = 1
    })
}

function summary(contract: FeedContract) {
  const privacy: Record<string, number> = {}
  for (const field of contract.fields) privacy[field.privacy.action] = (privacy[field.privacy.action] ?? 0) + 1
  return {
    feed: contract.feed,
    doc: contract.doc,
    fields: contract.fields.length,
    key: contract.key,
    subject: contract.subject,
    event_time: contract.eventTime,
    privacy,
    rules: contract.recordRules.length + contract.fields.reduce((count, field) => count + field.rules.length, 0),
    linked: contract.linked,
  }
}

async function derived(contract: FeedContract, namespace: string): Promise<string> {
  const [{ subjectOf, tableOf, topicOf }, { columnsOf }] = await Promise.all([
    import('#core/contract/names.ts'),
    import('#core/contract/table.ts'),
  ])
  const topics = (['identified', 'pseudonymised'] as const).map((zone) => topicOf(namespace, zone, contract.feed))
  return [
    `${contract.feed}: valid`,
    `  endpoint  POST /v1/feeds/${contract.feed}/records`,
    `  topics    ${topics.join(', ')}`,
    `  subjects  ${topics.map(subjectOf).join(', ')}`,
    `  table     ${tableOf(contract.feed)}, read through the view ${contract.feed}`,
    '  columns',
    ...columnsOf(contract).map((column) => `    ${column.name.padEnd(24)} ${column.type}`),
    '',
  ].join('\n')
}

function contents(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError('The contract cannot be read', [`${file}: ${errorCode(error)}`])
  }
}
