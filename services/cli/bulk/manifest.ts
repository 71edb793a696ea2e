/** The manifest of a FHIR Bulk Data export (hl7.org/fhir/uv/bulkdata, "Response - Complete Status"): which files there are. It is of another's making: extra members are ignored. */
import { parseTimestamp } from '#core/contract/calendar.ts'
import { ConfigurationError } from '#core/faults/errors.ts'
import { object, objects, text } from '#core/fhir/json.ts'

export interface ExportFile {
  /** Of its resources; `Bundle` for `deleted`, `OperationOutcome` for `error`. */
  readonly type: string
  /** As it is written, also relative to the manifest. */
  readonly url: string
}

export interface Manifest {
  /** ISO 8601: what changed later is not in the export. */
  readonly transactionTime: string
  readonly requiresAccessToken: boolean
  readonly output: readonly ExportFile[]
  readonly deleted: readonly ExportFile[]
  readonly error: readonly ExportFile[]
}

export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024
const MAX_FILES = 100_000

/** @throws ConfigurationError with every member that is wrong, without its value */
export function readManifest(bytes: Buffer, name: string): Manifest {
  const manifest = parsed(bytes, name)
  const problems: string[] = []
  const transactionTime = text(manifest.transactionTime) ?? ''
  if (parseTimestamp(transactionTime) === undefined)
    problems.push('transactionTime: must be an instant with its offset')
  // Optional members have the meaning of the specification; a token is never sent because a member is missing.
  const token = manifest.requiresAccessToken
  if (typeof token !== 'boolean') problems.push('requiresAccessToken: must be true or false')
  if (objects(manifest.link).some(({ relation }) => relation === 'next'))
    problems.push('link: the manifest goes on in another one, which is not read')
  const files = (member: string, required: boolean): readonly ExportFile[] => {
    const list = manifest[member]
    if (list === undefined || list === null) {
      if (required) problems.push(`${member}: is missing`)
      return []
    }
    if (!Array.isArray(list) || list.length > MAX_FILES) {
      problems.push(`${member}: must be a list of at most ${MAX_FILES} files`)
      return []
    }
    return list.map((one: unknown, index) => {
      const type = text(object(one)?.type) ?? ''
      const url = text(object(one)?.url) ?? ''
      if (url === '') problems.push(`${member}[${index}].url: is missing`)
      if (!/^[A-Za-z]{1,64}$/.test(type)) problems.push(`${member}[${index}].type: must be a type of resource`)
      return { type, url }
    })
  }
  const output = files('output', true)
  const found = { output, deleted: files('deleted', false), error: files('error', false) }
  if (problems.length > 0)
    throw new ConfigurationError(
      'The manifest cannot be used',
      problems.slice(0, 20).map((one) => `${name}: ${one}`),
    )
  return { transactionTime, requiresAccessToken: token === true, ...found }
}

function parsed(bytes: Buffer, name: string) {
  try {
    const manifest = object(JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')))
    if (manifest) return manifest
  } catch {
    // Said below: what is no JSON may be a page of a login.
  }
  throw new ConfigurationError('The manifest cannot be used', [`${name}: it is no JSON object`])
}
