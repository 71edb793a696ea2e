/** A second implementation as the sender: node-hl7-client builds the messages, frames them, and reads the acknowledgements. */
import Client, { HL7_2_5, type InboundResponse } from 'node-hl7-client'
import { expect, onTestFinished, test } from 'vitest'
import { harness } from '../harness.ts'

test('a client of another house is understood, and understands what it is answered', async () => {
  const senders = [{ application: 'LABO', facility: 'CHU' }]
  const gateway = await harness({}, (apiKey) => [
    { name: 'labo', host: '127.0.0.1', port: 0, apiKey, senders, tls: undefined },
  ])
  onTestFinished(() => gateway.close())
  await gateway.app.ready()
  const answers: string[] = []
  let answered: () => void = () => undefined
  const client = new Client({ host: '127.0.0.1', version: '2.5' })
  const connection = client.createConnection(
    { port: gateway.state.listeners()[0]?.port ?? 0, version: '2.5' },
    (response: InboundResponse) => {
      const message = response.getMessage()
      answers.push(['MSA.1', 'MSA.2'].map((path) => message.get(path).toString()).join(' '))
      answered()
    },
  )
  onTestFinished(() => connection.close())
  const send = async (id: string, value: string) => {
    const message = new HL7_2_5()
      .buildMSH({
        msh_3: 'LABO',
        msh_4: 'CHU',
        msh_9_1: 'ORU',
        msh_9_2: 'R01',
        msh_9_3: 'ORU_R01',
        msh_10: id,
        msh_11_1: 'P',
      })
      .buildPID({ pid_3: '8000123^^^CHU^PI', pid_5: 'DUPONT^MARIE' })
      .buildOBR({ obr_1: '1', obr_3: 'FI1^LABO', obr_4: '58410-2^NFS^LN', obr_7: '20250201080000' })
      .buildOBX({ obx_1: '1', obx_2: 'NM', obx_3: '718-7^Hb^LN', obx_5: value, obx_6: 'g/dL', obx_11: 'F' })
      .toMessage()
    const { promise, resolve } = Promise.withResolvers<void>()
    answered = resolve
    await connection.sendMessage(message)
    await promise
  }
  await send('L1', '13.5')
  await send('L2', 'not a number')
  expect(answers).toEqual(['AA L1', 'AE L2'])
  expect((await gateway.decoded()).map(({ record }) => record)).toMatchObject([
    { patient_ipp: '8000123', code: '718-7', value_number: 13.5, value_unit: 'g/dL' },
  ])
})
