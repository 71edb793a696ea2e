/**
 * `chainon push --dicom --dry-run` starts it: says of each body what the gateway would, and sends nothing. On stdin a body is its length, four bytes
 * with the lowest first, and its bytes; on stdout its errors are a line of JSON, an empty array for none. Exits with 78 when the configuration is wrong.
 */
import { loadContracts } from '#core/contract/load.ts'
import { ChainonError, exitStatus } from '#core/faults/errors.ts'
import { gatewayConfig, gatewayLimits, hl7Settings } from '../config.ts'
import { bodyChecker } from './bodies.ts'
import { framesOf } from './frames.ts'

try {
  const config = gatewayConfig(process.env)
  const check = bodyChecker({
    contracts: loadContracts(config.CHAINON_FEEDS_DIR),
    settings: hl7Settings(config),
    maxBytes: gatewayLimits(config).maxRecordBytes,
    producer: process.argv[2] ?? '',
  })
  for await (const body of framesOf(process.stdin)) process.stdout.write(`${JSON.stringify(check(body))}\n`)
} catch (error) {
  if (!(error instanceof ChainonError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = exitStatus(error)
}
