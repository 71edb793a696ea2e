/** An admin connection to Kafka. After a failure the next use connects again. */
import type { Admin, Kafka } from 'kafkajs'
import { withTimeout } from '../process/timeout.ts'

export interface ReconnectingAdmin {
  /** @throws when Kafka does not answer in time, or the error of the work */
  use<T>(work: (admin: Admin) => Promise<T>, timeoutMs: number): Promise<T>
  close(): Promise<void>
}

export function reconnectingAdmin(kafka: Kafka): ReconnectingAdmin {
  const connect = async () => {
    const admin = kafka.admin({ retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 } })
    await admin.connect()
    return admin
  }
  let connection: Promise<Admin> | undefined
  const disconnect = async () => {
    const old = connection
    connection = undefined
    await old?.then((admin) => admin.disconnect()).catch(() => undefined)
  }
  return {
    async use(work, timeoutMs) {
      connection ??= connect()
      try {
        return await withTimeout(connection.then(work), timeoutMs)
      } catch (error) {
        void disconnect()
        throw error
      }
    },
    close: disconnect,
  }
}
