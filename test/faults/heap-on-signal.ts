import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Loaded into a server by NODE_OPTIONS: tells on SIGUSR2 what is left in use when everything else has been collected. */
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
process.on('SIGUSR2', () => {
  collect()
  process.stdout.write(`heap in use: ${process.memoryUsage().heapUsed}\n`)
})
