/** Where objects too large for Kafka are kept, by name; what is written under a name is whole or is not there. */

/** Segments of letters, digits, `.`, `_` and `-`, joined by `/`; none begins with a dot. */
export type ObjectName = string

export interface ObjectStore {
  /**
   * Writes an object, in the place of one of this name; returns when it would survive a failure of the machine.
   * @throws ChainonError dependency-unavailable
   */
  put(name: ObjectName, chunks: Iterable<Buffer>): Promise<void>
  /** @returns undefined when there is none @throws ChainonError dependency-unavailable */
  get(name: ObjectName): Promise<Buffer | undefined>
  /** Also of one that is not there. @throws ChainonError dependency-unavailable */
  remove(name: ObjectName): Promise<void>
  /** @returns what is directly under a name, folders too, in the order of the names @throws ChainonError dependency-unavailable */
  list(folder: ObjectName): Promise<readonly string[]>
  /** Removes what writes of processes that ended have left, older than that. @returns how many */
  tidy(before: Date): Promise<number>
}

const NAME = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/

/** @throws Error for a name that would lead out of the store: names are made by Chainon alone */
export function checkName(name: ObjectName): ObjectName {
  if (!NAME.test(name)) throw new Error('this is no name of an object')
  return name
}
