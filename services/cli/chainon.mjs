#!/usr/bin/env node
/**
 * The `chainon` command, for any Node from 20 on. Chainon itself needs Node 24 (it runs TypeScript directly). On an older one
 * this file starts the Node 24 that `npm ci` installed, and forwards signals and the exit status.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const main = join(here, 'main.ts')
const major = Number(process.versions.node.split('.')[0])

if (major >= 24) await import(pathToFileURL(main).href)
else startNode24()

function startNode24() {
  const root = join(here, '..', '..')
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  const node = join(root, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
  if (!existsSync(node)) {
    process.stderr.write(
      `chainon needs Node 24, this is ${process.version}, and ${node} is missing.\n` +
        `Run \`npm ci\` in ${root}: it installs Node 24 for Linux and Windows (x64, Linux also arm64). Elsewhere install Node 24.\n`,
    )
    process.exit(78)
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, _CHAINON_LAUNCHER_PID: String(process.pid) },
  })
  // A terminal sends Ctrl-C to both processes itself; forwarding it would send it twice.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT')
  })
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`chainon could not start ${node}: ${error.message}\n`)
    process.exit(70)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}
