/** A DICOM file without what is never read of it, so that pixels do not leave the hospital: cut before the values of single frames, waveforms, overlays and pixels. */
import { deflateRawSync } from 'node:zlib'
import { readDataset, type Unreadable } from './dataset.ts'

/**
 * @param file its beginning is enough, where that has more bytes than `maxBytes`
 * @param maxBytes of what is kept, after decompression
 */
export function cutFile(file: Buffer, maxBytes: number): Buffer | Unreadable {
  const dataset = readDataset(file, maxBytes)
  if ('fault' in dataset) return dataset
  const { bytes, end, head, deflated } = dataset
  return deflated ? Buffer.concat([head, deflateRawSync(bytes.subarray(0, end))]) : bytes.subarray(0, end)
}
