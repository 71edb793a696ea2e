import { resolve } from 'node:path'
import type { Config } from '../config/read.ts'
import { folderStore } from './folder-store.ts'
import type { ObjectStore } from './store.ts'

export const OBJECT_KEYS = ['CHAINON_OBJECT_DIR', 'CHAINON_OBJECT_BURNED_IN'] as const

/** @returns undefined when none is configured @throws ConfigurationError when it cannot be opened */
export async function objectStore({
  CHAINON_OBJECT_DIR: folder,
}: Config<'CHAINON_OBJECT_DIR'>): Promise<ObjectStore | undefined> {
  return folder === '' ? undefined : await folderStore(resolve(folder))
}
