/** What a hospital sends again: a later version of a record with a corrected value, or its cancellation. */
import type { Random } from '../random.ts'
import type { SimulatedRecord } from '../records.ts'

/** Share of the records of a visit that are sent again with a correction, at a later visit. */
const CORRECTION_RATE = 0.01
/** Share that is cancelled. */
const CANCEL_RATE = 0.002
/** At most this many visits of the hospital come between. */
const LONGEST_WAIT_VISITS = 20

export interface Corrections {
  /** Decides on a record that was just sent. */
  note(made: SimulatedRecord): void
  /** @returns the records to send again at this visit of the hospital */
  due(): SimulatedRecord[]
}

/** For one hospital; keeps about a quarter of a record per visit of the longest wait. */
export function corrections(random: Random): Corrections {
  const pending: { readonly at: number; readonly made: SimulatedRecord }[] = []
  let visits = 0
  return {
    note(made) {
      const draw = random.next()
      if (draw >= CORRECTION_RATE + CANCEL_RATE) return
      const again = draw < CANCEL_RATE ? cancelled(made) : corrected(made)
      if (again) pending.push({ at: visits + random.int(1, LONGEST_WAIT_VISITS), made: again })
    },
    due() {
      visits++
      const ready: SimulatedRecord[] = []
      for (let i = pending.length - 1; i >= 0; i--) {
        const one = pending[i]
        if (one && one.at <= visits) {
          ready.push(one.made)
          pending.splice(i, 1)
        }
      }
      return ready
    },
  }
}

const NEXT = { record_version: 1 } as const

function corrected(made: SimulatedRecord): SimulatedRecord | null {
  switch (made.feed) {
    case 'encounter':
      return {
        ...made,
        record: { ...made.record, ...NEXT, care_unit: made.record.care_unit && nextUnit(made.record.care_unit) },
      }
    case 'diagnosis':
      return {
        ...made,
        record: { ...made.record, ...NEXT, kind: made.record.kind === 'associated' ? 'related' : 'associated' },
      }
    case 'procedure':
      return { ...made, record: { ...made.record, ...NEXT, comment: 'Codage revu par le DIM' } }
    case 'observation':
      if (made.record.value_number === null) return null
      return {
        ...made,
        record: {
          ...made.record,
          ...NEXT,
          status: 'corrected',
          value_number: made.record.value_number + 1,
          comment: 'Résultat corrigé',
        },
      }
    case 'medication':
      return { ...made, record: { ...made.record, ...NEXT, quantity: (made.record.quantity ?? 0) * 2 } }
    case 'document':
      return {
        ...made,
        record: {
          ...made.record,
          ...NEXT,
          doc_status: 'amended',
          text: `${made.record.text}\n\nErratum : lire la date de sortie au lieu de la date d’entrée.`,
        },
      }
    // Identities and deaths are sent again by the visits, when they change.
    case 'patient':
    case 'death':
      return null
  }
}

function cancelled(made: SimulatedRecord): SimulatedRecord | null {
  const cancellation = { record_version: 1, operation: 'cancel' } as const
  switch (made.feed) {
    case 'encounter':
      return { ...made, record: { ...made.record, ...cancellation } }
    case 'diagnosis':
      return { ...made, record: { ...made.record, ...cancellation } }
    case 'procedure':
      return { ...made, record: { ...made.record, ...cancellation } }
    case 'observation':
      return { ...made, record: { ...made.record, ...cancellation } }
    case 'medication':
      return { ...made, record: { ...made.record, ...cancellation } }
    case 'document':
      return { ...made, record: { ...made.record, ...cancellation } }
    case 'patient':
    case 'death':
      return null
  }
}

function nextUnit(unit: string): string {
  return String(((Number(unit) + 10) % 9000) + 1000)
}
