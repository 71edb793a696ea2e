/** Why a record of a file is refused on this machine, in the terms of the gateway's answers: names, rules and forms, never a value. */
import type { RecordError } from '../gateway-api/record-counts.ts'

export type Refusal = Omit<RecordError, 'index'>
