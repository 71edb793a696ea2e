/** Whether the pixels of an instance may show who the patient is: for whoever asks for them later. */
import type { Elements } from '#core/dicom/dataset.ts'
import { plainOf } from './values.ts'

/** Equipment that draws text into its images, and documents that were scanned or photographed. */
export const USUAL_MODALITIES: readonly string[] = [
  ...['ES', 'GM', 'IVUS', 'OP', 'OPT', 'OT', 'PX', 'RF', 'SM', 'US', 'VF', 'XA', 'XC', 'CF', 'DD', 'DF', 'DS', 'EC'],
]
/** Secondary capture, ultrasound, visible light and video, encapsulated documents. */
export const USUAL_CLASSES: readonly string[] = [
  ...['7', '3', '3.1', '6', '6.1', '77.1', '104'].map((arcs) => `1.2.840.10008.5.1.4.1.1.${arcs}`),
]

/** What the file says against it (NO) is not believed of these: many senders write it of everything. */
export function burnedInRisk(of: Elements): 'declared' | 'usual' | 'unusual' {
  if (plainOf(of, '(0028,0301)') === 'YES') return 'declared'
  const modality = plainOf(of, '(0008,0060)')
  const sopClass = plainOf(of, '(0008,0016)')
  const usual =
    (typeof modality === 'string' && USUAL_MODALITIES.includes(modality)) ||
    (typeof sopClass === 'string' && USUAL_CLASSES.some((one) => sopClass === one || sopClass.startsWith(`${one}.`)))
  return usual ? 'usual' : 'unusual'
}
