import { pino } from 'pino'
import { expect, test } from 'vitest'
import { type Config, readConfig } from '#server/config/config.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { prepareTransport } from './transport.ts'

const log = pino({ level: 'silent' })

function configOf(settings: Partial<Config>): Config {
  const data = temporaryFolder()
  return { ...readConfig({ env: {}, flags: { data }, cwd: data }), ...settings }
}

test.each(['127.0.0.1', '::1', 'localhost'])('plain HTTP is for loopback: %s', async (host) => {
  using transport = await prepareTransport(configOf({ host }), log)
  expect(transport).toMatchObject({ scheme: 'http', sentence: expect.stringMatching(/only programs on this machine/) })
})

test.each(['0.0.0.0', '::', '192.0.2.7', 'box.example.org'])(
  'plain HTTP on %s is refused with the ways out',
  async (host) => {
    await expect(prepareTransport(configOf({ host }), log)).rejects.toMatchObject({
      code: 'plain_http',
      message: expect.stringMatching(/--tls .* trusted_proxies.* 127\.0\.0\.1/),
    })
  },
)

test('behind a proxy that is named, plain HTTP may come from other machines', async () => {
  using transport = await prepareTransport(configOf({ host: '0.0.0.0', trusted_proxies: ['192.0.2.1'] }), log)
  expect(transport.sentence).toMatch(/only your proxies/)
})

test('with a certificate of its own any address will do, and its fingerprint is told', async () => {
  const config = configOf({ host: '192.0.2.7', tls: 'self-signed', public_url: 'https://box.example.org' })
  using transport = await prepareTransport(config, log)
  expect(transport).toMatchObject({
    scheme: 'https',
    fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
  })
  expect(transport.sentence).toContain(transport.fingerprint)
})
