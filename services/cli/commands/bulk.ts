/** `chainon bulk`: sends a FHIR Bulk Data export, from its manifest or from a folder of its files. */
import { readFileSync, statSync } from 'node:fs'
import type { Command } from 'commander'
import { errorCode } from '#core/faults/describe-failure.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { resolveEnvironment } from '../environment.ts'
import { examples, GROUPS } from '../help.ts'
import { positiveInteger } from '../options.ts'

interface Options {
  readonly tokenFile?: string
  readonly allowHost: readonly string[]
  readonly maxNames: number
  readonly timeout: number
  readonly batchRecords: number
  readonly maxErrors: number
  readonly errors?: string
  readonly retrySeconds: number
  /** Seconds; false with --no-wait. */
  readonly wait: number | false
  readonly restart?: true
  readonly json?: true
  readonly url?: string
  readonly key?: string
  readonly producer?: string
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('bulk')
    .helpGroup(GROUPS.data)
    .summary('send a FHIR Bulk Data export, from its manifest or a folder of its files')
    .usage('[options] MANIFEST-URL | MANIFEST-FILE | FOLDER')
    .description(
      `Reads the files that the manifest of a Bulk Data export names (output, deleted, error) as streams, plain or gzip, and sends their resources. In each resource a reference such as
Patient/123 gets the identifier (IPP) that the file of patients has for it; so do stays, professionals and drugs. The ids are read first, and kept in memory only. What was sent is
stored in <data>/push: the same command continues there. Files are read from the manifest's own host; others must be allowed. What the export deletes is cancelled, and what its
server could not export is reported by codes.
Exits with 1 when a record was rejected, quarantined or lost, or the server reports errors, with 75 when a file or the gateway did not answer.`,
    )
    .argument('<export>', 'address or file of the manifest, or a folder of .ndjson files, also .gz and .zst')
    .option('--token-file <file>', "a file with the access token, for the manifest's own host alone (mode 0600)")
    .option('--allow-host <host>', 'another host[:port] that files may be read from; can be repeated', collect, [])
    .option(
      '--max-names <n>',
      'patients, stays, professionals and drugs that are kept in memory, about 200 bytes each',
      positiveInteger,
      2_000_000,
    )
    .option('--timeout <seconds>', 'how long a server may be silent', positiveInteger, 60)
    .option('--batch-records <n>', 'resources in one request, at most 1000', positiveInteger, 1000)
    .option('--max-errors <n>', 'rejected records that are shown', positiveInteger, 20)
    .option('--errors <file>', 'write each rejected record as a line of JSON: file, line, path, rule')
    .option(
      '--retry-seconds <n>',
      'how long a request is retried while the gateway is unreachable',
      positiveInteger,
      120,
    )
    .option('--wait <seconds>', 'how long it is waited at most for what becomes of the records', positiveInteger, 60)
    .option('--no-wait', 'end when the records are accepted')
    .option('--restart', 'send all files, also what was sent before')
    .option('--json', 'print an array of objects with file, accepted, rejected')
    .option('--url <url>', 'the gateway (default: CHAINON_GATEWAY_URL, else the local stack)')
    .option('--key <key>', 'API key (default: the environment variable CHAINON_API_KEY)')
    .option('--producer <name>', 'use the key that `chainon keys ensure` stored on this machine for this producer')
    .option('--data-dir <folder>', 'data folder (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        [
          'chainon bulk https://ehr.chu.test/bulk/42/manifest.json --token-file token --producer chu',
          'what an export says when it is complete',
        ],
        ['chainon bulk manifest.json --allow-host files.chu.test --producer chu', 'a manifest that was saved'],
        ['chainon bulk export/ --producer chu', 'its files, in a folder'],
      ]),
    )
    .action((from: string, options: Options) => run(env, from, options))
}

async function run(env: NodeJS.ProcessEnv, from: string, options: Options): Promise<void> {
  const { openExport } = await import('../bulk/files.ts')
  const { again, sendExport } = await import('../bulk/send.ts')
  const { createReport } = await import('../push/report.ts')
  const { gatewayAccess } = await import('../gateway-key.ts')
  const { gatewayClient } = await import('#core/gateway-api/client.ts')
  const environment = resolveEnvironment(env, options.dataDir === undefined ? {} : { dataDir: options.dataDir })
  const access = gatewayAccess(options, environment, 'send FHIR')
  const token = options.tokenFile === undefined ? undefined : readToken(options.tokenFile)
  const client = gatewayClient({ ...access, concurrency: 1, maxElapsedMs: options.retrySeconds * 1000 })
  const report = createReport(options.maxErrors, options.errors)
  try {
    const found = await openExport(from, { allowHosts: options.allowHost, token, timeoutMs: options.timeout * 1000 })
    const { errors, rows, sent } = await sendExport(found, options.maxNames, {
      client,
      report,
      dataDir: environment.CHAINON_DATA_DIR ?? '',
      // The key's id, not the key: a position file contains no secret.
      target: [access.url, access.key.split('_')[1] ?? ''],
      batchRecords: options.batchRecords,
      restart: options.restart === true,
    })
    let failed = errors > 0 || rows.some(({ rejected }) => rejected > 0)
    if (options.wait !== false) {
      const { followFiles } = await import('../push/follow-files.ts')
      const { statesText, sumStates } = await import('../push/follow.ts')
      const states = sumStates(await followFiles(sent, access, options.wait * 1000, report))
      if (statesText(states) !== '') report.say(`of all files: ${statesText(states)}`)
      failed ||= (states.rejected ?? 0) + (states.quarantined ?? 0) + (states.lost ?? 0) > 0
    }
    if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    else
      for (const { accepted, file, rejected } of rows)
        process.stdout.write(`${file}: ${accepted} accepted, ${rejected} rejected\n`)
    if (!options.json && found.transactionTime !== undefined)
      process.stdout.write(`What changed after ${found.transactionTime} is in the next export (_since)\n`)
    if (failed) process.exitCode = 1
  } catch (error) {
    throw again(error)
  } finally {
    report.end()
    client.close()
  }
}

function collect(host: string, before: readonly string[]): readonly string[] {
  return [...before, host.toLowerCase()]
}

function readToken(path: string): string {
  const problem = (why: string) => new ConfigurationError('The access token cannot be read', [`${path}: ${why}`])
  try {
    if ((statSync(path).mode & 0o077) !== 0) throw problem('others on this machine may read it: chmod 600')
    const token = readFileSync(path, 'utf8').trim()
    if (!/^[\x21-\x7e]+$/.test(token)) throw problem('it must contain the token alone')
    return token
  } catch (error) {
    throw error instanceof ConfigurationError ? error : problem(errorCode(error))
  }
}
