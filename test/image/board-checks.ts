import type { Machine } from './machine.ts'

interface Check {
  readonly what: string
  readonly ask: string
  readonly answer: RegExp
}

/** What an image has to have made of itself, with the kiosk.conf that board.ts writes. */
const checks: readonly Check[] = [
  { what: 'the root partition has grown', ask: 'df --output=size -BM / | tail -n 1', answer: /^\s*2[0-9]{3}M$/ },
  { what: 'the host name is that of kiosk.conf', ask: 'hostname', answer: /^board-test$/ },
  { what: 'the time zone is that of kiosk.conf', ask: 'date +%Z', answer: /^CES?T$/ },
  { what: 'the mistake is said', ask: 'cat /run/carillon/notice', answer: /line 4.*rotaton.*Did you mean rotation/ },
  { what: 'the app is told of it', ask: 'cat /run/carillon/kiosk/notice', answer: /line 4/ },
  { what: 'no unit has failed', ask: 'systemctl list-units --failed --plain --no-legend', answer: /^$/ },
  { what: 'all that starts has started', ask: 'systemctl is-system-running', answer: /^running$/ },
  { what: 'the machine has its own id', ask: 'cat /etc/machine-id', answer: /^[0-9a-f]{32}$/ },
  { what: 'no key of the builder is used', ask: 'ls /etc/ssh', answer: /ssh_host_ed25519_key\n/ },
  { what: 'the session has the seat', ask: 'loginctl list-sessions --no-legend', answer: /kiosk\s+seat0\s+tty1/ },
  { what: 'X runs as the kiosk', ask: 'ps -o user= -C Xorg', answer: /^kiosk$/ },
  { what: 'matchbox runs as the kiosk', ask: 'ps -o user= -C matchbox-window-manager', answer: /^kiosk$/ },
  { what: 'the keyring is open', ask: keyring(), answer: /^v b false$/ },
  { what: 'the boot partition is only read', ask: 'findmnt -no OPTIONS /boot/firmware', answer: /^ro\b/ },
  { what: 'memory is compressed', ask: 'cat /proc/swaps', answer: /^\/dev\/zram0 /m },
  { what: 'no journal is on the card', ask: 'ls /var/log/journal', answer: /^$/ },
  { what: 'the watch lives', ask: petted(), answer: /^active 0 petted$/ },
  { what: 'the heartbeat is fresh', ask: beats(), answer: /^fresh$/ },
]

const between = '----'

/** Throws all that is not as it has to be. */
export async function checkSystem(machine: Machine): Promise<void> {
  // In one go: each sign-in takes an emulated board seconds.
  const script = checks.map(({ ask }) => `(${ask}) || true`).join(`; echo '${between}'; `)
  const answers = (await machine.sh(script, 300_000)).split(between)
  const wrong: string[] = []
  for (const [index, { what, answer }] of checks.entries()) {
    const said = (answers[index] ?? '').trim()
    console.log(`  ${answer.test(said) ? 'yes' : 'NO '}  ${what}: ${said.split('\n').join('; ').slice(0, 120)}`)
    if (!answer.test(said)) wrong.push(`${what}: ${said}`)
  }
  if (wrong.length > 0) throw new Error(`The system is not as it has to be:\n${wrong.join('\n')}`)
}

function keyring(): string {
  const login = '/org/freedesktop/secrets/collection/login org.freedesktop.DBus.Properties'
  const get = `Get ss org.freedesktop.Secret.Collection Locked`
  const bus = 'busctl --user --auto-start=no call org.freedesktop.secrets'
  return `runuser -u kiosk -- env -i XDG_RUNTIME_DIR=/run/user/1000 ${bus} ${login} ${get}`
}

/** systemd would end a watch that has not said for a minute that it lives. */
function petted(): string {
  const since = '$(cut -d. -f1 /proc/uptime) - $(systemctl show -P WatchdogTimestampMonotonic carillon-watch) / 1000000'
  const state = '$(systemctl is-active carillon-watch) $(systemctl show -P NRestarts carillon-watch)'
  return `[ $((${since})) -lt 60 ] && echo ${state} petted`
}

function beats(): string {
  return '[ $(($(date +%s) - $(stat -c %Y /run/carillon/kiosk/heartbeat))) -lt 25 ] && echo fresh'
}
