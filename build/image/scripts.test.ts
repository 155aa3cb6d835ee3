import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { overlay } from './overlay.ts'

const execute = promisify(execFile)

test('the watch leaves an app alone whose heartbeat moves', async () => {
  const place = await scene({ sleep: beating, ...recorded })
  await place.script('watch')
  const calls = await place.calls()
  expect(calls.filter((call) => call === 'systemd-notify WATCHDOG=1')).toHaveLength(rounds)
  expect(calls.filter((call) => !call.startsWith('systemd-notify'))).toEqual([])
})

test('the watch ends an app whose heartbeat stands still, then the session, then the machine, and not for ever', async () => {
  const place = await scene({ sleep: silent, ...recorded })
  await place.write('run/kiosk/heartbeat', '')
  await place.script('watch')
  const acts = (await place.calls()).filter((call) => !call.startsWith('systemd-notify'))
  const ended = 'pkill -KILL -u kiosk -x carillon'
  const session = 'systemctl --no-block restart carillon-kiosk.service'
  expect(acts.slice(0, 9)).toEqual([ended, ended, ended, session, ended, ended, ended, session, ended])
  expect(acts.filter((call) => call === 'systemctl reboot')).toHaveLength(3)
  expect(await place.read('watched/restarts')).toBe('3\n')
})

test('the watch waits five minutes for the first beat', async () => {
  const place = await scene({ sleep: silent, ...recorded })
  await place.script('watch')
  const calls = await place.calls()
  expect(calls.indexOf('pkill -KILL -u kiosk -x carillon')).toBe(300 / 5)
})

test('a start of the app finds the settings, the device and the last good pages, and nothing else', async () => {
  const place = await scene({})
  for (const file of ['settings.json', 'device.json', 'last-good/a.mhtml', 'Cookies', '.hidden', 'Local Storage/x']) {
    await place.write(`state/profile/${file}`, 'x')
  }
  await place.write('home/session/Cache/x', 'x')
  await place.write('run/kiosk/heartbeat', '')
  await place.script('fresh-profile')
  expect((await readdir(join(place.folder, 'state/profile'))).toSorted()).toEqual([
    'device.json',
    'last-good',
    'logs',
    'settings.json',
  ])
  expect(await readdir(join(place.folder, 'home'))).toEqual([])
  expect(existsSync(join(place.folder, 'run/kiosk/heartbeat'))).toBe(false)
  await place.script('fresh-profile')
  await place.write('state/profile/logs/app.log', 'x')
  expect(await place.read('run/kiosk/logs/app.log')).toBe('x')
})

test('the app is started with what kiosk.conf says, each value one argument', async () => {
  const place = await scene({ app: 'printf "%s\\n" "$@"' })
  const settings = { server: 'https://box:8750', allow: 'https://a.example https://b.example:8443', pointer: 'on' }
  for (const [name, value] of Object.entries(settings)) await place.write(`run/settings/${name}`, value)
  await place.write('run/settings/profile', 'low')
  await place.write('run/notice', 'kiosk.conf, line 3: no.\n')
  await place.write('run/kiosk/trouble', 'The keyring was set aside.\n')
  await place.write('switches', '# a comment\n--disable-gpu\nrm -rf /\n--flag=$(id) x')
  const given = (await place.script('start-app', [join(place.folder, 'bin/app')])).trim().split('\n')
  expect(given).toEqual(
    expect.arrayContaining(['--kiosk', '--credential-storage', 'file', '--allow-reboot', '--pointer']),
  )
  expect(after(given, '--server')).toEqual(['https://box:8750'])
  expect(after(given, '--allow')).toEqual(['https://a.example', 'https://b.example:8443'])
  expect(after(given, '--profile')).toEqual(['low'])
  expect(after(given, '--restart-window')).toEqual(['03:00-05:00'])
  expect(given.slice(-2)).toEqual(['--disable-gpu', '--flag=$(id) x'])
  expect(given).not.toContain('--no-sandbox')
  const [notice = ''] = after(given, '--notice')
  expect(await readFile(notice, 'utf8')).toBe('kiosk.conf, line 3: no.\nThe keyring was set aside.\n')
})

test.each([
  ['23:00-01:30', ['23:00-01:30']],
  ['off', []],
])('with update_window=%s the app knows of %j', async (update_window, expected) => {
  const place = await scene({ app: 'printf "%s\\n" "$@"' })
  await place.write('run/settings/update_window', update_window)
  const given = (await place.script('start-app', [join(place.folder, 'bin/app')])).trim().split('\n')
  expect(after(given, '--restart-window')).toEqual(expected)
})

test.each([
  ['vfat', 'nosuid,nodev,noexec,dirsync,flush,uid=1000,gid=1001,umask=077'],
  ['exfat', 'nosuid,nodev,noexec,dirsync,uid=1000,gid=1001,umask=077'],
])('a stick of %s is mounted for the kiosk alone, and unmounted when it is gone', async (type, options) => {
  const place = await stickScene(type)
  const usb = join(place.folder, 'run/usb')
  await place.script('usb-stick', ['mount', '/dev/sdb1'])
  await place.script('usb-stick', ['mount', '/dev/sdb2']) // of the same stick
  await place.script('usb-stick', ['unmount', '/dev/sdb2'])
  expect(await place.calls()).toEqual([`mount -t ${type} -o ${options} /dev/sdb1 ${usb}`])
  await place.script('usb-stick', ['unmount', '/dev/sdb1'])
  expect((await place.calls()).at(-1)).toBe(`umount -l ${usb}`)
})

test.each([
  ['/dev/sda1', 'vfat', 'of the disk that the kiosk runs from'],
  ['/dev/sdb1', 'ext4', 'of another file system'],
])('%s with %s is left alone: it is one %s', async (device, type) => {
  const place = await stickScene(type)
  await place.script('usb-stick', ['mount', device])
  expect(await place.calls()).toEqual([''])
})

test('the rule for sticks starts the unit that mounts them', async () => {
  const common = join(overlay, 'common/etc')
  const rule = await readFile(join(common, 'udev/rules.d/90-carillon-usb.rules'), 'utf8')
  const [, unit = ''] = /SYSTEMD_WANTS}\+="(carillon-[a-z]+@)%k\.service"/.exec(rule) ?? []
  const text = await readFile(join(common, 'systemd/system', `${unit}.service`), 'utf8')
  for (const verb of ['ExecStart', 'ExecStop']) expect(text).toContain(`${verb}=/usr/lib/carillon/usb-stick `)
})

test.each([
  ['nothing to install', 'echo one', 'systemctl restart carillon-kiosk.service', false],
  ['something installed', 'cat "$SCENE/calls"', 'systemctl reboot', false],
  ['something installed, and the window over since', 'cat "$SCENE/calls"', null, true],
])('at night, with %s', async (_, installed, expected, isOverSince) => {
  const now = isOverSince ? 'grep -q upgrade "$SCENE/calls" && echo 05:30 || echo 03:30' : 'echo 03:30'
  const place = await scene({
    ...{ ...recorded, mount: record, sync: record, 'apt-get': record, 'unattended-upgrade': record },
    ...{ 'dpkg-query': installed, date: `case "$1" in +%F) echo 2026-11-23 ;; *) ${now} ;; esac` },
  })
  await place.write('synchronized', '')
  await place.script('update')
  const restarts = async () => (await place.calls()).filter((call) => call.startsWith('systemctl'))
  expect(await restarts()).toEqual(expected === null ? [] : [expected])
  // Once a day.
  await place.script('update')
  expect(await restarts()).toHaveLength(expected === null ? 0 : 1)
})

/** A machine that runs from sda, with a stick sdb. */
function stickScene(type: string) {
  return scene({
    findmnt: 'case "$4" in /) echo /dev/sda2 ;; *) cat "$SCENE/stick" 2>/dev/null ;; esac',
    lsblk: 'basename "$5" | tr -d 0-9',
    blkid: `echo ${type}`,
    id: 'case "$1" in -u) echo 1000 ;; -g) echo 1001 ;; esac',
    mount: `${record}; echo "$5" >"$SCENE/stick"`,
    umount: `${record}; rm "$SCENE/stick"`,
  })
}

const rounds = 75
/** Stands in for five seconds; ends the loop by failing after so many. */
const silent = `echo >>"$SCENE/slept"; [ "$(wc -l <"$SCENE/slept")" -le ${rounds} ]`
const beating = `mkdir -p "$CARILLON_RUN/kiosk"; wc -l "$SCENE/calls" >"$CARILLON_RUN/kiosk/new"; mv "$CARILLON_RUN/kiosk/new" "$CARILLON_RUN/kiosk/heartbeat"; ${silent}`
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell fills it in
const record = 'echo "${0##*/} $*" >>"$SCENE/calls"'
const recorded = { 'systemd-notify': record, pkill: record, systemctl: record }

/** A folder in which a script of the image runs, with programs that stand in for the machine's. */
async function scene(programs: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-script-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const write = async (name: string, content: string) => {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  for (const [name, body] of Object.entries(programs)) {
    await write(`bin/${name}`, `#!/bin/sh\n${body}\n`)
    await chmod(join(folder, 'bin', name), 0o755)
  }
  await write('calls', '')
  const env = {
    PATH: `${folder}/bin:${process.env.PATH}`,
    SCENE: folder,
    HOME: join(folder, 'home'),
    CARILLON_RUN: join(folder, 'run'),
    CARILLON_STATE: join(folder, 'state'),
    CARILLON_WATCHED: join(folder, 'watched'),
    CARILLON_SYNCHRONIZED: join(folder, 'synchronized'),
    CARILLON_SWITCHES: join(folder, 'switches'),
  }
  await mkdir(join(folder, 'run/kiosk'), { recursive: true })
  return {
    folder,
    write,
    read: (name: string) => readFile(join(folder, name), 'utf8'),
    calls: async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n'),
    async script(name: string, args: readonly string[] = []) {
      const program = join(overlay, 'common/usr/lib/carillon', name)
      const { stdout } = await execute('/bin/sh', [program, ...args], { env, timeout: 30_000 })
      return stdout
    },
  }
}

function after(args: readonly string[], name: string): string[] {
  return args.flatMap((arg, at) => (arg === name ? [args[at + 1] ?? ''] : []))
}
