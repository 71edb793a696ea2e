/** The page of the login: without a script, and with nothing of the system on it. */

/** @param message why the last attempt failed; a text of ours */
export function loginPage(message = ''): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="dark light">
    <title>Chainon: log in</title>
    <link id="favicon" rel="icon" href="data:,">
    <link rel="stylesheet" href="/css/base.css">
    <link rel="stylesheet" href="/css/login.css">
  </head>
  <body>
    <main class="login">
      <h1>Chainon</h1>
      <form method="post" action="/login">
        <p role="alert">${message}</p>
        <label>User <input name="user" value="operator" autocomplete="username" required></label>
        <label>Password <input name="password" type="password" autocomplete="current-password" required autofocus></label>
        <button type="submit">Log in</button>
      </form>
    </main>
  </body>
</html>
`
}
