import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeWith, type Need } from '../needs.ts'
import {
  type Asking,
  armhfTarget,
  hostTarget,
  type NativeTarget,
  type PreparedTarget,
  type Probe,
} from './probe-client.ts'
import { machineWith, type Tree } from './trees.ts'

/** The library in a Node.js of its processor, for as long as a suite runs. */
export interface NativeSuite {
  readonly target: NativeTarget
  prepared(): PreparedTarget
  probe(): Probe
  /** Its functions on a machine with these files. */
  on(...trees: readonly Tree[]): Asking
}

/** One suite, on this machine's processor with the sanitizers watching, and on emulated 32-bit ARM. */
export function describeOnBoth(title: string, define: (suite: NativeSuite) => void): void {
  describeNative(hostTarget, [], `${title}, under AddressSanitizer`, define)
  describeNative(armhfTarget, ['armhf'], `${title}, on 32-bit ARM`, define)
}

/** At its end nothing may have gone wrong that no test has seen: the program, its memory. */
export function describeNative(
  target: NativeTarget,
  needs: readonly Need[],
  title: string,
  define: (suite: NativeSuite) => void,
): void {
  describeWith(['compiler', ...needs], title, () => {
    let folder: string
    let prepared: PreparedTarget
    let probe: Probe | undefined
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'carillon-native-'))
      prepared = await target.prepare(folder)
      probe = prepared.start()
    })
    afterAll(async () => {
      probe?.finish()
      const end = await probe?.ended
      rmSync(folder, { recursive: true, force: true })
      expect(end?.code, end?.errors).toBe(0)
      expect(end?.errors).not.toMatch(/native\/src|libcarillon/) // in a report of memory that was not given back
    })
    const running = (): Probe => {
      if (probe === undefined) throw new Error('the probe is started before the first test')
      return probe
    }
    define({
      target,
      prepared: () => prepared,
      probe: running,
      on: (...trees) => running().on({ root: machineWith(...trees) }),
    })
  })
}
