/** Canaries in DICOM: an instance without pixels (PS3.10, Explicit VR Little Endian), whose every element of a person, place or note is one. */
import type { Inventor } from './invent.ts'

export interface CanarySlice {
  readonly file: Buffer
  readonly canaries: readonly string[]
  readonly ipp: string
  /** SOP instance UID. */
  readonly recordId: string
}

type Element = readonly [group: number, element: number, vr: string, value: string | number]

const EXPLICIT = '1.2.840.10008.1.2.1'
const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
/** After it any decimal number is a UID that needs no registration (PS3.5, B.2). */
const UUID_ROOT = '2.25.'

export function canarySlice(invent: Inventor): CanarySlice {
  const canaries: string[] = []
  const canary = (text = invent.word()) => {
    canaries.push(text)
    return text
  }
  const uid = () => `${UUID_ROOT}${canary(`1${invent.digits(24)}`)}`
  const [recordId, study, series, ipp] = [uid(), uid(), uid(), canary()]
  const elements: readonly Element[] = [
    [0x0008, 0x0005, 'CS', 'ISO_IR 192'],
    [0x0008, 0x0008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x0008, 0x0016, 'UI', CT_IMAGE],
    [0x0008, 0x0018, 'UI', recordId],
    [0x0008, 0x0020, 'DA', '20240506'],
    [0x0008, 0x0022, 'DA', '20240506'],
    [0x0008, 0x0030, 'TM', '0759'],
    [0x0008, 0x0032, 'TM', '080102'],
    [0x0008, 0x0050, 'SH', canary()],
    [0x0008, 0x0060, 'CS', 'CT'],
    [0x0008, 0x0070, 'LO', canary()],
    [0x0008, 0x0080, 'LO', canary()],
    [0x0008, 0x0081, 'ST', canary()],
    [0x0008, 0x0090, 'PN', `${canary()}^${canary()}`],
    [0x0008, 0x1010, 'SH', canary()],
    [0x0008, 0x1030, 'LO', canary()],
    [0x0008, 0x103e, 'LO', canary()],
    [0x0008, 0x1050, 'PN', canary()],
    [0x0008, 0x1070, 'PN', canary()],
    [0x0008, 0x1090, 'LO', canary()],
    [0x0009, 0x0010, 'LO', canary()],
    [0x0010, 0x0010, 'PN', `${canary()}^${canary()}`],
    [0x0010, 0x0020, 'LO', ipp],
    [0x0010, 0x0030, 'DA', '19770321'],
    [0x0010, 0x0040, 'CS', 'F'],
    [0x0010, 0x1000, 'LO', canary(invent.nir())],
    [0x0010, 0x1040, 'LO', canary()],
    [0x0010, 0x2154, 'SH', `00${canary(invent.mobile())}`],
    [0x0010, 0x4000, 'LT', canary()],
    [0x0018, 0x0015, 'CS', 'CHEST'],
    [0x0018, 0x1000, 'LO', canary()],
    [0x0018, 0x1030, 'LO', canary()],
    [0x0020, 0x000d, 'UI', study],
    [0x0020, 0x000e, 'UI', series],
    [0x0020, 0x0010, 'SH', canary()],
    [0x0020, 0x0011, 'IS', '2'],
    [0x0020, 0x0013, 'IS', '17'],
    [0x0020, 0x4000, 'LT', canary()],
    [0x0028, 0x0002, 'US', 1],
    [0x0028, 0x0010, 'US', 2],
    [0x0028, 0x0011, 'US', 2],
    [0x0038, 0x0010, 'LO', canary()],
    [0x0038, 0x0300, 'LO', canary()],
    [0x0040, 0x0254, 'LO', canary()],
  ]
  const meta = element([0x0002, 0x0010, 'UI', EXPLICIT])
  const length = Buffer.alloc(12)
  length.writeUInt16LE(0x0002, 0)
  length.write('UL', 4, 'latin1')
  length.writeUInt16LE(4, 6)
  length.writeUInt32LE(meta.length, 8)
  const file = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), length, meta, ...elements.map(element)])
  return { file, canaries, ipp, recordId }
}

function element([group, number, vr, value]: Element): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.write(vr, 4, 'latin1')
  const body = bytesOf(vr, value)
  head.writeUInt16LE(body.length, 6)
  return Buffer.concat([head, body])
}

/** Of an even length, as PS3.5 wants. */
function bytesOf(vr: string, value: string | number): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return text.length % 2 === 0 ? text : Buffer.concat([text, Buffer.from(vr === 'UI' ? '\0' : ' ')])
  }
  const short = Buffer.alloc(2)
  short.writeUInt16LE(value)
  return short
}
