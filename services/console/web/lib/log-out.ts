/** Ends the session, and shows the login. */
export async function logOut(): Promise<void> {
  const session = await fetch('/api/session')
  if (session.ok) {
    const { csrf_token: token } = (await session.json()) as { csrf_token: string }
    await fetch('/logout', { method: 'POST', headers: { 'x-csrf-token': token } })
  }
  location.assign('/login')
}
