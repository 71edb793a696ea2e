/** The character sets of (0008,0005) (PS3.3 C.12.1.1.2). Without code extensions: a text that switches between sets (ISO 2022) is refused. */
import { decoderOf as hl7DecoderOf } from '../hl7/charset.ts'

export type Decode = (bytes: Buffer) => string | undefined

const ESCAPE = 0x1b

/** Names of the standard, and those of the WHATWG for the same set. Node's own ISO 8859-1 is the standard's. */
const WHATWG: Readonly<Record<string, string>> = {
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 148': 'windows-1254',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 13': 'shift_jis',
  GB18030: 'gb18030',
  GBK: 'gbk',
}
const OF_HL7: Readonly<Record<string, string>> = {
  'ISO_IR 6': 'ASCII',
  'ISO_IR 100': '8859/1',
  'ISO_IR 203': '8859/15',
  'ISO_IR 192': 'UNICODE UTF-8',
}

export const CHARSET_NAMES: readonly string[] = [...Object.keys(OF_HL7), ...Object.keys(WHATWG)]

/**
 * @param name first value of (0008,0005); with code extensions its texts begin with this set
 * @param unsaid name of table 0211 for files that say none
 * @returns a function that decodes bytes of the set, and returns undefined for bytes that are none of it; undefined when the set is not known
 */
export function decoderOf(name: string, unsaid: string): Decode | undefined {
  const known = name.replace(/^ISO 2022 IR /, 'ISO_IR ')
  const decode = name === '' ? hl7DecoderOf(unsaid) : (whatwg(known) ?? hl7DecoderOf(hl7Name(known)))
  return decode && ((bytes) => (bytes.includes(ESCAPE) ? undefined : decode(bytes)))
}

function hl7Name(name: string): string {
  return (Object.hasOwn(OF_HL7, name) ? OF_HL7[name] : undefined) ?? ''
}

function whatwg(name: string): Decode | undefined {
  const label = Object.hasOwn(WHATWG, name) ? WHATWG[name] : undefined
  if (label === undefined) return undefined
  const decoder = new TextDecoder(label, { fatal: true })
  return (bytes) => {
    try {
      return decoder.decode(bytes)
    } catch {
      return undefined
    }
  }
}
