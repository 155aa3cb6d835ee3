import { renameSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { issueCertificate } from '#test/support/certificates.ts'
import { temporaryFolder } from '#test/support/temporary-folder.ts'
import { unboundServer } from '../unbound-server.ts'
import { readCertificate } from './certificate.ts'
import { watchCertificate } from './watch-certificate.ts'

/** A server with the certificate `old`, and what it logs. */
async function watched() {
  const folder = temporaryFolder()
  const files = await issueCertificate(folder, 'old')
  const first = readCertificate(files)
  const server = unboundServer({ certificate: first.options }) as Server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const lines: { level: number; msg: string; code?: string }[] = []
  const log = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const watch = watchCertificate({ files, first, server, log, everyMs: 20 })
  onTestFinished(() => watch[Symbol.dispose]())
  const { port } = server.address() as AddressInfo
  return { folder, files, lines, visit: () => visit(port) }
}

/** A connection, and whose certificate it was shown. */
function visit(port: number): Promise<{ socket: TLSSocket; name: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
      resolve({ socket, name: String(socket.getPeerCertificate().subject.CN) }),
    )
    socket.on('error', reject)
    onTestFinished(() => void socket.destroy())
  })
}

async function nameShown({ visit }: Awaited<ReturnType<typeof watched>>): Promise<string> {
  const { socket, name } = await visit()
  socket.destroy()
  return name
}

test('a renewed certificate is shown to new connections, and those there are stay', async () => {
  const server = await watched()
  const { socket } = await server.visit()
  const renewed = await issueCertificate(server.folder, 'renewed')
  renameSync(renewed.key, server.files.key)
  renameSync(renewed.cert, server.files.cert)
  await expect.poll(() => nameShown(server)).toBe('renewed')
  expect(socket.closed).toBe(false)
  expect(server.lines).toEqual([expect.objectContaining({ msg: 'a new certificate is in use' })])
})

test('a renewal that cannot be used is told once and changes nothing, until it is right', async () => {
  const server = await watched()
  const renewed = await issueCertificate(server.folder, 'renewed')
  renameSync(renewed.cert, server.files.cert)
  await expect.poll(() => server.lines).toEqual([expect.objectContaining({ level: 50, code: 'tls_key_mismatch' })])
  expect(await nameShown(server)).toBe('old')

  writeFileSync(server.files.key, renewed.pem.key.slice(0, 80))
  await expect.poll(() => server.lines.at(-1)).toMatchObject({ code: 'tls_key_invalid' })
  expect(await nameShown(server)).toBe('old')

  writeFileSync(server.files.key, renewed.pem.key)
  await expect.poll(() => nameShown(server)).toBe('renewed')
  expect(server.lines.map(({ level }) => level)).toEqual([50, 50, 30])
})
