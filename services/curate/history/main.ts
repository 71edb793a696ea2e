/**
 * What became of the person of a record, for the console: RECORD as the linker names it. It exits with 0 done, 1 the record is not known, 2 usage, 75 a dependency failed, 78 configuration.
 */
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { logLevel, secretsDir } from '#core/config/read.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { runStep } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { linkConfig } from '../config.ts'
import { isLinked, storedName } from '../decide/given-record.ts'
import { openSecondLevel } from '../second-level.ts'
import { personHistory } from './person-history.ts'

const USAGE_STATUS = 2
const logger = createLogger('link', logLevel(process.env))
await runStep(logger, run)

async function run(): Promise<number> {
  const [record = '', ...more] = process.argv.slice(2)
  if (more.length > 0 || !isLinked(record)) {
    process.stderr.write('chainon: RECORD must be <feed>/<first-level pseudonym of the record, p1_...>\n')
    return USAGE_STATUS
  }
  const config = linkConfig(process.env)
  const clickhouse = clickhouseClient('link', config)
  try {
    const secrets = secretsDir('curate', config)
    const { level2 } = await openSecondLevel(
      secrets,
      warehouseRegister(clickhouse),
      await openSecretBox(config, secrets),
    )
    process.stdout.write(`${JSON.stringify(await personHistory(clickhouse, storedName(level2, record)))}\n`)
    return 0
  } finally {
    await clickhouse.close()
  }
}
