import { z } from 'zod'
import { deviceView } from '#protocol/devices.ts'
import { bearer, type ServerProcess, signIn } from '../support/server-process.ts'

/** Somebody at the console, who approves the screen and tells it what to show. */
export interface Operator {
  approve(code: string): Promise<void>
  show(message: string): Promise<void>
  isOnline(): Promise<boolean>
  /** The ids of all devices: one that loses its credential would be enrolled again as another. */
  devices(): Promise<string[]>
}

const name = 'lobby-1'

export async function signInOperator(server: ServerProcess): Promise<Operator> {
  const { token } = await signIn(server, 'ada@example.org', 'operator')
  const headers = bearer(token)

  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await server.api(method, path, { headers, ...(body !== undefined && { body }) })
    if (answer.status >= 300)
      throw new Error(`${method} ${path} answers ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  async function list() {
    return z.object({ items: z.array(deviceView) }).parse(await call('GET', '/api/v1/devices')).items
  }
  return {
    async approve(code) {
      await call('POST', `/api/v1/enrolments/${code}/approve`, { name })
    },
    async show(message) {
      await call('POST', '/api/publish', { channel: `commands:${name}`, data: { show: { message } } })
    },
    isOnline: async () => (await list()).some((device) => device.name === name && device.online),
    devices: async () => (await list()).map(({ id }) => id),
  }
}
