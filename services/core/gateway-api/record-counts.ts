/** The outcome of the records of one request: the fields that a receipt and an `all-rejected` problem have in common. */
import { type Static, Type } from 'typebox'
import { FAULTS, type FaultCode } from '../faults/codes.ts'

/** Largest number of errors that one answer lists; the counts stay exact. */
export const MAX_ERRORS = 1000

const RECORD_FAULTS = (Object.keys(FAULTS) as FaultCode[]).filter((code) => FAULTS[code].blame === 'record')

export const RecordError = Type.Object(
  {
    index: Type.Integer({
      minimum: 0,
      description:
        'Position of the record in the request, from 0; of the entry for a FHIR Bundle, of the resource for FHIR as NDJSON, of the message for HL7 v2, of the file for DICOM, of the line for the PMSI',
    }),
    feed: Type.Optional(Type.String({ description: 'Feed of the record; FHIR only, where one request feeds several' })),
    pointer: Type.String({ description: "JSON pointer into the feed's record; empty for the record as a whole" }),
    path: Type.Optional(
      Type.String({
        description:
          'The element in the terms of the format that was sent: FHIRPath from the Bundle or the resource, or segment, its occurrence, field and component of HL7 v2 (`OBX[2]-5-1`), or the tag of DICOM (`(0010,0020)`), or the columns of a line of the PMSI (`RSS columns 93-100`), or the column of a malformed line of NDJSON',
      }),
    ),
    allowed: Type.Optional(
      Type.Immutable(Type.Array(Type.String(), { description: 'What the element may be, where that is a list' })),
    ),
    rule: Type.Union(
      [
        Type.Enum(RECORD_FAULTS, { description: 'Code of a fault' }),
        Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: "Id of a rule of the feed's contract" }),
      ],
      { description: 'The rule or check that the record fails' },
    ),
    detail: Type.String({ description: 'What the rule means' }),
  },
  { $id: 'RecordError', description: 'Why a record is rejected: names and rules, never a value of the record' },
)
export type RecordError = Readonly<Static<typeof RecordError>>

export const FeedCount = Type.Object(
  {
    accepted: Type.Integer({ minimum: 0 }),
    rejected: Type.Integer({ minimum: 0 }),
    unavailable: Type.Optional(Type.Integer({ minimum: 1, description: 'Valid, and not stored: to be sent again' })),
  },
  { $id: 'FeedCount', description: 'Records of one feed' },
)
export type FeedCount = Static<typeof FeedCount>

/** Fields of a receipt, and of the problems `all-rejected` and `partition-unavailable`. */
export const RECORD_COUNTS = {
  feed: Type.String({
    description: 'The feed; `fhir` for a Bundle, `hl7` for messages, `dicom` for files, `pmsi` for its lines',
  }),
  accepted: Type.Integer({ minimum: 0 }),
  rejected: Type.Integer({ minimum: 0 }),
  by_feed: Type.Optional(Type.Record(Type.String(), FeedCount, { description: 'Counts of each feed; FHIR only' })),
  errors: Type.Immutable(Type.Array(RecordError, { maxItems: MAX_ERRORS })),
  truncated: Type.Optional(
    Type.Literal(true, { description: 'There are more errors than the answer lists; the counts are exact' }),
  ),
}
