/**
 * Loaded into every Node process of the stack (`node --import`). Its file descriptor 3 is a pipe whose other end only the
 * supervisor has: when the supervisor ends, even by kill -9, the pipe ends and this process stops as after SIGTERM.
 * (Not standard input: `import 'node:process'` opens it, and a pipe cannot be opened twice.)
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
