import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChildProgram, startChild } from './child-program.ts'
import { freePort } from './server-process.ts'

/** A real RabbitMQ of a test, on a port that stays the same through everything that is done to it. */
export interface RabbitMqOfTest extends AsyncDisposable {
  readonly port: number
  /** For `amqp_url`. */
  readonly url: string
  /** `rabbitmqctl` with these arguments; answers what it printed. */
  ctl(...args: readonly string[]): Promise<string>
  /** As its service would: connections are closed, and everything is written. */
  stop(): Promise<void>
  /** SIGKILL, as pulling the plug would. */
  kill(): Promise<void>
  /** Again, after `stop` or `kill`, with what it had written. */
  start(): Promise<void>
  /** It answers nobody until `resume`, and its connections stay open: SIGSTOP. */
  pause(): void
  resume(): void
  /** All it has written to its log. */
  output(): string
}

const programs = '/usr/lib/rabbitmq/bin'

/** For Erlang: nothing of it listens anywhere but on loopback. */
const onLoopback = '-kernel inet_dist_use_interface {127,0,0,1}'

/** It takes some seconds to start. A file of tests shares one. */
export async function startRabbitMq(): Promise<RabbitMqOfTest> {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-rabbitmq-'))
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()]
  const pidFile = join(folder, 'pid')
  // Everything that it would share with another one on this machine is its own: name, folders, and who knows the names.
  const env = {
    // Without asking a name server, which may be out of reach: it would wait for that at every start.
    ERL_INETRC: join(folder, 'inetrc'),
    PATH: process.env.PATH,
    HOME: folder,
    LANG: 'C.UTF-8',
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `carillon-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: pidFile,
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    RABBITMQ_CONFIG_FILE: join(folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'none'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${onLoopback} +S 2:2`,
    RABBITMQ_CTL_ERL_ARGS: onLoopback,
  }
  await writeFile(env.ERL_INETRC, `{lookup, [file]}.\n{host, {127,0,0,1}, ["localhost", "${hostname()}"]}.\n`)
  const names = startChild('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { env, cwd: folder })
  let child: ChildProgram | null = null
  const ended: string[] = []
  await start()

  return {
    port,
    url: `amqp://guest:guest@127.0.0.1:${port}/`,
    ctl,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start,
    pause: () => process.kill(serverPid(), 'SIGSTOP'),
    resume: () => process.kill(serverPid(), 'SIGCONT'),
    output: () => [...ended, child?.output() ?? ''].join('\n'),
    async [Symbol.asyncDispose]() {
      await end('SIGKILL')
      await names[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }

  async function start(): Promise<void> {
    child = startChild(join(programs, 'rabbitmq-server'), [], { env, cwd: folder })
    await child.waitFor(/Server startup complete/, 60_000)
  }

  /** The server itself, which runs below a script. */
  function serverPid(): number {
    return Number(readFileSync(pidFile, 'utf8'))
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (child === null) return
    const ending = child
    child = null
    if (existsSync(pidFile)) {
      process.kill(serverPid(), 'SIGCONT')
      process.kill(serverPid(), signal)
    }
    await ending.exited
    ended.push(ending.output())
  }

  async function ctl(...args: readonly string[]): Promise<string> {
    await using program = startChild(join(programs, 'rabbitmqctl'), ['--quiet', ...args], { env, cwd: folder })
    const code = await program.exited
    if (code !== 0) throw new Error(`rabbitmqctl ${args[0]} failed: ${program.output()}`)
    return program.output()
  }
}
