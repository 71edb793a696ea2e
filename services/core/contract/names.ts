/** Names of what is derived from a feed: topics, subjects, tables. `namespace` is CHAINON_NAMESPACE, usually empty. */
import type { Zone } from '../pipeline/zones.ts'

/** What the topics of a feed begin with: its zones, and of a linked feed `linkage` (sealed encodings) and `linked` (persons). */
export type TopicKind = Zone | 'linkage' | 'linked'

export function topicOf(namespace: string, kind: TopicKind, feed: string): string {
  return `${namespace}${kind}.${feed}`
}

export function subjectOf(topic: string): string {
  return `${topic}-value`
}

export function markerSubject(namespace: string): string {
  return `${namespace}chainon.quarantine-marker-value`
}

/** Storage table; readers query the view `<feed>`. */
export function tableOf(feed: string): string {
  return `feed_${feed}`
}

/** @returns the feed of a topic made by `topicOf`, or undefined for another topic */
export function feedOf(namespace: string, zone: Zone, topic: string): string | undefined {
  const prefix = `${namespace}${zone}.`
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : undefined
}
