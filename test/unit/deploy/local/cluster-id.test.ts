import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { newClusterId } from '../../../../deploy/local/components/kafka.ts'

test('a cluster id never begins with a hyphen, which the formatter would read as an option', () => {
  // 0xf8 is the first byte whose base64url begins with '-'.
  const draws = [Buffer.concat([Buffer.of(0xf8), randomBytes(15)]), Buffer.alloc(16, 1)]
  expect(draws[0]?.toString('base64url').startsWith('-')).toBe(true)
  expect(newClusterId(() => draws.shift() ?? Buffer.alloc(16))).toBe(Buffer.alloc(16, 1).toString('base64url'))
})
