/**
 * The supervisor of the stack under test, as a process of its own, so that it can be killed too. Its one argument is the JSON of the
 * options; it writes `ready` when every process serves, and stops the stack at SIGTERM or when its standard input ends.
 */
import { type StackOptions, startStack } from '../../../deploy/local/stack.ts'

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<StackOptions, 'env'>
try {
  const stack = await startStack({ ...options, env: process.env })
  process.stdout.write('ready\n')
  const stop = () => void stack.stop().then(() => process.exit(0))
  process.on('SIGTERM', stop)
  // The harness has ended, even by SIGKILL: its end of the pipe is closed.
  process.stdin.on('end', stop).resume()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
