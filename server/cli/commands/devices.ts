import { Command } from 'commander'
import { deviceView, page } from '#protocol/api.ts'
import { openApi } from '../api.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { withTarget } from '../target-options.ts'

export function devicesCommand(context: CliContext): Command {
  const command = new Command('devices').description('show the enrolled screens').action(async (flags: TargetFlags) => {
    await using api = await openApi(context, flags, { offline: true })
    const { items } = await api.call('GET', '/api/v1/devices', page(deviceView))
    const rows = items.map((device) => [
      device.name,
      device.online ? 'online' : 'offline',
      device.hostname,
      device.version,
      device.lastSeenAt ?? 'never',
    ])
    const words = table(['NAME', 'STATE', 'HOST', 'VERSION', 'LAST SEEN'], rows)
    print(
      flags.json,
      items,
      rows.length === 0 ? 'No screen is enrolled yet. Run npm run kiosk and approve its code.' : words,
    )
  })
  return withTarget(command)
}
