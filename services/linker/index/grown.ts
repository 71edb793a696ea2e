type Numbers = Int32Array | Uint8Array | Float64Array

/** @param size at least @returns the same numbers with room for more: itself where there is enough */
export function grown<T extends Numbers>(numbers: T, size: number): T {
  if (size <= numbers.length) return numbers
  const larger = new (numbers.constructor as new (length: number) => T)(Math.max(size, 2 * numbers.length))
  larger.set(numbers)
  return larger
}
