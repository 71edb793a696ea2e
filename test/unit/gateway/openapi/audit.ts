/**
 * Compares routes and real answers with the OpenAPI document, in both directions: what exists must be documented, and what is
 * documented must be seen. Schemas are checked closed: a field that the document does not name is a finding.
 */
import type { RouteOptions } from 'fastify'
import { Compile } from 'typebox/schema'

export interface Answer {
  /** `METHOD /path` of the document, for instance `POST /fhir/R4`. */
  readonly operation: string
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

interface Documented {
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}
type Operation = Readonly<Record<string, Documented>>

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Operation }>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

const NO_TYPE = 'no content type'
/** Headers of HTTP itself, which no API documents. */
const TRANSPORT = ['connection', 'content-length', 'content-type', 'date', 'keep-alive', 'transfer-encoding']

/**
 * @param hidden operations that may be missing in the document; one that has schemas of its answers is checked against these
 * @returns what is wrong, one line each; empty when document, routes and answers agree
 */
export function audit(
  document: Document,
  routes: readonly RouteOptions[],
  hidden: readonly string[],
  answers: readonly Answer[],
): string[] {
  const findings: string[] = []
  const operations = operationsOf(document)
  const added = routes.flatMap((route) =>
    [route.method]
      .flat()
      .map((method) => ({ route, operation: `${method} ${route.url.replaceAll(/:(\w+)(?:\([^)]*\))?/g, '{$1}')}` })),
  )
  for (const { route, operation } of added) {
    const { hide, response } = (route.schema ?? {}) as { hide?: boolean; response?: Operation }
    // Fastify adds the HEAD of each GET by itself.
    if (operation.startsWith('HEAD ') && added.some((other) => other.operation === operation.replace('HEAD', 'GET')))
      continue
    if (hide && !hidden.includes(operation)) findings.push(`${operation}: hidden, and not known as such`)
    if (!hide && !operations.has(operation)) findings.push(`${operation}: a route that is not documented`)
    if (hide && response) operations.set(operation, response)
  }
  for (const operation of [...operations.keys(), ...hidden]) {
    if (!added.some((one) => one.operation === operation)) findings.push(`${operation}: documented, but no route`)
  }
  const seen = new Set<string>()
  for (const answer of answers) findings.push(...checkAnswer(document, operations.get(answer.operation), answer, seen))
  for (const [operation, responses] of operations) {
    for (const one of promises(operation, responses))
      if (!seen.has(one)) findings.push(`${one}: documented, never seen`)
  }
  return findings
}

function operationsOf(document: Document): Map<string, Operation> {
  return new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => [`${method.toUpperCase()} ${path}`, responses] as const),
    ),
  )
}

const validators = new WeakMap<object, ReturnType<typeof Compile>>()

/** Compiled once: most answers are of the same few schemas. */
function validatorOf(schema: object, document: Document) {
  const known = validators.get(schema)
  if (known) return known
  const made = Compile({ ...closed(schema), components: closed(document.components) } as object)
  validators.set(schema, made)
  return made
}

function checkAnswer(
  document: Document,
  responses: Operation | undefined,
  answer: Answer,
  seen: Set<string>,
): string[] {
  const type = answer.headers.get('content-type')?.split(';')[0] ?? NO_TYPE
  const name = `${answer.operation} ${answer.status}`
  const response = responses?.[answer.status]
  const schema = response?.content?.[type]?.schema
  if (!response || !schema) return [`${name} ${type}: an answer that is not documented`]
  const body = JSON.parse(answer.body) as unknown
  seen.add(`${name} ${type}`)
  for (const code of codesIn(body)) seen.add(`${name} ${type} ${code}`)
  const findings: string[] = []
  const [fits, errors] = validatorOf(schema, document).Errors(body)
  if (!fits) {
    findings.push(
      ...errors.map(({ instancePath, message }) => `${name} ${type}: ${instancePath || 'the body'} ${message}`),
    )
  }
  for (const header of answer.headers.keys()) {
    if (TRANSPORT.includes(header)) continue
    seen.add(`${name} header ${header}`)
    const documented = Object.keys(response.headers ?? {}).some((known) => known.toLowerCase() === header)
    if (!documented) findings.push(`${name}: the header ${header} is not documented`)
  }
  return findings
}

/** @returns what an operation promises to answer: statuses with their media types, codes of problems, and headers */
function promises(operation: string, responses: Operation): string[] {
  return Object.entries(responses).flatMap(([status, { headers, content }]) => {
    // A route without a schema is documented as an answer without content: that is a promise, too.
    const types = Object.keys(content ?? { [NO_TYPE]: {} })
    // A data set of DICOM is no problem, and has no code.
    const coded = types.filter((type) => type !== 'application/dicom+json')
    const codes = Object.values(content ?? {}).flatMap(({ schema }) => narrowedCodes(schema))
    return [
      ...types,
      ...coded.flatMap((type) => codes.map((code) => `${type} ${code}`)),
      ...Object.keys(headers ?? {}).map((header) => `header ${header.toLowerCase()}`),
    ].map((what) => `${operation} ${status} ${what}`)
  })
}

/** Codes that the schema of a problem allows on one answer. */
function narrowedCodes(schema: object): readonly string[] {
  const { allOf } = schema as { allOf?: readonly { properties?: { code?: { enum?: readonly string[] } } }[] }
  return allOf?.at(-1)?.properties?.code?.enum ?? []
}

/** The code of a problem, or of an OperationOutcome's first issue. */
function codesIn(body: unknown): readonly string[] {
  const { code, issue } = body as { code?: string; issue?: { details: { coding: { code: string }[] } }[] }
  return code === undefined ? (issue?.[0]?.details.coding ?? []).map((coding) => coding.code) : [code]
}

/** A copy in which objects with properties have no others. An `allOf` narrows another schema and stays as it is. */
function closed(schema: object): object {
  return Object.fromEntries(
    Object.entries(schema)
      .map(([key, value]: [string, unknown]) => {
        const inside = typeof value === 'object' && value !== null && !Array.isArray(value) ? closed(value) : value
        return [key, inside]
      })
      .concat(
        'properties' in schema && !('additionalProperties' in schema) && 'type' in schema
          ? [['additionalProperties', false]]
          : [],
      ),
  )
}
