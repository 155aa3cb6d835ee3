import { abi, statuses } from '../../native/abi.ts'
import type { Machine } from './machine.ts'

/**
 * What libcarillon has to answer on an emulated board: its own hardware truly, and of everything that is not there that
 * it is not available. A number in its place would be a wrong one.
 */
const expected: Readonly<Record<string, RegExp>> = {
  abi: new RegExp(`^${abi}$`),
  add: /^-42$/,
  temperature: refusal('not_available'),
  throttling: refusal('not_available'),
  board: /^linux,dummy-virt, serial ""$/,
  storage: /^vd[a-z]2 ext4 readOnly 0 remounted 0 fileSystemErrors 0 cardErrors -1 worn -1$/,
  pressure: /^some \d+\.\d\d \d+\.\d\d \d+\.\d\d full 1$/,
  watchdog: /^0$/, // absent
  'watchdog-open': refusal('not_available'),
  display: /^on 1 dpms 0 screenSaver \d blanking 0$/,
  idle: /^\d+\.\d$/,
}

export async function checkReadings(machine: Machine): Promise<void> {
  const lines = await machine.sh("journalctl -b -t kiosk -o cat --no-pager -g '^stand-in '")
  // The last of each: the stand-in may have been started before.
  const answers = new Map<string, string>()
  for (const [, name = '', answer = ''] of lines.matchAll(/^stand-in (\S+): (.*)$/gm)) answers.set(name, answer)
  for (const [name, answer] of answers) console.log(`  ${name}: ${answer}`)
  for (const [name, pattern] of Object.entries(expected)) {
    const answer = answers.get(name)
    if (answer === undefined || !pattern.test(answer)) throw new Error(`${name}: the library answers ${answer}`)
  }
  const total = await machine.sh(`awk '/^MemTotal:/ { printf "%d", $2 * 1024 }' /proc/meminfo`)
  const memory = /^total (\d+) available (\d+)$/.exec(answers.get('memory') ?? '')
  if (memory?.[1] !== total.trim() || Number(memory[2]) >= Number(memory[1]))
    throw new Error(`memory: the library answers ${answers.get('memory')}, and there are ${total}`)
}

function refusal(status: (typeof statuses)[number]): RegExp {
  return new RegExp(`^status ${statuses.indexOf(status)}, \\S`)
}
