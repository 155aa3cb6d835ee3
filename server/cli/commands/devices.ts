import { Command } from 'commander'
import { z } from 'zod'
import { deviceView } from '#protocol/devices.ts'
import { allPages } from '../all-pages.ts'
import { openApi } from '../api.ts'
import type { CliContext, TargetFlags } from '../context.ts'
import { deviceHeadings, deviceRow } from '../devices/device-words.ts'
import { findDevice } from '../devices/find-device.ts'
import { print, table } from '../output.ts'
import { withTarget } from '../target-options.ts'

const path = '/api/v1/devices'

export function devicesCommand(context: CliContext): Command {
  const rotate = new Command('rotate')
    .description('tell a screen to take a new credential; it does when it is online')
    .argument('<name>')
    .action(async (name: string, _: TargetFlags, command: Command) => {
      const flags: TargetFlags = command.optsWithGlobals()
      await using api = await openApi(context, flags, { offline: true })
      const { id } = await findDevice(api, name)
      await api.call('POST', `${path}/${encodeURIComponent(id)}/rotate`, z.object({}))
      print(flags.json, { id, name, rotating: true }, `Told ${name} to take a new credential.`)
    })

  const remove = new Command('remove')
    .description('remove a screen: its credential ends and its connections close')
    .argument('<name>')
    .action(async (name: string, _: TargetFlags, command: Command) => {
      const flags: TargetFlags = command.optsWithGlobals()
      await using api = await openApi(context, flags, { offline: true })
      const { id } = await findDevice(api, name)
      await api.call('DELETE', `${path}/${encodeURIComponent(id)}`, z.object({}))
      print(flags.json, { id, name, removed: true }, `Removed ${name}.`)
    })

  const command = new Command('devices')
    .description('show the enrolled screens')
    .addHelpText('after', '\nExamples:\n  carillon devices\n  carillon devices rotate lobby-1')
    .action(async (flags: TargetFlags) => {
      await using api = await openApi(context, flags, { offline: true })
      const items = await allPages(api, path, deviceView)
      const words = table(deviceHeadings, items.map(deviceRow))
      print(
        flags.json,
        items,
        items.length === 0 ? 'No screen is enrolled yet. Run npm run kiosk and approve its code.' : words,
      )
    })
  for (const each of [rotate, remove]) command.addCommand(withTarget(each))
  return withTarget(command)
}
