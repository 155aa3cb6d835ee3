import { runApp } from './run-app.ts'

await runApp(['--kiosk', ...process.argv.slice(2)])
