/**
 * Who may use the local Apicurio Registry, as its properties (Quarkus 3.15): Basic logins with users of the file, and two checks of each
 * request. Quarkus refuses what no line below names, by path and method; Apicurio refuses by the user's role what its operation needs.
 */
import { REGISTRY_ADMIN, REGISTRY_RIGHTS, REGISTRY_USERS } from '#core/avro/registry-rights.ts'
import { sha256 } from '../passwords.ts'

export const REGISTRY_PATH = '/apis/ccompat/v7'

/** Roles of Apicurio, by what a user may do. */
const ROLES = { read: 'sr-readonly', register: 'sr-developer' } as const
const ADMIN_ROLE = 'sr-admin'

/** Quarkus hashes it with user and password; fixed when Apicurio is built. */
const REALM = 'Quarkus'

interface Permission {
  readonly paths: readonly string[]
  readonly methods?: readonly string[]
  /** `authenticated`, `permit` and `deny` are Quarkus' own; the others are below. */
  readonly policy: 'authenticated' | 'permit' | 'deny' | 'register' | 'administer'
}

/** Of the paths that fit a request the longest counts, and among its lines those with the request's method: without one, nothing is allowed. */
const PERMISSIONS: Readonly<Record<string, Permission>> = {
  all: { paths: ['/*'], policy: 'deny' },
  health: { paths: ['/health/ready'], methods: ['GET'], policy: 'permit' },
  read: { paths: [`${REGISTRY_PATH}/*`], methods: ['GET'], policy: 'authenticated' },
  // POST without /versions asks whether a schema is registered.
  'read-subjects': { paths: [`${REGISTRY_PATH}/subjects/*`], methods: ['GET', 'POST'], policy: 'authenticated' },
  'delete-subjects': { paths: [`${REGISTRY_PATH}/subjects/*`], methods: ['DELETE'], policy: 'administer' },
  'read-versions': { paths: [`${REGISTRY_PATH}/subjects/*/versions`], methods: ['GET'], policy: 'authenticated' },
  register: { paths: [`${REGISTRY_PATH}/subjects/*/versions`], methods: ['POST'], policy: 'register' },
  'read-config': { paths: [`${REGISTRY_PATH}/config/*`], methods: ['GET'], policy: 'authenticated' },
  'set-config': { paths: [`${REGISTRY_PATH}/config/*`], methods: ['PUT'], policy: 'register' },
  // How subjects without a rule of their own are checked.
  'read-global-config': { paths: [`${REGISTRY_PATH}/config`], methods: ['GET'], policy: 'authenticated' },
  'set-global-config': { paths: [`${REGISTRY_PATH}/config`], methods: ['PUT'], policy: 'administer' },
}

const POLICIES = { register: [ROLES.register, ADMIN_ROLE], administer: [ADMIN_ROLE] } as const

/** @returns the file; it has hashes of the passwords, of which each has 256 random bits */
export function registryAccess(passwordOf: (user: string) => string): string {
  const lines = [
    'quarkus.http.auth.basic=true',
    'apicurio.auth.role-based-authorization=true',
    'quarkus.security.users.embedded.plain-text=false',
    'quarkus.security.users.embedded.algorithm=digest-sha-256',
  ]
  for (const user of REGISTRY_USERS) {
    const hash = sha256(`${user}:${REALM}:${passwordOf(user)}`).toString('hex')
    lines.push(`quarkus.security.users.embedded.users.${user}=${hash}`)
    lines.push(`quarkus.security.users.embedded.roles.${user}=${roleOf(user)}`)
  }
  for (const [policy, roles] of Object.entries(POLICIES))
    lines.push(`quarkus.http.auth.policy.${policy}.roles-allowed=${roles.join(',')}`)
  for (const [name, { paths, methods, policy }] of Object.entries(PERMISSIONS)) {
    const key = `quarkus.http.auth.permission.${name}`
    lines.push(`${key}.paths=${paths.join(',')}`, `${key}.policy=${policy}`)
    if (methods) lines.push(`${key}.methods=${methods.join(',')}`)
  }
  return `${lines.join('\n')}\n`
}

function roleOf(user: string): string {
  if (user === REGISTRY_ADMIN) return ADMIN_ROLE
  return ROLES[REGISTRY_RIGHTS[user as keyof typeof REGISTRY_RIGHTS].may]
}
