/** A map that forgets: two generations, the older one dropped when the younger is full. Bounded, and O(1) without a list. */
export interface Lru<V> {
  get(key: string): V | undefined
  set(key: string, value: V): void
}

/** @param size at least this many of the most recent entries are kept, at most twice as many */
export function createLru<V>(size: number): Lru<V> {
  let young = new Map<string, V>()
  let old = new Map<string, V>()
  const set = (key: string, value: V) => {
    young.set(key, value)
    if (young.size >= size) {
      old = young
      young = new Map()
    }
  }
  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const older = old.get(key)
      if (older !== undefined) set(key, older)
      return older
    },
    set,
  }
}
