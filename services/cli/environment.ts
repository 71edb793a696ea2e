/** The environment of a command: explicit settings first, then the running local stack, then the defaults. */
import { join } from 'node:path'
import { lockHolder } from '#core/process/lock.ts'
import { COMPONENTS } from '#core/process/state-file.ts'
import { localLogin } from '../../deploy/local/logins.ts'
import { dataFolder, dataPaths, ROOT } from '../../deploy/local/paths.ts'
import { readState } from '../../deploy/local/state.ts'
import { ADDRESS_VARIABLES, ADMIN_VARIABLES } from '../../deploy/local/types.ts'

/**
 * @param env of `main.ts`
 * @param options `dataDir` of the command line; else CHAINON_DATA_DIR, else `.chainon` in the project
 *   `user` of the local components, by default `operator`; `clickhouseUser` when it is another one there
 * @returns a copy of the environment in which CHAINON_DATA_DIR and CHAINON_FEEDS_DIR are absolute, and the URLs are those of
 *   the local stack of that data folder when one runs. Pass it to `readConfig`, or to a process. The state of
 *   the stack has no password of an external dependency: set its variable for the command, too.
 */
export function resolveEnvironment(
  env: NodeJS.ProcessEnv,
  options: { dataDir?: string; user?: string; clickhouseUser?: string | undefined } = {},
): NodeJS.ProcessEnv {
  const { _CHAINON_LAUNCHER_PID: _launcher, ...explicit } = env
  const data = dataFolder(env, options.dataDir)
  const resolved: NodeJS.ProcessEnv = { ...explicit, CHAINON_DATA_DIR: data }
  resolved.CHAINON_FEEDS_DIR ||= join(ROOT, 'schemas', 'feeds')
  const paths = dataPaths(data)
  if (lockHolder(paths.lockFile) === null) return resolved
  for (const row of readState(paths)) {
    if (row.state === 'stopped') continue
    if (row.url) resolved[ADDRESS_VARIABLES[row.name]] ||= row.url
    if (row.admin_url && (row.name === 'gateway' || row.name === 'console'))
      resolved[ADMIN_VARIABLES[row.name]] ||= row.admin_url
    const component = COMPONENTS.find((name) => name === row.name)
    const local = component && row.state !== 'external' && resolved[ADDRESS_VARIABLES[component]] === row.url
    if (!local) continue
    // A login that is given is for another user of the same component.
    const other = component === 'clickhouse' ? options.clickhouseUser : undefined
    const login = localLogin(component, data, other ?? options.user ?? 'operator')
    if (!Object.keys(login).some((name) => resolved[name])) Object.assign(resolved, login)
  }
  return resolved
}
