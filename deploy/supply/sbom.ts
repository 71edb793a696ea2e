/** The bill of materials in CycloneDX 1.6 (ECMA-424): what is fetched, with hashes and licences. Equal input gives equal bytes. */
import { type AllowList, licenceOf } from './licences.ts'
import type { FetchedPackage } from './packages.ts'

/** @returns the document, for JSON.stringify; without time and serial number, so that two builds can be compared */
export function makeSbom(version: string, packages: readonly FetchedPackage[], allow: AllowList): object {
  const root = `pkg:npm/chainon@${version}`
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        name: 'chainon',
        version,
        'bom-ref': root,
        purl: root,
        licenses: licences('Apache-2.0'),
      },
    },
    components: packages.map((entry) => {
      const licence = licenceOf(entry, allow)
      return {
        type: 'library',
        name: entry.name,
        version: entry.version,
        'bom-ref': entry.purl,
        purl: entry.purl,
        // CycloneDX: `excluded` is what is not part of the running software.
        scope: entry.atRunTime ? 'required' : 'excluded',
        ...hashesOf(entry),
        ...(licence ? { licenses: licences(licence) } : {}),
      }
    }),
  }
}

/** Hashes of one component are of the same bytes, so that several files are components of it. */
function hashesOf({ hashes }: FetchedPackage): object {
  const [first, second] = hashes
  if (first === undefined) return {}
  if (second === undefined) return { hashes: [{ alg: first.alg, content: first.content }] }
  return {
    components: hashes.map(({ alg, content, file = '' }) => ({ type: 'file', name: file, hashes: [{ alg, content }] })),
  }
}

/** Each is an expression: also a single identifier is one, and `LicenseRef-` names are allowed there only. */
const licences = (expression: string): readonly object[] => [{ expression }]
