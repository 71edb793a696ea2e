/** Makes the ACLs of Kafka as the table of rights has them (core/kafka/rights.ts), and removes what these users have beyond it. */
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type AclEntry, type Admin } from 'kafkajs'
import { ChainonError } from '#core/faults/errors.ts'
import { type KafkaRight, kafkaRights } from '#core/kafka/rights.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
const KNOWN_WITHIN_MS = 30_000
const LOOK_AGAIN_MS = 50

export interface RightsChanges {
  readonly created: number
  readonly removed: number
}

/**
 * @returns what was changed; `no-authorizer` when Kafka checks no rights, `not-allowed` when this login may not set them
 * @throws ChainonError dependency-unavailable when a broker does not know the new rights in time
 */
export async function applyRights(
  admin: Admin,
  namespace: string,
): Promise<RightsChanges | 'no-authorizer' | 'not-allowed'> {
  const rights = kafkaRights(namespace)
  const wanted = new Map(rights.flatMap(aclsOf).map((acl) => [nameOf(acl), acl]))
  try {
    const present = await presentAcls(admin, rights)
    const missing = [...wanted].filter(([name]) => !present.has(name)).map(([, acl]) => acl)
    const beyond = [...present].filter(([name]) => !wanted.has(name)).map(([, acl]) => acl)
    if (missing.length > 0) await admin.createAcls({ acl: missing })
    if (beyond.length > 0) await admin.deleteAcls({ filters: beyond })
    if (missing.length + beyond.length > 0) await untilKnown(admin, rights, wanted)
    return { created: missing.length, removed: beyond.length }
  } catch (error) {
    const { type } = error as { type?: unknown }
    if (type === 'SECURITY_DISABLED') return 'no-authorizer'
    if (type === 'CLUSTER_AUTHORIZATION_FAILED') return 'not-allowed'
    throw error
  }
}

/** A broker learns of new rights a moment after the controller has them; a service that starts before would be refused. */
async function untilKnown(admin: Admin, rights: readonly KafkaRight[], wanted: ReadonlyMap<string, AclEntry>) {
  for (const until = Date.now() + KNOWN_WITHIN_MS; ; await sleep(LOOK_AGAIN_MS)) {
    const present = await presentAcls(admin, rights)
    if (present.size === wanted.size && [...wanted.keys()].every((name) => present.has(name))) return
    if (Date.now() > until)
      throw new ChainonError('dependency-unavailable', 'a Kafka broker does not know the rights that were just set')
  }
}

const principalOf = ({ user }: KafkaRight): string => `User:${user}`

function aclsOf(right: KafkaRight): readonly AclEntry[] {
  return right.operations.map((operation) => ({
    resourceType: AclResourceTypes[right.resource],
    resourceName: right.name,
    resourcePatternType: right.prefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal: principalOf(right),
    host: '*',
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }))
}

/** @returns the ACLs of Chainon's users on what this namespace names; those of another namespace, and of others, are left alone */
async function presentAcls(admin: Admin, rights: readonly KafkaRight[]): Promise<ReadonlyMap<string, AclEntry>> {
  const principals = new Set(rights.map(principalOf))
  const names = [...new Set(rights.map(({ name }) => name))]
  const { resources } = await admin.describeAcls({
    resourceType: AclResourceTypes.ANY,
    resourcePatternType: ResourcePatternTypes.ANY,
    operation: AclOperationTypes.ANY,
    permissionType: AclPermissionTypes.ANY,
  })
  const found = resources
    .filter(({ resourceName }) => names.some((name) => resourceName.startsWith(name)))
    .flatMap(({ acls, ...resource }) => acls.map((acl): AclEntry => ({ ...resource, ...acl })))
    .filter(({ principal, permissionType }) => principals.has(principal) && permissionType === AclPermissionTypes.ALLOW)
  return new Map(found.map((acl) => [nameOf(acl), acl]))
}

const nameOf = (acl: AclEntry): string =>
  [
    ...[acl.principal, acl.resourceType, acl.resourcePatternType, acl.resourceName],
    ...[acl.host, acl.operation, acl.permissionType],
  ].join(' ')
