/** Requests of the pages of the linkage to their console. */

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string }

let token: string | undefined

/** Leads to the login where the session has ended. */
export async function ask<T>(path: string, body?: object): Promise<Answer<T>> {
  try {
    if (body !== undefined) token ??= await csrfToken()
    const headers = { 'content-type': 'application/json', 'x-csrf-token': token ?? '' }
    const answer = await fetch(path, body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) })
    if (answer.status === 401) location.assign('/login')
    const given = (await answer.json()) as { readonly detail?: string; readonly message?: string }
    if (answer.ok) return { ok: true, value: given as T }
    return { ok: false, problem: given.detail ?? given.message ?? `The console answered with status ${answer.status}.` }
  } catch {
    return { ok: false, problem: 'The console does not answer.' }
  }
}

async function csrfToken(): Promise<string> {
  const session = await fetch('/api/session')
  return ((await session.json()) as { readonly csrf_token?: string }).csrf_token ?? ''
}
