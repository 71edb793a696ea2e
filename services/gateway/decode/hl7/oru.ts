/** ORU^R01 -> the results of each of its patients. The identity in it only names the patient. */
import type { Item } from '../item.ts'
import { contextOf, type Received } from './context.ts'
import { refused } from './record-map.ts'
import { Refusal } from './refusal.ts'
import { resultItems, resultsOf } from './results.ts'

export function* oruItems(received: Received): Generator<Item> {
  const { message, index } = received
  let any = false
  for (const { pid, pv1, results } of resultsOf(message.segments)) {
    if (results.length === 0) continue
    any = true
    const context = contextOf(received, pid, pv1)
    if (context instanceof Refusal) yield refused(context, index, 'observation', '/patient_ipp')
    else yield* resultItems(context, results, index)
  }
  if (!any) yield refused(new Refusal('required', { segment: 'OBX', occurrence: 1, field: 0 }), index, 'observation')
}
