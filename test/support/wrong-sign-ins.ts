/**
 * A process of its own that sends wrong sign-ins, all at once, when it is told to (SIGUSR2): for one account or each for
 * another, each from an address of its own. Prints how many were answered with what.
 */
const [url = '', mode, count = '200'] = process.argv.slice(2)

async function attempt(n: number): Promise<number> {
  const email = mode === 'one' ? 'ada@example.org' : `person-${n}@example.org`
  const response = await fetch(`${url}/api/v1/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': `203.0.${mode === 'one' ? 1 : 2}.${n % 256}` },
    body: JSON.stringify({ email, password: `wrong guess ${n}` }),
    signal: AbortSignal.timeout(150_000),
  })
  await response.arrayBuffer()
  return response.status
}

process.once('SIGUSR2', async () => {
  const statuses = await Promise.all(Array.from({ length: Number(count) }, (_, n) => attempt(n)))
  clearInterval(awake)
  const counts = Object.fromEntries(
    [...new Set(statuses)].map((each) => [each, statuses.filter((s) => s === each).length]),
  )
  process.stdout.write(`answered ${JSON.stringify(counts)}\n`)
})
const awake = setInterval(() => {}, 1000)
process.stdout.write('ready\n')
