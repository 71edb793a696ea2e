/** `--dry-run` of formats that the gateway maps to records: its own code decodes and checks, on this machine, what would be sent. */
import { batches } from './batches.ts'
import { startGatewayCheck } from './gateway-check.ts'
import type { Report } from './report.ts'
import { bodyOf, MOST, routeOf } from './route.ts'
import { lineOf, placeIn, type Sent } from './send.ts'
import type { Source } from './source.ts'

/**
 * @param environment with CHAINON_FEEDS_DIR, and the gateway's settings of HL7 v2 where they differ from its defaults
 * @param producer some rules are of one producer; empty for none
 */
export async function checkMapped(
  source: Source,
  report: Report,
  environment: NodeJS.ProcessEnv,
  producer: string,
): Promise<Sent> {
  const { route, records } = await routeOf(source, undefined, source.records(undefined))
  const gateway = startGatewayCheck(environment, route.kind, producer)
  let accepted = 0
  let rejected = 0
  try {
    for await (const batch of batches(records, 0, MOST[route.kind])) {
      const checked = batch.lines.length > 0 ? await gateway.check(bodyOf(route, batch.body)) : undefined
      accepted += checked?.accepted ?? 0
      rejected += (checked?.rejected ?? 0) + batch.refused.length
      for (const error of checked?.errors ?? []) report.rejected(...placeIn(source, lineOf(error, batch, route)), error)
      for (const { line, refusals } of batch.refused)
        for (const refusal of refusals) report.rejected(...placeIn(source, line), { index: 0, ...refusal })
      report.progress(source.path, source.size ? source.read() / source.size : undefined, accepted, rejected)
    }
  } finally {
    await gateway.end()
  }
  return { accepted, rejected }
}
