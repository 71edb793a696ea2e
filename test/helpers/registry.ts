/** Requests to the schema registry of a test, with the login of its environment. */

/** @param path below the address of the interface, with its slash */
export function askRegistry(
  env: Readonly<Record<string, string | undefined>>,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const { SCHEMA_REGISTRY_USERNAME: user, SCHEMA_REGISTRY_PASSWORD: password } = env
  const headers = new Headers(init.headers)
  if (user) headers.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`)
  return fetch(`${env.SCHEMA_REGISTRY_URL}${path}`, { ...init, headers })
}

/** @returns a body of the registry's interface as options of a request */
export const registryBody = (method: 'POST' | 'PUT', body: object): RequestInit => ({
  method,
  headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
  body: JSON.stringify(body),
})
