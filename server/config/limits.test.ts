import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defaultLimits } from './limits.ts'

test('every limit is in the documentation', () => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const table = text.slice(text.indexOf('## Limits'), text.indexOf('## Channels'))
  for (const name of Object.keys(defaultLimits)) expect(table).toContain(`\`${name}\``)
})
