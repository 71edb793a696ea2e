/** The rights of the programs in Kafka, Redis and the schema registry as a page, made from the tables that set them: the two cannot differ. */
import { REGISTRY_ADMIN, REGISTRY_RIGHTS, type RegistryRights } from '../avro/registry-rights.ts'
import { kafkaRights } from '../kafka/rights.ts'
import { KAFKA_SUPER_USERS, KAFKA_USERS } from '../kafka/users.ts'
import { REDIS_RIGHTS, type RedisRights, redisAcl } from '../redis/rights.ts'

export function rightsPage(): string {
  return `# Rights in Kafka, Redis and the schema registry

Made from \`services/core/kafka/rights.ts\`, \`services/core/redis/rights.ts\` and \`services/core/avro/registry-rights.ts\` by \`chainon config --write\`; a test compares them. A user has the name of
its program; \`operator\` and \`auditor\` are \`chainon\` commands of people. The local stack makes these users and their passwords at its first
start; on your own servers the administrator makes the users. Names are those of an installation without \`CHAINON_NAMESPACE\`; with one it stands before each. The rights in
ClickHouse are in [clickhouse/grants](clickhouse/README.md).

## Kafka
\`provision\` makes the ACLs of this table at each run, and removes what these users have beyond it. For that it is a super user, like the administrator
(${KAFKA_SUPER_USERS.map((user) => `\`${user}\``).join(', ')}). On a server whose administrator sets the rights, it warns and leaves them. Brokers need \`authorizer.class.name\` and
\`allow.everyone.if.no.acl.found=false\`. \`*\` is any ending of a name (a prefixed ACL).

| user | resource | operations |
| --- | --- | --- |
${KAFKA_USERS.map(rowsOf).join('\n')}

## Redis
Redis 6.2 or later. The administrator runs these lines, each after \`ACL SETUSER\` without its first word, with a password in place of \`>PASSWORD\`, or has them in a file (\`aclfile\`).
The default user is off, and nobody but the administrator has \`CONFIG\`, \`FLUSHALL\`, \`SHUTDOWN\` or \`DEBUG\`.

\`\`\`
${redisAcl(() => '>PASSWORD', ['']).join('\n')}
\`\`\`

| user | what for |
| --- | --- |
${Object.entries<RedisRights>(REDIS_RIGHTS)
  .map(([user, { purpose }]) => `| \`${user}\` | ${purpose} |`)
  .join('\n')}

## Schema registry
Logins are Basic. On your own registry the administrator makes the users: \`read\` is Apicurio's role \`sr-readonly\` or Confluent's \`DeveloperRead\`, \`register\` is \`sr-developer\`, or
\`DeveloperRead\` and \`DeveloperWrite\`. Nobody but the administrator (\`${REGISTRY_ADMIN}\`) deletes a schema or sets how all subjects are checked. The local registry serves its Confluent-compatible interface
alone, and its readiness without a login.

| user | rights | what for |
| --- | --- | --- |
${Object.entries<RegistryRights>(REGISTRY_RIGHTS)
  .map(([user, { may, purpose }]) => `| \`${user}\` | ${may} | ${purpose} |`)
  .join('\n')}
`
}

function rowsOf(user: string): string {
  return kafkaRights('')
    .filter((right) => right.user === user)
    .map(({ resource, name, prefix, operations }) => {
      const shown = `${resource.toLowerCase()} \`${name}${prefix ? '*' : ''}\``
      return `| \`${user}\` | ${shown} | ${operations.join(', ')} |`
    })
    .join('\n')
}
