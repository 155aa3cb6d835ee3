import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { overlay } from './overlay.ts'

const execute = promisify(execFile)
const program = join(overlay, 'common/usr/lib/carillon/read-conf')

test('what is written is read, with Windows line ends, a byte order mark and quotes', async () => {
  const { settings, notice } = await readConf(
    '\uFEFFserver = "https://box.example.org"\r\n\r\n# a comment\r\nname=Reception West\r\nrotation=90\r\n' +
      "wifi_ssid='Café #1'\r\nwifi_password=p=a ss#\"word\r\ncountry=de\r\ndisplay=1280X720@50",
  )
  expect(notice).toEqual([])
  expect(settings).toEqual({
    server: 'https://box.example.org',
    name: 'Reception West',
    rotation: '90',
    wifi_ssid: 'Café #1',
    wifi_password: 'p=a ss#"word',
    country: 'DE',
    display: '1280x720@50',
  })
})

test('a name that is no setting is said with its line, and what may have been meant', async () => {
  const { settings, notice } = await readConf('server=box\n\nsever=other\nrotaton=90\nxyz=1\nhello\n')
  expect(settings).toEqual({ server: 'box' })
  expect(notice).toEqual([
    'kiosk.conf, line 3: there is no setting "sever". Did you mean server?',
    'kiosk.conf, line 4: there is no setting "rotaton". Did you mean rotation?',
    'kiosk.conf, line 5: there is no setting "xyz".',
    'kiosk.conf, line 6: "hello" is no setting: write NAME=value.',
  ])
})

test.each([
  ['server', ['ftp://box', 'https://user@box', 'https://box/path', 'box:port', '-box', 'box example']],
  ['rotation', ['45', '90 degrees', '-90']],
  ['timezone', ['../../etc/passwd', '/etc/passwd', 'Europe/Berlyn', 'Europe']],
  ['country', ['Germany', 'D', '12']],
  ['address', ['192.168.1.50', '192.168.1.256/24', '10.0.0.1/33', '1.2.3/24']],
  ['dns', ['1.1.1', '1.1.1.1 box', '1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1']],
  ['display', ['hd', '1280', '1280x720@', '1x1']],
  ['allow', ['example.org', 'https://a.example/path', 'file:///etc/passwd', 'https://*.example.org']],
  ['update_window', ['03:00', '3-5', '24:00-25:00', '03:60-04:00']],
  ['ssh', ['yes', '1']],
])('%s: a value that it cannot have is refused with its line', async (name, values) => {
  const given = values.map((value) => `${name}=${value}\n`).join('')
  const { settings, notice } = await readConf(`${name === 'server' ? '' : 'server=box\n'}${given}`)
  expect(Object.keys(settings)).toEqual(name === 'server' ? [] : ['server'])
  const first = name === 'server' ? 1 : 2
  values.forEach((value, index) => {
    expect(notice[index]).toMatch(new RegExp(`^kiosk\\.conf, line ${first + index}: ${name}: "`))
    expect(notice[index]).toContain(`"${value}" is not `)
  })
})

test('nothing in it is run or expanded', async () => {
  const folder = await temporary()
  const hostile = [
    `$(touch ${folder}/ran)`,
    `\`touch ${folder}/ran\``,
    `'; touch ${folder}/ran; '`,
    '%s%n $HOME ~ * \\n',
    `name=$(touch ${folder}/ran)`,
  ]
  const text = hostile.map((value) => `name=${value}\n${value}=x\n[$(touch ${folder}/ran)]=1\n`).join('')
  const { settings, notice } = await readConf(`server=box\n${text}name=%s $HOME \`id\` $(id) * \\n\n`)
  expect(settings.name).toBe('%s $HOME `id` $(id) * \\n')
  expect(notice.length).toBeGreaterThan(5)
  expect(existsSync(join(folder, 'ran'))).toBe(false)
})

test('a password is not in what the screen says, and only root may read it', async () => {
  const { notice, folder } = await readConf('server=box\nwifi_password=short\nwifi_password=a long secret\n')
  expect(notice.join()).toContain('line 2: wifi_password: what is written is not a password')
  expect(notice.join()).not.toContain('"short"')
  expect((await stat(join(folder, 'settings/wifi_password'))).mode & 0o777).toBe(0o600)
})

test('a value given twice counts the second time, and the line is named', async () => {
  const { settings, notice } = await readConf('server=one\nserver=two\n')
  expect(settings.server).toBe('two')
  expect(notice).toEqual(['kiosk.conf, line 2: server was given before; this line counts.'])
})

test('what an earlier start has read is forgotten', async () => {
  const folder = await temporary()
  await readConf('server=one\nname=Old\n', folder)
  expect((await readConf('server=two\n', folder)).settings).toEqual({ server: 'two' })
})

test.each([
  ['none at all', null, 'it is missing from the boot partition'],
  ['saved as UTF-16', Buffer.from('\uFEFFserver=box\n', 'utf16le'), 'it was saved as UTF-16'],
  ['empty', Buffer.from(''), 'server is not set'],
])('a file that is of no use is said: %s', async (_name, content, sentence) => {
  const { settings, notice } = await readConf(content)
  expect(settings).toEqual({})
  expect(notice[0]).toContain(sentence)
})

test('noise is survived', async () => {
  const bytes = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 73 + (at >> 3)) % 256))
  const { notice } = await readConf(Buffer.concat([Buffer.from('server=box\n'), bytes, Buffer.alloc(100_000, 'x')]))
  expect(notice.length).toBeGreaterThan(0)
  expect(notice.join('')).toMatch(/^[\x20-\x7e]*$/)
})

test('the file that comes with the image says nothing wrong but that a server is missing', async () => {
  const { settings, notice } = await readConf(await readFile(join(overlay, 'boot/kiosk.conf')))
  expect(settings).toEqual({})
  expect(notice).toEqual([expect.stringContaining('server is not set')])
})

test('each setting that the file explains is one, with a value that counts as written', async () => {
  const text = await readFile(join(overlay, 'boot/kiosk.conf'), 'utf8')
  const { settings, notice } = await readConf(text.replace(/^server=$/m, 'server=box').replace(/^#(?=[a-z_]+=)/gm, ''))
  expect(notice).toEqual([])
  expect(settings).toMatchObject({ timezone: 'UTC', ssh: 'off', dns: '192.168.1.1 9.9.9.9' })
})

async function readConf(content: string | Buffer | null, folder?: string) {
  const place = folder ?? (await temporary())
  const zones = join(place, 'zones')
  await mkdir(join(zones, 'Europe'), { recursive: true })
  for (const zone of ['UTC', 'Europe/Berlin']) await writeFile(join(zones, zone), '')
  const file = join(place, 'kiosk.conf')
  if (content !== null) await writeFile(file, content)
  await execute('/bin/sh', [program, file, place], {
    env: { PATH: process.env.PATH ?? '', ZONES: zones },
    timeout: 8000,
  })
  const names = await readdir(join(place, 'settings'))
  const read = async (name: string) => [name, await readFile(join(place, 'settings', name), 'utf8')] as const
  const lines = (await readFile(join(place, 'notice'), 'utf8')).split('\n').filter((line) => line !== '')
  const settings: Record<string, string> = Object.fromEntries(await Promise.all(names.map(read)))
  return { settings, notice: lines, folder: place }
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-conf-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
