import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a program to its end and shows what it prints. Throws when it fails. */
export async function run(command: string, args: readonly string[], input?: string): Promise<void> {
  const child = spawn(command, args, { stdio: [input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'] })
  child.stdin?.end(input)
  await ended(child, command)
}

/** Runs a program to its end; what it prints. */
export async function read(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  await ended(child, command)
  return output
}

async function ended(child: ReturnType<typeof spawn>, command: string): Promise<void> {
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} failed (${code ?? signal}); what it printed above says why.`)
}
