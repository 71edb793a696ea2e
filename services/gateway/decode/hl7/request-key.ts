/** The idempotency key of a body of HL7 v2: how its sender names it. */
import { hash } from 'node:crypto'
import { bomLength } from '../ndjson.ts'
import { headerSegment } from './header.ts'
import type { Segment } from './segment.ts'
import { batchHeader, splitMessages } from './split.ts'

/**
 * A batch is named by BHS-11 or FHS-11, a single message by MSH-10, each with the sending application and facility (fields 3 and 4).
 *
 * @returns a key of printable ASCII; undefined for a batch without a control id and for several messages without an envelope
 */
export function requestKey(body: Buffer): string | undefined {
  const start = body.subarray(bomLength(body))
  const batch = batchHeader(start)
  if (batch) return keyOf(batch, 11)
  if (start.toString('latin1', 0, 3) !== 'MSH') return undefined
  const parts = splitMessages(start)
  const first = parts.next()
  if (first.done || first.value.fault || !parts.next().done) return undefined
  const header = headerSegment(first.value.bytes)
  return header?.text(10) === undefined ? undefined : keyOf(header, 10)
}

function keyOf(header: Segment, id: number): string {
  const names = [header.name, header.text(3) ?? '', header.text(4) ?? '', header.text(id) ?? '']
  return `hl7:${hash('sha256', JSON.stringify(names), 'hex')}`
}
