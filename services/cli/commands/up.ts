/** `chainon up` (`npm start`): starts the local stack and keeps it running until Ctrl-C. */
import { type Command, Option } from 'commander'
import type { UpOptions } from '../../../deploy/local/up.ts'
import { examples, GROUPS } from '../help.ts'

export function register(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('up')
    .helpGroup(GROUPS.stack)
    .summary('start the local stack, and keep it running')
    .description(
      'Starts Kafka, the schema registry, Redis, ClickHouse and the services of Chainon on 127.0.0.1, and restarts a ' +
        'process that ends. The first run downloads the components, creates an API key and streams the sample feed.\n' +
        'KAFKA_BROKERS, SCHEMA_REGISTRY_URL, REDIS_URL and CLICKHOUSE_URL replace a component by one that you run.',
    )
    .option('--no-sample', 'do not create a first key or stream the sample feed')
    .option('--components-only', 'start the components and no services; you start the services yourself')
    .addOption(new Option('--ports <mode>', 'auto uses free ports').choices(['default', 'auto']).default('default'))
    .option('--data-dir <folder>', 'folder of all data (default: CHAINON_DATA_DIR, else .chainon)')
    .addHelpText(
      'after',
      examples([
        ['chainon up', 'on the default ports, with data in .chainon'],
        ['chainon up --ports auto --data-dir /tmp/second', 'a second stack on this machine'],
        ['CHAINON_PORT_GATEWAY=9000 chainon up', 'the gateway on another port'],
      ]),
    )
    .action(async (options: UpOptions) => {
      const { up } = await import('../../../deploy/local/up.ts')
      process.exitCode = await up(options, env)
    })
}
