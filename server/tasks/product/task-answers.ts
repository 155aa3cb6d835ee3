import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Auth } from '#server/auth/auth.ts'
import type { Identity } from '#server/auth/identity.ts'
import type { Config } from '#server/config/config.ts'
import type { Realtime } from '#server/realtime/realtime.ts'
import type { TaskAnswers } from '../create-tasks.ts'
import type { FleetDevice } from './fleet-report.ts'
import type { WebhookSettings } from './webhook.ts'

export interface TaskAnswerParts {
  readonly auth: Pick<Auth, 'devices'>
  readonly realtime: Pick<Realtime, 'isOnline' | 'calls'>
  readonly config: Pick<Config, 'data' | 'tasks'>
}

const historyQuestion = z.object({
  channel: z.string(),
  limit: z.int(),
  since: z.object({ offset: z.int(), epoch: z.string() }).optional(),
})

/** What the product's tasks ask of the server that runs them. */
export function taskAnswers({ auth, realtime, config }: TaskAnswerParts): TaskAnswers {
  return {
    async fleet(): Promise<readonly FleetDevice[]> {
      const devices = await auth.devices.list()
      return devices.map(({ id, userId, name, hostname, version, platform, address, enrolledAt, lastSeenAt }) => {
        const state = realtime.isOnline(userId) ? 'online' : 'offline'
        return { id, name, state, hostname, version, platform, address, enrolledAt, lastSeenAt }
      })
    },

    async history(about, owner) {
      const { channel, ...call } = historyQuestion.parse(about)
      const answer = await realtime.calls.history(readerFor(owner), channel, call)
      if (answer.ok) return answer.value
      throw new Error(answer.message)
    },

    async webhook(): Promise<WebhookSettings> {
      const { secret, private_hosts: privateHosts } = config.tasks.webhook
      return { secret: secret ?? (await keptSecret(join(config.data, 'webhook.secret'))), privateHosts }
    },
  }
}

/** What is exported is what the owner could read: those who may submit it are operators or more. */
function readerFor(owner: { readonly id: string; readonly name: string } | null): Identity {
  if (owner === null || owner.id === 'local') return { kind: 'local', userId: 'local', name: 'Carillon', role: 'admin' }
  return { kind: 'user', userId: owner.id, sessionId: '', name: owner.name, email: '', role: 'operator' }
}

/** Made once; whoever verifies webhooks is given what the file has. */
async function keptSecret(path: string): Promise<string> {
  try {
    const made = `whsec_${randomBytes(32).toString('base64')}`
    await writeFile(path, `${made}\n`, { flag: 'wx', mode: 0o600 })
    return made
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await readFile(path, 'utf8')).trim()
  }
}
