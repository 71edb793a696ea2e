/** The bill of materials is valid CycloneDX 1.6, complete and reproducible, and every licence in it is allowed. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { readAllowList, reportLicences } from '../../../deploy/supply/licences.ts'
import { type FetchedPackage, fetchedPackages } from '../../../deploy/supply/packages.ts'
import { makeSbom } from '../../../deploy/supply/sbom.ts'

const require = createRequire(import.meta.url)
const ROOT = join(import.meta.dirname, '../../..')
const packages = fetchedPackages(ROOT)
const allow = readAllowList()
const sbom = makeSbom('0.1.0', packages, allow) as { readonly components: readonly Record<string, unknown>[] }

/** @returns the validator of the published schema; the library ships it with the two that it refers to */
function cyclonedx() {
  const library = dirname(require.resolve('@cyclonedx/cyclonedx-library/package.json'))
  const schema = (name: string) =>
    JSON.parse(readFileSync(join(library, 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8')) as object
  const ajv = new Ajv.default({ strict: false })
  addFormats.default(ajv)
  // Formats of newer drafts, which ajv-formats leaves out; no such value is in the document but package URLs.
  for (const name of ['iri-reference', 'idn-email']) ajv.addFormat(name, true)
  // The library's copies refer to each other by the names of their files.
  for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
    ajv.addSchema({ ...schema(name), $id: `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json` })
  return ajv.compile(schema('bom-1.6'))
}

describe('the SBOM', () => {
  it('is valid CycloneDX 1.6, and the schema rejects a damaged one', () => {
    const validate = cyclonedx()
    expect(validate(sbom), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true)
    const [first] = sbom.components
    expect(validate({ ...sbom, components: [{ ...first, hashes: [{ alg: 'SHA-256', content: 'short' }] }] })).toBe(
      false,
    )
  })
  it('names each npm package of package.json, and the Java components with their hashes', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>
    const purls = new Set(packages.map(({ purl }) => purl))
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
      expect(purls).toContain(`pkg:npm/${name.replace('@', '%40')}@${version}`)
    const kafka = sbom.components.find(({ purl }) => purl === 'pkg:maven/org.apache.kafka/kafka_2.13@4.3.1')
    expect(kafka).toMatchObject({
      scope: 'required',
      hashes: [{ alg: 'SHA-256' }],
      licenses: [{ expression: 'Apache-2.0' }],
    })
  })
  it('has a hash of each package but those that the lock file lists without', () => {
    const without = packages.filter(({ hashes }) => hashes.length === 0).map(({ name }) => name)
    expect(without).toEqual(['@chdb/lib-darwin-arm64', '@chdb/lib-darwin-x64', '@chdb/lib-linux-arm64-gnu'])
  })
})

describe('licences', () => {
  const one = (licence: string | null): FetchedPackage => ({
    name: 'some',
    version: '1.0.0',
    purl: 'pkg:npm/some@1.0.0',
    licence,
    hashes: [],
    atRunTime: true,
  })
  const problems = (licence: string | null) => reportLicences([one(licence)], allow).problems

  it('of all that is fetched are known and allowed', () => {
    expect(reportLicences(packages, allow).problems).toEqual([])
  })
  it('that are unknown or not allowed are reported with the package', () => {
    expect(problems(null)).toEqual(['pkg:npm/some@1.0.0: its licence is unknown'])
    expect(problems('AGPL-3.0-only')).toEqual(['pkg:npm/some@1.0.0: AGPL-3.0-only is not allowed'])
    expect(problems('toString')).toHaveLength(1)
  })
  it('in an expression: OR needs one that is allowed, AND all', () => {
    expect(problems('AGPL-3.0-only OR MIT')).toEqual([])
    expect(problems('(AGPL-3.0-only OR MIT)')).toEqual([])
    expect(problems('AGPL-3.0-only AND MIT')).toHaveLength(1)
    expect(problems('(MIT OR ISC) AND (AGPL-3.0-only OR SSPL-1.0)')).toHaveLength(1)
  })
  it('allowed for one package name one that is fetched', () => {
    const names = new Set(packages.map(({ purl }) => purl.slice(0, purl.lastIndexOf('@'))))
    for (const name of Object.keys(allow.packages)) expect(names).toContain(name)
  })
})
