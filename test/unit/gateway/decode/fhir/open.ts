/** Reads a Bundle at once. */
import { type Bundle, type BundleLimits, bundleSteps } from '../../../../../services/gateway/decode/fhir/bundle.ts'

const LIMITS: BundleLimits = { maxRecordBytes: 10_000_000, maxRecords: 100_000 }

/** @param bundle its JSON, or an object to be written as JSON */
export function openNow(bundle: string | object, receivedAt: number, limits: Partial<BundleLimits> = {}): Bundle {
  const text = typeof bundle === 'string' ? bundle : JSON.stringify(bundle)
  const steps = bundleSteps(Buffer.from(text), receivedAt, { ...LIMITS, ...limits })
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
