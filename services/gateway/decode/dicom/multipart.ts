/**
 * The parts of a body of `multipart/related` (RFC 2387, PS3.18 8.6.1), one after the other and without a copy. The parsers of others are for forms
 * (`multipart/form-data`) and for streams.
 */
import { ProblemError } from '../../problem.ts'
import type { Part } from './items.ts'

const END_OF_HEADERS = Buffer.from('\r\n\r\n')
const DASHES = 0x2d
const MAX_HEADER_BYTES = 8192
/** RFC 2046, 5.1.1. */
const BOUNDARY = /^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/

/** @param contentType with its boundary @throws ProblemError unsupported-media-type */
export function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain ?? ''
  if (!BOUNDARY.test(boundary)) throw new ProblemError('unsupported-media-type', 'The media type needs a boundary.')
  return boundary
}

/** @throws ProblemError malformed-body, while it is read, when the body ends before its last boundary */
export function* partsOf(body: Buffer, boundary: string): Generator<Part> {
  const line = Buffer.from(`\r\n--${boundary}`)
  // The first boundary may be at the very start, where no line ends before it.
  const first = body.subarray(0, line.length - 2).equals(line.subarray(2)) ? -2 : body.indexOf(line)
  let at = first === -1 ? undefined : first + line.length
  for (;;) {
    if (at === undefined || at + 2 > body.length)
      throw new ProblemError('malformed-body', 'The body ends before its last boundary.')
    if (body[at] === DASHES && body[at + 1] === DASHES) return
    const end = body.indexOf(line, at)
    if (end === -1) throw new ProblemError('malformed-body', 'The body ends before its last boundary.')
    yield partOf(body.subarray(at, end))
    at = end + line.length
  }
}

/** @param bytes from the end of the boundary on: the line's end, headers, an empty line, the content */
function partOf(bytes: Buffer): Part {
  const head = bytes.subarray(0, MAX_HEADER_BYTES)
  const end = head.indexOf(END_OF_HEADERS)
  const headers = end === -1 ? '' : head.toString('latin1', 0, end)
  const [, type = ''] = /\r\ncontent-type:[ \t]*([^\r;]*)/i.exec(`\r\n${headers}`) ?? []
  return type.trim().toLowerCase() === 'application/dicom'
    ? { file: bytes.subarray(end + END_OF_HEADERS.length) }
    : { fault: 'malformed-dicom' }
}
