/** Before the first record: how to send one. */
import { html, type VNode } from '../lib/html.ts'
import type { View } from '../lib/staleness.ts'

export function emptyPanel({ snapshot: { gateway_url } }: View): VNode {
  return html`
    <section class="panel empty" id="empty" aria-labelledby="empty-title">
      <h2 id="empty-title">No record was received yet</h2>
      <p>Every component is ready for the first record. This page shows a record one or two seconds after it is accepted.</p>
      <dl>
        <dt>Try it with invented hospitals</dt>
        <dd><code>npx chainon simulate --hospitals 2 --rate 500</code></dd>
        <dt>Send a file with the records of one feed (JSON, NDJSON, gzip or Avro)</dt>
        <dd><code>npx chainon push observation observations.ndjson</code></dd>
        <dt>Or use HTTP, from any program, with a producer's API key</dt>
        <dd>
          <code>POST ${gateway_url}/v1/feeds/observation/records</code> for records,${' '}
          <code>POST ${gateway_url}/fhir/R4</code> for a FHIR R4 Bundle
        </dd>
      </dl>
    </section>
  `
}
