import { join } from 'node:path'
import log from 'electron-log/node.js'
import { type Log, type LogFields, logLine } from './log.ts'

/** Writes to `main.log` in this folder (turned over at 5 MB) and to the console. */
export function createAppLog(folder: string): Log {
  log.transports.file.setAppName('carillon')
  log.transports.file.resolvePathFn = () => join(folder, 'main.log')
  log.transports.file.maxSize = 5 * 1024 * 1024
  log.transports.file.format = '[{iso}] [{level}] {text}'
  log.transports.console.format = '[{h}:{i}:{s}.{ms}] [{level}] {text}'
  return {
    info: (message: string, fields?: LogFields) => log.info(logLine(message, fields)),
    warn: (message: string, fields?: LogFields) => log.warn(logLine(message, fields)),
    error: (message: string, fields?: LogFields) => log.error(logLine(message, fields)),
  }
}
