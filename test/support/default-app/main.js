// What a stock Electron does with `electron path/to/app`: take the folder's name and version, then run its main file.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app } from 'electron'

const given = process.argv.slice(1).find((argument) => !argument.startsWith('-'))
if (given === undefined) {
  console.error('Usage: electron path/to/app')
  app.exit(2)
} else {
  const folder = resolve(given)
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (about.version) app.setVersion(about.version)
  if (about.productName || about.name) app.setName(about.productName || about.name)
  app.setAppPath(folder)
  Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true })
  await import(pathToFileURL(join(folder, about.main || 'index.js')).href)
}
