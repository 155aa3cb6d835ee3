import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resolveElectron } from '../../build/electron-path.ts'
import { startChild } from '../support/child-program.ts'
import { describeWith } from '../support/needs.ts'
import { html, signPage, startSignServer } from '../support/sign-server.ts'
import { openDesk, startApp } from './commanded-kiosk.ts'
import { kioskState } from './open-app.ts'

const soon = { timeout: 20_000, interval: 50 }

describeWith(['electron', 'xvfb', 'keyring', 'matchbox'], 'a kiosk that is told what to do', () => {
  test('shows, reloads, says who it is and sends a picture of itself', async () => {
    await using desk = await openDesk()
    await using sign = await startSignServer(html(signPage('rgb(0,128,0)')))
    const app = await desk.open([`--allow=${sign.url}`, '--credential-storage=file'])
    await expect.poll(() => desk.device(), soon).toMatchObject({ storage: 'file' })
    const ends = (id: string) => expect.poll(() => desk.look(id), soon)

    const message = await desk.send('show', { message: 'Doors open at nine' })
    await app.page.getByText('Doors open at nine').waitFor()
    await ends(message).toMatchObject({ state: 'done', code: null })

    const page = await desk.send('show', { url: `${sign.url}/` })
    await ends(page).toMatchObject({ state: 'done' })
    await expect
      .poll(() => desk.device(), soon)
      .toMatchObject({ status: { shell: { phase: 'showing', url: `${sign.url}/` } } })
    const before = sign.requests.length
    await ends(await desk.send('reload', { fresh: true })).toMatchObject({ state: 'done' })
    await expect.poll(() => sign.requests.length, soon).toBeGreaterThan(before)

    const seen = async () => {
      const picture = await desk.send('screenshot')
      await ends(picture).toMatchObject({ state: 'done', screenshot: true })
      const png = (await desk.picture(picture)).toString('base64')
      return app.application.evaluate(({ nativeImage }, data) => {
        const image = nativeImage.createFromBuffer(Buffer.from(data, 'base64'))
        const { width, height } = image.getSize()
        const [blue, green, red] = image.toBitmap().subarray((width * height * 4) / 2 + width * 2)
        return { width, height, middle: [red, green, blue] }
      }, png)
    }
    // The first one may come while the page is being loaded once more.
    await expect.poll(seen, soon).toEqual({ width: 800, height: 480, middle: [0, 128, 0] })

    const elsewhere = await desk.send('show', { url: 'https://elsewhere.example.org/' })
    await ends(elsewhere).toMatchObject({ state: 'refused', code: 'origin_not_allowed' })
    await ends(await desk.send('identify', { seconds: 60 })).toMatchObject({ state: 'done' })
    await app.page.getByRole('region', { name: 'Name of this screen' }).waitFor()
    for (const displayOn of [false, true]) {
      await ends(await desk.send('display', { on: displayOn })).toMatchObject({ state: 'done' })
      await ends(await desk.send('diagnostics')).toMatchObject({ state: 'done', value: { health: { displayOn } } })
    }
    await ends(await desk.send('reboot')).toMatchObject({ state: 'refused', code: 'reboot_not_allowed' })

    const diagnosed = await desk.send('diagnostics')
    await ends(diagnosed).toMatchObject({
      state: 'done',
      value: {
        versions: { electron: expect.stringMatching(/^\d+\./) },
        kiosk: { device: { name: 'lobby-1' }, screen: 'page' },
        log: expect.arrayContaining([expect.stringContaining('command begun')]),
      },
    })
    expect(JSON.stringify(await desk.look(diagnosed))).not.toContain('Doors')
  })

  test('a command that is repeated, unknown, too late or for another device has no effect', async () => {
    await using desk = await openDesk()
    const app = await desk.open()
    const ended = async (id: string) =>
      (await app.log()).split('\n').filter((line) => line.includes(`command ended id=${id}`))
    const device = 'lobby-1'
    const [late, soonEnough] = [-1000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString())
    const show = (message: string) => ({ command: 'show', args: { message } })
    const sent = [
      { id: randomUUID(), device, deadline: late, ...show('Too late') },
      { id: randomUUID(), device: 'lobby-2', deadline: soonEnough, ...show('Not for me') },
      { id: randomUUID(), device, deadline: soonEnough, command: 'dance', args: {} },
      { id: randomUUID(), device, deadline: soonEnough, ...show('Once') },
    ]
    for (const command of sent) await desk.publish(command)
    await app.page.getByText('Once').waitFor()
    await desk.publish({ show: { message: 'Something else' } })
    await app.page.getByText('Something else').waitFor()
    await desk.publish(sent[3])
    await expect.poll(() => app.log(), soon).toContain(`command known id=${sent[3]?.id}`)
    expect(await kioskState(app.page, ({ phase }) => phase === 'enrolled')).toMatchObject({
      screen: { message: 'Something else' },
    })
    const ends = (await Promise.all(sent.map(({ id }) => ended(id)))).map((lines) => lines.join().split('state=')[1])
    expect(ends).toEqual([
      'expired code=expired',
      'refused code=other_device',
      'refused code=unknown_command',
      'done code=null',
    ])
  })

  test('a kiosk that restarts comes back, says so once, and has let pass what was too late', async () => {
    await using desk = await openDesk()
    await (await desk.open())[Symbol.asyncDispose]()
    const late = await desk.send('show', { message: 'Too late' }, 5)
    const inTime = await desk.send('show', { message: 'In time' })
    await expect.poll(async () => (await desk.look(late)).state, soon).toBe('no_answer')
    await using _app = startApp(desk.session, desk.server)
    await expect.poll(() => desk.look(inTime), soon).toMatchObject({ state: 'done' })
    expect(await desk.look(late)).toMatchObject({ state: 'expired' })

    const restart = await desk.send('restart-app')
    await expect
      .poll(() => desk.look(restart), soon)
      .toMatchObject({
        state: 'done',
        message: expect.stringContaining('started again'),
      })
    await expect.poll(() => desk.device(), soon).toMatchObject({ status: { shell: { phase: 'waiting' } } })
    const log = await readFile(join(desk.userData, 'logs/main.log'), 'utf8')
    expect(log.split(' restarting').length - 1).toBe(1)
    expect(log.split(`command begun id=${restart}`).length - 1).toBe(1)
    // The next command shows that the new run listens.
    const next = await desk.send('show', { message: 'After' })
    await expect.poll(() => desk.look(next), soon).toMatchObject({ state: 'done' })
  })

  test('what npm run kiosk has started stays in its terminal when it restarts, and ends with it', async () => {
    await using desk = await openDesk()
    await (await desk.open())[Symbol.asyncDispose]()
    const root = join(import.meta.dirname, '../..')
    const given = [`--server=${desk.server.url}`, `--user-data-dir=${desk.userData}`]
    await using launcher = startChild(process.execPath, ['build/kiosk.ts', ...given], {
      cwd: root,
      env: { ...desk.session.env, CARILLON_ELECTRON: resolveElectron()?.executable ?? '' },
    })
    const restart = await desk.send('restart-app')
    await expect.poll(() => desk.look(restart), soon).toMatchObject({ state: 'done' })
    const next = await desk.send('show', { message: 'After' })
    await expect.poll(() => desk.look(next), soon).toMatchObject({ state: 'done' })

    process.kill(launcher.pid, 'SIGTERM')
    await launcher.exited
    const log = await readFile(join(desk.userData, 'logs/main.log'), 'utf8')
    const [, , between, after] = log.split(/ started /)
    expect(between).toContain(' restarting')
    expect(after).toContain(' stopped')
  })

  test('a machine is rebooted once for one command, also when the app comes back before it', async () => {
    await using desk = await openDesk()
    const calls = join(desk.session.home, 'calls')
    const program = join(desk.session.home, 'reboot')
    await writeFile(program, `#!/bin/sh\necho called >> '${calls}'\n`, { mode: 0o755 })
    await writeFile(calls, '')
    const allowed = ['--allow-reboot', `--reboot-command=${program}`]
    let reboot = ''
    {
      await using app = await desk.open(allowed)
      reboot = await desk.send('reboot', {}, 600)
      await expect.poll(() => readFile(calls, 'utf8'), soon).toBe('called\n')
      expect((await desk.look(reboot)).state).toBe('sent')
      await app.kill()
    }
    await using _app = await desk.open(allowed)
    await expect.poll(() => desk.look(reboot), soon).toMatchObject({ state: 'failed', code: 'not_rebooted' })
    expect(await readFile(calls, 'utf8')).toBe('called\n')
  })
})
