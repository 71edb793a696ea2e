import { describe, expect, it } from 'vitest'
import { javaVersion } from '#core/java/java.ts'
import { shown } from '../../../../deploy/local/plan.ts'

describe('javaVersion', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_292"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['openjdk version "24-ea" 2025-03-18', 24],
    ['no version at all', null],
  ])('%s', (text, version) => {
    expect(javaVersion(text)).toBe(version)
  })
})

describe('shown', () => {
  it('leaves out user and password', () => {
    expect(shown('rediss://user:secret@redis.example:6380')).toBe('rediss://redis.example:6380')
    expect(shown('kafka-1:9092,kafka-2:9092')).toBe('kafka-1:9092,kafka-2:9092')
  })
})
