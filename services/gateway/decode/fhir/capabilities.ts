/** The CapabilityStatement of `GET /fhir/R4/metadata` (hl7.org/fhir/R4/capabilitystatement.html): made from the mappings, the subset of it that they fill. */
import { type Static, Type } from 'typebox'
import { FHIR_LINES_TYPES, FHIR_TYPES } from '../../http/media-types.ts'
import { PATHS_OF_TYPE } from './map.ts'

/** `POST`, `PUT` and `DELETE`: of every resource that is mapped. */
const INTERACTIONS = ['create', 'update', 'delete'] as const

export const CapabilityStatement = Type.Object(
  {
    resourceType: Type.Literal('CapabilityStatement'),
    status: Type.Literal('active'),
    date: Type.String({ description: 'When this gateway began to serve it' }),
    kind: Type.Literal('instance'),
    software: Type.Object({ name: Type.Literal('Chainon gateway'), version: Type.String() }),
    implementation: Type.Object({ description: Type.String() }),
    fhirVersion: Type.Literal('4.0.1'),
    format: Type.Array(Type.String(), { minItems: 1 }),
    rest: Type.Array(
      Type.Object({
        mode: Type.Literal('server'),
        documentation: Type.String(),
        security: Type.Object({ description: Type.String() }),
        resource: Type.Array(
          Type.Object({
            type: Type.String(),
            interaction: Type.Array(Type.Object({ code: Type.Enum(INTERACTIONS) })),
            documentation: Type.String({ description: 'The feeds of its records, and the elements that are read' }),
          }),
          { minItems: 1 },
        ),
        interaction: Type.Array(Type.Object({ code: Type.Literal('batch'), documentation: Type.String() })),
      }),
      { minItems: 1, maxItems: 1 },
    ),
  },
  { $id: 'CapabilityStatement', description: 'hl7.org/fhir/R4/capabilitystatement.html' },
)
export type CapabilityStatement = Static<typeof CapabilityStatement>

/** @param date ISO 8601 @param version of Chainon */
export function capabilityStatement(version: string, date: string): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date,
    kind: 'instance',
    software: { name: 'Chainon gateway', version },
    implementation: {
      description: 'Receives resources as records of feeds; it stores no resource and gives none back',
    },
    fhirVersion: '4.0.1',
    format: [...FHIR_TYPES, ...FHIR_LINES_TYPES],
    rest: [
      {
        mode: 'server',
        documentation:
          'POST a Bundle, or NDJSON of resources, to the base address, or a resource to the address of its type: all are answered 202 with a receipt. Resources become records, and none can be read; what cannot be mapped without a change of meaning is refused by its element.',
        security: { description: 'A key of `chainon keys create PRODUCER`, as a bearer token or in X-API-Key' },
        resource: [...PATHS_OF_TYPE].map(([type, byFeed]) => ({
          type,
          interaction: INTERACTIONS.map((code) => ({ code })),
          documentation: Object.entries(byFeed)
            .map(
              ([feed, fields]) => `Feed ${feed}: ${[...new Set(Object.values(fields).flat())].toSorted().join(', ')}.`,
            )
            .join(' '),
        })),
        interaction: [
          {
            code: 'batch',
            documentation:
              'A Bundle of type transaction or collection is accepted, too, and is no transaction: each entry is accepted or refused by itself. An entry with the method DELETE cancels.',
          },
        ],
      },
    ],
  }
}
