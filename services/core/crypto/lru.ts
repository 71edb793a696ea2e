/** A bounded map: two generations, and the previous one is dropped when the current one is full. O(1), without a list. */
export interface Lru<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

/** @param size at least this many of the most recent entries are kept, at most twice as many */
export function createLru<V>(size: number): Lru<V> {
  let current = new Map<string, V>()
  let previous = new Map<string, V>()
  const set = (key: string, value: V) => {
    current.set(key, value)
    if (current.size >= size) {
      previous = current
      current = new Map()
    }
  }
  return {
    get(key) {
      const value = current.get(key)
      if (value !== undefined) return value
      const older = previous.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
  }
}
