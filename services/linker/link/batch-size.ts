/**
 * How many records are linked in one write of the index: what waits. Few wait while the linker is faster than they arrive, and each is written at once; under a
 * backlog many share the cost of a write, which is some 300 us however much is in it (docs/adr/0051).
 */

/** Above it a write gets no cheaper for a record, and all of it waits for its last record. */
export const MOST_IN_BATCH = 256

/** @param waiting records @returns the number of those, the first ones, that are linked now; 0 when none waits */
export function batchSize(waiting: number): number {
  return Math.min(waiting, MOST_IN_BATCH)
}
