/** `chainon provision`: creates and compares what the services need; `chainon up` runs it before they start. */
import type { Command } from 'commander'
import { examples, GROUPS } from '../help.ts'
import { runService } from '../run-service.ts'

interface Options {
  readonly dryRun?: true
  readonly dataDir?: string
}

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('provision')
    .helpGroup(GROUPS.operate)
    .summary('create topics, subjects and tables; reset settings that drifted')
    .description(
      'Creates the topics, registry subjects and tables of the contracts, and sets settings of topics that differ from the contract again. Numbers of partitions and replicas that differ are reported only.',
    )
    .option('--dry-run', 'print what would change in Kafka, change nothing; exits with 1 when a topic differs')
    .option('--data-dir <folder>', 'data folder of the stack (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText('after', examples([['chainon provision --dry-run', 'compare the topics with the contracts']]))
    .action(async (options: Options) => {
      const more = options.dataDir === undefined ? {} : { dataDir: options.dataDir }
      await runService(env, 'provision', options.dryRun ? ['--dry-run'] : [], more)
    })
}
