/**
 * `chainon push --dry-run` starts it: says of each body of a format what the gateway would, and sends nothing. On stdin a body is its length, four bytes
 * with the lowest first, and its bytes; on stdout its counts and errors are a line of JSON. Exits with 78 when the configuration is wrong.
 */
import { loadContracts } from '#core/contract/load.ts'
import { FAULTS } from '#core/faults/codes.ts'
import { ChainonError, ConfigurationError, exitStatus } from '#core/faults/errors.ts'
import { DICOM_BOUNDARY } from '#core/gateway-api/media-types.ts'
import { checkConfig, gatewayLimits, hl7Settings } from '../config.ts'
import { dicomItems } from '../decode/dicom/items.ts'
import { partsOf } from '../decode/dicom/multipart.ts'
import { openBundle } from '../decode/fhir/bundle.ts'
import { bundleItems } from '../decode/fhir/items.ts'
import { openLines } from '../decode/fhir/resources.ts'
import { hl7Items } from '../decode/hl7/items.ts'
import type { Item } from '../decode/item.ts'
import { pmsiItems } from '../decode/pmsi/items.ts'
import { ProblemError } from '../problem.ts'
import { type Checked, itemChecker } from './check-items.ts'
import { framesOf } from './frames.ts'

type Decode = (body: Buffer, receivedAt: number) => Iterable<Item> | Promise<Iterable<Item>>

const nothing = () => undefined

function decoders(config: ReturnType<typeof checkConfig>): Readonly<Record<string, Decode>> {
  const limits = gatewayLimits(config)
  const hl7 = hl7Settings(config)
  const { maxRecordBytes } = limits
  const dicom = { settings: hl7, maxBytes: maxRecordBytes, onUnmapped: nothing, keepFiles: false }
  return {
    dicom: (body, receivedAt) => dicomItems(partsOf(body, DICOM_BOUNDARY), { ...dicom, receivedAt }),
    hl7: (body, receivedAt) => hl7Items(body, hl7, receivedAt, maxRecordBytes, nothing),
    pmsi: (body, receivedAt) => pmsiItems(body, { receivedAt, maxLineBytes: maxRecordBytes, onUnmapped: nothing }),
    bundle: async (body, receivedAt) => bundleItems(await openBundle(body, receivedAt, limits), nothing),
    resources: async (body, receivedAt) => bundleItems(await openLines(body, receivedAt, limits), nothing),
  }
}

function decoderOf(format: string, config: ReturnType<typeof checkConfig>): Decode {
  const known = decoders(config)
  const decode = Object.hasOwn(known, format) ? known[format] : undefined
  if (decode) return decode
  throw new ConfigurationError('Nothing to check', [`the format must be one of ${Object.keys(known).join(', ')}`])
}

/** A body that is refused as a whole is one error. */
async function answer(body: Buffer, decode: Decode, check: ReturnType<typeof itemChecker>): Promise<Checked> {
  try {
    return check(await decode(body, Date.now()))
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const rule = error.problemCode
    return { accepted: 0, rejected: 1, errors: [{ index: 0, pointer: '', rule, detail: FAULTS[rule].text }] }
  }
}

try {
  const [format = '', producer = ''] = process.argv.slice(2)
  const config = checkConfig(process.env)
  const decode = decoderOf(format, config)
  const check = itemChecker(loadContracts(config.CHAINON_FEEDS_DIR), producer)
  for await (const body of framesOf(process.stdin))
    process.stdout.write(`${JSON.stringify(await answer(body, decode, check))}\n`)
} catch (error) {
  if (!(error instanceof ChainonError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = exitStatus(error)
}
