import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { rpcErrors } from '#protocol/rpc-errors.ts'
import { startChild } from '../support/child-program.ts'
import { carillon, createKey, startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/tasks.md'), 'utf8')
const pageOfDevices = readFileSync(join(root, 'docs/device-commands.md'), 'utf8')

test('every example of the page about tasks works as it stands', async () => {
  const folder = temporaryFolder()
  const [socket = '', module = '', ...more] = blocks('js')
  expect(more).toEqual([])
  await mkdir(join(folder, 'tasks'))
  await writeFile(join(folder, 'tasks', 'reports.mjs'), module)
  await writeFile(join(folder, 'socket.mjs'), socket)
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  const config = join(folder, 'carillon.config.json')
  await writeFile(config, JSON.stringify({ tasks: { folder: join(folder, 'tasks') } }))
  await using server = await startServerProcess({ config })
  const env = { ...process.env, SERVER: server.url, CARILLON_KEY: await createKey(server, ['tasks']) }
  const run = async (script: string) => {
    const command = script.replaceAll('npx carillon', `"${process.execPath}" "${carillon}"`)
    return (await promisify(execFile)('sh', ['-ec', command], { cwd: folder, env, timeout: 30_000 })).stdout
  }

  const [variables, ...examples] = blocks('sh')
  expect(variables).toMatch(/^export SERVER=.* CARILLON_KEY=/)
  const answers: readonly RegExp[] = [
    /^5\n$/,
    /^HTTP\/1\.1 202 .*location: \/api\/v1\/tasks\/5a0c6d3e-.*"name":"carillon\.add".*"events":\[\{.*"kind":"submitted"/is,
    /^ID +NAME +STATE .*carillon\.add +succeeded .*\n5\n$/s,
    /^Submitted carillon\.add\..*\nCancelled carillon\.add\.\nSubmitted carillon\.add again\./s,
    /^\{"words":2\}\none\ntwo$/,
  ]
  expect(examples).toHaveLength(answers.length)
  for (const [n, example] of examples.entries()) expect(await run(example), example).toMatch(answers[n] ?? /^never$/)

  await using follower = startChild(process.execPath, ['socket.mjs'], { cwd: folder, env })
  await follower.waitFor(/^carillon\.add succeeded 1 5$/m)
  expect(await follower.exited).toBe(0)
}, 120_000)

test('every code of a refusal over RPC is in the pages', () => {
  const listed = [...`${page}\n${pageOfDevices}`.matchAll(/^\| (\d{4}(?:, \d{4})*) \|/gm)].flatMap(([, codes = '']) =>
    codes.split(', '),
  )
  expect(listed.map(Number).sort()).toEqual(Object.values(rpcErrors).toSorted())
})

/** The texts of the page's code blocks in one language. */
function blocks(language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, of]) => of === language)
    .map(([, , text = '']) => text)
}
