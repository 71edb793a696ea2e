/** `--dry-run`: checks the records against the contract on this machine, and sends nothing. */
import { isUtf8 } from 'node:buffer'
import { recordReader } from '#core/contract/record-reader.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { FAULTS, type FaultCode } from '#core/faults/codes.ts'
import type { Report } from './report.ts'
import type { Sent } from './send.ts'
import type { Source } from './source.ts'

/** @returns what the gateway would accept and reject */
export async function checkFile(source: Source, contract: FeedContract, report: Report): Promise<Sent> {
  const read = recordReader(contract, 'json')
  let accepted = 0
  let rejected = 0
  for await (const { line, bytes } of source.records(contract)) {
    const raw = parse(bytes)
    const result =
      raw === MALFORMED ? { ok: false as const, faults: [{ pointer: '', rule: 'malformed-json' }] } : read(raw)
    if (result.ok) accepted++
    else {
      rejected++
      for (const { pointer, rule } of result.faults) {
        report.rejected(source.path, line, {
          index: line - 1,
          pointer,
          rule,
          detail: rule in FAULTS ? FAULTS[rule as FaultCode].text : '',
        })
      }
    }
    if ((accepted + rejected) % 5000 === 0)
      report.progress(source.path, source.size ? source.read() / source.size : undefined, accepted, rejected)
  }
  return { accepted, rejected }
}

const MALFORMED = Symbol('malformed')

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return MALFORMED
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, '')) as unknown
  } catch {
    return MALFORMED
  }
}
