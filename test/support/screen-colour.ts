import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { DesktopSession } from './desktop-session.ts'

const execute = promisify(execFile)

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number]

/** The colour at a place of the whole X screen: what somebody in front of it sees. */
export async function colourAt({ env }: Pick<DesktopSession, 'env'>, x: number, y: number): Promise<Colour> {
  const grab = ['-window', 'root', '-crop', `1x1+${x}+${y}`, '+repage', '-depth', '8', 'rgb:-']
  const { stdout } = await execute('import', grab, { env, timeout: 10_000, encoding: 'buffer' })
  return [stdout[0] ?? -1, stdout[1] ?? -1, stdout[2] ?? -1]
}

/** Nearly: what draws may round. */
export function isColour(seen: Colour, wanted: Colour): boolean {
  return seen.every((one, index) => Math.abs(one - (wanted[index] ?? -1)) <= 4)
}
