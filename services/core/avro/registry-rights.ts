/**
 * Who may do what in the schema registry: the one table, from which the local stack makes its users and `deploy/RIGHTS.md` is printed. A
 * user has the name of its program. Whoever is not here (`extract`) has no login.
 */

export const REGISTRY_RIGHTS = {
  provision: { may: 'register', purpose: 'registers schemas, and sets how new versions of a subject are checked' },
  gateway: { may: 'read', purpose: 'the schemas of `identified.*` and of the envelope that seals them' },
  deidentify: { may: 'read', purpose: 'the schemas that it reads, and those of `pseudonymised.*`' },
  linker: { may: 'read', purpose: 'the schema of `linked.*`' },
  curate: { may: 'read', purpose: 'the schemas of `pseudonymised.*` and `linked.*`' },
  console: { may: 'read', purpose: 'whether the registry answers' },
  operator: { may: 'read', purpose: '`chainon feeds check`' },
} as const satisfies Readonly<Record<string, RegistryRights>>

export interface RegistryRights {
  /** `register` includes `read`, and no deletion. */
  readonly may: 'read' | 'register'
  /** For people. */
  readonly purpose: string
}

/** May everything of the Confluent-compatible interface, deletion too; only the supervisor of the local stack, or the administrator, has its password. */
export const REGISTRY_ADMIN = 'admin'

export const REGISTRY_USERS: readonly string[] = [REGISTRY_ADMIN, ...Object.keys(REGISTRY_RIGHTS)]
