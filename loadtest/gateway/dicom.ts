/** DICOM files (PS3.10) with what the gateway needs of a slice, in explicit little-endian. */

type Element = readonly [group: number, element: number, vr: string, value: string | Buffer]

/** 512 by 512 pixels of two bytes. */
const PIXELS = Buffer.alloc(512 * 512 * 2, 7)
const EXPLICIT = '1.2.840.10008.1.2.1'
const ROOT = '1.2.826.0.1.3680043.8.498'
const PREAMBLE_BYTES = 128
/** Representations whose length has four bytes after two that are reserved (PS3.5, 7.1.2). */
const LONG = ['OW']

/** @param i gives another instance each */
export function tomographySlice(i: number): Buffer {
  const elements: readonly Element[] = [
    [0x0002, 0x0010, 'UI', EXPLICIT],
    [0x0008, 0x0016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
    [0x0008, 0x0018, 'UI', `${ROOT}.1.${i}`],
    [0x0008, 0x0020, 'DA', '20250201'],
    [0x0008, 0x0030, 'TM', '0759'],
    [0x0008, 0x0060, 'CS', 'CT'],
    [0x0010, 0x0010, 'PN', 'DURAND^ANNE'],
    [0x0010, 0x0020, 'LO', String(10_000_000 + (i % 2000))],
    [0x0020, 0x000d, 'UI', `${ROOT}.2.${i % 2000}`],
    [0x0020, 0x000e, 'UI', `${ROOT}.3.${i % 2000}`],
    [0x7fe0, 0x0010, 'OW', PIXELS],
  ]
  return Buffer.concat([Buffer.alloc(PREAMBLE_BYTES), Buffer.from('DICM'), ...elements.map(encoded)])
}

function encoded([group, element, vr, value]: Element): Buffer {
  const bytes = Buffer.from(value as string)
  const padded = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(vr === 'UI' ? '\0' : ' ')])
  const head = Buffer.alloc(LONG.includes(vr) ? 12 : 8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(element, 2)
  head.write(vr, 4, 'latin1')
  if (LONG.includes(vr)) head.writeUInt32LE(padded.length, 8)
  else head.writeUInt16LE(padded.length, 6)
  return Buffer.concat([head, padded])
}
