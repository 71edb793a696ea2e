/** OBX-5 of type ED (encapsulated data): the text of what is enclosed, a plain text or a CDA. A PDF or an image has no text here. */
import { isUtf8 } from 'node:buffer'
import { cdaText } from '#core/documents/cda.ts'
import { decoderOf } from './charset.ts'
import { Refusal } from './refusal.ts'
import type { Segment } from './segment.ts'

const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/
const HEX = /^(?:[0-9A-Fa-f]{2})*$/
const XML_ENCODING = /^<\?xml[^>]{0,100}encoding=["']([\w-]{1,20})["']/
const XML_CHARSETS: Readonly<Record<string, string>> = {
  'iso-8859-1': '8859/1',
  'iso-8859-15': '8859/15',
  'us-ascii': 'ASCII',
}

/**
 * @param charset of the message: of a text that is not UTF-8
 * @returns a refusal for what is damaged, and for what is neither text nor a CDA with a narrative
 */
export function attachedText(obx: Segment, charset: string): string | Refusal {
  const field = obx.field(5)
  const data = field.text(5)
  if (data === undefined) return new Refusal('required', obx.at(5, 5))
  const encoding = (field.text(4) ?? 'A').toUpperCase()
  const kind = `${field.text(2) ?? ''}/${field.text(3) ?? ''}`.toLowerCase()
  if (encoding === 'A') return textIn(data, kind) ?? new Refusal('unmapped-value', obx.at(5, 2))
  const bytes = bytesOf(data, encoding)
  if (bytes === undefined) return new Refusal('damaged-content', obx.at(5, 5))
  const text = decode(bytes, charset)
  return (text === undefined ? undefined : textIn(text, kind)) ?? new Refusal('unmapped-value', obx.at(5, 2))
}

function bytesOf(data: string, encoding: string): Buffer | undefined {
  if (encoding === 'BASE64') return BASE64.test(data) ? Buffer.from(data, 'base64') : undefined
  return encoding === 'HEX' && HEX.test(data) ? Buffer.from(data, 'hex') : undefined
}

/** @returns the text of a CDA, or a plain text; undefined for anything else, whatever its type says */
function textIn(content: string, kind: string): string | undefined {
  if (/^\s*</.test(content)) return cdaText(content)
  const isText = /^(?:text|tx|ft)?\/(?:plain)?$/.test(kind) && !/^(?:%PDF|\{\\rtf)/.test(content)
  return isText && !hasControls(content) && content.trim() !== '' ? content : undefined
}

function decode(bytes: Buffer, charset: string): string | undefined {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
  const declared = XML_ENCODING.exec(start.toString('latin1', 0, 200))?.[1]?.toLowerCase()
  const known = declared === undefined ? undefined : XML_CHARSETS[declared]
  if (known !== undefined) return decoderOf(known)?.(start)
  return isUtf8(start) ? start.toString('utf8') : decoderOf(charset)?.(start)
}

/** Control characters but tab and line ends are what makes content binary. */
function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 9 || (code > 13 && code < 32)) return true
  }
  return false
}
