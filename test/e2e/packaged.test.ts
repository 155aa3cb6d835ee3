import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { extractFile, listPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { expect, test } from 'vitest'
import { startDesktopSession } from '../support/desktop-session.ts'
import { launchElectron } from '../support/electron-app.ts'
import { describeWith } from '../support/needs.ts'
import { createKey, password, signIn, startServerProcess } from '../support/server-process.ts'

const execute = promisify(execFile)
const root = join(import.meta.dirname, '../..')

describeWith(['electron', 'xvfb', 'keyring'], 'the packaged app', () => {
  test('starts, signs in once, shows events, and is closed to whoever would open it up', {
    timeout: 180_000,
  }, async () => {
    await using server = await startServerProcess()
    await using session = await startDesktopSession({ notifications: false })
    const output = join(session.home, 'release')
    await execute(process.execPath, ['build/package.ts', '--electron', 'here', '--attachable', '-o', output], {
      cwd: root,
    })
    const folder = join(output, 'linux-unpacked')
    const program = join(folder, 'carillon')

    const fuses = await getCurrentFuseWire(program)
    expect(fuses[FuseV1Options.RunAsNode]).toBe(FuseState.DISABLE)
    expect(fuses[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(FuseState.DISABLE)
    expect(fuses[FuseV1Options.EnableCookieEncryption]).toBe(FuseState.ENABLE)
    expect(fuses[FuseV1Options.OnlyLoadAppFromAsar]).toBe(FuseState.ENABLE)
    expect(fuses[FuseV1Options.EnableEmbeddedAsarIntegrityValidation]).toBe(FuseState.ENABLE)
    expect(fuses[FuseV1Options.GrantFileProtocolExtraPrivileges]).toBe(FuseState.DISABLE)

    const asar = join(folder, 'resources/app.asar')
    const files = listPackage(asar, { isPack: false })
    expect(files.filter((file) => /^.?\/?(server|test|docs)\//.test(file) || file.includes('better-auth'))).toEqual([])
    expect(JSON.parse(extractFile(asar, 'package.json').toString())).toMatchObject({ name: 'carillon' })
    expect(await readdir(join(folder, 'resources'))).toContain('app.asar')

    await signIn(server, 'ada@example.org', 'viewer')
    {
      await using app = await launchElectron({ session, app: { program }, args: ['--server', server.url] })
      const window = await app.application.firstWindow()
      await window.getByLabel('E-mail').fill('ada@example.org')
      await window.getByLabel('Password', { exact: true }).fill(password)
      await window.getByRole('button', { name: 'Sign in' }).click()
      await window.getByLabel('Follow a channel').fill('news:general')
      await window.getByRole('button', { name: 'Follow', exact: true }).click()
      await window.getByRole('button', { name: 'Unfollow news:general' }).waitFor()
    }
    await using app = await launchElectron({ session, app: { program } })
    const window = await app.application.firstWindow()
    await window.getByRole('status', { name: 'Connection' }).getByText('Online').waitFor()
    const headers = { 'x-api-key': await createKey(server, ['publish']) }
    await server.api('POST', '/api/publish', {
      headers,
      body: { channel: 'news:general', data: { message: 'Packed' } },
    })
    await window.getByRole('list', { name: 'Events' }).getByText('Packed').waitFor()
  })
})
