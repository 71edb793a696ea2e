/**
 * Loaded into every Node process of the stack (`node --import`). Its file descriptor 3 is a pipe that only the
 * supervisor holds: when the supervisor is gone, even by kill -9, the pipe ends and this process stops as if asked to.
 * (Not standard input: `import 'node:process'` opens that one, and a pipe cannot be opened twice.)
 */
import { Socket } from 'node:net'

const GRACE_MS = 20_000

if (process.env._CHAINON_SUPERVISED === '1') {
  delete process.env._CHAINON_SUPERVISED
  const pipe = new Socket({ fd: 3, readable: true, writable: false })
  const orphaned = () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref()
  }
  pipe.on('error', orphaned)
  pipe.on('end', orphaned)
  pipe.resume()
  pipe.unref()
}
