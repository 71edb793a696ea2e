/** The local ClickHouse is a process of another user of the system where root starts it, and a service's secrets are closed to that user. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadOrCreateSecret } from '#core/crypto/secrets.ts'
import { dataPaths } from '../../deploy/local/paths.ts'
import { readState } from '../../deploy/local/state.ts'
import { login, servers } from '../helpers/servers.ts'

const data = servers().CHAINON_DATA_DIR ?? ''
const isRoot = process.getuid?.() === 0
const statusOf = (pid: number, field: string) =>
  new RegExp(`^${field}:\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)`, 'm')
    .exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    ?.slice(1)

/** What the user of the front gets who reads a file. */
function readAs(uid: number, path: string): string {
  const { stdout } = spawnSync('/bin/cat', [path], { uid, gid: uid, encoding: 'utf8', cwd: '/' })
  return stdout
}

describe.runIf(isRoot && existsSync('/proc/self/status'))('as root', () => {
  const front = readState(dataPaths(data)).find(({ name }) => name === 'clickhouse')
  const pid = front?.pid ?? 0

  test('the front is another user, who cannot become root again', () => {
    const uids = statusOf(pid, 'Uid')
    expect(new Set(uids).size).toBe(1)
    expect(uids).not.toContain('0')
    expect(statusOf(pid, 'Gid')).not.toContain('0')
    expect(/^CapEff:\s+(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]).toMatch(/^0+$/)
  })

  test('that user reads neither a secret of a service, nor a password, nor the environment of a service', () => {
    const uid = Number(statusOf(pid, 'Uid')?.[0])
    loadOrCreateSecret(join(data, 'secrets', 'deidentify'), 'pseudonym-level1.key')
    const passwords = dataPaths(data).clickhouseLogins
    const secrets = [
      join(data, 'secrets', 'deidentify', 'pseudonym-level1.key'),
      ...readdirSync(passwords).map((name) => join(passwords, name)),
      `/proc/${process.pid}/environ`,
    ]
    expect(secrets.length).toBeGreaterThan(5)
    for (const path of secrets) {
      expect(readFileSync(path, 'utf8')).not.toBe('')
      expect([path, readAs(uid, path)]).toEqual([path, ''])
    }
  })

  test('that user reads its own folder, in which there are hashes of passwords only', () => {
    const uid = Number(statusOf(pid, 'Uid')?.[0])
    const known = readAs(uid, join(data, 'clickhouse', 'users.json'))
    expect(Object.keys(JSON.parse(known) as object)).toContain('curate')
    expect(known).not.toContain(login('curate').CLICKHOUSE_PASSWORD)
    expect(statSync(join(data, 'clickhouse')).mode & 0o077).toBe(0)
  })

  test('its environment has no secret of who started it', () => {
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8')
    expect(environment).toContain('CHAINON_CLICKHOUSE_USERS_FILE')
    expect(environment).not.toMatch(/CHAINON_API_KEY|PASSWORD|REDIS_URL/)
  })
})
