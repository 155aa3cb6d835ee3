import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Machine } from './machine.ts'
import { distance, type Picture, readPicture, sameWithin } from './picture.ts'
import { until } from './until.ts'

/** Where a run writes down what it saw: numbered screenshots, and what took how long. */
export interface Bench {
  readonly folder: string
  /** Keeps a screenshot under a name that says what is on it. */
  keep(machine: Machine, name: string): Promise<Picture>
  /** Waits until the machine shows this again, keeps the screenshot, and answers the seconds it took. */
  shows(machine: Machine, picture: Picture, name: string): Promise<number>
  note(name: string, seconds: number): void
  finish(): Promise<void>
}

export async function openBench(folder: string): Promise<Bench> {
  await mkdir(folder, { recursive: true })
  const figures: Record<string, number> = {}
  let number = 0

  async function look(machine: Machine, file: string): Promise<Picture> {
    await machine.screenshot(file)
    return readPicture(file)
  }
  async function keep(machine: Machine, name: string): Promise<Picture> {
    number += 1
    const file = join(folder, `${String(number).padStart(2, '0')}-${name}.png`)
    const picture = await look(machine, file)
    console.log(`  ${file}`)
    return picture
  }
  function note(name: string, seconds: number): void {
    figures[name] = Math.round(seconds * 10) / 10
    console.log(`${name}: ${seconds.toFixed(1)} s`)
  }
  return {
    folder,
    keep,
    note,
    async shows(machine, picture, name) {
      const began = performance.now()
      const now = join(folder, 'now.png')
      await until(`${name}: the screen as before`, async () => distance(await look(machine, now), picture) < sameWithin)
      const seconds = (performance.now() - began) / 1000
      note(name, seconds)
      await keep(machine, name)
      return seconds
    },
    async finish() {
      await writeFile(join(folder, 'figures.json'), `${JSON.stringify(figures, null, 2)}\n`)
    },
  }
}
