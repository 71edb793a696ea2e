/** Counts the fields of messages, and the elements of resources, that no mapping reads. */
import type { Metrics } from '#core/telemetry/metrics.ts'

/** Told of the place of each such field, in the terms of its format. */
export type OnUnmapped = (path: string) => void

/** A sender chooses how many fields a segment has: places beyond these are counted together. */
const MAX_PATHS = 500

/** @returns a function that makes the counter of a format, once for each */
export function countUnmapped(metrics: Metrics): (format: string) => OnUnmapped {
  const count = metrics.counter(
    'chainon_gateway_unmapped_fields',
    'Fields with a value that no mapping reads, by format and path',
  )
  return (format) => {
    const paths = new Set<string>()
    return (path) => {
      if (paths.size < MAX_PATHS) paths.add(path)
      count(1, { format, path: paths.has(path) ? path : 'other' })
    }
  }
}
