import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startChild } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { openBrowser } from '../support/oauth-browser.ts'
import { freePort, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = join(import.meta.dirname, '../..')

describeWith(['curl'], 'the page about OAuth works as it stands', () => {
  test('its commands register clients, and its programs and requests get in', { timeout: 180_000 }, async () => {
    const page = await readFile(join(root, 'docs/oauth.md'), 'utf8')
    const shell = blocks(page, 'sh')
    const [service = '', device = ''] = blocks(page, 'js')
    const folder = temporaryFolder()
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'service.mjs'), service)
    await writeFile(join(folder, 'device.mjs'), device)
    await using server = await startServerProcess()
    await signIn(server, 'grace@example.org', 'operator')
    const [web, machine, clock] = await registered(server, shell)
    const ISSUER = `${server.url}/api/auth`
    const run = (file: string, env: Record<string, string>) =>
      startChild(process.execPath, [file], { cwd: folder, env: { ...process.env, ISSUER, ...env } })

    const PORT = String(await freePort())
    await using dashboards = run('service.mjs', { PORT, CLIENT_ID: web.id, CLIENT_SECRET: web.secret })
    await dashboards.waitFor(/open http/)
    const browser = openBrowser(server)
    const { location } = await browser.go(`http://127.0.0.1:${PORT}/`)
    const back = await browser.authorize(location ?? new URL(server.url), 'grace@example.org')
    const answer = await fetch(back, { signal: AbortSignal.timeout(20_000) })
    expect(await answer.text()).toBe('grace@example.org has let us in.')
    await dashboards.waitFor(/^published: \d+$/m)
    const again = await fetch(back, { signal: AbortSignal.timeout(20_000) })
    expect({ status: again.status, text: await again.text() }).toMatchObject({
      status: 400,
      text: expect.stringMatching(/works once/),
    })

    await signIn(server, 'vic@example.org', 'viewer')
    const viewer = openBrowser(server)
    const asked = await viewer.go(`http://127.0.0.1:${PORT}/`)
    await fetch(await viewer.authorize(asked.location ?? new URL(server.url), 'vic@example.org'))
    await dashboards.waitFor(/^not published: .*may not publish/im)

    const curl = async (mark: string, env: Record<string, string>) => {
      const text = shell.find((each) => each.startsWith('curl') && each.includes(mark)) ?? ''
      expect(text).toContain('http://127.0.0.1:8750')
      const command = text.replaceAll('http://127.0.0.1:8750', server.url).replace('curl ', 'curl -sS --max-time 20 ')
      await using child = startChild('sh', ['-c', command], { env: { ...process.env, ...env } })
      expect(await child.exited).toBe(0)
      return JSON.parse(/\{.*\}/.exec(child.output())?.[0] ?? '')
    }
    const tokens = await curl('oauth2/token', { CLIENT_ID: machine.id, CLIENT_SECRET: machine.secret })
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'publish' })
    expect(await curl('/api/publish', { ACCESS_TOKEN: tokens.access_token })).toMatchObject({
      result: { offset: expect.any(Number) },
    })

    await using wall = run('device.mjs', { CLIENT_ID: clock.id })
    const [, code = ''] = await wall.waitFor(/enter (\S+)/)
    await browser.api('POST', '/api/v1/oauth/device', { code, accept: true })
    await wall.waitFor(/let in for 3600 seconds, and longer with crr_/)
    const listed = JSON.parse((await server.cli(['oauth-client', 'list', '--json'])).output)
    expect(listed).toMatchObject([{ name: 'Dashboards' }, { name: 'Weather' }, { name: 'Wall clock' }])
    expect(await server.cli(['oauth-client', 'remove', clock.id])).toMatchObject({ code: 0 })
    expect(await server.cli(['oauth-client', 'add', 'X', '--kind', 'web', '--scope', 'all'])).toMatchObject({ code: 2 })
  })
})

/** Registers the clients as the page says, word by word. */
async function registered(server: ServerProcess, shell: readonly string[]) {
  const commands = shell.filter((text) => text.startsWith('npx carillon oauth-client add'))
  expect(commands).toHaveLength(3)
  const clients: { id: string; secret: string }[] = []
  for (const command of commands) {
    const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    const { code, output } = await server.cli(words.slice(2))
    expect({ code, output }).toMatchObject({ code: 0 })
    clients.push({ id: /id: (\S+)/.exec(output)?.[1] ?? '', secret: /secret: (\S+)/.exec(output)?.[1] ?? '' })
  }
  return clients as [(typeof clients)[number], (typeof clients)[number], (typeof clients)[number]]
}

/** The texts of a page's code blocks in one language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , text = '']) => text)
}
