/** `--dry-run`: checks the records against the contract on this machine, with its rules and guards, and sends nothing. */
import { isUtf8 } from 'node:buffer'
import type { FeedContract } from '#core/contract/types.ts'
import type { Refusal } from '#core/csv/refusal.ts'
import { FAULTS } from '#core/faults/codes.ts'
import { firstError, placeOf } from '#core/json/first-error.ts'
import { recordValidator } from '#core/rules/validate-record.ts'
import type { Report } from './report.ts'
import { inFile, placeIn, type Sent } from './send.ts'
import type { Source } from './source.ts'

/** @returns what the gateway and the workers would accept, and what they would reject because of the record alone */
export async function checkFile(source: Source, contract: FeedContract, report: Report, producer = ''): Promise<Sent> {
  const validate = recordValidator(contract, producer)
  let accepted = 0
  let rejected = 0
  const refusalsOf = (bytes: Buffer): readonly Refusal[] => {
    const raw = parse(bytes)
    return raw === MALFORMED ? [malformedLine(bytes)] : validate(raw)
  }
  for await (const record of source.records(contract)) {
    const { line } = record
    const refusals = record.refused ?? refusalsOf(record.bytes)
    if (refusals.length === 0) accepted++
    else {
      rejected++
      for (const refusal of refusals)
        report.rejected(...placeIn(source, line), inFile(source, { index: line - 1, ...refusal }))
    }
    if ((accepted + rejected) % 5000 === 0)
      report.progress(source.path, source.size ? source.read() / source.size : undefined, accepted, rejected)
  }
  return { accepted, rejected }
}

const MALFORMED = Symbol('malformed')

function malformedLine(bytes: Buffer): Refusal {
  const error = isUtf8(bytes) ? firstError(withoutMark(bytes)) : undefined
  const path = error === undefined ? {} : { path: `column ${placeOf(withoutMark(bytes), error).column}` }
  return { pointer: '', ...path, rule: 'malformed-json', detail: FAULTS['malformed-json'].text }
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function parse(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return MALFORMED
  try {
    return JSON.parse(withoutMark(bytes).toString('utf8')) as unknown
  } catch {
    return MALFORMED
  }
}
