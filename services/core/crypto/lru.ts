/** A bounded map: two generations, and the older one is dropped when the newer one is full. O(1), without a list. */
export interface Lru<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

/** @param size at least this many of the most recent entries are kept, at most twice as many */
export function createLru<V>(size: number): Lru<V> {
  let newer = new Map<string, V>()
  let previous = new Map<string, V>()
  const set = (key: string, value: V) => {
    newer.set(key, value)
    if (newer.size >= size) {
      previous = newer
      newer = new Map()
    }
  }
  return {
    get(key) {
      const value = newer.get(key)
      if (value !== undefined) return value
      const older = previous.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
  }
}
