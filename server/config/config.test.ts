import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { readConfig } from './config.ts'
import { ConfigError } from './config-error.ts'

function folderWith(config?: unknown): string {
  const folder = temporaryFolder()
  if (config !== undefined) {
    const text = typeof config === 'string' ? config : JSON.stringify(config)
    writeFileSync(join(folder, 'carillon.config.json'), text)
  }
  return folder
}

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('The configuration was accepted.')
}

test('without any configuration the server listens on loopback only and keeps data under the state folder', () => {
  const config = readConfig({ env: { XDG_STATE_HOME: '/state' }, flags: {}, cwd: folderWith() })
  expect(config).toMatchObject({ host: '127.0.0.1', port: 8750, data: '/state/carillon', log_level: 'info' })
  expect(config.namespaces.map((each) => each.name)).toEqual(['news', 'commands', 'telemetry', 'tasks'])
})

test('flags win over the environment, which wins over the file', () => {
  const cwd = folderWith({ port: 1, host: '::1', log_level: 'debug' })
  const config = readConfig({ env: { CARILLON_PORT: '2', CARILLON_HOST: 'localhost' }, flags: { port: '3' }, cwd })
  expect(config).toMatchObject({ port: 3, host: 'localhost', log_level: 'debug' })
})

test('the number of processes is one, a number, or one for each core', () => {
  const given = (processes?: string) =>
    readConfig({ env: processes === undefined ? {} : { CARILLON_PROCESSES: processes }, flags: {}, cwd: folderWith() })
  expect(given().processes).toBe(1)
  expect(given('4').processes).toBe(4)
  expect(given('auto').processes).toBe(Math.min(availableParallelism(), 64))
  for (const processes of ['0', '65', 'many', '1.5']) {
    expect(problemsOf(() => given(processes))).toEqual([expect.stringMatching(/^processes: Give a number.*auto/)])
  }
})

test('every problem is reported at once, unknown settings included', () => {
  const cwd = folderWith({ prot: 8750, log_level: 'loud' })
  const problems = problemsOf(() => readConfig({ env: { CARILLON_DATABASE: 'x' }, flags: { port: '99999' }, cwd }))
  expect(problems.join('\n')).toMatch(/CARILLON_DATABASE/)
  expect(problems.join('\n')).toMatch(/prot/)
  expect(problems.join('\n')).toMatch(/log_level/)
  expect(problems.join('\n')).toMatch(/port/)
})

test('what settings are together is told beside what each is by itself', () => {
  const client = {
    insecur: true,
    token: { hmac_secret_key: 'sesame', isuer: 'x' },
    subscription_token: { enabled: true },
  }
  const cwd = folderWith({ prot: 8750, http_api: { key: 'sesame' }, client })
  const problems = problemsOf(() => readConfig({ env: {}, flags: {}, cwd })).join('\n')
  expect(problems).toMatch(/there is no setting prot\. Known: host, port, /)
  expect(problems).toMatch(/^client: there is no setting insecur\. Known: insecure, /m)
  expect(problems).toMatch(/^client\.token: there is no setting isuer\. Known: hmac_secret_key, /m)
  expect(problems).toMatch(/^client\.token\.hmac_secret_key: give at least/m)
  expect(problems).toMatch(/^http_api\.key: give at least/m)
  expect(problems).toMatch(/^client\.subscription_token: give hmac_secret_key or jwks_public_endpoint/m)
  const insecure = folderWith({ host: '0.0.0.0', prot: 1, client: { insecure: true } })
  expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd: insecure }))).toHaveLength(2)
})

test('a file that is not JSON is named with its fault', () => {
  const problems = problemsOf(() => readConfig({ env: {}, flags: {}, cwd: folderWith('{ "port": }') }))
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(/carillon\.config\.json is not valid JSON/)
})

test.each([
  '{"client": {"token": {"hmac_secret_key": geheimnis}}}',
  '{"http_api": {"key": "geheimnis" "geheimnis"}}',
  '{"http_api": {"key": "geheimnis',
  '{geheimnis}',
])('what is wrong with %s is told without what stands there', (text) => {
  const [problem] = problemsOf(() => readConfig({ env: {}, flags: {}, cwd: folderWith(text) }))
  expect(problem).toMatch(/carillon\.config\.json is not valid JSON: .+\.$/)
  expect(problem).not.toMatch(/gehe|nis/)
})

test('a file named on the command line must be there', () => {
  const problems = problemsOf(() => readConfig({ env: {}, flags: { config: 'absent.json' }, cwd: folderWith() }))
  expect(problems[0]).toMatch(/absent\.json cannot be read/)
})

test('a file that is there but cannot be read is never passed over', () => {
  const cwd = folderWith()
  mkdirSync(join(cwd, 'carillon.config.json'))
  const problems = problemsOf(() => readConfig({ env: {}, flags: {}, cwd }))
  expect(problems).toEqual([expect.stringMatching(/carillon\.config\.json cannot be read \(EISDIR\)/)])
})

test.each(['', ' ', '1e3', '80a', '-1', 'abc', '99999'])('%j is no port', (port) => {
  expect(problemsOf(() => readConfig({ env: { CARILLON_PORT: port }, flags: {}, cwd: folderWith() }))).toEqual([
    'port: A port is a whole number from 0 to 65535, for example 8750.',
  ])
})

test('a namespace with recovery but no history is refused', () => {
  const cwd = folderWith({ namespaces: [{ name: 'alarms', force_recovery: true }] })
  expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd }))[0]).toMatch(/Recovery needs history/)
})

test('time spans are read in seconds, minutes and hours', () => {
  const cwd = folderWith({ namespaces: [{ name: 'alarms', history_size: 5, history_ttl: '2h' }] })
  expect(readConfig({ env: {}, flags: {}, cwd }).namespaces[0]).toMatchObject({ history_ttl: 7200 })
})

test('the audit record is kept for 400 days unless told otherwise, and never for less than one', () => {
  const keep = (audit?: object) =>
    readConfig({ env: audit ? { CARILLON_AUDIT: JSON.stringify(audit) } : {}, flags: {}, cwd: folderWith({}) }).audit
      .keep
  expect(keep()).toBe(400 * 24 * 3600)
  expect(keep({ keep: '90d' })).toBe(90 * 24 * 3600)
  for (const span of ['12h', '0d', '3651d', 'for ever']) {
    expect(() => keep({ keep: span }), span).toThrow(/audit\.keep: Give a time span/)
  }
})

test('everybody can be subscribed to the own personal channel, from a file or the environment', () => {
  const client = { subscribe_to_user_personal_channel: { enabled: true } }
  expect(readConfig({ env: {}, flags: {}, cwd: folderWith({ client }) }).client).toMatchObject(client)
  const env = { CARILLON_CLIENT: JSON.stringify(client) }
  expect(readConfig({ env, flags: {}, cwd: folderWith() }).client).toMatchObject(client)
  expect(readConfig({ env: {}, flags: {}, cwd: folderWith() }).client).toEqual({
    insecure: false,
    allow_anonymous_connect_without_token: false,
    disallow_anonymous_connection_tokens: false,
    token: { hmac_previous_secret_key_valid_until: 0 },
    subscribe_to_user_personal_channel: { enabled: false, single_connection: false },
    allowed_origins: [],
  })
})

test('allowed origins are kept without path, and what is none is refused', () => {
  const read = (allowed_origins: unknown) =>
    readConfig({ env: {}, flags: {}, cwd: folderWith({ client: { allowed_origins } }) }).client.allowed_origins
  expect(read(['https://intranet.example.org/', 'http://localhost:3000', '*'])).toEqual([
    'https://intranet.example.org',
    'http://localhost:3000',
    '*',
  ])
  expect(problemsOf(() => read(['intranet.example.org']))).toEqual([
    'client.allowed_origins.0: Give an origin such as https://intranet.example.org, or *.',
  ])
})

test('a personal channel in a namespace that is not there is refused', () => {
  const personal = { enabled: true, personal_channel_namespace: 'mine' }
  const cwd = folderWith({ client: { subscribe_to_user_personal_channel: personal } })
  expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd }))).toEqual([
    expect.stringMatching(/there is no namespace mine/),
  ])
})

test.each([
  ['127.0.0.1', undefined, true],
  ['127.9.0.1', undefined, true],
  ['::1', undefined, true],
  ['localhost', 'http://[::1]:8000', true],
  ['0.0.0.0', undefined, false],
  ['::', undefined, false],
  ['192.0.2.7', undefined, false],
  ['127.0.0.1.example.org', undefined, false],
  ['127.0.0.1', 'https://bells.example.org', false],
])('without any security the server starts on loopback only: %s, %s', (host, public_url, starts) => {
  const cwd = folderWith({ host, ...(public_url && { public_url }), client: { insecure: true } })
  const read = () => readConfig({ env: {}, flags: {}, cwd })
  if (starts) expect(read().client.insecure).toBe(true)
  else expect(problemsOf(read)).toEqual([expect.stringMatching(/^client\.insecure: .* loopback/)])
})

test('the command line cannot take an insecure server off loopback either', () => {
  const cwd = folderWith({ client: { insecure: true } })
  expect(problemsOf(() => readConfig({ env: {}, flags: { host: '0.0.0.0' }, cwd }))).toHaveLength(1)
})

test('secrets that could be guessed are refused, and never repeated', () => {
  const short = { hmac_secret_key: 'sesame', hmac_previous_secret_key: 'sesame' }
  const settings = { client: { token: short, subscription_token: short }, http_api: { key: 'sesame' } }
  const problems = problemsOf(() => readConfig({ env: {}, flags: {}, cwd: folderWith(settings) }))
  expect(problems).toHaveLength(5)
  expect(problems.join()).not.toMatch(/sesame/)
  const long = { client: { token: { hmac_secret_key: 'ü'.repeat(16) } }, http_api: { key: 'k'.repeat(32) } }
  expect(readConfig({ env: {}, flags: {}, cwd: folderWith(long) }).http_api.key).toBe('k'.repeat(32))
  const insecure = { client: { insecure: true, token: short }, http_api: { key: 'sesame' } }
  expect(readConfig({ env: {}, flags: {}, cwd: folderWith(insecure) }).client.token).toMatchObject(short)
})

test.each([
  'put the output of openssl rand -base64 32 here',
  'put-the-output-of-openssl-rand-base64-32-here',
  'change_me_change_me_change_me_change_me',
  '<the output of openssl rand -base64 32>',
  'correct horse battery staple and so on',
])('%s is no secret', (text) => {
  const keys = { hmac_secret_key: text, hmac_previous_secret_key: text }
  const settings = { client: { token: keys, subscription_token: keys }, http_api: { key: text } }
  const problems = problemsOf(() => readConfig({ env: {}, flags: {}, cwd: folderWith(settings) }))
  expect(problems).toHaveLength(5)
  for (const problem of problems) expect(problem).toMatch(/: this is a placeholder, .*"openssl rand -base64 32"/)
})

test.each(['tokens.md', 'configuration.md'])('the secrets that %s shows are refused as they stand', (page) => {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const examples = [...text.matchAll(/^```json\n(.*?)^```$/gms)].map(([, example = '']) => example)
  const withSecrets = examples.filter((example) => example.includes('hmac_secret_key'))
  expect(withSecrets).not.toEqual([])
  for (const example of withSecrets) {
    const cwd = folderWith(example)
    expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd })).join()).toMatch(/this is a placeholder/)
  }
})

test.each([
  ['https://keys.example.org/jwks.json', true],
  ['http://127.0.0.1:9000/jwks.json', true],
  ['http://keys.example.org/jwks.json', false],
  ['ftp://keys.example.org/jwks.json', false],
  ['keys', false],
])('public keys are fetched so that nobody can put in others: %s', (jwks_public_endpoint, accepted) => {
  const cwd = folderWith({ client: { token: { jwks_public_endpoint } } })
  const read = () => readConfig({ env: {}, flags: {}, cwd })
  if (accepted) expect(read().client.token.jwks_public_endpoint).toBe(jwks_public_endpoint)
  else expect(problemsOf(read)).toHaveLength(1)
})

test('channels without a namespace have a policy when they are given one', () => {
  expect(readConfig({ env: {}, flags: {}, cwd: folderWith() }).channel).toEqual({})
  const channel = { without_namespace: { history_size: 10, history_ttl: '5m', allow_recovery: true } }
  expect(readConfig({ env: {}, flags: {}, cwd: folderWith({ channel }) }).channel.without_namespace).toMatchObject({
    ...{ name: '', history_ttl: 300, allow_recovery: true, force_recovery: false },
  })
  const cwd = folderWith({ channel: { without_namespace: { allow_recovery: true, auto_cache_recovery: true } } })
  expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd }))).toEqual([
    expect.stringMatching(/^channel\.without_namespace\.allow_recovery: Recovery needs history/),
    expect.stringMatching(/^channel\.without_namespace\.auto_cache_recovery: /),
  ])
})

test('modules of hooks are found from where the server was started', () => {
  const cwd = folderWith({ hooks: { modules: ['hooks/audit.mjs', '/srv/hooks.mjs'], offline_after: '1m' } })
  expect(readConfig({ env: {}, flags: {}, cwd }).hooks).toEqual({
    modules: [join(cwd, 'hooks/audit.mjs'), '/srv/hooks.mjs'],
    offline_after: 60,
  })
  const env = { CARILLON_HOOKS: '{"offline_after":"2h"}' }
  expect(problemsOf(() => readConfig({ env, flags: {}, cwd: folderWith() }))).toEqual([
    'hooks.offline_after: Give at most an hour.',
  ])
})

test('a public address is kept without path', () => {
  const config = readConfig({
    env: { CARILLON_PUBLIC_URL: 'https://bells.example.org/x' },
    flags: {},
    cwd: folderWith(),
  })
  expect(config.public_url).toBe('https://bells.example.org')
})

test('limits have the values of the documentation, and can be set one by one', () => {
  const cwd = folderWith({ limits: { ping_interval: '20s', connections_per_user: 5 } })
  const { limits } = readConfig({ env: {}, flags: {}, cwd })
  expect(limits).toMatchObject({ ping_interval: 20, pong_timeout: 8, connections: 50_000, connections_per_user: 5 })
})

test.each([
  [{ ping_interval: '5s' }, /limits\.pong_timeout: .*less long than ping_interval \(5s\)/],
  [{ device_ping_interval: 3 }, /limits\.device_pong_timeout: .*less long than device_ping_interval \(3s\)/],
  [{ ping_interval: 2.5 }, /limits\.ping_interval/],
  [{ shutdown_spread: '1m' }, /limits\.shutdown_spread: Give a time span from 0s to 10s/],
  [{ queue_bytes: 1024 }, /limits\.queue_bytes: Give a number of bytes from 262144 to/],
  [{ queue_bytes: '1MiB' }, /limits\.queue_bytes: Give a number of bytes/],
  [{ connections: 'many' }, /limits\.connections: Give a whole number from 1 to/],
  [{ request_header_timeout: 60, request_timeout: 30 }, /limits\.request_header_timeout/],
  [{ conections: 5 }, /^limits: there is no setting conections\. Known: connections, /],
])('limits that cannot be are refused: %j', (limits, sentence) => {
  const problems = problemsOf(() => readConfig({ env: {}, flags: {}, cwd: folderWith({ limits }) }))
  expect(problems).toEqual([expect.stringMatching(sentence)])
})

test('proxies are addresses or networks, from a file or the environment', () => {
  const read = (env: NodeJS.ProcessEnv, config = {}) => readConfig({ env, flags: {}, cwd: folderWith(config) })
  expect(read({}).trusted_proxies).toEqual([])
  expect(read({}, { trusted_proxies: ['10.0.0.0/8', '::1'] }).trusted_proxies).toEqual(['10.0.0.0/8', '::1'])
  expect(read({ CARILLON_TRUSTED_PROXIES: '["192.0.2.1"]' }).trusted_proxies).toEqual(['192.0.2.1'])
  for (const wrong of ['10.0.0.0/33', 'proxy.example.org', '10.0.0.0/8/8', '10.0.0.0/', '']) {
    expect(
      problemsOf(() => read({}, { trusted_proxies: [wrong] })),
      wrong,
    ).toEqual([expect.stringMatching(/^trusted_proxies\.0: Give an address or a network/)])
  }
})

test('a Redis is named in the file, by its usual variable or by that of its own, and a wrong address is one sentence', () => {
  const cwd = folderWith({ redis_url: 'redis://file:1' })
  const host = (env: NodeJS.ProcessEnv) => {
    const { redis_url } = readConfig({ env, flags: {}, cwd })
    return redis_url?.kind === 'single' && redis_url.address.host
  }
  expect(host({})).toBe('file')
  expect(host({ REDIS_URL: 'redis://usual' })).toBe('usual')
  expect(host({ REDIS_URL: 'redis://usual', CARILLON_REDIS_URL: 'redis://own' })).toBe('own')
  expect(readConfig({ env: {}, flags: {}, cwd: folderWith() }).redis_url).toBeUndefined()
  expect(problemsOf(() => host({ REDIS_URL: 'http://:secret@x' }))).toEqual([
    expect.stringMatching(/^redis_url: This is no address of a Redis\. Write redis:((?!secret).)*$/),
  ])
})

test.each([
  [{ tls: 'self-signed' }, {}, 'self-signed'],
  [{ tls: { cert: 'a.pem', key: '/etc/b.pem' } }, {}, { cert: 'FOLDER/a.pem', key: '/etc/b.pem' }],
  [{}, { CARILLON_TLS: 'a.pem, b.pem' }, { cert: 'FOLDER/a.pem', key: 'FOLDER/b.pem' }],
  [{}, {}, undefined],
])('TLS is a certificate with its key, or one of its own: %j %j', (settings, env, expected) => {
  const cwd = folderWith(settings)
  const { tls } = readConfig({ env, flags: {}, cwd })
  expect(tls).toEqual(JSON.parse(JSON.stringify({ tls: expected }).replaceAll('FOLDER', cwd)).tls)
})

test.each(['yes', 'a.pem', 'a,b,c', ',', '{"cert":"a"}', { cert: 'a' }, { cert: 'a', key: '' }, 7])(
  '%j is no TLS',
  (tls) => {
    expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd: folderWith({ tls }) }))).toEqual([
      expect.stringMatching(/^tls.*: Give "self-signed"/),
    ])
  },
)

test('with TLS people do not come over http', () => {
  const cwd = folderWith({ tls: 'self-signed', public_url: 'http://box.example.org' })
  expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd }))).toEqual([expect.stringMatching(/^public_url: /)])
})

test('administrators need a second factor after a week, and ten wrong attempts lock, unless told otherwise', () => {
  const read = (config?: unknown) => readConfig({ env: {}, flags: {}, cwd: folderWith(config) })
  expect(read()).toMatchObject({
    second_factor: { required_for: ['admin'], grace: 7 * 24 * 3600 },
    sign_in: { attempts: 10, window: 900, longest_lock: 900, attempts_per_address: 100 },
  })
  expect(read({ second_factor: { required_for: [], grace: '1d' }, sign_in: { longest_lock: '5m' } })).toMatchObject({
    second_factor: { required_for: [], grace: 24 * 3600 },
    sign_in: { longest_lock: 300 },
  })
})

test('nobody can be locked out for longer than a quarter of an hour, nor by two slips', () => {
  const cwd = folderWith({ sign_in: { attempts: 2, longest_lock: '1h' }, second_factor: { required_for: ['device'] } })
  expect(problemsOf(() => readConfig({ env: {}, flags: {}, cwd }))).toEqual([
    expect.stringMatching(/^sign_in\.attempts: /),
    'sign_in.longest_lock: Give from a minute to 15 minutes.',
    expect.stringMatching(/^second_factor\.required_for\.0: /),
  ])
})
