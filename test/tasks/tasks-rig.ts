import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TaskDetail, TaskView } from '#protocol/tasks.ts'
import { bearer, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'

/** A real server with these modules in the site's folder, and somebody who is signed in. */
export async function startTaskServer(
  modules: Readonly<Record<string, string>> = {},
  settings: Readonly<Record<string, unknown>> = {},
  env: NodeJS.ProcessEnv = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-tasks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, source] of Object.entries(modules)) writeFileSync(join(folder, name), source)
  const tasks = JSON.stringify({ folder, concurrency: 2, ...settings })
  const server = await startServerProcess({ env: { CARILLON_TASKS: tasks, ...env } })
  onTestFinished(() => server[Symbol.asyncDispose]())
  const { token } = await signIn(server, 'ada@example.org', 'operator')
  return { server, token, folder, ...asker(server, token) }
}

/** What somebody asks of tasks over HTTP. */
export function asker(server: ServerProcess, token: string) {
  const headers = bearer(token)

  async function submit(name: string, args: unknown = {}, more: object = {}): Promise<TaskView> {
    const { status, body } = await server.api('POST', '/api/v1/tasks', { headers, body: { name, args, ...more } })
    if (status !== 202 && status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
    return body as TaskView
  }

  async function get(id: string): Promise<TaskDetail> {
    const { status, body } = await server.api('GET', `/api/v1/tasks/${id}`, { headers })
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`)
    return body as TaskDetail
  }

  return {
    submit,
    get,
    cancel: (id: string) => server.api('POST', `/api/v1/tasks/${id}/cancel`, { headers }),
    /** How it ended. */
    async end(id: string, timeoutMs = 45_000): Promise<TaskDetail> {
      const giveUpAt = performance.now() + timeoutMs
      for (;;) {
        const task = await get(id)
        if (task.endedAt !== null) return task
        if (performance.now() > giveUpAt) throw new Error(`${task.name} is ${task.state} still`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    async count(query: string): Promise<number> {
      let counted = 0
      for (let next: string | null = ''; next !== null; ) {
        const cursor: string = next === '' ? '' : `&cursor=${next}`
        const { body } = await server.api('GET', `/api/v1/tasks?limit=500&${query}${cursor}`, { headers })
        const page = body as { items: readonly TaskView[]; next: string | null }
        counted += page.items.length
        next = page.next
      }
      return counted
    },
  }
}
