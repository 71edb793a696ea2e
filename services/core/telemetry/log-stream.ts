/**
 * Where log lines go: written at once, in order, and never waited for. On a full disk, or in a pipe that nobody reads, lines wait in
 * memory up to a bound, and lines that do not fit are lost: a service must not stop, or hang at its end, because of its log.
 */
import { writeSync } from 'node:fs'

const MAX_WAITING_BYTES = 1024 ** 2

export interface LogStream {
  write(line: string): void
}

/** @param fd file descriptor, 2 for stderr */
export function logStream(fd: number): LogStream {
  let waiting: Buffer = Buffer.alloc(0)
  return {
    write(line) {
      const added = Buffer.from(line)
      if (waiting.length + added.length <= MAX_WAITING_BYTES) waiting = Buffer.concat([waiting, added])
      waiting = waiting.subarray(written(fd, waiting))
    },
  }
}

/** @returns how many bytes were written; 0 on an error: the next line tries again */
function written(fd: number, bytes: Buffer): number {
  let done = 0
  try {
    while (done < bytes.length) done += writeSync(fd, bytes, done)
  } catch {
    // Full disk, full pipe, closed reader: there is no other place to report it.
  }
  return done
}
