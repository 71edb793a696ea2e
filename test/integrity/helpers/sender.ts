/** A hospital that sends without a pause: batches of patients and observations, each record with a new identifier. */
import { gatewayClient } from '#core/gateway-api/client.ts'
import { inventor } from '../../../services/cli/canary/invent.ts'
import { textWith } from '../../../services/cli/canary/records.ts'

const invent = inventor('sender')
const [GIVEN, NIR, IN_TEXT] = [invent.word(), invent.nir(), invent.word()]
/** Invented identities that every batch has: in the traits of each patient, and in the text of one observation. */
export const CANARIES: readonly string[] = [GIVEN, NIR, IN_TEXT]

export interface Sender {
  /** Records that the gateway accepted with 202. */
  accepted(): number
  /** Source patients and true persons among them. */
  patients(): number
  persons(): number
  /** Stops after the batches in progress. */
  finish(): Promise<void>
}

const BATCH = 150
/** At most 3,000 records per second with three loops: a greater load would make a lag that hides a loss for minutes. */
const PAUSE_MS = 180

export function startSender(url: string, key: string, concurrency = 3): Sender {
  const client = gatewayClient({
    url,
    key,
    concurrency,
    maxAttempts: 400,
    maxElapsedMs: 240_000,
    requestTimeoutMs: 20_000,
  })
  let next = 0
  let accepted = 0
  let patients = 0
  let persons = 0
  let running = true

  async function push(feed: string, records: readonly object[]): Promise<void> {
    const outcome = await client.pushRecords(feed, { body: records.map((record) => JSON.stringify(record)).join('\n') })
    if (outcome.kind === 'rejected') throw new Error(`the gateway rejected a batch: ${outcome.code}`)
    if (outcome.receipt.accepted !== records.length) throw new Error('the gateway rejected records of a good batch')
    accepted += records.length
  }

  async function loop(): Promise<void> {
    while (running) {
      const first = next
      next += BATCH
      const ids = Array.from({ length: BATCH }, (_, i) => first + i)
      // Every three patients are one person, by their traits: linkage is also tested while processes are killed.
      await push(
        'patient',
        ids.slice(0, 30).map((id) => patient(id, first)),
      )
      patients += 30
      persons += 10
      await push('observation', ids.map(observation))
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  const loops = Promise.all(Array.from({ length: concurrency }, loop))
  return {
    accepted: () => accepted,
    patients: () => patients,
    persons: () => persons,
    async finish() {
      running = false
      await loops
      client.close()
    },
  }
}

function patient(id: number, first: number): object {
  const person = first + Math.floor((id - first) / 3)
  const letters = (n: number) => String(n).replace(/\d/g, (digit) => String.fromCharCode(65 + Number(digit)))
  return {
    record_id: `pat-${id}`,
    patient_ipp: `ipp-${id}`,
    birth_family_name: `Canari${letters(person)}`,
    birth_given_names: GIVEN,
    birth_date: '1970-05-17',
    sex: 'female',
    birth_place_insee: '69381',
    updated_at: '2025-01-01T10:00:00Z',
  }
}

function observation(id: number): object {
  return {
    record_id: `obs-${id}`,
    patient_ipp: `ipp-${id - (id % BATCH) + (id % 30)}`,
    code_system: 'loinc',
    code: '718-7',
    effective_at: '2025-01-01T10:00:00Z',
    value_number: id % 20,
    value_unit: 'g/dL',
    ...(id % BATCH === 0 && { comment: `${textWith(IN_TEXT)}, NIR ${NIR}` }),
  }
}
