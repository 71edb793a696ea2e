/**
 * The third step of `chainon link external`: first-level pseudonyms of patients (stdin) become those of the warehouse (stdout), by the key that only `curate` has. It reads no table of persons or care.
 * Exits with 0 done, 70 a bug, 75 a dependency failed, or a key rotation runs, 78 configuration.
 */
import { clickhouseClient } from '#core/clickhouse/client.ts'
import { logLevel, secretsDir } from '#core/config/read.ts'
import { openSecretBox } from '#core/custody/key-provider.ts'
import { warehouseRegister } from '#core/custody/warehouse-register.ts'
import { linesOfStep, MatchedSubject, readStep } from '#core/linkage/external.ts'
import { runStep, writeOut } from '#core/process/step-main.ts'
import { createLogger } from '#core/telemetry/logger.ts'
import { linkConfig } from '../config.ts'
import { openSecondLevel } from '../second-level.ts'

const logger = createLogger('link', logLevel(process.env))
await runStep(logger, run)

async function run(): Promise<number> {
  const config = linkConfig(process.env)
  const { lines, facts } = await readStep(process.stdin, MatchedSubject)
  const clickhouse = clickhouseClient('link', config)
  try {
    const secrets = secretsDir('curate', config)
    const box = await openSecretBox(config, secrets)
    const { level2, version } = await openSecondLevel(secrets, warehouseRegister(clickhouse), box)
    const named = lines.map(({ ticket, candidates }) => ({
      ticket,
      candidates: candidates.map((one) => ({ ...one, patient: level2.pseudonym('patient', one.patient) })),
    }))
    await writeOut(linesOfStep(named, { ...facts, key_version: version }))
    return 0
  } finally {
    await clickhouse.close()
  }
}
