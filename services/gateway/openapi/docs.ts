/** `/openapi.json`, and a page to read and try it at `/docs`. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

/** The links of the console's page, on the dark bar. */
const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="150" height="40" viewBox="0 0 150 40">
<g fill="none" stroke="#8fc1ff" stroke-width="3"><rect x="2" y="13" width="19" height="14" rx="7"/>
<rect x="14" y="13" width="19" height="14" rx="7"/><rect x="26" y="13" width="19" height="14" rx="7"/></g>
<text x="54" y="27" font-family="sans-serif" font-size="19" font-weight="700" fill="#fff">Chainon</text></svg>`

export async function documentation(app: FastifyInstance, document: Record<string, unknown>): Promise<void> {
  // The document is written by hand from the contracts, so the plugin only serves it (static mode).
  await app.register(swagger, { mode: 'static', specification: { document: document as never } })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    logo: { type: 'image/svg+xml', content: Buffer.from(LOGO) },
    theme: { title: 'Chainon gateway' },
    uiConfig: { docExpansion: 'list', defaultModelsExpandDepth: 0 },
  })
  const text = JSON.stringify(document)
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(text))
}
