/**
 * The members of a consumer group that processes of this machine are, one file each, so that a process that was killed is taken out of
 * the group at once, by the process that is started in its place or by another one that shares the folder. Without it, its
 * partitions wait for its session to end. Only a process that this one could see is judged: on the same boot of the same machine,
 * in the same process namespace (a container has its own).
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, ownMark, type ProcessMark, processNamespace } from '../process/identity.ts'

export interface DeadMember {
  readonly memberId: string
  readonly file: string
}

export interface MemberFiles {
  /** This process is the member from now on. */
  write(memberId: string): void
  /** This process has left the group. */
  remove(): void
  /** @returns the members of processes that no longer run */
  dead(): readonly DeadMember[]
  forget(dead: DeadMember): void
}

interface Row extends ProcessMark {
  readonly group: string
  readonly memberId: string
}

/** @param folder the data folder; on a full or read-only disk there are no files, and a session's end decides */
export function memberFiles(folder: string, group: string): MemberFiles {
  const dir = join(folder, 'run', 'members')
  const own = join(dir, `${encodeURIComponent(group)}.${process.pid}.json`)
  const namespace = processNamespace()
  return {
    write(memberId) {
      const row: Row = { group, memberId, ...ownMark() }
      attempt(() => {
        mkdirSync(dir, { recursive: true, mode: 0o700 })
        writeFileSync(`${own}.new`, JSON.stringify(row), { mode: 0o600 })
        renameSync(`${own}.new`, own)
      })
    },
    remove: () => attempt(() => rmSync(own, { force: true })),
    dead() {
      const names = attempt(() => readdirSync(dir)) ?? []
      return names.flatMap((name) => {
        const file = join(dir, name)
        const row =
          file.endsWith('.json') && file !== own
            ? attempt(() => JSON.parse(readFileSync(file, 'utf8')) as Row)
            : undefined
        if (!row || row.group !== group || row.namespace !== namespace || isAlive(row.pid, row.identity)) return []
        return [{ memberId: row.memberId, file }]
      })
    },
    forget: ({ file }) => attempt(() => rmSync(file, { force: true })),
  }
}

/** The files only save time: what cannot be read or written is left to the session's end. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
