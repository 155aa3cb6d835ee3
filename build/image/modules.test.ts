import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { missingModules } from './modules.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-modules-'))
  await module('drivers/usb/dwc2/dwc2.ko', 'udc-core,usbcore')
  await module('drivers/usb/gadget/udc/udc-core.ko', 'usb-common')
  await module('fs/ext4/ext4.ko', '')
  await writeFile(join(folder, 'modules.builtin'), 'kernel/drivers/usb/core/usbcore.ko\n')
})
afterEach(() => rm(folder, { recursive: true }))

test('a module is missing when it is neither there nor built in, and when one that it needs is', async () => {
  expect(await missingModules(folder, ['ext4', 'usbcore'])).toEqual([])
  expect(await missingModules(folder, ['dwc2', 'vc4'])).toEqual(['usb_common, for udc_core', 'vc4, for the kiosk'])
})

test('hyphens and underscores are the same', async () => {
  await module('drivers/usb/common/usb-common.ko', '')
  expect(await missingModules(folder, ['dwc2', 'udc_core', 'usb-common'])).toEqual([])
})

/** As the kernel builds it, without its code. */
async function module(path: string, needs: string): Promise<void> {
  const file = join(folder, 'kernel', path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `\x7fELF\0license=GPL\0depends=${needs}\0retpoline=Y\0`, 'latin1')
}
