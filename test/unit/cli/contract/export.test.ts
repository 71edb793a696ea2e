/**
 * The exports validate against the published schemas of their standards. ODCS: the schema of v3.1.0 as the PyPI package open-data-contract-standard 3.1.2 has it
 * (Bitol, Apache-2.0), kept here because no npm package has it. AsyncAPI: `@asyncapi/specs`.
 */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { loadContracts } from '#core/contract/load.ts'
import type { FeedContract } from '#core/contract/types.ts'
import { asyncapiDocument } from '../../../../services/cli/contract/export-asyncapi.ts'
import { odcsDocument } from '../../../../services/cli/contract/export-odcs.ts'

const ODCS = readFileSync(join(import.meta.dirname, 'odcs-3.1.0.schema.json'), 'utf8')
const require = createRequire(import.meta.url)
const ASYNCAPI = readFileSync(require.resolve('@asyncapi/specs/schemas/3.0.0.json'), 'utf8')
const feeds = loadContracts('schemas/feeds')

const OPTIONS = { strict: false, allErrors: true, validateFormats: true }
const odcs = new Ajv2019(OPTIONS)
// It has the schema of JSON Schema in itself.
const asyncapi = new Ajv({ ...OPTIONS, meta: false, validateSchema: false })
addFormats.default(odcs)
addFormats.default(asyncapi)
const isOdcs = odcs.compile(JSON.parse(ODCS) as object)
const isAsyncapi = asyncapi.compile(JSON.parse(ASYNCAPI) as object)

/** As the file has it: without what is undefined. */
const written = (document: object) => JSON.parse(JSON.stringify(document)) as Record<string, unknown>
function errorsOf(validate: ValidateFunction, document: object): readonly string[] {
  return validate(document)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

it('the schema of ODCS is the published one', () => {
  expect(hash('sha256', ODCS)).toBe('2cb7dd6fe43344d2233e0406438622681dc3ebadcf8f0d606a15b40c8f6752c0')
})

describe.each(feeds.map((contract) => [contract.feed, contract] as const))('%s', (_feed, contract: FeedContract) => {
  it('is an ODCS 3.1.0 document', () => {
    expect(errorsOf(isOdcs, written(odcsDocument(contract, '')))).toEqual([])
  })
  it('is an AsyncAPI 3.0.0 document', () => {
    expect(errorsOf(isAsyncapi, written(asyncapiDocument(contract, '')))).toEqual([])
  })
})

it('the schemas reject what is no such document', () => {
  const [contract] = feeds
  if (!contract) throw new Error('no feed')
  const noOdcs = { ...written(odcsDocument(contract, '')), kind: 'Contract' }
  const noAsyncapi = { ...written(asyncapiDocument(contract, '')), channels: { identified: { adress: 'x' } } }
  expect(errorsOf(isOdcs, noOdcs)).not.toEqual([])
  expect(errorsOf(isAsyncapi, noAsyncapi)).not.toEqual([])
})

it('says of each field what becomes of it, and names no column that readers do not have', () => {
  const contract = feeds.find(({ feed }) => feed === 'observation')
  if (!contract) throw new Error('no feed')
  const [sent, view] = written(odcsDocument(contract, 'test.')).schema as {
    physicalName: string
    properties: { name: string }[]
  }[]
  expect(sent?.physicalName).toBe('test.identified.observation')
  expect(sent?.properties.find(({ name }) => name === 'patient_ipp')).toMatchObject({
    classification: 'direct',
    customProperties: expect.arrayContaining([{ property: 'storedAs', value: 'patient_id' }]),
  })
  const names = view?.properties.map(({ name }) => name)
  expect(names).toContain('patient_id')
  expect(names).not.toContain('patient_ipp')
  expect(names).not.toContain('_version')
})
