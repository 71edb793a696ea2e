/** `chainon feeds`: lists the contracts, and checks one. */
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { guardOf, isGuarded, survives, violationOf } from '#core/contract/actions.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { table } from '#core/terminal/table.ts'
import { contents, contractOf } from '../contract/files.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { registerAuthoring } from './feeds-authoring.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  const feeds = program
    .command('feeds')
    .helpGroup(GROUPS.develop)
    .summary('list the feeds; write, check, compare and export contracts; say what becomes of each field')
    .description(
      'Lists the contracts of CHAINON_FEEDS_DIR (default: schemas/feeds). Exits with 78 when one is invalid.',
    )
    .option('--json', 'an array of objects')
    .addHelpText(
      'after',
      examples([
        ['chainon feeds', 'the feeds, their fields, keys and rules'],
        ['chainon feeds new vital_sign labs.csv', 'a contract to begin with, from the columns of a file'],
        ['chainon feeds check schemas/feeds/imaging.avsc', 'its problems, or what it defines and what has changed'],
        ['chainon feeds diff old.avsc new.avsc', 'what differs, and whether the registry takes it'],
        ['chainon feeds privacy observation --markdown > observation.md', 'what becomes of each field, to be signed'],
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
    .command('privacy')
    .argument('<feed>', 'name of a feed of CHAINON_FEEDS_DIR')
    .summary('say for each field what it is, what becomes of it, what remains and which risk remains')
    .option('--markdown', 'a page in Markdown, with lines for a decision and a signature')
    .option('--versions', 'the versions of the policy in the warehouse, with their dates')
    .action(async (feed: string, options: { markdown?: true; versions?: true }) => {
      const { loadContracts } = await import('#core/contract/load.ts')
      const resolved = resolveEnvironment(env)
      const dir = resolved.CHAINON_FEEDS_DIR ?? ''
      const contracts = loadContracts(dir)
      const contract = contractOf(contracts, feed, dir)
      const { privacyMarkdown, privacyPage, privacyText } = await import('../privacy-page.ts')
      const sha256 = createHash('sha256')
        .update(contents(join(dir, `${feed}.avsc`)))
        .digest('hex')
      const page = privacyPage(contract, contracts, sha256)
      const lines = options.versions ? await versionLines(resolved, feed, page.policy) : []
      process.stdout.write(options.markdown ? privacyMarkdown(page, lines) : privacyText(page, lines))
    })
  feeds
    .command('check')
    .argument('<file>', 'a contract, <feed>.avsc')
    .summary('list all problems of a contract, or what it defines, what is not left, and what has changed')
    .description(
      `Lists all problems of a contract, or the topics and the table that it defines, which of its fields are not left after de-identification and why, the columns that undo a
decision, and, where a registry is set (SCHEMA_REGISTRY_URL, or the local stack runs), what has changed since the running version.
Exits with 1 when the contract is wrong, leaves a decision undone, or cannot read what was written before; with 75 when the registry does not answer.`,
    )
    .action(async (file: string) => {
      const { parseContract } = await import('#core/contract/parse.ts')
      const result = parseContract(basename(file, '.avsc'), contents(file))
      if (result.ok) {
        const resolved = resolveEnvironment(env)
        process.stdout.write(await derived(result.contract, resolved.CHAINON_NAMESPACE ?? ''))
        const { leakReport } = await import('../leak-report.ts')
        const others = readdirSync(resolved.CHAINON_FEEDS_DIR ?? '')
          .filter((name) => name.endsWith('.avsc') && name !== basename(file))
          .map((name) => {
            const other = join(resolved.CHAINON_FEEDS_DIR ?? '', name)
            return { name, result: parseContract(basename(name, '.avsc'), contents(other)) }
          })
        const report = leakReport(result.contract, others)
        process.stdout.write(report.text)
        if (report.open) process.exitCode = 1
        if (!(await printRunning(result.contract, resolved))) process.exitCode = 1
        return
      }
      process.stdout.write(
        `${file}: ${result.problems.length} problem${result.problems.length === 1 ? '' : 's'}\n${result.problems.map((problem) => `  - ${problem}\n`).join('')}`,
      )
      process.exitCode = 1
    })
  registerAuthoring(feeds, env)
}

/** @returns whether the contract can read what was written before, as far as a registry knows */
async function printRunning(contract: FeedContract, env: NodeJS.ProcessEnv): Promise<boolean> {
  process.stdout.write('  running version\n')
  if (!env.SCHEMA_REGISTRY_URL) {
    process.stdout.write('    not compared: no stack runs here, and SCHEMA_REGISTRY_URL is not set\n')
    return true
  }
  const { compareWithRunning } = await import('../contract/running.ts')
  const { text, compatible } = await compareWithRunning(contract, env)
  process.stdout.write(text.replaceAll(/^/gm, '  ').trimEnd().concat('\n'))
  return compatible
}

async function versionLines(env: NodeJS.ProcessEnv, feed: string, sha256: string): Promise<readonly string[]> {
  const { historyLines, policyHistory } = await import('../policy-history.ts')
  return historyLines(await policyHistory(env, feed), sha256)
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
  const [{ ALL_SUFFIX }, { subjectOf, tableOf, topicOf }, { columnsOf }, { CLASSES }] = await Promise.all([
    import('#core/contract/check-facts.ts'),
    import('#core/contract/names.ts'),
    import('#core/contract/table.ts'),
    import('#core/contract/privacy-table.ts'),
  ])
  const gone = contract.fields.filter((field) => !survives(field))
  const topics = (['identified', 'pseudonymised'] as const).map((zone) => topicOf(namespace, zone, contract.feed))
  return [
    `${contract.feed}: valid`,
    `  endpoint  POST /v1/feeds/${contract.feed}/records`,
    `  topics    ${topics.join(', ')}`,
    `  subjects  ${topics.map(subjectOf).join(', ')}`,
    `  table     ${tableOf(contract.feed)}, read through the view ${contract.feed}`,
    ...(contract.facts.length > 0 ? [`  all       ${contract.feed}${ALL_SUFFIX}, also what is no fact:`] : []),
    ...contract.facts.map(({ field, values }) => `            ${field} is neither null nor ${values.join(', ')}`),
    '  guards',
    ...guardLines(contract),
    '  columns',
    ...columnsOf(contract).map((column) => `    ${column.name.padEnd(24)} ${column.type}`),
    '  not left after de-identification',
    ...(gone.length === 0 ? ['    every field leaves something'] : []),
    ...gone.map(({ name, privacy }) => {
      const left = privacy.action === 'tokenise' ? 'only linkage tokens are left' : 'nothing is left'
      return `    ${name.padEnd(24)} ${CLASSES[privacy.class]}, ${privacy.action}: ${left}`
    }),
    '',
  ].join('\n')
}

/** Which guard each kept string or number has. */
function guardLines(contract: FeedContract): readonly string[] {
  return contract.fields.flatMap((field) => {
    if (!isGuarded(field) || !['string', 'integer', 'long', 'double'].includes(field.kind)) return []
    const cases = guardOf(field).map(({ codes = [], pattern, values = [], when = [], ...range }) =>
      [
        ...codes,
        ...(values.length > 0 ? [`${values.length} values`] : []),
        ...(pattern === undefined ? [] : ['a pattern']),
        ...('min' in range || 'max' in range ? ['a range'] : []),
        ...when.map(({ equals, field: name }) => `if ${name} is ${equals}`),
      ].join(' '),
    )
    return [
      `    ${field.name.padEnd(24)} ${cases.join('; ') || (field.name === contract.version ? 'a count or a time' : 'the general one of numbers')} (else ${violationOf(field)})`,
    ]
  })
}
