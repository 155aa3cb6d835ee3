import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type EnrolmentAnswer, enrolmentAnswer, enrolmentTokenAnswer } from '#protocol/devices.ts'
import { startChild } from '../support/child-program.ts'
import { bearer, password, type ServerProcess, signIn, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/signing-in.md'), 'utf8')

test('every example of the page about signing in works as it stands', async () => {
  await using server = await startServerProcess()
  const { token } = await signIn(server, 'ola@example.org', 'operator')
  const folder = temporaryFolder()
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const env = {
    ...process.env,
    ...{ SERVER: server.url, EMAIL: 'ola@example.org', PASSWORD: password, TOKEN: token },
    DEVICE_TOKEN: await deviceToken(server, token),
    DEVICE_CODE: (await startEnrolment(server)).device_code,
  }
  const run = async (script: string) =>
    (await promisify(execFile)('sh', ['-ec', script], { cwd: folder, env, timeout: 20_000 })).stdout

  // The first says which variables there are; the others are all run, each with what its answer has to have.
  const [variables, ...examples] = blocks('sh')
  expect(variables).toMatch(/^export SERVER=.* EMAIL=.* PASSWORD=/)
  const answers: readonly RegExp[] = [
    /^HTTP\/1\.1 204 .*set-cookie: carillon\.session_token=[^;]+;[^\n]*HttpOnly.*"email":"ola@example\.org"/is,
    /^\{"ticket":"tkt_[\w-]{43}","expiresIn":20\}$/,
    /^\{"token":"[^"]+","expiresAt":"[^"]+Z"\}$/,
    /^(\{"id":[^\n]*?"role":"operator","device":null\}){2}$/,
    /^\{"items":\[.*"current":true.*\],"next":null\}\{"ended":\d\}$/,
    /^\{"token":"ey[^"]+","expiresIn":300\}$/,
    /^\{"keys":\[\{.*"crv":"Ed25519".*\}\]\}$/,
    /^\{"device_code":"[^"]+","user_code":"[^"]+",.*"interval":\d+\}\{.*"code":"authorization_pending".*\}$/,
    /^\{"token":"[^"]+","expiresAt":"[^"]+Z"\}$/,
  ]
  expect(examples).toHaveLength(answers.length)
  for (const [n, example] of examples.entries()) expect(await run(example), example).toMatch(answers[n] ?? /^never$/)

  const [socket = '', ticket = '', ...more] = blocks('js')
  expect(more).toEqual([])
  await writeFile(join(folder, 'socket.mjs'), socket)
  await writeFile(join(folder, 'ticket.mjs'), ticket)
  await using once = startChild(process.execPath, ['ticket.mjs'], { cwd: folder, env })
  await once.waitFor(/connected with a ticket \{"id":1,"connect":\{/)
  expect(await once.exited).toBe(0)
  await using stays = startChild(process.execPath, ['socket.mjs'], { cwd: folder, env })
  await stays.waitFor(/connected with an access token/)
  await server.api('DELETE', '/api/v1/token', { headers: bearer(token) })
  await stays.waitFor(/disconnected for good: 3503 /)
  expect(await run('curl -sS "$SERVER/api/v1/me" -H "Authorization: Bearer $TOKEN"')).toMatch(/"code":"invalid_token"/)
}, 60_000)

/** The texts of the page's code blocks in one language. */
function blocks(language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , text = '']) => text)
}

async function deviceToken(server: ServerProcess, operator: string): Promise<string> {
  const code = await startEnrolment(server)
  const approval = { headers: bearer(operator), body: { name: 'lobby-1' } }
  await server.api('POST', `/api/v1/enrolments/${code.user_code}/approve`, approval)
  const redeemed = await server.api('POST', '/api/v1/enrolments/token', { body: { device_code: code.device_code } })
  return enrolmentTokenAnswer.parse(redeemed.body).token
}

async function startEnrolment(server: ServerProcess): Promise<EnrolmentAnswer> {
  const body = { hostname: 'pi', version: '0', platform: 'linux' }
  return enrolmentAnswer.parse((await server.api('POST', '/api/v1/enrolments', { body })).body)
}
