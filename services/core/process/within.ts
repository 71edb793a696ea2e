/** A time limit for a call whose client has none of its own. The call itself goes on; its later outcome is ignored. */
import { ChainonError } from '../faults/errors.ts'

/** @throws ChainonError dependency-unavailable after `ms` milliseconds */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ChainonError('dependency-unavailable', `no answer within ${ms} ms`)), ms)
  })
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer))
}
