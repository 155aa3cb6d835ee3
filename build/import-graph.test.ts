import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listSources, readImports } from './import-graph.ts'

const source = `
import type { Frame } from '#protocol/frames.ts'
import { type Hub } from './hub.ts'
import fs from 'fs'
import './style.css'
export * from '../broker/broker.ts'
export type { Log } from 'pino'
const later = () => import('./later.ts')
// import { no } from 'a-comment'
`

test('every way to import is seen, resolved and told apart from a type', () => {
  const root = mkdtempSync(join(tmpdir(), 'carillon-imports-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'server/realtime'), { recursive: true })
  mkdirSync(join(root, 'node_modules/left-out'), { recursive: true })
  writeFileSync(join(root, 'node_modules/left-out/index.js'), '')
  writeFileSync(join(root, 'server/realtime/connection.ts'), source)

  expect(listSources(root)).toEqual(['server/realtime/connection.ts'])
  const imports = readImports(root, 'server/realtime/connection.ts', { '#protocol/*': './protocol/*' })
  expect(imports.map(({ to, ours, typeOnly }) => [to, ours, typeOnly])).toEqual([
    ['protocol/frames.ts', true, true],
    ['server/realtime/hub.ts', true, false],
    ['node:fs', false, false],
    ['server/realtime/style.css', true, false],
    ['server/broker/broker.ts', true, false],
    ['pino', false, true],
    ['server/realtime/later.ts', true, false],
  ])
})
