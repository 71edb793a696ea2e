/** A data folder as a file system of its own, in memory: it is full as soon as it is made as small as its content. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

export const DISK_COMPONENTS = ['clickhouse', 'kafka'] as const
export type DiskComponent = (typeof DISK_COMPONENTS)[number]
export const DISK_SIZE = '1500m'

/** @returns the folders that could be mounted: it needs the right to mount */
export function mountDisks(data: string): readonly string[] {
  return DISK_COMPONENTS.map((name) => join(data, name)).filter((folder) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE},mode=0700`, 'tmpfs', folder], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}

export function unmountDisks(folders: readonly string[]): void {
  for (const folder of folders) execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
}
