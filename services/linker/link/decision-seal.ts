/** Decisions as the index keeps them: the part in clear is the order alone (f64 LE). */
import type { IndexKeys } from '../index/keys.ts'
import type { PairDecision } from './decisions.ts'

const HEAD_BYTES = 8

export function sealDecision(keys: IndexKeys, { records, decision, order }: PairDecision): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeDoubleLE(order)
  return keys.seal(head, Buffer.from(JSON.stringify([decision, ...records])))
}

/** @param sealed what `sealDecision` returned @throws ChainonError seal-broken */
export function openDecision(keys: Pick<IndexKeys, 'open'>, sealed: Buffer): PairDecision {
  const [decision, one, other] = JSON.parse(keys.open(sealed, HEAD_BYTES).toString()) as [
    ...[PairDecision['decision'], string, string],
  ]
  return { decision, records: [one, other], order: sealed.readDoubleLE() }
}
