/** Arithmetic of ranges of offsets. Pure. */

/** Offsets from `from` up to `to`, which is not in it. */
export interface OffsetRange {
  readonly from: bigint
  readonly to: bigint
}

/** @returns the same offsets as few ranges, in order, none of them empty */
export function united(ranges: readonly OffsetRange[]): readonly OffsetRange[] {
  const result: OffsetRange[] = []
  for (const { from, to } of ranges.filter((range) => range.to > range.from).toSorted(byStart)) {
    const last = result.at(-1)
    if (last && from <= last.to) result[result.length - 1] = { from: last.from, to: to > last.to ? to : last.to }
    else result.push({ from, to })
  }
  return result
}

/** @returns the offsets of `ranges` that are not in `without` */
export function difference(ranges: readonly OffsetRange[], without: readonly OffsetRange[]): readonly OffsetRange[] {
  const removed = united(without)
  return united(ranges).flatMap((range) => {
    const left: OffsetRange[] = []
    let { from } = range
    for (const hole of removed) {
      if (hole.to <= from || hole.from >= range.to) continue
      if (hole.from > from) left.push({ from, to: hole.from })
      from = hole.to
    }
    if (from < range.to) left.push({ from, to: range.to })
    return left
  })
}

/** @returns the offsets that are in both */
export function intersection(a: readonly OffsetRange[], b: readonly OffsetRange[]): readonly OffsetRange[] {
  return difference(a, difference(a, b))
}

/** Collects single offsets as ranges: mostly the next one each time, so that a log of millions is a few ranges. */
export class OffsetSet {
  #ranges: OffsetRange[] = []

  add(offset: bigint): void {
    const last = this.#ranges.at(-1)
    if (last && offset === last.to) this.#ranges[this.#ranges.length - 1] = { from: last.from, to: offset + 1n }
    else if (!last || offset > last.to || offset < last.from) this.#ranges.push({ from: offset, to: offset + 1n })
  }

  ranges(): readonly OffsetRange[] {
    return united(this.#ranges)
  }
}

function byStart(a: OffsetRange, b: OffsetRange): number {
  return a.from < b.from ? -1 : a.from > b.from ? 1 : 0
}
