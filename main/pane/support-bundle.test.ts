import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { PaneFacts } from '#protocol/pane.ts'
import { bundleText, writeBundle } from './support-bundle.ts'

const now = new Date('2026-03-12T12:04:05.678Z')
const facts: PaneFacts = {
  ...{ name: 'lobby-1', hostname: 'box', addresses: [{ network: 'eth0', address: '192.0.2.7' }] },
  ...{ server: 'https://carillon.example.org', enrolment: 'enrolled', userCode: 'WDJB-MJHT', storage: 'file' },
  ...{ link: null, shell: null, history: [], health: null, versions: { app: '0.1.0' }, startedAt: 0, canReboot: false },
  restartWindow: null,
}

test('wherever a secret of this screen has got to, no bundle has it', () => {
  const token = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
  const pin = fc.stringMatching(/^\d{6,12}$/)
  fc.assert(
    fc.property(token, pin, fc.string(), (credential, digits, noise) => {
      const spread: PaneFacts = {
        ...facts,
        server: `https://carillon.example.org/?ticket=${credential}`,
        history: [{ at: 1, phase: 'failed', fault: null, message: `${noise} Bearer ${credential}` }],
        versions: { [`pin ${digits}`]: `credential=${credential}` },
      }
      const network = [{ name: 'tls', state: 'failed', result: credential, advice: `pin=${digits}` }] as const
      const text = bundleText(
        { facts: spread, network, log: [`x ${digits} ${noise}${credential}`] },
        [credential, digits],
        now,
      )
      expect(text).not.toContain(credential)
      expect(text).not.toContain(digits)
      expect(text).not.toContain('WDJB')
      expect(JSON.parse(text).facts.hostname).toBe('box')
    }),
    { numRuns: 100 },
  )
})

test('a bundle is named after the screen and the moment, is for its owner only, and the oldest make room', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-bundle-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'holiday.json'), 'not ours')
  const paths: string[] = []
  for (let made = 0; made < 12; made++) {
    paths.push(await writeBundle(folder, '{}', made % 2 ? 'lobby/1' : 'box', new Date(now.getTime() + made * 1000)))
  }
  expect(paths[1]).toBe(join(folder, 'carillon-support-lobby_1-2026-03-12T120406Z.json'))
  expect((await stat(paths[11] ?? '')).mode & 0o777).toBe(0o600)
  const left = (await readdir(folder)).map((name) => join(folder, name)).sort()
  expect(left).toEqual([...paths.slice(2), join(folder, 'holiday.json')].sort())
})
