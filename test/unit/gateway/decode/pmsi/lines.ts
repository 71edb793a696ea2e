/** What the gateway makes of lines of the PMSI. */
import { recordReader } from '#core/contract/record-reader.ts'
import { codeSpeller } from '#core/guards/canonical.ts'
import { recordChecker } from '#core/rules/check-record.ts'
import { pmsiItems } from '../../../../../services/gateway/decode/pmsi/items.ts'
import { contracts } from '../../harness.ts'

export const RECEIVED_AT = Date.parse('2026-03-01T12:00:00Z')
const PROVENANCE = { producer: 'chu', receivedAt: RECEIVED_AT * 1000 }
const VALIDATORS = new Map(
  contracts.map((contract) => [
    contract.feed,
    { read: recordReader(contract, 'json'), spell: codeSpeller(contract), check: recordChecker(contract) },
  ]),
)

/** @returns the records with their feeds, what is refused as `line place rule`, and the places that no mapping reads */
export function outcome(body: Buffer | readonly string[]) {
  const bytes = body instanceof Buffer ? body : Buffer.from(body.join('\r\n'))
  const records: (readonly [feed: string, record: Record<string, unknown>])[] = []
  const refused: string[] = []
  const unmapped: string[] = []
  const options = {
    receivedAt: RECEIVED_AT,
    maxLineBytes: 100_000,
    onUnmapped: (place: string) => void unmapped.push(place),
  }
  for (const item of pmsiItems(bytes, options)) {
    if (item.kind === 'undecodable') {
      refused.push([item.index, item.path, item.fault, ...(item.allowed ?? [])].join(' '))
      continue
    }
    const validator = VALIDATORS.get(item.feed)
    const found = validator?.read(item.raw)
    if (!found || !validator) throw new Error('no such feed')
    const faults = found.ok ? validator.check(validator.spell(found.record, 'chu'), PROVENANCE) : found.faults
    for (const { pointer, rule } of faults)
      refused.push([item.index, item.pathOf?.(pointer.slice(1)), rule].filter((one) => one !== undefined).join(' '))
    if (faults.length === 0) records.push([item.feed, item.raw as Record<string, unknown>])
  }
  return { records, refused, unmapped }
}
