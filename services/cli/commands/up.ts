/** `chainon up` (`npm start`): starts the local stack and restarts what ends, until Ctrl-C. */
import { type Command, Option } from 'commander'
import type { UpOptions } from '../../../deploy/local/up.ts'
import { examples, GROUPS } from '../help.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('up')
    .helpGroup(GROUPS.stack)
    .summary('start the local stack, and restart what ends')
    .description(
      'Starts Kafka, the schema registry, Redis, ClickHouse and the services of Chainon on 127.0.0.1, and restarts what ' +
        'ends. The first start fetches the components, makes an API key and streams the sample feed.\n' +
        'KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL and CLICKHOUSE_URL replace a component by one that you run.',
    )
    .option('--no-sample', 'do not make a first key or stream the sample feed')
    .option('--components-only', 'start the components and no services, to run the services by hand')
    .addOption(new Option('--ports <mode>', 'auto takes free ports').choices(['default', 'auto']).default('default'))
    .option('--data-dir <folder>', 'where all data go (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon up', 'the default ports and .chainon'],
        ['chainon up --ports auto --data-dir /tmp/second', 'a second one beside it'],
        ['CHAINON_PORT_GATEWAY=9000 chainon up', 'one port chosen by hand'],
      ]),
    )
    .action(async (options: UpOptions) => {
      const { up } = await import('../../../deploy/local/up.ts')
      process.exitCode = await up(options, env)
    })
}
